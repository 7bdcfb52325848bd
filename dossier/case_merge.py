"""Merging cases 并案: one becomes part of another. Its numbers and its id lead to that one for ever."""

from __future__ import annotations

import time

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dossier import audit, cases, flags, permissions
from dossier.case_metadata import change_department, move_deadline
from dossier.catalogue.tables import Case, Delivery, Person, Proceeding, Receipt, Volume
from dossier.errors import CaseDeedRefused
from dossier.volume_moves import move_volumes


def merge(session: Session, case: Case, other: Case, actor: str) -> bool:
    """Let `other` become part of `case`; False where it is part of it already.

    Volumes, deliveries, receipts and proceedings move; suspects are joined by name; what is not known of `case` is
    taken from `other`. Who sees the whole is who saw `case`: members of `other` are not carried over, since they would
    see more.

    Raises:
        CaseDeedRefused: `other` is sealed and `case` is not: the seal would be lost. Or one of them is the inbox:
            all loose files that come later would be of the case.
    """
    if other.id == case.id:
        return False
    if cases.is_inbox(case) or cases.is_inbox(other):
        raise CaseDeedRefused("收件箱里散放的文件不是一个案件，请逐份认领 / loose files are no case: claim them")
    if other.sealed and not case.sealed:
        raise CaseDeedRefused(
            "被并入的案件已封存，并入的案件没有封存 / the case to be merged is sealed, the other is not"
        )
    volumes = session.scalars(select(Volume).where(Volume.case_id == other.id).order_by(Volume.order_key)).all()
    move_volumes(session, volumes, other, case)
    _move_deliveries(session, case, other)
    for table in (Proceeding, Receipt):
        session.execute(update(table).where(table.case_id == other.id).values(case_id=case.id))
    _move_people(session, case, other)
    _fill_blanks(session, case, other, actor)
    move_deadline(session, case)
    for flag in ("unknown_case", "unclaimed", "number_clash"):
        flags.close_flag(session, "case", other.id, flag)
    if case.state != "known" and (other.state == "known" or cases.number_of(session, other) is not None):
        _settle_state(session, case, other)
    other.state, other.merged_into = "merged", case.id
    for each in (case, other):
        each.version += 1
        each.updated_at = time.time()
    permissions.note_change(session)
    audit.record(
        session, "merge", "case", case.id, actor, other=other.id, volumes=[volume.id for volume in volumes]
    )  # fmt: skip
    audit.record(session, "become_part", "case", other.id, actor, of=case.id)
    session.flush()
    return True


def _settle_state(session: Session, case: Case, other: Case) -> None:
    case.state = "known" if other.state == "known" else "provisional"
    flags.close_all(session, case.id, "unclaimed")  # at its documents, too
    if case.state == "known":
        flags.close_flag(session, "case", case.id, "unknown_case")
    cases.ask_whose(session, case)


def _move_deliveries(session: Session, case: Case, other: Case) -> None:
    here = {
        (delivery.kind, delivery.number): delivery
        for delivery in session.scalars(select(Delivery).where(Delivery.case_id == case.id))
    }
    for delivery in session.scalars(select(Delivery).where(Delivery.case_id == other.id)).all():
        # Both first transfers stay: each says what came with its own case.
        number = delivery.number
        while (delivery.kind, number) in here:
            number += 1
        delivery.case_id, delivery.number = case.id, number
        here[(delivery.kind, number)] = delivery
    session.flush()


def _move_people(session: Session, case: Case, other: Case) -> None:
    known = {
        (person.role, person.name) for person in session.scalars(select(Person).where(Person.case_id == case.id))
    }  # fmt: skip
    for person in session.scalars(select(Person).where(Person.case_id == other.id)).all():
        if (person.role, person.name) not in known:
            person.case_id = case.id
    session.flush()


def _fill_blanks(session: Session, case: Case, other: Case, actor: str) -> None:
    case.name = case.name or other.name
    case.charge = case.charge or other.charge
    case.due_on = min(filter(None, (case.due_on, other.due_on)), default=None)
    case.details = {**other.details, **case.details}
    if not case.department:
        change_department(session, case, other.department, actor)
    if not case.handler:
        permissions.hand_over(session, case, other.handler, actor)
