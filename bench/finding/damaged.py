"""Known items on pages read by OCR from damaged prints: are they among the first ten hits, and is their place marked?

    python -m bench.finding.damaged [--count 100] [--each 150] [--json FILE]

What is on a page is told by its print, never by its reading. A query is cut out of a printed page: a name or a number
of the case, the last four digits of one, a phrase out of a line, two short words of one page. Of the pages on which it
is printed (at most ten count), the share that is among the first ten hits is the recall at ten. A mark is right if it
and the printed place share half of what they cover together.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.finding.asking import search_of
from bench.finding.exact import share
from bench.finding.oracle import OraclePage, number_pattern, tokens
from bench.finding.readings import COUNT, ReadPage, read_pages
from bench.measurement import tell
from bench.page_errors import agreement, through, upright_matrix
from bench.press.damage.view import box_around
from dossier.reading import Box
from indexer.entry import PagePlace, entry_of_page
from indexer.highlight import highlight
from indexer.query import understand
from indexer.tantivy_engine import TantivyEngine

_FIRST = 10
_OVERLAP = 0.5
_NUMBERS = ("phone", "card", "id_number")


@dataclass(frozen=True)
class Asked:
    """A query, the pages on which it is printed, and the printed text whose places must be marked ("" if unknown)."""

    kind: str
    query: str
    pages: frozenset[str]
    item: str = ""


def asked_of(pages: Sequence[ReadPage], each: int, seed: int) -> list[Asked]:
    """Queries of each kind, at most `each`."""
    chance = random.Random(seed)
    oracle = [OraclePage(page.name, "\n".join(line["text"] for line in page.truth["lines"]), "") for page in pages]
    items: dict[str, dict[str, None]] = {}
    for page in pages:
        for item in page.truth["items"]:
            items.setdefault(item["kind"], {})[item["text"]] = None
    asked: list[Asked] = []

    def add(kind: str, query: str, item: str, words: Sequence[str]) -> None:
        said = [tokens(word) for word in words]
        right = frozenset(page.page_id for page in oracle if all(page.says(word) for word in said))
        if right:
            asked.append(Asked(kind, query, right, item))

    for name in _some(items.get("name", {}), each, chance):
        add("name", name, name, [name])
    for kind in _NUMBERS:
        known = list(items.get(kind, {}))
        for number in _some(known, each, chance):
            pattern = number_pattern(number)
            right = frozenset(page.page_id for page in oracle if page.matches(pattern))
            asked.append(Asked(kind, number, right, number))
            if kind != "id_number":
                alike = [number_pattern(other) for other in known if other.endswith(number[-4:])]
                right = frozenset(page.page_id for page in oracle if any(map(page.matches, alike)))
                asked.append(Asked(f"{kind}, last four", number[-4:], right, number))
    lines = [line["text"] for page in pages for line in page.truth["lines"]]
    for length in (3, 4, 6, 8):
        for _ in range(each // 2):
            cut = _cut(lines, length, chance)
            add(f"{length} characters", cut, "", [cut])
    for _ in range(each):
        page = chance.choice([page for page in pages if len(page.truth["lines"]) > 5])
        own = [line["text"] for line in page.truth["lines"]]
        words = [_cut(own, chance.choice((2, 3)), chance) for _ in range(2)]
        if all(words):
            add("two words", " ".join(words), "", words)
    return [one for one in asked if one.pages]


def _some(values: Sequence[str] | dict[str, None], count: int, chance: random.Random) -> list[str]:
    return chance.sample(list(values), min(count, len(values)))


def _cut(lines: Sequence[str], length: int, chance: random.Random) -> str:
    """Han characters that are printed together; "" if there are none."""
    for _ in range(200):
        line = chance.choice(lines)
        start = chance.randrange(max(len(line) - length, 0) + 1)
        cut = line[start : start + length]
        if len(cut) == length and all("\u4e00" <= character <= "\u9fff" for character in cut):
            return cut
    return ""


def true_boxes(page: ReadPage, text: str) -> list[Box]:
    """Where an item is printed, on the page as it was set upright; none where the reading does not tell."""
    reading = page.reading
    matrix = upright_matrix(reading, page.truth["width"], page.truth["height"])
    if matrix is None:
        return []
    boxes = []
    for item in page.truth["items"]:
        if item["text"] == text:
            x0, y0, x1, y1 = box_around(through(item["quad"], matrix))
            boxes.append(Box(x0 / reading.width, y0 / reading.height, x1 / reading.width, y1 / reading.height))
    return boxes


def measure(pages: Sequence[ReadPage], asked: Sequence[Asked]) -> dict[str, Any]:
    """Recall at ten and marks, by kind and together; and what was missed."""
    by_name = {page.name: page for page in pages}
    kinds: dict[str, dict[str, int]] = {}
    missed: list[dict[str, Any]] = []
    unmarked: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        engine = TantivyEngine(Path(folder))
        for number, page in enumerate(pages, 1):
            # Each alone: of two sheets that follow one another here, the second does not go on with the first.
            place = PagePlace(page.name, "c", f"v{number}", f"d{number}", 1, "", f"{number:04}")
            engine.apply([entry_of_page(place, number, page.reading, None)])
        for one in asked:
            query = understand(one.query)
            hits = engine.search(search_of(one.query), _FIRST).hits
            kind = kinds.setdefault(one.kind, dict.fromkeys(("queries", "right", "wanted", "marked", "places"), 0))
            found = {hit.page_id: hit.rung for hit in hits}
            kind["queries"] += 1
            kind["wanted"] += min(len(one.pages), _FIRST)
            kind["right"] += len(one.pages & found.keys())
            if len(one.pages & found.keys()) < min(len(one.pages), _FIRST):
                absent = [(name, _printed(by_name[name], one.query)) for name in sorted(one.pages - found.keys())[:3]]
                missed.append({"kind": one.kind, "query": one.query, "pages": absent})
            for name in one.pages & found.keys() if one.item else ():
                page = by_name[name]
                marks = highlight(query, found[name], page.reading, None).rects
                for true in true_boxes(page, one.item):
                    best = max((agreement(mark, true) for mark in marks), default=0.0)
                    kind["places"] += 1
                    kind["marked"] += best >= _OVERLAP
                    if best < _OVERLAP:
                        unmarked.append(
                            {"kind": one.kind, "query": one.query, "page": name, "overlap": round(best, 2)}
                            | {"true": true.as_list(), "text": _near(page, true)}
                        )
        engine.close()
    total = {key: sum(kind[key] for kind in kinds.values()) for key in next(iter(kinds.values()))}
    return {"pages": len(pages), "kinds": kinds, "total": total, "missed": missed, "unmarked": unmarked}


def _printed(page: ReadPage, query: str) -> str:
    """What the reading has on the line on which a query is printed: for whoever looks for the reason."""
    for line in page.truth["lines"]:
        if query.split()[0] in line["text"].replace(" ", ""):
            matrix = upright_matrix(page.reading, page.truth["width"], page.truth["height"])
            if matrix is None:
                return "?"
            x0, y0, x1, y1 = box_around(through(line["quad"], matrix))
            reading = page.reading
            true = Box(x0 / reading.width, y0 / reading.height, x1 / reading.width, y1 / reading.height)
            return f"{line['text']} → {_near(page, true)}"
    return "?"


def _near(page: ReadPage, true: Box) -> str:
    """The lines that were read at a place."""
    near = [
        line.text
        for line in page.reading.lines
        if min(line.box.y1, true.y1) - max(line.box.y0, true.y0) > (true.y1 - true.y0) / 2
        and min(line.box.x1, true.x1) > max(line.box.x0, true.x0)
    ]
    return " | ".join(near)


def lines_of(measured: dict[str, Any]) -> list[str]:
    """The report for a terminal."""
    report = [f"{measured['pages']} damaged prints, read by OCR; whole ladder"]
    report.append(f"{'kind':<20}{'queries':>8}{'pages':>7}{'recall at 10':>14}{'places':>8}{'marked':>9}")
    for kind, one in [*measured["kinds"].items(), ("all", measured["total"])]:
        marked = f"{share(one['marked'], one['places']):>9.2%}" if one["places"] else f"{'–':>9}"
        report.append(
            f"{kind:<20}{one['queries']:>8}{one['wanted']:>7}{share(one['right'], one['wanted']):>14.4f}"
            f"{one['places']:>8}{marked}"
        )
    return report


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.finding.damaged", description="Known items, damaged.")
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--each", type=int, default=150, help="most queries of a kind")
    parser.add_argument("--json", type=Path, default=None, help="file for the figures")
    chosen = parser.parse_args(arguments)
    pages = read_pages(chosen.count)
    measured = measure(pages, asked_of(pages, chosen.each, seed=10))
    tell(lines_of(measured), measured, chosen.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
