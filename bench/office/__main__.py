"""An office at work: how quickly it is answered over 100,000 pages, alone and fifty people at a time.

python -m bench.office                        the measurements, with plots, to docs/benchmarks
python -m bench.office build [--pages N]      the home that they need, kept in build/bench/office
python -m bench.office answers [--view NAME]  milliseconds of each view, the real server, one person
python -m bench.office load [--runs N]        fifty people while two workers read; the run in the middle of some
python -m bench.office cost [--view NAME]     statements and processor time of each view, without a network
python -m bench.office roster                 1,500 people over 12,000 pages, from the upload to screen and workbook
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.finding.__main__ import machine
from bench.measurement import Measurement, figures_of, measure_all, sections, tell
from bench.office import answers, cost, load, roster
from bench.office.home import FOLDER, PAGES, PEOPLE, build
from bench.plots import bars

REPORT = Path("docs/benchmarks")
MEASUREMENTS = (
    Measurement("cost", "What an answer costs", "bench.office cost", True),
    Measurement("answers", "One person", "bench.office answers", True),
    Measurement("load", "Fifty people while two workers read", "bench.office load", True),
    Measurement("roster", "A roster of 1,500 people", "bench.office roster", True),
)
_MEDIANS = "Milliseconds until the answer is there, median"
_NINETEEN = "Milliseconds until the answer is there, 95th percentile of fifty people"
PLOTS: dict[str, Callable[[Any], str]] = {
    "answers": lambda figures: bars(_MEDIANS, {name: one["median"] for name, one in figures.items()}, " ms"),
    "load": lambda figures: bars(_NINETEEN, {name: one["p95"] for name, one in figures["kinds"].items()}, " ms"),
}


def write_report() -> None:
    """Writes the page of figures, and its plots, from what is in the folder of results."""
    pictures = {}
    for name, draw in PLOTS.items():
        if (figures := figures_of(name, FOLDER)) is not None:
            pictures[name] = f"office-{name}.svg"
            (REPORT / pictures[name]).write_text(draw(figures), encoding="utf-8")
    parts = [f"# Figures of an office at work\n\nWritten by `make bench-office`, on {machine()}; {PAGES:,} pages.\n"]
    parts += sections(MEASUREMENTS, FOLDER, pictures)
    (REPORT / "office.md").write_text("\n".join(parts), encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.office", description="An office at work.")
    parser.add_argument("part", nargs="?", choices=["build", "cost", "answers", "load", "roster"])
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--view", default="", help="only views whose names contain this")
    parser.add_argument("--profile", action="store_true", help="show where the time goes")
    parser.add_argument("--runs", type=int, default=load.RUNS)
    parser.add_argument("--seconds", type=float, default=load.SECONDS)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--coming", type=float, default=load.COMING_SECONDS, help="seconds within which people begin")
    parser.add_argument("--json", type=Path, default=None, help="file for the figures")
    chosen = parser.parse_args(arguments)
    if chosen.part == "roster":  # over a home of its own
        found = roster.measure(*roster.build())
        tell(roster.lines_of(found), found, chosen.json)
        return 0
    root = build(chosen.pages)
    match chosen.part:
        case "cost":
            spent = cost.measure(root, chosen.view, chosen.profile)
            tell(cost.lines_of(spent), spent, chosen.json)
        case "answers":
            quick = answers.figures_of(answers.measure(root, chosen.view))
            tell(answers.lines_of(quick), quick, chosen.json)
        case "load":
            borne = load.measure_again(root, chosen.runs, chosen.seconds, chosen.people, chosen.coming)
            tell(load.lines_of(borne), borne, chosen.json)
        case None:
            failed = measure_all(MEASUREMENTS, FOLDER)
            write_report()
            return 1 if failed else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
