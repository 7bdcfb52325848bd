"""Known items on pages with exact text: what the identifier and phrase rungs find, held against the oracle.

python -m bench.finding.exact [--corpus FILE] [--each 60] [--json FILE]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.finding.asking import search_of
from bench.finding.exact_pages import ExactPage, judgments, printed_sheets, prose
from bench.finding.items import Item, items_of
from bench.finding.oracle import OraclePage
from bench.finding.speed import CORPUS, add_corpus, left_out
from bench.measurement import tell
from indexer.engine import DEEPEST, Engine
from indexer.query import IDENTIFIER, PHRASE
from indexer.tantivy_engine import TantivyEngine

_VOLUMES, _SHEETS = 30, 120
_SHOWN = 3


@dataclass(frozen=True)
class Collection:
    """Pages, and known items on them."""

    pages: list[ExactPage]
    items: list[Item]


def collection(each: int, corpus: Path = CORPUS) -> Collection:
    """Published judgments (where they are there), invented prose and printed sheets, and items of each kind."""
    written, printed = prose(_VOLUMES, seed=7)
    pages = [*(() if left_out(corpus) else judgments(corpus)), *written, *printed_sheets(_SHEETS, seed=8)]
    oracle = [
        OraclePage(page.place.page_id, page.reading.text, page.following.text if page.following else "")
        for page in pages
    ]
    return Collection(pages, items_of(pages, oracle, printed, each, seed=9))


def fill(engine: Engine, pages: Sequence[ExactPage]) -> None:
    """Puts pages into an empty index."""
    refused = engine.apply([page.entry(version) for version, page in enumerate(pages, 1)])
    if refused:
        raise RuntimeError(f"refused: {refused[0]}")


def found_by(engine: Engine, query: str) -> dict[str, str]:
    """The rung of every page that a query finds."""
    hits = engine.search(search_of(query), DEEPEST).hits
    return {hit.page_id: hit.rung for hit in hits}


def share(part: int, whole: int) -> float:
    """A part of a whole, 1 of nothing."""
    return part / whole if whole else 1.0


def figures(items: Sequence[Item], found: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Recall and precision of the two upper rungs, recall of all rungs; over all pages of all queries together."""
    expected = right = hits = good = anywhere = 0
    for item, rungs in zip(items, found, strict=True):
        upper = {page for page, rung in rungs.items() if rung in (IDENTIFIER, PHRASE)}
        expected += len(item.expected)
        right += len(item.expected & upper)
        anywhere += len(item.expected & rungs.keys())
        hits += len(upper)
        good += len(upper & item.allowed)
    return {
        "queries": len(items),
        "expected": expected,
        "recall": share(right, expected),
        "precision": share(good, hits),
        "recall of all rungs": share(anywhere, expected),
    }


def measure(some: Collection, engine: Engine) -> dict[str, Any]:
    """The figures by kind, and together; and what went wrong."""
    found = [found_by(engine, item.query) for item in some.items]
    kinds = list(dict.fromkeys(item.kind for item in some.items))
    wrong = []
    for item, rungs in zip(some.items, found, strict=True):
        upper = {page for page, rung in rungs.items() if rung in (IDENTIFIER, PHRASE)}
        if item.expected - upper or upper - item.allowed:
            missing, beside = sorted(item.expected - upper)[:_SHOWN], sorted(upper - item.allowed)[:_SHOWN]
            wrong.append({"kind": item.kind, "query": item.query, "missing": missing, "beside": beside})
    by_kind = {
        kind: figures(
            [item for item in some.items if item.kind == kind],
            [rungs for item, rungs in zip(some.items, found, strict=True) if item.kind == kind],
        )
        for kind in kinds
    }
    return {
        "pages": len(some.pages),
        "total": figures(some.items, found),
        "kinds": by_kind,
        "wrong": wrong,
    }


def lines_of(measured: dict[str, Any]) -> list[str]:
    """The report for a terminal."""
    report = [f"{measured['pages']} pages with exact text; recall and precision of the identifier and phrase rungs"]
    report.append(f"{'kind':<42}{'queries':>8}{'pages':>8}{'recall':>9}{'precision':>11}{'any rung':>10}")
    for kind, one in [*measured["kinds"].items(), ("all", measured["total"])]:
        report.append(
            f"{kind:<42}{one['queries']:>8}{one['expected']:>8}{one['recall']:>9.4f}{one['precision']:>11.4f}"
            f"{one['recall of all rungs']:>10.4f}"
        )
    if "left out" in measured:
        report.append(measured["left out"])
    return report


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.finding.exact", description="Known items, exact text.")
    parser.add_argument("--each", type=int, default=60, help="most queries of a kind")
    parser.add_argument("--json", type=Path, default=None, help="file for the figures")
    add_corpus(parser)
    chosen = parser.parse_args(arguments)
    some = collection(chosen.each, chosen.corpus)
    with tempfile.TemporaryDirectory() as folder:
        engine = TantivyEngine(Path(folder))
        fill(engine, some.pages)
        measured = measure(some, engine)
        engine.close()
    if reason := left_out(chosen.corpus):
        measured["left out"] = reason
    tell(lines_of(measured), measured, chosen.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
