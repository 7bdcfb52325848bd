"""From pages that were read to one searchable PDF/A-2u: the scans' own pictures with invisible text over them.

Pages are written one after the other; their pictures wait in an unnamed temporary file, so that a volume of any size
needs the memory of a few pages. The finished file is read again and its text compared before it takes its name.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pikepdf import Dictionary, Pdf

from dossier.derived import written_whole
from dossier.errors import FileRefused, PageFailed, PageUnreadable
from dossier.reading import Reading
from pipeline.decode import decode_page
from pipeline.glyphless_font import GlyphlessFont
from pipeline.note_sheet import note_sheet
from pipeline.pdf_archive import Bookmark, PdfInfo, describe, save, set_up_viewing
from pipeline.picture_stream import PictureStream, lossless_stream, page_stream
from pipeline.placement import placement
from pipeline.text_check import check_text
from pipeline.text_layer import FONT, layer_lines, text_operators

__all__ = ["AssemblyReport", "Bookmark", "PdfInfo", "PdfPage", "assemble"]

POINTS_AN_INCH = 72
SMALLEST_PAGE, LARGEST_PAGE = 3.0, 14400.0
"""PDF units: the limits of a page's sides (ISO 19005-2, 6.1.13)."""

SPOOL_BYTES = 32 * 1024 * 1024
"""Pictures held in memory before they go to the temporary file."""


@dataclass(frozen=True, slots=True)
class PdfPage:
    """A page to be put into a PDF.

    Attributes:
        page_id: opaque.
        original: the file that holds its picture; None where there is none.
        index: of the page in that file, from 0.
        reading: its text and geometry; None where it was not read.
        label: the number on the paper; None where the page is counted by its place.
        hole: a Chinese sentence why it is missing or unread; None where all is well.
    """

    page_id: str
    original: Path | None
    index: int
    reading: Reading | None
    label: str | None
    hole: str | None


@dataclass(frozen=True, slots=True)
class AssemblyReport:
    """What became of the pages.

    Attributes:
        pages: in the PDF.
        originals: pages that show the scan's own coded bytes.
        lines: in the text layer, compared after writing.
        notes: page ids that a note stands for, each with its reason.
        size: of the file, bytes.
    """

    pages: int
    originals: int
    lines: int
    notes: tuple[tuple[str, str], ...]
    size: int


def assemble(pages: Iterable[PdfPage], info: PdfInfo, bookmarks: Sequence[Bookmark], target: Path) -> AssemblyReport:
    """Write the searchable PDF of some pages: whole and compared, or not at all.

    Args:
        pages: in order; a generator keeps their readings out of memory.
        info: what the PDF says about itself.
        bookmarks: in order.
        target: the file to be written; an older one is replaced.

    Raises:
        TextLayerMismatch: the written text differs from what was read.
        FileRefused: an original that was read once cannot be decoded any more, or has no such page.
        PageFailed: as above, or a page's picture does not go with its reading.
        ValueError: there is no page, or a bookmark names one that is not there.
    """
    with written_whole(target) as temporary, _Book(temporary.parent) as book:
        for page in pages:
            book.add(page)
        return book.finish(info, bookmarks, temporary)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A page before it is placed: its picture, and the reading that gives geometry and text."""

    picture: PictureStream
    reading: Reading


class _Book:
    """A PDF that is being written; pages past `SPOOL_BYTES` wait in a temporary file without a name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = ExitStack()
        self._pdf = self._files.enter_context(Pdf.new())
        self._part = Pdf.new()
        self._part_bytes = 0
        self._font = GlyphlessFont()
        self._labels: list[str | None] = []
        self._lines: list[list[str]] = []
        self._originals = 0
        self._notes: list[tuple[str, str]] = []

    def __enter__(self) -> _Book:
        return self

    def __exit__(self, *_: object) -> None:
        self._part.close()
        self._files.close()

    def add(self, page: PdfPage) -> None:
        """Draw a page, or the note that stands for it, behind the others."""
        try:
            sheet = _scan_sheet(self._part, page)
        except (FileRefused, PageFailed):
            if page.hole is None:
                raise
            sheet = None
        if sheet is None:
            reason = page.hole or ""
            note, reading = note_sheet(page.page_id, reason)
            sheet = _Sheet(lossless_stream(self._part, np.array(note.convert("RGB"))), reading)
            self._notes.append((page.page_id, reason))
        self._draw(sheet)
        self._originals += sheet.picture.is_original
        self._labels.append(page.label)

    def _draw(self, sheet: _Sheet) -> None:
        """One picture, and over it the invisible text."""
        reading, picture = sheet.reading, sheet.picture
        points = _points_a_pixel(reading)
        width, height = (max(side * points, SMALLEST_PAGE) for side in (reading.width, reading.height))
        stored, canvas = (picture.width, picture.height), (reading.width, reading.height)
        matrix = placement(stored, picture.orientation, reading.turn_degrees, reading.deskew_degrees, canvas)
        lines = layer_lines(reading)
        drawing = f"q {matrix.scaled(points).operands()} cm /Im0 Do Q\n".encode("ascii")
        operators = drawing + text_operators(lines, width, height, self._font)
        page = self._part.add_blank_page(page_size=(width, height))
        page.obj.Resources = Dictionary(XObject=Dictionary(Im0=picture.stream))
        page.obj.Contents = self._part.make_stream(operators)
        self._lines.append([text for text, _ in lines])
        self._part_bytes += picture.size
        if self._part_bytes > SPOOL_BYTES:
            self._spool()

    def _spool(self) -> None:
        """Move the pages drawn so far out of memory."""
        file = self._files.enter_context(tempfile.TemporaryFile(dir=self._folder))  # noqa: SIM115 (closed by the stack)
        self._part.save(file)
        self._part.close()
        self._pdf.pages.extend(self._files.enter_context(Pdf.open(file)).pages)
        self._part, self._part_bytes = Pdf.new(), 0

    def finish(self, info: PdfInfo, bookmarks: Sequence[Bookmark], path: Path) -> AssemblyReport:
        """Write the file to the disk and compare its text."""
        if not self._labels:
            raise ValueError("a PDF has at least one page")
        self._spool()
        if any(self._lines):
            fonts = Dictionary({FONT: self._font.embed(self._pdf)})
            for page, lines in zip(self._pdf.pages, self._lines, strict=True):
                if lines:
                    page.obj.Resources.Font = fonts
        describe(self._pdf, info)
        set_up_viewing(self._pdf, bookmarks, self._labels)
        save(self._pdf, path)
        check_text(path, self._lines)
        return AssemblyReport(
            pages=len(self._labels),
            originals=self._originals,
            lines=sum(map(len, self._lines)),
            notes=tuple(self._notes),
            size=path.stat().st_size,
        )


def _scan_sheet(pdf: Pdf, page: PdfPage) -> _Sheet:
    """The sheet of a page that has a picture.

    Raises:
        FileRefused: the original cannot be decoded.
        PageFailed: it has no original, or its picture cannot be decoded.
    """
    if page.original is None:
        raise PageUnreadable(f"page {page.page_id} has no original")
    reading = page.reading
    if reading is None:
        # Decoded even if its bytes can be taken over as they are: maybe they are why it was never read.
        scan = decode_page(page.original, page.index)
        reading = Reading(width=scan.picture.shape[1], height=scan.picture.shape[0], dpi=scan.dpi)
    return _Sheet(page_stream(pdf, page.original, page.index), reading)


def _points_a_pixel(reading: Reading) -> float:
    """PDF units for a pixel of the upright page, within the limits of a page's size."""
    points = POINTS_AN_INCH / reading.dpi
    points = max(points, SMALLEST_PAGE / min(reading.width, reading.height))
    return min(points, LARGEST_PAGE / max(reading.width, reading.height))
