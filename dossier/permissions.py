"""Permissions: who sees which case. The one rule, as a condition on the catalogue's rows, and the deeds that change it.

A case is seen by its department, by its handler, by its members, and by whoever sees every department. A case without
a department is seen by the scanning room, which has to find out whose it is. A sealed case is seen by those alone who
were admitted to it by name after it was sealed; neither department, handling, earlier membership nor a role opens it.
Whoever manages or audits sees none. docs/decisions/0018-sight.md and 0026-roles.md have the reasons.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    false,
    or_,
    select,
    true,
    union,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from dossier import audit, cases
from dossier.catalogue.counters import reserve
from dossier.catalogue.tables import (
    ApiKey,
    Case,
    Counter,
    DepartmentMove,
    Membership,
    OutboxRow,
    Page,
    SuccessorRow,
    User,
    VolumeMove,
)
from dossier.errors import NotFound, UsageError
from dossier.viewers import Viewer

_COUNTER = "permissions_version"


def departments_seen(viewer: Viewer) -> frozenset[str]:
    """The departments, as cases bear them, whose cases a viewer sees; "" is that of cases without one."""
    if not viewer.reads_content:
        return frozenset()
    return viewer.departments | {""} if viewer.is_of_scanning_room else viewer.departments


# A condition is dearer to build than to ask, and the same people ask again and again. It holds no moment of its own.
@lru_cache(maxsize=1024)
def seen_by(viewer: Viewer) -> ColumnElement[bool]:
    """Of cases: those that a viewer sees."""
    if not viewer.reads_content:
        return false()
    admitted = Case.id.in_(_memberships(viewer).where(Membership.admitted.is_(True)))
    if viewer.sees_every_department:
        return or_(Case.sealed.is_(False), admitted)
    by_department = Case.department.in_(sorted(departments_seen(viewer)))
    return or_(and_(Case.sealed.is_(False), or_(by_department, Case.id.in_(union(*own_cases(viewer))))), admitted)


def own_cases(viewer: Viewer) -> tuple[Select[str], ...]:
    """What selects the ids of the cases that a viewer has to do with by name, whether they see them now or not."""
    # Programs have names, too, but handle no cases.
    if viewer.scopes is None and viewer.name:
        return _memberships(viewer), select(Case.id).where(Case.handler == viewer.name)
    return (_memberships(viewer),)


@dataclass(frozen=True)
class Extent:
    """The part of the catalogue that a viewer sees; without a viewer, all of it.

    Attributes:
        viewer: who looks.
    """

    viewer: Viewer | None

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return self.viewer is None

    def holds(self, case_id: InstrumentedAttribute[str] | InstrumentedAttribute[str | None]) -> ColumnElement[bool]:
        """Of rows that belong to a case, by the column that says to which: those within."""
        if self.viewer is None:
            return true()
        return case_id.in_(select(Case.id).where(seen_by(self.viewer)))


def sees(session: Session, viewer: Viewer, case_id: str) -> bool:
    """Whether a viewer sees a case at this moment."""
    return session.scalars(_is_seen_by(viewer), {"case_id": case_id}).first() is not None


@lru_cache(maxsize=1024)
def _is_seen_by(viewer: Viewer) -> Select[str]:
    return select(Case.id).where(Case.id == bindparam("case_id"), seen_by(viewer))


def case_in_sight(session: Session, viewer: Viewer, name: str) -> Case:
    """The case that a viewer names, by number or id; one that they do not see is as one that does not exist.

    Raises:
        NotFound: they see none.
        NumberClash: they see two with this number.
    """
    found = [case for case in cases.cases_named(session, name) if sees(session, viewer, case.id)]
    if not found:
        raise NotFound(name)
    if len(found) > 1:
        raise cases.clash(name, found)
    return found[0]


def grant(
    session: Session, case: Case, viewer: User | ApiKey, actor: str, last_day: dt.date | None = None
) -> None:  # fmt: skip
    """Let a user or key see a case by name; while it is sealed, this admits them to it.

    Args:
        session: the transaction.
        case: which.
        viewer: who.
        actor: who lets them.
        last_day: the last day in this machine's zone on which it counts; None: until it is taken back. It replaces what
            was said before.

    Raises:
        UsageError: that day is over, or has no end.
    """
    if last_day is not None and last_day < dt.date.today():
        raise UsageError(f"{last_day}：日期已过 / is over")
    ends_at = _end_of(last_day)
    row = session.get(Membership, (case.id, viewer.id))
    if row is not None and (row.admitted or not case.sealed) and row.ends_at == ends_at:
        return
    session.merge(Membership(case_id=case.id, viewer_id=viewer.id, admitted=case.sealed, ends_at=ends_at))
    note_change(session)
    audit.record(
        session, "grant", "case", case.id, actor, viewer=viewer.id, name=viewer.name, is_sealed=case.sealed,
        until=last_day.isoformat() if last_day else "",
    )  # fmt: skip


def revoke(session: Session, case: Case, viewer: User | ApiKey, actor: str) -> None:
    """Take back what `grant` gave; department and handling go on to count."""
    row = session.get(Membership, (case.id, viewer.id))
    if row is None:
        return
    session.delete(row)
    note_change(session)
    audit.record(session, "revoke", "case", case.id, actor, viewer=viewer.id, name=viewer.name)


def seal(session: Session, case: Case, actor: str) -> None:
    """Hide a case from everybody who is not admitted afterwards."""
    if case.sealed:
        return
    case.sealed = True
    session.execute(update(Membership).where(Membership.case_id == case.id).values(admitted=False))
    note_change(session)
    audit.record(session, "seal", "case", case.id, actor)


def unseal(session: Session, case: Case, actor: str) -> None:
    """Let a case be seen again as any other; who was admitted stays a member."""
    if not case.sealed:
        return
    case.sealed = False
    note_change(session)
    audit.record(session, "unseal", "case", case.id, actor)


def move(session: Session, case: Case, department: str, actor: str) -> None:
    """Give a case to a department; what the index still holds of it under the former one counts no more.

    The caller puts its pages in the outbox, in the same transaction.
    """
    if case.department == department:
        return
    audit.record(session, "move", "case", case.id, actor, before=case.department, after=department)
    case.department = department
    if session.scalar(select(exists().where(Page.case_id == case.id, Page.reading_version.is_not(None)))):
        session.merge(DepartmentMove(case_id=case.id))
    note_change(session)


def hand_over(session: Session, case: Case, handler: str, actor: str) -> None:
    """Give a case to a handler."""
    if case.handler == handler:
        return
    audit.record(session, "hand_over", "case", case.id, actor, before=case.handler, after=handler)
    case.handler = handler
    note_change(session)


def members_of(session: Session, case: Case) -> Sequence[Membership]:
    """Who sees a case by name, the earliest first."""
    return session.scalars(
        select(Membership).where(Membership.case_id == case.id).order_by(Membership.created_at, Membership.viewer_id)
    ).all()


def last_day_of(membership: Membership) -> dt.date | None:
    """The last day on which a membership counts; None: it has no end."""
    if membership.ends_at is None:
        return None
    return (dt.datetime.fromtimestamp(membership.ends_at) - dt.timedelta(seconds=1)).date()


def has_ended(membership: Membership) -> bool:
    """Whether a membership counts no more."""
    return membership.ends_at is not None and membership.ends_at <= time.time()


def version(session: Session) -> int:
    """A number that each change of who sees what raises: what was counted under another one is old."""
    return session.scalar(select(Counter.value).where(Counter.name == _COUNTER)) or 0


def note_change(session: Session) -> None:
    """Say that who sees what may have changed: what was counted before is old."""
    reserve(session, _COUNTER, 1)


def _memberships(viewer: Viewer) -> Select[str]:
    # The moment is that of asking, not of building.
    now = bindparam(None, callable_=lambda: time.time(), type_=Float)
    lasts = or_(Membership.ends_at.is_(None), Membership.ends_at > now)
    return select(Membership.case_id).where(Membership.viewer_id == viewer.id, lasts)


def _end_of(last_day: dt.date | None) -> float | None:
    """The midnight that ends a day, in this machine's zone.

    Raises:
        UsageError: there is none; 9999-12-31 is written where no end is meant.
    """
    if last_day is None:
        return None
    try:
        return dt.datetime.combine(last_day + dt.timedelta(days=1), dt.time()).timestamp()
    except (OverflowError, ValueError) as error:
        raise UsageError(f"{last_day}：没有期限的，请不写日期 / where there is no end, leave the day out") from error


def forget_finished_moves(session: Session) -> None:
    """Strike out the moves whose pages the index has all taken again, and one built beside it, too.

    These are moves of cases to other departments, and of volumes to other cases.
    """
    waits = [
        exists().where(Page.case_id == DepartmentMove.case_id, box.page_id == Page.id)
        for box in (OutboxRow, SuccessorRow)
    ]
    session.execute(delete(DepartmentMove).where(~or_(*waits)))
    waits = [
        exists().where(Page.volume_id == VolumeMove.volume_id, box.page_id == Page.id)
        for box in (OutboxRow, SuccessorRow)
    ]
    settled = update(VolumeMove).where(VolumeMove.settled_at.is_(None), ~or_(*waits))
    session.execute(settled.values(settled_at=time.time()).execution_options(synchronize_session=False))
