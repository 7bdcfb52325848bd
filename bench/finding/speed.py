"""How long a search takes at many pages, and how it grows: the embedded engine, one process, warm.

    python -m bench.finding.speed [--corpus FILE] [--pages 100000 1000000] [--seconds 3000] [--json FILE]

Indexes are built once, through the engine's own `apply`, and kept in build/bench/finding; the larger one goes on from
the smaller one. Building stops after so many seconds, and what is there is measured.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from bench.finding.asking import search_of
from bench.finding.figures import percentile, spread
from bench.finding.many_pages import CASE, MadePage, Sentence, entries, pages, sentences_of
from bench.measurement import tell
from indexer.engine import Engine
from indexer.entry import SCHEMA_VERSION
from indexer.query import settled_hits
from indexer.tantivy_engine import TantivyEngine
from indexer.tokens import is_han, tokens_of_text

CORPUS = Path("../shared/corpus/judgments.jsonl")
"""Collected judgments, a JSON object with their `text` a line; they are no part of the project."""
FOLDER = Path("build/bench/finding/index")
SEED = 71
KINDS = ("1 Han", "2 Han", "3 Han", "4 Han", "8 Han", "number", "two words")
_AT_ONCE = 2000
_QUERIES = 40  # of each kind
_ROUNDS = 3
_HITS = 20


def folder_of(count: int) -> Path:
    """Where the index of so many pages is."""
    return FOLDER / f"{count}-v{SCHEMA_VERSION}"


def built(folder: Path) -> int:
    """How many pages an index holds for certain; 0 if there is none."""
    note = folder / "built.json"
    return int(json.loads(note.read_text("utf-8"))["pages"]) if note.exists() else 0


def build(sentences: Sequence[Sentence], counts: Sequence[int], until: float) -> dict[int, dict[str, float]]:
    """Builds the indexes that are missing, the smaller one first, with progress.

    Args:
        sentences: of which pages are made.
        counts: pages of each index.
        until: monotonic time at which to stop.

    Returns:
        For each count that was built further: pages taken in now, and the seconds.
    """
    done: dict[int, dict[str, float]] = {}
    smaller: Path | None = None
    for count in sorted(counts):
        folder = folder_of(count)
        if not built(folder) and smaller is not None and built(smaller) < count:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(smaller, folder)
        held = built(folder)
        if held < count:
            made = islice(pages(sentences, count, SEED, held - held % CASE), held % CASE, None)
            done[count] = _take_in(folder, made, held, count, until)
        smaller = folder
    return done


def _take_in(folder: Path, made: Iterator[MadePage], held: int, count: int, until: float) -> dict[str, float]:
    engine = TantivyEngine(folder)
    engine.generation()
    feed = entries(made, held + 1)
    before, applying = held, 0.0
    started = time.monotonic()
    while held < count and time.monotonic() < until:
        portion = list(islice(feed, min(_AT_ONCE, count - held)))
        handed = time.monotonic()
        refused = engine.apply(portion)
        applying += time.monotonic() - handed
        if refused:
            raise RuntimeError(f"refused: {refused[0]}")
        held += len(portion)
        (folder / "built.json").write_text(json.dumps({"pages": held, "seed": SEED}), encoding="utf-8")
        if held % 20_000 == 0:
            left = (time.monotonic() - started) / (held - before) * (count - held)
            print(f"  {held} of {count} pages, {left:.0f} s left", file=sys.stderr, flush=True)
    engine.close()
    return {"pages": held - before, "seconds": time.monotonic() - started, "seconds in apply": applying}


def queries(sentences: Sequence[Sentence], count: int, each: int, seed: int) -> dict[str, list[str]]:
    """Queries of each kind, cut out of pages that the index holds."""
    chance = random.Random(seed)
    wanted = sorted(chance.sample(range(count), each))
    drawn = [
        next(islice(pages(sentences, number + 1, SEED, number - number % CASE), number % CASE, None))
        for number in wanted
    ]
    asked: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for page in drawn:
        for length in (1, 2, 3, 4, 8):
            asked[f"{length} Han"].append(_han(page, length, chance))
        own = page.sentences[-1].text
        case_number, _, phone = own.rstrip("。").partition("，联系电话")
        asked["number"].append(chance.choice((case_number, phone, phone[-4:], phone[-8:])))
        asked["two words"].append(f"{_han(page, 2, chance)} {_han(page, chance.choice((2, 3)), chance)}")
    return asked


def _han(page: MadePage, length: int, chance: random.Random) -> str:
    """Han characters that stand together on a page."""
    while True:
        text = chance.choice(page.sentences).text
        tokens = tokens_of_text(text)
        start = chance.randrange(len(tokens))
        cut = tokens[start : start + length]
        if len(cut) == length and all(len(token) == 1 and is_han(token) for token in cut):
            return "".join(cut)


@dataclass(frozen=True, slots=True)
class Taken:
    """Milliseconds of one search: on the clock, and of the processor for the thread that asked."""

    clock: float
    processor: float


def ask(engine: Engine, asked: dict[str, list[str]], rounds: int = _ROUNDS) -> dict[str, list[list[Taken]]]:
    """The times of each query of each kind, after one warm round; the kinds take turns."""
    taken: dict[str, list[list[Taken]]] = {kind: [[] for _ in texts] for kind, texts in asked.items()}
    for turn in range(rounds + 1):
        for number in range(max(map(len, asked.values()))):
            for kind, texts in asked.items():
                started, busy = time.perf_counter(), time.thread_time()
                settled_hits(engine, search_of(texts[number]), _HITS)
                if turn:
                    taken[kind][number].append(
                        Taken(1000 * (time.perf_counter() - started), 1000 * (time.thread_time() - busy))
                    )
    return taken


def measure(sentences: Sequence[Sentence], count: int) -> dict[str, Any]:
    """The figures of one index."""
    folder = folder_of(count)
    held = built(folder)
    asked = queries(sentences, held, _QUERIES, seed=5)
    engine = TantivyEngine(folder)
    assert engine.count() == held
    totals = {
        kind: [settled_hits(engine, search_of(text), 0)[1].total for text in texts] for kind, texts in asked.items()
    }
    taken = ask(engine, asked)
    engine.close()
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    kinds = {kind: [one for query in times for one in query] for kind, times in taken.items()}
    slowest = [
        {"kind": kind, "query": text, "ms": round(min(one.processor for one in times), 2), "hits": total}
        for kind, texts in asked.items()
        for text, times, total in zip(texts, taken[kind], totals[kind], strict=True)
    ]
    return {
        "pages": held,
        "bytes a page": round(size / held),
        **_shares([one for times in kinds.values() for one in times]),
        "kinds": {kind: {**_shares(times), "hits": spread(totals[kind])} for kind, times in kinds.items()},
        "slowest": sorted(slowest, key=lambda one: -float(str(one["ms"])))[:20],
    }


def _shares(times: Sequence[Taken]) -> dict[str, float]:
    clock, processor = [one.clock for one in times], [one.processor for one in times]
    return {
        "p50": percentile(clock, 50),
        "p95": percentile(clock, 95),
        "max": max(clock),
        "p50 of the processor": percentile(processor, 50),
        "p95 of the processor": percentile(processor, 95),
    }


def lines_of(measured: dict[str, Any]) -> list[str]:
    """The report for a terminal."""
    report = []
    for one in measured["indexes"]:
        report.append(f"{one['pages']} pages, {one['bytes a page']} bytes a page in the index")
        report.append(f"  {'':<12}{'on the clock, ms':>27}{'processor, ms':>18}")
        report.append(f"  {'kind':<12}{'p50':>9}{'p95':>9}{'max':>9}{'p50':>9}{'p95':>9}   hits (min/median/max)")
        for kind, figures in [*one["kinds"].items(), ("all", one)]:
            hits = "/".join(f"{value:.0f}" for value in figures["hits"]) if "hits" in figures else ""
            clock = "".join(f"{figures[name]:>9.2f}" for name in ("p50", "p95", "max"))
            processor = "".join(f"{figures[f'{name} of the processor']:>9.2f}" for name in ("p50", "p95"))
            report.append(f"  {kind:<12}{clock}{processor}   {hits}")
    if len(measured["indexes"]) > 1:
        first, *_, last = measured["indexes"]
        clock, processor = (last[name] / first[name] for name in ("p95", "p95 of the processor"))
        report.append(
            f"p95 grows {clock:.2f}× ({processor:.2f}× of the processor) from {first['pages']} to {last['pages']} pages"
        )
    for count, built_now in measured["built"].items():
        rate, inside = built_now["pages"] / built_now["seconds"], built_now["pages"] / built_now["seconds in apply"]
        report.append(f"building {count}: {rate:.0f} pages a second with making them, {inside:.0f} in apply alone")
    return report


def add_corpus(parser: argparse.ArgumentParser) -> None:
    """The option that says where the judgments are."""
    parser.add_argument("--corpus", type=Path, default=CORPUS, metavar="FILE", help=f"judgments, {CORPUS} by default")


def left_out(corpus: Path) -> str:
    """What to say of judgments that are not there, "" if they are."""
    return "" if corpus.exists() else f"left out: judgments, {corpus} is not there"


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.finding.speed", description="Search at many pages.")
    parser.add_argument("--pages", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--seconds", type=float, default=3000, help="most time to build in")
    parser.add_argument("--json", type=Path, default=None, help="file for the figures")
    add_corpus(parser)
    chosen = parser.parse_args(arguments)
    if reason := left_out(chosen.corpus):
        print(reason)
        return 1
    sentences = sentences_of(chosen.corpus)
    done = build(sentences, chosen.pages, time.monotonic() + chosen.seconds)
    indexes = [measure(sentences, count) for count in sorted(chosen.pages) if built(folder_of(count))]
    measured = {"indexes": indexes, "built": {str(count): one for count, one in done.items()}}
    tell(lines_of(measured), measured, chosen.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
