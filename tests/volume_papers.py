"""Readings of what a volume says of itself: sheets of its directory 卷内目录, and the note at its end 备考表."""

from __future__ import annotations

from dossier.reading import Box, Line, Reading

_COLUMNS = (0.10, 0.17, 0.57, 0.70, 0.81)
_HEADS = ("序号", "文件名称", "日期", "页次", "备注")


def cell(text: str, x: float, y: float) -> Line:
    """A line that stands at a place, as a table's cell does."""
    return Line(text, Box(x, y, x + 0.012 * len(text) + 0.012, y + 0.015))


def _row(at: int, *texts: str) -> list[Line]:
    return [cell(text, x, 0.14 + 0.035 * at) for x, text in zip(_COLUMNS, texts, strict=True) if text]


def entries(*pages: str, first: int = 1) -> list[Line]:
    """The rows of a directory, by what stands in the column of pages."""
    lines: list[Line] = []
    for at, told in enumerate(pages):
        lines += _row(at + 1, str(first + at), "讯问笔录", "2031.5.7", told, "")
    return lines


def sheet(*lines: Line, heading: str = "卷内文件目录", heads: tuple[str, ...] = _HEADS) -> Reading:
    """A sheet of a directory: heading, the heads of its columns, rows."""
    above = [cell(heading, 0.4, 0.09)] if heading else []
    return Reading(1000, 1400, 120.0, lines=(*above, *(_row(0, *heads) if heads else ()), *lines))


def note(*texts: str, heading: str = "卷内备考表") -> Reading:
    """The note at a volume's end."""
    lines = [cell(heading, 0.4, 0.1), *(cell(text, 0.1, 0.2 + 0.05 * at) for at, text in enumerate(texts))]
    return Reading(1000, 1400, 120.0, lines=tuple(lines))
