"""The ledger 制作台账 as a workbook. Every text is written as text, whatever it begins with."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from dossier.quality.ledger import Row
from dossier.quality.making import STATES
from dossier.workbook_paper import fit_on_paper, height_of

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

COLUMNS = (
    ("案件", 22), ("案件编号", 22), ("移送单位", 16), ("部门", 12), ("卷", 14), ("状态", 11),
    ("纸质页数", 7), ("系统页数", 7),
    ("收到", 12), ("送审", 12), ("审核通过", 12), ("制作人", 9), ("审核人", 9), ("退回次数", 7), ("差错", 7),
    ("未改差错", 7), ("还卷日期", 12), ("还给", 12), ("到期日", 12), ("剩余天数", 7),
)  # fmt: skip
"""Headings, and the widths of their columns in characters."""

_LONGEST = 32_000  # characters of a cell; Excel takes 32,767


def cells_of(row: Row, today: dt.date) -> list[str | int | None]:
    """What stands in a row of the ledger, column by column."""
    return [
        row.case_name, row.case_number or "", row.unit, row.department, row.volume, STATES[row.state],
        row.paper_pages, row.pages,
        moment_of(row.received_at), moment_of(row.handed_in_at), moment_of(row.approved_at), row.maker, row.checker,
        row.refusals, row.faults, row.standing_faults, row.returned_on or "", row.returned_to, row.due_on or "",
        row.days_left(today),
    ]  # fmt: skip


def workbook_of(rows: Sequence[Row], today: dt.date) -> bytes:
    """The XLSX file of a ledger."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("制作台账")
    sheet.freeze_panes = "A2"
    fit_on_paper(sheet, [width for _, width in COLUMNS])
    for at, (_, width) in enumerate(COLUMNS, start=1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(COLUMNS))}{len(rows) + 1}"
    headings = [_cell(sheet, heading) for heading, _ in COLUMNS]
    for cell in headings:
        cell.font = Font(bold=True)
    widths = [width for _, width in COLUMNS]
    sheet.row_dimensions[1].height = height_of([heading for heading, _ in COLUMNS], widths)
    sheet.append(headings)
    for number, row in enumerate(rows, start=2):
        cells = cells_of(row, today)
        sheet.row_dimensions[number].height = height_of(cells, widths)
        sheet.append([_cell(sheet, value) for value in cells])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _cell(sheet: Any, value: str | int | None) -> Any:
    cell = WriteOnlyCell(sheet, None if isinstance(value, str) else value)
    if isinstance(value, str) and value:
        # Set first, the type would be guessed again: =… would become a formula.
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:_LONGEST]
        cell.data_type = "s"
    cell.alignment = Alignment(
        vertical="top", horizontal="center" if isinstance(value, int) else None, wrap_text=isinstance(value, str)
    )  # fmt: skip
    return cell


def moment_of(at: float | None) -> str:
    """A time with its year, as ledgers say it, in this machine's zone; empty for none."""
    return "" if at is None else f"{dt.datetime.fromtimestamp(at):%Y-%m-%d %H:%M}"
