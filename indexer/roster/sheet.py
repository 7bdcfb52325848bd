"""The rows of a spreadsheet, XLSX or CSV, read in a process of its own that can be killed.

The file is a stranger's. Whatever it does to the decoder, it does to a process with little memory, little time, no
network and no open catalogue (dossier/confinement.py); what comes back is plain JSON, which cannot do anything.
Formulas are never evaluated: the value that the office program stored with them is taken.

    python -m indexer.roster.sheet < file        one JSON object: {"sheets": …} or {"error": [Chinese, English]}
"""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from dossier.confinement import Confinement, confine, without_settings
from dossier.errors import RosterRefused
from indexer.roster.headings import HEADINGS_WITHIN, columns_of, headings_of

MOST_BYTES = 10_000_000
"""Of a spreadsheet as it comes; ten thousand people take one."""

MOST_ROWS = 20_000
"""Of a sheet, those with something in them."""

MOST_COLUMNS = 100
_MOST_UNPACKED = 150_000_000
_MOST_PARTS = 1000
_MOST_SHEETS = 20
_LONGEST_CELL = 500
_MOST_CHARACTERS = 20_000_000
_MOST_CELLS = 2_000_000
"""Of all sheets together, as the characters: a packed file of a few kilobytes can have that many, and far more.

An empty row above others counts as one. Those below do not: often a sheet's millionth row is formatted, and empty.
"""

_MEMORY = 1_500_000_000
_MOST_ANSWER = 500_000_000
"""Bytes: every character escaped takes six to twelve, every cell some ten more."""

_SECONDS = 60

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_ROOT = str(Path(__file__).parents[2])


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell.

    Attributes:
        text: as it would be typed; empty for an empty cell.
        is_number: whether the sheet holds it as a number, of which only 15 digits are true.
    """

    text: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet's name (empty for CSV) and its rows from the first on, empty ones too."""

    name: str
    rows: tuple[tuple[Cell, ...], ...]


class _Refusal(Exception):
    """Why a file is not read, in Chinese and in English."""


def sheets_of(content: bytes) -> list[Sheet]:
    """The sheets of a spreadsheet with their rows, up to the first that has headings of a roster.

    Args:
        content: the file, XLSX, or CSV in UTF-8 (with or without BOM), GBK (GB 18030) or UTF-16 with BOM.

    Raises:
        RosterRefused: it is no such file, damaged, too large, or takes too long.
    """
    if len(content) > MOST_BYTES:
        raise _refused(f"文件超过 {MOST_BYTES // 1_000_000} MB", f"the file has more than {MOST_BYTES} bytes")
    if not content.strip():
        raise _refused("文件是空的", "the file is empty")
    # -P: no module of the folder that the program happens to be started in.
    command = [sys.executable, "-P", "-m", "indexer.roster.sheet"]
    path = os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH", ""))))
    environment = {**without_settings(os.environ), "PYTHONPATH": path}
    # A file, unlike a pipe, is held to a limit: what a decoder gone wild says can be no longer.
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        ) as child:
            try:
                child.communicate(content, timeout=_SECONDS)
            except subprocess.TimeoutExpired as error:
                raise _refused("读取时间过长，已终止", "reading it took too long and was stopped") from error
            finally:
                if child.returncode is None:
                    os.killpg(child.pid, signal.SIGKILL)
        said.seek(0)
        try:
            answer = json.load(said)
        except ValueError as error:
            raise _refused("读取时内存不足或出错，已终止", f"reading it failed (exit {child.returncode})") from error
    if "error" in answer:
        raise _refused(*answer["error"])
    return [
        Sheet(sheet["name"], tuple(tuple(Cell(*cell) for cell in row) for row in sheet["rows"]))
        for sheet in answer["sheets"]
    ]


def _refused(chinese: str, english: str) -> RosterRefused:
    return RosterRefused(f"{chinese} / {english}")


def _main() -> None:
    """Read standard input within limits, and answer on standard output."""
    confine(Confinement(_MEMORY, file_bytes=_MOST_ANSWER, open_files=64))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    content = sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        answer: dict[str, Any] = {"sheets": list(_sheets(content))}
    except _Refusal as refusal:
        answer = {"error": list(refusal.args)}
    except MemoryError:
        answer = {"error": ["内容过大，内存不足", "it is too large for the memory allowed"]}
    except Exception as error:  # whatever a decoder says of a stranger's file
        answer = {"error": ["文件已损坏，无法读取", f"the file is damaged: {type(error).__name__}"]}
    sys.stdout.buffer.write(json.dumps(answer).encode("ascii"))


def _sheets(content: bytes) -> Iterator[dict[str, Any]]:
    if content.startswith(_OLE):
        raise _Refusal(
            "这是旧式 .xls 或有密码的表格，请另存为无密码的 .xlsx",
            "this is an old .xls or a workbook with a password; save it as .xlsx without one",
        )
    if content.startswith(_ZIP):
        return _workbook(content)
    return _csv(content)


def _workbook(content: bytes) -> Iterator[dict[str, Any]]:
    _check_parts(content)
    from openpyxl import load_workbook

    workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    room = _Room()
    for sheet in workbook.worksheets[:_MOST_SHEETS]:
        # What a sheet says of its own size may be wrong, and would then cut or multiply its rows.
        sheet.reset_dimensions()
        rows = _Rows(str(sheet.title), room)
        for row in sheet.iter_rows(values_only=True):
            rows.take([_of_value(value) for value in row[:MOST_COLUMNS]])
        yield {"name": sheet.title, "rows": rows.taken()}
        if rows.are_roster():
            return


def _check_parts(content: bytes) -> None:
    """Look at the archive's directory before anything is unpacked; more than it says of a part is never unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNPACKED:
                raise _Refusal("解压后过大", f"unpacked it has more than {_MOST_UNPACKED} bytes or {_MOST_PARTS} parts")
            if any(part.flag_bits & 1 for part in parts):
                raise _Refusal("表格有密码保护，请提供无密码的文件", "the workbook is protected by a password")
            names = {part.filename for part in parts}
            for part in parts:
                # No office program writes one; entities that grow when they are read need it.
                if part.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in archive.open(part).read(4096):
                    raise _Refusal("表格内容异常", "the workbook has a document type declaration")
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise _Refusal("表格已损坏或不完整", "the workbook is damaged or cut off") from error
    if "[Content_Types].xml" not in names:
        raise _Refusal("不是表格文件，请用 .xlsx 或 .csv", "this is no workbook; use .xlsx or .csv")


def _of_value(value: Any) -> list[Any]:
    """A value as (text, whether it is a number)."""
    if value is None:
        return ["", False]
    if isinstance(value, bool):
        return [str(value), False]
    if isinstance(value, int):
        return [str(value)[:_LONGEST_CELL], True]
    if isinstance(value, float):
        return [str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value), True]
    return [str(value)[:_LONGEST_CELL], False]


def _csv(content: bytes) -> Iterator[dict[str, Any]]:
    text = _decoded(content)
    if "\0" in text:
        raise _Refusal("不是表格文件，请用 .xlsx 或 .csv", "this is no spreadsheet; use .xlsx or .csv")
    csv.field_size_limit(100_000)
    rows = _Rows("CSV", _Room())
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)):
            rows.take([[cell[:_LONGEST_CELL], False] for cell in row[:MOST_COLUMNS]])
    except csv.Error as error:
        number = rows.count + 1
        raise _Refusal(f"第 {number} 行无法按 CSV 读取", f"row {number} cannot be read as CSV: {error}") from error
    yield {"name": "", "rows": rows.taken()}


def _delimiter(text: str) -> str:
    """The delimiter that makes the most headings of a row; a title above them may have others."""
    lines = list(islice(io.StringIO(text, newline=""), HEADINGS_WITHIN))

    def headings(delimiter: str) -> int:
        rows = csv.reader(lines, delimiter=delimiter)
        return max((sum(bool(column.detail) for column in columns_of(row[:MOST_COLUMNS])) for row in rows), default=0)

    return max(",\t;，", key=headings)


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _Refusal(
        "不是表格文件，或文字编码既不是 UTF-8 也不是 GBK", "this is no spreadsheet, or text in neither UTF-8 nor GBK"
    )


@dataclass(slots=True)
class _Room:
    """What all sheets of a file may still have."""

    cells: int = _MOST_CELLS
    characters: int = _MOST_CHARACTERS


class _Rows:
    """The rows of a sheet, as many as may be."""

    def __init__(self, name: str, room: _Room) -> None:
        self._name, self._room = name, room
        self._rows: list[list[list[Any]]] = []
        self._filled = self._empty = 0

    @property
    def count(self) -> int:
        return len(self._rows) + self._empty

    def take(self, row: list[list[Any]]) -> None:
        """Add a row, without the empty cells at its end."""
        while row and not row[-1][0].strip():
            row.pop()
        if not row:
            self._empty += 1
            return
        self._filled += 1
        self._room.cells -= len(row) + self._empty
        self._room.characters -= sum(len(text) for text, _ in row)
        if self._filled > MOST_ROWS:
            raise _Refusal(f"{self._name}：超过 {MOST_ROWS} 行，请拆分", f"{self._name}: more than {MOST_ROWS} rows")
        if self._room.cells < 0:
            raise _Refusal(f"{self._name}：单元格过多", f"{self._name}: more than {_MOST_CELLS} cells up to here")
        if self._room.characters < 0:
            raise _Refusal(
                f"{self._name}：文字过多", f"{self._name}: more than {_MOST_CHARACTERS} characters up to here"
            )
        self._rows += [[]] * self._empty
        self._rows.append(row)
        self._empty = 0

    def taken(self) -> list[list[list[Any]]]:
        """The rows up to the last that has something in it."""
        return self._rows

    def are_roster(self) -> bool:
        """Whether they have a roster's headings."""
        return headings_of([[text for text, _ in row] for row in self._rows]) is not None


if __name__ == "__main__":
    _main()
