"""A person's statements 笔录 in a case in sequence: for programs, and as a page with two of them side by side."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from dossier import looks
from dossier.cases import number_of
from dossier.errors import UsageError
from dossier.permissions import case_in_sight
from dossier.viewers import Viewer
from indexer.roster.facts import counts_of, coverage_of, names_in_cases
from indexer.roster.matrix import Coverage
from indexer.roster.people import is_searchable_name
from indexer.statements.sequence import TITLES, Statements, statements_of
from search_api.contract import ENGINE_PROBLEMS, refusals
from search_api.desk.excerpt_routes import case_heading
from search_api.desk.statement_answers import StatementsAnswer
from search_api.site import Site, TheSite, TheViewer

router = APIRouter()

LONGEST_NAME = 60
NeededName = Annotated[str, Query(min_length=1, max_length=LONGEST_NAME, description="whose: the name in full")]
GivenName = Annotated[str, Query(max_length=LONGEST_NAME)]


@router.get(
    "/api/v1/cases/{case_id}/statements",
    response_model=StatementsAnswer,
    responses=refusals("not_found", "usage", *ENGINE_PROBLEMS),
)
def statements(site: TheSite, viewer: TheViewer, case_id: str, name: NeededName) -> Response:
    """A person's statements in a case: `statements` by time, `undated` those whose day could not be read, and why.

    All that is said of a statement was read by machine, on its first page; `doubts` says what is to be compared first.
    """
    wanted = name.strip()
    if not is_searchable_name(wanted):
        raise UsageError("姓名至少两个字 / a name of two characters at least")
    found, coverage = _found(site, viewer, case_id, wanted)
    content = {
        "case_id": case_id,
        "name": wanted,
        "coverage": {"searchable": coverage.searchable, "parked": coverage.parked, "pages": coverage.pages},
        "complete": not found.is_cut,
        "statements": [one.as_json() for one in found.dated],
        "undated": [one.as_json() for one in found.undated],
    }
    return JSONResponse(content)


@router.get("/cases/{case_id}/statements", include_in_schema=False)
def statements_page(request: Request, site: TheSite, viewer: TheViewer, case_id: str, name: GivenName = "") -> Response:
    """The page: the list of a person's statements, and two of them side by side."""
    wanted = name.strip()
    with site.catalogue.reading() as session:
        case = case_in_sight(session, viewer, case_id)
        context: dict[str, Any] = {
            "case_id": case.id,
            "heading": case_heading(session, case),
            "number": number_of(session, case),
            "people": sorted(names_in_cases(session, [case.id])),
        }
    found, coverage = Statements((), ()), Coverage(0, 0, 0)
    if is_searchable_name(wanted):
        found, coverage = _found(site, viewer, case_id, wanted)
    context |= {"name": wanted, "found": found, "coverage": coverage, "is_name": is_searchable_name(wanted)}
    return site.pages.TemplateResponse(request, "statements.html", context)


def _found(site: Site, viewer: Viewer, case_id: str, name: str) -> tuple[Statements, Coverage]:
    """What is found, over how much, within sight at the moment of the answer; put on record before it is given."""
    with site.catalogue.reading() as session:
        case = case_in_sight(session, viewer, case_id)
        before = counts_of(session, [case.id])
    page_ids = site.searcher.pages_saying(case.id, name, TITLES, viewer=viewer)
    with site.catalogue.reading() as session:
        case = case_in_sight(session, viewer, case_id)
        found = statements_of(session, site.vault, case.id, name, page_ids, site.citations)
        coverage = coverage_of(before, counts_of(session, [case.id]))
    first_pages = [one.page_ids[0] for one in (*found.dated, *found.undated)]
    site.looks.note_search(viewer, f"（笔录）{name}", [(case.id, page_id) for page_id in first_pages])
    site.looks.note(viewer, first_pages, looks.TEXT)
    return found, coverage
