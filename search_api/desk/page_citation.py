"""A page's or a passage's citation, with the text of the lines that are cited and where they stand."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from dossier.cited_pages import cited_pages, pages_through
from dossier.errors import NotFound
from dossier.excerpts import MOST_PAGES
from search_api.contract import refusals
from search_api.desk.page_answers import CitationAnswer
from search_api.desk.page_facts import facts_of, reading_of
from search_api.site import TheSite, TheViewer

_LAST_LINE = 1_000_000

router = APIRouter()


@router.get("/api/v1/pages/{page_id}/citation", response_model=CitationAnswer, responses=refusals("not_found"))
def page_citation(
    site: TheSite,
    viewer: TheViewer,
    page_id: str,
    first_line: Annotated[int | None, Query(ge=1, le=_LAST_LINE, description="of the reading, from 1")] = None,
    last_line: Annotated[int | None, Query(ge=1, le=_LAST_LINE, description="`first_line` where it is missing")] = None,
    through: Annotated[
        str | None, Query(max_length=64, description="the last page of a passage that begins on this one")
    ] = None,
) -> Response:
    """How the office cites a page, or a passage from it through another one of its volume; with lines of the page, also
    what they say and their rectangles on the picture.

    Raises:
        NotFound: there is no such page within sight, it has no such lines, or no such page comes behind it.
    """
    facts = facts_of(site, viewer, page_id)
    cited = [facts.cited]
    if through is not None and through != page_id:
        with site.catalogue.reading() as session:
            cited = cited_pages(session, pages_through(session, page_id, through, MOST_PAGES))
        if not cited:
            raise NotFound(f"{page_id}: {through}")
    answer: dict[str, Any] = {"page_id": page_id, "citation": site.citations.citation_of(cited)}
    if first_line is None and last_line is None:
        return JSONResponse(answer)
    first = first_line or 1
    last = last_line or first
    reading = reading_of(site, viewer, facts)
    if reading is None or not first <= last <= len(reading.lines):
        raise NotFound(f"{page_id}: {first}-{last}")
    lines = reading.lines[first - 1 : last]
    answer["text"] = "\n".join(line.text for line in lines)
    answer["rects"] = [line.box.as_list() for line in lines]
    return JSONResponse(answer)
