"""Search for programs: hits, facets, and the hits around a page, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from indexer.engine import DEEPEST
from search_api.asked import CaseName, Cursor, GroupName, NeededText, OrderName, TheNarrowing
from search_api.contract import ENGINE_PROBLEMS, refusals
from search_api.heavy import heavy
from search_api.rest.search_answers import FacetsAnswer, NeighboursAnswer, SearchAnswer
from search_api.site import TheSite, TheViewer

HITS_AN_ANSWER = 20
MOST_HITS_AN_ANSWER = 100

_ASKED = ("not_found", "number_clash", "usage", *ENGINE_PROBLEMS)

router = APIRouter(prefix="/api/v1")


@router.get("/search", response_model=SearchAnswer, responses=refusals(*_ASKED))
@heavy
def search(
    site: TheSite,
    viewer: TheViewer,
    narrowing: TheNarrowing,
    q: NeededText,
    case: CaseName = "",
    order: OrderName = "relevance",
    group: GroupName = None,
    after: Cursor = "",
    offset: Annotated[int, Query(ge=0, le=DEEPEST, description="in place of `after`; at most 10,000 deep")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_HITS_AN_ANSWER)] = HITS_AN_ANSWER,
) -> Response:
    """Pages that a query finds, as `edossier search --json` gives them."""
    found = site.searcher.search(
        q,
        case.strip() or None,
        limit,
        offset,
        viewer=viewer,
        order=order,
        after=after,
        group=group,
        narrowing=narrowing,
    )
    site.looks.note_search(viewer, q, ((hit.case_id, hit.page_id) for hit in found.hits))
    return JSONResponse(found.as_json())


@router.get("/search/facets", response_model=FacetsAnswer, responses=refusals(*_ASKED))
@heavy
def facets(
    site: TheSite,
    viewer: TheViewer,
    narrowing: TheNarrowing,
    q: NeededText,
    case: CaseName = "",
    limit: Annotated[int, Query(ge=1, le=1000, description="values of each facet")] = HITS_AN_ANSWER,
) -> Response:
    """How many hits a query has by case, charge, department, volume kind and year of the case; exact."""
    found = site.searcher.facets(q, case.strip() or None, limit, viewer=viewer, narrowing=narrowing)
    site.looks.note_search(viewer, q, None)
    return JSONResponse(found.as_json())


@router.get("/search/neighbours", response_model=NeighboursAnswer, responses=refusals(*_ASKED))
@heavy
def neighbours(
    site: TheSite,
    viewer: TheViewer,
    narrowing: TheNarrowing,
    page_id: Annotated[str, Query(max_length=200)],
    q: NeededText,
    case: CaseName = "",
) -> Response:
    """The hits of a query in a page's document: how many, which of them the page is, and those next to it."""
    found = site.searcher.neighbours(page_id, q, case.strip() or None, viewer=viewer, narrowing=narrowing)
    site.looks.note_search(viewer, q, None)
    return JSONResponse(asdict(found))
