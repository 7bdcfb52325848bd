"""From single characters with their places to printed lines.

Used for text that a file brings itself; what is on paper is read in lines from the start.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from pipeline.files.rectangles import Rectangle, around

# All in ems, the size of the larger of two neighbours.
_BESIDE = 0.5  # how far a neighbour may stand off the line: sub- and superscripts stay in it
_BACKWARD = -0.5  # kerning and overprinting
_GAP = 2.0  # wider is another cell or column
_JOINT = 0.6  # between pieces that were not painted one after the other
_STACKED = 0.35  # vertical writing sets its characters without a gap
_WORD_SPACE = 0.15  # the narrowest usual word space has 0.22, and a justified line may squeeze it
_WIDE_SPACE = 0.8  # beside a Han character, whose own form has air around it
_OVERPRINT = 0.12  # a character painted twice to look bold
_SAME_ANGLE = 5.0


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character on the page.

    Attributes:
        character: one code point; " " for any space.
        box: x0, y0, x1, y1, y downward.
        angle: of its baseline, degrees clockwise; 0 stands upright.
        em: its size, in the box's unit.
    """

    character: str
    box: Rectangle
    angle: float
    em: float

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of its box."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2

    @property
    def is_han(self) -> bool:
        """Whether it stands in a square of its own: Han, kana, and their punctuation."""
        return unicodedata.east_asian_width(self.character) in "WF"


@dataclass(frozen=True, slots=True)
class GlyphLine:
    """A printed line.

    Attributes:
        text: without spaces at its ends.
        boxes: one for each code point of `text`, as high as the line (as wide, where it runs downward).
        box: around all of them.
        vertical: whether it runs from top to bottom.
        em: the size of its largest character.
    """

    text: str
    boxes: tuple[Rectangle, ...]
    box: Rectangle
    vertical: bool
    em: float


def glyph_lines(glyphs: Iterable[Glyph], rules: Sequence[Rectangle] = ()) -> list[GlyphLine]:
    """The lines that characters form, in the order in which each line begins.

    Args:
        glyphs: in the order of the page's content.
        rules: upright lines without thickness, which no printed line crosses.
    """
    walls = np.array(rules, dtype=float).reshape(-1, 4)
    runs = _runs(_without_overprints(glyphs), walls)
    runs = _stacked(runs)
    runs = _joined(runs, walls)
    lines = [_line(run) for run in runs]
    return [line for line in lines if line is not None]


def _without_overprints(glyphs: Iterable[Glyph]) -> list[Glyph]:
    kept: list[Glyph] = []
    seen: dict[tuple[str, int, int], list[tuple[float, float]]] = {}
    for glyph in glyphs:
        x, y = glyph.centre
        near = _OVERPRINT * glyph.em
        cell = max(near, 1e-3)
        row, column = int(y / cell), int(x / cell)
        places = [(glyph.character, row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
        is_known = any(math.dist(centre, (x, y)) < near for place in places for centre in seen.get(place, ()))
        if glyph.character == " " or not is_known:
            kept.append(glyph)
            seen.setdefault((glyph.character, row, column), []).append((x, y))
    return kept


def _runs(glyphs: Iterable[Glyph], walls: NDArray[np.float64]) -> list[list[Glyph]]:
    """Pieces of lines: characters painted one after the other along their baseline."""
    runs: list[list[Glyph]] = []
    for glyph in glyphs:
        if runs and _continues(runs[-1][-1], glyph) and not _is_parted(runs[-1][-1].box, glyph.box, walls):
            runs[-1].append(glyph)
        else:
            runs.append([glyph])
    return [run for run in runs if any(glyph.character != " " for glyph in run)]


def _continues(last: Glyph, glyph: Glyph) -> bool:
    if abs((glyph.angle - last.angle + 180) % 360 - 180) > _SAME_ANGLE:
        return False
    em = max(last.em, glyph.em)
    along, beside = _offset(last, glyph)
    gap = along - (_extent(last) + _extent(glyph)) / 2
    return abs(beside) <= _BESIDE * em and _BACKWARD * em <= gap <= _GAP * em


def _is_parted(left: Rectangle, right: Rectangle, walls: NDArray[np.float64]) -> bool:
    """Whether a wall stands between two boxes at the height of their middle."""
    x0, x1 = (left[0] + left[2]) / 2, (right[0] + right[2]) / 2
    y = (max(left[1], right[1]) + min(left[3], right[3])) / 2
    if not len(walls) or right[0] - left[2] <= 0:
        return False
    return bool(((walls[:, 0] > x0) & (walls[:, 0] < x1) & (walls[:, 1] < y) & (walls[:, 3] > y)).any())


def _offset(last: Glyph, glyph: Glyph) -> tuple[float, float]:
    """From one character's centre to another's, along the baseline and across it."""
    x, y = glyph.centre[0] - last.centre[0], glyph.centre[1] - last.centre[1]
    cosine, sine = math.cos(math.radians(glyph.angle)), math.sin(math.radians(glyph.angle))
    return x * cosine + y * sine, y * cosine - x * sine


def _extent(glyph: Glyph) -> float:
    """A character's length along its baseline; its box is upright, so this is exact at quarter turns only."""
    width, height = glyph.box[2] - glyph.box[0], glyph.box[3] - glyph.box[1]
    cosine, sine = abs(math.cos(math.radians(glyph.angle))), abs(math.sin(math.radians(glyph.angle)))
    if min(cosine, sine) < math.sin(math.radians(_SAME_ANGLE)):
        return width if cosine > sine else height
    return min(width / (cosine + sine), glyph.em)


def _stacked(runs: list[list[Glyph]]) -> list[list[Glyph]]:
    """Join single Han characters that stand under each other: vertical writing."""
    joined: list[list[Glyph]] = []
    for run in runs:
        last = joined[-1] if joined else []
        if last and len(run) == 1 and (len(last) == 1 or _runs_downward(last)) and _stands_under(last[-1], run[0]):
            last.append(run[0])
        else:
            joined.append(list(run))
    return joined


def _stands_under(upper: Glyph, lower: Glyph) -> bool:
    em = max(upper.em, lower.em)
    is_upright = abs(upper.angle) < _SAME_ANGLE and abs(lower.angle) < _SAME_ANGLE
    is_centred = abs(upper.centre[0] - lower.centre[0]) <= _BESIDE * em
    gap = lower.box[1] - upper.box[3]
    return is_upright and upper.is_han and lower.is_han and is_centred and _BACKWARD * em <= gap <= _STACKED * em


def _runs_downward(run: list[Glyph]) -> bool:
    return len(run) > 1 and run[-1].centre[1] - run[0].centre[1] > abs(run[-1].centre[0] - run[0].centre[0])


def _joined(runs: list[list[Glyph]], walls: NDArray[np.float64]) -> list[list[Glyph]]:
    """Join level pieces that touch, in whatever order they were painted."""
    level = [run for run in runs if abs(run[0].angle) < _SAME_ANGLE and not _runs_downward(run)]
    boxes = {id(run): reduce(around, (glyph.box for glyph in run)) for run in level}
    absorbed: set[int] = set()
    open_rows: list[list[Glyph]] = []
    for run in sorted(level, key=lambda run: boxes[id(run)][0]):
        box = boxes[id(run)]
        # Pieces come from left to right: one that ended long ago cannot be continued any more.
        open_rows = [row for row in open_rows if boxes[id(row)][2] >= box[0] - _GAP * row[0].em]
        for row in open_rows:
            is_near = _touches(boxes[id(row)], box, max(row[-1].em, run[0].em))
            if is_near and not _is_parted(row[-1].box, run[0].box, walls):
                row.extend(run)
                boxes[id(row)] = around(boxes[id(row)], box)
                absorbed.add(id(run))
                break
        else:
            open_rows.append(run)
    return [run for run in runs if id(run) not in absorbed]


def _touches(left: Rectangle, right: Rectangle, em: float) -> bool:
    shared = min(left[3], right[3]) - max(left[1], right[1])
    lower = min(left[3] - left[1], right[3] - right[1])
    return shared >= 0.6 * lower and -0.3 * em <= right[0] - left[2] <= _JOINT * em


def _line(run: list[Glyph]) -> GlyphLine | None:
    spaced: list[Glyph] = []
    for glyph in run:
        if glyph.character == " ":
            if spaced and spaced[-1].character != " ":
                spaced.append(glyph)
            continue
        if spaced and (space := _space_between(spaced[-1], glyph)):
            spaced.append(space)
        spaced.append(glyph)
    while spaced and spaced[-1].character == " ":
        spaced.pop()
    if not spaced:
        return None
    vertical = _runs_downward(spaced) and (abs(spaced[0].angle) < _SAME_ANGLE or spaced[0].angle > 0)
    box = reduce(around, (glyph.box for glyph in spaced if glyph.character != " "))
    return GlyphLine(
        text="".join(glyph.character for glyph in spaced),
        boxes=tuple(_full(glyph.box, box, spaced[0].angle, vertical) for glyph in spaced),
        box=box,
        vertical=vertical,
        em=max(glyph.em for glyph in spaced),
    )


def _space_between(last: Glyph, glyph: Glyph) -> Glyph | None:
    """A space for a gap that the file has left without one."""
    if last.character == " ":
        return None
    along, _ = _offset(last, glyph)
    gap = along - (_extent(last) + _extent(glyph)) / 2
    least = _WIDE_SPACE if last.is_han or glyph.is_han else _WORD_SPACE
    if gap < least * max(last.em, glyph.em):
        return None
    x0, x1 = sorted((last.box[2], glyph.box[0]))
    return Glyph(" ", (x0, min(last.box[1], glyph.box[1]), x1, max(last.box[3], glyph.box[3])), glyph.angle, glyph.em)


def _full(box: Rectangle, line: Rectangle, angle: float, vertical: bool) -> Rectangle:
    """A character's box with the line's height, or width; slanted lines keep the box as it is."""
    if vertical or abs(abs(angle) - 90) < _SAME_ANGLE:
        return line[0], box[1], line[2], box[3]
    if abs(angle) < _SAME_ANGLE or abs(angle) > 180 - _SAME_ANGLE:
        return box[0], line[1], box[2], line[3]
    return box
