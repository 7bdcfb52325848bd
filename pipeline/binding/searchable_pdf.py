"""From pages that were read to one searchable PDF/A-2u: the scans' own pictures with invisible text over them.

Pages are written one after the other; their pictures wait in an unnamed temporary file, so that a volume of any size
needs the memory of a few pages. The finished file is read again and its text compared before it takes its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from pikepdf import Dictionary, Pdf

from dossier.derived import Quality, written_whole
from dossier.errors import FileRefused, PageFailed, PageUnreadable
from dossier.reading import Reading
from pipeline.binding.compact_picture import Layer, compact_layers
from pipeline.binding.glyphless_font import GlyphlessFont
from pipeline.binding.note_sheet import note_sheet
from pipeline.binding.pdf_archive import Bookmark, PdfInfo, describe, save, set_up_viewing
from pipeline.binding.photograph_page import photograph_page
from pipeline.binding.picture_spool import PictureSpool
from pipeline.binding.picture_stream import PictureStream, lossless_stream, page_stream
from pipeline.binding.placement import half_placement, is_flat, placement
from pipeline.binding.text_check import check_text
from pipeline.binding.text_layer import FONT, layer_lines, text_operators
from pipeline.binding.watermark import Watermark
from pipeline.files.affine import Affine
from pipeline.files.decode import decode_page

__all__ = ["AssemblyReport", "Bookmark", "PdfInfo", "PdfPage", "assemble"]

POINTS_AN_INCH = 72
SMALLEST_PAGE, LARGEST_PAGE = 3.0, 14400.0
"""PDF units: the limits of a page's sides (ISO 19005-2, 6.1.13)."""


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
        is_half: whether it is one of two pages on its picture: then the page ends where the half does.
    """

    page_id: str
    original: Path | None
    index: int
    reading: Reading | None
    label: str | None
    hole: str | None
    is_half: bool = False


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


def assemble(
    pages: Iterable[PdfPage],
    info: PdfInfo,
    bookmarks: Sequence[Bookmark],
    target: Path,
    quality: Quality = "archive",
    watermark: str = "",
) -> AssemblyReport:
    """Write the searchable PDF of some pages: whole and compared, or not at all.

    Args:
        pages: in order; a generator keeps their readings out of memory.
        info: what the PDF says about itself.
        bookmarks: in order.
        target: the file to be written; an older one is replaced.
        quality: how pictures are stored; geometry and text are the same in both.
        watermark: what stands faintly over every page; empty: nothing.

    Raises:
        TextLayerMismatch: the written text differs from what was read.
        FileRefused: an original that was read once cannot be decoded any more, or has no such page.
        PageFailed: as above, or a page's picture does not go with its reading.
        ValueError: there is no page, or a bookmark names one that is not there.
    """
    with written_whole(target) as temporary, _Book(temporary.parent, quality) as book:
        for page in pages:
            book.add(page)
        return book.finish(info, bookmarks, temporary, watermark)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A page before it is placed: its picture, the layers that stand for it if any, and the reading with its text."""

    picture: PictureStream
    reading: Reading
    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A page whose picture is in the spool.

    Attributes:
        size: width and height, PDF units.
        pictures: object numbers.
        operators: that draw the picture and its text.
        lines: the text.
        label: the number on the paper.
    """

    size: tuple[float, float]
    pictures: tuple[int, ...]
    operators: bytes
    lines: list[str]
    label: str | None


class _Book:
    """A PDF that is being written: its pictures wait in the spool, its pages are made at the end."""

    def __init__(self, folder: Path, quality: Quality) -> None:
        self._spool = PictureSpool(folder)
        self._quality = quality
        self._font = GlyphlessFont()
        self._pages: list[_Drawn] = []
        self._originals = 0
        self._notes: list[tuple[str, str]] = []

    def __enter__(self) -> _Book:
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    def add(self, page: PdfPage) -> None:
        """Draw a page, or the note that stands for it, behind the others."""
        with Pdf.new() as workbench:
            try:
                sheet = _scan_sheet(workbench, page, self._quality)
            except (FileRefused, PageFailed):
                if page.hole is None:
                    raise
                sheet = _note(workbench, page.page_id, page.hole)
                self._notes.append((page.page_id, page.hole))
            self._pages.append(self._drawn(sheet, page.label, page.is_half))
            self._originals += sheet.picture.is_original and not sheet.layers

    def _drawn(self, sheet: _Sheet, label: str | None, is_half: bool) -> _Drawn:
        """The picture or its layers, and over them the invisible text."""
        reading, picture = sheet.reading, sheet.picture
        stored, canvas = (picture.width, picture.height), (reading.width, reading.height)
        orientation = picture.orientation
        if sheet.layers:  # made from the decoded picture, which is oriented already
            stored, orientation = (stored[1], stored[0]) if orientation >= 5 else stored, 1
        points = _points_a_pixel(canvas, reading.dpi)
        width, height = (max(side * points, SMALLEST_PAGE) for side in canvas)
        lines = layer_lines(reading)
        # A half or a part ends where it does, and the rest of the picture lies beyond the page.
        ends = is_half or reading.crop is not None
        if reading.corners is not None and not (ends and is_flat(reading.corners)):
            shown = photograph_page(reading, reading.corners, stored, orientation)
            shown = shown.ending_at_sheet() if ends else shown
            matrix, scale = shown.matrix, _points_a_pixel((shown.width, shown.height), shown.dpi)
            line_place = partial(shown.line_place, width, height, scale)
            text = text_operators(lines, width, height, self._font, line_place)
            points, width, height = scale, shown.width * scale, shown.height * scale
        else:
            if reading.corners is not None:
                matrix = half_placement(reading.corners, orientation, canvas)
            else:
                matrix = placement(stored, orientation, reading.turn_degrees, reading.deskew_degrees, canvas)
            text = text_operators(lines, width, height, self._font)
        layers = sheet.layers or (Layer(picture.stream),)
        drawing = b"".join(_layer_operators(layer, matrix, points, f"/Im{n}") for n, layer in enumerate(layers))
        numbers = tuple(self._spool.add(layer.stream) for layer in layers)
        return _Drawn((width, height), numbers, drawing + text, [text for text, _ in lines], label)

    def finish(self, info: PdfInfo, bookmarks: Sequence[Bookmark], path: Path, watermark: str = "") -> AssemblyReport:
        """Write the file to the disk and compare its text."""
        if not self._pages:
            raise ValueError("a PDF has at least one page")
        with self._spool.opened() as pdf:
            font = self._font.embed(pdf) if any(page.lines for page in self._pages) else None
            mark = Watermark(pdf, watermark) if watermark else None
            for page in self._pages:
                made = pdf.add_blank_page(page_size=page.size)
                pictures = {f"/Im{n}": pdf.get_object(number, 0) for n, number in enumerate(page.pictures)}
                made.obj.Resources = Dictionary(XObject=Dictionary(pictures))
                if font is not None and page.lines:
                    made.obj.Resources.Font = Dictionary({FONT: font})
                made.obj.Contents = pdf.make_stream(page.operators)
                if mark is not None:
                    mark.put_over(made, page.size)
            describe(pdf, info)
            set_up_viewing(pdf, bookmarks, [page.label for page in self._pages])
            save(pdf, path)
        check_text(path, [page.lines for page in self._pages])
        return AssemblyReport(
            pages=len(self._pages),
            originals=self._originals,
            lines=sum(len(page.lines) for page in self._pages),
            notes=tuple(self._notes),
            size=path.stat().st_size,
        )


def _layer_operators(layer: Layer, matrix: Affine, points: float, name: str) -> bytes:
    """The operators that draw one layer of a page.

    Args:
        matrix: from the unit square of the whole picture to pixels of the upright page.
        points: PDF units a pixel.
        name: of the image in the page's resources.
    """
    ink = "{:.3f} {:.3f} {:.3f} rg ".format(*(value / 255 for value in layer.ink)) if layer.ink else ""
    return f"q {ink}{layer.place.then(matrix).scaled(points).operands()} cm {name} Do Q\n".encode("ascii")


def _note(pdf: Pdf, page_id: str, reason: str) -> _Sheet:
    picture, reading = note_sheet(page_id, reason)
    return _Sheet(lossless_stream(pdf, np.array(picture.convert("RGB"))), reading)


def _scan_sheet(pdf: Pdf, page: PdfPage, quality: Quality) -> _Sheet:
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
    picture = page_stream(pdf, page.original, page.index)
    layers = _compacted(pdf, page.original, page.index, picture) if quality == "compact" else ()
    return _Sheet(picture, reading, layers)


def _compacted(pdf: Pdf, original: Path, index: int, picture: PictureStream) -> tuple[Layer, ...]:
    """The layers that stand for a picture; none where it cannot be decoded, and its bytes are all that there is."""
    try:
        scan = decode_page(original, index)
    except (FileRefused, PageFailed):
        return ()
    return compact_layers(pdf, scan.picture, scan.dpi, picture.stream)


def _points_a_pixel(canvas: tuple[int, int], dpi: float) -> float:
    """PDF units for a pixel of the page, within the limits of a page's size."""
    points = POINTS_AN_INCH / dpi
    points = max(points, SMALLEST_PAGE / min(canvas))
    return min(points, LARGEST_PAGE / max(canvas))
