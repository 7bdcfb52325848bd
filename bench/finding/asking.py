"""From a typed query to its search."""

from __future__ import annotations

from indexer.engine import Search
from indexer.query import ladder, understand
from indexer.sight import Sight


def search_of(text: str, department: str | None = None) -> Search:
    """The search for a query, by somebody who sees everything, or one department only."""
    return ladder(understand(text), Sight(departments=frozenset({department}) if department else None))
