"""The pages of a PDF: their list, their pictures, and their own text where that can be believed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from dossier.errors import PageUnreadable
from dossier.reading import Box, Line, Reading
from pipeline.files.affine import Affine
from pipeline.files.painted_order import in_painted_order
from pipeline.files.pdf_annotations import has_hidden_layers, is_dynamic_form
from pipeline.files.pdf_content import decoded_shape, large_pictures, opened_page, page_content
from pipeline.files.pdf_file import opened_pdf
from pipeline.files.pdf_holes import require_nothing_lost
from pipeline.files.pdf_marks import Mark, upright_rules
from pipeline.files.pdf_pictures import EmbeddedPicture, native_dpi, quarter_turn, require_whole_picture
from pipeline.files.rectangles import Rectangle
from pipeline.files.sources import ACCEPTED, Limits, PageSource
from pipeline.files.text_lines import GlyphLine, glyph_lines

Pixels = NDArray[np.uint8]


def pdf_sources(path: Path, limits: Limits) -> tuple[tuple[PageSource, ...], bool]:
    """All pages of a PDF, from its structure and content streams, and whether it `is_dynamic_form`.

    No picture is decoded.

    Raises:
        FileRefused: what `opened_pdf` refuses, and pictures over the pixel limit.
    """
    with opened_pdf(path, limits) as pdf:
        has_layers = has_hidden_layers(pdf.structure)
        sources: list[PageSource] = []
        for index in range(len(pdf.canvas)):
            with page_content(pdf, index, limits, has_layers) as content:
                width, height, dpi, _ = decoded_shape(content, limits)
                sources.append(PageSource(index, content.kind, width, height, dpi))
        return tuple(sources), is_dynamic_form(pdf.structure)


def pdf_pixels(path: Path, index: int, limits: Limits) -> tuple[Pixels, float, bool]:
    """A page of a PDF as displayed: its embedded picture in its own pixels, or rendered.

    Returns:
        uint8 array (height, width, 3), RGB; its dpi; whether that is the file's own figure.

    Raises:
        PageUnreadable: its content or picture is missing or ends early.
        FileRefused: the file is not what it was.
    """
    with opened_page(path, index, limits) as content:
        if not content.seen:
            require_nothing_lost(path, content.stored)
        width, height, dpi, trusted = decoded_shape(content, limits)
        if content.kind != "pdf_text":
            for image in large_pictures(content):
                require_whole_picture(image)
        if content.whole:
            mark, _ = content.whole
            pixels = np.rot90(_bitmap_of(mark), k=-(quarter_turn(mark.matrix) or 0) // 90)
        else:
            pixels = _rendered(content.page, width, height)
    return np.ascontiguousarray(pixels), dpi, trusted


def text_reading(path: Path, index: int, limits: Limits = ACCEPTED) -> Reading:
    """A page's own text with a box for each character, on the page as `decode_page` renders it.

    Args:
        path: the PDF.
        index: a page of kind "pdf_text".
        limits: as given to `decode_page`.

    Raises:
        PageUnreadable: the page is not there.
        FileRefused: the file is not what it was.
    """
    with opened_page(path, index, limits) as content:
        width, height, dpi, _ = decoded_shape(content, limits)
        lines = in_painted_order(glyph_lines(content.text.glyphs, upright_rules(content.seen)))
        found = tuple(_placed_line(line, content.size) for line in lines)
    return Reading(width=width, height=height, dpi=dpi, source="pdf", engine="pdf", lines=found)


def page_picture(path: Path, index: int, limits: Limits = ACCEPTED) -> EmbeddedPicture | None:
    """The picture that is a whole page, to be taken over losslessly; None where the page is anything else.

    Raises:
        FileRefused: the file is not what it was.
    """
    with opened_page(path, index, limits) as content:
        if not content.whole:
            return None
        mark, image = content.whole
        height = content.size[1]
        matrix = mark.matrix.then(Affine(1, 0, 0, -1, 0, height))
        place = image.objgen
        turn = quarter_turn(mark.matrix) or 0
        across, _ = native_dpi(mark, content.unit)
        size = content.size
    source = pikepdf.open(path, access_mode=pikepdf.AccessMode.stream)
    found = source.get_object(place)
    return EmbeddedPicture(source, found, *mark.pixels, turn, round(across, 2), matrix, *size)


def _rendered(page: Any, width: int, height: int) -> Pixels:
    """The page as PDFium draws it on white, annotations and form fields included; RGB."""
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, pdfium.FPDFBitmap_BGR, rev_byteorder=True)
    with closing(bitmap):
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
        place = (bitmap, page, 0, 0, width, height, 0, pdfium.FPDF_ANNOT | pdfium.FPDF_REVERSE_BYTE_ORDER)
        pdfium.FPDF_RenderPageBitmap(*place)
        if page.formenv:
            pdfium.FPDF_FFLDraw(page.formenv, *place)
        return np.array(bitmap.to_numpy(), dtype=np.uint8)


def _bitmap_of(mark: Mark) -> Pixels:
    """A picture in its own pixels, RGB; PDFium decodes every coding that a PDF may use."""
    raw = pdfium.FPDFImageObj_GetBitmap(mark.handle)
    if not raw:
        raise PageUnreadable("the embedded picture cannot be decoded")
    pixels = np.array(pypdfium2.PdfBitmap.from_raw(raw).to_numpy(), dtype=np.uint8)
    if pixels.shape[:2] != (mark.pixels[1], mark.pixels[0]):
        raise PageUnreadable("the embedded picture has another size than it says")
    if pixels.ndim == 2:
        return np.repeat(pixels[:, :, None], 3, axis=2)
    return pixels[:, :, 2::-1] if pixels.shape[2] >= 3 else np.repeat(pixels, 3, axis=2)


def _placed_line(line: GlyphLine, size: tuple[float, float]) -> Line:
    return Line(
        text=line.text,
        box=_fraction(line.box, size),
        characters=tuple(_fraction(box, size) for box in line.boxes),
        vertical=line.vertical,
    )


def _fraction(box: Rectangle, size: tuple[float, float]) -> Box:
    places = (box[0] / size[0], box[1] / size[1], box[2] / size[0], box[3] / size[1])
    return Box(*(round(min(max(place, 0.0), 1.0), 5) for place in places))
