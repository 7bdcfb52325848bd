"""Quarter turns: damaged pages of all documents, laid in all four ways, and how many of them are set upright.

    python -m bench.turns [--count 60] [--seed 3] [--models FOLDER]

A page left as it lay because the answer is uncertain is flagged for a person; such are counted apart.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from bench.press.damage import MIX
from bench.press.pages import source_of, write_damaged_pages
from pipeline.cleaning.upright import quarter_turned
from pipeline.files.decode import decode_page
from pipeline.models import shared_folder
from pipeline.reading.page_reader import PageReader, overview_of


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.turns", description="How many pages are set upright.")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--models", type=Path, default=shared_folder())
    chosen = parser.parse_args(arguments)
    reader = PageReader(chosen.models)
    wrong: list[str] = []
    asked = uncertain = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_damaged_pages(folder, chosen.count, chosen.seed, MIX, source=source_of(["all"], None))
        for page in json.loads((folder / "truth.json").read_text("utf-8"))["pages"]:
            scan = decode_page(folder / page["file"], 0)
            for turn in (0, 90, 180, 270):
                laid = replace(scan, picture=quarter_turned(scan.picture, turn))
                answer = reader.orientation_of(laid.picture, overview_of(laid)[0])
                asked += 1
                uncertain += answer.uncertain
                # The scan's own turn, set right by `turn_degrees`, and ours on top of it.
                if not answer.uncertain and answer.degrees != (page["turn_degrees"] - turn) % 360:
                    wrong.append(f"{page['title']} laid by {turn}°, confidence {answer.confidence}")
    right = asked - len(wrong) - uncertain
    print(
        f"{asked} pages: {right} set upright ({right / asked:.2%}), {len(wrong)} wrongly, {uncertain} left and flagged"
    )
    for line in wrong:
        print(f"  {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
