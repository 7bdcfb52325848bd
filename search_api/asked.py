"""What is asked of a search, as it stands in an address, and the addresses that ask it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query

from indexer.engine import Grouping, Order
from indexer.narrowing import ANYTHING, Narrowing

LONGEST_QUERY = 1000
LONGEST_CURSOR = 4000

QueryText = Annotated[str, Query(max_length=LONGEST_QUERY, description="what to look for")]
NeededText = Annotated[str, Query(min_length=1, max_length=LONGEST_QUERY, description="what to look for")]
CaseName = Annotated[str, Query(max_length=200, description="a case's number, in any brackets, or its id")]
Cursor = Annotated[str, Query(max_length=LONGEST_CURSOR, description="the `after` of the answer to go on from")]
OrderName = Annotated[
    Order, Query(description="relevance: by rung, then as pages stand; page: as they stand; received: newest first")
]
GroupName = Annotated[Grouping | None, Query(description="by what to group the hits; `limit` is then of groups")]
_Value = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True)
class Asked:
    """A search: what to look for, where, in what order and grouping."""

    q: str = ""
    case: str = ""
    order: Order = "relevance"
    group: Grouping | None = None
    narrowing: Narrowing = field(default=ANYTHING)

    @property
    def parameters(self) -> dict[str, str]:
        """What an address needs to ask the same; what is usual is left out."""
        given = {
            "q": self.q,
            "case": self.case,
            "order": self.order if self.order != "relevance" else "",
            "group": self.group or "",
            **self.narrowing.chosen,
        }
        return {name: value for name, value in given.items() if value}

    @property
    def search(self) -> dict[str, Any]:
        """The arguments of `Searcher.facets` and `Searcher.neighbours` besides the query."""
        return {"case": self.case or None, "narrowing": self.narrowing}

    def address(self, path: str = "/", **further: str | int | None) -> str:
        """An address that asks this, with further parameters where they have a value."""
        parameters = {**self.parameters, **{name: value for name, value in further.items() if value}}
        return path + (f"?{urlencode(parameters)}" if parameters else "")

    def with_query(self, text: str) -> Asked:
        """The same of another query."""
        return replace(self, q=text)

    def with_value(self, facet: str, value: str) -> Asked:
        """The same, narrowed down to a value of a facet; no longer so for ""."""
        if facet == "case":
            return replace(self, case=value)
        return replace(self, narrowing=replace(self.narrowing, **{facet: value}))


async def _narrowing(
    charge: _Value = "",
    department: _Value = "",
    volume_kind: _Value = "",
    year: Annotated[str, Query(pattern=r"^(\d{4})?$")] = "",
) -> Narrowing:
    """What the hits' cases and volumes must be: 案由, department, kind of volume, year of acceptance."""
    return Narrowing(charge.strip(), department.strip(), volume_kind.strip(), year)


TheNarrowing = Annotated[Narrowing, Depends(_narrowing)]


async def _asked(
    narrowing: TheNarrowing,
    q: QueryText = "",
    case: CaseName = "",
    order: OrderName = "relevance",
    group: Annotated[str, Query(pattern="^(case|volume|document)?$")] = "",
) -> Asked:
    by: dict[str, Grouping] = {"case": "case", "volume": "volume", "document": "document"}
    return Asked(q.strip(), case.strip(), order, by.get(group), narrowing)


TheAsked = Annotated[Asked, Depends(_asked)]
