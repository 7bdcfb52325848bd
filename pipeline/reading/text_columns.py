"""Columns of running text, as newspapers and two-column prints have them, told apart from the columns of tables.

A column of text is many lines of Han characters, most of which begin at the same place and fill the same width. The
cells of a table are short, or numbers, or leave other cells beside them in no such column; then nothing is found, and
the page is read row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from dossier.reading import Line

_LEAST_LINES = 6
"""Of full width in a column; tables of that many rows of prose in two cells are rarer than columns so short."""

_LEAST_LENGTH = 8
"""Characters of a full line, the median over a column."""

_LEAST_HAN = 0.5
"""Of the characters of a column; numbers that fill a table's cells are none."""

_SAME_EDGE = 1.0
"""Of a line's height: how far full lines begin or end apart from each other in one column."""

_SAME_COLUMN = 0.9
"""Of the narrower one's width: what groups of lines must share across to be of one column."""

_LEAST_SHARE = 0.85
"""Of the lines where columns stand side by side: so many must belong to the columns."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of text: its edges, as fractions of the page, and its first and last full line's top and bottom."""

    x0: float
    x1: float
    y0: float
    y1: float

    def overlap(self, other: Column) -> float:
        """What two columns share across, of the narrower one's width."""
        common = min(self.x1, other.x1) - max(self.x0, other.x0)
        return common / min(self.x1 - self.x0, other.x1 - other.x0)

    def union(self, other: Column) -> Column:
        """The column around both."""
        return Column(min(self.x0, other.x0), max(self.x1, other.x1), min(self.y0, other.y0), max(self.y1, other.y1))

    def holds(self, line: Line, slack: float) -> bool:
        """Whether a line lies between the column's edges, give or take `slack` (a fraction of the page's width)."""
        return line.box.x0 >= self.x0 - slack and line.box.x1 <= self.x1 + slack


def text_columns(lines: Sequence[Line], width: int, height: int) -> list[Column]:
    """The columns of a page from left to right; empty where it has fewer than two, or that is not sure.

    Args:
        lines: that run from left to right, in any order.
        width, height: of the page, pixels.
    """
    if len(lines) < 2 * _LEAST_LINES:
        return []
    slack = slack_of(lines, width, height)
    found = sorted(_full_columns(lines, slack), key=lambda column: column.x0)
    apart = all(left.x1 < right.x0 for left, right in pairwise(found))
    if len(found) < 2 or not apart:
        return []
    top, bottom = max(column.y0 for column in found), min(column.y1 for column in found)
    shortest = min(column.y1 - column.y0 for column in found)
    if bottom - top < 0.5 * shortest:
        return []
    beside = [line for line in lines if top <= (line.box.y0 + line.box.y1) / 2 <= bottom]
    inside = sum(any(column.holds(line, slack) for column in found) for line in beside)
    return found if inside >= _LEAST_SHARE * len(beside) else []


def slack_of(lines: Sequence[Line], width: int, height: int) -> float:
    """How far edges of one column may lie apart, as a fraction of the page's width."""
    return _SAME_EDGE * median(line.box.y1 - line.box.y0 for line in lines) * height / width


def _full_columns(lines: Sequence[Line], slack: float) -> list[Column]:
    """Groups of lines that begin and end alike, those over one another taken together; none overlaps another."""
    groups: list[list[Line]] = []
    for line in lines:
        alike = [
            other
            for other in lines
            if abs(other.box.x0 - line.box.x0) <= slack and abs(other.box.x1 - line.box.x1) <= slack
        ]
        if len(alike) >= _LEAST_LINES and _is_running_text(alike):
            groups.append(alike)
    columns: list[Column] = []
    for group in sorted(groups, key=len, reverse=True):
        column = Column(
            median(line.box.x0 for line in group),
            median(line.box.x1 for line in group),
            min(line.box.y0 for line in group),
            max(line.box.y1 for line in group),
        )
        over = [other for other in columns if column.x0 < other.x1 and other.x0 < column.x1]
        if not over:
            columns.append(column)
        elif len(over) == 1 and column.overlap(over[0]) >= _SAME_COLUMN:
            # First lines of paragraphs are set in by two characters; where most paragraphs are short they come first.
            columns[columns.index(over[0])] = column.union(over[0])
    return columns


def _is_running_text(group: Sequence[Line]) -> bool:
    text = "".join(line.text for line in group)
    han = sum("\u4e00" <= character <= "\u9fff" for character in text)
    return median(len(line.text) for line in group) >= _LEAST_LENGTH and han >= _LEAST_HAN * len(text)
