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
# Any number of FF may stand before it. Scanners write none or a few; Pillow steps over them one by one, in Python.
_MOST_FILL = 1_000_000
# A progressive picture comes in some ten scans, and the decoder goes over all its pixels once for each.
_MOST_SCANS = 100
_JPEG_STANDALONE = {0x01, 0xD8}
_JPEG_SCAN = 0xDA
_JPEG_END = 0xD9

_PNG_SIGNATURE_LENGTH = 8
_PNG_LONGEST_CHUNK = 2**31 - 1

_BMP_CORE_HEADER = 12
# BITMAPINFOHEADER, biCompression: BI_RGB, BI_BITFIELDS, BI_ALPHABITFIELDS.
_BMP_PLAIN = {0, 3, 6}

_ZERO_TAIL = 1024


def require_jpeg_end(content: bytes) -> None:
    """Follow a JPEG's segments to its end marker.

    Raises:
        TruncatedFile: the file ends first.
        DamagedFile: a segment has an impossible length, or fill bytes or scans come without end.
    """
    position, fill, scans = 2, 0, 0
    while True:
        marker = _JPEG_MARKER.search(content, position)
        if marker is None:
            raise TruncatedFile("JPEG without its end marker (EOI)")
        fill += marker.end() - marker.start() - 2
        if fill > _MOST_FILL:
            raise DamagedFile("JPEG with millions of fill bytes")
        position = marker.end()
        code = marker.group(1)[0]
        if code == _JPEG_END:
            return
        if code in _JPEG_STANDALONE:
            continue
        scans += code == _JPEG_SCAN
        if scans > _MOST_SCANS:
            raise DamagedFile(f"JPEG of more than {_MOST_SCANS} scans")
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
        TruncatedFile: the file is shorter than its RIFF header says, or its end was never written: the decoder takes
            zeros for a picture.
    """
    announced = 8 + int.from_bytes(content[4:8], "little")
    if announced > len(content):
        raise TruncatedFile(f"WebP: {announced - len(content)} bytes are missing")
    if ends_in_zeros(content[:announced]):
        raise TruncatedFile("its end was reserved but never written")


def require_bmp_end(content: bytes) -> None:
    """Compare a BMP's length with that of its rows, where they are not compressed.

    Raises:
        TruncatedFile: rows, or parts of the header, are missing.
    """
    (start,) = struct.unpack_from("<I", content, 10)
    (header,) = struct.unpack_from("<I", content, 14)
    layout, place = ("<HHHH", 18) if header == _BMP_CORE_HEADER else ("<iiHHI", 18)
    if len(content) < 14 + header:
        raise TruncatedFile("BMP cut within its header")
    width, height, _, bits, *coding = struct.unpack_from(layout, content, place)
    if coding and coding[0] not in _BMP_PLAIN:
        return
    row = (abs(width) * bits + 31) // 32 * 4
    # The last row's padding carries nothing.
    missing = start + row * (abs(height) - 1) + (abs(width) * bits + 7) // 8 - len(content)
    if missing > 0:
        raise TruncatedFile(f"BMP: {missing} bytes are missing")


def ends_in_zeros(content: bytes) -> bool:
    """Whether the file's end was reserved and never written, as network copies and full disks leave it."""
    return len(content) >= _ZERO_TAIL and not any(content[-_ZERO_TAIL:])
