"""Whether a picture file is all there, by its own structure, before anything is decoded.

A decoder may fill what is missing with grey and say nothing; the structure tells. What follows after the end of a
complete picture is nobody's harm.
"""

from __future__ import annotations

import re
import struct
import zlib

from dossier.errors import DamagedFile, TruncatedFile

# ITU-T T.81, B.1.1.2: after FF, a byte that is neither stuffing (00), nor fill (FF), nor a restart (D0–D7) is a marker.
_JPEG_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
_JPEG_STANDALONE = {0x01, 0xD8}
_JPEG_SCAN = 0xDA
_JPEG_END = 0xD9

_PNG_SIGNATURE_LENGTH = 8
_PNG_LONGEST_CHUNK = 2**31 - 1

_ZERO_TAIL = 1024


def require_jpeg_end(content: bytes) -> None:
    """Follow a JPEG's segments to its end marker.

    Raises:
        TruncatedFile: the file ends first.
        DamagedFile: a segment has an impossible length.
    """
    position = 2
    while True:
        marker = _JPEG_MARKER.search(content, position)
        if marker is None:
            raise TruncatedFile("JPEG without its end marker (EOI)")
        position = marker.end()
        code = marker.group(1)[0]
        if code == _JPEG_END:
            return
        if code in _JPEG_STANDALONE:
            continue
        length = int.from_bytes(content[position : position + 2], "big")
        if position + max(length, 2) > len(content):
            raise TruncatedFile("JPEG cut within a segment")
        if length < 2:
            raise DamagedFile("JPEG segment of impossible length")
        position += length


def require_png_end(content: bytes) -> None:
    """Follow a PNG's chunks, with the checksums of those that matter, to IEND.

    Raises:
        TruncatedFile: the file ends first.
        DamagedFile: a checksum does not hold.
    """
    position = _PNG_SIGNATURE_LENGTH
    while True:
        if position + 12 > len(content):
            raise TruncatedFile("PNG without its last chunk (IEND)")
        length, name = struct.unpack_from(">I4s", content, position)
        if length > _PNG_LONGEST_CHUNK:
            raise DamagedFile("PNG chunk of impossible length")
        end = position + 12 + length
        if end > len(content):
            raise TruncatedFile("PNG cut within a chunk")
        critical = name[:1].isupper()  # PNG specification, 5.4: an upper-case first letter marks a critical chunk
        (checksum,) = struct.unpack_from(">I", content, end - 4)
        if critical and zlib.crc32(memoryview(content)[position + 4 : end - 4]) != checksum:
            raise DamagedFile("PNG chunk with a wrong checksum")
        if name == b"IEND":
            return
        position = end


def require_webp_end(content: bytes) -> None:
    """Compare a WebP's announced length with its real one.

    Raises:
        TruncatedFile: the file is shorter than its RIFF header says.
    """
    if len(content) < 12 or 8 + int.from_bytes(content[4:8], "little") > len(content):
        raise TruncatedFile("WebP shorter than its header says")


def ends_in_zeros(content: bytes) -> bool:
    """Whether the file's end was reserved and never written, as network copies and full disks leave it."""
    return len(content) >= _ZERO_TAIL and not any(content[-_ZERO_TAIL:])
