"""Statistics: what was done day by day. Counts alone, of all cases together."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Arrival, AuditRow, Original, Page

_PACE_DAYS = 7


@dataclass(frozen=True)
class Day:
    """A day in this machine's zone.

    Attributes:
        date: which.
        pages: pages that became searchable.
        median_seconds: from a page's arrival to its being searchable, the median of these; None without any.
        parked: pages that were parked.
        refused: files that came and could not be used.
    """

    date: dt.date
    pages: int
    median_seconds: float | None
    parked: int
    refused: int

    @property
    def faults(self) -> int:
        """What went wrong on that day."""
        return self.parked + self.refused


def days_until(session: Session, last: dt.date, count: int) -> list[Day]:
    """So many days, the last of them given, the earliest first."""
    return [_day(session, last - dt.timedelta(days=back)) for back in range(count - 1, -1, -1)]


def _day(session: Session, date: dt.date) -> Day:
    # The next midnight by the calendar: where clocks are changed, a day has 23 or 25 hours.
    begin, end = (
        dt.datetime.combine(day, dt.time()).timestamp() for day in (date, date + dt.timedelta(days=1))
    )  # fmt: skip
    then = (Page.searchable_at >= begin) & (Page.searchable_at < end)
    pages = session.scalar(select(func.count()).select_from(Page).where(then)) or 0
    taken = Page.searchable_at - Page.created_at
    median = None
    if pages:
        median = session.scalars(select(taken).where(then).order_by(taken).offset((pages - 1) // 2).limit(1)).one()
    parked = select(func.count()).select_from(AuditRow)
    parked = parked.where(AuditRow.deed == "park", AuditRow.at >= begin, AuditRow.at < end)
    refused = select(func.count()).select_from(Arrival)
    refused = refused.where(Arrival.state == "failed", Arrival.received_at >= begin, Arrival.received_at < end)
    return Day(date, pages, median, session.scalar(parked) or 0, session.scalar(refused) or 0)


def bytes_a_day(session: Session) -> float:
    """Bytes of the originals that came on a day, over the last seven, or since the first came."""
    now = time.time()
    since = now - _PACE_DAYS * 86400
    total = session.scalar(select(func.sum(Original.size)).where(Original.stored_at >= since)) or 0
    first = session.scalar(select(func.min(Original.stored_at))) or now
    return float(total / max((now - max(first, since)) / 86400, 1.0))
