"""Seconds from a scan's arrival in the inbox until its page is searchable, on an idle system whose workers are warm.

    python -m bench.latency [--count 12] [--dpi 300]

Runs the whole program (`edossier run`) on a home folder of its own and drops loose pages one by one, each after the one
before is searchable: in turns written and closed in place, and renamed into the inbox. The first page warms the workers
and is not counted. What is waited for is read from the catalogue.
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
from pathlib import Path
from statistics import median

from bench.press.pages import write_pages

_LOOK_SECONDS = 0.02
_PATIENCE_SECONDS = 120.0


def searchable_pages(home: Path) -> int:
    """How many pages of a home can be found."""
    catalogue = home / "catalogue.db"
    if not catalogue.exists():
        return 0
    with sqlite3.connect(f"file:{catalogue}?mode=ro", uri=True, timeout=5) as connection:
        try:
            (count,) = connection.execute("SELECT count(*) FROM pages WHERE state = 'searchable'").fetchone()
        except sqlite3.OperationalError:
            return 0  # the tables are not there yet
    return int(count)


def wait_for(home: Path, count: int) -> None:
    """Waits until so many pages are searchable.

    Raises:
        TimeoutError: they are not, after two minutes.
    """
    until = time.monotonic() + _PATIENCE_SECONDS
    while searchable_pages(home) < count:
        if time.monotonic() > until:
            raise TimeoutError(f"{searchable_pages(home)} of {count} pages searchable")
        time.sleep(_LOOK_SECONDS)


def drop(page: Path, inbox: Path, by_rename: bool) -> float:
    """Puts a page into the inbox; returns when it was complete (monotonic seconds)."""
    target = inbox / page.name
    if by_rename:
        beside = inbox.parent / page.name
        shutil.copyfile(page, beside)
        beside.rename(target)
    else:
        shutil.copyfile(page, target)
    return time.monotonic()


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.latency", description="From arrival to searchable.")
    parser.add_argument("--count", type=int, default=12, help="pages for each way of arriving")
    parser.add_argument("--dpi", type=int, default=300)
    chosen = parser.parse_args(arguments)
    taken: dict[str, list[float]] = {"written and closed": [], "renamed": []}
    with tempfile.TemporaryDirectory() as name:
        folder, home = Path(name) / "pages", Path(name) / "home"
        # As many pages to warm up as there are workers, so that each has loaded its models.
        warm = len(os.sched_getaffinity(0))
        write_pages(folder, warm + 2 * chosen.count, seed=41, dpi=chosen.dpi)
        pages = sorted(folder.glob("*.jpg"))
        command = [sys.executable, "-m", "cli.main", "--home", str(home), "run", "--port", "0"]
        program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not (home / "inbox").is_dir():
                time.sleep(_LOOK_SECONDS)
            for page in pages[:warm]:
                drop(page, home / "inbox", by_rename=True)
            wait_for(home, warm)
            for place, page in enumerate(pages[warm:]):
                time.sleep(1.0)  # idle, as between two deliveries
                way = list(taken)[place % 2]
                complete = drop(page, home / "inbox", by_rename=way == "renamed")
                wait_for(home, warm + place + 1)
                taken[way].append(time.monotonic() - complete)
        finally:
            program.send_signal(signal.SIGTERM)
            program.wait(timeout=60)
    print(f"{'':<20}  seconds until searchable: min / median / max")
    for way, seconds in taken.items():
        print(f"{way:<20}  {min(seconds):14.2f} / {median(seconds):.2f} / {max(seconds):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
