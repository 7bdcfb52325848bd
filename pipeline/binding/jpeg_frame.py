"""What the head of a JPEG says, and one JPEG made of the strips of a TIFF, without decoding any picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SOI, EOI, SOS, DRI, APP0, APP14 = 0xD8, 0xD9, 0xDA, 0xDD, 0xE0, 0xEE
RST0 = 0xD0
_STANDALONE = {0x01, *range(0xD0, 0xDA)}
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_PDF_FRAMES = {0xC0, 0xC1, 0xC2}
"""Baseline, extended and progressive Huffman coding: what PDF's DCTDecode takes (ISO 32000-1, 7.4.8)."""


@dataclass(frozen=True, slots=True)
class JpegFrame:
    """The head of a JPEG.

    Attributes:
        width, height: pixels, as stored.
        components: colour channels.
        is_plain: whether PDF viewers decode it: 8 bit, Huffman coded, baseline or progressive.
        is_rgb: whether three channels are red, green and blue instead of YCbCr, by the rules of libjpeg.
        has_jfif, has_adobe: whether a JFIF or Adobe marker settles that; else it is guessed from the channels' names.
        mcu_width, mcu_height: pixels of a unit of coded blocks.
    """

    width: int
    height: int
    components: int
    is_plain: bool
    is_rgb: bool
    has_jfif: bool
    has_adobe: bool
    mcu_width: int
    mcu_height: int


def jpeg_frame(jpeg: bytes) -> JpegFrame:
    """Read the head of a JPEG.

    Raises:
        ValueError: it has no frame before its scan.
    """
    has_jfif, adobe_transform = False, -1
    frame: tuple[int, bytes] | None = None
    for marker, start, end in _segments(jpeg):
        body = jpeg[start:end]
        if marker == APP0 and body.startswith(b"JFIF"):
            has_jfif = True
        elif marker == APP14 and body.startswith(b"Adobe") and len(body) >= 12:
            adobe_transform = body[11]
        elif marker in _FRAMES:
            frame = marker, body
    if frame is None or len(frame[1]) < 6 + 3 * frame[1][5]:
        raise ValueError("a JPEG without a frame")
    marker, body = frame
    channels = [body[at : at + 3] for at in range(6, 6 + 3 * body[5], 3)]
    if has_jfif:
        is_rgb = False
    elif adobe_transform >= 0:
        is_rgb = adobe_transform == 0
    else:
        is_rgb = [channel[0] for channel in channels] == list(b"RGB")
    # A single channel is coded block by block, whatever its sampling factors say (ITU T.81, A.2.2).
    is_interleaved = len(channels) > 1
    return JpegFrame(
        width=int.from_bytes(body[3:5], "big"),
        height=int.from_bytes(body[1:3], "big"),
        components=len(channels),
        is_plain=marker in _PDF_FRAMES and body[0] == 8,
        is_rgb=is_rgb and len(channels) == 3,
        has_jfif=has_jfif,
        has_adobe=adobe_transform >= 0,
        mcu_width=8 * (max(channel[1] >> 4 for channel in channels) if is_interleaved else 1),
        mcu_height=8 * (max(channel[1] & 15 for channel in channels) if is_interleaved else 1),
    )


def with_colours(jpeg: bytes, is_rgb: bool) -> bytes | None:
    """The same JPEG with its colour model said in it, for readers that do not know the TIFF it came from.

    Returns:
        The JPEG, with an Adobe marker (Adobe Technical Note 5116) where nothing said it yet; None where its own markers
        say otherwise.
    """
    frame = jpeg_frame(jpeg)
    if frame.components != 3:
        return jpeg
    if frame.has_jfif or frame.has_adobe:
        return jpeg if frame.is_rgb == is_rgb else None
    return jpeg[:2] + b"\xff\xee\x00\x0eAdobe\x00\x64" + bytes(4) + bytes([0 if is_rgb else 1]) + jpeg[2:]


def joined_strips(tables: bytes, strips: Sequence[bytes], height: int, rows_per_strip: int) -> bytes | None:
    """One JPEG from the strips of a JPEG-in-TIFF, each coefficient as it was (TIFF Technical Note 2).

    Every strip is a JPEG of its own that starts without memory of the one before, as does the data behind a restart
    marker; so strips with the same tables become one scan with a restart marker between them.

    Args:
        tables: the shared tables (tag 347), empty where each strip has its own.
        strips: the strips in order.
        height: of the picture, pixels.
        rows_per_strip: of each strip but the last, pixels.

    Returns:
        The JPEG, or None where the strips cannot be joined without decoding them.
    """
    parts = [_parted(strip) for strip in strips]
    if any(part is None for part in parts):
        return None
    known = [part for part in parts if part is not None]
    head, frame_at, _ = known[0]
    frame = jpeg_frame(b"\xff\xd8" + head)
    if len(strips) == 1 and frame.height != height:
        return None
    if len(strips) > 1:
        blanked = {_without_height(part[0], part[1]) for part in known}
        if len(blanked) > 1 or not frame.is_plain or _has_many_scans(strips[0]) or rows_per_strip % frame.mcu_height:
            return None
        if any(marker == DRI for marker, _, _ in _segments(b"\xff\xd8" + tables[2:] + head)):
            return None
    blocks = -(-frame.width // frame.mcu_width) * (rows_per_strip // frame.mcu_height)
    if len(strips) > 1 and blocks > 0xFFFF:
        return None
    # The frame's height is that of its strip; here it becomes that of the picture.
    head = head[: frame_at + 1] + height.to_bytes(2, "big") + head[frame_at + 3 :]
    shared = tables[2:].removesuffix(b"\xff\xd9")
    restarts = b"\xff\xdd\x00\x04" + blocks.to_bytes(2, "big") if len(strips) > 1 else b""
    joined = [b"\xff\xd8", shared, restarts, head, known[0][2]]
    for number, (_, _, scan) in enumerate(known[1:]):
        joined += [bytes([0xFF, RST0 + number % 8]), scan]
    return b"".join([*joined, b"\xff\xd9"])


def _parted(strip: bytes) -> tuple[bytes, int, bytes] | None:
    """A strip's head (from behind SOI to the end of SOS), the frame's place in it, and its coded data without EOI."""
    frame_at = -1
    head_end = 0
    for marker, start, end in _segments(strip):
        if marker in _FRAMES:
            frame_at = start - 2
        head_end = end
    if frame_at < 0:
        return None
    scan = strip[head_end:]
    ending = scan.rfind(b"\xff\xd9")
    return strip[2:head_end], frame_at, scan[:ending] if ending >= 0 else scan


def _without_height(head: bytes, frame_at: int) -> bytes:
    return head[: frame_at + 1] + head[frame_at + 3 :]


def _has_many_scans(jpeg: bytes) -> bool:
    """Whether a second scan or table follows the first scan, as in progressive files."""
    *_, (_, _, head_end) = _segments(jpeg)
    at = jpeg.find(b"\xff", head_end)
    while 0 <= at < len(jpeg) - 1:
        if jpeg[at + 1] not in (0x00, 0xFF, EOI, *range(RST0, RST0 + 8)):
            return True
        at = jpeg.find(b"\xff", at + 1)
    return False


def _segments(jpeg: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of the body of each segment up to and with the first SOS.

    Raises:
        ValueError: what is there is not a JPEG's marker.
    """
    if jpeg[:2] != b"\xff\xd8":
        raise ValueError("not a JPEG")
    at = 2
    while at + 4 <= len(jpeg):
        if jpeg[at] != 0xFF:
            raise ValueError("a JPEG whose head is broken")
        marker = jpeg[at + 1]
        if marker == 0xFF:
            at += 1  # fill byte
        elif marker in _STANDALONE:
            at += 2
        else:
            end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
            yield marker, at + 4, end
            if marker == SOS:
                return
            at = end
