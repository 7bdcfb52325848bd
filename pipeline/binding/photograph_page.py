"""The page of a photographed sheet: the whole photograph, unaltered, with each line of text laid along its print.

A matrix cannot undo a perspective, and the archive keeps the photograph's own bytes. So the photograph is only turned,
until the sheet stands upright in its middle, and the text goes to where the print is: from the page that was read back
through the homography, each line by that map's affine part over the line's rectangle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dossier.reading import Box, Corners, Reading
from pipeline.binding.placement import placement
from pipeline.cleaning.perspective import mapped
from pipeline.cleaning.upright import canvas_size
from pipeline.files.affine import Affine

Points = NDArray[np.float64]

_LEAST = 1e-6
"""PDF units: a line without extent has no direction."""


@dataclass(frozen=True, slots=True)
class PhotographPage:
    """Where photograph and text lie.

    Attributes:
        width, height: of the page, pixels of the photograph.
        dpi: pixels an inch, on the sheet.
        matrix: from PDF's unit square of an image to the pixels of the page, origin bottom left.
        corners: of the reading.
        shown: from fractions of the photograph (origin top left) to the pixels of the page, origin bottom left.
    """

    width: int
    height: int
    dpi: float
    matrix: Affine
    corners: Corners
    shown: Affine

    def line_place(self, page_width: float, page_height: float, points: float, box: Box) -> Affine:
        """The map that takes a line's rectangle on the page that was read to its print on the page shown.

        Args:
            page_width, page_height: of the page that was read, PDF units; its origin is bottom left.
            points: PDF units for a pixel of the page shown.
            box: the line's.
        """
        ends = np.array([[box.x0, box.y1], [box.x1, box.y1], [box.x0, box.y0], [box.x1, box.y0]])
        left_foot, right_foot, left_head, right_head = self._places(ends) * points
        along = (right_foot - left_foot + right_head - left_head) / 2 / max((box.x1 - box.x0) * page_width, _LEAST)
        up = (left_head - left_foot + right_head - right_foot) / 2 / max((box.y1 - box.y0) * page_height, _LEAST)
        middle = (left_foot + right_foot + left_head + right_head) / 4
        x, y = (box.x0 + box.x1) / 2 * page_width, (1 - (box.y0 + box.y1) / 2) * page_height
        e, f = middle - along * x - up * y
        return Affine(*(float(value) for value in (*along, *up, e, f)))

    def ending_at_sheet(self) -> PhotographPage:
        """The same page no larger than what the corners enclose; the rest of the photograph lies beyond it."""
        ends = self._places(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]))
        left, low = (max(math.floor(float(value)), 0) for value in ends.min(axis=0))
        right, high = (math.ceil(float(value)) for value in ends.max(axis=0))
        moved = Affine(1, 0, 0, 1, -left, -low)
        return replace(
            self,
            width=max(min(right, self.width) - left, 1),
            height=max(min(high, self.height) - low, 1),
            matrix=self.matrix.then(moved),
            shown=self.shown.then(moved),
        )

    def _places(self, points: Points) -> Points:
        """Where points of the page that was read, as fractions from its top left, lie on the page shown, pixels."""
        return np.array([self.shown.apply(float(x), float(y)) for x, y in mapped(points, self.corners)])


def photograph_page(reading: Reading, corners: Corners, stored: tuple[int, int], orientation: int) -> PhotographPage:
    """The page that shows a photograph.

    Args:
        reading: of the sheet.
        corners: its corners.
        stored: width and height of the stored picture, pixels.
        orientation: its EXIF orientation, 1–8.
    """
    seen = stored[::-1] if orientation >= 5 else stored
    turn, angle = _upright_turn(corners, seen)
    canvas = canvas_size(*seen, turn, angle)
    upward = Affine(1, 0, 0, -1, 0, 1)
    shown = upward.then(placement(seen, 1, turn, angle, canvas))
    return PhotographPage(
        *canvas,
        dpi=reading.dpi * _scale(corners, seen, reading),
        matrix=placement(stored, orientation, turn, angle, canvas),
        corners=corners,
        shown=shown,
    )


def _upright_turn(corners: Corners, seen: tuple[int, int]) -> tuple[int, float]:
    """The quarter turn and the small turn, clockwise, after which rows in the middle of the sheet run straight."""
    left, right = mapped(np.array([[0.4, 0.5], [0.6, 0.5]]), corners) * np.array(seen)
    clockwise = -math.degrees(math.atan2(right[1] - left[1], right[0] - left[0])) % 360
    turn = round(clockwise / 90) % 4 * 90
    return turn, round((clockwise - turn + 180) % 360 - 180, 1)


def _scale(corners: Corners, seen: tuple[int, int], reading: Reading) -> float:
    """How many pixels of the photograph one of the page that was read is long, in the mean."""
    x, y = (np.array(corners) * np.array(seen)).T
    area = abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2
    return math.sqrt(area / (reading.width * reading.height))
