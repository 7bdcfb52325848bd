"""Seconds from a scan's arrival in the inbox until its page is searchable, on an idle system whose workers are warm.

    python -m bench.latency [--count 12] [--dpi 300]

Runs the whole program (`edossier run`) on a home folder of its own and drops loose pages one by one, each after the one
before is searchable: in turns written and closed in place, and renamed into the inbox. The first pages are not counted,
but shown: they tell whether the readers were ready before they came. The steps of the way are read from the catalogue.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median

from bench.press.pages import write_pages

_LOOK_SECONDS = 0.01
_PATIENCE_SECONDS = 120.0
# The program has started when its processes, together, take less than this share of one processor's time.
_IDLE_SHARE = 0.05
_START_SECONDS = 3.0
_IDLE_SECONDS = 1.0
STEPS = ("accepted", "handed to a reader", "read", "searchable")


def searchable_pages(home: Path) -> int:
    """How many pages of a home can be found."""
    ((count,),) = _ask(home, "SELECT count(*) FROM pages WHERE state = 'searchable'") or [(0,)]
    return int(count)


def _ask(home: Path, query: str) -> list[tuple[float, ...]]:
    """The rows of a query; none where the catalogue is not there yet."""
    try:
        connection = sqlite3.connect(f"file:{home / 'catalogue.db'}?mode=ro", uri=True, timeout=5)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()
    except sqlite3.OperationalError:
        return []


def wait_for(home: Path, count: int) -> float:
    """Waits until so many pages are searchable.

    Returns:
        When the last of them was first seen in a reader's hands (seconds since the epoch).

    Raises:
        TimeoutError: they are not, after two minutes.
    """
    until = time.monotonic() + _PATIENCE_SECONDS
    reading = 0.0
    while searchable_pages(home) < count:
        if time.monotonic() > until:
            raise TimeoutError(f"{searchable_pages(home)} of {count} pages searchable")
        if not reading and _ask(home, "SELECT 1 FROM pages WHERE state = 'reading'"):
            reading = time.time()
        time.sleep(_LOOK_SECONDS)
    return reading


def processor_seconds(pid: int) -> float:
    """What a process and all that it has started have used of the processors so far (proc(5), stat)."""
    fields = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields[int(entry.parent.name)] = entry.read_text("utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
    family, ticks = [pid], 0
    for member in family:
        family += [child for child, of_child in fields.items() if int(of_child[1]) == member]
        ticks += sum(map(int, fields[member][11:13])) if member in fields else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def wait_until_idle(pid: int) -> None:
    """Waits until a program has got ready and does nothing."""
    used = -1.0
    while (now := processor_seconds(pid)) - used > _IDLE_SHARE * _START_SECONDS:
        used = now
        time.sleep(_START_SECONDS)


def drop(page: Path, inbox: Path, by_rename: bool) -> float:
    """Puts a page into the inbox; returns when it was complete (seconds since the epoch)."""
    target = inbox / page.name
    if by_rename:
        beside = inbox.parent / page.name
        shutil.copyfile(page, beside)
        beside.rename(target)
    else:
        shutil.copyfile(page, target)
    return time.time()


def follow(page: Path, home: Path, by_rename: bool, count: int) -> tuple[float, ...]:
    """Drops a page and follows it until it is the `count`-th that is searchable.

    Returns:
        The seconds that each of `STEPS` took.
    """
    complete = drop(page, home / "inbox", by_rename)
    reading = wait_for(home, count)
    ((accepted, read, searchable),) = _ask(
        home,
        "SELECT p.created_at, r.made_at, p.searchable_at FROM pages p JOIN readings r ON r.page_id = p.id"
        " ORDER BY p.created_at DESC LIMIT 1",
    )
    moments = (complete, accepted, reading or read, read, searchable)
    return tuple(later - earlier for earlier, later in pairwise(moments))


def table(taken: dict[str, list[tuple[float, ...]]]) -> list[str]:
    """Lines for people: min, median and max of the whole way and of each of its steps, for each way of arriving."""
    lines = [f"{'seconds: min / median / max':<32}" + "".join(f"{way:<26}" for way in taken)]
    rows: list[tuple[str, list[Sequence[float]]]] = [
        ("until searchable", [[sum(page) for page in pages] for pages in taken.values()])
    ]
    rows += [
        (f"  {step}", [[page[place] for page in pages] for pages in taken.values()]) for place, step in enumerate(STEPS)
    ]
    for name, columns in rows:
        cells = [f"{min(cell):.2f} / {median(cell):.2f} / {max(cell):.2f}" for cell in columns]
        lines.append(f"{name:<32}" + "".join(f"{cell:<26}" for cell in cells))
    return lines


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.latency", description="From arrival to searchable.")
    parser.add_argument("--count", type=int, default=12, help="pages for each way of arriving")
    parser.add_argument("--dpi", type=int, default=300)
    chosen = parser.parse_args(arguments)
    taken: dict[str, list[tuple[float, ...]]] = {"written and closed": [], "renamed into the inbox": []}
    with tempfile.TemporaryDirectory() as name:
        folder, home = Path(name) / "pages", Path(name) / "home"
        # As many pages to warm up as there are workers, so that each has read one.
        warm = len(os.sched_getaffinity(0))
        write_pages(folder, warm + 2 * chosen.count, seed=41, dpi=chosen.dpi)
        pages = sorted(folder.glob("*.jpg"))
        command = [sys.executable, "-m", "cli.main", "--home", str(home), "run", "--port", "0"]
        program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not (home / "inbox").is_dir():
                time.sleep(_LOOK_SECONDS)
            wait_until_idle(program.pid)
            first = [follow(page, home, True, place + 1) for place, page in enumerate(pages[:warm])]
            for place, page in enumerate(pages[warm:]):
                time.sleep(_IDLE_SECONDS)  # as between two deliveries
                way = list(taken)[place % 2]
                taken[way].append(follow(page, home, way == "renamed into the inbox", warm + place + 1))
        finally:
            program.send_signal(signal.SIGTERM)
            program.wait(timeout=60)
    print(f"the first pages after the start: {', '.join(f'{sum(page):.2f}' for page in first)} s")
    print("\n".join(table(taken)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
