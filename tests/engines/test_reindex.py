"""A new index beside the old: no search without its answer, no page lost, and no switch without proof."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from printed import entry
from shelf import Shelf, open_shelf
from sqlalchemy import select, update

from dossier import outbox, reindexing
from dossier.attention import questions
from dossier.catalogue.tables import OutboxRow, Page, ReadingRow, Reindex, SuccessorRow
from dossier.errors import EngineUnreachable
from dossier.reindexing import ReindexStatus
from dossier.transcriptions.writing import add_transcription
from dossier.viewers import AT_MACHINE
from indexer import golden
from indexer.entry import Removal
from indexer.pace import Pace


def settings_of(address: str | Path, index: str) -> dict[str, object]:
    if isinstance(address, Path):
        return {}
    return {"search_engine": "elasticsearch", "elasticsearch_url": address, "elasticsearch_index": index}


@pytest.fixture
def shelf(engine_address: str | Path, tmp_path: Path) -> Iterator[Shelf]:
    """Sixty pages that are searchable, on each engine."""
    with open_shelf(tmp_path, **settings_of(engine_address, "reindex")) as made:
        made.engine.clear()
        made.put(60)
        made.make_searchable()
        yield made


def ask(shelf: Shelf, engine: str = "") -> int:
    with shelf.catalogue.writing() as session:
        return reindexing.ask(session, engine or shelf.engine.name, "test")


def status(shelf: Shelf, reindex_id: int) -> ReindexStatus:
    with shelf.catalogue.reading() as session:
        return reindexing.status_of_reindex(session, session.get_one(Reindex, reindex_id))


def work_until_it_ends(shelf: Shelf, reindex_id: int, meanwhile: Callable[[], None] = lambda: None) -> ReindexStatus:
    for _ in range(1000):
        shelf.successor.step()
        meanwhile()
        if status(shelf, reindex_id).state != "open":
            break
    return status(shelf, reindex_id)


def test_the_old_index_answers_until_the_new_one_does(shelf: Shelf) -> None:
    before = shelf.engine.generation()
    seen = set()
    shelf.successor.pace = Pace(10)

    def meanwhile() -> None:
        seen.add(shelf.found())
        with shelf.catalogue.reading() as session:
            seen.add(len(session.scalars(select(Page.id).where(Page.state == "searchable")).all()))

    ended = work_until_it_ends(shelf, ask(shelf), meanwhile)

    assert (ended.state, ended.done, ended.total) == ("done", 60, 60)
    assert seen == {60}
    assert shelf.engine.generation() != before
    assert shelf.faults() == []


def test_what_changes_meanwhile_is_in_the_new_index(shelf: Shelf) -> None:
    reindex_id = ask(shelf)
    shelf.successor.pace = Pace(10)
    for _ in range(4):  # begun, and a part of it filled
        shelf.successor.step()
    with shelf.catalogue.reading() as session:
        changed = session.scalars(select(Page.id).limit(20)).all()
    with shelf.catalogue.writing() as session:
        outbox.enqueue(session, changed)
    shelf.put(5, "卷二")
    shelf.make_searchable()
    assert shelf.found() == 65

    assert work_until_it_ends(shelf, reindex_id).state == "done"

    assert shelf.found() == 65
    assert shelf.engine.count() == 65
    assert shelf.faults() == []
    with shelf.catalogue.reading() as session:
        assert session.scalars(select(SuccessorRow)).all() == []


def test_an_interrupted_reindex_goes_on_where_it_was(shelf: Shelf, tmp_path: Path, engine_address: str | Path) -> None:
    reindex_id = ask(shelf)
    shelf.successor.pace = Pace(20)
    for _ in range(3):
        shelf.successor.step()
    half_way = status(shelf, reindex_id)
    assert 0 < half_way.done < 60
    assert half_way.seconds_left is not None and half_way.seconds_left > 0

    shelf.successor.close()
    with open_shelf(tmp_path, **settings_of(engine_address, "reindex")) as other:  # as another process
        assert ask(other) == reindex_id
        assert status(other, reindex_id).done == half_way.done
        assert work_until_it_ends(other, reindex_id).state == "done"
        assert other.found() == 60
    assert shelf.found() == 60
    assert shelf.faults() == []


def test_a_switch_that_was_cut_short_is_completed_without_filling_again(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    reindex_id = ask(shelf)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(reindexing, "finish", die)
    with pytest.raises(KeyboardInterrupt):
        work_until_it_ends(shelf, reindex_id)
    monkeypatch.undo()
    assert status(shelf, reindex_id).state == "open"
    assert shelf.found() == 60

    shelf.successor.step()
    shelf.feed.step()

    assert status(shelf, reindex_id).state == "done"
    with shelf.catalogue.reading() as session:
        assert session.scalars(select(OutboxRow)).all() == []
    assert shelf.found() == 60


def test_a_successor_that_lost_its_files_is_begun_again(shelf: Shelf) -> None:
    reindex_id = ask(shelf)
    shelf.successor.pace = Pace(20)
    for _ in range(3):
        shelf.successor.step()
    shelf.engines.named(shelf.engine.name).successor().discard()

    assert work_until_it_ends(shelf, reindex_id).state == "done"
    assert shelf.found() == 60
    assert shelf.faults() == []


class TestProof:
    """What keeps a new index out of service; the old one answers on, and the attention list says why."""

    def held_back(self, shelf: Shelf, spoil: Callable[[], None]) -> str:
        before = shelf.engine.generation()
        reindex_id = ask(shelf)

        def meanwhile() -> None:
            with shelf.catalogue.writing() as session:
                session.execute(update(SuccessorRow).values(not_before=0.0))
                full = reindexing.open_reindex(session) is not None and not reindexing.unfinished(session)
            if full and not spoilt:
                spoilt.append(True)
                shelf.successor.close()  # another writes to its index now
                spoil()

        spoilt: list[bool] = []
        ended = work_until_it_ends(shelf, reindex_id, meanwhile)
        assert ended.state == "failed"
        assert shelf.engine.generation() == before
        assert shelf.found() == 60
        with shelf.catalogue.reading() as session:
            assert session.scalars(select(SuccessorRow)).all() == []
            (question,) = [row for row in questions(session) if row.code == "reindex_failed"]
        assert ended.reason in question.message
        return ended.reason

    def test_a_page_that_is_missing(self, shelf: Shelf) -> None:
        engine = shelf.engines.named(shelf.engine.name).successor()
        page_id = one_page(shelf)

        reason = self.held_back(shelf, lambda: engine.apply([Removal(page_id, 10**6)]) and None)

        assert reason == "新索引有 59 页，应有 60 页 / the new index holds 59 pages, the catalogue 60"
        assert shelf.faults() == []

    def test_a_page_that_its_own_words_do_not_find(self, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(golden, "PAGES", 60)
        engine = shelf.engines.named(shelf.engine.name).successor()
        other = entry(one_page(shelf), "别的文字", version=10**6)

        reason = self.held_back(shelf, lambda: engine.apply([other]) and None)

        missing = other.place.page_id
        assert reason in (
            f"按页上的一段文字搜不到页 {missing} / page {missing} is not found by a passage of its text",
            f"按页上的号码搜不到页 {missing} / page {missing} is not found by a number on it",
        )

    def test_a_page_that_cannot_be_read_any_more(self, shelf: Shelf) -> None:
        with shelf.catalogue.reading() as session:
            row = session.scalars(select(ReadingRow)).first()
            assert row is not None
            shelf.vault.reading_path(row.page_id, row.version, row.sha256).unlink()

        reason = self.held_back(shelf, lambda: None)

        assert reason == "1 页被拒绝（object_missing） / 1 pages were refused (object_missing)"

    def test_after_the_cause_is_mended_the_flag_goes(self, shelf: Shelf) -> None:
        engine = shelf.engines.named(shelf.engine.name).successor()
        page_id = one_page(shelf)
        self.held_back(shelf, lambda: engine.apply([Removal(page_id, 10**6)]) and None)

        assert work_until_it_ends(shelf, ask(shelf)).state == "done"

        with shelf.catalogue.reading() as session:
            assert [row for row in questions(session) if row.code == "reindex_failed"] == []


class TestAnotherEngine:
    @pytest.fixture
    def both(self, node: str, tmp_path: Path) -> dict[str, object]:
        """Settings with which either engine may be in service."""
        index = f"moves-{tmp_path.name.lower()}"[:90].replace("[", "-").replace("]", "")
        return {"elasticsearch_url": node, "elasticsearch_index": index}

    @pytest.mark.parametrize(("old", "new"), [("tantivy", "elasticsearch"), ("elasticsearch", "tantivy")])
    def test_a_changed_setting_moves_without_a_gap(
        self, both: dict[str, object], tmp_path: Path, old: str, new: str
    ) -> None:
        with open_shelf(tmp_path, search_engine=old, **both) as shelf:
            shelf.put(40)
            shelf.make_searchable()
        with open_shelf(tmp_path, search_engine=new, **both) as shelf:
            seen = []
            shelf.successor.heed_settings()
            with shelf.catalogue.reading() as session:
                reindex = reindexing.open_reindex(session)
            assert reindex is not None
            shelf.successor.pace = Pace(10)

            def meanwhile() -> None:
                seen.append((shelf.engine.name, shelf.found()))

            meanwhile()
            assert work_until_it_ends(shelf, reindex.id, meanwhile).state == "done"
            assert {found for _, found in seen} == {40}
            assert [seen[0][0], seen[-1][0]] == [old, new]
            assert shelf.faults() == []
            shelf.successor.heed_settings()
            with shelf.catalogue.reading() as session:
                assert reindexing.open_reindex(session) is None

    def test_a_server_that_is_away_leaves_the_old_engine_in_service(self, tmp_path: Path) -> None:
        with socket.socket() as reserved:
            reserved.bind(("127.0.0.1", 0))  # taken, and not listening
            away = f"http://127.0.0.1:{reserved.getsockname()[1]}"
            with open_shelf(tmp_path, elasticsearch_url=away) as shelf:
                shelf.put(10)
                shelf.make_searchable()
                reindex_id = ask(shelf, "elasticsearch")
                with pytest.raises(EngineUnreachable):
                    shelf.successor.step()
                assert away in status(shelf, reindex_id).reason
                shelf.put(5, "卷二")
                shelf.make_searchable()
                assert shelf.found() == 15


def one_page(shelf: Shelf) -> str:
    with shelf.catalogue.reading() as session:
        return session.scalars(select(Page.id).limit(1)).one()


def test_what_people_have_read_is_in_the_new_index(shelf: Shelf) -> None:
    with shelf.catalogue.reading() as session:
        page_id = session.scalars(select(Page.id).limit(1)).one()
    add_transcription(shelf.catalogue, shelf.vault, AT_MACHINE, page_id, "今收到傅溪现金", [0.1, 0.7, 0.5, 0.75])
    shelf.make_searchable()
    before = shelf.engine.generation()

    assert work_until_it_ends(shelf, ask(shelf)).state == "done"

    assert shelf.engine.generation() != before
    (hit,) = shelf.searcher.search("收到傅溪", viewer=AT_MACHINE).hits
    assert (hit.page_id, hit.rung) == (page_id, "transcription")
    assert shelf.faults() == []
