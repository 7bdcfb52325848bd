"""A page in layers: print in two tones at full resolution, a smaller picture of all else, and patches at full size.

The way is that of mixed raster content (ITU-T T.44). What sets this one apart is that it is checked before it is used:
the page is put together again and compared with the scan, cell by cell. Where more than the scan's own grain is lost (a
seal, pencil, a photograph, strokes lighter than the rest), the cell and its neighbours are stored as they are, as a
patch at the scan's own resolution. So no detector has to know what a seal or a pencil stroke looks like.
"""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.binding.ink_mask import InkMask, core, edge, ink_mask, stencil
from pipeline.binding.lossless_picture import is_grey
from pipeline.cleaning.upright import Picture

FINEST_DPI, COARSEST_DPI = 150, 100
"""Of a background, which else has half the scan's resolution: grain is mostly finer than that, pen and pencil not."""

BACKGROUND_QUALITY = 65
PATCH_QUALITY = 85

CELL = 16
"""Pixels of the side of a cell that is compared."""

_GRAIN = 3.0
"""How much stronger than the page's grain, as variance, a cell may differ; that of grain alone stays below 2."""

_LEAST = 4.0
"""Variance of a difference that nobody sees, on a page without grain."""

_TONE = 45
"""How far, of 255, print of one cell may be from the print's one colour."""

_WEIGHT = 16
"""How far, of 255, the mean of a cell may be off: strokes a pixel too thin or too bold in one with much print."""

_THINNEST = 2.1
"""Pixels: strokes of that breadth on the mean of 25 cells (10-point print at 110 dpi) live on their shades of grey."""

_MOST_AT_RIM, _MOST_AT_FINE_RIM = 2000.0, 700.0
"""How much may differ about print, as variance a pixel of its rim; with a fine stencil, which keeps to the rim better.

Two tones cost 600 on the median of printed pages of 300 dpi, and 150 with a fine stencil at 200; strokes that are half
in the print and half behind it, and lose what is between, cost 3000.
"""

_SPARSE = 14.0
"""Of 255: cells with less print have single rules, which are thin without being hard to read; text has twice that."""

_MOST_PATCHED = 0.5
"""Of the page's area: beyond, layers gain nothing."""

_RIM = 5
"""Pixels of the square by which print is widened: its blur belongs to it and not to what lies behind."""

_SEEN = 64
"""Of 255: how much of a pixel of the background must lie outside of print for its colour to be known."""

_WHITE = 250
"""Brightness from which a background is bare paper, and paper in a picture without a background is white."""

_FINE_STEP = 6
"""Of a JPEG's coefficients: three quarters of a level of brightness in what is even over a block."""

_SLOW = 4
"""Half waves across and down a block, together, below which a coefficient gets fine steps."""

_STEP = 3
_FLOAT = np.float32


@dataclass(frozen=True, slots=True)
class Patch:
    """A rectangle of the page as JPEG; its edges in pixels of the page, origin top left."""

    left: int
    top: int
    right: int
    bottom: int
    jpeg: bytes

    @property
    def area(self) -> int:
        """Pixels."""
        return (self.right - self.left) * (self.bottom - self.top)


@dataclass(frozen=True, slots=True)
class LayeredPage:
    """A page in layers, drawn in this order.

    Attributes:
        background: the page without its print, as JPEG of lower resolution; None where it is white.
        stencil: the print without what lies in patches, uint8 array, 255 where it is painted.
        colour: of the print, red, green and blue, 0–255.
        patches: what the other two do not show well enough.
    """

    background: bytes | None
    stencil: NDArray[np.uint8]
    colour: tuple[int, int, int]
    patches: tuple[Patch, ...]


def layered_page(picture: Picture, dpi: float) -> LayeredPage | None:
    """A page in layers that show all that the scan shows; None where patches would cover most of it.

    Args:
        picture: the page.
        dpi: pixels an inch.
    """
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    found = ink_mask(picture, grey, dpi)
    behind = _background(picture, found.mask, dpi)
    coded = jpeg_of(behind, BACKGROUND_QUALITY)
    painted = stencil(grey, found)
    fine = len(painted) // len(grey)
    is_lost = _lost(grey, _decoded(coded), found, painted)
    boxes = _boxes(is_lost, (picture.shape[1], picture.shape[0]))
    if sum((right - left) * (bottom - top) for left, top, right, bottom in boxes) > _MOST_PATCHED * grey.size:
        return None
    patches = []
    for left, top, right, bottom in boxes:
        patches.append(Patch(left, top, right, bottom, jpeg_of(picture[top:bottom, left:right], PATCH_QUALITY)))
        painted[top * fine : bottom * fine, left * fine : right * fine] = 0
    seen_behind = None if behind.min() >= _WHITE else coded
    return LayeredPage(seen_behind, painted, found.colour, tuple(patches))


def jpeg_of(picture: Picture, quality: int) -> bytes:
    """A picture as JPEG: grey where it has no colour, else with colour at half the resolution.

    What is even and what changes slowly is kept finer than at that quality elsewhere, so that paper keeps its tone and
    pencil its line; it costs little, since grain lies in the rest.
    """
    buffer = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(picture[..., 0]) if is_grey(picture) else picture)
    image.save(buffer, "JPEG", qtables=_steps(quality), subsampling="4:2:0", optimize=True)
    return buffer.getvalue()


@functools.cache
def _steps(quality: int) -> list[list[int]]:
    """The steps (ITU-T T.81, B.2.4.1) of libjpeg's quality for brightness and colour, with finer ones where slow."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG", quality=quality)
    tables: dict[int, list[int]] = Image.open(buffer).quantization  # type: ignore[attr-defined]
    return [
        [min(step, _FINE_STEP) if place // 8 + place % 8 < _SLOW else step for place, step in enumerate(tables[number])]
        for number in (0, 1)
    ]


def _decoded(jpeg: bytes) -> NDArray[np.uint8]:
    """The brightness of a JPEG."""
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("L"))


def _background(picture: Picture, mask: NDArray[np.uint8], dpi: float) -> Picture:
    """The page at lower resolution, with the paper around it in the place of print."""
    height, width = mask.shape
    scale = min(max(min(dpi / 2, FINEST_DPI), COARSEST_DPI) / dpi, 1.0)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    outside = cv2.bitwise_not(cv2.dilate(mask, np.ones((_RIM, _RIM), np.uint8)))
    seen = cv2.resize(outside, size, interpolation=cv2.INTER_AREA)
    colours = cv2.resize(cv2.bitwise_and(picture, picture, mask=outside), size, interpolation=cv2.INTER_AREA)
    is_known = seen >= _SEEN
    if is_known.all():
        return np.asarray(colours, np.uint8)
    whole = cv2.divide(colours, cv2.merge([seen] * 3), scale=255)
    return _filled(np.asarray(whole, np.uint8), is_known)


def _filled(picture: Picture, is_known: NDArray[np.bool_]) -> Picture:
    """A picture whose unknown pixels have the colours of those around them, found at ever lower resolutions."""
    if is_known.all():
        return picture
    if not is_known.any():
        return np.full_like(picture, 255)
    height, width = is_known.shape
    size = max(width // _STEP, 1), max(height // _STEP, 1)
    known = is_known.astype(np.uint8) * np.uint8(255)
    share = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    colours = cv2.resize(cv2.bitwise_and(picture, picture, mask=known), size, interpolation=cv2.INTER_AREA)
    around = np.asarray(cv2.divide(colours, cv2.merge([share] * 3), scale=255), np.uint8)
    coarse = cv2.resize(_filled(around, share >= _SEEN // 2), (width, height))
    cv2.copyTo(picture, known, coarse)
    return np.asarray(coarse, np.uint8)


def _lost(
    grey: NDArray[np.uint8], behind: NDArray[np.uint8], found: InkMask, painted: NDArray[np.uint8]
) -> NDArray[np.bool_]:
    """The cells, (rows, columns), in which the layers show something else than the scan."""
    height, width = grey.shape
    red, green, blue = found.colour
    ink = int(cv2.cvtColor(np.array([[[red, green, blue]]], np.uint8), cv2.COLOR_RGB2GRAY)[0, 0])
    rim = np.ones((2 * _RIM - 1, 2 * _RIM - 1), np.uint8)
    outside = cv2.bitwise_not(cv2.dilate(found.mask, rim))
    shown = np.asarray(cv2.resize(behind, (width, height)), np.uint8)
    is_fine = painted.shape != grey.shape
    cover = cv2.resize(painted, (width, height), interpolation=cv2.INTER_AREA) if is_fine else painted
    shown = cv2.subtract(shown, cv2.multiply(cv2.subtract(shown, float(ink)), cover, scale=1 / 255))
    difference = cv2.subtract(grey, shown, dtype=cv2.CV_16S)
    weight = np.abs(_cells(difference))
    smooth = cv2.blur(cv2.copyTo(difference, outside), (3, 3)).astype(_FLOAT)
    counted = _cells(outside) / _FLOAT(255)
    variance = _cells(cv2.multiply(smooth, smooth)) / np.maximum(counted, _FLOAT(0.1))
    bare = variance[counted > 0.9]
    grain = float(np.median(bare)) if bare.size else 0.0
    is_other = variance > _GRAIN * grain + _LEAST
    printed = _cells(found.mask)
    inner = core(found.mask)
    apart = cv2.bitwise_and(cv2.absdiff(grey, float(ink)), inner)
    share = _cells(inner)
    is_lighter = _cells(apart) * _FLOAT(255) > _TONE * share
    around = cv2.blur(printed, (5, 5))
    is_thin = (2 * around < _THINNEST * cv2.blur(_cells(edge(found.mask)), (5, 5))) & (around > _SPARSE)
    broad = cv2.blur(difference, (5, 5)).astype(_FLOAT)
    rims = np.maximum(cv2.blur(_cells(edge(found.mask)), (3, 3)) / _FLOAT(255), _FLOAT(0.02))
    most = _MOST_AT_FINE_RIM if is_fine else _MOST_AT_RIM
    is_broken = cv2.blur(_cells(cv2.multiply(broad, broad)), (3, 3)) > most * rims
    is_lost = is_other | (is_lighter & (share > 1)) | (weight > _WEIGHT) | is_thin | is_broken
    return np.asarray(is_lost, np.bool_)


def _cells(values: NDArray[np.generic]) -> NDArray[np.float32]:
    """The mean of each cell; the last ones of a row or column are filled up with what is at the page's edge."""
    height, width = values.shape
    rows, columns = -(-height // CELL), -(-width // CELL)
    padded = cv2.copyMakeBorder(values, 0, rows * CELL - height, 0, columns * CELL - width, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(padded, (columns, rows), interpolation=cv2.INTER_AREA), _FLOAT)


def _boxes(is_lost: NDArray[np.bool_], size: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """Rectangles, in pixels, that hold all lost cells and a cell around; none of them overlap."""
    cells = cv2.dilate(is_lost.astype(np.uint8), np.ones((3, 3), np.uint8))
    while True:
        count, _, found, _ = cv2.connectedComponentsWithStats(cells, connectivity=8)
        merged = np.zeros_like(cells)
        for left, top, across, down, _ in found[1:]:
            merged[top : top + down, left : left + across] = 1
        if np.array_equal(merged, cells):
            break
        cells = merged
    boxes = []
    for left, top, across, down, _ in found[1:count].tolist():
        right, bottom = min((left + across) * CELL, size[0]), min((top + down) * CELL, size[1])
        boxes.append((left * CELL, top * CELL, right, bottom))
    return boxes
