"""Whether the text that comes out of a written PDF is the text that went in.

PDFium is asked, which is what Chrome and Edge copy and search with. A PDF whose text cannot be found again is worse
than none, since nobody would notice.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pypdfium2

from dossier.errors import TextLayerMismatch

PAGES_AT_ONCE = 10
"""PDFium keeps the pictures of the pages that it has looked at until the document is closed."""

_GAPS = re.compile(r"\s+")
_HYPHENS = str.maketrans({"\ufffe": "-", "\x02": "-", "\xad": "-"})
"""What PDFium writes for a hyphen, also a soft one, at the end of a line, which it joins with the next."""

SLACK = 0.1
"""The share of a page's characters that may be torn where text runs from right to left."""

_RIGHT_TO_LEFT = {"R", "AL", "AN"}
_LEFTWARD_BLOCKS = (range(0x590, 0x900), range(0xFB1D, 0xFE00), range(0xFE70, 0xFF00), range(0x10800, 0x11000))


def check_text(path: Path, pages: Sequence[Sequence[str]]) -> None:
    """Extract the text of every page and compare it with the lines that were written.

    Args:
        path: the PDF.
        pages: the lines of each page, as `layer_lines` gives them.

    Raises:
        TextLayerMismatch: naming the first page that differs, and what is wrong with it.
    """
    checked = 0
    while True:
        document = pypdfium2.PdfDocument(path)
        try:
            if len(document) != len(pages):
                raise TextLayerMismatch(f"{len(document)} pages instead of {len(pages)}")
            for index in range(checked, min(checked + PAGES_AT_ONCE, len(pages))):
                fault = text_fault(pages[index], _extracted(document, index))
                if fault:
                    raise TextLayerMismatch(f"page {index + 1}: {fault}")
        finally:
            document.close()
        checked += PAGES_AT_ONCE
        if checked >= len(pages):
            return


def text_fault(lines: Sequence[str], extracted: str) -> str:
    """What is wrong with the text of a page; empty where every line is there, whole, and nothing else is.

    The order of lines that stand side by side is left to the reader. Compatibility forms count as equal, since PDFium
    takes ligatures apart. On a page where something runs from right to left, PDFium turns letters and brackets about
    and may tear rare characters beside them; there, only the amount of text is compared.
    """
    found = _normal(extracted)
    expected_letters, found_letters = _letters("\n".join(lines)), _letters(extracted)
    if any(_runs_left(character) for line in lines for character in line):
        missing = expected_letters.total() - found_letters.total()
        return f"lost {missing} characters" if abs(missing) > SLACK * expected_letters.total() else ""
    for line in lines:
        if _normal(line) not in found:
            return f"lost or broken line {line!r}"
    if expected_letters != found_letters:
        lost = "".join((expected_letters - found_letters).elements())
        added = "".join((found_letters - expected_letters).elements())
        return f"lost {lost!r}, added {added!r}"
    return ""


def _runs_left(character: str) -> bool:
    """Whether a character is written from right to left, or stands in a block kept for such (UAX #9, section 3.2)."""
    code = ord(character)
    return unicodedata.bidirectional(character) in _RIGHT_TO_LEFT or any(code in block for block in _LEFTWARD_BLOCKS)


def _extracted(document: pypdfium2.PdfDocument, index: int) -> str:
    page = document[index]
    text_page = page.get_textpage()
    try:
        text: str = text_page.get_text_range()
        return text
    finally:
        text_page.close()
        page.close()


def _normal(text: str) -> str:
    return _GAPS.sub(" ", unicodedata.normalize("NFKC", text.translate(_HYPHENS))).strip()


def _letters(text: str) -> Counter[str]:
    return Counter(_GAPS.sub("", _normal(text)))
