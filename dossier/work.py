"""Work: rows in the catalogue that processes lease, do, and complete.

A lease names its owner and ends by itself; a process that dies loses nothing but time. Completing work happens in the
transaction that writes its result, so that a step is done wholly or not at all.

    waiting ──lease──▶ leased ──complete──▶ done
       ▲                 │ │
       └──fail, release──┘ └──fail for the third time──▶ failed
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Select, case, select, update
from sqlalchemy.orm import Session

from dossier.catalogue.statements import insert_or_update
from dossier.catalogue.tables import Work
from dossier.errors import EdossierError

PAGINATE = "paginate"
READ = "read"
ASSEMBLE = "assemble"
PICTURE = "picture"
BIND = "bind"
BIND_CASE = "bind_case"
BIND_EXHIBIT = "bind_exhibit"

URGENT = 0
"""A person waits for just this: the page that is open on the screen."""
SOON = 5
"""A person would see it, among others: the small pictures of a volume."""
NORMAL = 10
MOST_ATTEMPTS = 3
# A piece of work whose process died so often, without a failure being seen, is what kills it.
MOST_LOSSES = 30
NO_DEADLINE = "9999-12-31"
LONGEST_DELAY_SECONDS = 600.0
"""Nothing is put off for longer. What seems to be was put off before the clock was set back, and is due now."""


@dataclass(frozen=True)
class Job:
    """A leased piece of work."""

    work_id: int
    kind: str
    subject_id: str
    attempts: int
    losses: int


def this_process() -> str:
    """A name for this process that no other living or dead process bears: host, process id, start time."""
    return f"{socket.gethostname()}:{os.getpid()}:{_start_time(os.getpid())}"


def request(
    session: Session,
    kind: str,
    subject_ids: Collection[str],
    priority: int = NORMAL,
    due_on: str | None = None,
    delay_seconds: float = 0.0,
) -> None:
    """Ask for work: new rows, or rows that are done or failed set to waiting again; leased ones are left alone.

    A more urgent request raises the priority of work that is waiting already; a delay counts from the latest request. A
    request that names no deadline leaves the one that is known.
    """
    not_before = time.time() + delay_seconds if delay_seconds else 0.0
    for subject_id in subject_ids:
        statement = insert_or_update(session, Work).values(
            kind=kind, subject_id=subject_id, priority=priority, due_on=due_on or NO_DEADLINE, state="waiting",
            attempts=0, not_before=not_before, error_detail="",
        )  # fmt: skip
        statement = statement.on_conflict_do_update(
            index_elements=[Work.kind, Work.subject_id],
            set_={
                "state": "waiting",
                "priority": case(
                    ((Work.state == "waiting") & (Work.priority < statement.excluded.priority), Work.priority),
                    else_=statement.excluded.priority,
                ),
                "due_on": statement.excluded.due_on if due_on else Work.due_on,
                "attempts": 0,
                "losses": 0,
                "not_before": not_before,
                "error_code": None,
                "error_detail": "",
                "updated_at": time.time(),
            },
            where=Work.state != "leased",
        )
        session.execute(statement)


def hurry(session: Session, kind: str, subject_ids: Collection[str], priority: int = URGENT) -> None:
    """Let work that is waiting come earlier; what nobody has asked for, or is done, stays as it is."""
    session.execute(
        update(Work)
        .where(Work.kind == kind, Work.subject_id.in_(subject_ids), Work.state == "waiting", Work.priority > priority)
        .values(priority=priority)
    )


def is_waiting(session: Session, kinds: Sequence[str]) -> bool:
    """Whether there is anything to lease now; a look that disturbs no writer."""
    now = time.time()
    return any(session.scalars(_free(kinds, how, now).limit(1)).first() is not None for how in (_waiting, _run_out))


def lease(session: Session, kinds: Sequence[str], owner: str, seconds: float, limit: int = 1) -> list[Job]:
    """Take up to `limit` pieces of work: urgent before bulk, then the nearest deadline, then age.

    Where too little waits, work whose lease has run out is taken as well.
    """
    now = time.time()
    rows = list(session.scalars(_free(kinds, _waiting, now).limit(limit).with_for_update(skip_locked=True)))
    if len(rows) < limit:
        lost = session.scalars(
            _free(kinds, _run_out, now).limit(limit - len(rows)).with_for_update(skip_locked=True)
        ).all()
        for row in lost:
            row.losses += 1
        rows += lost
    for row in rows:
        row.state = "leased"
        row.lease_owner = owner
        row.lease_until = now + seconds
        row.updated_at = now
    return [Job(row.id, row.kind, row.subject_id, row.attempts, row.losses) for row in rows]


def renew(session: Session, owner: str, seconds: float) -> None:
    """Prolong all leases of a process that is alive."""
    session.execute(
        update(Work).where(Work.state == "leased", Work.lease_owner == owner).values(lease_until=time.time() + seconds)
    )


def complete(session: Session, job: Job, owner: str) -> bool:
    """Mark leased work as done, in the transaction that writes its result.

    Returns:
        False when another process has taken the lease over: the result must then not be written.
    """
    row = session.get(Work, job.work_id)
    if row is None or row.state != "leased" or row.lease_owner != owner:
        return False
    row.state, row.lease_owner, row.lease_until, row.updated_at = "done", None, None, time.time()
    return True


def fail(session: Session, job: Job, owner: str, error: EdossierError) -> bool:
    """Count a failure: the work waits a little and is tried again, or has failed for good.

    Returns:
        True when this was the last attempt.
    """
    row = session.get(Work, job.work_id)
    if row is None or row.state != "leased" or row.lease_owner != owner:
        return False
    row.attempts += 1
    row.error_code, row.error_detail = error.code, error.detail
    row.lease_owner, row.lease_until, row.updated_at = None, None, time.time()
    last = row.attempts >= MOST_ATTEMPTS or row.losses >= MOST_LOSSES
    row.state = "failed" if last else "waiting"
    row.not_before = time.time() + row.attempts
    return last


def put_back(session: Session, job: Job, owner: str, delay_seconds: float) -> None:
    """Give leased work back untried, for a while: the machine is at fault, not the work."""
    row = session.get(Work, job.work_id)
    if row is not None and row.state == "leased" and row.lease_owner == owner:
        row.state, row.lease_owner, row.lease_until = "waiting", None, None
        row.not_before = time.time() + delay_seconds


def release_dead(session: Session) -> int:
    """Free the leases of processes of this machine that no longer live, without waiting for them to run out.

    Returns how many leases were freed.
    """
    freed = 0
    for owner in session.scalars(select(Work.lease_owner).where(Work.state == "leased").distinct()):
        if owner is not None and _is_dead(owner):
            result = session.execute(
                update(Work)
                .where(Work.state == "leased", Work.lease_owner == owner)
                .values(state="waiting", lease_owner=None, lease_until=None, losses=Work.losses + 1)
            )
            freed += int(result.rowcount)  # type: ignore[attr-defined]
    return freed


def release(session: Session, owner: str) -> None:
    """Give back everything that a process has leased, when it stops in order."""
    session.execute(
        update(Work)
        .where(Work.state == "leased", Work.lease_owner == owner)
        .values(state="waiting", lease_owner=None, lease_until=None)
    )


def _waiting(now: float) -> ColumnElement[bool]:
    is_due = (Work.not_before <= now) | (Work.not_before > now + LONGEST_DELAY_SECONDS)
    return (Work.state == "waiting") & is_due


def _run_out(now: float) -> ColumnElement[bool]:
    return (Work.state == "leased") & (Work.lease_until < now)


def _free(kinds: Sequence[str], how: Callable[[float], ColumnElement[bool]], now: float) -> Select[Work]:
    # One condition on the state at a time, so that the index on the queue gives the order.
    return select(Work).where(Work.kind.in_(kinds), how(now)).order_by(Work.priority, Work.due_on, Work.id)


def _is_dead(owner: str) -> bool:
    host, pid, started = owner.rsplit(":", 2)
    return host == socket.gethostname() and _start_time(int(pid)) != started


def _start_time(pid: int) -> str:
    """When a process started, in clock ticks since boot; empty when there is none (see proc(5), field 22 of stat)."""
    try:
        content = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace")
    except OSError:
        return ""
    return content.rpartition(")")[2].split()[19]
