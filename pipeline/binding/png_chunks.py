"""The compressed rows of a PNG, taken over into a PDF as they are: both use zlib and the same row filters.

It is also how pixels without a usable coding of their own are stored without loss: Pillow writes them as PNG first.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB, _PALETTE = 0, 2, 3


@dataclass(frozen=True, slots=True)
class PngRows:
    """What a PDF needs of a PNG.

    Attributes:
        width, height: pixels.
        bits: of a channel or palette index: 1, 2, 4, 8 or 16.
        channels: 1 (grey or palette) or 3.
        palette: RGB triples; None where the pixels are colours themselves.
        rows: zlib stream of rows, each behind the byte of its filter (PNG 1.2, clause 6).
    """

    width: int
    height: int
    bits: int
    channels: int
    palette: bytes | None
    rows: bytes


def png_rows(png: bytes) -> PngRows | None:
    """The rows of a PNG; None where a PDF cannot take them: interlaced or with transparency.

    Raises:
        ValueError: it is not a PNG with header and pixels.
    """
    if not png.startswith(_SIGNATURE):
        raise ValueError("not a PNG")
    chunks: dict[bytes, list[bytes]] = {}
    at = len(_SIGNATURE)
    while at + 8 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        chunks.setdefault(kind, []).append(png[at + 8 : at + 8 + length])
        at += 12 + length
    if b"IHDR" not in chunks or b"IDAT" not in chunks:
        raise ValueError("a PNG without header or pixels")
    width, height, bits, colours, _, _, interlace = struct.unpack(">IIBBBBB", chunks[b"IHDR"][0])
    if interlace or b"tRNS" in chunks or colours not in (_GREY, _RGB, _PALETTE):
        return None
    palette = chunks[b"PLTE"][0] if colours == _PALETTE else None
    return PngRows(width, height, bits, 3 if colours == _RGB else 1, palette, b"".join(chunks[b"IDAT"]))
