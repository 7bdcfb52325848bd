"""The order in which the lines of a page are read, and which pieces belong to one printed line.

Rows from top to bottom, in a row from left to right, so that a table comes row by row. Columns of running text are read
one after the other, what spans them (a headline, a table) before or after. A page of vertical text is read in columns
from right to left.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from dossier.reading import Box, Line
from pipeline.reading.text_columns import Column, slack_of, text_columns

_SAME_ROW = 0.5
"""How much of the lower of two lines' heights they must share to stand in one row."""

_WIDEST_GAP = 0.6
"""Of the line's height: pieces of one printed line are not further apart (a table's cells keep a margin on each side
of the rule, together about one character)."""

_ALIGNED = 0.2
"""Of the line's height: how far apart the middles of two pieces of one line may lie."""


def in_reading_order(lines: Sequence[Line], width: int, height: int) -> tuple[Line, ...]:
    """The lines in the order in which a person reads them, pieces of one printed line joined.

    Args:
        lines: as found, in any order.
        width, height: of the upright picture, pixels (boxes are fractions of them).
    """
    vertical = sum(len(line.text) for line in lines if line.vertical)
    if vertical * 2 > sum(len(line.text) for line in lines):
        return _columns(lines)
    columns = text_columns([line for line in lines if not line.vertical], width, height)
    parts = _column_by_column(lines, columns, slack_of(lines, width, height)) if columns else [list(lines)]
    return tuple(line for part in parts for row in _rows(part) for line in _joined(row, width, height))


def _column_by_column(lines: Sequence[Line], columns: Sequence[Column], slack: float) -> list[list[Line]]:
    """The lines in parts that are read one after the other: columns, and between them what spans several."""

    def home(line: Line) -> int | None:
        return next((place for place, column in enumerate(columns) if column.holds(line, slack)), None)

    parts: list[list[Line]] = []
    open_columns: list[list[Line]] = [[] for _ in columns]
    spanning: list[Line] = []
    for line in sorted(lines, key=lambda line: line.box.y0 + line.box.y1):
        place = home(line)
        if place is None:
            if any(open_columns):
                parts += [spanning, *open_columns]
                spanning, open_columns = [], [[] for _ in columns]
            spanning.append(line)
        else:
            open_columns[place].append(line)
    parts += [spanning, *open_columns]
    return [part for part in parts if part]


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines that stand side by side, rows from top to bottom, each from left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: (line.box.y0 + line.box.y1, line.box.x0)):
        row = next((row for row in reversed(rows[-3:]) if _shares_row(row, line)), None)
        if row is None:
            rows.append([line])
        else:
            row.append(line)
    for row in rows:
        row.sort(key=lambda line: line.box.x0)
    rows.sort(key=lambda row: median(line.box.y0 + line.box.y1 for line in row))
    return rows


def _shares_row(row: Sequence[Line], line: Line) -> bool:
    # Compared with the nearest piece, since rows may rise or fall a little over the page.
    nearest = min(row, key=lambda other: abs(other.box.x0 + other.box.x1 - line.box.x0 - line.box.x1))
    if nearest.vertical or line.vertical:
        return False
    common = min(nearest.box.y1, line.box.y1) - max(nearest.box.y0, line.box.y0)
    if common < _SAME_ROW * min(nearest.box.y1 - nearest.box.y0, line.box.y1 - line.box.y0):
        return False
    # Above one another cannot be side by side.
    across = min(nearest.box.x1, line.box.x1) - max(nearest.box.x0, line.box.x0)
    return across < 0.5 * min(nearest.box.x1 - nearest.box.x0, line.box.x1 - line.box.x0)


def _columns(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Vertical lines from right to left; lines above one another in one column from top to bottom."""
    columns: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: -(line.box.x0 + line.box.x1)):
        middle = (line.box.x0 + line.box.x1) / 2
        column = next((column for column in columns[-2:] if column[0].box.x0 < middle < column[0].box.x1), None)
        if column is None:
            columns.append([line])
        else:
            column.append(line)
    return tuple(line for column in columns for line in sorted(column, key=lambda line: line.box.y0))


def _joined(row: Sequence[Line], width: int, height: int) -> list[Line]:
    """The row's lines, with pieces joined where nothing but a small gap divides them."""
    whole: list[Line] = []
    for line in row:
        if whole and _continues(whole[-1], line, width, height):
            whole[-1] = _join(whole[-1], line)
        else:
            whole.append(line)
    return whole


def _continues(first: Line, second: Line, width: int, height: int) -> bool:
    if first.vertical or second.vertical or not (first.characters and second.characters):
        return False
    heights = [(line.box.y1 - line.box.y0) * height for line in (first, second)]
    if max(heights) > 1.3 * min(heights):
        return False
    # Measured from the last character to the first: a line's box has air at its ends.
    gap = (second.characters[0].x0 - first.characters[-1].x1) * width
    apart = abs(first.box.y0 + first.box.y1 - second.box.y0 - second.box.y1) / 2 * height
    return -_WIDEST_GAP * heights[0] < gap < _WIDEST_GAP * min(heights) and apart < _ALIGNED * min(heights)


def _join(first: Line, second: Line) -> Line:
    total = len(first.text) + len(second.text)
    confidence = (first.confidence * len(first.text) + second.confidence * len(second.text)) / total
    space: tuple[Box, ...] = ()
    before, after = first.characters[-1], second.characters[0]
    if _is_letter(first.text[-1]) and _is_letter(second.text[0]) and after.x0 > before.x1:
        space = (Box(before.x1, before.y0, after.x0, before.y1),)
    return Line(
        text=first.text + " " * len(space) + second.text,
        box=first.box.union(second.box),
        confidence=round(confidence, 4),
        characters=first.characters + space + second.characters,
    )


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()
