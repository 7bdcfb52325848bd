"""How long orders, deep pages, groups and counts take in the embedded engine.

    python -m bench.answers [--pages 100000] [--rounds 20] [--json FILE]

Pages of 300 characters, drawn by Zipf's law from 3,000 Han, in cases of 1 to 3 volumes with documents of 1 to 9 pages.
The words asked for stand on all pages, on about one in ten, and on about one in a thousand.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path
from statistics import median

from dossier.reading import Box, Line, Reading
from indexer.engine import Rung, Search
from indexer.entry import IndexEntry, PagePlace, entry_of_page
from indexer.query import PHRASE, phrase_clause
from indexer.tantivy_engine import TantivyEngine

_AT_ONCE = 2_000
_CHARACTERS = 300
_HAN = [chr(0x4E00 + number) for number in range(3_000)]
_WEIGHTS = list(accumulate(1 / rank for rank in range(1, len(_HAN) + 1)))
_EVERYWHERE, _TENTH, _THOUSANDTH = "𠀀", "𠀁", "𠀂"


def entries(pages: int, chance: random.Random) -> Iterator[IndexEntry]:
    """The entries of so many invented pages."""
    made = case = 0
    while made < pages:
        case += 1
        for volume in range(chance.choice((1, 2, 3))):
            number = 0
            for document in range(chance.randrange(5, 40)):
                received = f"2031-0{chance.randrange(1, 9)}-{chance.randrange(10, 28)}T08:00:00.{made % 1000:03}+00:00"
                for _ in range(chance.randrange(1, 10)):
                    made += 1
                    number += 1
                    place = PagePlace(
                        f"p{made:08}", f"c{case:06}", f"v{case:06}{volume}", f"d{case:06}{volume}{document:03}",
                        number, f"部门{case % 9}", f"{volume}", f"{document:04}", received,
                    )  # fmt: skip
                    text = "".join(chance.choices(_HAN, cum_weights=_WEIGHTS, k=_CHARACTERS)) + _EVERYWHERE
                    text += _TENTH * (chance.random() < 0.1) + _THOUSANDTH * (chance.random() < 0.001)
                    line = Line(text, Box(0.1, 0.1, 0.9, 0.9))
                    yield entry_of_page(place, made, Reading(1654, 2339, 200.0, lines=(line,)), None)
                    if made == pages:
                        return


def measured(engine: TantivyEngine, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each question, by its name; the first round warms up and is left out."""
    questions: dict[str, Callable[[], object]] = {}
    for frequency, word in (("all", _EVERYWHERE), ("1 in 10", _TENTH), ("1 in 1000", _THOUSANDTH)):
        found = Search((Rung(PHRASE, phrase_clause((word,))),))
        by_page = Search(found.rungs, order="page")
        newest = Search(found.rungs, order="received")
        total = engine.search(found, 0).total
        deep = _cursor_at(engine, by_page, total // 2)
        deep_newest = _cursor_at(engine, newest, total // 2)
        questions |= {
            f"{frequency}: relevance, first 20": lambda found=found: engine.search(found, 20),  # type: ignore[misc]
            f"{frequency}: page order, first 20": lambda found=by_page: engine.search(found, 20),  # type: ignore[misc]
            f"{frequency}: page order, 20 from the middle": lambda found=by_page, deep=deep: engine.search(  # type: ignore[misc]
                found, 20, after=deep
            ),
            f"{frequency}: newest, 20 from the middle": lambda found=newest, deep=deep_newest: engine.search(  # type: ignore[misc]
                found, 20, after=deep
            ),
            f"{frequency}: groups by case": lambda found=found: engine.groups(found, "case"),  # type: ignore[misc]
            f"{frequency}: groups by volume": lambda found=found: engine.groups(found, "volume"),  # type: ignore[misc]
            f"{frequency}: groups by document": lambda found=found: engine.groups(found, "document"),  # type: ignore[misc]
            f"{frequency}: facets (by case and by volume)": lambda found=found: (  # type: ignore[misc]
                engine.counts(found, "case_id"),
                engine.counts(found, "volume_id"),
            ),
        }
    times: dict[str, list[float]] = {name: [] for name in questions}
    for _ in range(rounds + 1):
        for name, ask in questions.items():
            begun = time.perf_counter()
            ask()
            times[name].append((time.perf_counter() - begun) * 1000)
    return {name: taken[1:] for name, taken in times.items()}


def _cursor_at(engine: TantivyEngine, search: Search, depth: int) -> str:
    """The cursor of the hit at a depth, reached from cursor to cursor."""
    after = ""
    while depth > 0:
        step = min(depth, 10_000)
        after = engine.search(search, step, after=after).after
        depth -= step
    return after


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.answers", description="Orders, groups and counts.")
    parser.add_argument("--pages", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", type=Path, help="also write the milliseconds to this file")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        engine = TantivyEngine(Path(name))
        batch: list[IndexEntry] = []
        for entry in entries(chosen.pages, random.Random(7)):
            batch.append(entry)
            if len(batch) == _AT_ONCE:
                engine.apply(batch)
                batch = []
        if batch:
            engine.apply(batch)
        size = sum(path.stat().st_size for path in Path(name).rglob("*") if path.is_file())
        print(f"{engine.count()} pages, {size / engine.count() / 1024:.1f} KiB each; milliseconds: min / median / max")
        times = measured(engine, chosen.rounds)
        engine.close()
    for question, taken in times.items():
        print(f"  {question:<44}{min(taken):8.1f} / {median(taken):.1f} / {max(taken):.1f}")
    if chosen.json:
        chosen.json.write_text(json.dumps(times, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
