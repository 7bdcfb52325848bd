"""PDFs of documents and volumes over the API: sent where they stand, asked for where they do not yet.

They are made by workers; here it is only known from the catalogue whether the file that stands there is of today.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import looks, work
from dossier.catalogue.tables import Document, Volume, Work
from dossier.errors import NotFound, error_of
from dossier.pdf_contents import (
    PdfContents,
    contents_of_document,
    contents_of_volume,
    document_key,
    file_name,
    volume_key,
)
from dossier.permissions import sees
from dossier.viewers import Viewer
from search_api.contract import PAGE_PROBLEMS, refusals
from search_api.site import Site, TheSite, TheViewer

MEDIA_TYPE = "application/pdf"
RETRY_SECONDS = 2
# What failed so long ago may go well today: the volume has changed, or the machine was mended.
_FAILED_FOR_SECONDS = 60.0

router = APIRouter()


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
    **refusals("not_found", *PAGE_PROBLEMS),
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
