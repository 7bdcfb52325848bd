"""The coded strips of a TIFF page, taken over into a PDF without decoding where PDF knows their coding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO

from PIL import Image

from pipeline.binding.jpeg_frame import joined_strips, with_colours

GROUP_4, JPEG = 4, 7
MIN_IS_BLACK, RGB, YCBCR = 1, 2, 6
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class TiffStrips:
    """A page of a TIFF as it is stored; the names are those of the TIFF 6.0 tags.

    Attributes:
        width, height: pixels, as stored.
        orientation: 1–8, tag 274.
        strips: the coded bytes, in order, bits in writing order (fill order 1).
    """

    width: int
    height: int
    orientation: int
    compression: int
    photometric: int
    samples: int
    bits: tuple[int, ...]
    rows_per_strip: int
    tables: bytes
    strips: tuple[bytes, ...]

    @property
    def group_4(self) -> bytes | None:
        """The bytes for a CCITTFaxDecode of a bitonal page, or None; strips are coded apart and cannot be joined."""
        if (self.compression, self.samples, self.bits, len(self.strips)) != (GROUP_4, 1, (1,), 1):
            return None
        return self.strips[0] if self.photometric <= MIN_IS_BLACK else None

    @property
    def jpeg(self) -> bytes | None:
        """The page as one JPEG, or None."""
        if self.compression != JPEG or set(self.bits) != {8}:
            return None
        if (self.samples, self.photometric) not in ((1, MIN_IS_BLACK), (3, RGB), (3, YCBCR)):
            return None
        joined = joined_strips(self.tables, self.strips, self.height, self.rows_per_strip)
        return with_colours(joined, self.photometric == RGB) if joined else None


def tiff_strips(file: BinaryIO, frame: int) -> TiffStrips | None:
    """The strips of one frame of an open TIFF, counted from 0; None where it has tiles or planes instead."""
    with Image.open(file) as picture:
        picture.seek(frame)
        tags: Any = picture.tag_v2  # type: ignore[attr-defined]
        offsets, lengths = _numbers(tags.get(273)), _numbers(tags.get(279))
        if not offsets or len(offsets) != len(lengths) or tags.get(284, 1) != 1:
            return None
        height = int(tags[257])
        strips = tuple(_read(file, offset, length) for offset, length in zip(offsets, lengths, strict=True))
        if tags.get(266, 1) == 2 and tags.get(259) != JPEG:
            strips = tuple(strip.translate(_REVERSED) for strip in strips)
        return TiffStrips(
            width=int(tags[256]),
            height=height,
            orientation=orientation if 1 <= (orientation := int(tags.get(274, 1))) <= 8 else 1,
            compression=int(tags.get(259, 1)),
            photometric=int(tags.get(262, 0)),
            samples=int(tags.get(277, 1)),
            bits=_numbers(tags.get(258)) or (1,),
            rows_per_strip=min(int(tags.get(278, height)), height),
            tables=bytes(tags.get(347, b"")),
            strips=strips,
        )


def _numbers(value: int | Iterable[int] | None) -> tuple[int, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, int) else tuple(value)


def _read(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)
