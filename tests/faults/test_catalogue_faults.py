"""The catalogue is lost, locked or too old, workers die, the clock is wrong; nothing is lost, nothing comes twice."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from dossier.catalogue.tables import AuditRow, Page, Work
from pipeline.crew.crew import Crew
from pipeline.crew.worker import ReaderFactory
from tests.faults.failing_calls import Fault
from tests.faults.readers import CASE, LAST_PAGE, killed_reader, out_of_memory_reader
from tests.faults.steps import POINTS, Office
from tests.house import House, open_house

HOUR, DAY = 3600.0, 86400.0
# How wrong the clock is, seconds; a share of them in each run.
CLOCKS = [DAY] if POINTS == 1 else [-DAY, -HOUR, HOUR, DAY]


def first_commit(office: Office) -> int:
    """The call with which the first files' rows are on the disk; their bytes are in the vault by then."""
    office.fresh()
    assert office.run().how == "done"
    calls = office.calls()
    stored = next(call.number for call in calls if call.what == "rename" and "/originals/" in call.path)
    return next(c.number for c in calls if c.number > stored and c.what == "sync" and c.path == "/catalogue.db-wal")


def lose_catalogue(office: Office) -> None:
    for path in office.root.glob("catalogue.db*"):
        path.unlink()


def test_a_catalogue_lost_before_the_commit_leaves_the_source_and_the_stored_bytes_are_adopted(office: Office) -> None:
    """T5."""
    commit = first_commit(office)
    office.fresh()
    assert office.run(Fault("kill_before", commit)).how == "killed"
    lose_catalogue(office)
    stored = [path for path in (office.root / "vault" / "originals").glob("*/*/*") if path.is_file()]
    assert stored != [], "files are stored, and their rows committed some at a time"
    assert office.losses() == []

    assert office.run().how == "done"

    assert office.complaints() == []
    assert all(path.is_file() for path in stored)
    assert len([p for p in (office.root / "vault" / "originals").glob("*/*/*") if p.is_file()]) == len(office.files)


def test_a_catalogue_that_another_program_locks_leaves_the_source_until_it_lets_go(office: Office) -> None:
    """T5."""
    office.fresh()
    with closing(sqlite3.connect(office.root / "catalogue.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        locked = office.run(seconds=1.0, busy=0.1)

        assert locked.how == "unfinished"
        assert locked.odd == ()
        assert {failure.partition(":")[0] for failure in locked.failures} == {"OperationalError"}
        assert office.losses() == []
        assert len([path for path in (office.root / "inbox").rglob("*") if path.is_file()]) == len(office.files)
        other.execute("ROLLBACK")

    assert office.run().how == "done"
    assert office.complaints() == []


def test_files_that_an_older_catalogue_does_not_know_are_named_and_adopted_when_they_come_again(office: Office) -> None:
    """T5: a copy of the catalogue from before the files came is put in its place."""
    office.fresh()
    inbox = office.root / "inbox"
    kept = office.root.with_name("kept")
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(inbox, kept)
    older = office.root.with_name("older.db")
    with closing(sqlite3.connect(office.root / "catalogue.db")) as source, closing(sqlite3.connect(older)) as target:
        source.backup(target)
    assert office.run().how == "done"
    lose_catalogue(office)
    shutil.copyfile(older, office.root / "catalogue.db")

    named = {line.split()[1] for line in office.losses(ages_seconds=2 * DAY) if line.startswith("unknown")}
    assert named >= {each["sha256"] for each in office.files}

    shutil.copytree(kept, inbox, dirs_exist_ok=True)
    assert office.run().how == "done"
    assert office.complaints() == []


def test_two_workers_and_doubled_events_make_one_document_of_the_same_bytes(office: Office) -> None:
    """T8."""
    office.fresh()

    assert [ended.how for ended in office.run_together(3)] == ["done"] * 3

    assert office.complaints() == []


def test_the_same_bytes_at_the_same_place_twice_are_one_document_with_two_audit_entries(tmp_path: Path) -> None:
    """T8."""
    with open_house(tmp_path / "home") as house:
        for _ in range(2):
            house.drop_pages(f"{CASE}/卷一", [1, 2])
            house.take_in_and_work()

        assert house.order() == [("卷一", 1, "0001.png"), ("卷一", 2, "0002.png")]
        with house.catalogue.reading() as session:
            deeds = session.scalars(
                select(AuditRow.deed).where(AuditRow.deed.startswith("accept")).order_by(AuditRow.id)
            )
            assert sorted(deeds) == ["accept", "accept", "accept_again", "accept_again"]
        assert house.faults() == []


@pytest.mark.parametrize("reader", [killed_reader, out_of_memory_reader])
def test_a_page_that_kills_its_worker_is_given_up_after_three_attempts_and_the_others_go_on(
    tmp_path: Path, reader: ReaderFactory
) -> None:
    """T10: page 4."""
    with open_house(tmp_path / "home") as house:
        house.drop_pages(f"{CASE}/卷一", list(range(1, LAST_PAGE + 1)))
        house.take_in()

        work_with(house, reader)

        with house.catalogue.reading() as session:
            states = dict(session.execute(select(Page.page_number, Page.state)).all())
            row = session.scalars(
                select(Work).join(Page, Page.id == Work.subject_id).where(Page.page_number == 4)
            ).one()
            assert (row.state, row.attempts) == ("failed", 3)
            assert session.scalar(select(func.count()).where(Work.state.in_(("waiting", "leased")))) == 0
        assert states == {number: "parked" if number == 4 else "searchable" for number in range(1, LAST_PAGE + 1)}
        assert house.faults() == []


def work_with(house: House, reader: ReaderFactory) -> None:
    """Let a crew with this reader work until nothing is left."""
    crew = Crew(house.catalogue, house.vault, house.derived, house.settings, Path(), reader)

    def should_stop() -> bool:
        house.feed.step()
        with house.catalogue.writing() as session:  # neither PDFs nor second attempts need wait
            session.execute(update(Work).values(not_before=0.0))
        return house.is_idle()

    crew.run(should_stop)


@pytest.mark.parametrize("seconds", CLOCKS)
def test_a_clock_that_was_wrong_until_the_office_was_killed_loses_and_delays_nothing(
    office: Office, seconds: float
) -> None:
    """The clock: where it was ahead, it is now set back, and all that was put off seems to be so for long."""
    calls = office.plain()
    read = max(call.number for call in calls if call.what == "rename" and "/readings/" in call.path)
    committed = next(c.number for c in calls if c.number > read and c.what == "sync" and c.path == "/catalogue.db-wal")
    office.fresh()
    assert office.run(Fault("kill_after", committed), clock=seconds, patient=True).how == "killed"

    assert office.run(seconds=15.0, patient=True).how == "done"

    assert office.complaints() == []


@pytest.mark.parametrize("seconds", [-seconds for seconds in CLOCKS])
def test_a_clock_that_is_set_while_the_office_works_loses_and_delays_nothing(office: Office, seconds: float) -> None:
    office.fresh()
    assert office.run(seconds=15.0, patient=True, clock=seconds, clock_after=0.3).how == "done"
    assert office.complaints() == []
