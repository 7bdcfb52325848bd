"""Whether a scanned side is nothing but paper.

A verdict is only ever a flag: the page stays in the dossier. What is ignored are the things that empty paper brings
along: its own shade, the scanner's frame and edge shadows, punch holes, specks, and faint print that shines through
from the other side. What counts as content is a single mark of the size of a small digit, so that a side with nothing
but a page number, a signature or a seal is not blank.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.cleaning.surroundings import dark_surroundings
from pipeline.cleaning.upright import Picture, reduced

_DPI = 100
"""Of the reduced picture that is looked at."""

PENCIL = 40
"""Contrast that pencil exceeds, while print that shines through office paper of 80 g/m² mostly stays below."""

PRINT = 90
"""Contrast that print exceeds unless it is worn, and print that shines through does not."""

_FRAME = 0.15
"""Of width and height: how far the scanner's surroundings reach in."""

_SOFT, _SHARP = 12, 30
"""Grey levels between neighbouring pixels. Strokes and photographs have more than `_SHARP` somewhere, where a shadow
falls off slowly; the faintest pencil still has more than `_SOFT`."""

_LONGEST_SHADOW = 40.0
"""Millimetres: how far the shadow of a fold or a spine reaches."""

_MARGIN = 5.0
"""Millimetres along each edge that are the scanner's, not the page's."""

_HOLE = (4.0, 8.5)
"""Millimetres: smallest and largest diameter of a punched or filed hole (ISO 838: 6 ± 0.5)."""

_HOLE_DISTANCE = 30.0
"""Millimetres from the page's edge within which holes are punched: ISO 838 has 12 ± 1 to the centre, dossiers sewn by
hand up to 25."""

_MARK = (1.5, 0.25)
"""Millimetres and square millimetres: the least extent and the least inked area of a mark, a digit of 8 points."""


def is_blank(picture: Picture, dpi: float, contrast: int = PENCIL) -> bool:
    """Whether a page shows nothing but paper.

    Args:
        picture: uint8 array (height, width, 3), RGB; it may lie any way up.
        dpi: its resolution, pixels an inch.
        contrast: grey levels (of 255) below the paper around it from which on a pixel is ink.
    """
    scale = min(1.0, _DPI / dpi)
    grey = reduced(darkest_channel(picture), scale)
    millimetre = dpi * scale / 25.4
    height, width = grey.shape
    inset = round(_HOLE_DISTANCE * millimetre)
    # Most pages show a mark around their middle, away from holes and shadows; then the rest need not be looked at.
    middle = grey[height // 3 : height - height // 3, inset : width - inset]
    if middle.size and next(_marks(ink_on_paper(middle, millimetre, contrast), millimetre), None):
        return False
    ink = ink_on_paper(grey, millimetre, contrast)
    ink[_frame(grey) > 0] = 0
    margin = round(_MARGIN * millimetre)
    ink[:margin], ink[height - margin :], ink[:, :margin], ink[:, width - margin :] = 0, 0, 0, 0
    sharpness = _sharpness(grey)
    rims = 0
    for mark in _marks(ink, millimetre):
        edge = min(mark.left, mark.top, width - mark.left - mark.across, height - mark.top - mark.down) / millimetre
        if edge < _HOLE_DISTANCE and _is_hole(mark.across / millimetre, mark.down / millimetre, mark.area):
            continue
        if edge < _HOLE_DISTANCE and _is_rim(mark, millimetre):
            rims += 1
            continue
        if _is_shadow(mark, edge, sharpness, millimetre):
            continue
        return False
    # Holes come in twos and threes; a single crescent may be a letter.
    return rims != 1


def darkest_channel(picture: Picture) -> NDArray[np.uint8]:
    """The picture in grey so that blue pencil and red seals are as dark as their ink is strong."""
    red, green, blue = cv2.split(picture)
    return np.asarray(cv2.min(cv2.min(red, green), blue), np.uint8)


@dataclass(frozen=True, slots=True)
class _Mark:
    """Something on paper: left, top, width, height in pixels, inked area in square millimetres, and which pixels of
    its rectangle are inked."""

    left: int
    top: int
    across: int
    down: int
    area: float
    inked: NDArray[np.bool_]


def _marks(ink: NDArray[np.uint8], millimetre: float) -> Iterator[_Mark]:
    """What is as large as a digit."""
    # Strokes of one letter that the scan broke apart belong together.
    joined = cv2.dilate(ink, np.ones((3, 3), np.uint8))
    count, labels, found, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    areas = np.bincount(labels[ink > 0], minlength=count) / millimetre**2
    for mark in range(1, count):
        left, top, across, down = (int(value) for value in found[mark][:4])
        if (max(across, down) - 2) / millimetre >= _MARK[0] and areas[mark] >= _MARK[1]:
            rectangle = slice(top, top + down), slice(left, left + across)
            inked = (labels[rectangle] == mark) & (ink[rectangle] > 0)
            yield _Mark(left, top, across, down, float(areas[mark]), inked)


def _frame(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Above 0 where the scanner's dark surroundings show along the edges, and just beside them."""
    # What reaches further in is part of the page: a photograph printed to the paper's edge.
    return np.asarray(cv2.dilate(dark_surroundings(grey, _FRAME), np.ones((7, 7), np.uint8)), np.uint8)


def _sharpness(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """By how much a pixel and its neighbours differ."""
    smooth = cv2.blur(grey, (3, 3))
    square = np.ones((3, 3), np.uint8)
    return np.asarray(cv2.subtract(cv2.dilate(smooth, square), cv2.erode(smooth, square)), np.uint8)


def _is_shadow(mark: _Mark, edge: float, sharpness: NDArray[np.uint8], millimetre: float) -> bool:
    """Whether a mark, `edge` millimetres from the sheet's edge, is a shadow, or a piece of one that hardly shows."""
    inside = sharpness[mark.top : mark.top + mark.down, mark.left : mark.left + mark.across][mark.inked]
    sharpest = np.percentile(inside, 95)
    if sharpest < _SOFT:
        return edge < _LONGEST_SHADOW
    is_long = max(mark.across, mark.down) / millimetre > 15
    is_thin = min(mark.across, mark.down) / millimetre < 4
    return bool(edge <= _MARGIN + 1 and is_long and (is_thin or sharpest < _SHARP))


def ink_on_paper(grey: NDArray[np.uint8], millimetre: float, contrast: int) -> NDArray[np.uint8]:
    """1 where a picture is darker than the paper around by more than `contrast`, else 0.

    Args:
        grey: uint8 array (height, width).
        millimetre: of the paper, in pixels.
        contrast: grey levels.
    """
    window = round(12 * millimetre) | 1
    # The paper is what is brightest nearby, smoothed; large dark areas keep their edges and so count as content.
    paper = cv2.blur(cv2.dilate(cv2.medianBlur(grey, 3), np.ones((window, window), np.uint8)), (window, window))
    return np.asarray(cv2.subtract(paper, grey) > contrast, np.uint8)


def _is_rim(mark: _Mark, millimetre: float) -> bool:
    """Whether a mark is the shadow in a hole over a white backing: an arc of a circle of a hole's size."""
    smallest, largest = _HOLE
    points = np.argwhere(mark.inked).astype(np.float32)
    centre, radius = cv2.minEnclosingCircle(points)
    if not smallest <= 2 * radius / millimetre <= largest:
        return False
    distances = np.linalg.norm(points - np.asarray(centre, np.float32), axis=1)
    return bool(np.percentile(distances, 5) > 0.5 * radius)


def _is_hole(across: float, down: float, area: float) -> bool:
    """Whether a mark is a filled disc of a hole's size; sizes in millimetres, area in square millimetres."""
    smallest, largest = _HOLE
    round_enough = 0.75 < across / down < 1.33
    disc = math.pi / 4 * across * down
    return smallest <= max(across, down) <= largest and round_enough and area > 0.7 * disc
