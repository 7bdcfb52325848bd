"""The processes of an office, killed one by one and all together, while a scanner writes.

A watcher, a crew with workers of its own, and a feeder, each a process as in `edossier run`; forked from a process that
has loaded everything, so that each is at work a moment after it was killed. Reading is recorded.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
import traceback
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

import pipeline.crew.results
import pipeline.crew.worker_process
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import OutboxRow, Page, Work
from dossier.derived import Derived
from dossier.errors import IndexDamaged
from dossier.home import Home
from dossier.retrying import retry_everything
from dossier.settings import Settings
from dossier.vault import Vault
from indexer.engines import open_engine
from indexer.feed import Feed
from pipeline.crew.crew import Crew
from pipeline.crew.worker_process import WorkerProcess
from pipeline.intake.inbox import Intake
from tests.house import encoded, quick_settings
from tests.recorded import print_page, recorded_reader

PARTS = ("watch", "work", "index")
# Between two kills, seconds.
MOMENTS = (0.01, 0.5)
_PATIENCE_SECONDS = 1500.0
_A_VOLUME = 40


class Family:
    """The living processes of a home."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self._root, self._settings = root, settings
        self.pids: dict[str, int] = {}

    def keep_alive(self) -> None:
        """Start what is not there."""
        for part in PARTS:
            if part not in self.pids:
                self.pids[part] = self._forked(part)

    def kill(self, part: str) -> None:
        """End a process as the system does, without a word; its own children end with it."""
        pid = self.pids.pop(part)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)

    def ended(self) -> list[str]:
        """Parts that have ended by themselves, and are forgotten with that."""
        gone = [part for part, pid in self.pids.items() if os.waitpid(pid, os.WNOHANG)[0]]
        for part in gone:
            del self.pids[part]
        return gone

    def _forked(self, part: str) -> int:
        pid = os.fork()
        if pid == 0:
            try:
                {"watch": self._watch, "work": self._work, "index": self._index}[part]()
            except BaseException:
                with (self._root / "logs" / "ended.txt").open("a", encoding="utf-8") as file:
                    file.write(f"{part}: {traceback.format_exc()}\n")
            os._exit(1)
        return pid

    def _watch(self) -> None:
        home = Home.at(self._root)
        with home.hold("watch"):
            inspector = WorkerProcess(Path(), 30.0, 1000)
            intake = Intake(home.inbox, Catalogue.open(home), Vault(home.vault), self._settings, inspector)
            intake.recover()
            while True:
                intake.scan()
                if not intake.take_complete():
                    time.sleep(0.02)

    def _work(self) -> None:
        home = Home.at(self._root)
        with home.hold("work"):
            catalogue = Catalogue.open(home)
            derived = Derived(home.derived)
            Crew(catalogue, Vault(home.vault), derived, self._settings, Path(), recorded_reader).run(lambda: False)

    def _index(self) -> None:
        home = Home.at(self._root)
        with home.hold("index"):
            engine = open_engine(home, self._settings)
            feed = Feed(Catalogue.open(home), Vault(home.vault), engine)
            while True:
                try:
                    if not feed.step():
                        time.sleep(0.02)
                except IndexDamaged:
                    engine.clear()


class Scanner:
    """Writes pages into the inbox, in one of the ways that scanners do, at random moments."""

    def __init__(self, inbox: Path, case: str, count: int, chance: random.Random) -> None:
        self._inbox, self._case, self._chance = inbox, case, chance
        self._left = list(range(1, count + 1))
        self.written: list[tuple[str, str, int]] = []
        self._half: tuple[Path, bytes] | None = None

    @property
    def is_done(self) -> bool:
        return not self._left and self._half is None

    def write(self) -> None:
        """Write a page, or half of one, or the other half."""
        if self._half is not None:
            path, rest = self._half
            with path.open("ab") as file:
                file.write(rest)
            self._half = None
            path.rename(path.with_suffix(""))
            return
        if not self._left:
            return
        number = self._left.pop(0)
        volume, name = f"证据材料卷{(number - 1) // _A_VOLUME + 1}", f"笔录/{number:04}.png"
        self.written.append((volume, name, number))
        target = self._inbox / self._case / volume / name
        target.parent.mkdir(parents=True, exist_ok=True)
        content = encoded(print_page(number), ".png")
        if self._chance.random() < 0.5:
            target.write_bytes(content)
        else:
            unfinished = target.with_name(target.name + ".part")
            unfinished.write_bytes(content[: len(content) // 2])
            self._half = unfinished, content[len(content) // 2 :]


def night(root: Path, case: str, kills: int, pages: int, seed: int) -> dict[str, Any]:
    """Kill `kills` times at random moments while `pages` pages come in, then wait until all is done.

    Returns:
        What came ("written": volume, path, number), who was killed how often, how many pages had been given up after
        three attempts and were tried again, and how long it took.
    """
    # Forked, not started afresh: nothing here has threads, and a start costs a second.
    pipeline.crew.worker_process._CONTEXT = multiprocessing.get_context("fork")  # type: ignore[assignment]
    pipeline.crew.results.PDF_DELAY_SECONDS = 0.2
    settings = quick_settings(settle_seconds=0.05, incomplete_after_seconds=5.0, workers=2, lease_seconds=30)
    chance = random.Random(seed)
    began = time.monotonic()
    family, scanner = Family(root, settings), Scanner(root / "inbox", case, pages, chance)
    killed: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    due = 0.0
    while killed.total() < kills or not scanner.is_done:
        family.keep_alive()
        # The pages come evenly among the kills.
        due += pages * 1.5 / max(kills, 1)
        while due >= 1:
            scanner.write()
            due -= 1
        if killed.total() >= kills:
            scanner.write()
            continue
        time.sleep(chance.uniform(*MOMENTS))
        ended.update(family.ended())
        family.keep_alive()
        victim = chance.choice((*PARTS, "worker", "worker", "all"))
        if victim == "all":
            for part in PARTS:
                family.kill(part)
        elif victim == "worker":
            workers = children_of(family.pids["work"]) + children_of(family.pids["watch"])
            if not workers:
                continue
            with suppress(ProcessLookupError):
                os.kill(chance.choice(workers), signal.SIGKILL)
        else:
            family.kill(victim)
        killed[victim] += 1
    catalogue = Catalogue.open(Home.at(root))
    retried = 0
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        ended.update(family.ended())
        family.keep_alive()
        time.sleep(0.2)
        if any(path.is_file() for path in (root / "inbox").rglob("*")):
            continue
        with catalogue.reading() as session:
            parked = session.scalar(select(func.count()).where(Page.state == "parked")) or 0
            is_open = session.scalar(select(func.count()).where(Work.state.in_(("waiting", "leased"))))
            left = session.scalar(select(func.count()).select_from(OutboxRow))
        if not is_open and not left and not parked:
            break
        if not is_open and parked:
            retried += parked
            with catalogue.writing() as session:
                retry_everything(session, "test")
    for part in PARTS:
        if part in family.pids:
            family.kill(part)
    catalogue.close()
    return {
        "ended": "done", "written": scanner.written, "killed": dict(killed), "ended_by_themselves": dict(ended),
        "retried": retried, "seconds": round(time.monotonic() - began),
    }  # fmt: skip


def children_of(pid: int) -> list[int]:
    """The processes that a process has started and that live."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = entry.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(entry.parent.name))
    return found
