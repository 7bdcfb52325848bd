"""The routes of cases: put by number, found, changed, and the deeds that are done to them.

Every change answers with the case as it stands. All but PATCH may be repeated: done twice ends as if done once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.orm import Session

from dossier import case_deeds, keyed_requests
from dossier.case_deeds import case_by_id
from dossier.case_merge import merge
from dossier.case_metadata import CaseMetadata, NumberGiven
from dossier.case_record import record_of, tag_of
from dossier.case_split import split
from dossier.catalogue.tables import Case
from dossier.directory import directory_of
from dossier.permissions import case_in_sight
from dossier.viewers import Viewer
from search_api.contract import refusals
from search_api.heavy import heavy
from search_api.idempotency import IDEMPOTENCY_KEY
from search_api.problems import Problem
from search_api.rest.case_forms import (
    CASE_EXAMPLE,
    ETAG_HEADER,
    FOREIGN_EXAMPLE,
    IF_MATCH,
    NUMBER,
    CaseAnswer,
    DeliveryForm,
    DirectoryAnswer,
    HandlerForm,
    MergeForm,
    ProceedingForm,
    SplitForm,
)
from search_api.site import Site, TheSite, TheViewer

CASES = "/api/v1/cases"

router = APIRouter(tags=["cases"])

Deed = Callable[[Session, Viewer, str], tuple[Case, int]]

_PUT = (
    "number_clash", "number_taken", "number_insufficient", "case_out_of_reach", "case_deed_refused",
    "idempotency_key_reused", "not_found",
)  # fmt: skip
_CHANGE = ("not_found", "number_clash", "number_taken", "case_deed_refused", "idempotency_key_reused")
_FOUND: dict[str, Any] = {"description": "the case", "headers": ETAG_HEADER}
_CHANGED: dict[str, Any] = {"description": "the case as it stands now", "headers": ETAG_HEADER}
_NEW: dict[str, Any] = {
    "model": CaseAnswer,
    "description": "the case; it, or what was put into it, is new",
    "headers": {**ETAG_HEADER, "Location": {"schema": {"type": "string"}, "description": "the case's address"}},
}


@router.post(CASES, response_model=CaseAnswer, responses={200: _CHANGED, 201: _NEW, **refusals(*_PUT)})
def put_case(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    metadata: Annotated[
        CaseMetadata,
        Body(
            openapi_examples={
                "ours": {"summary": "our field names", "value": CASE_EXAMPLE},
                "schema": {"summary": "field names of public case-system schemas", "value": FOREIGN_EXAMPLE},
            }
        ),
    ],
    key: IDEMPOTENCY_KEY = None,
) -> Response:
    """Open the case with these numbers (201), or bring it up to date (200). What is not given stays as it was."""

    def deed(session: Session, viewer: Viewer, actor: str) -> tuple[Case, int]:
        case, is_new = case_deeds.put_case(session, viewer, metadata, actor)
        return case, 201 if is_new else 200

    return _done(request, site, viewer, key, metadata, deed)


@router.get(CASES, response_model=CaseAnswer, responses={200: _FOUND, **refusals("not_found", "number_clash")})
def find_case(
    site: TheSite,
    viewer: TheViewer,
    number: Annotated[
        str, Query(min_length=1, max_length=200, description="in any brackets", examples=[NUMBER["number"]])
    ],
) -> Response:
    """The case with a number."""
    with site.catalogue.reading() as session:
        return _answer(record_of(session, case_in_sight(session, viewer, number)))


@router.get(
    f"{CASES}/{{case_id}}",
    response_model=CaseAnswer,
    responses={200: _FOUND, 304: {"description": "it is as If-None-Match says"}, **refusals("not_found")},
)
def case(
    site: TheSite,
    viewer: TheViewer,
    case_id: str,
    if_none_match: Annotated[str | None, Header(alias="If-None-Match", include_in_schema=False)] = None,
) -> Response:
    """A case; the id of one that was merged answers with the case that it has become part of."""
    with site.catalogue.reading() as session:
        record = record_of(session, case_by_id(session, viewer, case_id))
    if if_none_match is not None and _names(if_none_match, tag_of(record), weakly=True):
        return Response(status_code=304, headers={"ETag": tag_of(record)})
    return _answer(record, asked=case_id)


@router.patch(
    f"{CASES}/{{case_id}}",
    response_model=CaseAnswer,
    responses={200: _CHANGED, **refusals(*_CHANGE, "precondition_failed", "precondition_missing")},
    openapi_extra=IF_MATCH,
)
def change_case(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    case_id: str,
    metadata: Annotated[CaseMetadata, Body(examples=[{"charge": "合同诈骗罪", "due_on": None}])],
    if_match: Annotated[str | None, Header(alias="If-Match", include_in_schema=False)] = None,
    key: IDEMPOTENCY_KEY = None,
) -> Response:
    """Change fields of a case; null empties one. Numbers are added, never taken away."""

    def deed(session: Session, viewer: Viewer, actor: str) -> tuple[Case, int]:
        case = case_by_id(session, viewer, case_id)
        if if_match is None or not if_match.strip():
            raise Problem(428, "precondition_missing", "缺少 If-Match。", "请带上取得案件时的 ETag。")
        if not _names(if_match, tag_of(record_of(session, case))):
            raise Problem(412, "precondition_failed", "案件在此期间已有变化。", "请重新取得案件，再决定是否修改。")
        case_deeds.change_case(session, case, metadata, actor, metadata.emptied)
        return case, 200

    return _done(request, site, viewer, key, metadata, deed)


@router.post(f"{CASES}/{{case_id}}/numbers", response_model=CaseAnswer, responses={200: _CHANGED, **refusals(*_CHANGE)})
def bind_number(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    case_id: str,
    number: Annotated[NumberGiven, Body(examples=[NUMBER])],
    key: IDEMPOTENCY_KEY = None,
) -> Response:
    """Give a case one more number."""

    def deed(session: Session, viewer: Viewer, actor: str) -> tuple[Case, int]:
        case = case_by_id(session, viewer, case_id)
        case_deeds.add_number(session, case, number, actor)
        return case, 200

    return _done(request, site, viewer, key, number, deed)


@router.post(f"{CASES}/{{case_id}}/handler", response_model=CaseAnswer, responses={200: _CHANGED, **refusals(*_CHANGE)})
def change_handler(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    case_id: str,
    form: HandlerForm,
    key: IDEMPOTENCY_KEY = None,
) -> Response:
    """Give a case to another handler."""

    def deed(session: Session, viewer: Viewer, actor: str) -> tuple[Case, int]:
        case = case_by_id(session, viewer, case_id)
        case_deeds.hand_over(session, case, form.handler, actor)
        return case, 200

    return _done(request, site, viewer, key, form, deed)


@router.post(
    f"{CASES}/{{case_id}}/deliveries",
    response_model=CaseAnswer,
    responses={200: _CHANGED, 201: _NEW, **refusals(*_CHANGE)},
)
def put_delivery(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    case_id: str,
    form: DeliveryForm,
    key: IDEMPOTENCY_KEY = None,
) -> Response:
    """Say what came together 移送批次; the same kind and number is the same delivery."""

    def deed(session: Session, viewer: Viewer, actor: str) -> tuple[Case, int]:
        case = case_by_id(session, viewer, case_id)
        return case, 201 if case_deeds.put_delivery(session, case, form.as_delivered(), actor) else 200

    return _done(request, site, viewer, key, form, deed)


@router.post(
    f"{CASES}/{{case_id}}/proceedings",
    response_model=CaseAnswer,
    responses={200: _CHANGED, 201: _NEW, **refusals(*_CHANGE)},
)
def put_proceeding(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    case_id: str,
    form: ProceedingForm,
    key: IDEMPOTENCY_KEY = None,
) -> Response:
    """Say with which number the case came 件; the same number is the same coming."""

    def deed(session: Session, viewer: Viewer, actor: str) -> tuple[Case, int]:
        case = case_by_id(session, viewer, case_id)
        return case, 201 if case_deeds.put_proceeding(session, case, form.as_come(), actor) else 200

    return _done(request, site, viewer, key, form, deed)


@router.post(f"{CASES}/{{case_id}}/merge", response_model=CaseAnswer, responses={200: _CHANGED, **refusals(*_CHANGE)})
def merge_case(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    case_id: str,
    form: MergeForm,
    key: IDEMPOTENCY_KEY = None,
) -> Response:
    """Let another case become part of this one 并案: its volumes move, its numbers and its id lead here for ever."""

    def deed(session: Session, viewer: Viewer, actor: str) -> tuple[Case, int]:
        case = case_by_id(session, viewer, case_id)
        merge(session, case, case_in_sight(session, viewer, form.case), actor)
        return case, 200

    return _done(request, site, viewer, key, form, deed)


@router.post(
    f"{CASES}/{{case_id}}/split",
    response_model=CaseAnswer,
    responses={200: _CHANGED, 201: _NEW, **refusals(*_PUT)},
)
def split_case(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    case_id: str,
    form: SplitForm,
    key: IDEMPOTENCY_KEY = None,
) -> Response:
    """Let volumes go to a case of their own 分案, or to one that is there; answers with that case."""

    def deed(session: Session, viewer: Viewer, actor: str) -> tuple[Case, int]:
        case = case_by_id(session, viewer, case_id)
        target, is_new = split(session, viewer, case, form.volumes, form.case, actor)
        return target, 201 if is_new else 200

    return _done(request, site, viewer, key, form, deed)


@router.get(
    f"{CASES}/{{case_id}}/directory",
    response_model=DirectoryAnswer,
    responses={200: {"description": "the directory"}, **refusals("not_found")},
)
@heavy
def directory(site: TheSite, viewer: TheViewer, case_id: str) -> Response:
    """The directory of a case: its volumes, their documents with first and last page, and the files as they came."""
    with site.catalogue.reading() as session:
        return JSONResponse(directory_of(session, case_by_id(session, viewer, case_id)))


def _done(request: Request, site: Site, viewer: Viewer, key: str | None, asked: Any, deed: Deed) -> Response:
    """Do a deed in one transaction, unless it was done for this key before, and answer with its case."""
    digest = keyed_requests.digest_of(
        request.method, request.url.path, request.headers.get("if-match"),
        asked.model_dump(mode="json", exclude_unset=True),
    )  # fmt: skip
    with site.catalogue.writing() as session:
        known = keyed_requests.find(session, viewer.id, key, keyed_requests.CASE, digest)
        if known is not None:
            case, status = case_by_id(session, viewer, known.subject_id), known.status
        else:
            case, status = deed(session, viewer, viewer.name or viewer.id)
            session.flush()
            keyed_requests.keep(session, viewer.id, key, keyed_requests.CASE, digest, case.id, status)
        record = record_of(session, case)
    return _answer(record, status)


def _answer(record: dict[str, Any], status: int = 200, asked: str | None = None) -> Response:
    headers = {"ETag": tag_of(record)}
    address = f"{CASES}/{record['id']}"
    if status == 201:
        headers["Location"] = address
    if asked is not None and asked != record["id"]:
        headers["Content-Location"] = address
    return JSONResponse(record, status, headers)


def _names(condition: str, tag: str, weakly: bool = False) -> bool:
    """Whether If-Match (strong comparison) or If-None-Match (weak) names a tag (RFC 9110, 13.1)."""
    tags = [each.strip() for each in condition.split(",")]
    if weakly:
        tags = [each.removeprefix("W/") for each in tags]
    return "*" in tags or tag in tags
