"""What is done to a case over the API: put by its numbers, changed, given numbers, handed over, told what has come.

Each is done within the caller's transaction, leaves an entry in the audit where anything changed, and done twice ends
as if done once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import audit, cases, permissions
from dossier.case_metadata import CaseMetadata, NumberGiven, apply_metadata
from dossier.catalogue.tables import Case, CaseNumber, Delivery, Proceeding
from dossier.errors import CaseDeedRefused, CaseOutOfReach, NotFound, NumberInsufficient, NumberTaken
from dossier.numbers import Kind, canonical
from dossier.viewers import Viewer, plain_name


@dataclass(frozen=True)
class Delivered:
    """A delivery 移送批次, told apart within its case by kind and number (退补 2 is 二退)."""

    kind: str
    number: int
    arrived_on: date | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Come:
    """A coming of the case 件, told apart by its 部门受案号."""

    number: NumberGiven
    kind: str | None = None
    department: str | None = None
    handler: str | None = None
    accepted_on: date | None = None
    due_on: date | None = None
    state: str | None = None


def case_by_id(session: Session, viewer: Viewer, case_id: str) -> Case:
    """The case with an id; that of one that was merged leads to where it went.

    Raises:
        NotFound: the viewer sees none.
    """
    case = session.get(Case, case_id)
    if case is not None:
        case = cases.unmerged(session, case)
    if case is None or not permissions.sees(session, viewer, case.id):
        raise NotFound(case_id)
    return case


def put_case(session: Session, viewer: Viewer, metadata: CaseMetadata, actor: str) -> tuple[Case, bool]:
    """Open the case with these numbers, or bring it up to date.

    Returns:
        The case, and whether it is new.

    Raises:
        NumberClash: the numbers name two cases.
        NumberTaken: one of them names a case that the viewer does not see.
        NumberInsufficient: there is no number, or nothing but a 文号 that nobody knows.
        CaseOutOfReach: the viewer would not see the case.
    """
    found = case_meant(session, viewer, metadata.numbers)
    if found is not None:
        change_case(session, found, metadata, actor)
        return found, False
    return open_case(session, viewer, metadata, actor), True


def case_meant(session: Session, viewer: Viewer, numbers: Sequence[NumberGiven]) -> Case | None:
    """The case that numbers mean together; None where nobody has any of them.

    Raises:
        NumberClash: they name two cases.
        NumberTaken: one of them names a case that the viewer does not see.
    """
    found: dict[str, Case] = {}
    for given in numbers:
        for case in cases.cases_meant(session, given.system, given.number):
            if not permissions.sees(session, viewer, case.id):
                raise NumberTaken(given.number)
            found[case.id] = case
    if len(found) > 1:
        raise cases.clash(", ".join(given.number for given in numbers), list(found.values()))
    return next(iter(found.values()), None)


def open_case(
    session: Session,
    viewer: Viewer,
    metadata: CaseMetadata,
    actor: str,
    prepare: Callable[[Case], None] = lambda case: None,
) -> Case:
    """Open a case whose numbers nobody has; `prepare` is done to it before the viewer has to see it.

    Raises:
        NumberInsufficient, CaseOutOfReach: as for `put_case`.
    """
    if all(given.kind_by_form == Kind.DOCUMENT for given in metadata.numbers):
        raise NumberInsufficient(", ".join(given.number for given in metadata.numbers))
    case = Case(state="known")
    session.add(case)
    session.flush()
    audit.record(session, "open_case", "case", case.id, actor, numbers=[given.number for given in metadata.numbers])
    apply_metadata(session, case, metadata, actor)
    prepare(case)
    session.flush()
    if not permissions.sees(session, viewer, case.id):
        raise CaseOutOfReach(case.department)
    return case


def change_case(
    session: Session, case: Case, metadata: CaseMetadata, actor: str, cleared: Collection[str] = ()
) -> bool:
    """Bring a case up to date; False where it was already.

    Raises:
        NumberTaken: another case has one of the numbers.
        CaseDeedRefused: it is the inbox: all loose files that come later would be of the case.
    """
    if cases.is_inbox(case):
        raise CaseDeedRefused("收件箱里散放的文件不是一个案件，请逐份认领 / loose files are no case: claim them")
    _refuse_taken(session, case, metadata.numbers)
    changed = apply_metadata(session, case, metadata, actor, cleared)
    if changed:
        audit.record(session, "change_case", "case", case.id, actor, fields=sorted(metadata.model_fields_set))
    return changed


def add_number(session: Session, case: Case, given: NumberGiven, actor: str) -> bool:
    """Give a case a number; a case that nobody knew yet is known then. False where it had it.

    Raises:
        NumberTaken: another case has it.
    """
    return change_case(session, case, CaseMetadata(numbers=[given]), actor)


def hand_over(session: Session, case: Case, handler: str, actor: str) -> bool:
    """Give a case to a handler; False where it is theirs already."""
    before = case.handler
    permissions.hand_over(session, case, plain_name(handler), actor)
    return case.handler != before and _touched(case)


def put_delivery(session: Session, case: Case, delivered: Delivered, actor: str) -> bool:
    """Say what came together; whether this kind and number is new to the case."""
    row = session.scalars(
        select(Delivery).where(
            Delivery.case_id == case.id, Delivery.kind == delivered.kind, Delivery.number == delivered.number
        )
    ).first()
    is_new = row is None
    if row is None:
        row = Delivery(case_id=case.id, kind=delivered.kind, number=delivered.number, details={})
        session.add(row)
        session.flush()
    before = (row.arrived_on, dict(row.details))
    if delivered.arrived_on is not None:
        row.arrived_on = delivered.arrived_on.isoformat()
    row.details = {**row.details, **delivered.details}
    if is_new or (row.arrived_on, row.details) != before:
        audit.record(
            session, "put_delivery", "case", case.id, actor, delivery=row.id, kind=row.kind, number=row.number
        )  # fmt: skip
        _touched(case)
    return is_new


def put_proceeding(session: Session, case: Case, come: Come, actor: str) -> bool:
    """Say with which 部门受案号 the case came; whether that is new to the case.

    Raises:
        NumberTaken: another case has the number.
    """
    add_number(session, case, come.number, actor)
    number = _number_row(session, case, come.number)
    row = session.scalars(select(Proceeding).where(Proceeding.number_id == number.id)).first()
    is_new = row is None
    if row is None:
        row = Proceeding(case_id=case.id, number_id=number.id)
        session.add(row)
        session.flush()
    before = _values_of(row)
    for name in ("kind", "state"):
        if (value := getattr(come, name)) is not None:
            setattr(row, name, value)
    for name in ("department", "handler"):
        if (value := getattr(come, name)) is not None:
            setattr(row, name, plain_name(value))
    for name in ("accepted_on", "due_on"):
        if (value := getattr(come, name)) is not None:
            setattr(row, name, value.isoformat())
    if is_new or _values_of(row) != before:
        audit.record(session, "put_proceeding", "case", case.id, actor, proceeding=row.id, number=come.number.number)
        _touched(case)
    return is_new


def _refuse_taken(session: Session, case: Case, numbers: Sequence[NumberGiven]) -> None:
    for given in numbers:
        if any(other.id != case.id for other in cases.cases_meant(session, given.system, given.number)):
            raise NumberTaken(given.number)


def _number_row(session: Session, case: Case, given: NumberGiven) -> CaseNumber:
    family = [case.id, *cases.merged_into(session, case)]
    rows = session.scalars(
        select(CaseNumber).where(CaseNumber.canonical == canonical(given.number), CaseNumber.case_id.in_(family))
    ).all()
    return min(rows, key=lambda row: (row.system != given.system, row.id))


def _values_of(row: Proceeding) -> tuple[Any, ...]:
    return row.kind, row.state, row.department, row.handler, row.accepted_on, row.due_on


def _touched(case: Case) -> bool:
    case.version += 1
    case.updated_at = time.time()
    return True
