"""Reindexing as the catalogue knows it: asked for, open, done or failed; the new index is filled beside the old.

While a reindex is open, the index in service is fed from the outbox and answers, and the new one, the successor, is fed
from an outbox of its own (`SuccessorRow`): first every page, then what changes meanwhile. Neither has to wait
until the other has taken a change.
docs/decisions/0020-reindexing.md has the reasons.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from dossier import audit, changes, flags, outbox
from dossier.catalogue.tables import IndexGeneration, OutboxRow, Page, Reindex, SuccessorRow

FOR_THE_SETTINGS = "settings"
_FLAG = ("machine", "index", "reindex_failed")
# An error as it stands with a change begins with its code or class.
_KIND = re.compile(r"[A-Za-z_]+(?=:|$)")
# In place of the time at which an index was filled: it is in service no more.
_FORMER = 0.0


@dataclass(frozen=True)
class ReindexStatus:
    """How far a reindex is.

    Attributes:
        engine: of the new index.
        state: open, done, failed.
        done, total: pages; what comes in meanwhile counts, too.
        seconds_left: at the speed so far; None where there is none yet.
        reason: why it failed, or what it waits for; "" if nothing.
    """

    engine: str
    state: str
    done: int
    total: int
    seconds_left: float | None
    reason: str


def engine_in_service(session: Session) -> str:
    """The engine whose index answers, "" before the first was filled."""
    return session.scalars(select(IndexGeneration.engine).where(IndexGeneration.filled_at != _FORMER)).first() or ""


def is_in_service(known: IndexGeneration) -> bool:
    """Whether an index is the one in service, and none from before it."""
    return known.filled_at != _FORMER


def retire_others(session: Session, engine: str) -> None:
    """All engines but this one are no more in service."""
    session.execute(update(IndexGeneration).where(IndexGeneration.engine != engine).values(filled_at=_FORMER))


def former_engines(session: Session) -> list[str]:
    """The engines that were in service before, whose indices have still to be removed."""
    return list(session.scalars(select(IndexGeneration.engine).where(IndexGeneration.filled_at == _FORMER)))


def forget_former(session: Session, engine: str) -> None:
    """The index of an engine that was in service before has been removed."""
    session.execute(
        delete(IndexGeneration).where(IndexGeneration.engine == engine, IndexGeneration.filled_at == _FORMER)
    )


def open_reindex(session: Session) -> Reindex | None:
    """The reindex that is not done yet."""
    return session.scalars(select(Reindex).where(Reindex.state == "open").order_by(Reindex.id.desc())).first()


def abandoned_engines(session: Session) -> list[str]:
    """The engines of reindexes that failed, where what was built of the new index may still be there."""
    begun = select(Reindex.engine).where(Reindex.state == "failed", Reindex.generation.is_not(None))
    return list(session.scalars(begun.distinct().order_by(Reindex.engine)))


def forget_abandoned(session: Session, engine: str) -> None:
    """What failed reindexes have left of an engine has been removed."""
    failed = update(Reindex).where(Reindex.engine == engine, Reindex.state == "failed")
    session.execute(failed.values(generation=None))


def ask(session: Session, engine: str, asked_by: str) -> int:
    """Ask for a new index of an engine; joins an open reindex of the same engine, and replaces one of another.

    Returns:
        The id of the reindex.
    """
    standing = open_reindex(session)
    if standing is not None and standing.engine == engine:
        return standing.id
    if standing is not None:
        _end(session, standing, f"已改为重建到 {engine} / replaced by a reindex to {engine}")
    reindex = Reindex(engine=engine, asked_by=asked_by)
    session.add(reindex)
    session.flush()
    audit.record(session, "reindex", "index", engine, asked_by)
    return reindex.id


def begin(session: Session, reindex: Reindex, generation: str) -> bool:
    """The new index is there, and empty: it is to take every page, and from now on every change.

    Returns:
        False where the reindex has ended meanwhile: another has replaced it, and nothing was changed.
    """
    if reindex.state != "open":
        return False
    session.execute(delete(SuccessorRow))
    reindex.generation, reindex.began_at, reindex.reason = generation, time.time(), ""
    reindex.total = outbox.enqueue_everything(session, SuccessorRow)
    return True


def unfinished(session: Session) -> int:
    """How many changes the new index has still to take."""
    rows = select(func.count()).select_from(SuccessorRow).where(SuccessorRow.dead.is_(False))
    return session.scalar(rows) or 0


def refused_anew(session: Session) -> Counter[str]:
    """How many pages the new index will not take although the one in service does, by the kind of their error.

    No more of the errors, which may be told to people who may not see the page.
    """
    known = select(OutboxRow.page_id).where(OutboxRow.dead.is_(True))
    errors = session.scalars(
        select(SuccessorRow.error).where(SuccessorRow.dead.is_(True), SuccessorRow.page_id.not_in(known))
    )
    kinds = (_KIND.match(error) for error in errors)
    return Counter(kind[0] if kind else "error" for kind in kinds)


def finish(session: Session, reindex: Reindex) -> bool:
    """The new index is in service: what it has still to take becomes the outbox, and what it holds is searchable.

    Returns:
        False where the reindex has ended meanwhile, and nothing was changed: what the new index has still to take is
        known no more, and the feed fills it anew as one that it does not know.
    """
    if reindex.state != "open":
        return False
    columns = ("page_id", "version", "attempts", "not_before", "error", "dead")
    session.execute(delete(OutboxRow))
    session.execute(
        insert(OutboxRow).from_select(columns, select(*(getattr(SuccessorRow, column) for column in columns)))
    )
    session.execute(delete(SuccessorRow))
    waiting = select(OutboxRow.page_id)
    files = session.execute(
        update(Page)
        .where(
            Page.state == "read",
            Page.reading_version.is_not(None),
            Page.outside.is_(None),
            Page.id.not_in(waiting),
        )
        .values(state="searchable", searchable_at=func.coalesce(Page.searchable_at, literal(time.time())))
        .returning(Page.arrival_id)
    ).scalars()
    found = set(files)
    session.execute(
        update(Page)
        .where(Page.state == "searchable", Page.id.in_(waiting.where(OutboxRow.dead.is_(True))))
        .values(state="read")
    )
    retire_others(session, reindex.engine)
    session.merge(IndexGeneration(engine=reindex.engine, generation=reindex.generation, filled_at=time.time()))
    reindex.state, reindex.ended_at, reindex.reason = "done", time.time(), ""
    flags.close_flag(session, *_FLAG)
    audit.record(session, "reindex_done", "index", reindex.engine, reindex.asked_by, pages=reindex.total)
    changes.record_searchable(session, found)
    return True


def fail(session: Session, reindex: Reindex, reason: str) -> None:
    """Give a reindex up; the index in service stays, and the attention list says why. One that has ended stays so."""
    if reindex.state != "open":
        return
    _end(session, reindex, reason)
    flags.raise_flag(session, *_FLAG[:2], None, _FLAG[2], reason=reason, path="索引")


def _end(session: Session, reindex: Reindex, reason: str) -> None:
    session.execute(delete(SuccessorRow))
    reindex.state, reindex.ended_at, reindex.reason = "failed", time.time(), reason
    audit.record(session, "reindex_failed", "index", reindex.engine, reindex.asked_by, reason=reason)


def status_of_reindex(session: Session, reindex: Reindex) -> ReindexStatus:
    """How far a reindex is."""
    left = unfinished(session) if reindex.state == "open" and reindex.generation else 0
    begun = reindex.generation is not None
    total = max(reindex.total, left)
    done = total - left if begun else 0
    seconds_left = None
    if reindex.state == "open" and reindex.began_at is not None and done:
        seconds_left = round((time.time() - reindex.began_at) / done * left, 1)
    return ReindexStatus(reindex.engine, reindex.state, done, total, seconds_left, reindex.reason)
