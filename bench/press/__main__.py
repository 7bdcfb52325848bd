"""Prints and scans pages.

python -m bench.press sample [--out FOLDER]                    the sample dossier of `edossier demo`
python -m bench.press pages --out FOLDER [--count N] [--seed S] [--skew D]    pages for measurements, with truth.json
python -m bench.press pages --out FOLDER --damage all|empty|mix|KIND,… [--labels N]
    [--documents case|more|all|NAME…] [--texts FILE.jsonl]
    the same, damaged; N is the first stamped page number; documents beside those of the case, or texts of a file
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.press.pages import source_of, write_damaged_pages, write_pages
from bench.press.sample import write_sample


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.press", description="Prints and scans pages.")
    commands = parser.add_subparsers(dest="command", required=True)
    sample = commands.add_parser("sample", help="the sample dossier")
    sample.add_argument("--out", type=Path, default=Path("cli/sample_dossier"))
    pages = commands.add_parser("pages", help="pages for measurements")
    pages.add_argument("--out", type=Path, required=True)
    pages.add_argument("--count", type=int, default=20)
    pages.add_argument("--seed", type=int, default=1)
    pages.add_argument("--skew", type=float, default=3.0, help="largest skew, degrees")
    pages.add_argument("--dpi", type=int, default=None, help="of all pages; default: 200 and 300 mixed")
    pages.add_argument(
        "--damage", default=None, help="all, empty, mix or kinds with commas (bench/press/damage/kinds.py)"
    )
    pages.add_argument("--labels", type=int, default=None, help="stamp page numbers, from this one on")
    pages.add_argument("--documents", nargs="+", default=["case"], help="case, more, all or names; with --damage")
    pages.add_argument("--texts", type=Path, default=None, help="JSON lines of texts to print; with --damage")
    chosen = parser.parse_args(arguments)
    plain = chosen.command == "pages" and not chosen.damage
    if plain and (chosen.documents != ["case"] or chosen.texts or chosen.labels is not None):
        parser.error("--labels, --documents and --texts need --damage")
    if chosen.command == "sample":
        print(f"{write_sample(chosen.out)} bytes in {chosen.out}")
    elif chosen.damage:
        source = source_of(chosen.documents, chosen.texts)
        count = write_damaged_pages(chosen.out, chosen.count, chosen.seed, chosen.damage, chosen.labels, source)
        print(f"{count} pages in {chosen.out}")
    else:
        print(f"{write_pages(chosen.out, chosen.count, chosen.seed, chosen.skew, chosen.dpi)} pages in {chosen.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
