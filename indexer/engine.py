"""What the indexer asks of a search engine, and what it promises.

An engine holds one entry a page and answers which pages a clause matches. It ranks nothing by itself: a hit's rank is
the first rung that finds it, then the order that the entry brings along. So two engines give the same answer, in the
same order, and it stays the same while other pages come in. docs/decisions/0010-order-of-hits.md has the reasons.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from indexer.clause import EVERYTHING, Clause
from indexer.entry import IndexEntry, Removal

# What is beyond is not paged through but narrowed down. Elasticsearch keeps offset + limit hits in memory for each
# search, so that there must be an end.
DEEPEST = 100_000

Change: TypeAlias = IndexEntry | Removal


@dataclass(frozen=True, slots=True)
class Rung:
    """A rung of the ladder: its name, and what it finds."""

    name: str
    clause: Clause


@dataclass(frozen=True, slots=True)
class Search:
    """A ladder, best rung first, within a scope; a page is a hit of the first rung that finds it."""

    rungs: tuple[Rung, ...]
    scope: Clause = EVERYTHING


@dataclass(frozen=True, slots=True)
class Hit:
    """A page and the name of the best rung that finds it."""

    page_id: str
    rung: str


@dataclass(frozen=True, slots=True)
class Hits:
    """The exact number of pages found, and the part of them that was asked for, in order."""

    total: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A change that the engine will not take, however often it comes, and why."""

    page_id: str
    version: int
    reason: str


class Engine(Protocol):
    """A search engine with the index of one home.

    All methods may be called from several threads. They raise `EngineUnreachable` when the engine does not answer or
    its index is damaged; nothing is lost then, and the call may be repeated.
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

    def search(self, search: Search, limit: int, offset: int = 0) -> Hits:
        """The pages that a search finds: by rung, then by the entries' `order`.

        Args:
            search: the ladder and its scope.
            limit: how many hits to give, 0 for the total alone.
            offset: how many to pass over; offset and limit together at most `DEEPEST`.

        Raises:
            ValueError: beyond `DEEPEST`, or below 0.
        """
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


def check_window(limit: int, offset: int) -> None:
    """Refuse a part of the hits that no engine can give.

    Raises:
        ValueError: beyond `DEEPEST`, or below 0.
    """
    if limit < 0 or offset < 0 or limit + offset > DEEPEST:
        raise ValueError(f"hits {offset} to {offset + limit} cannot be given: at most {DEEPEST}, from 0")


def newest_of_each_page(changes: Sequence[Change]) -> dict[str, Change]:
    """Of several changes of a page the one with the highest version, and of equal versions the first."""
    newest: dict[str, Change] = {}
    for change in changes:
        page_id = change.place.page_id if isinstance(change, IndexEntry) else change.page_id
        if page_id not in newest or change.version > newest[page_id].version:
            newest[page_id] = change
    return newest
