"""How large searchable PDFs are at both qualities, by kind of document, beside the scans' own bytes.

    python -m bench.pdf_size [FOLDER] [--count 14] [--seed 1] [--dpi 300] [--keep FOLDER]

Without a folder, pages are printed. Each page is bound alone, without text; what every PDF has besides (profile,
metadata, some 4 kB) counts. Seconds are processor time of binding a page, at `compact`, on one thread.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

import cv2

from bench.press.pages import write_pages
from dossier.derived import Quality
from dossier.reading import Reading
from pipeline.binding.searchable_pdf import PdfInfo, PdfPage, assemble
from pipeline.files.decode import decode_page
from pipeline.files.formats import inspect


def bound(path: Path, index: int, reading: Reading, quality: Quality, target: Path) -> int:
    """Binds one page; returns the size of the PDF in bytes."""
    page = PdfPage("page", path, index, reading, None, None)
    return assemble([page], PdfInfo("size"), [], target, quality).size


def measure(folder: Path, keep: Path | None) -> None:
    """Binds every page of a folder and prints a table."""
    listed = folder / "truth.json"
    pages = json.loads(listed.read_text(encoding="utf-8"))["pages"] if listed.is_file() else []
    kinds = {page["file"]: page["title"] for page in pages}
    rows: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    seconds = []
    paths = [folder / name for name in kinds] or sorted(path for path in folder.iterdir() if path.is_file())
    with tempfile.TemporaryDirectory() as name:
        for path in paths:
            sources = inspect(path).pages
            for source in sources:
                scan = decode_page(path, source.index)
                reading = Reading(scan.picture.shape[1], scan.picture.shape[0], scan.dpi)
                target = (keep or Path(name)) / f"{path.stem}.{source.index}.compact.pdf"
                archive = bound(path, source.index, reading, "archive", target.with_suffix(".archive.pdf"))
                started = time.process_time()
                compact = bound(path, source.index, reading, "compact", target)
                seconds.append(time.process_time() - started)
                own = path.stat().st_size / len(sources)
                rows[kinds.get(path.name, path.name)].append((own, archive, compact))
    print("| kind | pages | scans, kB | archive, kB | compact, kB | compact to scan, min / median / max |")
    print("|---|---|---|---|---|---|")
    every = [row for group in rows.values() for row in group]
    for kind, group in [*sorted(rows.items()), ("**all**", every)]:
        own, archive, compact = (sum(row[place] for row in group) / len(group) / 1000 for place in range(3))
        ratios = sorted(row[2] / row[0] for row in group)
        spread = f"{ratios[0]:.2f} / {median(ratios):.2f} / {ratios[-1]:.2f}"
        print(f"| {kind} | {len(group)} | {own:.0f} | {archive:.0f} | {compact:.0f} | {spread} |")
    print(f"together: {sum(row[2] for row in every) / sum(row[0] for row in every):.3f} of the scans' bytes")
    print(f"seconds a page: {min(seconds):.2f} / {median(seconds):.2f} / {max(seconds):.2f} (min/median/max)")


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.pdf_size", description="Sizes of searchable PDFs.")
    parser.add_argument("folder", type=Path, nargs="?", help="scans; default: pages are printed")
    parser.add_argument("--count", type=int, default=14)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dpi", type=int, default=300)
    parser.add_argument("--keep", type=Path, default=None, help="folder for the PDFs; default: they are dropped")
    chosen = parser.parse_args(arguments)
    cv2.setNumThreads(1)  # as in the worker processes
    if chosen.folder:
        measure(chosen.folder, chosen.keep)
    else:
        with tempfile.TemporaryDirectory() as name:
            write_pages(Path(name), chosen.count, chosen.seed, dpi=chosen.dpi)
            measure(Path(name), chosen.keep)
    return 0


if __name__ == "__main__":
    sys.exit(main())
