"""An office at work.

python -m bench.office build [--pages 100000]
python -m bench.office cost [--view NAME] [--profile]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.measurement import tell
from bench.office import cost
from bench.office.home import PAGES, build


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.office", description="An office at work.")
    parser.add_argument("part", choices=["build", "cost"])
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--view", default="", help="only views whose names contain this")
    parser.add_argument("--profile", action="store_true", help="show where the time goes")
    parser.add_argument("--json", type=Path, default=None, help="file for the figures")
    chosen = parser.parse_args(arguments)
    root = build(chosen.pages)
    if chosen.part == "cost":
        tell(cost.lines_of(figures := cost.measure(root, chosen.view, chosen.profile)), figures, chosen.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
