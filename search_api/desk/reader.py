"""The reader: a volume's pages one below the other, with its directory, small pictures, and the hits of a query.

The browser knows the shape of every page from the start, so that nothing moves while pictures come, and holds those
alone that are near.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier.cases import number_of
from dossier.catalogue.tables import Case, Document, Page, Volume
from dossier.errors import NotFound
from dossier.permissions import sees
from dossier.viewers import Viewer
from search_api.asked import NeededText, TheAsked, TheNarrowing
from search_api.contract import ENGINE_PROBLEMS, refusals
from search_api.desk.page_answers import OutlineAnswer, VolumeHitsAnswer
from search_api.site import TheSite, TheViewer

router = APIRouter()


@dataclass(frozen=True)
class DirectoryEntry:
    """A document of the volume 卷内材料, and its first and last place in it."""

    document_id: str
    title: str
    first: int
    last: int


@router.get("/volumes/{volume_id}/read", include_in_schema=False)
def reader(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    volume_id: str,
    asked: TheAsked,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> Response:
    """The volume, opened at a page; with a query, its words are boxed."""
    with site.catalogue.reading() as session:
        volume = _volume_in_sight(session, viewer, volume_id)
        case = session.get_one(Case, volume.case_id)
        directory = directory_of(session, volume_id)
        last = max((entry.last for entry in directory), default=0)
        context = {
            "volume": volume.name,
            "volume_id": volume_id,
            "case_id": case.id,
            "case_number": number_of(session, case),
            "case_name": case.name,
            "directory": directory,
            "last": last,
            "page": min(page, max(last, 1)),
            "q": asked.q,
            "kept": {name: value for name, value in asked.parameters.items() if name != "q"},
        }
    return site.pages.TemplateResponse(request, "reader.html", context)


@router.get("/api/v1/volumes/{volume_id}/outline", response_model=OutlineAnswer, responses=refusals("not_found"))
def volume_outline(site: TheSite, viewer: TheViewer, volume_id: str) -> Response:
    """A volume's directory, and its pages in order: what is needed to lay them out.

    `pages` has a list for each of `page_ids`, `widths` and `heights` (pixels of the upright page), `labels` (null where
    there is none), `label_states` (read, proposed, confirmed) and `readings` (the version, null before it has been
    read); place n is that of page_number n + 1.
    """
    with site.catalogue.reading() as session:
        volume = _volume_in_sight(session, viewer, volume_id)
        rows = session.execute(
            select(Page.id, Page.width, Page.height, Page.page_label, Page.page_label_state, Page.reading_version)
            .where(Page.volume_id == volume_id, Page.outside.is_(None))
            .order_by(Page.page_number, Page.id)
        ).all()
        directory = directory_of(session, volume_id)
        name = volume.name
    names = ("page_ids", "widths", "heights", "labels", "label_states", "readings")
    outline = {
        "volume_id": volume_id,
        "volume": name,
        "documents": [
            {"document_id": entry.document_id, "title": entry.title, "first": entry.first, "last": entry.last}
            for entry in directory
        ],
        "pages": {column: [row[at] for row in rows] for at, column in enumerate(names)},
    }
    return JSONResponse(outline)


@router.get(
    "/api/v1/volumes/{volume_id}/hits",
    response_model=VolumeHitsAnswer,
    responses=refusals("not_found", "usage", *ENGINE_PROBLEMS),
)
def volume_hits(site: TheSite, viewer: TheViewer, volume_id: str, narrowing: TheNarrowing, q: NeededText) -> Response:
    """The pages of a volume that a query finds, by their place, in order."""
    found = site.searcher.pages_in_volume(volume_id, q, viewer=viewer, narrowing=narrowing)
    site.looks.note_search(viewer, q, None)
    return JSONResponse({"total": len(found), "page_numbers": list(found)})


def directory_of(session: Session, volume_id: str) -> list[DirectoryEntry]:
    """The documents of a volume that have pages, in its order."""
    first, last = func.min(Page.page_number), func.max(Page.page_number)
    rows = session.execute(
        select(Document.id, Document.title, first, last)
        .join(Page, Page.document_id == Document.id)
        .where(Page.volume_id == volume_id, Page.outside.is_(None))
        .group_by(Document.id, Document.title)
        .order_by(first, Document.id)
    )
    return [DirectoryEntry(*row) for row in rows]


def _volume_in_sight(session: Session, viewer: Viewer, volume_id: str) -> Volume:
    volume = session.get(Volume, volume_id)
    if volume is None or not sees(session, viewer, volume.case_id):
        raise NotFound(volume_id)
    return volume
