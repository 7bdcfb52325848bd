"""The corners of a page, looked at again where a stamped number may have been passed over.

The detector sees the page reduced and may miss a digit that stands alone: of nine on printed pages it missed two. In
the corner's own pixels it finds them. On a page that lies across its volume, a table printed sideways, the
stamp stands on its side. Such a corner is looked at from the sides, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import cv2
import numpy as np

from dossier.reading import Box, Line
from pipeline.cleaning.blank import PENCIL, darkest_channel, ink_on_paper
from pipeline.cleaning.upright_page import UprightPage
from pipeline.reading.page_label import corner_size, label_candidates

_LEAST_CONFIDENCE = 0.8
"""A speck or a staple is read as a digit with less."""

_PIXELS_A_MILLIMETRE = 4.0
_MARK = (1.5, 12.0)
"""Millimetres: least and greatest extent of a digit, or of a few that touch."""

_LONG_SIDE = 297.0
"""Millimetres: of the paper, taken to be A4; resolutions in files are not to be trusted."""


class Reader(Protocol):
    """What reads a page's lines."""

    def read(self, page: UprightPage) -> tuple[Line, ...]:
        """The lines of a page."""


def numbers_in_corners(reader: Reader, page: UprightPage, lines: Sequence[Line]) -> tuple[Line, ...]:
    """Numbers alone in a corner of a page that are none of its lines; what else was read there is left out.

    Args:
        reader: what reads print.
        page: the page.
        lines: of the page, as read.
    """
    return tuple(
        number
        for corner in _corners(page.width, page.height)
        if _has_unread_mark(page, corner, lines)
        for number in _numbers(reader, page, corner, lines)
    )


def _corners(width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    # A little more than where numbers count, so that none is cut off.
    across, down = (1.2 * side for side in corner_size(width, height))
    for left, right in ((0, round(across * width)), (round((1 - across) * width), width)):
        for top, bottom in ((0, round(down * height)), (round((1 - down) * height), height)):
            yield left, top, right, bottom


def _has_unread_mark(page: UprightPage, corner: tuple[int, int, int, int], lines: Sequence[Line]) -> bool:
    """Whether something of a digit's size stands in a corner that belongs to no line."""
    left, top, right, bottom = corner
    width, height = page.width, page.height
    scale = min(1.0, _PIXELS_A_MILLIMETRE / (max(height, width) / _LONG_SIDE))
    millimetre = max(height, width) / _LONG_SIDE * scale
    size = max(round((right - left) * scale), 1), max(round((bottom - top) * scale), 1)
    ink = ink_on_paper(darkest_channel(page.drawn(*size, part=corner)), millimetre, PENCIL)
    for line in lines:
        x0, x1 = (round((x * width - left) * scale) for x in (line.box.x0, line.box.x1))
        y0, y1 = (round((y * height - top) * scale) for y in (line.box.y0, line.box.y1))
        edge = round(millimetre)
        ink[max(y0 - edge, 0) : max(y1 + edge, 0), max(x0 - edge, 0) : max(x1 + edge, 0)] = 0
    _, _, marks, _ = cv2.connectedComponentsWithStats(cv2.dilate(ink, np.ones((3, 3), np.uint8)), connectivity=8)
    across, down = ink.shape[1], ink.shape[0]
    for x, y, wide, high, _ in marks[1:].tolist():
        # Shadows and the scanner's frame touch the page's edge; table rules and torn-off words run out of the corner.
        if x == 0 or y == 0 or x + wide == across or y + high == down:
            continue
        if _MARK[0] <= (max(wide, high) - 2) / millimetre <= _MARK[1]:
            return True
    return False


def _numbers(reader: Reader, page: UprightPage, corner: tuple[int, int, int, int], lines: Sequence[Line]) -> list[Line]:
    width, height = page.width, page.height
    left, top, right, bottom = corner
    part = page.drawn(right - left, bottom - top, part=corner)
    found: list[Line] = []
    for turns in (0, 1, 3) if width > height else (0,):
        for line in reader.read(UprightPage(part, -90 * turns % 360)):
            box = _turned_back(line.box, turns)
            x0, x1 = (left + x * (right - left) for x in (box.x0, box.x1))
            y0, y1 = (top + y * (bottom - top) for y in (box.y0, box.y1))
            placed = Line(line.text, Box.of_pixels(x0, y0, x1, y1, width, height), line.confidence)
            stamps = label_candidates([placed], width, height)
            is_new = all(line.text != other.text for other in (*lines, *found))
            if is_new and line.confidence >= _LEAST_CONFIDENCE and any(stamp.stamped for stamp in stamps):
                found.append(placed)
    return found


def _turned_back(box: Box, turns: int) -> Box:
    """A box of a picture that was turned counter-clockwise by quarters, on the picture before."""
    for _ in range(turns):
        box = Box(1 - box.y1, box.x0, 1 - box.y0, box.x1)
    return box
