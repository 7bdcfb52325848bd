"""The register of cases, for those who read no content: by which numbers a case goes, whose it is, whether it is
sealed, and who was let in by name. Of a sealed case even its name is left out: it often has a suspect's in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from dossier import cases, permissions
from dossier.catalogue.tables import ApiKey, Case, CaseNumber, Membership, User
from dossier.errors import NotFound
from dossier.numbers import canonical

MOST_SHOWN = 100


@dataclass(frozen=True)
class Entry:
    """A case.

    Attributes:
        case_id: its id.
        numbers: as they were given, the one that is shown elsewhere first.
        name: "" where it is sealed.
        department, handler: "" where nobody has said.
        is_sealed: whether only those see it who were let in since.
        members: how many were let in by name, for however long.
    """

    case_id: str
    numbers: tuple[str, ...]
    name: str
    department: str
    handler: str
    is_sealed: bool
    members: int


@dataclass(frozen=True)
class Member:
    """Somebody who was let in by name.

    Attributes:
        viewer_id: the user's or key's id.
        name: theirs.
        is_program: whether it is a key.
        sees: whether it counts now: not over, and not from before the sealing.
        last_day: the last day on which it counts, such as 2031-08-31; "" where it has no end.
    """

    viewer_id: str
    name: str
    is_program: bool
    sees: bool
    last_day: str


def entries(session: Session, asked: str, most: int = MOST_SHOWN) -> list[Entry]:
    """The cases that a number, a part of one, or a part of a name finds, by number; without any of them, those that
    are sealed or have members: what somebody has to keep an eye on.
    """
    wanted = select(Case).where(Case.state != "merged", or_(Case.folder.is_(None), Case.folder != ""))
    asked = " ".join(asked.split())
    if asked:
        by_number = select(CaseNumber.case_id).where(CaseNumber.canonical.contains(canonical(asked), autoescape=True))
        # A number of a case that was merged leads to where it went.
        exact = [case.id for case in cases.cases_named(session, asked)]
        by_name = Case.sealed.is_(False) & Case.name.contains(asked, autoescape=True)
        wanted = wanted.where(or_(Case.id.in_(by_number), Case.id.in_(exact), by_name))
    else:
        wanted = wanted.where(or_(Case.sealed.is_(True), Case.id.in_(select(Membership.case_id))))
    found = session.scalars(wanted.order_by(Case.sealed.desc(), Case.created_at.desc(), Case.id).limit(most)).all()
    return _entries(session, found)


def entry(session: Session, case_id: str) -> tuple[Case, Entry]:
    """A case and what is told of it.

    Raises:
        NotFound: there is none with this id that is a case of its own.
    """
    case = session.get(Case, case_id)
    if case is None or case.state == "merged" or cases.is_inbox(case):
        raise NotFound(case_id)
    return case, _entries(session, [case])[0]


def members(session: Session, case: Case) -> list[Member]:
    """Who was let in by name, the earliest first."""
    found = []
    for row in permissions.members_of(session, case):
        viewer = session.get(User, row.viewer_id) or session.get(ApiKey, row.viewer_id)
        if viewer is None:
            continue
        last_day = permissions.last_day_of(row)
        sees = (row.admitted or not case.sealed) and not permissions.has_ended(row)
        until = last_day.isoformat() if last_day else ""
        found.append(Member(viewer.id, viewer.name, isinstance(viewer, ApiKey), sees, until))
    return found


def member(session: Session, viewer_id: str) -> User | ApiKey:
    """The user or key with an id.

    Raises:
        NotFound: there is none.
    """
    viewer = session.get(User, viewer_id) or session.get(ApiKey, viewer_id)
    if viewer is None:
        raise NotFound(viewer_id)
    return viewer


def _entries(session: Session, found: Sequence[Case]) -> list[Entry]:
    ids = [case.id for case in found]
    numbers: dict[str, list[str]] = {}
    rows = select(CaseNumber.case_id, CaseNumber.as_given).where(CaseNumber.case_id.in_(ids)).order_by(CaseNumber.id)
    for case_id, as_given in session.execute(rows):
        numbers.setdefault(case_id, []).append(as_given)
    counted = dict(
        session.execute(
            select(Membership.case_id, func.count()).where(Membership.case_id.in_(ids)).group_by(Membership.case_id)
        ).all()
    )
    return [
        Entry(
            case.id, tuple(numbers.get(case.id, ())), "" if case.sealed else case.name, case.department, case.handler,
            case.sealed, counted.get(case.id, 0),
        )
        for case in found
    ]  # fmt: skip
