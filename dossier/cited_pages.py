"""Pages as a citation needs them, from the catalogue."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Page, Volume
from dossier.citations import CitedPage

_AT_ONCE = 500


def cited_pages(session: Session, page_ids: Collection[str]) -> list[CitedPage]:
    """The pages as a citation needs them, in the order of the dossier; those that do not exist are left out."""
    wanted = sorted(set(page_ids))
    rows = [
        row
        for start in range(0, len(wanted), _AT_ONCE)
        for row in session.execute(
            select(Page, Volume)
            .join(Volume, Volume.id == Page.volume_id)
            .where(Page.id.in_(wanted[start : start + _AT_ONCE]))
        ).all()
    ]
    # By place: those outside the order have no number.
    rows.sort(key=lambda row: (row[1].case_id, row[1].order_key, row[1].version, row[1].id, row[0].place, row[0].id))
    return [cited_page(session, page, volume) for page, volume in rows]


def cited_page(session: Session, page: Page, volume: Volume) -> CitedPage:
    """A page as a citation needs it; one that a re-scan has replaced is cited as the page that stands in its place."""
    standing = _standing(session, page)
    label = standing.page_label if standing.page_label_state == "confirmed" else None
    return CitedPage(volume.id, volume.name, standing.page_number, label or "", volume.kind, volume.number, page.id)


def page_after(session: Session, page_id: str) -> str | None:
    """The id of the next page in the volume's order; None after the last."""
    page = session.get_one(Page, page_id)
    return session.scalars(
        select(Page.id)
        .where(Page.volume_id == page.volume_id, Page.outside.is_(None), Page.place > page.place)
        .order_by(Page.place)
        .limit(1)
    ).first()


def pages_through(session: Session, first_id: str, last_id: str, most: int) -> list[str]:
    """The ids of the pages of a passage, in the volume's order; none where the last one does not come behind the first
    in the same volume, one of both stands outside the order, or there are more than `most`."""
    first, last = session.get(Page, first_id), session.get(Page, last_id)
    if first is None or last is None or first.volume_id != last.volume_id:
        return []
    ids = session.scalars(
        select(Page.id)
        .where(Page.volume_id == first.volume_id, Page.outside.is_(None), Page.place.between(first.place, last.place))
        .order_by(Page.place, Page.id)
        .limit(most + 1)
    ).all()
    return list(ids) if len(ids) <= most and {first_id, last_id} <= set(ids) else []


def _standing(session: Session, page: Page) -> Page:
    """The latest re-scan of a page, as far as it is in the same volume; the page itself where nothing replaced it."""
    passed = {page.id}
    while page.outside == "replaced" and page.replaced_by is not None and page.replaced_by not in passed:
        successor = session.get_one(Page, page.replaced_by)
        if successor.volume_id != page.volume_id:
            break
        page = successor
        passed.add(page.id)
    return page
