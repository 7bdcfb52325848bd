"""The record of a case: what the catalogue says of it, as programs get it, and the tag that tells its states apart."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier import cases
from dossier.catalogue.tables import Case, CaseNumber, Delivery, Person, Proceeding, Volume


def record_of(session: Session, case: Case) -> dict[str, Any]:
    """What there is to know of a case; docs/api.md describes the fields.

    The numbers are those of the case, then those of the cases that have become part of it.
    """
    merged = cases.merged_into(session, case)
    family = [case.id, *merged]
    details = dict(case.details)
    numbers = session.scalars(select(CaseNumber).where(CaseNumber.case_id.in_(family)).order_by(CaseNumber.id)).all()
    suspects = session.scalars(
        select(Person).where(Person.case_id == case.id, Person.role == "suspect").order_by(Person.id)
    )
    proceedings = session.scalars(
        select(Proceeding).where(Proceeding.case_id == case.id).order_by(Proceeding.accepted_on, Proceeding.id)
    )
    deliveries = session.scalars(
        select(Delivery)
        .where(Delivery.case_id == case.id)
        .order_by(Delivery.kind != "first", Delivery.number, Delivery.kind, Delivery.id)
    )
    by_id = {number.id: number.as_given for number in numbers}
    return {
        "id": case.id,
        "state": case.state,
        "numbers": [
            {"system": number.system, "kind": number.kind, "number": number.as_given}
            for number in sorted(numbers, key=lambda each: (family.index(each.case_id), each.id))
        ],
        "name": case.name,
        "charge": case.charge,
        "suspects": [{**suspect.details, "name": suspect.name} for suspect in suspects],
        "department": case.department,
        "handler": case.handler,
        "accepted_on": details.pop("accepted_on", None),
        "due_on": case.due_on,
        "sealed": case.sealed,
        "merged": merged,
        "proceedings": [
            {
                "id": proceeding.id, "number": by_id.get(proceeding.number_id or 0, ""), "kind": proceeding.kind,
                "department": proceeding.department, "handler": proceeding.handler,
                "accepted_on": proceeding.accepted_on, "due_on": proceeding.due_on, "state": proceeding.state,
            }
            for proceeding in proceedings
        ],
        "deliveries": [
            {
                "id": delivery.id, "kind": delivery.kind, "number": delivery.number,
                "arrived_on": delivery.arrived_on, "details": delivery.details,
            }
            for delivery in deliveries
        ],
        "volumes": session.scalar(select(func.count()).select_from(Volume).where(Volume.case_id == case.id)) or 0,
        "details": details,
        "created_at": _instant(case.created_at),
        "updated_at": _instant(case.updated_at),
    }  # fmt: skip


def tag_of(record: dict[str, Any]) -> str:
    """The entity tag of a record (RFC 9110, 8.8.3): another one for whatever else is said of the case."""
    text = json.dumps(record, sort_keys=True, ensure_ascii=False)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
