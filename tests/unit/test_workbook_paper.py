"""Workbooks on paper: what is read across one sheet, and rows in which everything is seen."""

from __future__ import annotations

import pytest
from openpyxl import Workbook

from dossier.workbook_paper import fit_on_paper, height_of


@pytest.mark.parametrize(("widths", "is_one_wide"), [([20] * 10, True), ([30] * 20, False)])
def test_a_sheet_is_one_page_wide_while_that_can_be_read(widths: list[int], is_one_wide: bool) -> None:
    sheet = Workbook(write_only=True).create_sheet("台账")
    fit_on_paper(sheet, widths)
    assert bool(sheet.sheet_properties.pageSetUpPr.fitToPage) is is_one_wide
    assert (sheet.print_title_cols is None) is is_one_wide, "what goes on beside says whose row it is"
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.print_title_rows


@pytest.mark.parametrize(
    ("value", "lines"), [("短", 1), (None, 1), (12345678, 1), ("甲" * 11, 2), ("a" * 25, 2), ("甲\n乙\n丙", 3)]
)
def test_a_row_is_as_high_as_its_longest_text(value: object, lines: int) -> None:
    assert height_of(["", value], [8, 20]) == (None if lines == 1 else lines * 15)
