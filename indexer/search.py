"""Search: from a query to pages, with the words' places on the picture.

The engine says which pages; the catalogue says what they are and whether they still are; the readings say where on the
page the words stand. A page that the catalogue does not show once the engine has answered is left out, whatever the
engine says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import permissions
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Case, Page, Volume
from dossier.errors import NotFound, UsageError
from dossier.vault import Vault
from dossier.viewers import Viewer
from indexer import engine as engines
from indexer.clause import AllOf, AnyOf, Clause, OneOf, Term
from indexer.cursor import opened_cursor, sealed_cursor
from indexer.engine import DEEPEST, Engine, Grouping, Order, Rung, Search, check_window
from indexer.engines import now_in_service
from indexer.entry import SEPARATOR
from indexer.facets import Facets, facets_of
from indexer.hits import Hit, hits_shown
from indexer.narrowing import ANYTHING, Narrowing
from indexer.near_names import Proposal, names_in_sight, proposed_queries
from indexer.query import PHRASE, SIMILAR, phrase_clause, settled, settled_hits
from indexer.question import Question, question_of
from indexer.results import Group, Groups, Neighbours, SearchResult
from indexer.sight import sight_of
from indexer.tokens import tokens_of_text

HITS_OF_A_GROUP = 3
# So few pages that a name may have been mistyped; and at most so many proposals, each of which is a search.
_LITTLE, _MOST_PROPOSALS = 3, 5
# How often the engine is asked at most, where permissions change while it answers.
_MOST_ASKS = 3

_Found = TypeVar("_Found")
_Answer = TypeVar("_Answer")

# How many hits each case has, and each volume.
_Counted = tuple[dict[str, int], dict[str, int]]

_ID_FIELDS: dict[Grouping, Literal["case_id", "volume_id", "document_id"]] = {
    "case": "case_id",
    "volume": "volume_id",
    "document": "document_id",
}


@dataclass(frozen=True, slots=True)
class _Grouped:
    """What the engine found in groups: all of them, those asked for, and the first hits of each of these."""

    by: Grouping
    groups: Sequence[engines.Group]
    given: Sequence[engines.Group]
    first_hits: Sequence[Sequence[engines.Hit]]
    is_more: bool


class Searcher:
    """Searches one home."""

    def __init__(self, catalogue: Catalogue, vault: Vault, engine: Engine) -> None:
        self._catalogue, self._vault, self._engine = catalogue, vault, engine

    def count_entries(self) -> int:
        """How many pages the index in service holds.

        Raises:
            EngineUnreachable: the engine does not answer.
        """
        return self._engine.count()

    def search(
        self,
        query: str,
        case: str | None = None,
        limit: int = 20,
        offset: int = 0,
        *,
        viewer: Viewer,
        order: Order = "relevance",
        after: str = "",
        group: Grouping | None = None,
        narrowing: Narrowing = ANYTHING,
        facet_values: int = 0,
    ) -> SearchResult:
        """The pages that a query finds.

        Args:
            query: what a user typed; any text is a query.
            case: search only in the case with this number or id.
            limit: most hits to give; with `group`, most groups, each with its first `HITS_OF_A_GROUP`.
            offset: hits (or groups) to pass over, `DEEPEST` at most together with `limit`.
            viewer: who asks; what they do not see is neither given nor counted.
            order: relevance: by rung, then as the pages stand; page: as they stand; received: the newest first.
            after: a cursor of the same search, in place of an offset, to go on from however far.
            group: by what to group the hits.
            narrowing: what the hits' cases and volumes must be.
            facet_values: how many values of each facet to give besides, as `facets` does; 0: none.

        Raises:
            NotFound: there is no such case within sight.
            NumberClash: the case's number belongs to two cases that are.
            UsageError: the query is longer than a paragraph, the cursor is of another search, or the offset is too far.
            EngineUnreachable: the engine does not answer.
        """
        # One more than asked for tells whether there is more.
        ahead = limit + 1 if limit + offset < DEEPEST else limit

        def ask(session: Session, engine: Engine) -> tuple[Question, tuple[engines.Hits | _Grouped, _Counted | None]]:
            question, found = find(session, engine)
            return question, (found, _counted(engine, question) if facet_values else None)

        def find(session: Session, engine: Engine) -> tuple[Question, engines.Hits | _Grouped]:
            question = question_of(session, query, case, viewer, narrowing)
            question = replace(question, search=replace(question.search, order=order))
            rungs, _, place = opened_cursor((*question.parts, order, group or ""), after).partition(SEPARATOR)
            try:
                if not place and not group:
                    search, found = settled_hits(engine, question.search, ahead, offset)
                    return replace(question, search=search), found
                # What is gone on with keeps its ladder, whatever pages came in meanwhile.
                search = _with_rungs(question.search, rungs) if place else settled(engine, question.search)
                question = replace(question, search=search)
                if group:
                    return question, self._found_in_groups(engine, question, group, limit, offset, place)
                return question, engine.search(search, ahead, offset, place)
            except ValueError as error:
                raise UsageError(str(error)) from error

        def answer(
            session: Session,
            engine: Engine,
            question: Question,
            engine_found: tuple[engines.Hits | _Grouped, _Counted | None],
        ) -> SearchResult:
            found, counted = engine_found
            asked = (*question.parts, order, group or "")
            if isinstance(found, _Grouped):
                result = self._grouped(session, question, asked, found)
            else:
                given = found.hits[:limit]
                is_more = len(found.hits) > limit or (ahead == limit > 0 and offset + limit < found.total)
                after_last = _sealed(asked, question.search, given[-1].cursor) if given and is_more else None
                result = SearchResult(found.total, self._hits(session, question, given), after_last)
            only_similar = bool(result.hits) and all(hit.rung == SIMILAR for hit in result.hits)
            few = result.total < _LITTLE or only_similar
            proposals = self._proposals(session, engine, question) if few else ()
            return replace(
                result,
                document_hits=_document_hits(engine, question, result.hits),
                did_you_mean=proposals,
                facets=facets_of(session, question.sight, *counted, facet_values) if counted else None,
            )

        return self._answered(ask, answer)

    def facets(
        self,
        query: str,
        case: str | None = None,
        limit: int = 20,
        *,
        viewer: Viewer,
        narrowing: Narrowing = ANYTHING,
    ) -> Facets:
        """How many hits a query has by case, charge, department, volume kind and year.

        Args:
            query, case, viewer, narrowing: as of `search`.
            limit: how many values of each facet to give, the most frequent first.

        Raises:
            NotFound, NumberClash, UsageError, EngineUnreachable: as of `search`.
        """

        def ask(session: Session, engine: Engine) -> tuple[Question, _Counted]:
            question = self._question(session, engine, query, case, viewer, narrowing)
            return question, _counted(engine, question)

        def answer(session: Session, engine: Engine, question: Question, counted: _Counted) -> Facets:
            return facets_of(session, question.sight, *counted, limit)

        return self._answered(ask, answer)

    def neighbours(
        self,
        page_id: str,
        query: str,
        case: str | None = None,
        *,
        viewer: Viewer,
        narrowing: Narrowing = ANYTHING,
    ) -> Neighbours:
        """The hits of a query in the document of a page, around it.

        Args:
            page_id: the page; it need not be a hit.
            query, case, viewer, narrowing: as of `search`.

        Raises:
            NotFound: there is no such page or case within sight.
            NumberClash, UsageError, EngineUnreachable: as of `search`.
        """

        def ask(session: Session, engine: Engine) -> tuple[Question, set[str]]:
            question = self._question(session, engine, query, case, viewer, narrowing)
            document_id = _page_in_sight(session, page_id, question).document_id
            found = self._pages_within(engine, question, Term("document_id", document_id))
            return question, found

        def answer(session: Session, engine: Engine, question: Question, found: set[str]) -> Neighbours:
            document_id = _page_in_sight(session, page_id, question).document_id
            # As they stand now: pages may have moved since they were indexed.
            in_order = session.scalars(
                select(Page.id).where(Page.document_id == document_id).order_by(Page.page_number, Page.id)
            ).all()
            here = in_order.index(page_id)
            before = [other for other in in_order[:here] if other in found]
            behind = [other for other in in_order[here + 1 :] if other in found]
            return Neighbours(
                total=len(before) + (page_id in found) + len(behind),
                ordinal=len(before) + 1 if page_id in found else None,
                before=before[-1] if before else None,
                after=behind[0] if behind else None,
            )

        return self._answered(ask, answer)

    def pages_in_volume(
        self,
        volume_id: str,
        query: str,
        *,
        viewer: Viewer,
        narrowing: Narrowing = ANYTHING,
    ) -> tuple[int, ...]:
        """The places in a volume of the pages that a query finds there, in order.

        Args:
            volume_id: the volume's.
            query, viewer, narrowing: as of `search`.

        Raises:
            NotFound: there is no such volume within sight.
            UsageError, EngineUnreachable: as of `search`.
        """

        def ask(session: Session, engine: Engine) -> tuple[Question, set[str]]:
            question = self._question(session, engine, query, None, viewer, narrowing)
            _volume_in_sight(session, volume_id, question)
            return question, self._pages_within(engine, question, Term("volume_id", volume_id))

        def answer(session: Session, engine: Engine, question: Question, found: set[str]) -> tuple[int, ...]:
            _volume_in_sight(session, volume_id, question)
            # As they stand now: pages may have moved since they were indexed.
            in_order = session.execute(
                select(Page.id, Page.page_number)
                .where(Page.volume_id == volume_id, Page.outside.is_(None))
                .order_by(Page.page_number, Page.id)
            )
            return tuple(page_number for page_id, page_number in in_order if page_id in found)

        return self._answered(ask, answer)

    def pages_saying(self, case_id: str, phrase: str, beside: Sequence[str], *, viewer: Viewer) -> set[str]:
        """The ids of a case's pages that say a phrase, as it stands, and at least one of others.

        Args:
            case_id: the case's.
            phrase: such as a name; longer than a character.
            beside: phrases.
            viewer: who asks; the caller looks whether they see what was found.

        Raises:
            EngineUnreachable: the engine does not answer.
        """
        with self._catalogue.reading() as session:
            scope = replace(sight_of(session, viewer), only_cases=frozenset({case_id})).clause
        said = [phrase_clause(tuple(tokens_of_text(text))) for text in (phrase, *beside)]
        search = Search((Rung(PHRASE, AllOf((said[0], AnyOf(tuple(said[1:]))))),), scope, "page")
        found: set[str] = set()
        portion = self._engine.search(search, DEEPEST)
        while portion.hits:
            found |= {hit.page_id for hit in portion.hits}
            portion = self._engine.search(search, DEEPEST, after=portion.after)
        return found

    def _pages_within(self, engine: Engine, question: Question, part: Clause) -> set[str]:
        """The ids of all pages that a question finds in a part of what it asks of."""
        within = replace(question.within(part), order="page")
        found: set[str] = set()
        portion = engine.search(within, DEEPEST)
        while portion.hits:
            found |= {hit.page_id for hit in portion.hits}
            portion = engine.search(within, DEEPEST, after=portion.after)
        return found

    def _answered(
        self,
        ask: Callable[[Session, Engine], tuple[Question, _Found]],
        answer: Callable[[Session, Engine, Question, _Found], _Answer],
    ) -> _Answer:
        """The answer to a question, from a look at the catalogue that begins after the engine has found something.

        What the engine counted cannot be looked at again. So it is asked again where somebody has changed meanwhile
        who sees what; not for ever, since cases may come in all the time.
        """
        engine = now_in_service(self._engine)
        for remaining in reversed(range(_MOST_ASKS)):
            with self._catalogue.reading() as session:
                version = permissions.version(session)
                question, found = ask(session, engine)
            with self._catalogue.reading() as session:
                if permissions.version(session) == version:
                    return answer(session, engine, question, found)
                if not remaining:
                    return answer(session, engine, question.seen_anew(session), found)
        raise AssertionError("unreachable")

    def _question(
        self,
        session: Session,
        engine: Engine,
        query: str,
        case: str | None,
        viewer: Viewer,
        narrowing: Narrowing,
    ) -> Question:
        question = question_of(session, query, case, viewer, narrowing)
        return replace(question, search=settled(engine, question.search))

    def _hits(self, session: Session, question: Question, found: Sequence[engines.Hit]) -> tuple[Hit, ...]:
        return tuple(hits_shown(session, self._vault, question.query, question.sight, found))

    def _found_in_groups(
        self, engine: Engine, question: Question, grouping: Grouping, limit: int, offset: int, place: str
    ) -> _Grouped:
        check_window(limit, offset, place)
        groups = engine.groups(question.search, grouping)
        remaining = engines.groups_after(groups, place)[offset:]
        first_hits = [
            engine.search(question.within(Term(_ID_FIELDS[grouping], group.id)), HITS_OF_A_GROUP).hits
            for group in remaining[:limit]
        ]
        return _Grouped(grouping, groups, remaining[:limit], first_hits, len(remaining) > limit > 0)

    def _grouped(self, session: Session, question: Question, asked: tuple[str, ...], found: _Grouped) -> SearchResult:
        shown = []
        for group, first_hits in zip(found.given, found.first_hits, strict=True):
            hits = self._hits(session, question, first_hits)
            if hits:
                shown.append(Group(group.id, group.total, hits))
        return SearchResult(
            total=sum(group.total for group in found.groups),
            hits=tuple(hit for group in shown for hit in group.hits),
            after=_sealed(asked, question.search, found.given[-1].cursor) if found.is_more else None,
            groups=Groups(found.by, len(found.groups), tuple(shown)),
        )

    def _proposals(self, session: Session, engine: Engine, question: Question) -> tuple[Proposal, ...]:
        """Queries with a name that is known within sight and finds something."""
        proposals = []
        names = names_in_sight(session, question.text, question.sight)
        for text, name in proposed_queries(question.text, names)[:_MOST_PROPOSALS]:
            other = self._question(session, engine, text, question.case, question.viewer, question.narrowing)
            if total := engine.search(other.search, 0).total:
                proposals.append(Proposal(text, name, total))
        return tuple(proposals)


def _document_hits(engine: Engine, question: Question, hits: Sequence[Hit]) -> dict[str, int]:
    if not hits:
        return {}
    shown = OneOf("document_id", frozenset(hit.document_id for hit in hits))
    return engine.counts(question.within(shown), "document_id")


def _counted(engine: Engine, question: Question) -> _Counted:
    return engine.counts(question.search, "case_id"), engine.counts(question.search, "volume_id")


def _sealed(asked: tuple[str, ...], search: Search, cursor: str) -> str:
    return sealed_cursor(asked, SEPARATOR.join((",".join(rung.name for rung in search.rungs), cursor)))


def _with_rungs(search: Search, names: str) -> Search:
    return replace(search, rungs=tuple(rung for rung in search.rungs if rung.name in names.split(",")))


def _page_in_sight(session: Session, page_id: str, question: Question) -> Page:
    page = session.get(Page, page_id)
    if page is None or not question.sight.allows(session.get_one(Case, page.case_id)):
        raise NotFound(page_id)
    return page


def _volume_in_sight(session: Session, volume_id: str, question: Question) -> None:
    volume = session.get(Volume, volume_id)
    if volume is None or not question.sight.allows(session.get_one(Case, volume.case_id)):
        raise NotFound(volume_id)
