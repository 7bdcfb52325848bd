"""The page on which a person crops a page: its picture with a frame, and the deed itself."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from dossier import looks
from dossier.deeds import cropping
from search_api.contract import refusals
from search_api.desk.page_facts import facts_of
from search_api.desk.page_picture import picture_address
from search_api.scanning_room.deed_routes import Answer, Body, on_page
from search_api.site import TheSite, TheViewer

router = APIRouter()


class Crop(Body):
    """Which part of the picture is the page, and on which reading's picture that was drawn; null: the whole page.

    `box`: left, top, right and bottom as fractions of the upright page as reading `reading_version` shows it.
    """

    box: Annotated[list[float], Field(max_length=4, examples=[[0.05, 0.04, 0.97, 0.96]])] | None
    reading_version: Annotated[int, Field(examples=[1])] | None = None


@router.post("/api/v1/pages/{page_id}/crop", responses=refusals("not_found", "deed_refused"))
def crop(site: TheSite, viewer: TheViewer, page_id: str, asked: Crop) -> Answer:
    """Say which part of its picture a page is; it is read again so."""
    return on_page(
        site, viewer, page_id,
        lambda s, by: cropping.crop(s, site.vault, page_id, asked.box, asked.reading_version, by),
    )  # fmt: skip


@router.get("/pages/{page_id}/crop", include_in_schema=False)
def crop_page(request: Request, site: TheSite, viewer: TheViewer, page_id: str) -> Response:
    """The picture of a page, for a frame to be drawn on it."""
    facts = facts_of(site, viewer, page_id)
    page = facts.page
    site.looks.note(viewer, [page_id], looks.PICTURE)
    context = {
        "facts": facts,
        "page": page,
        "picture": picture_address(page_id, page.reading_version, 1600),
        "is_settled": page.reading_version is not None and page.state not in ("waiting", "reading"),
        "is_typed": page.source_kind == "pdf_text",
    }
    return site.pages.TemplateResponse(request, "crop.html", context)
