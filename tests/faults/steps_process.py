"""All steps of the pipeline in one process, again and again: each time in a child that meets a fault, or does not.

It reads orders from its standard input and answers each on its standard output, both as lines of JSON. A child is
forked with all modules loaded, so that a thousand of them take minutes. Everything in it is the real thing, but that
what looks into files, reads pages and writes PDFs does so at once instead of in a process of its own: so every file
call is one of the child's, and the n-th of them is the same in each run.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sqlite3
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pikepdf
import PIL.Image
import tantivy  # noqa: F401
from sqlalchemy import func, select, update
from sqlalchemy.exc import SQLAlchemyError

import pipeline.binding.searchable_pdf
import pipeline.cleaning.separator
import pipeline.cleaning.spread
import pipeline.crew.crew
import pipeline.files.formats
import pipeline.intake.inbox
import tests.house
from dossier import work
from dossier.audit_proof import first_fault
from dossier.catalogue import database
from dossier.catalogue.tables import Arrival, AuditRow, ChangeRow, Document, Page, Volume, Work
from dossier.errors import EdossierError, IndexDamaged, MachineFailed, PageFailed, is_machine_fault
from dossier.retrying import retry_everything
from dossier.vault import digest
from dossier.verify import verify_store
from pipeline.crew.crew import Crew
from pipeline.crew.tasks import Task
from pipeline.crew.worker import Worker
from pipeline.crew.worker_process import WorkerProcess
from tests.faults.failing_calls import Fault, arm, disarm
from tests.faults.family import night
from tests.house import House, quick_settings
from tests.recorded import recorded_reader

RUN_SECONDS = 60.0
NIGHT_SECONDS = 3500.0
# So many calls that fail one after the other, and the machine is not going to get well while this process lives.
MOST_FAILURES = 25


class AtOnce(WorkerProcess):
    """Performs each task when it is handed over, in this process; errors become answers as they do in a worker."""

    _worker = Worker(Path(), recorded_reader)
    _answer: Any = None

    def keep_ready(self, first: type[Task]) -> None:
        """There is always one."""

    def begin(self, task: Task, time_limit: float | None = None) -> None:
        try:
            self._answer = self._worker.perform(task)
        except EdossierError as error:
            self._answer = error
        except OSError as error:
            self._answer = MachineFailed(str(error)) if is_machine_fault(error) else PageFailed(str(error))
        except Exception as error:
            self._answer = PageFailed(f"{type(error).__name__}: {error}")

    def answer(self) -> Any:
        return self._answer

    def perform(self, task: Task, time_limit: float | None = None) -> Any:
        self.begin(task)
        if isinstance(self._answer, EdossierError):
            raise self._answer
        return self._answer

    def stop(self) -> None:
        """There is nothing to end."""


class Steps:
    """Everything that is to be done in a home, until nothing is left or it cannot go on."""

    def __init__(self, root: Path, is_patient: bool = False, feeds: bool = True) -> None:
        self._root, self._is_patient, self._feeds = root, is_patient, feeds
        self._house: House | None = None
        self._until = 0.0
        self.failures: list[str] = []
        self.odd: list[str] = []

    def run(self, seconds: float = RUN_SECONDS) -> str:
        """Returns "done", or "unfinished" where calls go on failing."""
        self._until = time.monotonic() + seconds
        while time.monotonic() < self._until and len(self.failures) < MOST_FAILURES:
            if self._tried(self._round):
                return "done" if self._tried(self._close) else "unfinished"
        return "unfinished"

    def _tried(self, do: Any) -> bool:
        """Do it; whatever the disk does is an error that the programs know, and they are started again."""
        try:
            return bool(do())
        except (OSError, SQLAlchemyError, sqlite3.Error, EdossierError) as error:
            self.failures.append(f"{type(error).__name__}: {error}")
        except Exception as error:
            self.odd.append("".join(traceback.format_exception(error)[-3:]))
            self.failures.append(f"{type(error).__name__}: {error}")
        return False

    def _round(self) -> bool:
        if self._house is None:
            self._house = House(self._root, quick_settings())
            self._house.intake.recover()
        house = self._house
        house.take_in()
        crew = Crew(house.catalogue, house.vault, house.derived, house.settings, Path(), recorded_reader)
        crew.run(lambda: self._is_over(house))
        return house.is_idle() and not house.in_inbox()

    def _is_over(self, house: House) -> bool:
        try:
            while self._feeds and house.feed.step():
                pass
        except IndexDamaged:
            house.engine.clear()
            raise
        # PDFs wait for late pages, and what failed for its next turn; only who is patient waits with them.
        waiting = (Work.state == "waiting") & (Work.not_before > 0)
        with house.catalogue.reading() as session:
            waits = session.scalar(select(func.count()).where(waiting))
        if waits and not self._is_patient:
            with house.catalogue.writing() as session:
                session.execute(update(Work).where(waiting).values(not_before=0.0))
        # Where the intake has put off a file, it is its turn.
        return house.is_idle() or len(house.in_inbox()) > 0 or time.monotonic() > self._until

    def _close(self) -> bool:
        if self._house is not None:
            self._house.close()
        return True


def complaints(root: Path, files: Sequence[dict[str, Any]], pages: Sequence[dict[str, Any]]) -> list[str]:
    """What is not as it must be once everything is done: one page for each that came, found once, and whole."""
    found: list[str] = []
    house = House(root, quick_settings())
    with house.catalogue.reading() as session:
        rows = session.execute(
            select(Volume.name, Arrival.path, Page.index_in_file, Page.page_number, Page.state)
            .join(Page, Page.volume_id == Volume.id)
            .join(Arrival, Arrival.id == Page.arrival_id)
        ).all()
        expected = Counter((p["volume"], p["path"], p["index"], p["number"], "searchable") for p in pages)
        held = Counter(tuple(row) for row in rows)
        found += [f"page missing: {each}" for each in expected - held]
        found += [f"page too many: {each}" for each in held - expected]
        arrivals = Counter(map(tuple, session.execute(select(Arrival.path, Arrival.sha256))))
        wanted = Counter((each["path"], each["sha256"]) for each in files)
        found += [f"file: {each}" for each in (wanted - arrivals) + (arrivals - wanted)]
        deeds = Counter(session.scalars(select(AuditRow.subject_id).where(AuditRow.deed == "accept")))
        told = Counter(session.scalars(select(ChangeRow.file_id).where(ChangeRow.kind == "received")))
        ids = Counter(session.scalars(select(Arrival.id)))
        found += [f"audit {deeds} and changes {told} of {ids}"] if not deeds == told == ids else []
        broken = first_fault(session)
        found += [broken.said] if broken else []
    for page in pages:
        total = house.searcher.search(page["text"]).total
        found += [] if total == 1 else [f"{page['text']} found {total} times"]
    found += [f"left in the inbox: {name}" for name in house.in_inbox()]
    found += [f"left aside: {path}" for path in house.vault.aside.rglob("*") if path.is_file()]
    found += [f"{fault.kind} {fault.subject} {fault.detail}" for fault in house.faults()]
    found += _pdf_complaints(house)
    house.close()
    return found + strangers(root)


def _pdf_complaints(house: House) -> list[str]:
    """Each document has its PDF, or gets it when it is asked for: it is made from the vault."""
    with house.catalogue.writing() as session:
        documents = session.execute(
            select(Document.id, Document.pdf_key, func.count(Page.id)).join(Page).group_by(Document.id)
        ).all()
        lost = [id_ for id_, key, _ in documents if not house.derived.document_pdf(id_, str(key)).is_file()]
        work.request(session, work.ASSEMBLE, lost)
    if lost:
        house.work()
    found = []
    for id_, key, count in documents:
        path = house.derived.document_pdf(id_, str(key))
        if not path.is_file():
            found.append(f"no PDF {path.name}")
            continue
        with pikepdf.open(path) as pdf:
            found += [] if len(pdf.pages) == count else [f"{path.name}: {len(pdf.pages)} pages of {count}"]
    return found


def strangers(root: Path) -> list[str]:
    """Files under final names that are not what their names say."""
    found = [f"torn: {path}" for path in (root / "vault/originals").glob("*/*/*") if digest(path) != path.name]
    readings = (root / "vault/readings").rglob("*.json.gz")
    found += [f"torn: {path}" for path in readings if not digest(path).startswith(path.name.split(".")[2])]
    return found


def losses(root: Path, files: Sequence[dict[str, Any]], ages_seconds: float = 0.0) -> list[str]:
    """What is not as it must be at any moment: each file wholly in the inbox or wholly registered, each row's object
    there and whole; looked at `ages_seconds` later."""
    found = strangers(root)
    _set_clock(ages_seconds, 0.0)
    house = House(root, quick_settings())
    with house.catalogue.reading() as session:
        registered = set(map(tuple, session.execute(select(Arrival.path, Arrival.sha256))))
        lying = {
            digest(path)
            for folder in (house.home.inbox, house.vault.aside)
            for path in folder.rglob("*")
            if path.is_file()
        }
        found += [
            f"lost: {each['path']}"
            for each in files
            if each["sha256"] not in lying and (each["path"], each["sha256"]) not in registered
        ]
        found += [f"{fault.kind} {fault.subject} {fault.detail}" for fault in verify_store(session, house.vault)]
        (integrity,) = session.connection().exec_driver_sql("PRAGMA integrity_check").fetchone() or ("",)
        found += [] if integrity == "ok" else [integrity]
    house.close()
    return found


def perform(order: dict[str, Any]) -> dict[str, Any]:
    """Do what an order says, in a child."""
    root = Path(order["home"])
    match order["do"]:
        case "steps":
            _set_clock(order.get("clock", 0.0), order.get("clock_after", 0.0))
            _sync_less(order.get("synchronous", "FULL"))
            database.BUSY_SECONDS = order.get("busy", database.BUSY_SECONDS)
            pipeline.crew.results.PDF_DELAY_SECONDS = 0.2
            shadow = Path(order["shadow"]) if order.get("shadow") else None
            arm(root, shadow, Path(order["trace"]), Fault(**order["fault"]))
            steps = Steps(root, order.get("patient", False))
            ended = steps.run(order.get("seconds", RUN_SECONDS))
            disarm()
            return {"ended": ended, "failures": steps.failures, "odd": steps.odd}
        case "retry":
            house = House(root, quick_settings())
            with house.catalogue.writing() as session:
                retry_everything(session, "test")
            house.close()
            return {"ended": "done"}
        case "together":
            return _together(root, Path(order["trace"]), order["count"])
        case "night":
            return night(root, order["case"], order["kills"], order["pages"], order["seed"])
        case "losses":
            return {"ended": "done", "found": losses(root, order["files"], order.get("ages_seconds", 0.0))}
        case "complaints":
            return {"ended": "done", "found": complaints(root, order["files"], order["pages"])}
    raise ValueError(order["do"])


def _together(root: Path, trace: Path, count: int) -> dict[str, Any]:
    """Several processes do the same steps in one home at once; one of them feeds the index, as only one may."""
    answers = [trace.with_suffix(f".{number}") for number in range(count)]
    children = []
    for number, answer in enumerate(answers):
        child = os.fork()
        if child == 0:
            steps = Steps(root, feeds=number == 0)
            ended = steps.run()
            answer.write_text(json.dumps({"ended": ended, "failures": steps.failures, "odd": steps.odd}), "utf-8")
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    return {"ended": "done", "each": [json.loads(answer.read_text("utf-8")) for answer in answers]}


def _set_clock(seconds: float, after: float) -> None:
    """Let the clock of this process go wrong by so many seconds, so long after now."""
    real, since = time.time, time.monotonic() + after
    time.time = lambda: real() + (seconds if time.monotonic() >= since else 0.0)


def _sync_less(how: str) -> None:
    """Set up SQLite as it must not be: to see that a test would notice."""
    real = database._set_up_sqlite

    def set_up(connection: sqlite3.Connection, record: Any) -> None:
        real(connection, record)
        connection.execute(f"PRAGMA synchronous={how}")

    database._set_up_sqlite = set_up


def answered(order: dict[str, Any]) -> dict[str, Any]:
    """Have a child do it: what it answers, or how it ended."""
    seconds = NIGHT_SECONDS if order["do"] == "night" else 2 * RUN_SECONDS
    answer = Path(order["trace"]).with_suffix(".answer")
    answer.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        try:
            result = perform(order)
        except BaseException as error:
            disarm()
            result = {"ended": "raised", "error": "".join(traceback.format_exception(error))}
        answer.write_text(json.dumps(result), "utf-8")
        os._exit(0)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.002)
    else:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return {"ended": "hung"}
    if answer.is_file():
        result: dict[str, Any] = json.loads(answer.read_text("utf-8"))
        return result
    return {"ended": "killed" if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL else f"{status}"}


def main() -> None:
    """Serve until the standard input ends."""
    pipeline.crew.crew.WorkerProcess = AtOnce
    tests.house.WorkerProcess = AtOnce
    pipeline.crew.crew._PAUSE_SECONDS = 0.02
    pipeline.intake.inbox._RETRY_SECONDS = 0.01
    pipeline.intake.inbox._LONGEST_RETRY_SECONDS = 0.05
    database._newest_version()
    PIL.Image.init()
    print(json.dumps({"ended": "ready"}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answered(json.loads(line))), flush=True)


if __name__ == "__main__":
    logging.basicConfig(level=logging.CRITICAL)
    main()
