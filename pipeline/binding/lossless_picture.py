"""Pixels stored without loss in the smallest coding that PDF/A has for them: G4, palette, grey or RGB."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

PALETTE_SIZE = 256
_BAND_ROWS = 128
_SAMPLE_STEP = 97
"""A prime, so that the sample of pixels does not stay in one column."""


def is_grey(pixels: Pixels) -> bool:
    """Whether no pixel of an RGB picture (height, width, 3) has a colour."""
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    return bool(np.array_equal(red, green) and np.array_equal(green, blue))


def reduced(pixels: Pixels) -> Image.Image:
    """The same picture in the mode that needs the fewest bits: "1", "L", "P" or "RGB".

    Args:
        pixels: uint8 array (height, width, 3), RGB.
    """
    if is_grey(pixels):
        grey = np.ascontiguousarray(pixels[..., 0])
        is_bitonal = not np.bincount(grey.ravel(), minlength=256)[1:255].any()
        picture = Image.fromarray(grey)
        return picture.convert("1", dither=Image.Dither.NONE) if is_bitonal else picture
    colours = _few_colours(pixels)
    if colours is None:
        return Image.fromarray(pixels)
    indices = np.concatenate([np.searchsorted(colours, _packed(band)).astype(np.uint8) for band in _bands(pixels)])
    picture = Image.fromarray(indices).convert("P")
    picture.putpalette(colours.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes())
    return picture


def _few_colours(pixels: Pixels) -> NDArray[np.uint32] | None:
    """All colours of a picture, packed and sorted; None where a palette cannot hold them."""
    # Sorting millions of pixels is slow, and a photograph shows more colours already in a sample.
    found = np.unique(_packed(pixels.reshape(-1, 3)[::_SAMPLE_STEP]))
    for band in _bands(pixels):
        if len(found) > PALETTE_SIZE:
            return None
        found = np.union1d(found, _packed(band))
    return found if len(found) <= PALETTE_SIZE else None


def _packed(pixels: Pixels) -> NDArray[np.uint32]:
    """Each pixel as one number, 0xRRGGBB."""
    wide = pixels.astype(np.uint32)
    return wide[..., 0] << np.uint32(16) | wide[..., 1] << np.uint32(8) | wide[..., 2]


def _bands(pixels: Pixels) -> Iterator[Pixels]:
    """The picture in bands of some rows, so that numbers four times as wide as its samples fit into memory."""
    for top in range(0, len(pixels), _BAND_ROWS):
        yield pixels[top : top + _BAND_ROWS]


def as_png(picture: Image.Image) -> bytes:
    """The picture as PNG; the same rows go into the PDF."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def as_group_4(picture: Image.Image) -> bytes:
    """A bitonal picture as TIFF with one G4 strip."""
    buffer = io.BytesIO()
    picture.save(buffer, "TIFF", compression="group4", strip_size=picture.width * picture.height)
    return buffer.getvalue()
