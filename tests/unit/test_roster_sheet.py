"""Spreadsheets as they come: encodings, headings where people put them, and files that mean harm."""

from __future__ import annotations

import io
import sys
import zipfile

import pytest
from openpyxl import Workbook
from openpyxl.styles import Font

from dossier.errors import RosterRefused
from indexer.roster import sheet as sheet_module
from indexer.roster.sheet import MOST_BYTES, MOST_ROWS, Cell, sheets_of

FIRST_SHEET = "xl/worksheets/sheet1.xml"
ROWS = "姓名,手机\n林晓禾,19900001234\n"


def xlsx(*rows: tuple[object, ...], title: str = "名单") -> bytes:
    book = Workbook()
    assert book.active is not None
    book.active.title = title
    for row in rows:
        book.active.append(row)
    return saved(book)


def saved(book: Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def repacked(content: bytes, sheet: bytes) -> bytes:
    """A workbook with another first sheet."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, sheet if name == FIRST_SHEET else old.read(name))
    return buffer.getvalue()


def texts(content: bytes) -> list[list[str]]:
    (sheet,) = sheets_of(content)
    return [[cell.text for cell in row] for row in sheet.rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_csv_is_read_in_every_encoding_that_offices_write(encoding: str) -> None:
    assert texts(ROWS.encode(encoding)) == [["姓名", "手机"], ["林晓禾", "19900001234"]]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_is_read_with_any_usual_delimiter(delimiter: str) -> None:
    assert texts(ROWS.replace(",", delimiter).encode()) == [["姓名", "手机"], ["林晓禾", "19900001234"]]


@pytest.mark.parametrize("title", ["某某案，投资人，名册", "名册;共1人;2031年", '"某某案", 名册, 一、二、三、四'])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "，"])
def test_a_title_above_the_headings_does_not_choose_the_delimiter(title: str, delimiter: str) -> None:
    content = f"{title}\n{ROWS.replace(',', delimiter)}".encode()

    assert texts(content)[1:] == [["姓名", "手机"], ["林晓禾", "19900001234"]]


def test_empty_rows_do_not_count_however_many() -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(["姓名", "手机"])
    book.active.cell(5, 1, "林晓禾")
    book.active.cell(1_048_576, 1).font = Font(bold=True)

    assert texts(saved(book)) == [["姓名", "手机"], [], [], [], ["林晓禾"]]
    assert texts(ROWS.encode() + b",\n" * (MOST_ROWS + 1)) == [["姓名", "手机"], ["林晓禾", "19900001234"]]


def test_a_large_sheet_behind_the_roster_does_not_refuse_it() -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(["姓名", "手机"])
    other = book.create_sheet("流水")
    for _ in range(MOST_ROWS + 1):
        other.append(["x"])

    assert texts(saved(book)) == [["姓名", "手机"]]


def test_a_workbook_gives_texts_and_says_which_were_numbers() -> None:
    (sheet,) = sheets_of(xlsx(("姓名", "手机", "金额"), ("林晓禾", 19900001234, 38000.5), ("", None, 3.8e4)))

    assert sheet.name == "名单"
    assert sheet.rows == (
        (Cell("姓名"), Cell("手机"), Cell("金额")),
        (Cell("林晓禾"), Cell("19900001234", True), Cell("38000.5", True)),
        (Cell(""), Cell(""), Cell("38000", True)),
    )


def test_a_formula_is_not_evaluated_and_gives_what_was_stored_with_it() -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(["姓名", "=1+1", '=HYPERLINK("http://attacker.example","x")'])

    assert texts(saved(book)) == [["姓名"]]


def test_a_sheet_that_lies_about_its_size_is_read_whole() -> None:
    content = xlsx(("姓名", "手机"), ("林晓禾", "19900001234"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        inside = archive.read(FIRST_SHEET)
    assert b'<dimension ref="A1:B2"' in inside

    small = repacked(content, inside.replace(b'"A1:B2"', b'"A1"'))
    large = repacked(content, inside.replace(b'"A1:B2"', b'"A1:XFD1048576"'))

    assert texts(small) == texts(large) == [["姓名", "手机"], ["林晓禾", "19900001234"]]


@pytest.mark.parametrize(
    ("content", "chinese", "english"),
    [
        (b"", "文件是空的", "the file is empty"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "旧式 .xls", "old .xls"),
        (b"PK\x03\x04 and then nothing", "损坏", "damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(128, 256)) + b"\0", "不是表格文件", "no spreadsheet"),
        (b"\xff\xfe\x00\xd8\x00", "损坏", "damaged"),
        (b"x" * (MOST_BYTES + 1), "超过 10 MB", "more than 10000000 bytes"),
        (b"a\n" * (MOST_ROWS + 1), f"超过 {MOST_ROWS} 行", f"more than {MOST_ROWS} rows"),
    ],
)
def test_what_is_no_spreadsheet_is_refused_in_both_languages(content: bytes, chinese: str, english: str) -> None:
    with pytest.raises(RosterRefused) as refused:
        sheets_of(content)

    assert chinese in refused.value.detail
    assert english in refused.value.detail


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("readme.txt", "x")

    with pytest.raises(RosterRefused, match="no workbook"):
        sheets_of(buffer.getvalue())


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    content = xlsx(("姓名", "手机"))
    bomb = repacked(content, b" " * 160_000_000)
    assert len(bomb) < 1_000_000

    with pytest.raises(RosterRefused, match="unpacked"):
        sheets_of(bomb)


def test_a_part_that_holds_more_than_it_says_is_not_unpacked_beyond() -> None:
    content = bytearray(repacked(xlsx(("姓名", "手机")), b" " * 160_000_000))
    # The size that the archive's directory gives (PKWARE APPNOTE 4.3.12: at 24 in a central header) becomes 1,000.
    at = content.index(b"PK\x01\x02")
    while content[at + 46 : at + 46 + len(FIRST_SHEET)] != FIRST_SHEET.encode():
        at = content.index(b"PK\x01\x02", at + 4)
    content[at + 24 : at + 28] = (1000).to_bytes(4, "little")

    with pytest.raises(RosterRefused):
        sheets_of(bytes(content))


def test_entities_that_multiply_are_refused() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'

    with pytest.raises(RosterRefused, match="document type"):
        sheets_of(repacked(xlsx(("姓名",)), bomb))


def test_millions_of_characters_are_refused() -> None:
    book = Workbook()
    assert book.active is not None
    for _ in range(1000):
        book.active.append(["a" * 500] * 50)

    with pytest.raises(RosterRefused, match="characters"):
        sheets_of(saved(book))


def packed_sheets(sheets: int, rows: int) -> bytes:
    """A small workbook with many cells: in each row only the hundredth has something in it."""
    row = b"".join(b'<row r="%d"><c r="CV%d"><v>1</v></c></row>' % (n, n) for n in range(1, rows + 1))
    inside = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    inside += row + b"</sheetData></worksheet>"
    book = Workbook()
    for _ in range(sheets - 1):
        book.create_sheet()
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(book))) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, inside if name.startswith("xl/worksheets/") else old.read(name))
    return buffer.getvalue()


def test_millions_of_cells_in_a_small_file_are_refused() -> None:
    assert len(sheets_of(packed_sheets(2, 1000))) == 2
    bomb = packed_sheets(3, 8000)
    assert len(bomb) < 500_000

    with pytest.raises(RosterRefused, match="cells"):
        sheets_of(bomb)
    with pytest.raises(RosterRefused, match="cells"):
        sheets_of(b"\n" * 2_000_000 + ROWS.encode())


def test_sheets_behind_the_one_with_headings_are_not_read() -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(["说明", "共2人"])
    for title in ("名单", "备份"):
        book.create_sheet(title).append(["姓名", "手机"])

    assert [sheet.name for sheet in sheets_of(saved(book))] == ["Sheet", "名单"]


def test_a_decoder_that_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_module, "_SECONDS", 0.0001)

    with pytest.raises(RosterRefused, match="too long"):
        sheets_of(ROWS.encode())


def test_a_decoder_that_dies_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(RosterRefused, match="failed"):
        sheets_of(ROWS.encode())


def test_modules_of_the_folder_where_the_program_was_started_are_not_loaded(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "csv.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(folder)

    assert texts(ROWS.encode()) == [["姓名", "手机"], ["林晓禾", "19900001234"]]
