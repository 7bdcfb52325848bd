"""The tree of a query, neutral of engines: what an engine must be able to match, and nothing more.

There are no query strings anywhere: what a user types becomes tokens, and tokens become these values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Field: TypeAlias = Literal[
    "page_id",
    "state",
    "case_id",
    "department",
    "volume_id",
    "document_id",
    "singles",
    "pairs",
    "turn",
    "identifiers",
    "tails",
    "dates",
    "amounts",
]


@dataclass(frozen=True, slots=True)
class Term:
    """Pages whose field has exactly this value among its values."""

    field: Field
    value: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Pages whose field has these values one directly after the other; at least two."""

    field: Literal["pairs", "turn"]
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Apart:
    """Pages whose field has these values one after the other, `gap` others, whatever they are, and then those.

    Both sides have one value at least, and the gap is 1 or more.
    """

    field: Literal["pairs"]
    left: tuple[str, ...]
    gap: int
    right: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """Pages whose field has a value that begins so."""

    field: Literal["tails"]
    value: str


@dataclass(frozen=True, slots=True)
class Range:
    """Pages whose field has a date from `low` to `high`, both included, compared as text.

    A date is a year, a month or a day in the form of ISO 8601; the ends may be beyond all dates (0000, 9999).
    """

    field: Literal["dates"]
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """Pages whose field has one of these values; none match an empty set."""

    field: Literal["case_id", "volume_id", "document_id", "department", "page_id"]
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Pages that all clauses match; all pages, if there is no clause."""

    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Pages that a clause matches; none, if there is no clause."""

    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Pages that the clause does not match."""

    clause: Clause


Clause: TypeAlias = Term | Phrase | Apart | Prefix | Range | OneOf | AllOf | AnyOf | Not
EVERYTHING = AllOf(())
NOTHING = AnyOf(())


def leaves(clause: Clause) -> int:
    """How many clauses without clauses in them a clause has, as engines count them against their bound."""
    match clause:
        case AllOf(clauses) | AnyOf(clauses):
            return sum(map(leaves, clauses))
        case Not(inner):
            return leaves(inner)
        case Apart(_, left, _, right):
            return len(left) + 1 + len(right)
    return 1
