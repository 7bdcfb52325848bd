"""Damaged prints and what was read on them, kept in a folder so that they are printed and read once.

    python -m bench.finding.readings [--count 100]

Four pages in five are documents of a case, the others of all other kinds (bench/press). Whoever changes how pages are
read removes build/bench/finding/damaged.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.press.pages import source_of, write_damaged_pages
from dossier.reading import Reading
from pipeline.files.formats import inspect
from pipeline.models import shared_folder
from pipeline.reading.page_reader import PageReader

FOLDER = Path("build/bench/finding/damaged")
COUNT = 100
SEED = 20311


@dataclass(frozen=True)
class ReadPage:
    """A damaged print: what stands on it (bench/press/damage), and what was read."""

    name: str
    truth: dict[str, Any]
    reading: Reading


def read_pages(count: int = COUNT, folder: Path = FOLDER, report: bool = True) -> list[ReadPage]:
    """The damaged prints with their readings; those that are not there yet are printed and read, with progress."""
    others = count // 5
    pages: list[ReadPage] = []
    reader: PageReader | None = None
    fresh, started = 0, 0.0
    for name, number, documents in (("case", count - others, ("case",)), ("more", others, ("more",))):
        place = folder / f"{name}-{number}"
        if not (place / "truth.json").exists():
            write_damaged_pages(place, number, SEED, "mix", 1, source_of(documents))
        for truth in json.loads((place / "truth.json").read_text("utf-8"))["pages"]:
            scan = place / truth["file"]
            kept = scan.with_suffix(".reading")
            if not kept.exists():
                if reader is None:
                    reader, started = PageReader(shared_folder()), time.monotonic()
                kept_new = kept.with_suffix(".new")
                kept_new.write_bytes(reader.read(scan, inspect(scan).pages[0]).reading.to_bytes())
                kept_new.replace(kept)
                fresh += 1
                if report:
                    left = (time.monotonic() - started) / fresh * (count - len(pages) - 1)
                    print(f"\r  {len(pages) + 1} of {count} pages, {left:.0f} s left ", end="", file=sys.stderr)
            pages.append(ReadPage(f"{name}/{scan.stem}", truth, Reading.from_bytes(kept.read_bytes())))
    if fresh:
        print(file=sys.stderr)
    return pages


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.finding.readings", description="Reads damaged prints.")
    parser.add_argument("--count", type=int, default=COUNT)
    chosen = parser.parse_args(arguments)
    print(f"{len(read_pages(chosen.count))} pages in {FOLDER}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
