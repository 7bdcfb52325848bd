"""The matrix as a workbook: 名册 (person × kind), 引用 (every page), 检索范围 (what was searched, and how complete).

Every text is written as text, whatever it begins with: a name like =HYPERLINK(…) in somebody's roster must not become a
formula on the desk of whoever opens the answer.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from dossier.workbook_paper import fit_on_paper, height_of
from indexer.roster.matrix import DETAIL_NAMES, DOUBTS, NOT_SEARCHED, Matrix, PersonRow, cell_text
from indexer.roster.people import plain_amount

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_LONGEST = 32_000  # characters of a cell; Excel takes 32,767
_MOST_ROWS = 1_000_000  # of a sheet; Excel takes 1,048,576
_MOST_KINDS = 200
_PLAIN = re.compile(r"[\w（“][\w\-./:：（）“”、；， ]{0,39}")
_LEADS_ON = re.compile(r"^\s*[=+\-@\t\r]")
_OTHER_KINDS = "其他材料"


def workbook_of(matrix: Matrix) -> bytes:
    """The XLSX file of a matrix."""
    book = Workbook(write_only=True)
    _write_matrix(book, matrix)
    _write_citations(book, matrix)
    _write_scope(book, matrix)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _write_matrix(book: Workbook, matrix: Matrix) -> None:
    kinds, others = matrix.kinds[:_MOST_KINDS], set(matrix.kinds[_MOST_KINDS:])
    columns = [*kinds, *([_OTHER_KINDS] if others else [])]
    headings = [
        "行",
        "姓名",
        "证件号码",
        "手机",
        "银行卡",
        "金额（元）",
        "页数",
        "存疑页数",
        "找到的项目",
        *columns,
        "说明",
    ]
    widths = [6, 12, 22, 16, 24, 14, 8, 10, 26, *([36] * len(columns)), 60]
    sheet = _sheet(book, "名册", headings, widths, len(matrix.rows), frozen="C2")
    for number, row in enumerate(matrix.rows, start=2):
        person, by_kind = row.person, row.by_kind()
        cells = [cell_text(by_kind.get(kind, ())) for kind in kinds]
        if others:
            cells.append(cell_text([page for page in row.pages if page.facts.kind in others]))
        values = [
            "、".join(map(str, person.rows)),
            person.name,
            "、".join(person.id_numbers),
            "、".join(person.phones),
            "、".join(person.cards),
            "、".join(map(plain_amount, person.amounts)),
            len(row.certain),
            len(row.pages) - len(row.certain),
            _found(row),
            *cells,
            _remarks(row, matrix),
        ]
        height = height_of(values, widths)
        if height is not None:
            sheet.row_dimensions[number].height = height
        sheet.append(_cells(sheet, values, wrapped=height is not None))


def _write_citations(book: Workbook, matrix: Matrix) -> None:
    headings = [
        "行",
        "姓名",
        "证件号码",
        "案件",
        "卷",
        "材料",
        "种类",
        "引用",
        "图像",
        "页码",
        "找到的项目",
        "存疑",
        "页面编号",
    ]
    widths = [6, 12, 22, 30, 20, 30, 16, 30, 8, 8, 22, 44, 24]
    total = sum(len(row.pages) for row in matrix.rows)
    sheet = _sheet(book, "引用", headings, widths, min(total, _MOST_ROWS))
    every = ((row.person, page) for row in matrix.rows for page in row.pages)
    for person, page in islice(every, _MOST_ROWS):
        facts = page.facts
        doubt = f"{DOUBTS[page.doubt]}：{page.note}" if page.doubt else ""
        sheet.append(
            _cells(
                sheet,
                [
                    "、".join(map(str, person.rows)),
                    person.name,
                    "、".join(person.id_numbers),
                    facts.case_number,
                    facts.cited.volume,
                    facts.document_title,
                    facts.kind,
                    page.citation,
                    facts.cited.page_number,
                    facts.cited.label,
                    "、".join(DETAIL_NAMES[detail] for detail in page.matched),
                    doubt,
                    facts.page_id,
                ],
            )
        )
    if total > _MOST_ROWS:
        sheet.append(_cells(sheet, [f"只列出前 {_MOST_ROWS:,} 条，共 {total:,} 条"]))


def _write_scope(book: Workbook, matrix: Matrix) -> None:
    sheet = _sheet(book, "检索范围", ["项目", "内容"], [24, 80], 0)
    coverage, roster = matrix.coverage, matrix.roster
    ignored = [column.heading for column in roster.columns if not column.detail]
    lines: list[tuple[str, Any]] = [
        ("案件", matrix.case_number or "全部可见案件"),
        ("可检索页数", coverage.searchable),
        ("全部页数", coverage.pages),
        ("可检索", coverage.chinese),
        ("识别失败而搁置的页数", coverage.parked),
        ("名册工作表", roster.sheet or "CSV"),
        ("人数", len(matrix.rows)),
        ("一页也没有找到的人数", sum(row.is_missing for row in matrix.rows)),
        (f"{NOT_SEARCHED}的人数", sum(not row.searched for row in matrix.rows)),
        *(
            (f"列“{column.heading}”", f"作为{DETAIL_NAMES[column.detail]}")
            for column in roster.columns
            if column.detail
        ),
        ("没有使用的列", "、".join(ignored) or "无"),
        ("没有人员的行", "、".join(map(str, roster.skipped[:100])) or "无"),
        ("说明", "“未见”只表示在可检索的页中没有找到；手写、模糊而没有认出的字也找不到。"),
        ("说明", "页码只在已经人工确认时引用（P35）；其余用图像号（图像第12页）。"),
        (
            "说明",
            "存疑的页单列，不计入页数：姓名可能是他人姓名的一部分，页上有同名者的号码，或姓名之后是另一证件号码。",
        ),
    ]
    for line in lines:
        sheet.append(_cells(sheet, line))


def _found(row: PersonRow) -> str:
    """How many pages each detail was found on, zeros too; those that were not searched are not named."""
    counts = row.counts().items()
    return "、".join(f"{DETAIL_NAMES[detail]} {count}" for detail, count in counts if count is not None) or NOT_SEARCHED


def _remarks(row: PersonRow, matrix: Matrix) -> str:
    zero = [f"未见（{matrix.coverage.chinese}）"] if row.is_missing else []
    return "；".join([*zero, *(remark.chinese for remark in row.person.remarks)])


def _sheet(
    book: Workbook, title: str, headings: Sequence[str], widths: Sequence[int], rows: int, frozen: str = "A2"
) -> Any:
    """A sheet with headings that stay in sight and filter."""
    sheet = book.create_sheet(title)
    for place, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.freeze_panes = frozen
    fit_on_paper(sheet, widths)
    if rows:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(headings))}{rows + 1}"
    cells = [_text_cell(sheet, heading) for heading in headings]
    for cell in cells:
        cell.font = Font(bold=True)
    sheet.append(cells)
    return sheet


def _cells(sheet: Any, values: Iterable[Any], wrapped: bool = False) -> list[Any]:
    """The cells of a row; `wrapped`: its texts take several lines where they need them."""
    return [_cell(sheet, value, wrapped) for value in values]


def _cell(sheet: Any, value: Any, wrapped: bool) -> Any:
    """A number, or a text that stays one; None for an empty text.

    Most texts are short and cannot be taken for anything else: they need no cell of their own, which takes time.
    """
    if wrapped and isinstance(value, int):
        cell = WriteOnlyCell(sheet, value)
        cell.alignment = Alignment(vertical="top")
        return cell
    if not isinstance(value, str) or (not wrapped and _PLAIN.fullmatch(value)):
        return value
    return _text_cell(sheet, value, wrapped) if value else None


def _text_cell(sheet: Any, value: str, wrapped: bool = False) -> Any:
    """A cell in which a text stays one."""
    text = ILLEGAL_CHARACTERS_RE.sub("", value)
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "…（过长，余下的见“引用”表）"
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    if _LEADS_ON.match(text):
        cell.quotePrefix = True  # Excel's leading apostrophe: text, also after the cell was edited
    if wrapped or len(text) > 40:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell
