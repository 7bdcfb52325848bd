"""A question: what somebody asks for, understood within their sight, ready for the engine."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from dossier.permissions import case_in_sight
from dossier.transcriptions.standing import anything_transcribed
from dossier.viewers import Viewer
from indexer.clause import AllOf, Clause
from indexer.engine import Search
from indexer.fields import fields_of
from indexer.narrowing import Narrowing, narrowed
from indexer.query import Query, ladder, understand
from indexer.sight import Sight, sight_of


@dataclass(frozen=True, slots=True)
class Question:
    """A question.

    Attributes:
        viewer: who asks.
        case: the id of the case in which they search; "" for all.
        narrowing: what the hits' cases and volumes must be.
        text: what they typed.
        query: the same, understood: what to mark.
        sight: against which the hits are held once more.
        search: what the engine is asked; whatever is out of sight is not in it.
    """

    viewer: Viewer
    case: str
    narrowing: Narrowing
    text: str
    query: Query
    sight: Sight
    search: Search

    @property
    def parts(self) -> tuple[str, ...]:
        """What makes it another question, if it is another; not who asks."""
        return self.text, self.case, *(f"{name}={value}" for name, value in self.narrowing.chosen.items())

    def within(self, *clauses: Clause) -> Search:
        """The search, for what these clauses match besides."""
        return replace(self.search, scope=AllOf((self.search.scope, *clauses)))

    def seen_anew(self, session: Session) -> Question:
        """The same question, with what is in sight now."""
        return replace(self, sight=replace(sight_of(session, self.viewer), only_cases=self.sight.only_cases))


def question_of(session: Session, text: str, case: str | None, viewer: Viewer, narrowing: Narrowing) -> Question:
    """What somebody asks for.

    Args:
        session: the catalogue.
        text: what they typed.
        case: the number or id of the only case to search in.
        viewer: who asks.
        narrowing: what the hits' cases and volumes must be.

    Raises:
        NotFound: there is no such case within sight.
        NumberClash: the case's number belongs to two cases that are.
        UsageError: the query is longer than a paragraph.
    """
    only = case_in_sight(session, viewer, case).id if case else ""
    query = understand(text)
    sight = replace(sight_of(session, viewer), only_cases=frozenset({only}) if only else None)
    search = ladder(query, sight, fields_of(session, query), anything_transcribed(session))
    search = replace(search, scope=AllOf((search.scope, *narrowed(session, narrowing))))
    return Question(viewer, only, narrowing, text, query, sight, search)
