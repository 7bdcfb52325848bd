"""A roster 人员名册 searched at once: from a spreadsheet of people to a matrix person × kind of document."""
