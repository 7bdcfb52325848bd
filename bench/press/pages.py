"""Pages for measurements: any number of them, all kinds of documents in turn, damaged at random but repeatably."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

from bench.press.cast import Cast, cast
from bench.press.documents import DOCUMENTS
from bench.press.scanner import random_feed, scan
from bench.press.sheet import Sheet
from bench.press.truth import page_truth


def sheets(chance: random.Random) -> Iterator[tuple[Cast, Sheet]]:
    """Printed sheets without end: one case after another, every kind of document in each."""
    while True:
        people = cast(chance)
        for document in DOCUMENTS:
            for sheet in document(people, chance):
                yield people, sheet


def write_pages(folder: Path, count: int, seed: int, largest_skew: float = 3.0, dpi: int | None = None) -> int:
    """Writes `count` scans as 0001.jpg … and their truth.json into a folder; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)
    truth = []
    for number, (people, sheet) in zip(range(1, count + 1), sheets(chance), strict=False):
        feed = random_feed(chance, largest_skew, dpi)
        name = f"{number:04}.jpg"
        scan(sheet, feed).save(folder / name, quality=feed.quality, dpi=(feed.dpi, feed.dpi))
        truth.append({"file": name, **page_truth(sheet, feed, people)})
    (folder / "truth.json").write_text(json.dumps({"pages": truth}, ensure_ascii=False, indent=1), encoding="utf-8")
    return count
