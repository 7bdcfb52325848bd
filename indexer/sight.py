"""Sight: which cases somebody sees, as the catalogue says at this moment, and as a clause for the engine.

The engine holds each page's case and department as they were when it took the page. Membership and sealing are not in
it at all, so that they act at once. A department that has changed since is told apart: as long as pages of such a case
may stand in the index under the former one, the case is seen, or not, by its id alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from dossier import permissions
from dossier.catalogue.tables import Case, DepartmentMove, VolumeMove
from dossier.viewers import Viewer
from indexer.clause import EVERYTHING, AllOf, AnyOf, Clause, Not, OneOf


@dataclass(frozen=True, slots=True)
class Sight:
    """Who sees what, and what was asked for: all that is not said is not restricted.

    Attributes:
        departments, cases: a page is seen if its department or its case is among these; None: all are seen.
        without_cases: sealed cases, however else they would be seen.
        moved_cases: whose pages may stand in the index under another department than theirs: seen by `cases` alone.
        moved_volumes: whose pages may stand in the index as another case's: seen by nobody until it knows better.
        only_cases: those in which the user searches.
    """

    departments: frozenset[str] | None = None
    cases: frozenset[str] | None = None
    without_cases: frozenset[str] = frozenset()
    moved_cases: frozenset[str] = frozenset()
    moved_volumes: frozenset[str] = frozenset()
    only_cases: frozenset[str] | None = None

    @property
    def clause(self) -> Clause:
        """The clause that pages within sight match."""
        parts: list[Clause] = []
        if self.departments is not None or self.cases is not None:
            by_department: Clause = OneOf("department", self.departments or frozenset())
            if self.moved_cases:
                by_department = AllOf((by_department, Not(OneOf("case_id", self.moved_cases))))
            parts.append(AnyOf((by_department, OneOf("case_id", self.cases or frozenset()))))
        if self.without_cases:
            parts.append(Not(OneOf("case_id", self.without_cases)))
        if self.moved_volumes:
            parts.append(Not(OneOf("volume_id", self.moved_volumes)))
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
    seen = permissions.seen_by(viewer)
    volumes = frozenset(session.scalars(select(VolumeMove.volume_id).where(VolumeMove.settled_at.is_(None))))
    sealed = frozenset(session.scalars(select(Case.id).where(Case.sealed.is_(True), ~seen)))
    if viewer.sees_every_department:
        return Sight(without_cases=sealed, moved_volumes=volumes)
    departments = permissions.departments_seen(viewer)
    moves = select(DepartmentMove.case_id)
    # Departments are one term each, cases one term a case: by id only what no department tells.
    told_by_id = Case.department.not_in(departments) | Case.sealed.is_(True) | Case.id.in_(moves)
    # The first condition is none of the rule's: it lets the database begin with few cases.
    candidates = Case.id.in_(union(*permissions.own_cases(viewer), moves))
    cases = frozenset(session.scalars(select(Case.id).where(candidates, seen, told_by_id)))
    return Sight(departments, cases, sealed, frozenset(session.scalars(moves)), volumes)
