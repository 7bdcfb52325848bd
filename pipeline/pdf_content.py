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
from pipeline.paper import resolution
from pipeline.pdf_annotations import has_hidden_layers, shows_annotations, shows_typed_annotations
from pipeline.pdf_file import PdfFile, opened_pdf
from pipeline.pdf_marks import Mark, page_marks, page_size, visible_marks
from pipeline.pdf_pictures import is_whole_page, lets_nothing_through, match_pictures, native_dpi, quarter_turn
from pipeline.pdf_text import PageText, page_text
from pipeline.sources import Limits, PageKind

_RENDERING_DPI = 300.0
# Strips and layers of a scan are rendered as finely as they are stored, up to this.
_FINEST_DPI = 600.0
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
        whole: the one picture that is the page, as painted and as stored, for kind "pdf_picture".
    """

    page: Any
    stored: pikepdf.Page
    size: tuple[float, float]
    unit: float
    kind: PageKind
    seen: list[Mark]
    text: PageText
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
        page = pdf.canvas[index]
    except pypdfium2.PdfiumError as error:
        raise DamagedFile(f"PDF page {index + 1}: {error}") from error
    with closing(page):
        try:
            yield _examined(page, stored, limits, has_layers)
        except (pikepdf.PdfError, pypdfium2.PdfiumError) as error:
            raise DamagedFile(f"PDF page {index + 1}: {error}") from error


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
    return PageContent(page, stored, size, _unit(stored), kind, seen, text, whole)


def _is_readable(text: PageText, seen: list[Mark]) -> bool:
    count = sum(glyph.character != " " for glyph in text.glyphs)
    if not count or text.unmapped > _UNMAPPED_SHARE * (count + text.unmapped):
        return False
    if text.sideways > _SIDEWAYS_SHARE * count:
        return False
    return sum(mark.segments for mark in seen) <= _SEGMENTS_A_CHARACTER * count


def _picture_share(seen: list[Mark], size: tuple[float, float]) -> float:
    """The part of the page under pictures, at most 1; what lies over each other counts twice."""
    areas = ((mark.box[2] - mark.box[0]) * (mark.box[3] - mark.box[1]) for mark in seen if mark.kind == "picture")
    return min(sum(areas) / max(size[0] * size[1], 1e-6), 1.0)


def decoded_shape(content: PageContent, limits: Limits) -> tuple[int, int, float, bool]:
    """Width, height and dpi of the page as it is decoded, and whether the dpi is to be believed."""
    if content.whole:
        mark, _ = content.whole
        width, height = mark.pixels
        across, _ = native_dpi(mark, content.unit)
        if quarter_turn(mark.matrix) in (90, 270):
            width, height = height, width
        dpi, trusted = resolution(width, height, round(across, 2))
        return width, height, dpi, trusted
    wanted = _RENDERING_DPI
    if _picture_share(content.seen, content.size) >= _SCANNED_SHARE:
        pictures = [mark for mark in content.seen if mark.kind == "picture"]
        wanted = min(max(max(native_dpi(mark, content.unit)) for mark in pictures), _FINEST_DPI)
    inches = [side * content.unit / _POINTS_AN_INCH for side in content.size]
    wanted = min(wanted, math.sqrt(limits.max_pixels / max(inches[0] * inches[1], 1e-6)))
    width, height = (max(1, math.floor(inch * wanted + 0.5)) for inch in inches)
    dpi, trusted = resolution(width, height, round(wanted, 2))
    return width, height, dpi, trusted


def _unit(stored: pikepdf.Page) -> float:
    """The page's /UserUnit (ISO 32000-1, table 30), which PDFium does not apply."""
    found = stored.obj.get("/UserUnit")
    return float(found) if isinstance(found, int | Decimal) and 0 < found <= _GREATEST_UNIT else 1.0
