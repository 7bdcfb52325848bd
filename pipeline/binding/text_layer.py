"""The invisible text of a page: one text operator a line, so that readers copy and find whole lines.

Tried with poppler, PDFium, MuPDF and pdf.js: only one operator a line, stretched to the line's width by `Tz`, comes out
the same everywhere. An operator for each character loses text in PDFium and gains spaces in poppler; several runs in
a line lose the short ones in PDFium.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from dossier.reading import Box, Line, Reading
from pipeline.binding.glyphless_font import ASCENT, DESCENT, EM, GlyphlessFont, width
from pipeline.files.affine import Affine

LinePlace = Callable[[Box], Affine]
"""For a line's box: the map from where it lies on the page that was read to where the page shows it, PDF units."""

FONT = "/F0"
"""The font's name in the page's resources."""

NARROWEST = 0.5
"""How far a line is squeezed before its type gets smaller instead: poppler drops spaces under 0.15 of its size."""

SMALLEST = 0.1
"""PDF units: a line without extent still gets a place."""

_GAPS = re.compile(r"\s+")


def layer_text(text: str) -> str:
    """What of a line's text can stand in a PDF: no controls, no code points that are no characters, single spaces."""
    kept = "".join(character for character in _GAPS.sub(" ", text) if _is_writable(character))
    return _GAPS.sub(" ", kept).strip()


def layer_lines(reading: Reading | None) -> list[tuple[str, Line]]:
    """What a page's text layer holds: the text and its line, in reading order.

    Left out are empty lines, and a line that says what an earlier one says at the same place: readers that look for
    bold type made by printing twice drop it anyway.
    """
    kept: list[tuple[str, Line]] = []
    places: dict[str, list[Box]] = {}
    for line in reading.lines if reading else ():
        text = layer_text(line.text)
        if text and not any(_is_within(line.box, place) for place in places.get(text, [])):
            places.setdefault(text, []).append(line.box)
            kept.append((text, line))
    return kept


def text_operators(
    lines: Sequence[tuple[str, Line]],
    page_width: float,
    page_height: float,
    font: GlyphlessFont,
    line_place: LinePlace | None = None,
) -> bytes:
    """The content stream of a page's invisible text.

    Args:
        lines: as `layer_lines` gives them.
        page_width, page_height: of the page that was read, in PDF units (1/72 inch).
        font: gets the codes of the characters.
        line_place: where the lines are shown, if not on that very page.
    """
    places = (line_place(line.box) if line_place else None for _, line in lines)
    return b"\n".join(
        _line_operators(line, text, page_width, page_height, font, place)
        for (text, line), place in zip(lines, places, strict=True)
    )


def _is_within(box: Box, other: Box) -> bool:
    """Whether the centre of a box lies within another."""
    return other.x0 <= (box.x0 + box.x1) / 2 <= other.x1 and other.y0 <= (box.y0 + box.y1) / 2 <= other.y1


def _line_operators(
    line: Line, text: str, page_width: float, page_height: float, font: GlyphlessFont, place: Affine | None
) -> bytes:
    """One `BT … ET` for a line; render mode 3 is invisible text (ISO 32000-1, table 106)."""
    left, right = line.box.x0 * page_width, line.box.x1 * page_width
    top, bottom = (1 - line.box.y0) * page_height, (1 - line.box.y1) * page_height
    length, size = (top - bottom, right - left) if line.vertical else (right - left, top - bottom)
    length = max(length, SMALLEST)
    natural = sum(width(character) for character in text) / EM
    size = max(min(size, length / natural / NARROWEST), SMALLEST)
    below = -DESCENT / (ASCENT - DESCENT) * size
    # A vertical line is a horizontal one turned clockwise: it runs downward and its letters' feet are at the left.
    matrix = (0, -1, 1, 0, left + below, top) if line.vertical else (1, 0, 0, 1, left, bottom + below)
    operands = Affine(*matrix).then(place).operands() if place else "{} {} {} {} {:.3f} {:.3f}".format(*matrix)
    stretch = 100 * length / (natural * size)
    codes = font.encode(text).hex().upper()
    return f"BT 3 Tr {FONT} {size:.3f} Tf {stretch:.3f} Tz {operands} Tm <{codes}> Tj ET".encode("ascii")


def _is_writable(character: str) -> bool:
    """Whether a character may be written: PDF/A forbids U+0000, U+FEFF and U+FFFE (ISO 19005-2, 6.2.11.7.2)."""
    code = ord(character)
    is_noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return not is_noncharacter and code != 0xFEFF and unicodedata.category(character) not in ("Cc", "Cs")
