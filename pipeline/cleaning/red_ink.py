"""Red ink on a page: seals, fingerprints and red headings, told apart from the print that they cover.

In the red channel red ink is as bright as paper while black print stays black, so a seal over a signature vanishes.
Only where the ink is red is the red channel taken, so that nothing else on the page changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.cleaning.upright import Picture, reduced

_REDNESS = 45
"""How far red stands above the stronger of green and blue, of 255; yellowed paper stays below 20."""

_LEAST_SHARE = 0.0003
"""Of the page's area: a seal of 4 cm on A4 inks about 0.004, a fingerprint 0.002."""

_LEAST_REGION = 0.0004
"""Of the page's area: the smallest rectangle of red that is looked at for words of its own."""

_MOST_REGIONS = 8


@dataclass(frozen=True, slots=True)
class RedInk:
    """What is red on a page.

    Attributes:
        cleaned: the picture without the red ink; the picture itself where there is none.
        mask: uint8 array (height, width), above 0 where the picture was changed; None where there is no red.
        regions: rectangles (left, top, right, bottom) in pixels that hold red ink, largest first.
    """

    cleaned: Picture
    mask: NDArray[np.uint8] | None
    regions: tuple[tuple[int, int, int, int], ...]


def take_out_red(picture: Picture) -> RedInk:
    """Separates red ink from the rest of a page."""
    mask = red_mask(picture)
    if mask.mean() < _LEAST_SHARE:
        return RedInk(picture, None, ())
    rim = _rim(mask)
    return RedInk(_replaced(picture, rim), rim, _regions(mask))


def without_red(part: Picture) -> Picture:
    """A part of a page that bears red ink without it."""
    return _replaced(part, _rim(red_mask(part)))


def redness(picture: Picture) -> NDArray[np.uint8]:
    """How far red stands above the stronger of green and blue; uint8 array (height, width)."""
    red, green, blue = cv2.split(picture)
    return np.asarray(cv2.subtract(red, cv2.max(green, blue)), np.uint8)


def red_mask(picture: Picture) -> NDArray[np.uint8]:
    """1 where a picture is red, else 0; uint8 array (height, width)."""
    return np.asarray(redness(picture) > _REDNESS, np.uint8)


def _rim(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    # JPEG halves the resolution of colour: the rim of red ink is a grey blur two pixels wide.
    return np.asarray(cv2.dilate(mask, np.ones((5, 5), np.uint8)), np.uint8)


def _replaced(picture: Picture, rim: NDArray[np.uint8]) -> Picture:
    cleaned = picture.copy()
    cleaned[rim > 0] = picture[..., 0][rim > 0, None]
    return cleaned


def _regions(mask: NDArray[np.uint8]) -> tuple[tuple[int, int, int, int], ...]:
    height, width = mask.shape
    reduction = max(1, max(height, width) // 600)
    small = reduced(mask * np.uint8(255), 1 / reduction)
    near = cv2.dilate((small > 12).astype(np.uint8), np.ones((15, 15), np.uint8))
    _, _, found, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
    boxes = []
    for left, top, across, down, _ in found[1:]:
        box = (
            int(left) * reduction,
            int(top) * reduction,
            min(int(left + across) * reduction, width),
            min(int(top + down) * reduction, height),
        )
        if (box[2] - box[0]) * (box[3] - box[1]) >= _LEAST_REGION * width * height:
            boxes.append(box)
    boxes.sort(key=lambda box: (box[0] - box[2]) * (box[3] - box[1]))
    return tuple(boxes[:_MOST_REGIONS])
