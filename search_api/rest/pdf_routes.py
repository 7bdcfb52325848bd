"""PDFs of documents, volumes, dossiers and chosen pages over the API: sent where they stand, asked for where not yet.

They are made by workers; here it is only known from the catalogue whether the file that stands there is of today.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import looks, work
from dossier.catalogue.tables import Document, Volume, Work
from dossier.errors import NotFound, UsageError, error_of
from dossier.exhibits import (
    LONGEST_TITLE,
    MOST_GROUPS,
    MOST_PAGES,
    Group,
    add_exhibit,
    contents_of_exhibit,
    exhibit_in_sight,
)
from dossier.pdf_contents import (
    MOST_CASE_PAGES,
    PdfContents,
    contents_key,
    contents_of_case,
    contents_of_document,
    contents_of_volume,
    document_key,
    file_name,
    pages_of_case,
    volume_key,
)
from dossier.permissions import case_in_sight, sees
from dossier.viewers import Viewer
from search_api.contract import PAGE_PROBLEMS, refusals
from search_api.idempotency import IDEMPOTENCY_KEY
from search_api.site import Site, TheSite, TheViewer

MEDIA_TYPE = "application/pdf"
RETRY_SECONDS = 2
# What failed so long ago may go well today: the volume has changed, or the machine was mended.
_FAILED_FOR_SECONDS = 60.0

_LOCATION = {"Location": {"schema": {"type": "string"}, "description": "the PDF's address"}}
_RETRY = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}}

router = APIRouter()

_PageId = Annotated[str, Field(min_length=1, max_length=100, pattern="^[0-9A-Za-z]+$")]


class ExhibitGroup(BaseModel):
    """Pages that prove one thing, in order."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field("", max_length=LONGEST_TITLE, description="its bookmark")
    pages: list[_PageId] = Field(min_length=1, max_length=MOST_PAGES, description="page ids")


class ExhibitAnswer(BaseModel):
    """A PDF of chosen pages, and how far it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "h3b0c9e1d2a4f5b6c7d8", "title": "第一组示证", "pages": 12,
                "pdf": "/api/v1/pdfs/h3b0c9e1d2a4f5b6c7d8.pdf", "state": "waiting",
            }
        }
    )  # fmt: skip
    id: str
    title: str
    pages: int
    pdf: str = Field(description="its address")
    state: str = Field(description="waiting, leased (it is being made) or done")


class NewExhibit(BaseModel):
    """Pages to be one PDF: in groups, or in one row; groups come first."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field("", max_length=LONGEST_TITLE)
    groups: list[ExhibitGroup] = Field(default=[], max_length=MOST_GROUPS)
    pages: list[_PageId] = Field(default=[], max_length=MOST_PAGES, description="page ids")


class PendingAnswer(BaseModel):
    """A PDF that is being made: waiting, or leased by a worker."""

    model_config = ConfigDict(json_schema_extra={"example": {"state": "waiting"}})
    state: str


_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        "description": "the PDF; parts of it by Range",
        "headers": {"ETag": {"schema": {"type": "string"}, "description": "what it is made from"}},
    },
    202: {
        "model": PendingAnswer,
        "headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}},
        "description": "it is being made; ask again after Retry-After seconds",
    },
    206: {
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        "description": "the part that Range names",
    },
    416: {"description": "there is no such part", "content": {"text/plain": {"schema": {"type": "string"}}}},
    **refusals("not_found", "number_clash", "usage", *PAGE_PROBLEMS),
}


@router.get("/api/v1/documents/{document_id}.pdf", response_class=FileResponse, responses=_RESPONSES)
def document_pdf(site: TheSite, viewer: TheViewer, document_id: str) -> Response:
    """A document's searchable PDF."""
    with site.catalogue.reading() as session:
        row = session.get(Document, document_id)
        if row is None or not sees(session, viewer, row.case_id):
            raise NotFound(document_id)
        contents = contents_of_document(session, document_id)
    key = document_key(site.vault, contents, site.settings.pdf_quality)
    return _answer(site, viewer, work.ASSEMBLE, document_id, contents, site.derived.document_pdf(document_id, key), key)


@router.get("/api/v1/volumes/{volume_id}.pdf", response_class=FileResponse, responses=_RESPONSES)
def volume_pdf(site: TheSite, viewer: TheViewer, volume_id: str) -> Response:
    """A volume's searchable PDF, with a bookmark for each document."""
    with site.catalogue.reading() as session:
        row = session.get(Volume, volume_id)
        if row is None or not sees(session, viewer, row.case_id):
            raise NotFound(volume_id)
        contents = contents_of_volume(session, row)
    key = volume_key(site.vault, contents, site.settings.pdf_quality)
    return _answer(site, viewer, work.BIND, volume_id, contents, site.derived.volume_pdf(volume_id, key), key)


@router.get("/api/v1/cases/{case_id}.pdf", response_class=FileResponse, responses=_RESPONSES)
def case_pdf(site: TheSite, viewer: TheViewer, case_id: str) -> Response:
    """A whole dossier's searchable PDF, with a bookmark for each volume and under it for each document."""
    with site.catalogue.reading() as session:
        case = case_in_sight(session, viewer, case_id)
        if pages_of_case(session, case.id) > MOST_CASE_PAGES:
            raise UsageError(
                f"全案超过 {MOST_CASE_PAGES:,} 页，请按卷下载 / more than {MOST_CASE_PAGES:,} pages: take it by volumes"
            )
        contents = contents_of_case(session, case)
    key = contents_key(site.vault, contents, site.settings.pdf_quality)
    return _answer(site, viewer, work.BIND_CASE, case.id, contents, site.derived.case_pdf(case.id, key), key)


@router.post(
    "/api/v1/pdfs",
    status_code=202,
    response_model=ExhibitAnswer,
    responses={
        200: {"model": ExhibitAnswer, "description": "it stands already", "headers": _LOCATION},
        202: {"model": ExhibitAnswer, "description": "it is being made", "headers": {**_LOCATION, **_RETRY}},
        **refusals("not_found", "usage", "idempotency_key_reused"),
    },
)
def new_exhibit_pdf(
    site: TheSite,
    viewer: TheViewer,
    wanted: NewExhibit,
    key: IDEMPOTENCY_KEY = None,
) -> Response:
    """Ask for one PDF of chosen pages, in groups; with an `Idempotency-Key`, or equal content, once."""
    groups = [Group(group.title, tuple(group.pages)) for group in wanted.groups]
    if wanted.pages:
        groups.append(Group("", tuple(wanted.pages)))
    # A program signs nothing; a person's copy says whose it is.
    mark = site.watermark_of(viewer) if viewer.scopes is None else ""
    with site.catalogue.writing() as session:
        exhibit, forgotten = add_exhibit(session, viewer, wanted.title.strip() or "示证", groups, mark, key or "")
        contents = contents_of_exhibit(session, exhibit, site.citations)
        exhibit_id, key = exhibit.id, contents_key(site.vault, contents, site.settings.pdf_quality)
    for other in forgotten:
        site.derived.forget_exhibit(other)
    address = f"/api/v1/pdfs/{exhibit_id}.pdf"
    told = {"id": exhibit_id, "title": contents.title, "pages": len(contents.pages), "pdf": address}
    if site.derived.exhibit_pdf(exhibit_id, key).exists():
        return JSONResponse({**told, "state": "done"}, 200, {"Location": address})
    state = _ask_for(site, work.BIND_EXHIBIT, exhibit_id)
    headers = {"Location": address, "Retry-After": str(RETRY_SECONDS)}
    return JSONResponse({**told, "state": state}, 202, headers)


@router.get("/api/v1/pdfs/{exhibit_id}.pdf", response_class=FileResponse, responses=_RESPONSES)
def exhibit_pdf(site: TheSite, viewer: TheViewer, exhibit_id: str) -> Response:
    """The PDF of chosen pages, for whoever has chosen them: a bookmark for each group and piece of a document, each
    page's citation as its label.
    """
    with site.catalogue.reading() as session:
        exhibit = exhibit_in_sight(session, viewer, exhibit_id)
        contents = contents_of_exhibit(session, exhibit, site.citations)
    key = contents_key(site.vault, contents, site.settings.pdf_quality)
    path = site.derived.exhibit_pdf(exhibit_id, key)
    return _answer(site, viewer, work.BIND_EXHIBIT, exhibit_id, contents, path, key)


def _answer(
    site: Site, viewer: Viewer, kind: str, subject_id: str, contents: PdfContents, path: Path, key: str
) -> Response:
    if not contents.pages:
        raise NotFound(subject_id)
    try:
        status = path.stat()
    except FileNotFoundError:
        state = _ask_for(site, kind, subject_id)
        return JSONResponse({"state": state}, 202, {"Retry-After": str(RETRY_SECONDS)})
    site.looks.note(viewer, [bound.page.id for bound in contents.pages], looks.PICTURE)
    name = quote(f"{file_name(contents.title)}.pdf", safe="")
    headers = {
        "Content-Disposition": f"attachment; filename=\"{subject_id}.pdf\"; filename*=UTF-8''{name}",
        "ETag": f'"{key}"',
    }
    return FileResponse(path, media_type=MEDIA_TYPE, headers=headers, stat_result=status)


def _ask_for(site: Site, kind: str, subject_id: str) -> str:
    """Ask for the work, once, and say how it stands.

    Raises:
        EdossierError: it has failed.
    """
    with site.catalogue.reading() as session:
        standing = _standing(session, kind, subject_id)
    now = time.time()
    if standing is not None and standing.state == "failed" and standing.updated_at > now - _FAILED_FOR_SECONDS:
        raise error_of(standing.error_code or "", standing.error_detail)
    is_asked = standing is not None and (
        standing.state == "leased"
        # A failed attempt waits a little before the next.
        or (standing.state == "waiting" and standing.priority <= work.URGENT
            and (standing.attempts or standing.not_before <= now))
    )  # fmt: skip
    if not is_asked:
        with site.catalogue.writing() as session:
            work.request(session, kind, [subject_id], priority=work.URGENT)
    return standing.state if standing is not None and is_asked else "waiting"


def _standing(session: Session, kind: str, subject_id: str) -> Work | None:
    return session.scalars(select(Work).where(Work.kind == kind, Work.subject_id == subject_id)).first()
