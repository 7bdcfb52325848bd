"""From a typed query to the search of everything: what the program does for somebody who sees all."""

from __future__ import annotations

from indexer.engine import Search
from indexer.query import Visible, ladder, understand


def search_of(text: str) -> Search:
    """The search for a query, restricted to nothing."""
    return ladder(understand(text), Visible())
