"""Proving the audit log: where its chain does not hold in itself.

In itself a chain shows what was changed, taken out, put in or moved within it. That its end was cut off, or that the
whole of it was made anew, only a head shows that lay elsewhere meanwhile (audit_heads). What was done after the last
head, and has been cut off since, nobody can tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier.audit_chain import BEGINNING, hash_of
from dossier.catalogue.tables import AuditRow

_A_PORTION = 500

Kind = Literal["changed", "missing", "reordered", "inserted", "truncated", "rewritten", "forged"]


@dataclass(frozen=True)
class ChainFault:
    """Where the log is not what it was.

    Attributes:
        kind: "changed" (a row says something else), "missing" (rows were taken out), "reordered" (a row stands in
            another place), "inserted" (a row came among older ones), "truncated" (the end that a head knows is gone),
            "rewritten" (the chain holds, but is not the one that a head knows), "forged" (a head is not ours).
        link: the place in the chain of the first bad entry; None where it is a head that is bad.
        row_id: that row's id, where there is one.
        said: the same in words.
    """

    kind: Kind
    link: int | None
    row_id: int | None
    said: str


def first_fault(session: Session) -> ChainFault | None:
    """The first entry at which the chain does not hold in itself; None where it holds."""
    expected, previous, last_id = 1, BEGINNING, 0
    # In portions: there may be millions.
    while True:
        rows = session.scalars(
            select(AuditRow).where(AuditRow.place >= expected).order_by(AuditRow.place).limit(_A_PORTION)
        ).all()
        for row in rows:
            fault = _fault_of(session, row, expected, previous, last_id)
            if fault is not None:
                return fault
            expected, previous, last_id = expected + 1, row.hash or "", row.id
        if len(rows) < _A_PORTION:
            break
        session.expunge_all()
    # Rows are chained in the order of their ids, which is that of their commits: no older one can come later.
    late = session.scalar(select(func.min(AuditRow.id)).where(AuditRow.place.is_(None), AuditRow.id < last_id))
    if late is not None:
        return ChainFault("inserted", None, late, f"audit row {late} is not chained, but later rows are")
    return None


def _fault_of(session: Session, row: AuditRow, expected: int, previous: str, last_id: int) -> ChainFault | None:
    if row.place != expected:
        said = f"link {expected} is missing; the next is link {row.place} (audit row {row.id})"
        return ChainFault("missing", expected, None, said)
    if row.hash != hash_of(row.previous_hash or "", row):
        return ChainFault("changed", expected, row.id, f"audit row {row.id} (link {expected}) is not as it was chained")
    if row.previous_hash != previous:
        # Itself as it was: what stood before it is gone, or stands elsewhere.
        elsewhere = session.scalar(
            select(AuditRow.place).where(AuditRow.hash == row.previous_hash, AuditRow.place > expected)
        )
        if elsewhere is not None or row.previous_hash == BEGINNING or row.id < last_id:
            said = f"audit row {row.id} stands as link {expected}, where it does not belong"
            return ChainFault("reordered", expected, row.id, said)
        said = f"what was chained before audit row {row.id} (now link {expected}) is missing, or was chained anew"
        return ChainFault("missing", expected, row.id, said)
    if row.id < last_id:
        said = f"audit row {row.id} (link {expected}) was chained out of turn"
        return ChainFault("reordered", expected, row.id, said)
    return None
