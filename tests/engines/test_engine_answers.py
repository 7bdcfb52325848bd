"""Orders, cursors, counts and groups: every engine answers what a look at all pages answers."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from printed import place, printed

from indexer.clause import AllOf, AnyOf, Clause, Not, OneOf, Term
from indexer.engine import DEEPEST, Counted, Engine, Grouping, Hit, Order, Rung, Search
from indexer.entry import IndexEntry, Removal, entry_of_page

CHARACTERS = "甲乙丙丁戊"
ORDERS: tuple[Order, ...] = get_args(Order)
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)
COUNTED: tuple[Counted, ...] = get_args(Counted)
BEGIN = datetime(2031, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Page:
    """A page as the generator knows it."""

    page_id: str
    case_id: str
    volume: str
    document: str
    number: int
    department: str
    received: datetime
    text: str

    @property
    def place(self) -> tuple[str, str, int]:
        return self.case_id, self.volume, self.number

    def value(self, of: str) -> str:
        kind = of.removesuffix("_id")
        return {
            "case": self.case_id,
            "volume": f"{self.case_id}v{self.volume}",
            "document": f"{self.case_id}d{self.document}",
            "department": self.department,
        }[kind]

    def entry(self, version: int) -> IndexEntry:
        where = place(
            self.page_id,
            self.case_id,
            self.number,
            department=self.department,
            volume=self.volume,
            document=self.document,
            received=self.received.isoformat(timespec="milliseconds"),
        )
        return entry_of_page(where, version, printed(self.text), None)


def made(chance: random.Random) -> list[Page]:
    """Pages of five cases, up to three volumes each, of documents of one to nine pages; some arrived together."""
    pages = []
    for case in range(5):
        for volume in range(chance.choice((1, 2, 3))):
            number = 0
            for document in range(chance.choice((1, 3, 6))):
                arrived = BEGIN + timedelta(milliseconds=chance.randrange(20) * 500)
                for _ in range(chance.choice((1, 4, 9))):
                    number += 1
                    pages.append(
                        Page(
                            page_id=f"p{chance.randrange(10**9):09}",
                            case_id=f"c{case}",
                            volume=f"第{volume} 卷",
                            document=f"{volume}}}{document:02}",
                            number=number,
                            department=chance.choice(("", "一部", "二部")),
                            received=arrived,
                            text="".join(chance.sample(CHARACTERS, chance.choice((1, 2, 3, 5)))),
                        )
                    )
    return pages


def a_search(chance: random.Random, order: Order) -> Search:
    """One to three rungs for single characters, of all cases or of some, with or without some character."""
    characters = chance.sample(CHARACTERS, 4)
    names = ("identifier", "phrase", "words")[-chance.choice((1, 2, 3)) :]
    rungs = tuple(Rung(name, Term("singles", character)) for name, character in zip(names, characters, strict=False))
    scopes: tuple[Clause, ...] = (
        AllOf(()),
        OneOf("case_id", frozenset({"c1", "c3", "c4"})),
        Not(Term("singles", characters[3])),
        AnyOf((Term("department", "一部"), Term("case_id", "c2"))),
    )
    return Search(rungs, chance.choice(scopes), order)


def matches(page: Page, clause: Clause) -> bool:
    match clause:
        case Term("singles", value):
            return value in page.text
        case Term(field, value):
            return page.value(field) == value
        case OneOf(field, values):
            return page.value(field) in values
        case AllOf(clauses):
            return all(matches(page, each) for each in clauses)
        case AnyOf(clauses):
            return any(matches(page, each) for each in clauses)
        case Not(inner):
            return not matches(page, inner)
    raise AssertionError(clause)


def expected(pages: list[Page], search: Search) -> list[tuple[Page, str]]:
    """All hits with their rungs, by a look at every page."""
    found: list[tuple[tuple[object, ...], Page, str]] = []
    for page in pages:
        rungs = [rank for rank, rung in enumerate(search.rungs) if matches(page, rung.clause)]
        if rungs and matches(page, search.scope):
            rank: tuple[object, ...] = ()
            if search.order == "relevance":
                rank = (rungs[0],)
            elif search.order == "received":
                rank = (BEGIN - page.received,)
            found.append(((*rank, *page.place), page, search.rungs[rungs[0]].name))
    return [(page, rung) for _, page, rung in sorted(found, key=lambda each: each[0])]


def filled(engine: Engine, seed: int) -> tuple[random.Random, list[Page]]:
    chance = random.Random(seed)
    pages = made(chance)
    entries = [page.entry(version) for version, page in enumerate(pages, 1)]
    chance.shuffle(entries)
    for start in range(0, len(entries), 40):
        assert engine.apply(entries[start : start + 40]) == []
    return chance, pages


def through(engine: Engine, search: Search, limit: int) -> list[Hit]:
    """All hits, a few at a time, from cursor to cursor."""
    hits: list[Hit] = []
    after = ""
    while True:
        found = engine.search(search, limit, after=after)
        hits += found.hits
        if len(found.hits) < limit:
            return hits
        after = found.after


@pytest.mark.parametrize("seed", [1, 2])
def test_every_engine_orders_counts_and_groups_as_a_look_at_all_pages_does(engine: Engine, seed: int) -> None:
    chance, pages = filled(engine, seed)
    found_something = 0
    for number in range(24):
        search = a_search(chance, ORDERS[number % 3])
        hits = expected(pages, search)
        found_something += len(hits) > 5
        answer = [(page.page_id, rung) for page, rung in hits]

        found = engine.search(search, 1000)
        assert answer == [(hit.page_id, hit.rung) for hit in found.hits]
        assert found.total == len(answer)
        offset = chance.randrange(len(answer) + 2)
        assert answer[offset : offset + 7] == [(hit.page_id, hit.rung) for hit in engine.search(search, 7, offset).hits]
        assert answer == [(hit.page_id, hit.rung) for hit in through(engine, search, chance.choice((1, 3, 7)))]

        for counted in COUNTED:
            numbers = Counter(page.value(counted) for page, _ in hits)
            ordered = sorted(numbers.items(), key=lambda each: (-each[1], each[0]))
            assert ordered == list(engine.counts(search, counted).items())
        for grouping in GROUPINGS:
            totals = Counter(page.value(grouping) for page, _ in hits)  # in the order of the first hits
            groups = engine.groups(search, grouping)
            assert list(totals.items()) == [(group.id, group.total) for group in groups]
            places = [group.place for group in groups]
            assert places == sorted(set(places))
    assert found_something > 12  # the searches ask for something


@pytest.mark.parametrize("order", ORDERS)
def test_a_cursor_goes_on_where_it_was_while_pages_come_and_go(engine: Engine, order: Order) -> None:
    chance, pages = filled(engine, 3)
    search = Search((Rung("phrase", Term("singles", "甲")), Rung("words", Term("singles", "乙"))), order=order)
    before = [page.page_id for page, _ in expected(pages, search)]
    first = engine.search(search, 10)
    gone = {before[2], before[9], before[15]}
    come = [
        replace(page, page_id=f"q{number}", number=page.number + 100, received=chance.choice(pages).received, text="甲")
        for number, page in enumerate(pages[::5])
    ]
    engine.apply([*(Removal(page_id, 9_000) for page_id in gone), *(page.entry(9_001) for page in come)])

    now = [page.page_id for page, _ in expected([page for page in pages if page.page_id not in gone] + come, search)]
    rest = []
    found = engine.search(search, 4, after=first.after)
    while found.hits:
        assert found.total == len(now)
        rest += [hit.page_id for hit in found.hits]
        found = engine.search(search, 4, after=found.after)
    given = [hit.page_id for hit in first.hits] + rest
    assert len(given) == len(set(given))
    assert set(before) - gone <= set(given)
    assert [page_id for page_id in now if page_id in rest] == rest


def test_without_rungs_there_is_nothing_to_order_count_or_group(engine: Engine) -> None:
    filled(engine, 4)
    for order in ORDERS:
        nothing = Search((), order=order)
        assert engine.search(nothing, 10).total == 0
        assert engine.counts(nothing, "case_id") == {}
        assert engine.groups(nothing, "document") == ()


def test_a_cursor_of_another_ladder_is_refused(engine: Engine) -> None:
    filled(engine, 4)
    one, other = (Search((Rung(name, Term("singles", "甲")),)) for name in ("phrase", "similar"))
    cursor = engine.search(one, 1).after
    with pytest.raises(ValueError, match="phrase"):
        engine.search(other, 1, after=cursor)
    with pytest.raises(ValueError, match="not both"):
        engine.search(one, 1, offset=1, after=cursor)


@pytest.mark.timeout(400)
def test_hits_and_groups_beyond_every_window_are_all_there(engine: Engine) -> None:
    """More hits than an offset reaches, and more documents than either engine counts at once."""
    pages = 66_000 if engine.name == "tantivy" else 24_000
    for start in range(0, pages, 6_000):
        entries = [
            entry_of_page(
                place(f"p{number:05}", f"c{number % 7}", number, document=f"{number:05x}"), 1, printed("甲"), None
            )
            for number in range(start, start + 6_000)
        ]
        assert engine.apply(entries) == []
    search = Search((Rung("phrase", Term("singles", "甲")),), order="page")
    groups = engine.groups(search, "document")
    assert len(groups) == pages
    assert {group.total for group in groups} == {1}
    assert len({group.id for group in groups}) == pages
    assert engine.counts(search, "case_id") == {f"c{case}": len(range(case, pages, 7)) for case in range(7)}

    taken = 0
    found = engine.search(search, DEEPEST)
    while found.hits:
        taken += len(found.hits)
        assert found.total == pages
        found = engine.search(search, DEEPEST, after=found.after)
    assert taken == pages
