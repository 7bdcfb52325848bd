"""The roster 人员名册 at the screen: a spreadsheet goes up, is searched with its progress in sight, and becomes a
matrix of people and kinds of documents whose counts lead to the pages.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select

from dossier.cases import number_of
from dossier.catalogue.tables import Case
from dossier.errors import NotFound
from dossier.excerpts import pages_in_sight
from dossier.permissions import case_in_sight, seen_by
from dossier.viewers import Viewer
from indexer.roster.kinds import GROUPS, group_of
from indexer.roster.matrix import DETAIL_NAMES, DOUBTS, NOT_SEARCHED, Matrix, PersonPage, PersonRow
from indexer.roster.people import plain_amount
from indexer.roster.sheet import MOST_BYTES
from indexer.roster.workbook import MEDIA_TYPE, workbook_of
from search_api.desk.kept_rosters import KEPT_SECONDS, KeptRoster, KeptRosters
from search_api.session import COOKIE
from search_api.site import Site, TheSite, TheViewer

MOST_CASES_OFFERED = 200

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Cell:
    """A count of the matrix: pages without a doubt, and those with one."""

    group: int
    certain: int
    doubtful: int


@router.get("/roster")
def roster_form(request: Request, site: TheSite, viewer: TheViewer, case: str = "") -> Response:
    """The form, and what is kept of the rosters of before."""
    return _form(request, site, viewer, case)


@router.post("/roster")
def roster_sent(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    file: Annotated[UploadFile, File()],
    case: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Take a spreadsheet, and have it searched."""
    assert site.roster is not None  # the route is there only with it
    search = site.roster
    content = file.file.read(MOST_BYTES + 1)
    wanted = case.strip()
    if wanted:
        with site.catalogue.reading() as session:
            case_in_sight(session, viewer, wanted)
    kept = _rosters(request).begin(
        viewer, _token(request), file.filename or "名册",
        lambda progress: search(content, wanted or None, progress, viewer=viewer),
    )  # fmt: skip
    return RedirectResponse(f"/roster/{kept.id}", 303)


@router.get("/roster/{roster_id}")
def roster_shown(request: Request, site: TheSite, viewer: TheViewer, roster_id: str) -> Response:
    """How far the search is, and then the matrix."""
    kept = _rosters(request).get(viewer, _token(request), roster_id)
    context: dict[str, Any] = {"kept": kept, "minutes": _minutes(kept)}
    if kept.matrix is None:
        return site.pages.TemplateResponse(request, "roster_waiting.html", context | {"progress": _progress(kept)})
    matrix = _seen_matrix(request, site, viewer, kept)
    _note(site, viewer, matrix)
    used = {group_of(page.facts.kind) for row in matrix.rows for page in row.pages}
    groups = [group for group in GROUPS if group in used or group != GROUPS[-1]]
    rows = [(at, row, _cells(row, groups), _remarks(row)) for at, row in enumerate(matrix.rows)]
    context |= {
        "matrix": matrix,
        "groups": groups,
        "rows": rows,
        "missing": sum(row.is_missing for row in matrix.rows),
        "unsearched": sum(not row.searched for row in matrix.rows),
        "not_searched": NOT_SEARCHED,
        "plain": plain_amount,
    }
    return site.pages.TemplateResponse(request, "roster_matrix.html", context)


@router.get("/roster/{roster_id}/progress")
def roster_progress(request: Request, viewer: TheViewer, roster_id: str) -> dict[str, Any]:
    """How far the search is."""
    return _progress(_rosters(request).get(viewer, _token(request), roster_id))


@router.get("/roster/{roster_id}/people/{place}")
def roster_person(
    request: Request, site: TheSite, viewer: TheViewer, roster_id: str, place: int, group: int = -1
) -> Response:
    """The pages that name a person, all or those of a column of the matrix."""
    kept = _rosters(request).get(viewer, _token(request), roster_id)
    matrix = _seen_matrix(request, site, viewer, kept)
    if not 0 <= place < len(matrix.rows) or not -1 <= group < len(GROUPS):
        raise NotFound(f"{roster_id}: {place}")
    row = matrix.rows[place]
    pages = [page for page in row.pages if group < 0 or group_of(page.facts.kind) == GROUPS[group]]
    _note(site, viewer, matrix, pages)
    context = {
        "kept": kept,
        "row": row,
        "place": place,
        "pages": pages,
        "group": GROUPS[group] if group >= 0 else "",
        "coverage": matrix.coverage,
        "cases": sorted({(page.facts.case_id, page.facts.case_number) for page in row.pages}),
        "details": DETAIL_NAMES,
        "doubts": DOUBTS,
        "remarks": _remarks(row),
        "plain": plain_amount,
    }
    return site.pages.TemplateResponse(request, "roster_person.html", context)


@router.get("/roster/{roster_id}/xlsx")
def roster_workbook(request: Request, site: TheSite, viewer: TheViewer, roster_id: str) -> Response:
    """The matrix as XLSX, with citations."""
    kept = _rosters(request).get(viewer, _token(request), roster_id)
    matrix = _seen_matrix(request, site, viewer, kept)
    _note(site, viewer, matrix)
    name = quote("名册检索结果.xlsx")
    headers = {"Content-Disposition": f"attachment; filename=\"roster.xlsx\"; filename*=UTF-8''{name}"}
    return Response(workbook_of(matrix), media_type=MEDIA_TYPE, headers=headers)


@router.post("/roster/{roster_id}/forget")
def roster_forgotten(request: Request, viewer: TheViewer, roster_id: str) -> Response:
    """Forget a roster and what was found."""
    rosters = _rosters(request)
    rosters.forget(rosters.get(viewer, _token(request), roster_id))
    return RedirectResponse("/roster", 303)


def _form(request: Request, site: Site, viewer: Viewer, case: str) -> Response:
    with site.catalogue.reading() as session:
        newest = select(Case).where(seen_by(viewer)).order_by(Case.created_at.desc()).limit(MOST_CASES_OFFERED)
        cases = [(one.id, number_of(session, one) or "", one.name) for one in session.scalars(newest)]
    kept = [(one, _minutes(one)) for one in _rosters(request).of(viewer, _token(request))]
    context = {
        "cases": cases, "chosen": case, "kept": kept, "most_megabytes": MOST_BYTES // 1_000_000,
        "kept_minutes": int(KEPT_SECONDS / 60),
    }  # fmt: skip
    return site.pages.TemplateResponse(request, "roster.html", context)


def _rosters(request: Request) -> KeptRosters:
    rosters: KeptRosters = request.app.state.rosters
    return rosters


def _token(request: Request) -> str:
    return request.cookies.get(COOKIE, "")


def _minutes(kept: KeptRoster) -> int:
    return max(1, round((kept.until - time.time()) / 60))


def _progress(kept: KeptRoster) -> dict[str, Any]:
    left = kept.seconds_left
    return {
        "state": kept.state,
        "done": kept.done,
        "total": kept.total,
        "seconds_left": None if left is None else round(left, 1),
        "error": None if kept.error is None else {"title": kept.error.title, "detail": kept.error.detail,
                                                  "remedy": kept.error.remedy},
    }  # fmt: skip


def _seen_matrix(request: Request, site: Site, viewer: Viewer, kept: KeptRoster) -> Matrix:
    """What was found, where all of it is still in sight: a case may have been sealed since, a page gone to another one.

    Raises:
        NotFound: nothing is there, or something is out of sight; it is then forgotten.
    """
    matrix = kept.matrix
    if matrix is None:
        raise NotFound(kept.id)
    wanted = {page.facts.page_id for row in matrix.rows for page in row.pages}
    with site.catalogue.reading() as session:
        seen = pages_in_sight(session, viewer, wanted)
    if not wanted <= seen:
        _rosters(request).forget(kept)
        raise NotFound(kept.id)
    return matrix


def _note(site: Site, viewer: Viewer, matrix: Matrix, pages: list[PersonPage] | None = None) -> None:
    """Put on record that somebody is shown what was found; to be called before they are."""
    shown = [page for row in matrix.rows for page in row.pages] if pages is None else pages
    site.looks.note_search(viewer, "（人员名册）", ((page.facts.case_id, page.facts.page_id) for page in shown))


def _cells(row: PersonRow, groups: list[str]) -> list[Cell]:
    certain = dict.fromkeys(groups, 0)
    doubtful = dict.fromkeys(groups, 0)
    for page in row.pages:
        counted = doubtful if page.doubt else certain
        counted[group_of(page.facts.kind)] += 1
    return [Cell(GROUPS.index(group), certain[group], doubtful[group]) for group in groups]


def _remarks(row: PersonRow) -> list[str]:
    return [remark.chinese for remark in row.person.remarks]
