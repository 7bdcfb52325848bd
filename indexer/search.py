"""Search: from a query to pages, with the words' places on the picture.

The engine says which pages; the catalogue says what they are and whether they still are; the readings say where on the
page the words stand. A page that the catalogue no longer shows is left out, whatever the engine says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from dossier import cases
from dossier.catalogue.database import Catalogue
from dossier.errors import UsageError
from dossier.vault import Vault
from dossier.viewers import AT_MACHINE, Viewer
from indexer.engine import Engine
from indexer.hits import Hit, hits_shown
from indexer.query import ladder, understand
from indexer.sight import sight_of


@dataclass(frozen=True)
class SearchResult:
    """The exact number of pages found, and the hits asked for, best first."""

    total: int
    hits: tuple[Hit, ...]

    def as_json(self) -> dict[str, Any]:
        """The form of `edossier search --json` and of the API."""
        return {"total": self.total, "hits": [hit.as_json() for hit in self.hits]}


class Searcher:
    """Searches one home."""

    def __init__(self, catalogue: Catalogue, vault: Vault, engine: Engine) -> None:
        self._catalogue, self._vault, self._engine = catalogue, vault, engine

    def search(
        self, query: str, case: str | None = None, limit: int = 20, offset: int = 0, viewer: Viewer = AT_MACHINE
    ) -> SearchResult:
        """The pages that a query finds, best first.

        Args:
            query: what a user typed; any text is a query.
            case: search only in the case with this number or id.
            limit: most hits to give.
            offset: hits to pass over.
            viewer: who asks; what they do not see is neither given nor counted.

        Raises:
            NotFound: there is no such case.
            NumberClash: the case's number belongs to two cases.
            UsageError: the query is longer than a paragraph.
            EngineUnreachable: the engine does not answer.
        """
        understood = understand(query)
        with self._catalogue.reading() as session:
            only = frozenset({cases.case_named(session, case).id}) if case else None
            sight = replace(sight_of(session, viewer), only_cases=only)
            try:
                found = self._engine.search(ladder(understood, sight), limit, offset)
            except ValueError as error:
                raise UsageError(str(error)) from error
            return SearchResult(found.total, tuple(hits_shown(session, self._vault, understood, sight, found.hits)))
