"""Pictures that lie about their size, loop, unfold to much, or break the rules of their format."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from functools import cache, partial

import numpy as np
from PIL import Image

from tests.hostile.specimen import PAGES, Specimen, specimen
from tests.recorded import print_page

_HUGE = 65_000
_REFUSED = ("damaged", "truncated", "too_large")


def saved(format_: str, image: Image.Image | None = None, **options: object) -> bytes:
    """A good picture in a format."""
    buffer = io.BytesIO()
    (image or print_page(7)).save(buffer, format_, **options)
    return buffer.getvalue()


def bad_pictures() -> Iterator[Specimen]:
    yield from _pngs()
    yield from _jpegs()
    yield from _tiffs()
    yield from _bitmaps()
    yield from _webps()


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *chunks: bytes, bits: int = 8, colour: int = 0, rows: bytes | None = None) -> bytes:
    """A PNG of a size; its data are those of a few rows unless given."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    data = rows if rows is not None else zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


@cache
def squeezed(length: int, fill: bytes = b"\0") -> bytes:
    """So many bytes, deflated; made piece by piece."""
    deflater = zlib.compressobj(6)
    piece = fill * ((1 << 20) // len(fill))
    written = [deflater.compress(piece) for _ in range(length // len(piece))]
    return b"".join([*written, deflater.compress(piece[: length % len(piece)]), deflater.flush()])


def _pngs() -> Iterator[Specimen]:
    good = saved("PNG")
    yield specimen("png-65000.png", png(_HUGE, _HUGE), "too_large")
    yield specimen("png-65000-rgba16.png", png(_HUGE, _HUGE, bits=16, colour=6), "too_large")
    yield specimen("png-two-billion.png", png(2**31 - 1, 2**31 - 1), "too_large", "damaged")
    yield specimen("png-over-31-bits.png", png(2**32 - 1, 2**32 - 1), "too_large", "damaged")
    yield specimen("png-no-width.png", png(0, 500), *_REFUSED)
    yield specimen("png-one-row-of-millions.png", png(399_000_000, 1), *_REFUSED)
    for bits, colour in ((3, 0), (16, 3), (4, 2), (1, 6), (8, 7)):
        yield specimen(f"png-impossible-{bits}-{colour}.png", png(100, 100, bits=bits, colour=colour), *_REFUSED)
    yield specimen("png-flate-bomb.png", lambda: png(600, 800, rows=squeezed(1 << 30)))
    yield specimen("png-white-20000.png", lambda: png(20_000, 20_000, bits=1, rows=squeezed(20_000 * 2_501)), PAGES)
    for name, head in (("zTXt", b"Comment\0\0"), ("iCCP", b"Comment\0\0"), ("iTXt", b"Comment\0\1\0\0\0")):
        make = partial(_with_bomb, good, name.encode(), head)
        yield specimen(f"png-bomb-{name}.png", make, PAGES, *_REFUSED)
    texts = b"".join(png_chunk(b"zTXt", b"a\0\0" + squeezed(900_000)) for _ in range(200))
    yield specimen("png-many-texts.png", good[:33] + texts + good[33:], PAGES, *_REFUSED)
    yield specimen("png-many-chunks.png", good[:33] + png_chunk(b"tEXt", b"a\0b") * 200_000 + good[33:])
    yield specimen("png-many-empty-idats.png", png(4, 4, *[png_chunk(b"IDAT", b"")] * 200_000))
    yield specimen("png-two-headers.png", good[:33] + good[8:33] + good[33:])
    yield specimen("png-no-data.png", good[:33] + good[-12:], *_REFUSED)
    yield specimen("png-wrong-checksum.png", good[:60] + b"\xaa" + good[61:], *_REFUSED)
    yield specimen("png-palette-missing.png", png(10, 10, colour=3, rows=zlib.compress(bytes(110))), PAGES, *_REFUSED)
    animation = png_chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))
    yield specimen("png-endless-animation.png", good[:33] + animation + good[33:], PAGES, *_REFUSED)


def _with_bomb(good: bytes, name: bytes, head: bytes) -> bytes:
    """A good PNG with a text of 400 megabytes in a chunk of 400 kilobytes."""
    return good[:33] + png_chunk(name, head + squeezed(400 << 20)) + good[33:]


def _jpegs() -> Iterator[Specimen]:
    good = saved("JPEG", quality=60)
    frame = good.index(b"\xff\xc0")
    scan = good.index(b"\xff\xda")

    def sized(width: int, height: int) -> bytes:
        return good[: frame + 5] + struct.pack(">HH", height, width) + good[frame + 9 :]

    yield specimen("jpeg-65000.jpg", sized(_HUGE, _HUGE), "too_large")
    yield specimen("jpeg-65535.jpg", sized(0xFFFF, 0xFFFF), "too_large")
    yield specimen("jpeg-no-height.jpg", sized(600, 0), *_REFUSED)
    yield specimen("jpeg-20000-of-nothing.jpg", sized(20_000, 19_000), PAGES, *_REFUSED)
    yield specimen("jpeg-no-frame.jpg", good[:frame] + good[frame + 19 :], *_REFUSED)
    yield specimen("jpeg-two-frames.jpg", good[:scan] + good[frame : frame + 19] + good[scan:])
    yield specimen("jpeg-many-components.jpg", good[: frame + 9] + b"\xff" + good[frame + 10 :], *_REFUSED)
    yield specimen("jpeg-twelve-bits.jpg", good[: frame + 4] + b"\x0c" + good[frame + 5 :], *_REFUSED)
    for code in (0xC3, 0xC5, 0xC9, 0xCA, 0xCB, 0xF7):
        yield specimen(f"jpeg-coding-{code:x}.jpg", good[: frame + 1] + bytes([code]) + good[frame + 2 :])
    yield specimen("jpeg-segment-of-no-length.jpg", good[:2] + b"\xff\xe1\x00\x00" + good[2:], *_REFUSED)
    yield specimen("jpeg-segment-past-the-end.jpg", good[:2] + b"\xff\xe1\xff\xff" + good[2:])
    yield specimen("jpeg-comments.jpg", good[:2] + (b"\xff\xfe\xff\xff" + b"c" * 65_533) * 500 + good[2:], PAGES)
    yield specimen("jpeg-fill.jpg", good[:2] + b"\xff" * 20_000_000 + good[2:], "damaged")
    yield specimen("jpeg-no-tables.jpg", good[:2] + good[frame:], *_REFUSED, PAGES)
    yield specimen("jpeg-restarts.jpg", good[:scan] + b"\xff\xdd\x00\x04\x00\x01" + good[scan:], PAGES, *_REFUSED)
    yield specimen("jpeg-only-markers.jpg", b"\xff\xd8" + b"\xff\xd8" * 100_000 + b"\xff\xd9", *_REFUSED)
    yield specimen("jpeg-ends-at-once.jpg", b"\xff\xd8\xff\xd9", *_REFUSED, "unknown_format")
    yield specimen("jpeg-many-scans.jpg", _many_scans, "damaged")
    for name, block in _exif_blocks():
        segment = b"Exif\0\0" + block
        content = good[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + good[2:]
        yield specimen(f"jpeg-exif-{name}.jpg", content, PAGES, *_REFUSED)


def _many_scans() -> bytes:
    """A progressive JPEG of 16 million pixels whose last refinement comes two thousand times."""
    image = Image.new("L", (4000, 4000), 200)
    good = saved("JPEG", image, progressive=True)
    last = good.rindex(b"\xff\xda")
    return good[:last] + good[last:-2] * 2000 + good[-2:]


def _exif_blocks() -> Iterator[tuple[str, bytes]]:
    def directory(*entries: tuple[int, int, int, int], following: int = 0) -> bytes:
        body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
        return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + body + struct.pack("<I", following)

    yield "orientation-99", directory((0x0112, 3, 1, 99))
    yield "orientation-far-away", directory((0x0112, 3, 0xFFFFFFFF, 0xFFFFFFF0))
    yield "circle", directory((0x0112, 3, 1, 1), following=8)
    yield "itself", directory((0x8769, 4, 1, 8), (0x8825, 4, 1, 8))
    yield "many-entries", b"II*\0\x08\0\0\0\xff\xff" + b"\x12\x01\x03\0\x01\0\0\0\x01\0\0\0" * 5000
    yield "dpi-by-zero", directory((0x011A, 5, 1, 26), (0x011B, 5, 1, 26)) + bytes(16)
    yield "no-tiff", b"\xff" * 2000


Entry = tuple[int, int, int, bytes | int]


def tiff(entries: list[Entry], data: bytes = bytes(5000), following: int = 0, big: bool = False) -> bytes:
    """A TIFF of one directory: (tag, type, count, value or offset) each; `data` begins at byte 16."""
    start = 16 + len(data)
    wide, width = ("Q", 8) if big else ("I", 4)
    head = b"II+\0\x08\0\0\0" + struct.pack("<Q", start) if big else b"II*\0" + struct.pack("<I", start) + bytes(8)
    body = struct.pack("<Q" if big else "<H", len(entries))
    for tag, kind, count, value in entries:
        raw = value if isinstance(value, bytes) else struct.pack("<" + wide, value)
        body += struct.pack("<HH" + wide, tag, kind, count) + raw.ljust(width, b"\0")
    return head + data + body + struct.pack("<" + wide, following)


def frame_of(width: int, height: int, length: int = 5000, coding: int = 1, **changed: Entry | None) -> list[Entry]:
    """The entries of a grey picture in one strip; `changed` replaces some by their names, or leaves them out."""
    entries: dict[str, Entry | None] = {
        "width": (256, 4, 1, width),
        "height": (257, 4, 1, height),
        "bits": (258, 3, 1, 8),
        "coding": (259, 3, 1, coding),
        "meaning": (262, 3, 1, 1),
        "offset": (273, 4, 1, 16),
        "samples": (277, 3, 1, 1),
        "rows": (278, 4, 1, height),
        "length": (279, 4, 1, length),
    }
    return [entry for entry in (entries | changed).values() if entry is not None]


def _tiffs() -> Iterator[Specimen]:
    small = 50 * 100
    good = frame_of(50, 100)
    yield specimen("tiff-65000.tif", tiff(frame_of(_HUGE, _HUGE)), "too_large")
    yield specimen("tiff-four-billion.tif", tiff(frame_of(2**32 - 1, 2**32 - 1)), *_REFUSED)
    yield specimen("tiff-big-65000.tif", tiff(frame_of(_HUGE, _HUGE), big=True), "too_large")
    yield specimen("tiff-no-width.tif", tiff(frame_of(0, 100)), *_REFUSED)
    start = 16 + small
    yield specimen("tiff-circle.tif", tiff(good, following=start), "damaged")
    yield specimen("tiff-directory-in-header.tif", tiff(good, following=2))
    yield specimen("tiff-directory-far-away.tif", tiff(good, following=0xFFFFFFF0), "truncated")
    yield specimen("tiff-circle-of-two.tif", _two_in_a_circle(), "damaged")
    yield specimen("tiff-first-in-header.tif", b"II*\0\0\0\0\0" + bytes(100), *_REFUSED)
    yield specimen("tiff-empty-directory.tif", b"II*\0\x08\0\0\0" + bytes(100), *_REFUSED)
    for tag, name in ((273, "strips"), (279, "lengths"), (305, "software"), (34675, "profile"), (320, "colours")):
        for kind, word in ((3, "short"), (4, "long"), (12, "double")):
            huge: Entry = (tag, kind, 0x7FFFFFFF, 16)
            entries = [entry for entry in good if entry[0] != tag]
            yield specimen(f"tiff-huge-{name}-{word}.tif", tiff([*entries, huge]), *_REFUSED)
    million = struct.pack("<I", 16) * 1_000_000
    many: list[Entry] = [(273, 4, 1_000_000, 16), (279, 4, 1_000_000, 16)]
    crowd = [*(entry for entry in good if entry[0] not in (273, 279)), *many]
    yield specimen("tiff-million-strips.tif", tiff(sorted(crowd, key=lambda entry: entry[0]), million))
    yield specimen("tiff-many-entries.tif", tiff(good + [(60_000, 3, 1, 1)] * 65_000))
    yield specimen("tiff-flate-bomb.tif", lambda: _flate_tiff(50, 100))
    yield specimen("tiff-flate-20000.tif", lambda: _flate_tiff(20_000, 19_000), PAGES, *_REFUSED)
    for coding in (0, 2, 3, 4, 5, 6, 7, 32771, 32773, 32946, 34712, 34892, 34925, 50000, 50001, 65535):
        yield specimen(f"tiff-coding-{coding}.tif", tiff(frame_of(50, 100, coding=coding), bytes(range(250)) * 20))
    for bits in (0, 3, 64, 1000, 65535):
        yield specimen(f"tiff-bits-{bits}.tif", tiff(frame_of(50, 100, bits=(258, 3, 1, bits))))
    yield specimen("tiff-samples-65535.tif", tiff(frame_of(50, 100, samples=(277, 3, 1, 65_535))))
    yield specimen("tiff-no-rows.tif", tiff(frame_of(50, 100, rows=(278, 4, 1, 0))))
    yield specimen("tiff-rows-of-four-billion.tif", tiff(frame_of(50, 100, rows=(278, 4, 1, 2**32 - 1))))
    yield specimen("tiff-no-lengths.tif", tiff(frame_of(50, 100, length=0)))
    yield specimen("tiff-no-meaning.tif", tiff(frame_of(50, 100, meaning=None)))
    tiles: list[Entry] = [(322, 4, 1, 2**30), (323, 4, 1, 2**30), (324, 4, 1, 16), (325, 4, 1, small)]
    yield specimen("tiff-huge-tiles.tif", tiff(frame_of(50, 100, offset=None, rows=None) + tiles))
    yield specimen("tiff-sub-circle.tif", tiff([*good, (330, 4, 1, start)]), PAGES, *_REFUSED)
    yield specimen("tiff-exif-circle.tif", tiff([*good, (34665, 4, 1, start)]), PAGES, *_REFUSED)
    yield specimen("tiff-big-counts.tif", tiff([*good, (305, 2, 2**62, 16)], big=True), *_REFUSED)
    yield specimen("tiff-text-without-end.tif", tiff([*good, (305, 2, small, 16)], b"a" * small))
    rational: Entry = (282, 5, 1, 16)
    yield specimen("tiff-dpi-by-zero.tif", tiff([*good, rational, (283, 5, 1, 16)]), PAGES, *_REFUSED)
    jpeg = saved("JPEG")
    inside = tiff(frame_of(620, 877, len(jpeg), 7, samples=(277, 3, 1, 3), meaning=(262, 3, 1, 6)), jpeg)
    yield specimen("tiff-jpeg-inside.tif", inside)
    yield specimen("tiff-jpeg-cut-inside.tif", inside.replace(jpeg, jpeg[: len(jpeg) // 2] * 2 + jpeg[:1]))


def _flate_tiff(width: int, height: int) -> bytes:
    """A TIFF whose strip inflates to 400 megabytes."""
    zeros = squeezed(400 << 20)
    return tiff(frame_of(width, height, len(zeros), 8), zeros)


def _two_in_a_circle() -> bytes:
    first = tiff(frame_of(50, 100))
    second = len(first)
    start = 16 + 5000
    entries = first[start:-4]
    return first[:-4] + struct.pack("<I", second) + entries + struct.pack("<I", start)


def _bitmaps() -> Iterator[Specimen]:
    good = saved("BMP")

    def header(width: int, height: int, bits: int = 24, coding: int = 0, colours: int = 0, size: int = 40) -> bytes:
        fields = struct.pack("<IiiHHIIiiII", size, width, height, 1, bits, coding, 0, 0, 0, colours, 0)
        return b"BM" + struct.pack("<IHHI", 54 + 3000, 0, 0, 54) + fields + bytes(3000)

    yield specimen("bmp-65000.bmp", header(_HUGE, _HUGE), "truncated", "too_large")
    yield specimen("bmp-65000-rle.bmp", header(_HUGE, _HUGE, 8, 1), "too_large", "damaged")
    yield specimen("bmp-upside-down-65000.bmp", header(_HUGE, -_HUGE), "truncated", "too_large", "damaged")
    yield specimen("bmp-least-height.bmp", header(10, -(2**31)), *_REFUSED)
    yield specimen("bmp-negative-width.bmp", header(-100, 10), *_REFUSED)
    yield specimen("bmp-no-width.bmp", header(0, 0), *_REFUSED, PAGES)
    for bits in (0, 2, 3, 33, 64, 65535):
        yield specimen(f"bmp-bits-{bits}.bmp", header(10, 10, bits), *_REFUSED, PAGES)
    for coding in (1, 2, 3, 4, 5, 11, 2**31):
        yield specimen(f"bmp-coding-{coding}.bmp", header(10, 10, 8, coding), *_REFUSED, PAGES)
    yield specimen("bmp-four-billion-colours.bmp", header(10, 10, 8, colours=2**32 - 1), *_REFUSED, PAGES)
    for size in (12, 16, 64, 108, 124):
        yield specimen(f"bmp-header-{size}.bmp", header(10, 10, size=size), *_REFUSED, PAGES)
    yield specimen("bmp-data-behind-the-end.bmp", good[:10] + struct.pack("<I", 2**31) + good[14:], *_REFUSED)
    rle = b"\0\x02\xff\xff" * 700
    yield specimen("bmp-jumps.bmp", header(5000, 5000, 8, 1)[:54] + rle, *_REFUSED, PAGES)


def _webps() -> Iterator[Specimen]:
    good = saved("WEBP", lossless=True)
    lossy = saved("WEBP", quality=20)

    def riff(*chunks: bytes) -> bytes:
        body = b"WEBP" + b"".join(chunks)
        return b"RIFF" + struct.pack("<I", len(body)) + body

    def chunk(name: bytes, data: bytes) -> bytes:
        return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)

    extended = chunk(b"VP8X", b"\x10\0\0\0" + struct.pack("<I", _HUGE - 1)[:3] * 2)
    yield specimen("webp-65000.webp", riff(extended, good[12:]), "too_large", "damaged", "truncated")
    yield specimen("webp-16383.webp", lossy[:26] + b"\xff\x3f\xff\x3f" + lossy[30:], *_REFUSED)
    yield specimen("webp-16384-lossless.webp", good[:21] + b"\xff\xff\xff\x0f" + good[25:], *_REFUSED)
    yield specimen("webp-only-extended.webp", riff(extended), *_REFUSED)
    yield specimen("webp-longer-than-it-is.webp", good[:4] + b"\xf0\xff\xff\xff" + good[8:], "truncated")
    yield specimen("webp-empty.webp", riff(), *_REFUSED)
    animated = io.BytesIO()
    frames = [Image.fromarray(np.full((50, 50, 3), shade, np.uint8)) for shade in range(0, 250, 5)]
    frames[0].save(animated, "WEBP", save_all=True, append_images=frames[1:])
    yield specimen("webp-animated.webp", animated.getvalue(), PAGES, *_REFUSED)
    bomb = riff(
        chunk(b"VP8X", b"\x04\0\0\0" + b"\x6b\x02\0\x6c\x03\0"), good[12:], chunk(b"EXIF", b"II*\0" * 2_000_000)
    )
    yield specimen("webp-exif-of-megabytes.webp", bomb, PAGES, *_REFUSED)
    yield specimen("webp-chunk-past-the-end.webp", good[:16] + b"\xff\xff\xff\x7f" + good[20:], *_REFUSED)
