"""What happens to a reindex at the worst moments: replaced, changed, refused, cut short, or left behind."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from shelf import Shelf, open_shelf
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from dossier import outbox, reindexing
from dossier.catalogue.tables import Page, Reindex, SuccessorRow
from dossier.errors import EngineUnreachable
from indexer import feed as feeds
from indexer import proof as proofs
from indexer import successor as successors
from indexer.entry import Removal
from indexer.pace import Pace
from indexer.successor import Successor
from indexer.tantivy_engine import TantivyEngine


class OtherEngine(TantivyEngine):
    """Stands for the engine on a server."""

    name = "elasticsearch"


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """Six pages that are searchable, and another engine to move to."""
    with open_shelf(tmp_path) as made:
        made.engines._open["elasticsearch"] = OtherEngine(tmp_path / "other")
        made.put(6)
        made.make_searchable()
        yield made


def ask(shelf: Shelf, engine: str = "tantivy") -> int:
    with shelf.catalogue.writing() as session:
        return reindexing.ask(session, engine, "test")


def state(shelf: Shelf, reindex_id: int) -> str:
    with shelf.catalogue.reading() as session:
        return session.get_one(Reindex, reindex_id).state


def work_until_it_ends(shelf: Shelf, reindex_id: int, meanwhile: Callable[[], None] = lambda: None) -> str:
    for _ in range(100):
        shelf.successor.step()
        meanwhile()
        if state(shelf, reindex_id) != "open":
            break
        with shelf.catalogue.writing() as session:
            session.execute(update(SuccessorRow).values(not_before=0.0))
    return state(shelf, reindex_id)


def once(before: Callable[..., None], then: Callable[..., Any]) -> Callable[..., Any]:
    """A function before the first call of which something happens."""
    done: list[bool] = []

    def called(*arguments: Any) -> Any:
        if not done:
            done.append(True)
            before(*arguments)
        return then(*arguments)

    return called


def indices(folder: Path) -> int:
    """How many indices there are in the folder of the embedded engine."""
    return len([path for path in folder.iterdir() if path.is_dir()])


def test_a_reindex_that_is_replaced_during_the_switch_loses_no_page(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    reindex_id = ask(shelf)

    def replaced(*_: object) -> None:
        ask(shelf, "elasticsearch")
        shelf.put(2, "卷二")

    monkeypatch.setattr(TantivyEngine, "promote", once(replaced, TantivyEngine.promote))
    assert work_until_it_ends(shelf, reindex_id) == "failed"
    shelf.make_searchable()

    assert shelf.found() == 8
    assert shelf.faults() == []
    with shelf.catalogue.reading() as session:
        assert set(session.scalars(select(Page.state))) == {"searchable"}


def test_what_has_ended_is_neither_begun_nor_finished_nor_given_up(shelf: Shelf) -> None:
    reindex_id = ask(shelf)
    ask(shelf, "elasticsearch")
    with shelf.catalogue.writing() as session:
        reindex = session.get_one(Reindex, reindex_id)
        reason = reindex.reason
        assert reason == "已改为重建到 elasticsearch / replaced by a reindex to elasticsearch"
        assert not reindexing.begin(session, reindex, "another")
        assert not reindexing.finish(session, reindex)
        reindexing.fail(session, reindex, "something else")
        assert (reindex.state, reindex.reason, reindex.generation) == ("failed", reason, None)
        assert reindexing.unfinished(session) == 0
        assert reindexing.engine_in_service(session) == "tantivy"


def test_a_change_during_the_proof_is_no_proof(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    with shelf.catalogue.reading() as session:
        missing, changed = session.scalars(select(Page.id).limit(2)).all()

    def spoil(*_: object) -> None:
        shelf.successor.close()
        engine = shelf.engines.named("tantivy").successor()
        engine.apply([Removal(missing, 10**6)])
        engine.close()
        with shelf.catalogue.writing() as session:
            outbox.enqueue(session, [changed])

    reindex_id = ask(shelf)
    monkeypatch.setattr(reindexing, "refused_anew", once(spoil, reindexing.refused_anew))

    assert work_until_it_ends(shelf, reindex_id) == "failed"
    assert shelf.found() == 6


def test_an_index_that_is_begun_again_is_proven_again(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    proven: list[str] = []
    lost: list[bool] = []
    queries = proofs.golden_queries

    def noted(*arguments: Any) -> Any:
        proven.append(shelf.engines.named("tantivy").successor().generation())
        return queries(*arguments)

    def lose() -> None:
        if proven and not lost:
            lost.append(True)
            shelf.engines.named("tantivy").successor().discard()

    monkeypatch.setattr(proofs, "golden_queries", noted)
    assert work_until_it_ends(shelf, ask(shelf), lose) == "done"

    assert proven[-1] == shelf.engine.generation()
    assert shelf.faults() == []


def test_the_index_of_a_former_engine_goes_even_when_another_process_switched(shelf: Shelf, tmp_path: Path) -> None:
    assert work_until_it_ends(shelf, ask(shelf, "elasticsearch")) == "done"
    assert shelf.found() == 6
    assert indices(shelf.home.index) == 1
    shelf.successor = Successor(shelf.catalogue, shelf.vault, shelf.engines)  # as another process

    assert shelf.successor.step() == 0

    assert shelf.engine.name == "elasticsearch"
    assert indices(shelf.home.index) == 0
    assert shelf.found() == 6
    with shelf.catalogue.reading() as session:
        assert reindexing.former_engines(session) == []


def test_what_was_built_of_a_reindex_that_was_replaced_goes(shelf: Shelf, tmp_path: Path) -> None:
    abandoned = ask(shelf, "elasticsearch")
    for _ in range(2):
        shelf.successor.step()
    assert indices(tmp_path / "other") > 0
    assert work_until_it_ends(shelf, ask(shelf)) == "done"
    assert state(shelf, abandoned) == "failed"
    shelf.successor = Successor(shelf.catalogue, shelf.vault, shelf.engines)

    shelf.successor.step()

    assert indices(tmp_path / "other") == 0
    assert indices(shelf.home.index) == 1
    with shelf.catalogue.reading() as session:
        assert reindexing.abandoned_engines(session) == []


@pytest.mark.parametrize("fault", [EngineUnreachable("away"), OSError("disk")])
def test_what_could_not_be_removed_is_removed_later(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    ask(shelf)
    for _ in range(2):
        shelf.successor.step()
    with shelf.catalogue.writing() as session:
        open_one = reindexing.open_reindex(session)
        assert open_one is not None
        reindexing.fail(session, open_one, "test")
    assert indices(shelf.home.index) == 2

    def away(*_: object) -> None:
        raise fault

    monkeypatch.setattr(successors, "_SWEEP_AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(successors, "_GRACE_SECONDS", 0.0)
    shelf.successor = Successor(shelf.catalogue, shelf.vault, shelf.engines)
    monkeypatch.setattr(TantivyEngine, "discard", once(away, TantivyEngine.discard))
    shelf.successor.step()
    assert indices(shelf.home.index) == 2
    shelf.successor.step()

    assert indices(shelf.home.index) == 1
    assert shelf.found() == 6


def test_the_text_of_a_page_is_in_no_reason(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(*_: object) -> None:
        raise ValueError("张三供述如下")

    monkeypatch.setattr(feeds, "reading_of", unreadable)
    reindex_id = ask(shelf)

    assert work_until_it_ends(shelf, reindex_id) == "failed"

    with shelf.catalogue.reading() as session:
        reason = session.get_one(Reindex, reindex_id).reason
        assert reason == "6 页被拒绝（ValueError） / 6 pages were refused (ValueError)"


@pytest.mark.parametrize(
    "fault", [OSError(errno.ENOSPC, "full"), OperationalError("SELECT", {}, Exception("database is locked"))]
)
def test_a_passing_fault_gives_no_reindex_up(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    def failing(*_: object) -> None:
        raise fault

    monkeypatch.setattr(proofs, "golden_queries", once(failing, proofs.golden_queries))
    reasons, generations = set(), set()

    def meanwhile() -> None:
        with shelf.catalogue.reading() as session:
            reindex = session.get_one(Reindex, reindex_id)
            reasons.add(reindex.reason)
            generations.add(reindex.generation)

    reindex_id = ask(shelf)
    assert work_until_it_ends(shelf, reindex_id, meanwhile) == "done"

    kind = type(fault).__name__
    assert reasons == {"", f"出错，稍后自动再试（{kind}） / an error, tried again later ({kind})"}
    assert len(generations) == 1


def test_a_failed_proof_whose_files_cannot_be_removed_ends_nothing_else(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise OSError("disk")

    monkeypatch.setattr(reindexing, "refused_anew", lambda _: Counter(some_error=1))
    monkeypatch.setattr(TantivyEngine, "discard", failing)

    assert work_until_it_ends(shelf, ask(shelf)) == "failed"
    assert shelf.found() == 6


def test_the_feed_has_its_turn_between_portions_of_the_proof(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that comes in during the proof is found before it ends, and the proof goes on."""
    asked_before_found: list[int] = []
    asked: list[str] = []
    answers = proofs.answers

    def noted(*arguments: Any) -> bool:
        asked.append("query")
        return answers(*arguments)

    def meanwhile() -> None:
        if asked and not asked_before_found:
            shelf.put(1, "卷二")
            shelf.make_searchable()
            assert shelf.found() == 7
            asked_before_found.append(len(asked))

    monkeypatch.setattr(proofs, "QUERIES_AT_ONCE", 2)
    monkeypatch.setattr(proofs, "answers", noted)

    assert work_until_it_ends(shelf, ask(shelf), meanwhile) == "done"

    assert asked_before_found == [2]
    assert len(asked) >= 12  # a number and a passage of each of six pages
    assert shelf.faults() == []


def test_a_page_that_changes_during_the_proof_is_held_against_nobody(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile() -> None:
        if asked == 1 and not changed:
            changed.append(True)
            with shelf.catalogue.writing() as session:
                outbox.enqueue(session, session.scalars(select(Page.id)).all())

    asked = 0
    changed: list[bool] = []
    answers = proofs.answers

    def out_of_date(*arguments: Any) -> bool:
        nonlocal asked
        asked += 1
        return asked != 2 and answers(*arguments)

    monkeypatch.setattr(proofs, "QUERIES_AT_ONCE", 1)
    monkeypatch.setattr(proofs, "answers", out_of_date)

    assert work_until_it_ends(shelf, ask(shelf), meanwhile) == "done"
    assert asked >= 14  # all once more


def test_the_new_index_stays_open_while_it_is_filled(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    open_writer = TantivyEngine._open_writer

    def noted(engine: TantivyEngine) -> Any:
        if engine._writer is None:
            made.append(engine)
        return open_writer(engine)

    monkeypatch.setattr(TantivyEngine, "_open_writer", noted)
    shelf.successor.pace = Pace(2)

    assert work_until_it_ends(shelf, ask(shelf)) == "done"
    assert len(made) == 1


def test_a_merge_that_fails_at_the_switch_only_puts_it_off(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        """A writer whose merges found no room."""

        def __init__(self, writer: Any) -> None:
            self._writer = writer

        def __getattr__(self, name: str) -> Any:
            return getattr(self._writer, name)

        def wait_merging_threads(self) -> None:
            raise ValueError("no space left")

    writers: list[Full] = []
    open_writer = TantivyEngine._open_writer

    def opened(engine: TantivyEngine) -> Any:
        if engine._writer is None:
            open_writer(engine)
            engine._writer = Full(engine._writer)
            writers.append(engine._writer)
        return engine._writer

    monkeypatch.setattr(TantivyEngine, "_open_writer", opened)

    assert work_until_it_ends(shelf, ask(shelf)) == "done"
    assert writers
    assert shelf.found() == 6
