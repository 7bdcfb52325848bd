"""Whether a scanned side is nothing but paper.

A verdict is only ever a flag: the page stays in the dossier. What is ignored are the things that empty paper brings
along: its own shade, the scanner's frame and edge shadows, punch holes, specks, and faint print that shines through
from the other side. What counts as content is a single mark of the size of a small digit, so that a side with nothing
but a page number, a signature or a seal is not blank.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.cleaning.upright import Picture, reduced

_DPI = 100
"""Of the reduced picture that is looked at."""

_CONTRAST = 40
"""Grey levels (of 255) below the paper around it from which on a pixel is ink. Print that shines through office paper
of 80 g/m² stays below; pencil does not."""

_MARGIN = 5.0
"""Millimetres along each edge that are the scanner's, not the page's."""

_HOLE = (4.0, 8.5)
"""Millimetres: smallest and largest diameter of a punched or filed hole (ISO 838: 6 ± 0.5)."""

_HOLE_DISTANCE = 25.0
"""Millimetres from the page's edge within which holes are punched (ISO 838: 12 ± 1 to the centre)."""

_MARK = (1.5, 0.25)
"""Millimetres and square millimetres: the least extent and the least inked area of a mark, a digit of 8 points."""


def is_blank(picture: Picture, dpi: float) -> bool:
    """Whether a page shows nothing but paper.

    Args:
        picture: uint8 array (height, width, 3), RGB; it may lie any way up.
        dpi: its resolution, pixels an inch.
    """
    # The darkest channel: blue pencil and red seals are ink too.
    red, green, blue = cv2.split(picture)
    scale = min(1.0, _DPI / dpi)
    grey = reduced(cv2.min(cv2.min(red, green), blue), scale)
    millimetre = dpi * scale / 25.4
    height, width = grey.shape
    inset = round(_HOLE_DISTANCE * millimetre)
    # Most pages show a mark around their middle, away from holes and shadows; then the rest need not be looked at.
    middle = grey[height // 3 : height - height // 3, inset : width - inset]
    if middle.size and next(_marks(_ink(middle, millimetre), millimetre), None):
        return False
    ink = _ink(grey, millimetre)
    margin = round(_MARGIN * millimetre)
    ink[:margin], ink[height - margin :], ink[:, :margin], ink[:, width - margin :] = 0, 0, 0, 0
    for left, top, across, down, area in _marks(ink, millimetre):
        edge = min(left, top, width - left - across, height - top - down) / millimetre
        if edge < _HOLE_DISTANCE and _is_hole(across / millimetre, down / millimetre, area):
            continue
        # Shadows run along an edge of the sheet: long, thin, and starting in the margin.
        if edge <= _MARGIN + 1 and max(across, down) / millimetre > 15 and min(across, down) / millimetre < 4:
            continue
        return False
    return True


def _marks(ink: NDArray[np.uint8], millimetre: float) -> Iterator[tuple[int, int, int, int, float]]:
    """Left, top, width and height (pixels) and inked area (square millimetres) of what is as large as a digit."""
    # Strokes of one letter that the scan broke apart belong together.
    joined = cv2.dilate(ink, np.ones((3, 3), np.uint8))
    count, labels, found, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    areas = np.bincount(labels[ink > 0], minlength=count) / millimetre**2
    for mark in range(1, count):
        left, top, across, down = (int(value) for value in found[mark][:4])
        if (max(across, down) - 2) / millimetre >= _MARK[0] and areas[mark] >= _MARK[1]:
            yield left, top, across, down, float(areas[mark])


def _ink(grey: NDArray[np.uint8], millimetre: float) -> NDArray[np.uint8]:
    """1 where a picture is darker than the paper around, else 0."""
    window = round(12 * millimetre) | 1
    # The paper is what is brightest nearby, smoothed; large dark areas keep their edges and so count as content.
    paper = cv2.blur(cv2.dilate(cv2.medianBlur(grey, 3), np.ones((window, window), np.uint8)), (window, window))
    return np.asarray(cv2.subtract(paper, grey) > _CONTRAST, np.uint8)


def _is_hole(across: float, down: float, area: float) -> bool:
    """Whether a mark is a filled disc of a hole's size; sizes in millimetres, area in square millimetres."""
    smallest, largest = _HOLE
    round_enough = 0.75 < across / down < 1.33
    disc = math.pi / 4 * across * down
    return smallest <= max(across, down) <= largest and round_enough and area > 0.7 * disc
