"""What must not stop, lose or double anything: odd names, broken metadata, kills, locked folders, shares."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import acceptance, flags
from dossier.acceptance import Accepted, Incoming
from dossier.attention import questions
from dossier.catalogue.tables import Arrival, Case, CaseNumber, Page, Work
from dossier.contents import Contents
from dossier.errors import EngineUnreachable, WorkerDied
from indexer.engines import Engines
from indexer.upkeep import Upkeep
from pipeline.crew.tasks import InspectTask
from pipeline.crew.worker_process import WorkerProcess
from pipeline.intake.aside import Aside
from tests.house import CASE, House, encoded, open_house, tiff_of_pages
from tests.recorded import print_page


def codes(house: House) -> set[str]:
    return {question.code for question in house.questions()}


def test_a_name_in_gbk_bytes_is_taken_in_under_its_chinese_name(house: House) -> None:
    folder = house.home.inbox / CASE / os.fsdecode("证据卷".encode("gb18030"))
    folder.mkdir(parents=True)
    (folder / os.fsdecode("第一页.png".encode("gb18030"))).write_bytes(encoded(print_page(1), ".png"))

    house.take_in()

    assert house.order() == [("证据卷", 1, "第一页.png")]


def test_a_volume_name_full_of_digits_is_just_a_name(house: House) -> None:
    house.drop_pages(f"{CASE}/A3101045500002020010001卷", [1])

    house.take_in()

    assert house.order() == [("A3101045500002020010001卷", 1, "0001.png")]


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 50_000,
        b'{"due": ' + b"9" * 5000 + b"}",
        b'{"name": "\\ud800"}',
        b'{"due_on": "someday"}',
        b"\xff\xfe\x00",
        b'{"name": "' + b"x" * 2_000_000 + b'"}',
    ],
    ids=["deep", "long number", "half a surrogate", "no date", "no encoding", "two megabytes"],
)
def test_broken_metadata_is_said_and_stops_nothing_however_often_it_comes(house: House, content: bytes) -> None:
    for _ in range(2):
        house.drop(f"{CASE}/case.json", content)
        house.take_in()
    house.drop_pages(f"{CASE}/卷一", [1])
    house.take_in()

    assert house.in_inbox() == []
    assert "metadata_unusable" in codes(house)
    assert house.order() == [("卷一", 1, "0001.png")]


def test_a_case_json_outside_of_any_case_folder_is_said_to_be_useless(house: House) -> None:
    house.drop("case.json", json.dumps({"name": "某案"}).encode())
    house.take_in()

    assert "metadata_unusable" in codes(house)


def test_metadata_that_comes_back_holds_again(house: House) -> None:
    for name in ("甲案", "乙案", "甲案"):
        house.drop(f"{CASE}/case.json", json.dumps({"name": name}).encode())
        house.take_in()

    with house.catalogue.reading() as session:
        assert session.scalars(select(Case.name)).one() == "甲案"


def test_a_folder_without_a_number_stays_one_case_when_its_metadata_comes(house: House) -> None:
    house.drop_pages("某丙的材料/卷一", [1])
    house.take_in()
    house.drop("某丙的材料/case.json", json.dumps({"name": "某丙案", "numbers": [{"number": CASE}]}).encode())
    house.take_in()
    house.drop_pages("某丙的材料/卷一", [1])
    house.drop_pages(f"{CASE}/卷一", [2], first_name=2)
    house.take_in()

    with house.catalogue.reading() as session:
        case = session.scalars(select(Case)).one()
    assert (case.state, case.name) == ("known", "某丙案")
    assert "unclaimed" not in codes(house)
    assert house.order() == [("卷一", 1, "0001.png"), ("卷一", 2, "0002.png")]


def test_a_document_number_never_outranks_an_acceptance_number(house: House) -> None:
    for serial, page in ((12, 1), (99, 2)):
        house.drop_pages(f"临检起诉受[2031]99010100{serial:03d}号 临检刑诉〔2031〕417号/卷一", [page])
        house.take_in()

    with house.catalogue.reading() as session:
        assert len(session.scalars(select(Case)).all()) == 2
        kinds = session.scalars(select(CaseNumber.kind).order_by(CaseNumber.kind)).all()
    assert list(kinds) == ["acceptance", "acceptance", "document"]


def test_an_inspector_that_dies_is_no_verdict_on_the_file(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    real = WorkerProcess.perform
    deaths = iter([True, True])

    def perform(self: WorkerProcess, task: InspectTask, time_limit: float | None = None) -> Contents:
        if next(deaths, False):
            raise WorkerDied("exit -9")
        return real(self, task, time_limit)  # type: ignore[return-value]

    monkeypatch.setattr(WorkerProcess, "perform", perform)
    house.drop(f"{CASE}/卷一/0001.png", print_page(1))
    for _ in range(3):
        house.take_in()

    assert house.order() == [("卷一", 1, "0001.png")]
    assert codes(house) == {"unknown_case"}


def test_a_real_inspector_killed_at_work_is_started_again(house: House) -> None:
    house.drop(f"{CASE}/卷一/0001.png", print_page(1))
    house.take_in()
    pid = house.inspector.pid
    assert pid is not None
    os.kill(pid, 9)

    house.drop(f"{CASE}/卷一/0002.png", print_page(2))
    for _ in range(3):
        house.take_in()

    assert [path for _, _, path in house.order()] == ["0001.png", "0002.png"]


def test_a_file_that_cannot_be_removed_is_accepted_once_and_said(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    path = house.drop(f"{CASE}/卷一/0001.png", print_page(1))
    for _ in range(3):
        house.take_in()

    assert path.is_file()
    assert house.in_inbox() == [f"{CASE}/卷一/0001.png"]
    assert len(house.order()) == 1
    assert "not_removable" in codes(house)
    assert list(house.vault.aside.rglob("*")) == []


@pytest.fixture
def shared_house(tmp_path: Path) -> Iterator[House]:
    """A house whose inbox lies on another file system than its vault, as a share does."""
    memory = Path("/dev/shm")  # a file system of its own on every Linux
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("/dev/shm is not a file system of its own here")
    with tempfile.TemporaryDirectory(dir=memory) as share:
        (tmp_path / "home").mkdir()
        (tmp_path / "home" / "inbox").symlink_to(share)
        with open_house(tmp_path / "home") as house:
            yield house


def test_an_inbox_on_a_share_is_emptied_too(shared_house: House) -> None:
    shared_house.drop_pages(f"{CASE}/卷一", [1, 2])
    shared_house.take_in()

    assert shared_house.in_inbox() == []
    assert len(shared_house.order()) == 2


def test_a_file_overwritten_on_a_share_after_its_acceptance_is_not_deleted(
    shared_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shared_house.drop(f"{CASE}/卷一/0001.png", print_page(1))
    real_take = Aside.take

    def overwrite_then_take(self: Aside, taken: Path) -> Path:
        if taken.read_bytes() == encoded(print_page(1), ".png"):
            taken.write_bytes(encoded(print_page(2), ".png"))
        return real_take(self, taken)

    monkeypatch.setattr(Aside, "take", overwrite_then_take)
    for _ in range(3):
        shared_house.take_in()
    shared_house.work()

    assert not path.exists()
    assert shared_house.searcher.search("讯问笔录第1页").total == 1
    assert shared_house.searcher.search("讯问笔录第2页").total == 1


def test_a_counter_that_starts_again_and_runs_further_is_not_mixed_in(house: House) -> None:
    house.drop_pages(f"{CASE}/卷一", [1, 2, 3])
    house.take_in()
    house.drop_pages(f"{CASE}/卷一", [11, 12, 13, 14, 15])
    house.take_in()

    assert house.documents() == [("卷一", "卷一", 3), ("卷一", "卷一（第2批）", 5)]
    assert [path for _, _, path in house.order()] == [
        *("0001.png", "0002.png", "0003.png"),
        *("0001.png", "0002.png", "0003.png", "0004.png", "0005.png"),
    ]


def test_a_lost_original_parks_its_page_and_stops_no_other(house: House) -> None:
    house.drop_pages(f"{CASE}/卷一", [1, 2, 3])
    house.take_in()
    with house.catalogue.reading() as session:
        lost = session.scalars(select(Arrival).where(Arrival.path == "0001.png")).one()
    house.vault.original_path(lost.sha256).unlink()

    house.work()

    with house.catalogue.reading() as session:
        states = session.scalars(select(Page.state).order_by(Page.page_number)).all()
    assert list(states) == ["parked", "searchable", "searchable"]


def test_doubtful_pages_do_not_bury_an_unclaimed_case(house: House) -> None:
    house.drop_pages("没有编号/卷一", [1, 2, 3])
    house.take_in()
    with house.catalogue.writing() as session:
        for page in session.scalars(select(Page)):
            flags.raise_flag(session, "page", page.id, page.case_id, "low_confidence")

    with house.catalogue.reading() as session:
        assert [question.code for question in questions(session, limit=2)] == ["unclaimed", "low_confidence"]


def test_one_file_that_fails_in_an_unforeseen_way_does_not_stop_the_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = acceptance._accept_rows

    def accept_rows(session: Session, incoming: Incoming, *more: Any) -> Accepted:
        if incoming.place.name == "0001.png":
            raise KeyError("unforeseen")
        return real(session, incoming, *more)

    monkeypatch.setattr(acceptance, "_accept_rows", accept_rows)
    house.drop_pages(f"{CASE}/卷一", [1, 2])
    house.take_in()

    assert [path for _, _, path in house.order()] == ["0002.png"]
    assert house.in_inbox() == [f"{CASE}/卷一/0001.png"]
    assert "not_accepted" in codes(house)


def test_a_closed_file_of_several_pages_still_gets_its_full_rest(tmp_path: Path) -> None:
    with open_house(tmp_path, settle_seconds=3600) as house:
        single = house.drop(f"{CASE}/卷一/0001.png", print_page(1))
        several = house.drop(f"{CASE}/卷一/0002.pdf", print_page(2))
        for path in (single, several):
            house.intake.nominate(path, is_closed=True)
        for candidate in house.intake._candidates.values():
            candidate.quiet_since -= 10

        house.intake.take_complete()

        assert house.in_inbox() == [f"{CASE}/卷一/0002.pdf"]


def test_a_file_written_again_after_it_was_closed_starts_its_rest_anew(tmp_path: Path) -> None:
    with open_house(tmp_path, settle_seconds=3600) as house:
        path = house.drop(f"{CASE}/卷一/0001.png", print_page(1))
        house.intake.nominate(path, is_closed=True)
        path.write_bytes(encoded(print_page(2), ".png"))
        house.intake.take_complete()
        for candidate in house.intake._candidates.values():
            candidate.quiet_since -= 10

        house.intake.take_complete()

        assert house.in_inbox() == [f"{CASE}/卷一/0001.png"]


@pytest.mark.parametrize("name", ["0001.png", "0001.tif"])
def test_a_renamed_file_is_whole_where_the_kernel_knows_its_writers(tmp_path: Path, name: str) -> None:
    with open_house(tmp_path, settle_seconds=3600) as house:
        path = house.drop(name, print_page(1) if name.endswith("png") else tiff_of_pages([1, 2]))
        house.intake.nominate(path, is_renamed=True)
        with path.open("ab"):
            house.intake.take_complete()
            assert house.in_inbox() == [name]

        house.intake.take_complete()

        assert house.in_inbox() == []


@pytest.mark.parametrize(("name", "stays"), [("0001.png", False), ("0001.tif", True)])
def test_a_renamed_file_whose_writers_nobody_knows_gets_a_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, stays: bool
) -> None:
    def refuse(descriptor: int, command: int, argument: int) -> int:
        raise OSError(errno.EACCES, "another user's file")

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    with open_house(tmp_path, settle_seconds=3600) as house:
        path = house.drop(name, print_page(1) if name.endswith("png") else tiff_of_pages([1, 2]))
        house.intake.nominate(path, is_renamed=True)
        (candidate,) = house.intake._candidates.values()
        candidate.quiet_since = time.monotonic() + 10  # as if no time had passed
        house.intake.take_complete()
        assert house.in_inbox() == [name]
        candidate.quiet_since -= 20

        house.intake.take_complete()

        assert bool(house.in_inbox()) is stays


def test_our_own_putting_back_does_not_make_a_file_whole(tmp_path: Path) -> None:
    with open_house(tmp_path, settle_seconds=3600) as house:
        path = house.drop("0001.png", print_page(1))
        house.intake._put_back(house.intake._aside.take(path), path)
        house.intake.nominate(path, is_renamed=True)

        house.intake.take_complete()

        assert house.in_inbox() == ["0001.png"]


def test_a_lost_or_altered_reading_spoils_neither_search_nor_the_rest(house: House) -> None:
    house.drop_pages(f"{CASE}/卷一", [1, 2, 3])
    house.take_in_and_work()
    with house.catalogue.reading() as session:
        pages = session.scalars(select(Page).order_by(Page.page_number)).all()
    readings = {file.name.split(".")[0]: file for file in (house.home.vault / "readings").rglob("*.gz")}
    readings[pages[0].id].unlink()
    readings[pages[1].id].write_bytes(b"not what was stored")

    result = house.searcher.search("本页内容经核对")

    assert [hit.page_number for hit in result.hits] == [1, 2, 3]
    assert [bool(hit.rects) for hit in result.hits] == [False, False, True]
    assert sorted(fault.kind for fault in house.faults()) == ["changed", "missing"]


def test_a_page_whose_work_kills_its_process_again_and_again_is_parked_in_the_end(house: House) -> None:
    house.drop_pages(f"{CASE}/卷一", [1, 2])
    house.take_in()
    with house.catalogue.writing() as session:
        poison = session.scalars(select(Work).where(Work.kind == "read").order_by(Work.id)).first()
        assert poison is not None
        poison.losses = 30

    house.work()

    with house.catalogue.reading() as session:
        states = session.scalars(select(Page.state).order_by(Page.page_number)).all()
        assert list(states) == ["parked", "searchable"]
        assert session.scalars(select(Arrival.state)).all() == ["done", "done"]
    assert "worker_died" in codes(house)


def test_a_damaged_index_is_thrown_away_and_filled_anew(house: House) -> None:
    house.drop_pages(f"{CASE}/卷一", [1, 2])
    house.take_in_and_work()
    house.engine.close()
    for file in house.home.index.rglob("meta.json"):
        file.write_bytes(b"{}")

    with open_house(house.home.root) as reopened:
        reopened.drop_pages(f"{CASE}/卷一", [3], first_name=3)
        reopened.take_in()
        engines = Engines(reopened.home, reopened.settings)
        Upkeep(reopened.catalogue, reopened.vault, engines).run(lambda: _answers(reopened))
        engines.close()
        reopened.work()

        assert reopened.searcher.search("讯问笔录第1页").total == 1
        assert reopened.searcher.search("讯问笔录第3页").total == 1


def _answers(house: House) -> bool:
    try:
        house.engine.count()
    except EngineUnreachable:
        return False
    return True
