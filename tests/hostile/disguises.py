"""Files that are not what their names say, files that are two things at once, and good files cut or altered."""

from __future__ import annotations

import io
import random
import struct
import tarfile
import zipfile
from collections.abc import Iterator

from tests.hostile.bad_pdfs import one_page, stream
from tests.hostile.bad_pictures import saved
from tests.hostile.specimen import ATTACHMENT, PAGES, REFUSALS, Specimen, specimen
from tests.house import tiff_of_pages
from tests.made_pdfs import TWO_LINES, WHOLE_PAGE, Page, jpeg_picture, pdf_of
from tests.recorded import print_page

_EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%touch /tmp/owned) (w) file closefile\nshowpage\n"
_SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><image href="file:///etc/passwd"/></svg>'
_HTML = b"<!DOCTYPE html><html><script>alert(1)</script><iframe src='file:///etc/passwd'></iframe></html>"
_PE = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + bytes(400)
_ELF = b"\x7fELF\x02\x01\x01" + bytes(500)
_UNKNOWN = frozenset({"unknown_format"})
_NAMES = (".pdf", ".jpg", ".tif", ".png")


def zipped(*names: str, content: bytes = b"x") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return buffer.getvalue()


def disguises() -> Iterator[Specimen]:
    foreign = {
        "eps": _EPS,
        "dos-eps": b"\xc5\xd0\xd3\xc6" + struct.pack("<7I", 30, len(_EPS), 0, 0, 0, 0, 0) + _EPS,
        "svg": _SVG,
        "html": _HTML,
        "exe": _PE,
        "elf": _ELF,
        "gif": saved("GIF"),
        "jpeg2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(200),
        "psd": b"8BPS\0\1" + bytes(20) + b"\xff" * 100,
        "djvu": b"AT&TFORM\0\0\0\x20DJVMDIRM" + bytes(100),
        "heic": b"\0\0\0\x20ftypheic" + bytes(200),
        "shell": b"#!/bin/sh\ntouch /tmp/owned\n",
        "php": b"<?php system($_GET['c']); ?>",
        "link": b"L\0\0\0\x01\x14\x02\0" + bytes(72) + b"\xff" * 90,
        "wmf": b"\xd7\xcd\xc6\x9a" + bytes(100) + b"\xff" * 90,
        "java": b"\xca\xfe\xba\xbe" + bytes(8) + b"\xfe" * 200,
        "ico": b"\0\0\1\0\1\0" + b"\xff" * 90,
        "gif-65535": b"GIF89a\xff\xff\xff\xff\xf7\0\0" + bytes(800),
        "xml-entities": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><a>&a;</a>',
    }
    for name, content in foreign.items():
        for ending in _NAMES[: 2 if name not in ("eps", "html", "svg", "exe") else 4]:
            yield specimen(f"disguise-{name}{ending}", content, *_UNKNOWN)
    archives = {
        "zip": zipped("a.txt"),
        "zip-up": zipped("../../../../tmp/owned", "/etc/passwd", "..\\owned"),
        "zip-many": zipped(*map(str, range(3000))),
        "zip-bomb": zipped("a", content=bytes(30 << 20)),
        "zip-in-zip": zipped("b.zip", content=zipped("a", content=bytes(10 << 20))),
        "rar": b"Rar!\x1a\x07\0" + bytes(50),
        "7z": b"7z\xbc\xaf\x27\x1c" + bytes(50),
        "gz": b"\x1f\x8b\x08" + bytes(50),
        "office": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 600,
        "ofd": zipped("OFD.xml", "Doc_0/Document.xml"),
    }
    for name, content in archives.items():
        yield specimen(f"archive-{name}.pdf", content, ATTACHMENT)
    good = zipped("a.txt", "b.txt")
    place = good.rindex(b"PK\x05\x06")
    yield specimen("archive-cut.zip", good[: len(good) // 2], "truncated")
    yield specimen(
        "archive-counts-wrong.zip", good[: place + 10] + b"\xff\xff" + good[place + 12 :], ATTACHMENT, *REFUSALS
    )
    yield specimen(
        "archive-directory-behind.zip",
        good[: place + 16] + b"\xff\xff\xff\x7f" + good[place + 20 :],
        ATTACHMENT,
        *REFUSALS,
    )
    yield specimen(
        "archive-directory-of-gigabytes.zip",
        good[: place + 12] + b"\xf0\xff\xff\xff" + good[place + 16 :],
        ATTACHMENT,
        *REFUSALS,
    )
    yield specimen(
        "archive-long-comment.zip", good[:-2] + b"\xff\xff" + b"PK\x05\x06" * 16_383 + b"abc", ATTACHMENT, *REFUSALS
    )
    tape = io.BytesIO()
    with tarfile.open(fileobj=tape, mode="w") as tar:
        link = tarfile.TarInfo("a.pdf")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    yield specimen("archive-tar-link.pdf", tape.getvalue(), ATTACHMENT)
    yield from _two_at_once()
    yield from _odd_beginnings()


def _two_at_once() -> Iterator[Specimen]:
    pdf, jpeg, png = one_page(stream(TWO_LINES)), saved("JPEG"), saved("PNG")
    archive = zipped("a.html", content=_HTML)
    yield specimen("both-pdf-zip.pdf", pdf + archive, PAGES, ATTACHMENT, *REFUSALS)
    yield specimen("both-zip-pdf.pdf", archive + pdf, PAGES, ATTACHMENT, *REFUSALS)
    yield specimen("both-jpeg-zip.jpg", jpeg + archive, PAGES)
    yield specimen("both-png-zip.png", png + archive, PAGES)
    yield specimen(
        "both-jpeg-pdf.jpg", jpeg[:2] + b"\xff\xfe" + struct.pack(">H", len(pdf) + 2) + pdf + jpeg[2:], PAGES
    )
    yield specimen("both-jpeg-php.jpg", jpeg[:2] + b"\xff\xfe\0\x20<?php system($_GET['c']); ?> " + jpeg[2:], PAGES)
    yield specimen("both-html-pdf.html", _HTML + b"\n" + pdf, *_UNKNOWN, ATTACHMENT)
    yield specimen("both-script-pdf.pdf", b"#!/bin/sh\ntouch /tmp/owned\n" + pdf)
    yield specimen("both-exe-pdf.pdf", _PE[:300] + pdf)
    yield specimen("both-eps-pdf.pdf", _EPS + pdf, *_UNKNOWN)
    yield specimen("both-gif-pdf.pdf", b"GIF89a/*" + pdf, *_UNKNOWN)
    yield specimen("both-bmp-pdf.bmp", saved("BMP") + pdf, PAGES)
    yield specimen("both-tiff-pdf.tif", tiff_of_pages([1]) + pdf, PAGES)
    yield specimen("both-pdf-behind-a-kilobyte.pdf", b" " * 1100 + pdf)
    yield specimen("both-pdf-in-pdf.pdf", pdf[:-6] + pdf)


def _odd_beginnings() -> Iterator[Specimen]:
    for name, content in {
        "one-byte": b"\xff",
        "two-bytes": b"BM",
        "three-bytes": b"\xff\xd8\xff",
        "zeros": bytes(100_000),
        "spaces": b" " * 100_000,
        "newlines": b"\n" * 100_000,
        "byte-order-mark": b"\xff\xfe",
        "all-bytes": bytes(range(256)) * 400,
        "nul-text": b"a\0b\0c\0" * 1000,
        "riff": b"RIFF",
        "riff-other": b"RIFF\xff\xff\xff\xffABCD" + bytes(50),
        "half-a-signature": b"\x89PNG\r\n",
        "escape-codes": b"\x1b[2J\x1b]0;owned\x07" * 100,
        "tiff-head": b"II*\0",
        "big-tiff-head": b"MM\0+\0\x08\0\0",
    }.items():
        yield specimen(f"beginning-{name}.pdf", content, *REFUSALS)
    yield specimen("beginning-nothing.pdf", b"", "empty")


def seeds() -> dict[str, bytes]:
    """Good files, small, one of each way a page can come."""
    locked = print_page(3)
    return {
        "page.jpg": saved("JPEG", quality=70),
        "page-progressive.jpg": saved("JPEG", quality=70, progressive=True),
        "page.png": saved("PNG"),
        "page-grey.png": saved("PNG", locked.convert("L")),
        "page-palette.png": saved("PNG", locked.convert("P")),
        "page.bmp": saved("BMP", locked.resize((155, 219))),
        "page.webp": saved("WEBP", quality=50),
        "page-lossless.webp": saved("WEBP", lossless=True),
        "pages.tif": tiff_of_pages([1, 2, 3]),
        "page-g4.tif": saved("TIFF", locked.convert("1"), compression="group4"),
        "page-jpeg.tif": saved("TIFF", compression="jpeg"),
        "page-flate.tif": saved("TIFF", compression="tiff_adobe_deflate"),
        "scan.pdf": pdf_of(Page(WHOLE_PAGE, pictures={"Scan": jpeg_picture(saved("JPEG"), 620, 877)})),
        "text.pdf": pdf_of(Page(TWO_LINES), Page(TWO_LINES)),
        "packed.pdf": pdf_of(Page(TWO_LINES), object_stream_mode=2),
    }


def altered() -> Iterator[Specimen]:
    """Good files cut short, with bits turned, with pieces doubled, left out, or overwritten by extreme numbers."""
    for place, (name, good) in enumerate(seeds().items()):
        chance = random.Random(place)
        for part in (0.02, 0.3, 0.6, 0.9, 0.99):
            cut = good[: max(int(len(good) * part), 1)]
            yield specimen(f"cut-{part}-{name}", cut, *REFUSALS)
        yield specimen(f"cut-last-byte-{name}", good[:-1])
        for turn in range(8):
            bits = bytearray(good)
            for _ in range(1 + turn * 3):
                bits[chance.randrange(len(bits))] ^= 1 << chance.randrange(8)
            yield specimen(f"bits-{turn}-{name}", bytes(bits))
        for turn, extreme in enumerate((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x80\0\0\0", b"\x7f\xff\xff\xff")):
            spot = chance.randrange(min(len(good), 400))
            yield specimen(f"extreme-{turn}-{name}", good[:spot] + extreme + good[spot + 4 :])
        first, second = sorted(chance.sample(range(len(good)), 2))
        yield specimen(f"doubled-{name}", good[:second] + good[first:])
        yield specimen(f"hole-{name}", good[:first] + bytes(second - first) + good[second:])
        yield specimen(f"tail-of-zeros-{name}", good[: len(good) // 2] + bytes(len(good) // 2 + 2000))
