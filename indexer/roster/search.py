"""The search of a roster: each detail of each person against the index, and what the catalogue says of the pages."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import cases, permissions
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Page, ReadingRow
from dossier.citations import STANDARD_TEMPLATE, CitationTemplate
from dossier.errors import RosterRefused, StoreError
from dossier.reading import lines_of
from dossier.vault import Vault
from dossier.viewers import Viewer
from indexer.clause import AllOf, AnyOf, Clause, Term
from indexer.engine import Engine, Rung, Search
from indexer.identifiers import identifiers_of_text
from indexer.query import IDENTIFIER, PHRASE, phrase_clause
from indexer.roster.doubles import longer_names, with_doubles_marked
from indexer.roster.doubts import Doubts, Found, doubts_of
from indexer.roster.facts import counts_of, coverage_of, facts_of, names_in_cases, portions, seen_cases
from indexer.roster.headings import AMOUNT, DETAILS, NAME
from indexer.roster.kinds import Kinds
from indexer.roster.matrix import Matrix, PageFacts, PersonPage, PersonRow
from indexer.roster.people import Person, is_searchable_name, plain_amount, roster_of
from indexer.roster.sheet import sheets_of
from indexer.sight import sight_of
from indexer.tokens import tokens_of_text

log = logging.getLogger(__name__)

# Most details are on few pages; of those that are on more, the others are asked for.
_FEW, _MANY = 200, 5000
_MOST_CITATIONS = 1_000_000
_SEARCHES_AT_ONCE = 4

Progress = Callable[[int, int], None]


class RosterSearcher:
    """Searches one home for the people of a roster.

    Args:
        catalogue, vault, engine: the home's.
        citation_template: how the office cites pages.
    """

    def __init__(
        self, catalogue: Catalogue, vault: Vault, engine: Engine, citation_template: str = STANDARD_TEMPLATE
    ) -> None:
        self._catalogue, self._vault, self._engine = catalogue, vault, engine
        self._template = CitationTemplate(citation_template)

    def search(
        self,
        content: bytes,
        case: str | None = None,
        progress: Progress = lambda done, total: None,
        *,
        viewer: Viewer,
    ) -> Matrix:
        """The matrix of a spreadsheet of people.

        Args:
            content: the file, XLSX or CSV.
            case: search only in the case with this number or id; in all within sight otherwise.
            progress: told how many of all people have been searched.
            viewer: who asks; what they do not see is neither given nor counted.

        Raises:
            RosterRefused: it is no roster that can be read.
            NotFound, NumberClash: the case, within sight.
            EngineUnreachable: the engine does not answer.
        """
        roster = roster_of(sheets_of(content))
        people = with_doubles_marked(roster.people)
        with self._catalogue.reading() as session:
            only = permissions.case_in_sight(session, viewer, case) if case else None
            sight = sight_of(session, viewer)
            if only is not None:
                sight = replace(sight, only_cases=frozenset({only.id}))
            seen = seen_cases(session, viewer, only)
            before, others = counts_of(session, seen), names_in_cases(session, seen)
        found, searched = self._found(people, sight.clause, progress)
        longer = self._pages_of_longer(people, found, others, sight.clause)
        # Looked at anew: a case may have been sealed meanwhile. Everything below is within these cases.
        with self._catalogue.reading() as session:
            seen = seen_cases(session, viewer, only)
            coverage = coverage_of(before, counts_of(session, seen))
            names = {person.name for person in people} | names_in_cases(session, seen)
            page_ids = {page_id for pages in found for page_id in pages}
            facts = facts_of(session, page_ids, seen, Kinds(names), self._template)
            found = [{page_id: pages[page_id] for page_id in pages.keys() & facts.keys()} for pages in found]
            longer = {name: {one: longer[name][one] for one in longer[name] if one in names} for name in longer}
            doubts = doubts_of(people, found, longer, partial(self._texts, session))
            number = (cases.number_of(session, only) or only.name) if only is not None else ""
        order = {page_id: place for place, page_id in enumerate(facts)}
        rows = tuple(
            _row(person, details, pages, facts, order, doubtful)
            for person, details, pages, doubtful in zip(people, searched, found, doubts, strict=True)
        )
        used = {page.facts.kind for row in rows for page in row.pages}
        ordered = tuple(kind for kind in dict.fromkeys(fact.kind for fact in facts.values()) if kind in used)
        return Matrix(number, roster, coverage, ordered, rows)

    def _found(
        self, people: Sequence[Person], scope: Clause, progress: Progress
    ) -> tuple[list[Found], list[tuple[str, ...]]]:
        """For each person the pages on which their details are, each detail by itself; and the details searched."""
        everybody: list[Found] = []
        searched: list[tuple[str, ...]] = []
        citations = 0
        # A server's time is waiting for the most part, and the embedded engine's is not Python's.
        with ThreadPoolExecutor(_SEARCHES_AT_ONCE, "roster") as searches:
            try:
                for person, (found, details) in zip(
                    people, searches.map(lambda one: self._pages_of(one, scope), people), strict=True
                ):
                    citations += len(found)
                    if citations > _MOST_CITATIONS:
                        raise RosterRefused(
                            f"到第 {person.rows[0]} 行为止已有 {_MOST_CITATIONS:,} 处以上，请指定案件或拆分名册"
                            f" / more than {_MOST_CITATIONS:,} citations up to row {person.rows[0]}:"
                            " name a case or divide it"
                        )
                    everybody.append(found)
                    searched.append(details)
                    progress(len(everybody), len(people))
            finally:
                searches.shutdown(cancel_futures=True)
        return everybody, searched

    def _pages_of(self, person: Person, scope: Clause) -> tuple[Found, tuple[str, ...]]:
        found: Found = defaultdict(set)
        searched = []
        for detail, rung in _rungs(person):
            searched.append(detail)
            for page_id in self._pages(Search((rung,), scope)):
                found[page_id].add(detail)
        return found, tuple(dict.fromkeys(searched))

    def _pages(self, search: Search) -> list[str]:
        hits = self._engine.search(search, _FEW)
        found = [hit.page_id for hit in hits.hits]
        while hits.hits and len(found) < hits.total:
            hits = self._engine.search(search, _MANY, after=hits.after)
            found += [hit.page_id for hit in hits.hits]
        return found

    def _pages_of_longer(
        self, people: Sequence[Person], found: Sequence[Found], others: Collection[str], scope: Clause
    ) -> dict[str, dict[str, set[str]]]:
        """By name the longer names that contain it, of the roster or of others, and the pages on which these are."""
        pages_of: dict[str, set[str]] = {}
        for person, pages in zip(people, found, strict=True):
            pages_of[person.name] = {page_id for page_id, details in pages.items() if NAME in details}
        longer = longer_names({*pages_of, *others})
        return {
            name: {
                one: pages_of[one] if one in pages_of else set(self._pages(Search((_name_rung(one),), scope)))
                for one in containing
            }
            for name, containing in longer.items()
            if name in pages_of
        }

    def _texts(self, session: Session, page_ids: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The lines of pages; what the vault cannot give is the business of `verify`."""
        for some in portions(page_ids):
            rows = session.execute(
                select(ReadingRow.page_id, ReadingRow.version, ReadingRow.sha256)
                .join(Page, (Page.id == ReadingRow.page_id) & (Page.reading_version == ReadingRow.version))
                .where(Page.id.in_(some))
            ).all()
            for page_id, version, sha256 in rows:
                try:
                    yield page_id, lines_of(self._vault.reading(page_id, version, sha256))
                except (StoreError, ValueError) as error:
                    log.error("%s: %s", page_id, error)


def _rungs(person: Person) -> Iterator[tuple[str, Rung]]:
    """(detail, what finds it) for each detail that can be searched."""
    if is_searchable_name(person.name):
        yield NAME, _name_rung(person.name)
    details = [_name_rung(person.name).clause] if is_searchable_name(person.name) else []
    for detail, number in person.numbers():
        if clause := _number_clause(number):
            details.append(clause)
            yield detail, Rung(IDENTIFIER, clause)
    # A sum is on many pages; it counts where the person is.
    amounts = tuple(Term("amounts", plain_amount(amount)) for amount in person.amounts)
    if amounts and details:
        yield AMOUNT, Rung(IDENTIFIER, AllOf((AnyOf(amounts), AnyOf(tuple(details)))))


def _name_rung(name: str) -> Rung:
    return Rung(PHRASE, phrase_clause(tuple(tokens_of_text(name))))


def _number_clause(number: str) -> Clause | None:
    """Pages with this whole number, however it is grouped; None if nothing could be found by it."""
    tokens = tuple(tokens_of_text(number))
    if not tokens:
        return None
    forms = {identifier.canonical for identifier in identifiers_of_text(number)} | {number}
    return AnyOf((*(Term("identifiers", form) for form in sorted(forms)), phrase_clause(tokens)))


def _row(
    person: Person,
    searched: tuple[str, ...],
    found: Found,
    facts: dict[str, PageFacts],
    order: dict[str, int],
    doubts: Doubts,
) -> PersonRow:
    pages = [
        PersonPage(
            facts[page_id],
            tuple(detail for detail in DETAILS if detail in found[page_id]),
            *doubts.get(page_id, ("", "")),
        )
        for page_id in sorted(found, key=order.__getitem__)
    ]
    return PersonRow(person, searched, tuple(pages))
