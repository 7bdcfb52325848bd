"""Late pages: those that came after every page of their volume that bears a number, and have none themselves.

A sheet that is scanned for a gap, or once more for a page that was bad, comes like this: behind all others.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Arrival, Page

MOST_LISTED = 3


def late_pages(session: Session, volume_id: str) -> Sequence[str]:
    """The ids of a volume's latest pages in the order that may be wanted elsewhere, the newest first."""
    stands = (Page.volume_id == volume_id, Page.outside.is_(None))
    came = select(Page.id).join(Arrival, Arrival.id == Page.arrival_id).where(*stands)
    last = session.scalar(
        select(func.max(Arrival.received_at))
        .join(Page, Page.arrival_id == Arrival.id)
        .where(*stands, Page.page_label.is_not(None))
    )
    if last is None:
        return []
    late = came.where(Arrival.received_at > last, Page.page_label.is_(None), Page.blank.is_(False))
    newest = late.order_by(Arrival.received_at.desc(), Page.index_in_file, Page.id)
    return session.scalars(newest.limit(MOST_LISTED)).all()
