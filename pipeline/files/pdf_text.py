"""The characters of a PDF page that a person sees, as PDFium maps them to Unicode."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from pipeline.files.affine import Affine
from pipeline.files.pdf_marks import Mark, address, display_matrix, page_size, visible_marks
from pipeline.files.rectangles import Rectangle, placed
from pipeline.files.text_lines import Glyph

_SURROGATES = range(0xD800, 0xE000)
_LOW_SURROGATES = range(0xDC00, 0xE000)
_PRIVATE = (range(0xE000, 0xF900), range(0xF0000, 0x110000))
_REPLACEMENT = 0xFFFD
# PDFium writes a hyphen at a line's end as this.
_PDFIUM_HYPHEN = 0x02
# A font may claim any height; characters taller than this are believed only as far as their ink goes.
_TALLEST = 1.6


@dataclass(frozen=True, slots=True)
class PageText:
    """Characters in the order of the page's content.

    Attributes:
        glyphs: those that are seen.
        unmapped: how many of them have no Unicode value that means anything.
        sideways: how many of them do not stand upright on the page as displayed.
    """

    glyphs: tuple[Glyph, ...]
    unmapped: int
    sideways: int


def page_text(page: Any, marks: list[Mark]) -> PageText:
    """The visible characters of a page.

    Args:
        page: the open pypdfium2.PdfPage.
        marks: all that it paints, with their opacity settled.
    """
    seen = {mark.address for mark in visible_marks(marks) if mark.kind == "text"}
    if not seen:
        return PageText((), 0, 0)
    order = {mark.address: place for place, mark in enumerate(marks)}
    opaque = [place for place, mark in enumerate(marks) if mark.is_opaque]
    covers = np.array([(place, *marks[place].box) for place in opaque]).reshape(-1, 5)
    width, height = page_size(page)
    matrix = display_matrix(page)
    glyphs: list[Glyph] = []
    unmapped = sideways = 0
    textpage = page.get_textpage()
    try:
        high = 0
        for place in range(textpage.count_chars()):
            code = pdfium.FPDFText_GetUnicode(textpage, place)
            if code in _SURROGATES and code not in _LOW_SURROGATES:
                high = code
                continue
            if code in _LOW_SURROGATES:
                code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00) if high else _REPLACEMENT
            high = 0
            owner = address(pdfium.FPDFText_GetTextObject(textpage, place))
            if owner not in seen or pdfium.FPDFText_IsGenerated(textpage, place) == 1:
                continue
            box, em, angle = _placing(textpage, place, matrix, code)
            x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            if not (0 <= x <= width and 0 <= y <= height):
                continue
            if _is_covered(covers, order[owner], x, y):
                continue
            character = _character(code)
            if not character:
                unmapped += code == 0
                continue
            has_meaning = code != _REPLACEMENT and not any(code in private for private in _PRIVATE)
            unmapped += not has_meaning or pdfium.FPDFText_HasUnicodeMapError(textpage, place) == 1
            sideways += abs(angle) > 45
            glyphs.append(Glyph(character, box, angle, em))
    finally:
        textpage.close()
    return PageText(tuple(glyphs), unmapped, sideways)


def _character(code: int) -> str:
    """The character as it goes into a line; empty for what is none."""
    if code == _PDFIUM_HYPHEN:
        return "-"
    character = chr(code)
    if character.isspace():
        return " "
    return character if character.isprintable() or code == _REPLACEMENT or code >= 0xE000 else ""


def _placing(textpage: Any, place: int, matrix: Affine, code: int) -> tuple[Rectangle, float, float]:
    """A character's box and size on the displayed page, points, and its angle, degrees clockwise."""
    loose, tight = textpage.get_charbox(place, loose=True), textpage.get_charbox(place)
    raw = pdfium.FS_MATRIX()
    pdfium.FPDFText_GetMatrix(textpage, place, raw)
    tall = math.hypot(raw.c, raw.d) or 1.0
    em = pdfium.FPDFText_GetFontSize(textpage, place) * tall
    origin, tip = matrix.apply(0, 0), matrix.apply(raw.a, raw.b)
    angle = math.degrees(math.atan2(tip[1] - origin[1], tip[0] - origin[0]))
    box = placed(matrix, *loose)
    if em and max(box[3] - box[1], box[2] - box[0]) > _TALLEST * em:
        box = placed(matrix, *tight)
    if loose == tight and unicodedata.east_asian_width(chr(code)) == "W":
        # PDFium gives the mere ink of some characters; 一 is set in a square like all others.
        x, y, width = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, em * math.hypot(raw.a, raw.b) / tall
        box = (x - width / 2, y - em / 2, x + width / 2, y + em / 2)
    return box, em or max(box[3] - box[1], 0.1), angle


def _is_covered(covers: NDArray[np.float64], order: int, x: float, y: float) -> bool:
    """Whether something painted after `order` lies over a point; `covers` has rows of order, x0, y0, x1, y1."""
    later = covers[np.searchsorted(covers[:, 0], order, side="right") :]
    if not len(later):
        return False
    inside = (later[:, 1] <= x) & (x <= later[:, 3]) & (later[:, 2] <= y) & (y <= later[:, 4])
    return bool(inside.any())
