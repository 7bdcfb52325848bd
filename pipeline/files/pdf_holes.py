"""Pages that look blank only because the file has lost what they refer to.

PDFium shows such a page as white paper and pikepdf leaves the entry out; a prosecutor would take it for a blank page.
"""

from __future__ import annotations

import re
from pathlib import Path

import pikepdf
from pikepdf import Name

from dossier.errors import PageUnreadable


def require_nothing_lost(path: Path, page: pikepdf.Page) -> None:
    """Make sure that a page on which nothing is seen is empty in the file, too.

    Args:
        path: the file; read only where the page has no content at all.
        page: a page that shows nothing.

    Raises:
        PageUnreadable: its content, or something that it paints, is missing from the file.
    """
    if page.obj.get("/Contents") is None:
        if _is_written_with_content(path.read_bytes(), page.obj.objgen):
            raise PageUnreadable("the page's content is missing from the file")
        return
    resources = page.obj.get("/Resources")
    named = resources.get("/XObject") if resources is not None else None
    try:
        instructions = pikepdf.parse_content_stream(page, "Do")
    except (pikepdf.PdfError, TypeError) as error:
        raise PageUnreadable(f"the page's content cannot be parsed: {error}") from error
    for instruction in instructions:
        operands = list(instruction.operands)
        if not operands or not isinstance(operands[0], Name):
            continue
        if named is None or named.get(operands[0]) is None:
            raise PageUnreadable(f"what the page paints ({operands[0]}) is missing from the file")


def _is_written_with_content(written: bytes, place: tuple[int, int]) -> bool:
    """Whether the page's dictionary, as it stands in the file, names a content; its latest version counts."""
    pattern = rb"(?<!\d)%d\s+%d\s+obj\b(.*?)endobj" % place
    versions = re.findall(pattern, written, re.DOTALL)
    return bool(versions) and b"/Contents" in versions[-1]
