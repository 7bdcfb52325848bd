"""Golden queries of a large catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest
from shelf import open_shelf
from sqlalchemy import event

from indexer import golden


def test_no_more_than_ids_are_drawn_and_a_part_of_the_pages_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(golden, "PAGES", 3)
    with open_shelf(tmp_path) as shelf:
        page_ids = shelf.put(8)
        statements: list[str] = []
        event.listen(
            shelf.catalogue._engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2])
        )
        with shelf.catalogue.reading() as session:
            queries = golden.golden_queries(session, shelf.vault)

    asked = {query.page_id for query in queries}
    assert len(asked) == 3
    assert asked < set(page_ids)
    (drawing,) = (statement for statement in statements if "random()" in statement)
    assert drawing.split("FROM")[0].split() == ["SELECT", "pages.id"]
