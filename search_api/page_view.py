"""A page: its picture with the words of a query boxed, its text beside it, and the way to the next page and hit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from dossier.errors import EdossierError, StoreError
from dossier.reading import Reading
from dossier.viewers import Viewer
from indexer.engine import DEEPEST
from search_api.page_facts import PageFacts, facts_of, hurry_reading, reading_of
from search_api.page_marks import Rect, ranges_in_line, rects_of_hit, rects_of_query
from search_api.page_picture import picture_address
from search_api.problems import Problem, problem_of
from search_api.search_page import CaseName, QueryText, page_address
from search_api.site import Site, TheSite, TheViewer

router = APIRouter()


@dataclass(frozen=True)
class HitPlace:
    """Where a hit stands among a query's hits, and what it marks on the page that is shown."""

    ordinal: int
    total: int
    before: str | None
    after: str | None
    rects: tuple[Rect, ...]


@router.get("/pages/{page_id}", include_in_schema=False)
def page_view(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    page_id: str,
    q: QueryText = "",
    case: CaseName = "",
    hit: Annotated[int | None, Query(ge=1, le=DEEPEST - 2)] = None,
) -> Response:
    """The view of a page; with a query, its words are boxed; with a hit's ordinal, the hits around it are linked."""
    query, case = q.strip(), case.strip()
    facts = facts_of(site, viewer, page_id)
    hurry_reading(site, page_id)
    problems: list[Problem] = []
    reading = _reading(site, facts, problems)
    place = _hit_place(site, viewer, page_id, query, case, hit, problems) if query and hit else None
    rects = place.rects if place else ()
    if query and not rects and reading is not None:
        rects = rects_of_query(query, reading)
    context: dict[str, Any] = {
        "facts": facts,
        "page": facts.page,
        "reading": reading,
        "lines": [(line, ranges_in_line(line, rects)) for line in (reading.lines if reading else ())],
        "problems": problems,
        "q": query,
        "case": case,
        "place": place,
        "rects": rects,
        "picture": picture_address(page_id, facts.page.reading_version, 1600),
        "full_picture": picture_address(page_id, facts.page.reading_version, None),
        "before": facts.before and page_address(facts.before, query, case, hit),
        "after": facts.after and page_address(facts.after, query, case, hit),
    }
    return site.pages.TemplateResponse(request, "page.html", context)


@router.get("/api/v1/pages/{page_id}/text")
def page_text(site: TheSite, viewer: TheViewer, page_id: str) -> dict[str, Any]:
    """What was read on a page, line by line; `text` is null before it has been read."""
    facts = facts_of(site, viewer, page_id)
    reading = reading_of(site, facts)
    return {
        "page_id": page_id,
        "page_number": facts.page.page_number,
        "page_label": facts.page.page_label,
        "page_label_state": facts.page.page_label_state,
        "state": facts.page.state,
        "reading_version": facts.page.reading_version,
        "confidence": reading.confidence if reading else None,
        "text": reading.text if reading else None,
        "lines": [
            {"text": line.text, "box": line.box.as_list(), "confidence": line.confidence}
            for line in (reading.lines if reading else ())
        ],
    }


def _reading(site: Site, facts: PageFacts, problems: list[Problem]) -> Reading | None:
    """The reading; where the vault has lost it, the picture is shown all the same, with the problem."""
    try:
        return reading_of(site, facts)
    except StoreError as error:
        problems.append(problem_of(error))
        return None


def _hit_place(
    site: Site, viewer: Viewer, page_id: str, query: str, case: str, ordinal: int, problems: list[Problem]
) -> HitPlace | None:
    """The hits before, at and after an ordinal; None, with the problem, where the search does not answer."""
    first = max(ordinal - 1, 1)
    try:
        result = site.search(query, case or None, ordinal + 2 - first, first - 1, viewer=viewer)
    except EdossierError as error:
        problems.append(problem_of(error))
        return None
    hits = dict(enumerate(result.hits, start=first))
    if ordinal not in hits:
        return None

    def address(at: int) -> str | None:
        return page_address(hits[at].page_id, query, case, at) if at in hits else None

    return HitPlace(
        ordinal, result.total, address(ordinal - 1), address(ordinal + 1), rects_of_hit(page_id, hits[ordinal])
    )
