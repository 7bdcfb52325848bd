"""All measurements, one after the other, and what came out as a page with plots.

    python -m bench [NAME …]

What a measurement printed goes to build/bench/NAME.txt, and its figures, where it has some for a plot, to NAME.json.
Then docs/benchmarks/figures.md and its plots are written anew from all that is there, so that single measurements can
be repeated by name.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import median

from bench.measurement import Measurement, figures_of, measure_all, sections
from bench.plots import bars, scatter, stacked

RESULTS = Path("build/bench")
REPORT = Path("docs/benchmarks")
CORPUS = Path("../shared/corpus/judgments.jsonl")
SAMPLES = Path("../shared/samples")


MEASUREMENTS = (
    Measurement("clean", "Clean pages, 300 dpi, up to 5° askew", "bench.accuracy --skew 5 --dpi 300 --count 60"),
    Measurement(
        "damaged", "Damaged pages of a case", "bench.accuracy --damage mix --count 60 --seed 3 --labels 1", True
    ),
    Measurement(
        "documents",
        "Damaged pages of other documents",
        "bench.accuracy --damage mix --documents more --count 22 --seed 3",
        True,
    ),
    Measurement("kinds", "Each kind of damage alone", "bench.accuracy --damage all --count 111 --seed 3", True),
    Measurement("turns", "Quarter turns", "bench.turns"),
    Measurement("empty", "Empty and nearly empty sides", "bench.accuracy --damage empty --count 120 --seed 3", True),
    Measurement(
        "corpus",
        "Damaged pages printed from published judgments",
        f"bench.accuracy --damage mix --texts {CORPUS} --count 24 --seed 3",
        True,
        CORPUS,
    ),
    Measurement("photographs", "Photographed sheets", "bench.photographs"),
    Measurement("pdf_size", "PDF sizes", "bench.pdf_size"),
    Measurement("pdf_size_samples", "PDF sizes of public samples", f"bench.pdf_size {SAMPLES}", needs=SAMPLES),
    Measurement("stages", "Processor time by stage", "bench.stages --count 20", True),
    Measurement("latency", "From the inbox to the search", "bench.latency --count 10"),
    Measurement("peers", "Beside others", "bench.peers --pages 100", True),
    Measurement("memory", "Memory of a reader", "bench.memory --count 1000"),
)


def write_plots() -> dict[str, str]:
    """Draws what there are figures for; returns the picture's file by measurement."""
    drawn = {}
    if (peers := figures_of("peers", RESULTS)) is not None:
        points = {
            name: (3600 * len(seconds) / sum(seconds), 100 * max(peers["errors"][name], 1) / peers["printed"])
            for name, seconds in peers["seconds"].items()
        }
        title = "Accuracy against speed: to the right is faster, lower is better"
        drawn["peers"] = scatter(title, points, "pages an hour", "character errors, %")
    if (kinds := figures_of("kinds", RESULTS)) is not None:
        errors = {name: 100 * kind["error"] for name, kind in kinds["kinds"].items() if kind["printed"]}
        ordered = dict(sorted(errors.items(), key=lambda pair: -pair[1]))
        drawn["kinds"] = bars("Character errors by kind of damage", ordered, " %")
    if (stages := figures_of("stages", RESULTS)) is not None:
        times = {stage: 1000 * median(page[stage] for page in stages["pages"]) for stage in stages["pages"][0]}
        drawn["stages"] = stacked("Processor time of a page by stage, median", times, " ms")
    for name, picture in drawn.items():
        (REPORT / f"{name}.svg").write_text(picture, encoding="utf-8")
    return {name: f"{name}.svg" for name in drawn}


def write_report() -> None:
    """Writes the page of figures from what is in the folder of results."""
    pictures = write_plots()
    parts = ["# Figures\n\nWritten by `make bench`; what they mean is told in [README.md](README.md).\n"]
    parts += sections(MEASUREMENTS, RESULTS, pictures)
    (REPORT / "figures.md").write_text("\n".join(parts), encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    names = [measurement.name for measurement in MEASUREMENTS]
    parser = argparse.ArgumentParser(prog="python -m bench", description="All measurements.")
    parser.add_argument("names", nargs="*", choices=[*names, []], metavar="NAME", help=", ".join(names))
    chosen = parser.parse_args(arguments)
    wanted = [one for one in MEASUREMENTS if not chosen.names or one.name in chosen.names]
    failed = measure_all(wanted, RESULTS)
    write_report()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
