"""Receipts 收卷登记: what came on paper, what is here, and the separator sheets that sort a stack into volumes."""
