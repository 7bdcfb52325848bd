"""Workbooks on paper: A4 laid across, with the headings on each page and its number below.

How high a row is, office programs do not all find out by themselves.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from math import ceil
from typing import Any

from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

_WIDEST = 280
"""Characters that can be read across a sheet of paper; what is wider goes on beside, with whose row it is."""


def fit_on_paper(sheet: Any, widths: Sequence[int]) -> None:
    """Set a sheet up for printing.

    Args:
        sheet: its first row holds the headings, its first two columns say whose row it is.
        widths: of its columns, in characters.
    """
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", Worksheet.PAPERSIZE_A4
    if sum(widths) <= _WIDEST:
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.page_setup.fitToHeight = 0  # as many as it takes
    else:
        sheet.print_title_cols = "A:B"
    margins = sheet.page_margins
    margins.left = margins.right = margins.top = 0.4  # inches
    sheet.print_title_rows = "1:1"
    sheet.oddFooter.center.text = "&P / &N"


_LINE = 15.0  # points, of the usual font of 11
_MOST_LINES = 26  # Excel takes 409 points


def height_of(values: Sequence[Any], widths: Sequence[int]) -> float | None:
    """How high a row must be for its texts to be seen whole, points; None for the usual height.

    Args:
        values: of its cells.
        widths: of their columns, in characters; a Chinese character takes two.
    """
    lines = max((_lines_of(value, width) for value, width in zip(values, widths, strict=True)), default=1)
    return min(lines, _MOST_LINES) * _LINE if lines > 1 else None


def _lines_of(value: Any, width: int) -> int:
    if not isinstance(value, str) or (len(value) * 2 <= width and "\n" not in value):
        return 1
    lengths = (
        sum(2 if unicodedata.east_asian_width(each) in "WFA" else 1 for each in line) for line in value.split("\n")
    )
    return sum(max(1, ceil(length / (width - 1))) for length in lengths)
