"""What the indexer asks of a search engine, and what it promises.

An engine holds one entry a page and answers which pages a clause matches. It ranks nothing by itself: a hit's rank is
the first rung that finds it, then the order that the entry brings along. So two engines give the same answer, in the
same order, and it stays the same while other pages come in. docs/decisions/0010-order-of-hits.md has the reasons, and
docs/decisions/0017-groups-facets-cursors.md those for cursors, groups and counts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from indexer.clause import EVERYTHING, AllOf, AnyOf, Clause, Not
from indexer.entry import SEPARATOR, IndexEntry, Removal

# What is beyond is reached by cursor. Both engines keep offset + limit hits in memory for each search, so that there
# must be an end; 10,000 is what an Elasticsearch server has where nobody set it otherwise (index.max_result_window).
DEEPEST = 10_000

Change: TypeAlias = IndexEntry | Removal

Order: TypeAlias = Literal["relevance", "page", "received"]
Grouping: TypeAlias = Literal["case", "volume", "document"]
Counted: TypeAlias = Literal["case_id", "volume_id", "document_id"]


@dataclass(frozen=True, slots=True)
class Rung:
    """A rung of the ladder: its name, and what it finds."""

    name: str
    clause: Clause


@dataclass(frozen=True, slots=True)
class Search:
    """A ladder, best rung first, within a scope; a page is a hit of the first rung that finds it.

    Attributes:
        rungs: the ladder.
        scope: what all hits match besides.
        order: relevance: by rung, then as the pages stand; page: as they stand (case, volume, page); received: what
            was accepted last comes first, what came together as it stands.
    """

    rungs: tuple[Rung, ...]
    scope: Clause = EVERYTHING
    order: Order = "relevance"


@dataclass(frozen=True, slots=True)
class Hit:
    """A page and the name of the best rung that finds it.

    Attributes:
        page_id, rung: these.
        cursor: the place of the hit in the search's order, the same from either engine; opaque outside of engines.
    """

    page_id: str
    rung: str
    cursor: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Hits:
    """The exact number of pages found, and the part of them that was asked for, in order."""

    total: int
    hits: tuple[Hit, ...]

    @property
    def after(self) -> str:
        """The cursor of the last hit given, "" if there is none: `Engine.search` goes on after it."""
        return self.hits[-1].cursor if self.hits else ""


@dataclass(frozen=True, slots=True)
class Group:
    """The hits of a search that belong to one case, volume or document.

    Attributes:
        id: of the case, volume or document.
        total: how many hits it has, exactly.
        place: where it stands among the groups of the search; the group of an earlier hit has a smaller one.
    """

    id: str
    total: int
    place: tuple[int, str]

    @property
    def cursor(self) -> str:
        """The place as a text: what `groups_after` goes on after."""
        return SEPARATOR.join(map(str, self.place))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A change that the engine will not take, however often it comes, and why."""

    page_id: str
    version: int
    reason: str


class Engine(Protocol):
    """A search engine with the index of one home.

    All methods may be called from several threads. They raise `EngineUnreachable` when the engine does not answer or
    its index is damaged; nothing is lost then, and the call may be repeated. Where there is no index
    of this `SCHEMA_VERSION`, what only reads finds nothing, and removes nothing that is there.
    """

    name: str

    def generation(self) -> str:
        """The id of the index as it is now; an index that is missing is begun first.

        It changes with every new index, be it that files were deleted, that a server was set up anew, or that
        `SCHEMA_VERSION` was raised. Who feeds the index compares it with the generation fed last, before each round,
        and feeds everything if it is another one.
        """
        ...

    def apply(self, changes: Sequence[Change]) -> list[Refusal]:
        """Take changes in; when it returns, they are on disk, and searches that begin later see them.

        A change whose version is not above what the index holds of the page (or of its removal) is passed over and is
        no refusal: a replay is harmless, an older version that arrives late never wins. That holds within `changes`,
        too, in any order.

        Returns:
            The changes that were not taken; all others were.
        """
        ...

    def search(self, search: Search, limit: int, offset: int = 0, after: str = "") -> Hits:
        """The pages that a search finds, in its order.

        Args:
            search: the ladder, its scope and its order.
            limit: how many hits to give, 0 for the total alone.
            offset: how many to pass over; offset and limit together at most `DEEPEST`.
            after: the cursor of a hit of the same search, to go on after it, however deep that is; no page that stays
                is left out or comes twice, whatever pages come in or go meanwhile.

        Raises:
            ValueError: beyond `DEEPEST`, or below 0, or a cursor that is none of this search.
        """
        ...

    def counts(self, search: Search, counted: Counted) -> dict[str, int]:
        """How many hits have each value of a field: exact, the most frequent first, then by value.

        Args:
            search: the ladder and its scope.
            counted: the field.
        """
        ...

    def groups(self, search: Search, grouping: Grouping) -> tuple[Group, ...]:
        """All groups of a search's hits, each with its exact number, in the order of their first hits."""
        ...

    def versions(self, page_ids: Collection[str]) -> dict[str, int]:
        """The version of each of these pages that the index holds; removed and unknown pages are not in it."""
        ...

    def count(self) -> int:
        """How many pages the index holds."""
        ...

    def clear(self) -> None:
        """Begin an empty index, of a new generation, in place of the one that is there; also after `apply` saw it
        damaged."""
        ...

    def successor(self) -> Engine:
        """The same engine on the index that is built beside this one; begun, if it is missing, by its first use.

        Nothing that happens to it is seen in this one, until `promote`.
        """
        ...

    def promote(self) -> None:
        """Of a successor: its index takes the place of the one in service, in one step; no search falls between.

        The index that was in service stays until `sweep`, for searches that have begun.
        """
        ...

    def sweep(self) -> None:
        """Remove what is left of former indices: neither in service nor a successor."""
        ...

    def discard(self) -> None:
        """Remove the index, and do not begin another."""
        ...

    def close(self) -> None:
        """Let go of files and connections; the engine is not used afterwards."""
        ...


def check_window(limit: int, offset: int, after: str = "") -> None:
    """Refuse a part of the hits that no engine can give.

    Raises:
        ValueError: beyond `DEEPEST`, or below 0, or an offset from a cursor.
    """
    if limit < 0 or offset < 0 or limit + offset > DEEPEST:
        raise ValueError(f"hits {offset} to {offset + limit} cannot be given: at most {DEEPEST}, from 0")
    if after and offset:
        raise ValueError("hits are given from an offset or after a cursor, not both")


def cursor_of(search: Search, rung: str, key: str) -> str:
    """The cursor of a hit.

    Args:
        search: which found it.
        rung: the name of the best rung that did.
        key: the entry's `newest` where the search is in the order "received", its `order` otherwise.
    """
    return f"{rung}{SEPARATOR}{key}" if search.order == "relevance" else key


def place_of_cursor(search: Search, cursor: str) -> tuple[int, str]:
    """The place of a hit: its rung's in the ladder (0 where the order does not look at rungs), and its key.

    Raises:
        ValueError: the cursor is none of this search.
    """
    if search.order != "relevance":
        return 0, cursor
    name, _, key = cursor.partition(SEPARATOR)
    return [rung.name for rung in search.rungs].index(name), key


def each_rung_alone(search: Search) -> Iterator[tuple[Rung, Clause]]:
    """Each rung with the clause of its own hits: within the scope, and on no better rung."""
    better: list[Clause] = []
    for rung in search.rungs:
        yield rung, AllOf((rung.clause, search.scope, *better))
        better.append(Not(rung.clause))


def any_rung(search: Search) -> Clause:
    """The clause of all hits."""
    return AllOf((AnyOf(tuple(rung.clause for rung in search.rungs)), search.scope))


@dataclass(frozen=True, slots=True)
class Tally:
    """How many pages have a value in a field.

    Attributes:
        value, total: these.
        received: when the newest of the pages was, milliseconds since 1970; 0 where it was not asked for.
    """

    value: str
    total: int
    received: int = 0


def most_frequent(tallies: Iterable[Tally]) -> dict[str, int]:
    """The numbers by value, the most frequent first, then by value."""
    ordered = sorted(tallies, key=lambda tally: (-tally.total, tally.value))
    return {_id_of(tally.value): tally.total for tally in ordered}


def groups_of(search: Search, tally: Callable[[Clause], Iterable[Tally]]) -> tuple[Group, ...]:
    """The groups of a search, in the order of their first hits.

    Args:
        search: whose hits are grouped.
        tally: counts, for each key of the grouping, the pages that a clause matches; in the order "received" with
            the time of the newest. Keys stand as their pages do.
    """
    if search.order == "relevance":
        totals: dict[str, int] = {}
        ranks: dict[str, int] = {}
        for rank, (_, clause) in enumerate(each_rung_alone(search)):
            for found in tally(clause):
                totals[found.value] = totals.get(found.value, 0) + found.total
                ranks.setdefault(found.value, rank)
        groups = [Group(_id_of(key), total, (ranks[key], key)) for key, total in totals.items()]
    else:
        latest_first = search.order == "received"
        groups = [
            Group(_id_of(found.value), found.total, (-found.received if latest_first else 0, found.value))
            for found in tally(any_rung(search))
        ]
    return tuple(sorted(groups, key=lambda group: group.place))


def groups_after(groups: tuple[Group, ...], cursor: str) -> tuple[Group, ...]:
    """The groups that stand after the one with this cursor, or after its place if it has gone; all for "".

    Raises:
        ValueError: it is no group's cursor.
    """
    if not cursor:
        return groups
    rank, _, key = cursor.partition(SEPARATOR)
    return tuple(group for group in groups if group.place > (int(rank), key))


# The field by which each grouping is counted; the last part of its value is the id.
GROUP_KEYS: dict[Grouping, str] = {"case": "case_id", "volume": "volume_key", "document": "document_key"}
COUNT_KEYS: dict[Counted, str] = {
    "case_id": "case_id",
    "volume_id": "volume_key",
    "document_id": "document_key",
}


def _id_of(key: str) -> str:
    return key.rpartition(SEPARATOR)[2]


def newest_of_each_page(changes: Sequence[Change]) -> dict[str, Change]:
    """Of several changes of a page the one with the highest version, and of equal versions the first."""
    newest: dict[str, Change] = {}
    for change in changes:
        page_id = change.place.page_id if isinstance(change, IndexEntry) else change.page_id
        if page_id not in newest or change.version > newest[page_id].version:
            newest[page_id] = change
    return newest
