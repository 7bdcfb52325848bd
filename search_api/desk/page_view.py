"""A page: its picture with the words of a query boxed, its text beside it, and the way to the next page and hit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from dossier import looks
from dossier.errors import EdossierError, StoreError, error_of
from dossier.reading import Reading
from dossier.transcriptions.carried import Carried, waiting_on
from dossier.viewers import Viewer
from indexer.engine import DEEPEST
from search_api.asked import Asked, QueryText, TheAsked
from search_api.contract import refusals
from search_api.desk.page_answers import PageAnswer, TextAnswer
from search_api.desk.page_facts import PageFacts, facts_of, human_reading_of, hurry_reading, reading_of
from search_api.desk.page_marks import Rect, ranges_in_line, rects_of_hit, rects_of_query
from search_api.desk.page_picture import picture_address
from search_api.desk.search_page import HITS_A_VIEW
from search_api.problems import Problem, problem_of
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


@dataclass(frozen=True)
class Around:
    """The hits in the page's document: which of them the page is, how many there are, where those next to it are."""

    ordinal: int | None
    total: int
    before: str | None
    after: str | None


@router.get("/pages/{page_id}", include_in_schema=False)
def page_view(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    page_id: str,
    asked: TheAsked,
    hit: Annotated[int | None, Query(ge=1, le=DEEPEST - 2)] = None,
) -> Response:
    """The view of a page; with a query, its words are boxed, and the hits around it are linked.

    With a hit's ordinal these are the hits of the whole search, in its order; otherwise those of the page's document.
    """
    query = asked.q
    facts = facts_of(site, viewer, page_id)
    # The browser may have the picture in its cache, and not ask for it.
    site.looks.note(viewer, [page_id], looks.PICTURE)
    hurry_reading(site, page_id)
    problems: list[Problem] = []
    reading = _reading(site, viewer, facts, problems)
    place = _hit_place(site, viewer, page_id, asked, hit, problems) if query and hit else None
    around = _around(site, viewer, page_id, asked, problems) if query and not problems else None
    rects = place.rects if place else ()
    if query and not rects:
        rects = rects_of_query(query, reading, human_reading_of(site, facts))
    context: dict[str, Any] = {
        "facts": facts,
        "carried": _carried(site, facts),
        "citation": site.citations.citation_of([facts.cited]),
        "page": facts.page,
        "reading": reading,
        "lines": [(line, ranges_in_line(line, rects)) for line in (reading.lines if reading else ())],
        "problems": problems,
        "q": query,
        "kept": {name: value for name, value in asked.parameters.items() if name != "q"},
        "place": place,
        "around": around,
        "rects": rects,
        "picture": picture_address(page_id, facts.page.reading_version, 1600),
        "full_picture": picture_address(page_id, facts.page.reading_version, None),
        "reader": asked.address(f"/volumes/{facts.page.volume_id}/read", page=facts.page.page_number),
        "results": asked.address(start=_first_of_view(hit)) if query else None,
        "before": facts.before and asked.address(f"/pages/{facts.before}", hit=hit),
        "after": facts.after and asked.address(f"/pages/{facts.after}", hit=hit),
    }
    return site.pages.TemplateResponse(request, "page.html", context)


@router.get("/api/v1/pages/{page_id}", response_model=PageAnswer, responses=refusals("not_found"))
def page_as_json(site: TheSite, viewer: TheViewer, page_id: str) -> Response:
    """Where a page stands and how it is; its text and picture have addresses of their own."""
    facts = facts_of(site, viewer, page_id)
    page = facts.page
    error = error_of(page.error_code or "", page.error_detail) if page.state == "parked" else None
    shown = {
        "page_id": page_id,
        "case_id": page.case_id,
        "case_number": facts.case_number,
        "volume_id": page.volume_id,
        "volume": facts.volume,
        "document_id": page.document_id,
        "document_title": facts.document_title,
        "file_id": page.arrival_id,
        "source": facts.source,
        "page_number": page.page_number,
        "pages_in_volume": facts.pages_in_volume,
        "page_label": page.page_label,
        "page_label_state": page.page_label_state,
        "state": page.state,
        "error": {"code": error.code, "message": error.message} if error else None,
        "confidence": page.confidence,
        "blank": page.blank,
        "skew_degrees": page.skew_degrees,
        "turn_degrees": page.turn_degrees,
        "crop": page.crop["box"] if page.crop is not None else None,
        "cropped_by": page.cropped_by or None,
        "width": page.width,
        "height": page.height,
        "dpi": page.dpi,
        "reading_version": page.reading_version,
        "before": facts.before,
        "after": facts.after,
    }
    return JSONResponse(shown)


@router.get("/api/v1/pages/{page_id}/text", response_model=TextAnswer, responses=refusals("not_found"))
def page_text(site: TheSite, viewer: TheViewer, page_id: str, q: QueryText = "") -> Response:
    """What was read on a page, line by line, and how it is cited; `text` is null before it has been read.

    With a query, `rects` are its words on the picture, and each line has the `marks` (start, end) of them in its text.
    """
    facts = facts_of(site, viewer, page_id)
    reading = reading_of(site, viewer, facts)
    query = q.strip()
    rects = rects_of_query(query, reading, human_reading_of(site, facts)) if query else ()
    lines = [
        {"text": line.text, "box": line.box.as_list(), "confidence": line.confidence}
        | ({"marks": ranges_in_line(line, rects)} if query else {})
        for line in (reading.lines if reading else ())
    ]
    shown = {
        "page_id": page_id,
        "page_number": facts.page.page_number,
        "page_label": facts.page.page_label,
        "page_label_state": facts.page.page_label_state,
        "citation": site.citations.citation_of([facts.cited]),
        "state": facts.page.state,
        "reading_version": facts.page.reading_version,
        "confidence": reading.confidence if reading else None,
        "text": reading.text if reading else None,
        "lines": lines,
    } | ({"rects": [list(rect) for rect in rects]} if query else {})
    return JSONResponse(shown)


def _first_of_view(ordinal: int | None) -> int | None:
    """The ordinal with which the view of results begins that has a hit; None for the first."""
    first = ((ordinal or 1) - 1) // HITS_A_VIEW * HITS_A_VIEW + 1
    return first if first > 1 else None


def _carried(site: Site, facts: PageFacts) -> list[Carried]:
    """The transcriptions of the page that this one replaced, for somebody to take over."""
    try:
        with site.catalogue.reading() as session:
            return waiting_on(session, site.vault, facts.page)
    except StoreError:
        return []  # said with the page's own reading, or by `verify`


def _reading(site: Site, viewer: Viewer, facts: PageFacts, problems: list[Problem]) -> Reading | None:
    """The reading; where the vault has lost it, the picture is shown all the same, with the problem."""
    try:
        return reading_of(site, viewer, facts)
    except StoreError as error:
        problems.append(problem_of(error))
        return None


def _around(site: Site, viewer: Viewer, page_id: str, asked: Asked, problems: list[Problem]) -> Around | None:
    """The hits in the page's document; None, with the problem, where the search does not answer."""
    try:
        found = site.searcher.neighbours(page_id, asked.q, asked.case or None, viewer=viewer, narrowing=asked.narrowing)
    except EdossierError as error:
        problems.append(problem_of(error))
        return None
    before, after = (other and asked.address(f"/pages/{other}") for other in (found.before, found.after))
    return Around(found.ordinal, found.total, before, after)


def _hit_place(
    site: Site, viewer: Viewer, page_id: str, asked: Asked, ordinal: int, problems: list[Problem]
) -> HitPlace | None:
    """The hits before, at and after an ordinal; None, with the problem, where the search does not answer."""
    first = max(ordinal - 1, 1)
    try:
        result = site.searcher.search(
            asked.q,
            asked.case or None,
            ordinal + 2 - first,
            first - 1,
            viewer=viewer,
            order=asked.order,
            narrowing=asked.narrowing,
        )
    except EdossierError as error:
        problems.append(problem_of(error))
        return None
    hits = dict(enumerate(result.hits, start=first))
    if ordinal not in hits:
        return None

    def address(at: int) -> str | None:
        return asked.address(f"/pages/{hits[at].page_id}", hit=at) if at in hits else None

    return HitPlace(
        ordinal, result.total, address(ordinal - 1), address(ordinal + 1), rects_of_hit(page_id, hits[ordinal])
    )
