"""Doubles: two pages that look like one page twice, and what people have said of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Arrival, DoubleAnswer, Flag, Page
from dossier.permissions import Extent
from dossier.viewers import Viewer

Verdict = Literal["kept", "different"]
"""kept: one sheet twice, and both stay; different: two sheets."""


def pair_of(page_id: str, other_id: str) -> tuple[str, str]:
    """The key of two pages, whichever is named first."""
    return (page_id, other_id) if page_id < other_id else (other_id, page_id)


def answered_pairs(session: Session, volume_id: str) -> set[tuple[str, str]]:
    """The pairs with a page of a volume of which somebody has said what they are."""
    of_volume = select(Page.id).where(Page.volume_id == volume_id)
    rows = session.execute(
        select(DoubleAnswer.page_id, DoubleAnswer.other_id).where(
            DoubleAnswer.page_id.in_(of_volume) | DoubleAnswer.other_id.in_(of_volume)
        )
    )
    return {(page_id, other_id) for page_id, other_id in rows}


def repeated_pages(session: Session, viewer: Viewer, flags: Collection[Flag]) -> list[tuple[Page, Page]]:
    """Of files that came elsewhere before, a page each beside the same page of the earlier file.

    Args:
        session: the catalogue.
        viewer: only files of cases within their sight are beside each other.
        flags: of these files, the code `repeated`.
    """
    found = []
    for flag in flags:
        arrival = session.get(Arrival, flag.subject_id)
        page = _first_page(session, flag.subject_id)
        if arrival is None or page is None:
            continue
        same = (
            select(Page)
            .join(Arrival, Arrival.id == Page.arrival_id)
            .where(
                Arrival.sha256 == arrival.sha256,
                Page.arrival_id != arrival.id,
                Page.index_in_file == page.index_in_file,
                Page.outside.is_(None),
                Extent(viewer).holds(Page.case_id),
            )
            .order_by((Page.volume_id == page.volume_id).desc(), Arrival.received_at, Page.id)
            .limit(1)
        )
        other = session.scalars(same).first()
        if other is not None:
            found.append((other, page))
    return found


def _first_page(session: Session, arrival_id: str) -> Page | None:
    first = select(Page).where(Page.arrival_id == arrival_id, Page.outside.is_(None)).order_by(Page.index_in_file)
    return session.scalars(first.limit(1)).first()
