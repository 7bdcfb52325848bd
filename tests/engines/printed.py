"""Pages as a printer would make them: lines of text at plausible places of an A4 sheet."""

from __future__ import annotations

from dossier.reading import Box, Line, Reading
from indexer.entry import IndexEntry, PagePlace, entry_of_page

WIDTH, HEIGHT, DPI = 1654, 2339, 200.0


def printed(*lines: str, head: str = "", foot: str = "") -> Reading:
    """A page whose body has these lines; head and foot stand in the margins."""
    body = [Line(text, Box(0.15, 0.15 + 0.02 * row, 0.85, 0.165 + 0.02 * row)) for row, text in enumerate(lines)]
    above = [Line(head, Box(0.4, 0.05, 0.6, 0.065))] if head else []
    below = [Line(foot, Box(0.4, 0.94, 0.6, 0.955))] if foot else []
    return Reading(WIDTH, HEIGHT, DPI, lines=(*above, *body, *below))


def place(
    page_id: str,
    case_id: str = "c1",
    number: int = 1,
    *,
    department: str = "",
    volume: str = "1",
    document: str = "1",
    received: str = "2031-01-01T00:00:00+00:00",
) -> PagePlace:
    """A place for a page in a case's volume."""
    return PagePlace(
        page_id,
        case_id,
        f"{case_id}v{volume}",
        f"{case_id}d{document}",
        number,
        department,
        volume_order=volume,
        document_order=document,
        received=received,
    )


def entry(page_id: str, *lines: str, version: int = 1, case_id: str = "c1", number: int = 1) -> IndexEntry:
    """The entry of a page with these lines and no page after it."""
    return entry_of_page(place(page_id, case_id, number), version, printed(*lines), None)
