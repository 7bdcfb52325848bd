"""A volume: every page as a small picture with its state, from the moment it is received."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier.attention import sentence_of
from dossier.cases import number_of
from dossier.catalogue.tables import Case, Document, Flag, Page, Volume
from dossier.errors import NotFound, error_of
from dossier.permissions import seen_by, sees
from search_api.page_picture import THUMBNAIL, picture_address
from search_api.site import TheSite, TheViewer

# Small pictures in one view: a whole ordinary volume; a volume of thousands stays quick.
PORTION = 120

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class PageCard:
    """A page among the small pictures; `reason` says why a parked one is."""

    page_id: str
    page_number: int
    page_label: str | None
    is_label_proposed: bool
    state: str
    blank: bool
    picture: str
    width: int
    height: int
    document_id: str
    document_title: str
    reason: str


@router.get("/volumes/{volume_id}")
def volume(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    volume_id: str,
    start: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> Response:
    """The pages of a volume from the portion on in which page `start` is."""
    first = (start - 1) // PORTION * PORTION + 1
    with site.catalogue.reading() as session:
        row = session.get(Volume, volume_id)
        if row is None or not sees(session, viewer, row.case_id):
            raise NotFound(volume_id)
        case = session.get_one(Case, row.case_id)
        states = dict(
            session.execute(
                select(Page.state, func.count()).where(Page.volume_id == volume_id).group_by(Page.state)
            ).all()
        )
        cards = _cards(session, volume_id, first)
        context = {
            "volume": row.name,
            "volume_id": row.id,
            "case_number": number_of(session, case),
            "case_name": case.name,
            "pages": sum(states.values()),
            "searchable": states.get("searchable", 0),
            "parked": states.get("parked", 0),
            "notes": [sentence_of(flag) for flag in _standing(session, volume_id)],
            "documents": [list(cards) for _, cards in groupby(cards, key=lambda card: card.document_id)],
            "first": first,
            "portion": PORTION,
        }
    return site.pages.TemplateResponse(request, "volume.html", context)


@router.get("/volumes/{volume_id}/page")
def page_at(
    site: TheSite, viewer: TheViewer, volume_id: str, number: Annotated[int, Query(ge=1, le=1_000_000)]
) -> Response:
    """Go to the page at a place of the volume; beyond its end, to the last one."""
    with site.catalogue.reading() as session:
        page_id = session.scalars(
            select(Page.id)
            .join(Case, Case.id == Page.case_id)
            .where(Page.volume_id == volume_id, Page.page_number <= number, seen_by(viewer))
            .order_by(Page.page_number.desc())
            .limit(1)
        ).first()
    if page_id is None:
        raise NotFound(volume_id)
    return RedirectResponse(f"/pages/{page_id}", 303)


def _standing(session: Session, volume_id: str) -> Sequence[Flag]:
    return session.scalars(
        select(Flag).where(Flag.subject_kind == "volume", Flag.subject_id == volume_id, Flag.closed_at.is_(None))
    ).all()


def _cards(session: Session, volume_id: str, first: int) -> list[PageCard]:
    rows = session.execute(
        select(Page, Document.title)
        .join(Document, Document.id == Page.document_id)
        .where(Page.volume_id == volume_id, Page.page_number.between(first, first + PORTION - 1))
        .order_by(Page.page_number)
    )
    return [
        PageCard(
            page_id=page.id, page_number=page.page_number, page_label=page.page_label,
            is_label_proposed=page.page_label_state == "proposed", state=page.state, blank=page.blank,
            picture=picture_address(page.id, page.reading_version, THUMBNAIL), width=page.width, height=page.height,
            document_id=page.document_id, document_title=title,
            reason=error_of(page.error_code or "", page.error_detail).chinese if page.state == "parked" else "",
        )
        for page, title in rows
    ]  # fmt: skip
