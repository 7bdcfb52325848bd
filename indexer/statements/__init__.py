"""Statements 笔录: whose they are, when and where they were taken, one after the other."""
