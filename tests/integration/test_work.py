"""Leases, the outbox and the tables, on a real catalogue."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import JSON, MetaData, String, create_engine, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable

from dossier import outbox, work
from dossier.catalogue import tables
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Arrival, Case, DepartmentMove, OutboxRow, Page, Table, Work
from dossier.errors import HomeBusy, PageTimeout
from dossier.home import Home
from tests.house import CASE, House


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    catalogue = Catalogue.open(Home.at(tmp_path))
    yield catalogue
    catalogue.close()


def test_the_migrations_make_the_tables_of_the_model(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    Catalogue.open(home).close()

    engine = create_engine(f"sqlite:///{home.catalogue}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []
    engine.dispose()


def test_the_tables_are_ones_that_postgresql_can_make() -> None:
    for table in Table.metadata.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=postgresql.dialect()))


def test_commits_survive_a_power_cut_by_setting(catalogue: Catalogue) -> None:
    with catalogue.reading() as session:
        ask = session.connection().exec_driver_sql
        assert ask("PRAGMA journal_mode").scalar_one() == "wal"
        assert ask("PRAGMA synchronous").scalar_one() == 2  # FULL
        assert ask("PRAGMA foreign_keys").scalar_one() == 1


def test_urgent_comes_before_deadline_and_deadline_before_age(catalogue: Catalogue) -> None:
    with catalogue.writing() as session:
        work.request(session, work.READ, ["old"])
        work.request(session, work.READ, ["late deadline"], due_on="2031-12-01")
        work.request(session, work.READ, ["near deadline"], due_on="2031-06-01")
        work.request(session, work.READ, ["somebody waits"], priority=work.URGENT)
        jobs = work.lease(session, [work.READ], "me", 60, limit=10)

    assert [job.subject_id for job in jobs] == ["somebody waits", "near deadline", "late deadline", "old"]


def test_a_later_request_makes_more_urgent_and_keeps_the_deadline(catalogue: Catalogue) -> None:
    with catalogue.writing() as session:
        work.request(session, work.READ, ["p"], priority=work.URGENT, due_on="2031-06-01")
        work.request(session, work.READ, ["p"])
        assert _urgency(session) == (work.URGENT, "2031-06-01")
        work.request(session, work.READ, ["p"], due_on="2031-05-01")
        assert _urgency(session) == (work.URGENT, "2031-05-01")
        (job,) = work.lease(session, [work.READ], "me", 60)
        work.complete(session, job, "me")
        work.request(session, work.READ, ["p"])

        assert _urgency(session) == (work.NORMAL, "2031-05-01"), "nobody waits for it any longer"


def test_hurrying_asks_for_nothing_anew(catalogue: Catalogue) -> None:
    with catalogue.writing() as session:
        work.request(session, work.READ, ["read", "unread"])
        (job,) = work.lease(session, [work.READ], "me", 60)
        work.complete(session, job, "me")
        work.hurry(session, work.READ, ["read", "unread", "unknown"])

        rows = session.execute(select(Work.subject_id, Work.state, Work.priority).order_by(Work.id)).all()
    assert [tuple(row) for row in rows] == [("read", "done", work.NORMAL), ("unread", "waiting", work.URGENT)]


def test_a_case_s_deadline_reaches_all_that_is_to_be_done_for_it(house: House) -> None:
    due_on = "2031-06-01"
    house.drop_pages(f"{CASE}/卷一", [1, 2])
    house.take_in()
    house.work(is_over=lambda: _pages_read(house) == 1)
    with house.catalogue.writing() as session:
        work.request(session, work.PAGINATE, session.scalars(select(Arrival.id)).all())
    house.drop(f"{CASE}/case.json", json.dumps({"due_on": due_on}).encode())
    house.take_in()
    with house.catalogue.reading() as session:
        standing = {(row.kind, row.due_on) for row in session.scalars(select(Work).where(Work.state != "done"))}
    assert standing == {(work.PAGINATE, due_on), (work.READ, due_on)}

    house.work(is_over=lambda: _kinds(house) >= {work.ASSEMBLE})

    with house.catalogue.reading() as session:
        assert session.scalars(select(Work.due_on).where(Work.kind == work.ASSEMBLE)).one() == due_on


def test_a_page_that_somebody_opens_is_read_next_and_found_while_others_wait(house: House) -> None:
    house.drop_pages(f"{CASE}/卷一", [1, 2, 3, 4, 5])
    house.take_in()
    with house.catalogue.writing() as session:
        wanted = session.scalars(select(Page.id).where(Page.page_number == 4)).one()
        work.hurry(session, work.READ, [wanted])

    house.work(is_over=lambda: _in_state(house, "searchable") != [])

    assert _in_state(house, "searchable") == [4]
    assert len(_in_state(house, "waiting")) >= 3
    assert house.searcher.search("讯问笔录第4页").total == 1


def test_a_page_read_just_now_does_not_stand_behind_an_index_that_is_filled_anew(catalogue: Catalogue) -> None:
    with catalogue.writing() as session:
        outbox._put(session, [f"old {number:03d}" for number in range(300)])
        outbox._put(session, ["new"])

        changes = [change.page_id for change in outbox.due(session, 40)]
        assert len(changes) == 40
        assert changes[:30] == [f"old {number:03d}" for number in range(30)]
        assert changes[-1] == "new"
        few = [change.page_id for change in outbox.due(session, 301)]
    assert len(few) == len(set(few)) == 301


def test_what_is_leased_is_given_to_nobody_else_until_the_lease_runs_out(catalogue: Catalogue) -> None:
    with catalogue.writing() as session:
        work.request(session, work.READ, ["p"])
        (first,) = work.lease(session, [work.READ], "one", 0.05)
        assert work.lease(session, [work.READ], "two", 60) == []
    time.sleep(0.1)

    with catalogue.writing() as session:
        (second,) = work.lease(session, [work.READ], "two", 60)
        assert second.losses == 1
        assert not work.complete(session, first, "one")
        assert work.complete(session, second, "two")


def test_the_third_failure_is_the_last(catalogue: Catalogue) -> None:
    with catalogue.writing() as session:
        work.request(session, work.READ, ["p"])
        lasts = []
        for _ in range(3):
            session.execute(Work.__table__.update().values(not_before=0.0))
            session.expire_all()
            (job,) = work.lease(session, [work.READ], "me", 60)
            lasts.append(work.fail(session, job, "me", PageTimeout()))

    assert lasts == [False, False, True]


def test_a_lease_of_a_dead_process_is_freed_at_once_and_of_a_living_one_is_not(catalogue: Catalogue) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    with catalogue.writing() as session:
        work.request(session, work.READ, ["p", "q"])
        work.lease(session, [work.READ], f"{socket.gethostname()}:{dead.pid}:12345", 3600)
        work.lease(session, [work.READ], work.this_process(), 3600)

        assert work.release_dead(session) == 1
        states = dict(session.execute(select(Work.subject_id, Work.state)).all())
    assert states == {"p": "waiting", "q": "leased"}


def test_a_commit_is_noticed_once_whoever_made_it(tmp_path: Path, catalogue: Catalogue) -> None:
    other = Catalogue.open(Home.at(tmp_path))
    with catalogue.commits() as commits:
        assert not commits.are_new()
        for writer in (catalogue, other):
            with writer.writing() as session:
                work.request(session, work.READ, ["p"])
                assert not commits.are_new()
            assert commits.are_new()
            assert not commits.are_new()
    other.close()


def test_whoever_waits_for_commits_is_woken_by_one(catalogue: Catalogue) -> None:
    def request() -> None:
        with catalogue.writing() as session:
            work.request(session, work.READ, ["p"])

    with catalogue.commits() as commits:
        timer = threading.Timer(0.1, request)
        timer.start()
        began = time.monotonic()
        commits.wait(60.0)
        timer.join()

    assert time.monotonic() - began < 30


def test_two_writers_wait_for_each_other(catalogue: Catalogue) -> None:
    def request(first: int) -> None:
        for number in range(first, first + 20):
            with catalogue.writing() as session:
                work.request(session, work.READ, [f"p{number}"])

    threads = [threading.Thread(target=request, args=(start,)) for start in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with catalogue.reading() as session:
        assert len(session.scalars(select(Work.id)).all()) == 60


def test_a_part_of_a_home_is_held_by_one_process(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    with home.hold("watch"):
        assert home.is_held("watch")
        with pytest.raises(HomeBusy), home.hold("watch"):
            pass
    assert not home.is_held("watch")


def test_dossiers_are_readable_by_nobody_else(tmp_path: Path) -> None:
    umask = os.umask(0o077)
    try:
        home = Home.at(tmp_path / "home")
        Catalogue.open(home).close()
    finally:
        os.umask(umask)

    assert home.catalogue.stat().st_mode & 0o077 == 0
    assert home.vault.stat().st_mode & 0o077 == 0


def test_a_newer_change_is_not_struck_out_by_the_delivery_of_an_older_one(house: House) -> None:
    house.drop_pages(f"{CASE}/卷一", [1])
    house.take_in_and_work()
    with house.catalogue.writing() as session:
        page_id = session.scalars(select(Page.id)).one()
        outbox.enqueue(session, [page_id])
        (older,) = outbox.due(session, 10)
        outbox.enqueue(session, [page_id])
        outbox.delivered(session, [older])

        (newer,) = outbox.due(session, 10)
    assert newer.version > older.version


def test_what_the_engine_refuses_again_and_again_becomes_a_visible_dead_letter(house: House) -> None:
    house.drop_pages(f"{CASE}/卷一", [1])
    house.take_in()
    house.work(is_over=lambda: _is_read(house), feeds=False)
    with house.catalogue.writing() as session:
        for _ in range(outbox.MOST_ATTEMPTS):
            row = session.scalars(select(OutboxRow)).one()
            row.not_before = 0.0
            session.flush()
            (change,) = outbox.due(session, 1)
            outbox.refused(session, change, "too odd")

    assert "index_refused" in {question.code for question in house.questions()}
    with house.catalogue.writing() as session:
        assert outbox.due(session, 1) == []
        assert outbox.revive_dead(session) == 1
    house.work()
    assert house.searcher.search("讯问笔录第1页").total == 1


def _urgency(session: Session) -> tuple[int, str]:
    session.expire_all()
    row = session.scalars(select(Work)).one()
    return row.priority, row.due_on


def _in_state(house: House, state: str) -> list[int]:
    with house.catalogue.reading() as session:
        return list(session.scalars(select(Page.page_number).where(Page.state == state)))


def _pages_read(house: House) -> int:
    return len(_in_state(house, "read")) + len(_in_state(house, "searchable"))


def _kinds(house: House) -> set[str]:
    with house.catalogue.reading() as session:
        return set(session.scalars(select(Work.kind)))


def _is_read(house: House) -> bool:
    with house.catalogue.reading() as session:
        return session.scalars(select(Page.state)).one() == "read"


def test_pages_of_a_catalogue_from_before_labels_were_read_have_no_candidates(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    engine = create_engine(f"sqlite:///{home.catalogue}")
    config = Config()
    config.set_main_option("script_location", str(Path(tables.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO pages (id, case_id, volume_id, document_id, arrival_id, index_in_file, source_kind, order_key,"
            " page_number, state, error_detail, width, height, dpi, turn_degrees, skew_degrees, blank, created_at)"
            " VALUES ('p', 'c', 'v', 'd', 'f', 0, 'picture', '', 1, 'read', '', 1, 1, 200, 0, 0, 0, 0)"
        )
    engine.dispose()

    catalogue = Catalogue.open(home)

    with catalogue.reading() as session:
        assert session.get_one(Page, "p").label_candidates == []
    catalogue.close()


def test_names_of_a_catalogue_from_before_users_are_spelt_as_theirs_are(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    engine = create_engine(f"sqlite:///{home.catalogue}")
    config = Config()
    config.set_main_option("script_location", str(Path(tables.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        written = MetaData()
        written.reflect(connection)

        def insert(table: str, **values: object) -> None:
            """A row in which whatever is not given is 0, or empty."""
            of_type = {JSON: [], String: ""}
            zeroes = {
                column.name: next((zero for kind, zero in of_type.items() if isinstance(column.type, kind)), 0)
                for column in written.tables[table].columns
                if not column.nullable
            }
            connection.execute(written.tables[table].insert().values(zeroes | values))

        for case_id, department, handler in (("c1", "第１检察部 ", "苏见川"), ("c2", "第1检察部", " 闵　榆")):
            insert("cases", id=case_id, department=department, handler=handler, details={})
            insert(
                "pages",
                id=f"read-{case_id}",
                arrival_id=f"a1-{case_id}",
                case_id=case_id,
                state="searchable",
                reading_version=1,
            )
            insert("pages", id=f"unread-{case_id}", arrival_id=f"a2-{case_id}", case_id=case_id, state="pending")
        insert("counters", name="index_version", value=41)
    engine.dispose()

    catalogue = Catalogue.open(home)
    with catalogue.reading() as session:
        named = session.execute(select(Case.department, Case.handler).order_by(Case.id)).all()
        assert [tuple(row) for row in named] == [("第1检察部", "苏见川"), ("第1检察部", "闵 榆")]
        assert outbox.due(session, 10) == [outbox.Change("read-c1", 42)]
        assert list(session.scalars(select(DepartmentMove.case_id))) == ["c1"]
    with catalogue.writing() as session:
        assert outbox.next_versions(session, 1) == 43
    catalogue.close()
