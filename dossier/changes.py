"""Changes: what others follow, written in the transaction that makes it so, and read from any place on.

Numbers come from one counter of the catalogue, in the order of commits: a reader who has seen one misses none before
it. A change says that something happened to a file or volume; how it stands now is asked there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session, aliased

from dossier.catalogue.counters import reserve
from dossier.catalogue.tables import Arrival, Case, ChangeRow, Page, Volume
from dossier.errors import CursorUnknown
from dossier.permissions import seen_by
from dossier.viewers import Viewer

RECEIVED, SEARCHABLE, ATTACHED, FAILED = "received", "searchable", "attached", "failed"
APPROVED, REOPENED = "approved", "reopened"

_COUNTER = "changes"
_MOST_IN_A_STATEMENT = 500
_MARK = 1 << 24


@dataclass(frozen=True)
class Change:
    """Something that happened.

    Attributes:
        kind: received, attached, failed (a file; or one page of it, then `page_id` is there too), searchable (a file:
            all of its pages that could be read can be found), approved (a volume), reopened (a volume has changed after
            it was approved, and the approval no longer holds).
        at: seconds since 1970.
        case_id, volume_id: where the file or volume is now.
        error_code: why it failed.
    """

    kind: str
    at: float
    case_id: str
    volume_id: str
    file_id: str | None
    page_id: str | None
    error_code: str | None


@dataclass(frozen=True)
class Portion:
    """Changes in their order; `after` is where the next portion begins, and `more` whether it is there already."""

    changes: Sequence[Change]
    after: str
    more: bool


def record(
    session: Session,
    kind: str,
    *,
    file_id: str | None = None,
    page_id: str | None = None,
    volume_id: str | None = None,
    error_code: str | None = None,
) -> None:
    """Write a change of a file (with a page of it) or a volume, as the last thing in its transaction."""
    session.flush()
    number = reserve(session, _COUNTER, 1)
    session.add(
        ChangeRow(
            number=number, kind=kind, file_id=file_id, page_id=page_id, volume_id=volume_id, error_code=error_code
        )
    )


def record_files(session: Session, kind: str, file_ids: Sequence[str]) -> None:
    """Write the same change of several files, in their order, as one of the last things in its transaction."""
    if file_ids:
        session.flush()
        first = reserve(session, _COUNTER, len(file_ids))
        session.add_all(
            ChangeRow(number=first + place, kind=kind, file_id=file_id) for place, file_id in enumerate(file_ids)
        )


def record_contents(session: Session, arrival: Arrival) -> None:
    """Somebody has looked into a file: tell of it, unless it has pages, which will be searchable."""
    if arrival.state == "failed":
        record(session, FAILED, file_id=arrival.id, error_code=arrival.error_code)
    elif arrival.state == "done" and arrival.document_id is None:
        record(session, ATTACHED, file_id=arrival.id)


def record_searchable(session: Session, arrival_ids: Collection[str]) -> None:
    """Pages of these files can be found now, or have failed: tell of the files of which none is still to come."""
    ids = sorted(arrival_ids)
    for start in range(0, len(ids), _MOST_IN_A_STATEMENT):
        is_open = case((or_(Page.state.in_(("searchable", "parked")), Page.outside.is_not(None)), 0), else_=1)
        is_found = case((Page.state == "searchable", 1), else_=0)
        whole = session.scalars(
            select(Page.arrival_id)
            .where(Page.arrival_id.in_(ids[start : start + _MOST_IN_A_STATEMENT]))
            .group_by(Page.arrival_id)
            .having(func.sum(is_open) == 0, func.sum(is_found) > 0)
            .order_by(Page.arrival_id)
        ).all()
        whole = [*whole, *_origins_found(session, whole)]
        record_files(session, SEARCHABLE, whole)


def _origins_found(session: Session, arrival_ids: Sequence[str]) -> Sequence[str]:
    """The files that these were split off from by separator sheets, and of which nothing is still to come."""
    origins = select(Arrival.split_from).where(Arrival.id.in_(arrival_ids), Arrival.split_from.is_not(None))
    part = aliased(Arrival)
    is_open = Page.state.not_in(("searchable", "parked")) & Page.outside.is_(None)
    is_waiting = (
        select(Page.id)
        .join(part, part.id == Page.arrival_id)
        .where((part.id == Arrival.id) | (part.split_from == Arrival.id), is_open)
    )
    return session.scalars(select(Arrival.id).where(Arrival.id.in_(origins), ~is_waiting.exists())).all()


def portion(session: Session, viewer: Viewer, after: str, limit: int) -> Portion:
    """The changes after a place, of cases that the viewer sees at this moment.

    Raises:
        CursorUnknown: the place is none of this catalogue.
    """
    place = _number_of(session, after)
    # Looked at first: what is committed between the two statements belongs to the next portion.
    last = session.scalars(select(ChangeRow).order_by(ChangeRow.number.desc()).limit(1)).first()
    if last is None:
        return Portion([], "", False)
    case_id = func.coalesce(Arrival.case_id, Volume.case_id)
    rows = session.execute(
        select(ChangeRow, case_id, func.coalesce(Arrival.volume_id, Volume.id))
        .outerjoin(Arrival, Arrival.id == ChangeRow.file_id)
        .outerjoin(Volume, Volume.id == ChangeRow.volume_id)
        .where(
            ChangeRow.number > place,
            ChangeRow.number <= last.number,
            case_id.in_(select(Case.id).where(seen_by(viewer))),
        )
        .order_by(ChangeRow.number)
        .limit(limit + 1)
    ).all()
    shown = rows[:limit]
    found = [
        Change(row.kind, row.at, of_case, of_volume, row.file_id, row.page_id, row.error_code)
        for row, of_case, of_volume in shown
    ]
    more = len(rows) > limit
    # At the end, what is out of sight has been looked through, too, and is not again.
    return Portion(found, _cursor(shown[-1][0] if more else last), more)


def end_of_feed(session: Session) -> str:
    """The place after which what happens from now on follows."""
    last = session.scalars(select(ChangeRow).order_by(ChangeRow.number.desc()).limit(1)).first()
    return _cursor(last) if last else ""


def latest(session: Session) -> int:
    """The number of the latest change; 0 before the first."""
    return session.scalar(select(func.max(ChangeRow.number))) or 0


def _cursor(row: ChangeRow) -> str:
    """A place in the feed. It bears a mark of its row: after a restore, the same number may mean another change."""
    return f"{row.number:x}-{int(row.at * 1000) % _MARK:x}"


def _number_of(session: Session, cursor: str) -> int:
    if not cursor:
        return 0
    number, _, _ = cursor.partition("-")
    try:
        row = session.get(ChangeRow, int(number, 16)) if len(number) <= 15 else None
    except ValueError:
        row = None
    if row is None or _cursor(row) != cursor:
        raise CursorUnknown(cursor[:40])
    return row.number
