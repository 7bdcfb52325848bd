"""Search 搜索: a box, and pages with the words found, as a page and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Case, CaseNumber, Page
from dossier.errors import EdossierError
from dossier.permissions import case_in_sight, seen_by
from dossier.viewers import Viewer
from indexer.engine import DEEPEST
from indexer.search import Hit, SearchResult
from search_api.page_picture import THUMBNAIL, picture_address
from search_api.problems import problem_of
from search_api.site import Site, TheSite, TheViewer

HITS_A_VIEW = 20
# Beyond it no engine pages; a query that finds so much must be narrowed down.
LAST_START = DEEPEST - HITS_A_VIEW + 1
LONGEST_QUERY = 1000
_MOST_CASES_SUGGESTED = 200

QueryText = Annotated[str, Query(max_length=LONGEST_QUERY)]
CaseName = Annotated[str, Query(max_length=200, description="a case's number, in any brackets, or its id")]

router = APIRouter()


@dataclass(frozen=True)
class FoundPage:
    """A hit as it is shown: where its page view and its picture are, the picture's size in pixels."""

    hit: Hit
    address: str
    picture: str
    width: int
    height: int


@dataclass(frozen=True)
class Coverage:
    """How much could be searched: of all pages, or of one case's."""

    searchable: int
    pages: int


@router.get("/", include_in_schema=False)
def search_page(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    q: QueryText = "",
    case: CaseName = "",
    start: Annotated[int, Query(ge=1, le=LAST_START)] = 1,
) -> Response:
    """The search box and, where there is a query, its hits from the `start`-th on."""
    query, case = q.strip(), case.strip()
    context: dict[str, Any] = {"q": query, "case": case, "start": start, "result": None, "problem": None}
    status = 200
    try:
        if query:
            result = site.search(query, case or None, HITS_A_VIEW, start - 1, viewer=viewer)
            context |= {"result": result, "found": found_pages(site, result, query, case, start)}
    except EdossierError as error:
        problem = problem_of(error)
        context["problem"], status = problem, problem.status
    with site.catalogue.reading() as session:
        context["suggested"] = _case_numbers(session, viewer)
        if context["problem"] is None:
            context["coverage"] = coverage(session, viewer, case)
    context["links"] = _links(query, case, start, context["result"])
    return site.pages.TemplateResponse(request, "search.html", context, status)


@router.get("/api/v1/search")
def search(
    site: TheSite,
    viewer: TheViewer,
    q: Annotated[str, Query(min_length=1, max_length=LONGEST_QUERY, description="what to look for")],
    case: CaseName = "",
    limit: Annotated[int, Query(ge=1, le=100)] = HITS_A_VIEW,
) -> dict[str, Any]:
    """Pages that a query finds, best first, as `edossier search --json` gives them."""
    return site.search(q, case.strip() or None, limit, viewer=viewer).as_json()


def page_address(page_id: str, query: str, case: str, ordinal: int | None) -> str:
    """The address of a page's view that marks a query; `ordinal` is the hit's place in the answer, from 1."""
    asked = {"q": query, "case": case, "hit": ordinal}
    kept = {name: value for name, value in asked.items() if value}
    return f"/pages/{page_id}" + (f"?{urlencode(kept)}" if kept else "")


def found_pages(site: Site, result: SearchResult, query: str, case: str, start: int) -> list[FoundPage]:
    """The hits with what the screen needs to show their pictures."""
    with site.catalogue.reading() as session:
        shapes = {
            page.id: page
            for page in session.scalars(select(Page).where(Page.id.in_([hit.page_id for hit in result.hits])))
        }
        return [
            FoundPage(
                hit=hit,
                address=page_address(hit.page_id, query, case, start + offset),
                picture=picture_address(hit.page_id, shapes[hit.page_id].reading_version, THUMBNAIL),
                width=shapes[hit.page_id].width,
                height=shapes[hit.page_id].height,
            )
            for offset, hit in enumerate(result.hits)
            if hit.page_id in shapes
        ]


def coverage(session: Session, viewer: Viewer, case: str) -> Coverage:
    """How many pages could be searched, of how many the viewer sees; `case` may be empty for all."""
    counted = select(Page.state, func.count()).group_by(Page.state)
    if case:
        counted = counted.where(Page.case_id == case_in_sight(session, viewer, case).id)
    else:
        counted = counted.where(Page.case_id.in_(select(Case.id).where(seen_by(viewer))))
    states = dict(session.execute(counted).all())
    return Coverage(states.get("searchable", 0), sum(states.values()))


def _case_numbers(session: Session, viewer: Viewer) -> list[str]:
    return list(
        session.scalars(
            select(CaseNumber.as_given)
            .join(Case, Case.id == CaseNumber.case_id)
            .where(seen_by(viewer))
            .order_by(CaseNumber.id.desc())
            .limit(_MOST_CASES_SUGGESTED)
        )
    )


def _links(query: str, case: str, start: int, result: SearchResult | None) -> dict[str, str | None]:
    """Addresses of the earlier and later hits; None where there are none."""
    last = min(result.total, LAST_START) if result else 0
    has_earlier, has_later = result is not None and start > 1, start + HITS_A_VIEW <= last
    return {
        "earlier": _address(query, case, max(1, start - HITS_A_VIEW)) if has_earlier else None,
        "later": _address(query, case, start + HITS_A_VIEW) if has_later else None,
    }


def _address(query: str, case: str, start: int) -> str:
    asked: dict[str, str | int] = {"q": query}
    if case:
        asked["case"] = case
    if start > 1:
        asked["start"] = start
    return f"/?{urlencode(asked)}"
