"""All measurements of the search, one after the other, and what came out as a page with plots.

    python -m bench.finding [NAME …]

What a measurement printed goes to build/bench/finding/NAME.txt, and its figures to NAME.json. Then
docs/benchmarks/finding.md and its plots are written anew from all that is there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.finding.speed import CORPUS, KINDS
from bench.measurement import Measurement, figures_of, measure_all, sections
from bench.plots import bars, grouped_bars

RESULTS = Path("build/bench/finding")
REPORT = Path("docs/benchmarks")

_LEAKS, _ROSTER = Path("tests/leaks.py"), Path("bench/roster.py")

MEASUREMENTS = (
    Measurement("exact", "Known items on pages with exact text", "bench.finding.exact", True),
    Measurement("damaged", "Known items on damaged prints", "bench.finding.damaged", True),
    Measurement("speed", "A hundred thousand and a million pages", "bench.finding.speed", True, CORPUS),
    Measurement("bulk", "Pages indexed a second in Elasticsearch", "bench.finding.bulk", True, CORPUS),
    Measurement("contenders", "Beside other searches", "bench.finding.contenders", True),
    Measurement("marks", "From hits to marks", "bench.finding.marks", True),
    Measurement("agreement", "Answers that differ between the engines", "bench.finding.agreement", True),
    Measurement("leaks", "Leaks over generated users and queries", "tests.leaks --asks 10000", needs=_LEAKS),
    Measurement("roster", "A roster of 1,500 people over 12,000 pages", "bench.roster --repeat 3", needs=_ROSTER),
)


def _recall(exact: Any) -> str:
    return bars("Recall of the upper rungs", {kind: one["recall"] for kind, one in exact["kinds"].items()}, "")


def _p95(speed: Any) -> str:
    series = {
        f"{one['pages']:,} pages": {kind: one["kinds"][kind]["p95"] for kind in KINDS} for one in speed["indexes"]
    }
    return grouped_bars("A search by kind of query, 95th percentile", series, " ms")


def _found(contenders: Any) -> str:
    named = contenders["contenders"].items()
    series = {title: {name: one[key] for name, one in named} for title, key in _SHARES.items()}
    return grouped_bars("Mean over the kinds of queries", series, "")


_SHARES = {"recall": "mean recall", "precision": "mean precision"}
PLOTS: dict[str, Callable[[Any], str]] = {"exact": _recall, "speed": _p95, "contenders": _found}


def write_report() -> None:
    """Writes the page of figures, and its plots, from what is in the folder of results."""
    pictures = {}
    for name, draw in PLOTS.items():
        if (figures := figures_of(name, RESULTS)) is not None:
            pictures[name] = f"finding-{name}.svg"
            (REPORT / pictures[name]).write_text(draw(figures), encoding="utf-8")
    parts = ["# Figures of the search\n\nWritten by `make bench-search`.\n"]
    parts += sections(MEASUREMENTS, RESULTS, pictures)
    (REPORT / "finding.md").write_text("\n".join(parts), encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    names = [measurement.name for measurement in MEASUREMENTS]
    parser = argparse.ArgumentParser(prog="python -m bench.finding", description="All measurements of the search.")
    parser.add_argument("names", nargs="*", choices=[*names, []], metavar="NAME", help=", ".join(names))
    chosen = parser.parse_args(arguments)
    failed = measure_all([one for one in MEASUREMENTS if not chosen.names or one.name in chosen.names], RESULTS)
    write_report()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
