"""The sample of pages that a checker must have seen (DA/T 31: not less than 5 per cent), and what has been seen.

The pages of a sample are those whose digest with the seed is the smallest. So anybody can draw it again from the seed,
and a page that comes later has the same chance without another one losing its place for it by accident.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import String, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from dossier.catalogue.statements import insert_or_update
from dossier.catalogue.tables import Page, PageSeen


@dataclass(frozen=True)
class Sampling:
    """How large a sample is: a share of the pages (0 to 1), but at least so many."""

    share: float = 0.05
    least: int = 5

    def size(self, pages: int) -> int:
        """Of so many pages; never more than there are."""
        # A share such as 0.05 is no exact number: of 100 pages it is 5, and not 6.
        return min(pages, max(self.least, math.ceil(round(self.share * pages, 6))))


def sample_of(page_ids: Collection[str], seed: str, size: int) -> set[str]:
    """A random sample, the same for the same seed and pages, whatever their order."""
    return set(sorted(page_ids, key=lambda page_id: hashlib.sha256(f"{seed} {page_id}".encode()).digest())[:size])


def pages_to_see(session: Session, volume_id: str) -> Sequence[str]:
    """The pages of a volume in its order."""
    return session.scalars(
        select(Page.id).where(Page.volume_id == volume_id, Page.outside.is_(None)).order_by(Page.page_number, Page.id)
    ).all()


def seen_pages(session: Session, volume_id: str, person_id: str) -> set[str]:
    """The pages of a volume's order that a person has seen as they are now.

    One that was read again is another; one that was turned or cropped and is not yet read so is seen by
    nobody.
    """
    is_turned = and_(Page.turn_by_hand.is_not(None), Page.turn_by_hand != func.coalesce(Page.turn_degrees, 0))
    said, read = (func.coalesce(cast(crop, String), "") for crop in (Page.crop_by_hand, Page.crop))
    is_turning = and_(or_(is_turned, said != read), Page.state.in_(("waiting", "reading")))
    return set(
        session.scalars(
            select(Page.id)
            .join(PageSeen, PageSeen.page_id == Page.id)
            .where(
                Page.volume_id == volume_id, Page.outside.is_(None), PageSeen.person_id == person_id,
                PageSeen.reading_version == func.coalesce(Page.reading_version, 0), ~is_turning,
            )
        )
    )  # fmt: skip


def note_seen(
    session: Session,
    volume_id: str,
    person_id: str,
    page_ids: Collection[str],
    readings: Mapping[str, int | None] | None = None,
) -> int:
    """Note that a person has been shown pages of a volume; what is not of it is passed over. Returns how many were.

    Args:
        session: the transaction.
        volume_id: whose pages.
        person_id: who was shown them.
        page_ids: which.
        readings: at which reading each was shown, None for the scan; those that are left out: at the one that stands.
            What has been read again since is not seen.
    """
    rows = session.execute(
        select(Page.id, func.coalesce(Page.reading_version, 0)).where(
            Page.volume_id == volume_id, Page.id.in_(set(page_ids))
        )
    ).all()
    now = time.time()
    shown = {id_: version or 0 for id_, version in (readings or {}).items()}
    values = [
        {"page_id": id_, "person_id": person_id, "reading_version": version, "at": now}
        for id_, version in rows
        if shown.get(id_, version) == version
    ]
    if values:
        statement = insert_or_update(session, PageSeen)
        statement = statement.on_conflict_do_update(
            index_elements=[PageSeen.page_id, PageSeen.person_id],
            set_={"reading_version": statement.excluded.reading_version, "at": statement.excluded.at},
        )
        session.connection().execute(statement, values)
    return len(values)
