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
_HYPHENS = str.maketrans({"\ufffe": "-", "\x02": "-"})
"""What PDFium writes for a hyphen at the end of a line, which it joins with the next."""

_RIGHT_TO_LEFT = {"R", "AL", "AN"}


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

    The order of lines that stand side by side is left to the reader, and so is that of the letters in a line that runs
    from right to left. Compatibility forms count as equal, since PDFium takes ligatures apart.
    """
    found = _normal(extracted.translate(_HYPHENS))
    for line in lines:
        runs_left = any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in line)
        if not runs_left and _normal(line) not in found:
            return f"lost or broken line {line!r}"
    expected_letters, found_letters = _letters("".join(lines)), _letters(found)
    if expected_letters != found_letters:
        lost = "".join((expected_letters - found_letters).elements())
        added = "".join((found_letters - expected_letters).elements())
        return f"lost {lost!r}, added {added!r}"
    return ""


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
    return _GAPS.sub(" ", unicodedata.normalize("NFKC", text)).strip()


def _letters(text: str) -> Counter[str]:
    return Counter(_GAPS.sub("", unicodedata.normalize("NFKC", text)))
