"""Two pictures of one side, side by side: the page on which a person says which of them counts, and the deed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy import select

from dossier import looks
from dossier.cases import number_of
from dossier.catalogue.tables import Arrival, Case, Page, Volume
from dossier.deeds import sides
from dossier.errors import NotFound
from dossier.permissions import sees
from dossier.side_pairs import side_pairs
from search_api.contract import refusals
from search_api.desk.page_picture import picture_address
from search_api.scanning_room.deed_routes import Answer, Body, Ids, on_volume
from search_api.site import TheSite, TheViewer

MOST_PAIRS = 20
"""Pairs at a time: when these are answered, the next ones come."""

_WIDTH = 800

router = APIRouter()


class Sides(Body):
    """Which picture counts, and of which pairs (one page of each); null: of all that nobody has answered yet.

    `keep`: primary (Pri), secondary (Sec), both (they are two pages), undecided (both back in the order, to be asked).
    """

    keep: Annotated[sides.Kept, Field(examples=["primary"])]
    pages: Ids | None = None


@dataclass(frozen=True)
class Picture:
    """One of two pictures of a side."""

    page: Page
    picture: str
    file: str


@router.post("/api/v1/volumes/{volume_id}/sides", responses=refusals("not_found", "deed_refused"))
def choose(site: TheSite, viewer: TheViewer, volume_id: str, asked: Sides) -> Answer:
    """Say which of two pictures of one side counts."""
    return on_volume(
        site, viewer, volume_id, lambda s, by: sides.choose_sides(s, volume_id, asked.keep, asked.pages, by)
    )  # fmt: skip


@router.get("/volumes/{volume_id}/sides", include_in_schema=False)
def sides_page(request: Request, site: TheSite, viewer: TheViewer, volume_id: str) -> Response:
    """The pairs of a volume that nobody has answered yet."""
    with site.catalogue.reading() as session:
        volume = session.get(Volume, volume_id)
        if volume is None or not sees(session, viewer, volume.case_id):
            raise NotFound(volume_id)
        case = session.get_one(Case, volume.case_id)
        waiting = [pair for pair in side_pairs(session, volume_id) if pair.is_open]
        shown = waiting[:MOST_PAIRS]
        pages = [page for pair in shown for page in (pair.primary, pair.secondary)]
        names = dict(
            session.execute(
                select(Arrival.id, Arrival.path).where(Arrival.id.in_({page.arrival_id for page in pages}))
            ).all()
        )
        pictures = {
            page.id: Picture(
                page, picture_address(page.id, page.reading_version, _WIDTH), PurePosixPath(names[page.arrival_id]).name
            )
            for page in pages
        }
        context = {
            "volume": volume.name,
            "volume_id": volume_id,
            "case_number": number_of(session, case),
            "case_name": case.name,
            "count": len(waiting),
            "pairs": [(pictures[pair.primary.id], pictures[pair.secondary.id]) for pair in shown],
        }
    site.looks.note(viewer, list(pictures), looks.PICTURE)
    return site.pages.TemplateResponse(request, "sides.html", context)
