"""The reading order of lines that a file brings itself.

Files mostly paint their text in the order in which it is read, columns and table cells included, and geometry alone
cannot tell a table from two columns. So the painted order stands, but for pieces that contradict the page: a footer
painted first, a line painted after the one below it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.files.text_lines import GlyphLine

# A line belongs to the row of another that shares this part of the lower one's height.
_SAME_ROW = 0.5
# Beyond this many lines a page is no page of text, and comparing each with each would take too long.
_MOST_LINES = 2000


def in_painted_order(lines: Sequence[GlyphLine]) -> list[GlyphLine]:
    """The lines of a page from the first to be read to the last."""
    if sum(line.vertical for line in lines) * 2 > len(lines):
        # Vertical writing: columns from right to left.
        return sorted(lines, key=lambda line: (-round(line.box[2] / max(line.em, 1e-3)), line.box[1]))
    if len(lines) > _MOST_LINES:
        return _in_rows(lines)
    pieces = _descending_pieces(lines)
    if len(pieces) < 2:
        return [line for piece in pieces for line in piece]
    before = _precedence(lines, pieces)
    pieces, before = _with_entangled_joined(pieces, before)
    return [line for piece in _sorted_pieces(pieces, before) for line in piece]


def _descending_pieces(lines: Sequence[GlyphLine]) -> list[list[GlyphLine]]:
    """Stretches of the painted order that only go down the page, or to the right within a row."""
    pieces: list[list[GlyphLine]] = []
    for line in lines:
        if pieces and _follows(pieces[-1][-1], line):
            pieces[-1].append(line)
        else:
            pieces.append([line])
    return pieces


def _follows(last: GlyphLine, line: GlyphLine) -> bool:
    if _shares_row(last, line):
        return line.box[0] >= last.box[0]
    return line.box[1] > last.box[1]


def _shares_row(one: GlyphLine, other: GlyphLine) -> bool:
    shared = min(one.box[3], other.box[3]) - max(one.box[1], other.box[1])
    return shared > _SAME_ROW * min(one.box[3] - one.box[1], other.box[3] - other.box[1])


def _precedence(lines: Sequence[GlyphLine], pieces: list[list[GlyphLine]]) -> NDArray[np.bool_]:
    """(pieces, pieces): whether one comes before the other by its place.

    It does where one of its lines stands over one of the other's in the same part of the width, or where all of it
    stands higher than all of the other.
    """
    owner = np.repeat(np.arange(len(pieces)), [len(piece) for piece in pieces])
    boxes = np.array([line.box for piece in pieces for line in piece])
    middle = (boxes[:, 1] + boxes[:, 3]) / 2
    over = (boxes[:, None, 0] < boxes[None, :, 2]) & (boxes[None, :, 0] < boxes[:, None, 2])
    over &= middle[:, None] < middle[None, :]
    upper, lower = np.nonzero(over)
    before = np.zeros((len(pieces), len(pieces)), dtype=bool)
    before[owner[upper], owner[lower]] = True
    tops = np.array([min(line.box[1] for line in piece) for piece in pieces])
    bottoms = np.array([max(line.box[3] for line in piece) for piece in pieces])
    before |= bottoms[:, None] <= tops[None, :]
    np.fill_diagonal(before, False)
    return before


def _with_entangled_joined(
    pieces: list[list[GlyphLine]], before: NDArray[np.bool_]
) -> tuple[list[list[GlyphLine]], NDArray[np.bool_]]:
    """Join pieces of which each has lines over the other's, and read what is joined row by row."""
    group = list(range(len(pieces)))
    for one, other in zip(*np.nonzero(before & before.T), strict=True):
        lower, higher = sorted((group[one], group[other]))
        group = [lower if number == higher else number for number in group]
    numbers = sorted(set(group))
    joined: list[list[GlyphLine]] = []
    for number in numbers:
        members = [piece for piece, owner in zip(pieces, group, strict=True) if owner == number]
        joined.append(members[0] if len(members) == 1 else _in_rows([line for piece in members for line in piece]))
    index = [numbers.index(number) for number in group]
    merged = np.zeros((len(numbers), len(numbers)), dtype=bool)
    for one, other in zip(*np.nonzero(before), strict=True):
        merged[index[one], index[other]] = True
    np.fill_diagonal(merged, False)
    return joined, merged


def _sorted_pieces(pieces: list[list[GlyphLine]], before: NDArray[np.bool_]) -> list[list[GlyphLine]]:
    """Pieces so that none comes before one that stands over it, else as painted."""
    waiting = list(range(len(pieces)))
    ordered: list[list[GlyphLine]] = []
    while waiting:
        free = [piece for piece in waiting if not before[waiting, piece].any()]
        # Where pieces stand over each other in a circle, the topmost begins.
        following = free[0] if free else min(waiting, key=lambda piece: pieces[piece][0].box[1])
        waiting.remove(following)
        ordered.append(pieces[following])
    return ordered


def _in_rows(lines: Sequence[GlyphLine]) -> list[GlyphLine]:
    rows: list[list[GlyphLine]] = []
    for line in sorted(lines, key=lambda line: line.box[1] + line.box[3]):
        if rows and _shares_row(rows[-1][0], line):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: line.box[0])]
