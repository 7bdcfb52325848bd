"""Readers that are ready before the first page comes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing import active_children
from pathlib import Path

import pytest
from sqlalchemy import select

from dossier import work
from dossier.catalogue.tables import Page, Work
from pipeline.crew.crew import NICENESS, Crew
from pipeline.crew.tasks import InspectTask, ReadTask
from pipeline.crew.worker_process import WorkerProcess
from pipeline.files.sources import Limits
from tests.house import CASE, House, open_house
from tests.recorded import RecordedReader, print_page, recorded_reader


def noted_reader(models_dir: Path) -> RecordedReader:
    """A reader whose loading leaves a file that bears the name of its process."""
    (models_dir / f"loaded-{os.getpid()}").touch()
    return recorded_reader(models_dir)


def dying_reader(models_dir: Path) -> RecordedReader:
    """A reader whose loading ends its process."""
    (models_dir / f"died-{os.getpid()}").touch()
    os._exit(1)


def test_readers_load_before_there_is_a_page_and_again_after_renewal(tmp_path: Path) -> None:
    with open_house(tmp_path / "home", worker_pages=1) as house:
        models = _folder(tmp_path)
        crew = _crew(house, models, keeps_ready=True)
        crew.run(_until(lambda: _count(models) == 1))

        house.drop_pages(f"{CASE}/卷一", [1])
        house.take_in()
        # The second run has processes of its own: one that reads the page, and the one that follows it.
        crew.run(_until(lambda: _states(house) == ["read"] and _count(models) == 3))


def test_a_process_that_reads_pages_loads_no_database() -> None:
    # It would load for longer than all that it needs, for each such process, and keep the memory.
    told = "import pipeline.crew.worker, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout.split()
    assert "pipeline.crew.worker" in loaded
    assert {"sqlalchemy", "alembic", "dossier.catalogue"} & set(loaded) == set()


def test_a_crew_that_is_called_for_one_piece_of_work_loads_nothing_without_a_page(tmp_path: Path) -> None:
    with open_house(tmp_path / "home") as house:
        models = _folder(tmp_path)
        house.drop_pages(f"{CASE}/卷一", [1])
        house.take_in_and_work()
        with house.catalogue.writing() as session:
            work.request(session, work.PICTURE, session.scalars(select(Page.id)).all())
        is_over = _until(house.is_idle)

        _crew(house, models, keeps_ready=False).run(is_over)

        assert _count(models) == 0


@pytest.mark.parametrize("kind", [work.READ, work.PAGINATE, work.PICTURE, work.ASSEMBLE])
def test_work_for_what_is_not_there_does_not_stop_the_rest(kind: str, tmp_path: Path) -> None:
    with open_house(tmp_path / "home") as house:
        with house.catalogue.writing() as session:
            work.request(session, kind, ["nowhere"], priority=work.URGENT)
        house.drop_pages(f"{CASE}/卷一", [1])
        house.take_in_and_work()

        assert _states(house) == ["searchable"]
        assert house.is_idle()


def test_a_reader_that_dies_of_its_models_is_not_started_over_and_over(tmp_path: Path) -> None:
    models = _folder(tmp_path)
    process = WorkerProcess(models, 30.0, 100, dying_reader)
    try:
        process.keep_ready(ReadTask)
        first = process.pid
        _wait(lambda: process._process is not None and not process._process.is_alive())
        for _ in range(5):
            process.keep_ready(ReadTask)

        assert process.pid == first
        assert len(list(models.glob("died-*"))) == 1
    finally:
        process.stop()


def test_a_process_that_was_made_ready_does_its_task(tmp_path: Path) -> None:
    page = tmp_path / "0001.png"
    print_page(1).save(page)
    process = WorkerProcess(Path(), 30.0, 100)
    try:
        process.keep_ready(InspectTask)
        started = process.pid

        answer = process.perform(InspectTask(page, page.name, Limits(max_pixels=10_000_000, max_pages=10)))

        assert getattr(answer, "media_type", None) == "image/png"
        assert process.pid == started
    finally:
        process.stop()


def test_who_reads_gives_way_to_who_answers_people_and_who_makes_a_picture_for_them_does_not(tmp_path: Path) -> None:
    with open_house(tmp_path / "home") as house:
        models = _folder(tmp_path)
        house.drop_pages(f"{CASE}/卷一", [1])
        house.take_in_and_work()
        with house.catalogue.writing() as session:
            work.request(session, work.PICTURE, session.scalars(select(Page.id)).all())
        others = active_children()
        priorities: dict[int, int] = {}

        def both_are_there() -> bool:
            with house.catalogue.reading() as session:
                state = session.scalars(select(Work.state).where(Work.kind == work.PICTURE)).one()
            is_there = state == "done" and _count(models) == 1
            for child in set(active_children()).difference(others):
                priorities[child.pid or 0] = os.getpriority(os.PRIO_PROCESS, child.pid or 0)
            return is_there

        _crew(house, models, keeps_ready=True).run(_until(both_are_there))

        (loaded,) = models.glob("loaded-*")
        reader = priorities.pop(int(loaded.name.partition("-")[2]))
        here = os.getpriority(os.PRIO_PROCESS, 0)
        assert (reader, [*priorities.values()]) == (min(here + NICENESS, 19), [here])


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


def _crew(house: House, models: Path, keeps_ready: bool) -> Crew:
    return Crew(
        house.catalogue, house.vault, house.derived, house.settings, models, noted_reader, keeps_ready=keeps_ready
    )


def _count(models: Path) -> int:
    return len(list(models.glob("loaded-*")))


def _states(house: House) -> list[str]:
    with house.catalogue.reading() as session:
        return list(session.scalars(select(Page.state).order_by(Page.page_number)))


def _until(condition: Callable[[], bool]) -> Callable[[], bool]:
    deadline = time.monotonic() + 60

    def is_over() -> bool:
        assert time.monotonic() < deadline
        return condition()

    return is_over


def _wait(condition: Callable[[], bool]) -> None:
    is_over = _until(condition)
    while not is_over():
        time.sleep(0.05)
