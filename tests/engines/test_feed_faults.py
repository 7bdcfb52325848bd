"""A fault of the catalogue is no fault of the pages that were about to be fed."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from shelf import open_shelf
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from dossier.catalogue.tables import OutboxRow
from indexer import feed as feeds
from indexer import upkeep as upkeeps
from indexer.feed import Feed
from indexer.upkeep import Upkeep


def locked(*_: object) -> None:
    raise OperationalError("SELECT", {}, Exception("database is locked"))


def test_a_failed_statement_counts_against_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_shelf(tmp_path) as shelf:
        shelf.put(3)
        with monkeypatch.context() as patch:
            patch.setattr(feeds, "reading_of", locked)
            with pytest.raises(OperationalError):
                shelf.feed.step()
        with shelf.catalogue.reading() as session:
            assert session.scalars(select(OutboxRow.attempts)).all() == [0, 0, 0]
        shelf.make_searchable()
        assert shelf.found() == 3


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "full")


@pytest.mark.parametrize("fault", [locked, full])
def test_a_fault_of_the_machine_does_not_end_the_upkeep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Callable[..., None]
) -> None:
    with open_shelf(tmp_path) as shelf:
        shelf.put(3)
        upkeep = Upkeep(shelf.catalogue, shelf.vault, shelf.engines)
        turns: list[bool] = []

        def third_turn() -> bool:
            turns.append(True)
            if len(turns) == 2:
                patch.undo()
            return len(turns) == 4

        monkeypatch.setattr(upkeeps, "_UNREACHABLE_SECONDS", 0.0)
        with monkeypatch.context() as patch:
            patch.setattr(Feed, "_entries", fault)
            upkeep.run(third_turn)
        assert shelf.found() == 3
