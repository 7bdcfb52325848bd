"""The outbox: which pages' index entries must be written anew.

A page stands here once, with the version of its latest change; a later change only raises the version. The row goes
when the engine has taken the page at exactly this version. One counter for the whole catalogue orders all changes.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session, aliased

from dossier import permissions
from dossier.catalogue.statements import insert_or_update
from dossier.catalogue.tables import Counter, OutboxRow, Page

COUNTER = "index_version"
MOST_ATTEMPTS = 10
_MOST_IN_A_STATEMENT = 500


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


def enqueue_everything(session: Session) -> int:
    """Put all pages that have been read in the outbox, for an index that must be filled anew. Returns how many."""
    concerned = session.scalars(select(Page.id).where(Page.reading_version.is_not(None)).order_by(Page.id)).all()
    for some in _portions(concerned):
        _put(session, some)
    return len(concerned)


def due(session: Session, limit: int) -> list[Change]:
    """The changes to hand to the engine now: the oldest, and a quarter of the newest.

    A page that was read this moment does not wait until an index that is filled anew has taken all others.
    """
    rows = select(OutboxRow.page_id, OutboxRow.version).where(
        OutboxRow.dead.is_(False), OutboxRow.not_before <= time.time()
    )
    changes = [Change(*row) for row in session.execute(rows.order_by(OutboxRow.version).limit(limit))]
    if len(changes) == limit:
        last_come = session.execute(rows.order_by(OutboxRow.version.desc()).limit(limit // 4))
        newest = [Change(*row) for row in last_come][::-1]
        older = [change for change in changes if change not in newest]
        changes = older[: limit - len(newest)] + newest
    return changes


def delivered(session: Session, changes: Sequence[Change]) -> None:
    """The engine has these, durably: strike them out, and call the pages searchable."""
    now = time.time()
    struck: list[str] = []
    for change in changes:
        gone = session.execute(
            delete(OutboxRow).where(OutboxRow.page_id == change.page_id, OutboxRow.version == change.version)
        )
        # A newer change has taken the row over: the page counts as searchable once that is delivered.
        if gone.rowcount:  # type: ignore[attr-defined]
            struck.append(change.page_id)
    for some in _portions(struck):
        session.execute(
            update(Page)
            .where(Page.id.in_(some), Page.state == "read")
            .values(state="searchable", searchable_at=func.coalesce(Page.searchable_at, now))
        )
    permissions.forget_finished_moves(session)


def refused(session: Session, change: Change, reason: str) -> None:
    """The engine did not take this one: try again later, and in the end show it as a dead letter."""
    row = session.get(OutboxRow, change.page_id)
    if row is None or row.version != change.version:
        return
    row.attempts += 1
    row.error = reason
    row.not_before = time.time() + min(2**row.attempts, 300)
    row.dead = row.attempts >= MOST_ATTEMPTS


def revive_dead(session: Session) -> int:
    """Give dead letters another round of attempts. Returns how many."""
    result = session.execute(
        update(OutboxRow).where(OutboxRow.dead.is_(True)).values(dead=False, attempts=0, not_before=0.0)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def next_versions(session: Session, count: int) -> int:
    """Reserve `count` versions; returns the first."""
    statement = insert_or_update(session, Counter).values(name=COUNTER, value=count)
    statement = statement.on_conflict_do_update(index_elements=[Counter.name], set_={"value": Counter.value + count})
    session.execute(statement)
    last = session.execute(text("SELECT value FROM counters WHERE name = :name"), {"name": COUNTER}).scalar_one()
    return int(last) - count + 1


def _put(session: Session, page_ids: Sequence[str]) -> None:
    if not page_ids:
        return
    first = next_versions(session, len(page_ids))
    statement = insert_or_update(session, OutboxRow).values(
        [
            {
                "page_id": page_id,
                "version": first + offset,
                "attempts": 0,
                "not_before": 0.0,
                "error": "",
                "dead": False,
            }
            for offset, page_id in enumerate(page_ids)
        ]
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[OutboxRow.page_id],
            set_={"version": statement.excluded.version, "attempts": 0, "not_before": 0.0, "error": "", "dead": False},
        )
    )


def _portions(page_ids: Sequence[str]) -> list[Sequence[str]]:
    return [page_ids[start : start + _MOST_IN_A_STATEMENT] for start in range(0, len(page_ids), _MOST_IN_A_STATEMENT)]
