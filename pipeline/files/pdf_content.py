"""What a PDF page is: one picture, real text, or a drawing that must be rendered and read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2

from dossier.errors import DamagedFile, FileTooLarge, PageUnreadable
from pipeline.files.paper import LEAST_DPI, resolution
from pipeline.files.pdf_annotations import has_hidden_layers, shows_annotations, shows_typed_annotations
from pipeline.files.pdf_file import PdfFile, opened_pdf
from pipeline.files.pdf_forms import require_finite
from pipeline.files.pdf_marks import Mark, page_marks, page_size, visible_marks
from pipeline.files.pdf_pictures import is_whole_page, lets_nothing_through, match_pictures, native_dpi, quarter_turn
from pipeline.files.pdf_text import PageText, page_text
from pipeline.files.rectangles import area
from pipeline.files.sources import Limits, PageKind

_RENDERING_DPI = 300.0
# Strips and layers of a scan are rendered as finely as they are stored, up to this.
_FINEST_DPI = 600.0
# A4's long side at 300 dpi, and a little. Pictures placed more coarsely than any scanner works are rendered up to this
# size; a page of metres, as programs make it of a photograph with a point for each pixel, is not blown up.
_USUAL_PIXELS = 3520.0
_POINTS_AN_INCH = 72.0
# A unit of a metre; ISO 32000 names no limit.
_GREATEST_UNIT = 2835

# Text counts as the page's own up to these shares: of characters without a Unicode value; of characters that stand on
# their side; of the page under pictures, which may hold words too; of points in drawn paths to each character, which
# reach this only where most of the words are outlines.
_UNMAPPED_SHARE = 0.1
_SIDEWAYS_SHARE = 0.5
_PICTURE_SHARE = 0.25
_SEGMENTS_A_CHARACTER = 100
# From this share on, the pictures are the page, and their resolution is its resolution.
_SCANNED_SHARE = 0.8
# Smaller ones are logos, stamps and signatures; a page is not given up for them.
_LARGE_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class PageContent:
    """A page and what it shows.

    Attributes:
        page: the open pypdfium2.PdfPage.
        stored: the same page in pikepdf.
        size: as displayed, points.
        unit: /UserUnit, points of 1/72 inch.
        kind: how it is to be read.
        seen: what a person sees on it.
        text: its visible characters.
        images: how the seen pictures are stored, by the address of their mark.
        whole: the one picture that is the page, as painted and as stored, for kind "pdf_picture".
    """

    page: Any
    stored: pikepdf.Page
    size: tuple[float, float]
    unit: float
    kind: PageKind
    seen: list[Mark]
    text: PageText
    images: dict[int, pikepdf.Object]
    whole: tuple[Mark, pikepdf.Object] | None


@contextmanager
def opened_page(path: Path, index: int, limits: Limits) -> Iterator[PageContent]:
    """One page of a PDF, open.

    Raises:
        PageUnreadable: the file has no such page.
        FileRefused: what `opened_pdf` and `page_content` refuse.
    """
    with opened_pdf(path, limits) as pdf:
        if not 0 <= index < len(pdf.canvas):
            raise PageUnreadable(f"page {index + 1} of {len(pdf.canvas)} is not there")
        with page_content(pdf, index, limits, has_hidden_layers(pdf.structure)) as content:
            yield content


@contextmanager
def page_content(pdf: PdfFile, index: int, limits: Limits, has_layers: bool) -> Iterator[PageContent]:
    """A page of an open PDF, examined.

    Args:
        pdf: the file.
        index: of the page, from 0.
        limits: what it may ask for.
        has_layers: whether the file hides layers; what is on them can only be told by rendering.

    Raises:
        DamagedFile: the page or its content cannot be parsed.
        FileTooLarge: a picture on it exceeds the pixel limit.
    """
    stored = pdf.structure.pages[index]
    try:
        require_finite(stored)
        page = _loaded(pdf.canvas, index)
    except (pikepdf.PdfError, pypdfium2.PdfiumError, AttributeError, TypeError, ValueError) as error:
        raise DamagedFile(f"PDF page {index + 1}: {error}") from error
    with closing(page):
        try:
            content = _examined(page, stored, limits, has_layers)
        except (pikepdf.PdfError, pypdfium2.PdfiumError, AttributeError, TypeError, ValueError) as error:
            # pikepdf answers with Python's own errors where an object is of another type than the standard says.
            raise DamagedFile(f"PDF page {index + 1}: {error}") from error
        yield content


def _loaded(canvas: Any, index: int) -> Any:
    """The page, shown whole where its CropBox lies beside its MediaBox and would leave nothing."""
    page = canvas[index]
    if min(page_size(page)) > 0:
        return page
    page.set_cropbox(*page.get_mediabox())
    page.close()
    return canvas[index]


def large_pictures(content: PageContent) -> list[pikepdf.Object]:
    """The stored pictures that take a good part of the page each."""
    least = _LARGE_SHARE * content.size[0] * content.size[1]
    pictures = [mark for mark in content.seen if mark.kind == "picture" and area(mark.box) >= least]
    return [content.images[mark.address] for mark in pictures if mark.address in content.images]


def _examined(page: Any, stored: pikepdf.Page, limits: Limits, has_layers: bool) -> PageContent:
    marks = page_marks(page)
    for mark in marks:
        if mark.pixels[0] * mark.pixels[1] > limits.max_pixels:
            raise FileTooLarge(f"{mark.pixels[0]} × {mark.pixels[1]} pixels")
    images = match_pictures(stored, marks)
    solid = {mark.address for mark in marks if mark.is_opaque}
    for mark in marks:
        if mark.kind == "picture" and mark.is_opaque:
            image = images.get(mark.address)
            mark.is_opaque = image is not None and lets_nothing_through(image)
    seen = visible_marks(marks)
    size = page_size(page)
    if min(size) <= 0:
        raise DamagedFile("a page without extent")
    is_plain = not has_layers and not shows_annotations(stored)
    whole = None
    if is_plain and len(seen) == 1 and (image := images.get(seen[0].address)) is not None:
        whole = (seen[0], image) if is_whole_page(seen[0], image, size, seen[0].address in solid) else None
    text = PageText((), 0, 0)
    kind: PageKind = "pdf_picture" if whole else "pdf_drawing"
    if whole is None and not has_layers and _picture_share(seen, size) <= _PICTURE_SHARE:
        text = page_text(page, marks)
        if _is_readable(text, seen) and not shows_typed_annotations(stored):
            kind = "pdf_text"
    return PageContent(page, stored, size, _unit(stored), kind, seen, text, images, whole)


def _is_readable(text: PageText, seen: list[Mark]) -> bool:
    count = sum(glyph.character != " " for glyph in text.glyphs)
    if not count or text.unmapped > _UNMAPPED_SHARE * (count + text.unmapped):
        return False
    if text.sideways > _SIDEWAYS_SHARE * count:
        return False
    return sum(mark.segments for mark in seen) <= _SEGMENTS_A_CHARACTER * count


def _picture_share(seen: list[Mark], size: tuple[float, float]) -> float:
    """The part of the page under pictures, at most 1; what lies over each other counts twice."""
    covered = sum(area(mark.box) for mark in seen if mark.kind == "picture")
    return min(covered / (size[0] * size[1]), 1.0)


def decoded_shape(content: PageContent, limits: Limits) -> tuple[int, int, float, bool]:
    """Width, height and dpi of the page as it is decoded, and whether the dpi is to be believed."""
    if content.whole:
        mark, _ = content.whole
        width, height = mark.pixels
        across, _ = native_dpi(mark, content.unit)
        if quarter_turn(mark.matrix) in (90, 270):
            width, height = height, width
        dpi, trusted = resolution(width, height, across)
        return width, height, dpi, trusted
    inches = [side * content.unit / _POINTS_AN_INCH for side in content.size]
    wanted = _RENDERING_DPI
    is_scan = _picture_share(content.seen, content.size) >= _SCANNED_SHARE
    if is_scan:
        native = max(max(native_dpi(mark, content.unit)) for mark in content.seen if mark.kind == "picture")
        if native < LEAST_DPI:
            native = max(native, min(_RENDERING_DPI, _USUAL_PIXELS / max(inches)))
        wanted = min(native, _FINEST_DPI)
    wanted = min(wanted, math.sqrt(limits.max_pixels / (inches[0] * inches[1])))
    width, height = (max(1, math.floor(inch * wanted + 0.5)) for inch in inches)
    dpi, trusted = resolution(width, height, wanted) if is_scan else (round(wanted, 2), True)
    return width, height, dpi, trusted


def _unit(stored: pikepdf.Page) -> float:
    """The page's /UserUnit (ISO 32000-1, table 30), which PDFium does not apply."""
    found = stored.obj.get("/UserUnit")
    return float(found) if isinstance(found, int | Decimal) and 0 < found <= _GREATEST_UNIT else 1.0
