"""Pixels stored without loss in the smallest coding that PDF/A has for them: G4, palette, grey or RGB."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

PALETTE_SIZE = 256
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
        is_bitonal = bool(np.isin(grey, (0, 255)).all())
        picture = Image.fromarray(grey)
        return picture.convert("1", dither=Image.Dither.NONE) if is_bitonal else picture
    packed = (pixels.astype(np.uint32) << np.array([16, 8, 0], dtype=np.uint32)).sum(axis=2, dtype=np.uint32)
    # Sorting millions of pixels is slow, and a photograph shows more colours already in a sample.
    if len(np.unique(packed.ravel()[::_SAMPLE_STEP])) <= PALETTE_SIZE:
        colours, indices = np.unique(packed, return_inverse=True)
        if len(colours) <= PALETTE_SIZE:
            picture = Image.fromarray(indices.reshape(packed.shape).astype(np.uint8), "P")
            picture.putpalette(colours.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes())
            return picture
    return Image.fromarray(pixels)


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
