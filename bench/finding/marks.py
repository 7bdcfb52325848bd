"""How long it takes to show a screen of hits: twenty readings from their stored form, and the marks on them.

    python -m bench.finding.marks [--json FILE]

The readings are those of damaged prints (bench/finding/damaged.py), with a box for every character; as in the program,
the page after a hit is read, too.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.finding.asking import search_of
from bench.finding.damaged import asked_of
from bench.finding.figures import percentile
from bench.finding.readings import read_pages
from bench.measurement import tell
from dossier.reading import Reading
from indexer.entry import PagePlace, entry_of_page
from indexer.highlight import highlight
from indexer.query import understand
from indexer.tantivy_engine import TantivyEngine

_HITS = 20


def measure(each: int) -> dict[str, Any]:
    """Milliseconds of the processor: of the search, of reading what is stored, of marking; a screen and query each."""
    pages = read_pages()
    stored = {page.name: page.reading.to_bytes() for page in pages}
    after = dict(zip(stored, [*list(stored)[1:], ""], strict=True))
    taken: dict[str, list[float]] = {"search": [], "readings": [], "marks": []}
    shown = []
    with tempfile.TemporaryDirectory() as folder:
        engine = TantivyEngine(Path(folder))
        for number, page in enumerate(pages, 1):
            place = PagePlace(page.name, "c", f"v{number}", f"d{number}", 1, "", f"{number:04}")
            engine.apply([entry_of_page(place, number, page.reading, None)])
        for asked in asked_of(pages, each, seed=11):
            query = understand(asked.query)
            started = time.thread_time()
            hits = engine.search(search_of(asked.query), _HITS).hits
            searched = time.thread_time()
            pairs = [
                (hit.rung, *(Reading.from_bytes(stored[name]) if name else None for name in (hit.page_id, next_one)))
                for hit in hits
                if (next_one := after[hit.page_id]) is not None
            ]
            read = time.thread_time()
            for rung, reading, following in pairs:
                if reading is not None:
                    highlight(query, rung, reading, following)
            marked = time.thread_time()
            for name, seconds in zip(taken, (searched - started, read - searched, marked - read), strict=True):
                taken[name].append(1000 * seconds)
            shown.append(len(hits))
        engine.close()
    full = [place for place, count in enumerate(shown) if count == _HITS]
    return {
        "queries": len(shown),
        "full screens": len(full),
        "parts": {
            name: {share: percentile([times[place] for place in full], share) for share in (50, 95)}
            for name, times in taken.items()
        },
        "a hit": sum(taken["readings"] + taken["marks"]) / max(sum(shown), 1),
    }


def lines_of(measured: dict[str, Any]) -> list[str]:
    """The report for a terminal."""
    report = [f"{measured['full screens']} of {measured['queries']} queries with {_HITS} hits; processor, ms"]
    report.append(f"{'':<12}{'p50':>9}{'p95':>9}")
    for name, one in measured["parts"].items():
        report.append(f"{name:<12}{one[50]:>9.2f}{one[95]:>9.2f}")
    report.append(f"a hit: {measured['a hit']:.2f} ms for its readings and marks, over all queries")
    return report


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.finding.marks", description="From hits to marks.")
    parser.add_argument("--each", type=int, default=60, help="most queries of a kind")
    parser.add_argument("--json", type=Path, default=None, help="file for the figures")
    chosen = parser.parse_args(arguments)
    measured = measure(chosen.each)
    tell(lines_of(measured), measured, chosen.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
