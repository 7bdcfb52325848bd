"""Hostile files in a watched inbox, good ones between them: all are taken in, the good ones are read, the rest has a
reason.
"""

from __future__ import annotations

import hashlib
import io
import time
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from sqlalchemy import func, select

from dossier.catalogue.tables import Arrival, Document, Page, Work
from dossier.errors import PageTimeout, every_error
from pipeline.crew import crew
from pipeline.crew.crew import Crew
from pipeline.crew.tasks import Answer, InspectTask, Task
from pipeline.crew.worker_process import WorkerProcess
from tests.hostile.collection import WHOLE, collection, share
from tests.house import CASE, House, encoded, open_house, watched
from tests.recorded import print_page, recorded_reader

GOOD_EVERY = 5
_PATIENCE_SECONDS = 3000.0 if WHOLE else 300.0


@pytest.mark.timeout(3200 if WHOLE else 330)
def test_good_pages_among_hostile_files_are_read_and_every_file_has_a_reason(tmp_path: Path) -> None:
    """T11, T13, T16: none crashes, hangs or starves the rest."""
    specimens = collection() if WHOLE else share(30)
    # A reader that hangs on a page has twenty seconds, three times.
    with open_house(tmp_path, page_timeout_seconds=20, workers=2) as house, watched(house):
        digests: dict[str, str] = {}
        good = 0
        for place, each in enumerate(specimens):
            content = each.make()
            digests[f"{CASE}/卷{place % 7}/{place:04d}/{each.name}"] = hashlib.sha256(content).hexdigest()
            house.drop(f"{CASE}/卷{place % 7}/{place:04d}/{each.name}", content)
            if place % GOOD_EVERY == 0:
                good += 1
                house.drop(f"{CASE}/卷{place % 7}/{place:04d}好/0001.png", print_page(good))
        _work(house)

        assert house.in_inbox() == []
        with house.catalogue.reading() as session:
            arrivals = {arrival.source: arrival for arrival in session.scalars(select(Arrival))}
            pages = list(session.scalars(select(Page)))
            kept = [page for page in pages if "好/" in session.get_one(Arrival, page.arrival_id).source]
        known = every_error()
        assert {source: arrival.sha256 for source, arrival in arrivals.items() if "好/" not in source} == digests
        assert all(house.vault.original_path(sha256).is_file() for sha256 in digests.values())
        assert {arrival.state for arrival in arrivals.values()} <= {"done", "failed"}
        assert [one.source for one in arrivals.values() if one.state == "failed" and one.error_code not in known] == []
        assert [page.state for page in kept] == ["searchable"] * good
        assert {page.state for page in pages} <= {"searchable", "parked"}
        assert [page.error_code for page in pages if page.state == "parked" and page.error_code not in known] == []
        assert "machine" not in {question.code for question in house.questions()}
        if WHOLE:
            _report(house)


def test_a_file_that_takes_long_to_look_into_is_left_to_the_reception_and_holds_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T11."""
    real = WorkerProcess.perform
    looks: list[str] = []

    def perform(self: WorkerProcess, task: Task, time_limit: float | None = None) -> Answer:
        assert isinstance(task, InspectTask)
        looks.append(task.name)
        if task.name == "0001.png":
            raise PageTimeout
        return real(self, task, time_limit)

    monkeypatch.setattr(WorkerProcess, "perform", perform)
    with open_house(tmp_path) as house:
        house.drop_pages(f"{CASE}/卷一", [1, 2])
        house.take_in()

        assert looks == ["0001.png", "0002.png"]
        assert house.in_inbox() == []
        assert house.order() == [("卷一", 1, "0002.png")]
        house.work()
        assert [house.searcher.search(f"讯问笔录第{number}页").total for number in (1, 2)] == [1, 1]


def test_a_page_that_takes_for_ever_is_a_note_in_its_pdf_and_does_not_hold_the_binder_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T11: neither when it is read, nor when the PDF is made, for which it is drawn once more."""
    monkeypatch.setattr(crew, "_ASSEMBLY_START_SECONDS", 2.0)
    specimens = {one.name: one for one in collection()}
    with open_house(tmp_path, page_timeout_seconds=2) as house:
        with (
            pikepdf.open(io.BytesIO(specimens["pdf-content-100000-times.pdf"].make())) as slow,
            pikepdf.open(io.BytesIO(encoded(print_page(1), ".pdf"))) as good,
        ):
            slow.pages.extend(good.pages)
            slow.save(tmp_path / "made.pdf")
        house.drop(f"{CASE}/卷一/慢.pdf", (tmp_path / "made.pdf").read_bytes())
        began = time.monotonic()
        house.take_in_and_work()
        print(f"{time.monotonic() - began:.0f} s")

        assert house.searcher.search("讯问笔录第1页").total == 1
        with house.catalogue.reading() as session:
            pages = session.scalars(select(Page).order_by(Page.page_number)).all()
            assert [(page.state, page.error_code) for page in pages] == [
                ("parked", "page_timeout"),
                ("searchable", None),
            ]
            document = session.scalars(select(Document)).one()
            made = house.derived.document_pdf(document.id, document.pdf_key or "")
        texts = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(made)]
        assert [page.id in text for page, text in zip(pages, texts, strict=True)] == [True, False]
        assert "讯问笔录第1页" in texts[1]


def _report(house: House) -> None:
    with house.catalogue.reading() as session:
        for of, code in ((Arrival.state, Arrival.error_code), (Page.state, Page.error_code)):
            print(*session.execute(select(of, code, func.count()).group_by(of, code)).all(), sep="\n  ")


def _work(house: House) -> None:
    """Work until the inbox is empty and nothing is left to do, PDFs included."""
    workers = Crew(house.catalogue, house.vault, house.derived, house.settings, Path(), recorded_reader)
    deadline = time.monotonic() + _PATIENCE_SECONDS

    def is_over() -> bool:
        if time.monotonic() > deadline:
            with house.catalogue.reading() as session:
                left = session.execute(select(Work.kind, Work.state, Work.subject_id).where(Work.state != "done")).all()
            pytest.fail(f"inbox: {house.in_inbox()}; work: {left}")
        house.feed.step()
        return house.is_idle() and not house.in_inbox()

    workers.run(is_over)
