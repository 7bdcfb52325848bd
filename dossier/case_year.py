"""The year of a case: that in which it was accepted, as far as it is known; otherwise that of its number."""

from __future__ import annotations

import re
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Case, CaseNumber, Proceeding
from dossier.numbers import Kind

_BRACKETED = re.compile(r"\(((?:19|20)\d\d)\)")
_AT_ONCE = 10_000


def years_of(session: Session, case_ids: Collection[str]) -> dict[str, str]:
    """The years by case id; cases of which none is known are left out."""
    wanted = sorted(case_ids)
    years: dict[str, str] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        numbers = select(CaseNumber.case_id, CaseNumber.kind, CaseNumber.canonical)
        for case_id, kind, number in session.execute(
            numbers.where(CaseNumber.case_id.in_(some)).order_by(CaseNumber.id)
        ):
            if year := _year_of_number(kind, number):
                years.setdefault(case_id, year)
        accepted = select(Proceeding.case_id, Proceeding.accepted_on).where(
            Proceeding.case_id.in_(some), Proceeding.accepted_on.is_not(None)
        )
        years |= {
            case_id: str(day)[:4] for case_id, day in session.execute(accepted.order_by(Proceeding.accepted_on.desc()))
        }
        for case_id, details in session.execute(select(Case.id, Case.details).where(Case.id.in_(some))):
            if day := details.get("accepted_on"):
                years[case_id] = str(day)[:4]
    return years


def _year_of_number(kind: str, canonical: str) -> str:
    if kind == Kind.UNIFIED:
        return canonical[6:10]
    bracketed = _BRACKETED.search(canonical)
    return bracketed[1] if bracketed else ""
