"""Sight: which cases somebody sees, as the catalogue says at this moment, and as a clause for the engine."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Case
from dossier.viewers import Viewer
from indexer.clause import EVERYTHING, AllOf, AnyOf, Clause, Not, OneOf


@dataclass(frozen=True, slots=True)
class Sight:
    """Who sees what, and what was asked for: all that is not said is not restricted.

    Attributes:
        departments, cases: a page is seen if its department or its case is among these; None: all are seen.
        without_cases: sealed cases.
        only_cases: those in which the user searches.
    """

    departments: frozenset[str] | None = None
    cases: frozenset[str] | None = None
    without_cases: frozenset[str] = frozenset()
    only_cases: frozenset[str] | None = None

    @property
    def clause(self) -> Clause:
        """The clause that pages within sight match."""
        parts: list[Clause] = []
        if self.departments is not None or self.cases is not None:
            departments, cases = self.departments or frozenset(), self.cases or frozenset()
            parts.append(AnyOf((OneOf("department", departments), OneOf("case_id", cases))))
        if self.without_cases:
            parts.append(Not(OneOf("case_id", self.without_cases)))
        if self.only_cases is not None:
            parts.append(OneOf("case_id", self.only_cases))
        return AllOf(tuple(parts)) if parts else EVERYTHING

    def allows(self, case: Case) -> bool:
        """Whether this case is within sight, as its row says now."""
        if case.id in self.without_cases or (self.only_cases is not None and case.id not in self.only_cases):
            return False
        if self.departments is None and self.cases is None:
            return True
        return case.department in (self.departments or frozenset()) or case.id in (self.cases or frozenset())


def sight_of(session: Session, viewer: Viewer) -> Sight:
    """What a viewer sees at this moment."""
    sealed = frozenset(session.scalars(select(Case.id).where(Case.sealed.is_(True))))
    if viewer.is_at_machine:
        return Sight(without_cases=sealed)
    departments = frozenset({viewer.department} - {""})
    return Sight(departments=departments, cases=frozenset(), without_cases=sealed)
