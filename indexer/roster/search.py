"""The search of a roster: each detail of each person against the index, and what the catalogue says of the pages."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier import cases, permissions
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Case, Document, Page, Person, ReadingRow, Volume
from dossier.errors import NotFound, RosterRefused, StoreError
from dossier.reading import lines_of
from dossier.vault import Vault
from dossier.viewers import AT_MACHINE, Viewer
from indexer.clause import AnyOf, Clause, Term
from indexer.engine import DEEPEST, Engine, Rung, Search
from indexer.identifiers import identifiers_of_text
from indexer.query import IDENTIFIER, PHRASE, phrase_clause
from indexer.roster.doubles import longer_names, with_doubles_marked
from indexer.roster.kinds import UNNAMED, Kinds
from indexer.roster.matrix import NAMESAKE, OTHER_ID, PART_OF_NAME, Coverage, Matrix, PageFacts, PersonPage, PersonRow
from indexer.roster.passages import Passage, spaced
from indexer.roster.people import DETAILS, NAME, is_searchable_name, roster_of
from indexer.roster.people import Person as Listed
from indexer.roster.sheet import sheets_of
from indexer.sight import sight_of
from indexer.tokens import tokens_of_text

log = logging.getLogger(__name__)

# Most details are on few pages; whoever is on more is asked for again, without this limit.
_FEW = 200
_MOST_CITATIONS = 1_000_000
_IDS_AT_ONCE = 500
_SEARCHES_AT_ONCE = 4

Progress = Callable[[int, int], None]
Found = dict[str, set[str]]
"""The details found, by page id."""


class RosterSearcher:
    """Searches one home for the people of a roster."""

    def __init__(self, catalogue: Catalogue, vault: Vault, engine: Engine) -> None:
        self._catalogue, self._vault, self._engine = catalogue, vault, engine

    def search(
        self,
        content: bytes,
        case: str | None = None,
        progress: Progress = lambda done, total: None,
        viewer: Viewer = AT_MACHINE,
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
            before = _counts(session, _seen_cases(session, viewer, only))
        found = self._found(people, sight.clause, progress)
        # Looked at anew: a case may have been sealed meanwhile. Everything below is within these cases.
        with self._catalogue.reading() as session:
            seen = _seen_cases(session, viewer, only)
            coverage = _coverage(before, _counts(session, seen))
            names = {person.name for person in people} | _names_in_cases(session, seen)
            kinds = Kinds(names)
            facts = _facts(session, {page_id for pages in found for page_id in pages}, seen, kinds)
            doubts = self._doubts(session, people, found, facts, names)
            number = (cases.number_of(session, only) or only.name) if only is not None else ""
        order = {page_id: place for place, page_id in enumerate(facts)}
        rows = tuple(
            _row(person, pages, facts, order, doubts.get(place, {}))
            for place, (person, pages) in enumerate(zip(people, found, strict=True))
        )
        used = {page.facts.kind for row in rows for page in row.pages}
        ordered = tuple(kind for kind in dict.fromkeys(fact.kind for fact in facts.values()) if kind in used)
        return Matrix(number, roster, coverage, ordered, rows)

    def _found(self, people: Sequence[Listed], scope: Clause, progress: Progress) -> list[Found]:
        """For each person the pages on which their details are, each detail by itself."""
        everybody: list[Found] = []
        citations = 0
        # A server's time is waiting for the most part, and the embedded engine's is not Python's.
        with ThreadPoolExecutor(_SEARCHES_AT_ONCE, "roster") as searches:
            try:
                for person, found in zip(
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
                    progress(len(everybody), len(people))
            finally:
                searches.shutdown(cancel_futures=True)
        return everybody

    def _pages_of(self, person: Listed, scope: Clause) -> Found:
        found: Found = defaultdict(set)
        for detail, rung in _rungs(person):
            for page_id in self._pages(Search((rung,), scope)):
                found[page_id].add(detail)
        return found

    def _pages(self, search: Search) -> Iterator[str]:
        hits = self._engine.search(search, _FEW)
        if hits.total > len(hits.hits):
            hits = self._engine.search(search, min(hits.total, DEEPEST))
        return (hit.page_id for hit in hits.hits)

    def _doubts(
        self,
        session: Session,
        people: Sequence[Listed],
        found: Sequence[Found],
        facts: dict[str, PageFacts],
        names: Collection[str],
    ) -> dict[int, dict[str, tuple[str, str]]]:
        """(doubt, note) by the person's place and the page, for pages on which nothing but a name was found."""
        longer = longer_names(names)
        by_page: dict[str, list[int]] = defaultdict(list)
        asked: set[str] = set()
        for place, (person, pages) in enumerate(zip(people, found, strict=True)):
            for page_id, details in pages.items():
                if NAME in details and page_id in facts:
                    by_page[page_id].append(place)
                    if len(details) == 1 and (person.id_numbers or person.name in longer):
                        asked.add(page_id)
        doubts: dict[int, dict[str, tuple[str, str]]] = defaultdict(dict)
        for page_id, places in by_page.items():
            # Whose number is on the page is on it; who has the name alone may be the same.
            told = {people[place].name: place for place in places if len(found[place][page_id]) > 1}
            for place in places:
                other = told.get(people[place].name)
                if other is not None and len(found[place][page_id]) == 1:
                    doubts[place][page_id] = (NAMESAKE, f"第 {people[other].rows[0]} 行")
        for page_id, lines in self._lines(session, sorted(asked)):
            passage = Passage(lines)
            here = {spaced(people[place].name) for place in by_page[page_id]}
            for place in by_page[page_id]:
                person = people[place]
                if len(found[place][page_id]) > 1 or page_id in doubts[place]:
                    continue
                name = spaced(person.name)
                containing = {spaced(other): other for other in longer.get(person.name, ())}
                if within := passage.part_of(name, containing):
                    doubts[place][page_id] = (PART_OF_NAME, containing[within])
                elif person.id_numbers:
                    number = passage.id_after(name, here - {name})
                    if number and number not in person.id_numbers:
                        doubts[place][page_id] = (OTHER_ID, number + _likeness(number, person.id_numbers))
        return doubts

    def _lines(self, session: Session, page_ids: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The texts of pages; what the vault cannot give is the business of `verify`."""
        for some in _portions(page_ids):
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


def _rungs(person: Listed) -> Iterator[tuple[str, Rung]]:
    """(detail, what finds it) for each detail that can be searched."""
    tokens = tuple(tokens_of_text(person.name))
    if is_searchable_name(person.name):
        yield NAME, Rung(PHRASE, phrase_clause(tokens))
    for detail, number in person.numbers():
        if clause := _number_clause(number):
            yield detail, Rung(IDENTIFIER, clause)


def _number_clause(number: str) -> Clause | None:
    """Pages with this whole number, however it is grouped; None if nothing could be found by it."""
    tokens = tuple(tokens_of_text(number))
    if not tokens:
        return None
    forms = {identifier.canonical for identifier in identifiers_of_text(number)} | {number}
    return AnyOf((*(Term("identifiers", form) for form in sorted(forms)), phrase_clause(tokens)))


def _seen_cases(session: Session, viewer: Viewer, only: Case | None) -> frozenset[str]:
    """The ids of the cases that a viewer sees at this moment.

    Raises:
        NotFound: the one case asked for is not among them.
    """
    wanted = select(Case.id).where(permissions.seen_by(viewer))
    if only is None:
        return frozenset(session.scalars(wanted))
    seen = frozenset(session.scalars(wanted.where(Case.id == only.id)))
    if not seen:
        raise NotFound(only.id)
    return seen


def _counts(session: Session, case_ids: Collection[str]) -> dict[str, dict[str, int]]:
    """How many pages are in which state, by case."""
    counts: dict[str, dict[str, int]] = {case_id: {} for case_id in case_ids}
    for some in _portions(sorted(case_ids)):
        counted = select(Page.case_id, Page.state, func.count()).where(Page.case_id.in_(some))
        for case_id, state, count in session.execute(counted.group_by(Page.case_id, Page.state)):
            counts[case_id][state] = count
    return counts


def _coverage(before: dict[str, dict[str, int]], after: dict[str, dict[str, int]]) -> Coverage:
    """How much was searched: what was searchable before the search began, and still is there."""
    searchable = sum(
        min(before.get(case_id, {}).get("searchable", 0), states.get("searchable", 0))
        for case_id, states in after.items()
    )
    return Coverage(
        searchable=searchable,
        parked=sum(states.get("parked", 0) for states in after.values()),
        pages=sum(sum(states.values()) for states in after.values()),
    )


def _names_in_cases(session: Session, seen: Collection[str]) -> set[str]:
    """The names of people that the metadata of the cases knows: suspects, victims."""
    names: set[str] = set()
    for some in _portions(sorted(seen)):
        names |= set(session.scalars(select(Person.name).where(Person.case_id.in_(some))))
    return names - {""}


def _facts(session: Session, page_ids: Collection[str], seen: Collection[str], kinds: Kinds) -> dict[str, PageFacts]:
    """The pages as the catalogue says now, in the order of the dossier; those out of sight are left out."""
    rows = [
        row
        for some in _portions(sorted(page_ids))
        for row in session.execute(
            select(
                Page.id,
                Page.case_id,
                Page.page_number,
                Page.page_label,
                Page.page_label_state,
                Volume.id,
                Volume.name,
                Volume.version,
                Volume.order_key,
                Document.id,
                Document.title,
            )
            .join(Volume, Volume.id == Page.volume_id)
            .join(Document, Document.id == Page.document_id)
            .where(Page.id.in_(some))
        )
        if row[1] in seen
    ]
    numbers: dict[str, str] = {}
    for some in _portions(sorted({row[1] for row in rows})):
        numbers |= cases.numbers_of(session, some)
    facts = {}
    for row in sorted(rows, key=lambda row: (row[1], row[8], row[7], row[2], row[0])):
        page_id, case_id, page_number, label, label_state, volume_id, volume, _, _, document_id, title = row
        facts[page_id] = PageFacts(
            page_id=page_id,
            case_id=case_id,
            case_number=numbers.get(case_id, ""),
            volume_id=volume_id,
            volume=volume,
            document_id=document_id,
            document_title=title,
            # Loose pages of a volume are a document of the volume's name, which tells nothing of them.
            kind=UNNAMED if title == volume else kinds.kind_of(title),
            page_number=page_number,
            label=(label or "") if label_state == "confirmed" else "",
        )
    return facts


def _row(
    person: Listed,
    found: Found,
    facts: dict[str, PageFacts],
    order: dict[str, int],
    doubts: dict[str, tuple[str, str]],
) -> PersonRow:
    pages = [
        PersonPage(
            facts[page_id],
            tuple(detail for detail in DETAILS if detail in found[page_id]),
            *doubts.get(page_id, ("", "")),
        )
        for page_id in sorted(found.keys() & facts.keys(), key=order.__getitem__)
    ]
    return PersonRow(person, tuple(pages))


def _likeness(number: str, own: Iterable[str]) -> str:
    """A remark where a number is so like a person's own that it may be misread."""
    fewest = min(
        (sum(a != b for a, b in zip(number, mine, strict=True)) for mine in own if len(mine) == len(number)), default=18
    )
    return f"（与名册号码只差 {fewest} 位，可能是识别或填写有误）" if fewest <= 2 else ""


def _portions(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _IDS_AT_ONCE):
        yield values[start : start + _IDS_AT_ONCE]
