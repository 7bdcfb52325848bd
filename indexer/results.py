"""Results of a search: hits, groups, the hits around a page; and their form in JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from indexer.engine import Grouping
from indexer.facets import Facets
from indexer.hits import Hit
from indexer.near_names import Proposal


@dataclass(frozen=True)
class Group:
    """The hits in one case, volume or document.

    Attributes:
        id: its own.
        total: how many hits it has, exactly.
        hits: the first of them, at least one.
    """

    id: str
    total: int
    hits: tuple[Hit, ...]

    def as_json(self) -> dict[str, Any]:
        """The form of `edossier search --json` and of the API."""
        first = self.hits[0]
        return {
            "id": self.id,
            "total": self.total,
            "case_id": first.case_id,
            "case_number": first.case_number,
            "volume": first.volume,
            "document_title": first.document_title,
            "page_ids": [hit.page_id for hit in self.hits],
        }


@dataclass(frozen=True)
class Groups:
    """The exact number of groups, and those asked for, in the order of their first hits."""

    by: Grouping
    total: int
    shown: tuple[Group, ...]

    def as_json(self) -> dict[str, Any]:
        """The form of `edossier search --json` and of the API."""
        return {"by": self.by, "total": self.total, "shown": [group.as_json() for group in self.shown]}


@dataclass(frozen=True)
class SearchResult:
    """The exact number of pages found, and the hits asked for, in order.

    Attributes:
        total: exact.
        hits: of the pages asked for; with groups the first hits of each.
        after: the cursor that goes on; None at the end.
        document_hits: how many hits each document has of which one is shown.
        groups: where these were asked for.
        did_you_mean: where little was found, queries with a known name that find something.
        facets: where these were asked for; they are no part of the JSON form.
    """

    total: int
    hits: tuple[Hit, ...]
    after: str | None = None
    document_hits: dict[str, int] = field(default_factory=dict)
    groups: Groups | None = None
    did_you_mean: tuple[Proposal, ...] = ()
    facets: Facets | None = None

    def as_json(self) -> dict[str, Any]:
        """The form of `edossier search --json` and of the API; what it has beside `total` and `hits` is left out where
        there is nothing to say."""
        extras: dict[str, Any] = {
            "after": self.after,
            "document_hits": [
                {"document_id": document_id, "total": total} for document_id, total in self.document_hits.items()
            ],
            "did_you_mean": [proposal.as_json() for proposal in self.did_you_mean],
            "groups": self.groups and self.groups.as_json(),
        }
        present = {name: value for name, value in extras.items() if value}
        return {"total": self.total, "hits": [hit.as_json() for hit in self.hits], **present}


@dataclass(frozen=True)
class Neighbours:
    """The hits of a query in a page's document, around the page.

    Attributes:
        total: how many there are.
        ordinal: which of them the page is, from 1 in page order; None if it is none.
        before, after: the ids of the hits next to the page; None where there are none.
    """

    total: int
    ordinal: int | None
    before: str | None
    after: str | None
