"""Narrowing: to the cases and volumes of which the catalogue says something, now.

What it says is not in the index: a choice becomes a set of ids, so that a correction acts at once.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier.case_year import years_of
from dossier.catalogue.tables import Case, Volume
from indexer.clause import Clause, OneOf


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What hits' cases and volumes must be; what is empty is not asked for.

    Attributes:
        charge: the case's 案由.
        department: the case's.
        volume_kind: 诉讼文书卷, 证据材料卷, …
        year: of the case's acceptance, else of its number; four digits.
    """

    charge: str = ""
    department: str = ""
    volume_kind: str = ""
    year: str = ""

    @property
    def chosen(self) -> dict[str, str]:
        """What is asked for, by name."""
        return {part.name: value for part in fields(self) if (value := getattr(self, part.name))}


ANYTHING = Narrowing()


def narrowed(session: Session, narrowing: Narrowing) -> tuple[Clause, ...]:
    """The clauses that all hits must match; none, if nothing is asked for."""
    clauses: list[Clause] = []
    if narrowing.charge or narrowing.department or narrowing.year:
        asked = select(Case.id)
        if narrowing.charge:
            asked = asked.where(Case.charge == narrowing.charge)
        if narrowing.department:
            asked = asked.where(Case.department == narrowing.department)
        case_ids = list(session.scalars(asked))
        if narrowing.year:
            years = years_of(session, case_ids)
            case_ids = [case_id for case_id in case_ids if years.get(case_id) == narrowing.year]
        clauses.append(OneOf("case_id", frozenset(case_ids)))
    if narrowing.volume_kind:
        of_kind = select(Volume.id).where(Volume.kind == narrowing.volume_kind)
        clauses.append(OneOf("volume_id", frozenset(session.scalars(of_kind))))
    return tuple(clauses)
