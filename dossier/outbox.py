"""The outbox: which pages' index entries must be written anew, in the index in service and in one built beside it.

A page stands here once, with the version of its latest change; a later change only raises the version. The row goes
when the engine has taken the page at exactly this version. One counter for the whole catalogue orders all changes.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, insert, literal, select, update
from sqlalchemy.orm import Session, aliased

from dossier import changes as feed
from dossier import permissions
from dossier.catalogue.counters import reserve
from dossier.catalogue.statements import insert_or_update
from dossier.catalogue.tables import IndexChange, OutboxRow, Page, Reindex, SuccessorRow
from dossier.errors import IndexRefused
from dossier.work import LONGEST_DELAY_SECONDS

COUNTER = "index_version"
MOST_ATTEMPTS = 10
# Nobody waits for an index beside the one in service; what it refuses is to be known soon.
MOST_ATTEMPTS_OF_SUCCESSOR = 3
_MOST_IN_A_STATEMENT = 500
_UNSENT = {"attempts": 0, "not_before": 0.0, "error": "", "dead": False}


@dataclass(frozen=True)
class Change:
    """A page that the index must take again, at a version."""

    page_id: str
    version: int


def enqueue(session: Session, page_ids: Collection[str]) -> None:
    """Put pages in the outbox, with the pages before them (blank ones aside), whose turn shows their first words.

    Pages that have not been read are left out: they have nothing to index yet.
    """
    for some in _portions(sorted(page_ids)):
        changed = select(Page.volume_id, Page.page_number).where(Page.id.in_(some)).subquery()
        earlier = aliased(Page)
        number_before = (
            select(func.max(earlier.page_number))
            .where(
                earlier.volume_id == changed.c.volume_id,
                earlier.page_number < changed.c.page_number,
                earlier.outside.is_(None),
                earlier.blank.is_(False),
            )
            .correlate(changed)
            .scalar_subquery()
        )
        before = select(Page.id).join(
            changed, (Page.volume_id == changed.c.volume_id) & (Page.page_number == number_before)
        )
        concerned = session.scalars(
            select(Page.id)
            .where(Page.id.in_(some) | Page.id.in_(before), Page.reading_version.is_not(None))
            .order_by(Page.id)
        ).all()
        _put(session, concerned)


def enqueue_whole(session: Session, which: ColumnElement[bool]) -> None:
    """Put whole volumes or cases in the outbox: the pages before theirs are among them. Quicker than by ids.

    Args:
        session: the transaction.
        which: of pages; those that have not been read are left out.
    """
    first = None
    for box in _boxes(session):
        first = _fill(session, box, which, first)


def enqueue_everything(session: Session, box: type[IndexChange] = OutboxRow) -> int:
    """Put all pages that have been read in an outbox, for an index that must be filled anew. Returns how many."""
    count = (
        session.scalar(
            select(func.count()).select_from(Page).where(Page.reading_version.is_not(None), Page.outside.is_(None))
        )
        or 0
    )
    _fill(session, box, Page.outside.is_(None), None)
    return count or 0


def due(session: Session, limit: int, box: type[IndexChange] = OutboxRow) -> list[Change]:
    """The changes to hand to the engine now: the oldest, and a quarter of the newest.

    A page that was read this moment does not wait until an index that is filled anew has taken all others.
    """
    now = time.time()
    # What seems to wait for longer than anything does was put off before the clock was set back.
    is_due = (box.not_before <= now) | (box.not_before > now + LONGEST_DELAY_SECONDS)
    rows = select(box.page_id, box.version).where(box.dead.is_(False), is_due)
    changes = [Change(*row) for row in session.execute(rows.order_by(box.version).limit(limit))]
    if len(changes) == limit:
        last_come = session.execute(rows.order_by(box.version.desc()).limit(limit // 4))
        newest = [Change(*row) for row in last_come][::-1]
        older = [change for change in changes if change not in newest]
        changes = older[: limit - len(newest)] + newest
    return changes


def delivered(session: Session, changes: Sequence[Change], box: type[IndexChange] = OutboxRow) -> None:
    """The engine has these, durably: strike them out, and call the pages searchable if it is the one in service."""
    now = time.time()
    struck: list[str] = []
    for change in changes:
        gone = session.execute(delete(box).where(box.page_id == change.page_id, box.version == change.version))
        # A newer change has taken the row over: the page counts as searchable once that is delivered.
        if gone.rowcount:  # type: ignore[attr-defined]
            struck.append(change.page_id)
    files: set[str] = set()
    for some in _portions(struck if box is OutboxRow else []):
        files.update(
            session.execute(
                update(Page)
                .where(Page.id.in_(some), Page.state == "read", Page.outside.is_(None))
                .values(state="searchable", searchable_at=func.coalesce(Page.searchable_at, now))
                .returning(Page.arrival_id)
            ).scalars()
        )
    permissions.forget_finished_moves(session)
    feed.record_searchable(session, files)


def refused(session: Session, change: Change, reason: str, box: type[IndexChange] = OutboxRow) -> None:
    """The engine did not take this one: try again later, and in the end show it as a dead letter."""
    row = session.get(box, change.page_id)
    if row is None or row.version != change.version:
        return
    row.attempts += 1
    row.error = reason
    row.not_before = time.time() + min(2**row.attempts, 300)
    row.dead = row.attempts >= (MOST_ATTEMPTS if box is OutboxRow else MOST_ATTEMPTS_OF_SUCCESSOR)
    page = session.get(Page, change.page_id)
    if row.dead and box is OutboxRow and page is not None:
        feed.record(session, feed.FAILED, file_id=page.arrival_id, page_id=page.id, error_code=IndexRefused.code)


def revive_dead(session: Session) -> int:
    """Give dead letters another round of attempts. Returns how many of the index in service there were."""
    revived = 0
    for box in (SuccessorRow, OutboxRow):
        result = session.execute(update(box).where(box.dead.is_(True)).values(dead=False, attempts=0, not_before=0.0))
        revived = int(result.rowcount)  # type: ignore[attr-defined]
    return revived


def next_versions(session: Session, count: int) -> int:
    """Reserve `count` versions; returns the first."""
    return reserve(session, COUNTER, count)


def _put(session: Session, page_ids: Sequence[str]) -> None:
    if not page_ids:
        return
    first = next_versions(session, len(page_ids))
    rows = [{"page_id": page_id, "version": first + offset, **_UNSENT} for offset, page_id in enumerate(page_ids)]
    for box in _boxes(session):
        statement = insert_or_update(session, box)
        statement = statement.on_conflict_do_update(
            index_elements=[box.page_id], set_={"version": statement.excluded.version, **_UNSENT}
        )
        # Row by row for one statement: to compile one of thousands of values takes longer than to write them.
        session.connection().execute(statement, rows)


def _fill(session: Session, box: type[IndexChange], which: ColumnElement[bool], first: int | None) -> int | None:
    """Put pages in one outbox, at versions from `first` on, or at new ones. Returns the first.

    One statement, since nobody else can write meanwhile: a million rows take seconds.
    """
    concerned = select(Page.id).where(Page.reading_version.is_not(None), which)
    count = session.scalar(select(func.count()).select_from(concerned.subquery())) or 0
    if not count:
        return first
    if first is None:
        first = next_versions(session, count)
    session.execute(delete(box).where(box.page_id.in_(concerned)).execution_options(synchronize_session=False))
    version = func.row_number().over(order_by=Page.id) + (first - 1)
    unsent = {name: literal(value) for name, value in _UNSENT.items()}
    rows = concerned.with_only_columns(Page.id, version, *unsent.values()).order_by(None)
    session.execute(insert(box).from_select(["page_id", "version", *unsent], rows))
    return first


def _boxes(session: Session) -> tuple[type[IndexChange], ...]:
    """The outboxes that a change goes to: an index beside the one in service takes it, too, once it was begun."""
    begun = session.scalars(select(Reindex.id).where(Reindex.state == "open", Reindex.generation.is_not(None))).first()
    return (OutboxRow,) if begun is None else (OutboxRow, SuccessorRow)


def _portions(page_ids: Sequence[str]) -> list[Sequence[str]]:
    return [page_ids[start : start + _MOST_IN_A_STATEMENT] for start in range(0, len(page_ids), _MOST_IN_A_STATEMENT)]
