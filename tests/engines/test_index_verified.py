"""`verify` compares index and catalogue page by page: what lacks, and what is still there though it was taken out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from shelf import Shelf, open_shelf
from sqlalchemy import delete, select

from dossier.catalogue.tables import OutboxRow, Page
from dossier.deeds import page_order
from indexer.entry import Removal


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with open_shelf(tmp_path) as made:
        made.put(5)
        made.make_searchable()
        yield made


def page_ids(shelf: Shelf) -> list[str]:
    with shelf.catalogue.reading() as session:
        return list(session.scalars(select(Page.id).order_by(Page.page_number)))


def take_out(shelf: Shelf, page_id: str) -> None:
    with shelf.catalogue.writing() as session:
        page_order.remove(session, page_id, "重复扫描", "傅溪")


def test_a_page_that_lacks_and_one_that_was_taken_out_and_is_still_there_are_told(shelf: Shelf) -> None:
    first, second, *_ = page_ids(shelf)
    assert shelf.faults() == []

    take_out(shelf, first)
    assert shelf.faults() == [], "its removal is on its way"
    with shelf.catalogue.writing() as session:
        session.execute(delete(OutboxRow))
    shelf.engine.apply([Removal(second, 100)])
    told = [(fault.kind, fault.subject) for fault in shelf.faults()]
    assert told == [("missing", second), ("unknown", first)]


def test_what_changes_while_it_is_asked_is_no_fault(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    first, *_ = page_ids(shelf)
    asked, versions = [], shelf.engine.versions

    def versions_of_a_page_taken_out_meanwhile(ids: list[str]) -> dict[str, int]:
        if not asked:
            take_out(shelf, first)
            shelf.make_searchable()
        asked.append(ids)
        return versions(ids)

    monkeypatch.setattr(shelf.engine, "versions", versions_of_a_page_taken_out_meanwhile)
    assert shelf.faults() == []
    assert first in asked[0]
