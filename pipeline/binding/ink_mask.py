"""Black print told apart from everything else on a page, so that it can be stored at full resolution in two tones.

Only what is certain becomes print: dark against the paper around it, without colour, and made of strokes. Pencil,
seals, coloured ink, photographs and dark areas stay in the picture behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.cleaning.upright import Picture

_DARKNESS = 0.5
"""Of the paper's brightness: half way between it and print, so that strokes keep their breadth."""

_COLOUR = 48
"""Spread of the channels, of 255, from which ink is coloured; black print in a colour scan stays below 30."""

_PAPER_CELL = 16
"""Pixels of a cell of the paper's brightness."""

_PAPER_REACH = 7
"""Cells within which paper is looked for: wider than a stroke and narrower than the shading of a page."""

_BROADEST_MM = 2.4
"""Millimetres: strokes of 40-point headings are 1.5 broad, and what is broader is a bar, a border or a photograph."""

_BREADTH = 3.0
"""Pixels: from this mean breadth of strokes, as at 300 dpi, print in two tones reads as well as in grey."""

_THICK_CELL = 4
_SAMPLE = 20_000


@dataclass(frozen=True, slots=True)
class InkMask:
    """The print of a page.

    Attributes:
        mask: uint8 array (height, width), 255 where there is print, else 0.
        colour: its red, green and blue, 0–255.
        level: the brightness below which a pixel is dark, uint8 array of some lower resolution.
    """

    mask: NDArray[np.uint8]
    colour: tuple[int, int, int]
    level: NDArray[np.uint8]


def ink_mask(picture: Picture, grey: NDArray[np.uint8], dpi: float) -> InkMask:
    """The print of a page in its one colour.

    Args:
        picture: the page.
        grey: the same without colour, uint8 array (height, width).
        dpi: pixels an inch.
    """
    level = _level(grey)
    mask = cv2.compare(grey, cv2.resize(level, grey.shape[::-1]), cv2.CMP_LT)
    red, green, blue = cv2.split(picture)
    spread = cv2.subtract(cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue))
    mask[spread > _COLOUR] = 0
    _leave_out_areas(mask, dpi)
    return InkMask(np.asarray(mask, np.uint8), _colour(picture, mask), level)


def core(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The print without the rim of its strokes, which is neither ink nor paper."""
    return np.asarray(cv2.erode(mask, np.ones((3, 3), np.uint8)), np.uint8)


def edge(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The outermost pixels of the strokes; twice the print's area divided by theirs is the strokes' breadth."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    return np.asarray(cv2.subtract(mask, cv2.erode(mask, cross)), np.uint8)


def stencil(grey: NDArray[np.uint8], ink: InkMask) -> NDArray[np.uint8]:
    """The print as it is painted, like `InkMask.mask`; of twice the resolution where its strokes are thin.

    Two tones at 200 dpi lose what grey at 200 dpi shows of the shape of small characters; at 400 dpi they keep it.
    """
    if 2 * cv2.countNonZero(ink.mask) >= _BREADTH * cv2.countNonZero(edge(ink.mask)):
        return ink.mask
    height, width = grey.shape
    size = 2 * width, 2 * height
    near = cv2.dilate(ink.mask, np.ones((3, 3), np.uint8))
    dark = cv2.compare(cv2.resize(grey, size, interpolation=cv2.INTER_CUBIC), cv2.resize(ink.level, size), cv2.CMP_LT)
    return np.asarray(cv2.bitwise_and(dark, cv2.resize(near, size, interpolation=cv2.INTER_NEAREST)), np.uint8)


def _level(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The brightness below which a pixel is dark, by the paper around it, in cells."""
    cells = _averaged(grey, _PAPER_CELL)
    paper = cv2.blur(cv2.dilate(cells, np.ones((_PAPER_REACH, _PAPER_REACH), np.uint8)), (_PAPER_REACH, _PAPER_REACH))
    return np.asarray(cv2.convertScaleAbs(paper, alpha=_DARKNESS), np.uint8)


def _leave_out_areas(mask: NDArray[np.uint8], dpi: float) -> None:
    """Takes what is too broad for a stroke out of the mask."""
    breadth = max(round(_BROADEST_MM / 25.4 * dpi / _THICK_CELL), 1)
    small = _averaged(mask, _THICK_CELL)
    kernel = np.ones((breadth, breadth), np.uint8)
    thick = cv2.erode((small > 200).astype(np.uint8), kernel, borderValue=0)
    if thick.any():
        whole = cv2.dilate(thick, np.ones((breadth + 4, breadth + 4), np.uint8))
        height, width = mask.shape
        mask[cv2.resize(whole, (width, height), interpolation=cv2.INTER_NEAREST) > 0] = 0


def _colour(picture: Picture, mask: NDArray[np.uint8]) -> tuple[int, int, int]:
    """The middle colour of the strokes' cores; black where there are none."""
    places = np.flatnonzero(core(mask))
    if not len(places):
        return 0, 0, 0
    sample = picture.reshape(-1, 3)[places[:: max(len(places) // _SAMPLE, 1)]]
    red, green, blue = np.median(sample, axis=0).astype(int).tolist()
    return red, green, blue


def _averaged(picture: NDArray[np.uint8], cell: int) -> NDArray[np.uint8]:
    """The means over cells of so many pixels each way."""
    height, width = picture.shape[:2]
    size = (max(round(width / cell), 1), max(round(height / cell), 1))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
