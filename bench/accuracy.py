"""How well pages of known text are read: characters, lines, names and numbers with their places, skew, turn, time.

    python -m bench.accuracy [--count 50] [--seed 1] [--skew 5] [--dpi 200] [--models FOLDER]
    python -m bench.accuracy --damage KIND,…|mix|all|empty [--documents case|more|all|NAME…] [--texts FILE.jsonl]
        [--labels N] [--json FILE] [--count 50] [--seed 1]

The second form reads damaged pages (bench/press/damage) and reports by kind of damage (bench/page_errors.py).

The error rate is counted line by line from the characters that lie inside the printed line's rectangle, so that
neither reading order nor the cutting of lines counts; what was read outside of any printed line is counted apart.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean, median
from typing import Any

from bench.damage_report import figures, lines_of, read_all
from bench.measurement import tell
from bench.page_errors import agreement, runs_round
from bench.press.pages import source_of, write_damaged_pages, write_pages
from bench.text_errors import edit_distance, folded
from dossier.reading import Box, Reading
from pipeline.files.formats import inspect
from pipeline.models import shared_folder
from pipeline.reading.page_reader import PageReader


def text_inside(reading: Reading, box: list[float]) -> tuple[str, set[tuple[int, int]]]:
    """The characters whose middles lie in a rectangle, from left to right, and which ones they are."""
    x0, y0, x1, y1 = box
    found = []
    for row, line in enumerate(reading.lines):
        if runs_round(line):
            continue
        for place, (character, where) in enumerate(zip(line.text, line.characters, strict=True)):
            x, y = (where.x0 + where.x1) / 2, (where.y0 + where.y1) / 2
            if x0 - 0.005 <= x <= x1 + 0.005 and y0 <= y <= y1:
                found.append((x, character, (row, place)))
    found.sort()
    return "".join(character for _, character, _ in found), {where for _, _, where in found}


def item_agreement(reading: Reading, item: dict[str, Any]) -> float:
    """How well the best place at which an item was read agrees with where it was printed; 0 if it was not read."""
    best = 0.0
    for line in reading.lines:
        places = [place for place, character in enumerate(line.text) if character != " "]
        dense = "".join(line.text[place] for place in places)
        start = dense.find(item["text"])
        while start >= 0:
            first, last = places[start], places[start + len(item["text"]) - 1]
            box = line.characters[first]
            for other in line.characters[first + 1 : last + 1]:
                box = box.union(other)
            best = max(best, agreement(box, Box(*item["box"])))
            start = dense.find(item["text"], start + 1)
    return best


def report(folder: Path, models: Path) -> None:
    """Reads the pages of a folder and prints how it went."""
    reader = PageReader(models)
    seconds, skews, wrong_turns, flagged, extra = [], [], 0, 0, 0
    printed = raw = alike = lines = whole = 0
    items: dict[str, list[float]] = {}
    for page in json.loads((folder / "truth.json").read_text(encoding="utf-8"))["pages"]:
        path = folder / page["file"]
        started = time.perf_counter()
        reading = reader.read(path, inspect(path).pages[0]).reading
        seconds.append(time.perf_counter() - started)
        flagged += bool(reading.flags)
        if reading.turn_degrees != page["turn_degrees"]:
            wrong_turns += 1
            continue
        skews.append(abs(reading.skew_degrees - page["skew_degrees"]))
        inside: set[tuple[int, int]] = set()
        for line in page["lines"]:
            text, which = text_inside(reading, line["box"])
            inside |= which
            expected = line["text"].replace(" ", "")
            printed += len(expected)
            raw += edit_distance(text.replace(" ", ""), expected)
            errors = edit_distance(folded(text), folded(expected))
            alike += errors
            lines += 1
            whole += not errors
        extra += sum(len(line.text) for line in reading.lines if not runs_round(line)) - len(inside)
        for item in page["items"]:
            items.setdefault(item["kind"], []).append(item_agreement(reading, item))
    print(f"pages                 {len(seconds)}, {wrong_turns} turned wrongly, {flagged} flagged for a look")
    print(
        f"character errors      {raw / printed:.3%}; {alike / printed:.3%} with punctuation folded ({printed} printed)"
    )
    print(f"read beside print     {extra} characters")
    print(f"lines without error   {whole} of {lines} ({whole / lines:.1%})")
    for kind, agreements in sorted(items.items()):
        right = sum(value > 0.5 for value in agreements)
        places = f"mean overlap {mean(agreements):.2f}"
        print(f"{kind:<12} in place {right} of {len(agreements)} ({right / len(agreements):.1%}), {places}")
    close = sum(skew <= 0.1 for skew in skews) / len(skews)
    print(f"skew                  mean error {mean(skews):.3f}°, largest {max(skews):.2f}°, within 0.1°: {close:.0%}")
    print(f"seconds a page        {min(seconds):.2f} / {median(seconds):.2f} / {max(seconds):.2f} (min/median/max)")


def report_damage(chosen: argparse.Namespace) -> None:
    """Prints damaged pages, reads them, and prints how it went."""
    source = source_of(chosen.documents, chosen.texts)
    with tempfile.TemporaryDirectory() as folder:
        write_damaged_pages(Path(folder), chosen.count, chosen.seed, chosen.damage, chosen.labels, source)
        pages = read_all(Path(folder), PageReader(chosen.models))
    names = ("damage", "documents", "count", "seed", "labels")
    options = {name: getattr(chosen, name) for name in names} | {"texts": chosen.texts and chosen.texts.name}
    measured = figures(pages, options)
    tell(lines_of(measured), measured, chosen.json)


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.accuracy", description="How well known pages are read.")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--skew", type=float, default=5.0, help="largest skew, degrees")
    parser.add_argument("--dpi", type=int, default=None, help="of all pages; default: 200 and 300 mixed")
    parser.add_argument("--models", type=Path, default=shared_folder())
    parser.add_argument(
        "--damage", default=None, help="mix, all, empty or kinds with commas (bench/press/damage/kinds.py)"
    )
    parser.add_argument("--documents", nargs="+", default=["case"], help="case, more, all or names; with --damage")
    parser.add_argument("--texts", type=Path, default=None, help="JSON lines of texts to print; with --damage")
    parser.add_argument("--labels", type=int, default=None, help="first stamped page number; with --damage")
    parser.add_argument("--json", type=Path, default=None, help="file for the figures; with --damage")
    chosen = parser.parse_args(arguments)
    if chosen.damage:
        report_damage(chosen)
        return 0
    if chosen.documents != ["case"] or chosen.texts or chosen.json or chosen.labels is not None:
        parser.error("--documents, --texts, --labels and --json need --damage")
    with tempfile.TemporaryDirectory() as folder:
        write_pages(Path(folder), chosen.count, chosen.seed, chosen.skew, chosen.dpi)
        report(Path(folder), chosen.models)
    return 0


if __name__ == "__main__":
    sys.exit(main())
