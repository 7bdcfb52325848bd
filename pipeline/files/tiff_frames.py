"""The frames of a TIFF and whether all their bytes are there, read from its directories alone.

Classic TIFF (revision 6.0) and BigTIFF. Nothing is decoded; sizes are compared with the file's before they are used.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import BinaryIO

from dossier.errors import DamagedFile, FileTooLarge, TruncatedFile

# Bytes of a value by its type: TIFF 6.0, page 15; 13 IFD (Technical Note 1); 16 to 18 of BigTIFF.
_TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_INTEGERS = {1: 1, 3: 2, 4: 4, 13: 4, 16: 8, 18: 8}

_NEW_SUBFILE_TYPE, _SUBFILE_TYPE = 254, 255
_REDUCED_OR_MASK = 0b101  # bit 0: a reduced copy of another frame; bit 2: a transparency mask of it
_OLD_REDUCED = 2
_STRIP_OFFSETS, _STRIP_LENGTHS = 273, 279
_TILE_OFFSETS, _TILE_LENGTHS = 324, 325
_JPEG_OFFSET, _JPEG_LENGTH = 513, 514
_PARTS = ((_STRIP_OFFSETS, _STRIP_LENGTHS), (_TILE_OFFSETS, _TILE_LENGTHS), (_JPEG_OFFSET, _JPEG_LENGTH))
_WANTED = {_NEW_SUBFILE_TYPE, _SUBFILE_TYPE, *(tag for pair in _PARTS for tag in pair)}


@dataclass(frozen=True, slots=True)
class TiffFrame:
    """One picture of a TIFF.

    Attributes:
        number: its place in the file, from 0.
        is_page: whether it is a page, and not a thumbnail or mask of another.
        end: where its last picture byte stands in the file.
    """

    number: int
    is_page: bool
    end: int


def tiff_frames(file: BinaryIO, max_frames: int) -> list[TiffFrame]:
    """All frames of a complete TIFF; where every one claims to be a reduced copy, all count as pages.

    Raises:
        TruncatedFile: a directory or a picture's bytes lie behind the file's end.
        DamagedFile: the directories make no sense.
        FileTooLarge: there are more than `max_frames`.
    """
    reader = _Reader(file)
    frames: list[TiffFrame] = []
    seen: set[int] = set()
    offset = reader.first
    while offset:
        if offset in seen:
            raise DamagedFile("TIFF whose pages point in a circle")
        if len(frames) >= max_frames:
            raise FileTooLarge(f"more than {max_frames} pages")
        seen.add(offset)
        tags, offset = reader.directory(offset)
        frames.append(_frame(len(frames), tags, reader.size))
    if not any(frame.is_page for frame in frames):
        return [TiffFrame(frame.number, True, frame.end) for frame in frames]
    return frames


def _frame(number: int, tags: dict[int, list[int]], size: int) -> TiffFrame:
    end = 0
    for offsets_tag, lengths_tag in _PARTS:
        offsets, lengths = tags.get(offsets_tag, []), tags.get(lengths_tag, [])
        # Some old writers leave the lengths out; the decoder then takes what is there.
        lengths = lengths if len(lengths) == len(offsets) else [1] * len(offsets)
        end = max([end, *(offset + length for offset, length in zip(offsets, lengths, strict=True))])
    if end == 0:
        raise DamagedFile(f"TIFF page {number + 1} has no picture")
    if end > size:
        raise TruncatedFile(f"TIFF page {number + 1}: {end - size} bytes are missing")
    subfile = tags.get(_NEW_SUBFILE_TYPE, [0])[0]
    is_page = not subfile & _REDUCED_OR_MASK and tags.get(_SUBFILE_TYPE, [0])[0] != _OLD_REDUCED
    return TiffFrame(number, is_page, end)


class _Reader:
    """Numbers out of a TIFF, in its byte order, never from behind its end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, os.SEEK_END)
        head = self._bytes(0, 4)
        self._order = "little" if head[:2] == b"II" else "big"
        self._is_big = self._integer(head[2:4]) == 43
        self._wide = 8 if self._is_big else 4
        self.first = self._integer(self._bytes(8 if self._is_big else 4, self._wide))
        if not self.first:
            raise TruncatedFile("TIFF without a directory")

    def directory(self, offset: int) -> tuple[dict[int, list[int]], int]:
        """The wanted tags of the directory at `offset`, and where the next directory is (0: nowhere)."""
        count_length, entry_length = (8, 20) if self._is_big else (2, 12)
        count = self._integer(self._bytes(offset, count_length))
        if not count:
            raise DamagedFile("TIFF with an empty directory")
        entries = self._bytes(offset + count_length, count * entry_length)
        tags: dict[int, list[int]] = {}
        for at in range(0, len(entries), entry_length):
            self._entry(entries[at : at + entry_length], tags)
        following = self._bytes(offset + count_length + count * entry_length, self._wide)
        return tags, self._integer(following)

    def _entry(self, entry: bytes, tags: dict[int, list[int]]) -> None:
        tag, kind = self._integer(entry[:2]), self._integer(entry[2:4])
        length = _TYPE_SIZES.get(kind, 0) * self._integer(entry[4 : 4 + self._wide])
        value = entry[4 + self._wide :]
        if length > self._wide:
            start = self._integer(value)
            if start + length > self.size:
                raise TruncatedFile(f"TIFF tag {tag} lies behind the end of the file")
            if tag in _WANTED:
                value = self._bytes(start, length)
        if tag in _WANTED and length and kind in _INTEGERS:
            step = _INTEGERS[kind]
            tags[tag] = [self._integer(value[at : at + step]) for at in range(0, length, step)]

    def _bytes(self, offset: int, length: int) -> bytes:
        if offset + length > self.size:
            raise TruncatedFile("TIFF directory behind the end of the file")
        self._file.seek(offset)
        return self._file.read(length)

    def _integer(self, raw: bytes) -> int:
        return int.from_bytes(raw, "little" if self._order == "little" else "big")
