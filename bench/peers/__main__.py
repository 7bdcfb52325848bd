"""Pages an hour and errors beside OCRmyPDF, RapidOCR, PaddleOCR and jdeskew: the same pages, one run, in turns.

    python -m bench.peers [--pages 100] [--chunk 10] [--dpi 300] [--skew 5] [--json FILE]

The pages are printed askew (not turned) and scanned. Each contender takes a chunk of them, alone on the machine; then
the next one takes the same. Ours is the worker processes of the program, warm, one a core: from the file to the stored
reading, the picture for screens and one searchable PDF a chunk. OCRmyPDF (17, Tesseract chi_sim, `--deskew`, PDF/A, all
cores) gets the chunk as one PDF around the same JPEG files. RapidOCR and PaddleOCR get decoded, upright pages and write
nothing. jdeskew only tells the skew of the scans, and is not timed.

Character errors: edit distance over length, in reading order over whole pages, after NFKC, with 。、“”— folded
and white space taken out; over the pages that bear no seal, whose words no truth holds.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench.peers.contenders import OcrMyPdf, Ours, jdeskew, paddleocr, rapidocr
from bench.press.pages import sheets
from bench.press.scanner import random_feed, scan
from bench.press.truth import page_truth
from bench.text_errors import edit_distance, folded
from pipeline.cleaning.upright import deskewed
from pipeline.files.decode import decode_page
from pipeline.models import shared_folder


def print_pages(folder: Path, count: int, dpi: int, skew: float) -> list[tuple[Path, dict[str, Any]]]:
    """Writes scans that stand askew but are not turned; returns each with its truth."""
    chance = random.Random(31)
    written = []
    for number, (people, sheet) in zip(range(count), sheets(chance), strict=False):
        feed = replace(random_feed(chance, skew, dpi), turn_degrees=0)
        path = folder / f"{number:04}.jpg"
        scan(sheet, feed).save(path, quality=feed.quality, dpi=(dpi, dpi))
        written.append((path, {**page_truth(sheet, feed, people), "has_seal": sheet.has_seal}))
    return written


def compare(folder: Path, chosen: argparse.Namespace) -> dict[str, Any]:
    """Runs the contenders in turns; returns seconds a page of each chunk, errors, sizes and skews."""
    pages = print_pages(folder, chosen.pages, chosen.dpi, chosen.skew)
    ours, ocrmypdf, angles = Ours(chosen.models, folder), OcrMyPdf(), jdeskew()
    loops = {"RapidOCR": rapidocr(), "PaddleOCR": paddleocr(chosen.models)}
    ours.warm(pages[0][0])
    seconds: dict[str, list[float]] = {name: [] for name in ("edossier", "OCRmyPDF", *loops)}
    errors = dict.fromkeys(seconds, 0)
    sizes = dict.fromkeys(("scans", "edossier", "edossier, compact", "OCRmyPDF"), 0)
    skews: dict[str, list[float]] = {"edossier": [], "jdeskew": []}
    printed = 0
    for start in range(0, len(pages), chosen.chunk):
        chunk = pages[start : start + chosen.chunk]
        paths = [path for path, _ in chunk]
        texts: dict[str, list[str]] = {}
        started = time.perf_counter()
        texts["edossier"] = ours.take(paths)
        seconds["edossier"].append((time.perf_counter() - started) / len(chunk))
        ocrmypdf.prepare(paths)
        started = time.perf_counter()
        texts["OCRmyPDF"] = ocrmypdf.take(paths)
        seconds["OCRmyPDF"].append((time.perf_counter() - started) / len(chunk))
        arrays = [path.with_suffix(".npy") for path in paths]
        for path, array in zip(paths, arrays, strict=True):
            upright = deskewed(decode_page(path, 0).picture, ours.readings[path].deskew_degrees)
            np.save(array, np.ascontiguousarray(upright[..., ::-1]))
        for name, loop in loops.items():
            own, texts[name] = loop.take(arrays)
            seconds[name].append(own / len(chunk))
        ours.bind_compact(paths)
        _, degrees = angles.take(paths)
        for (path, truth), theirs in zip(chunk, degrees, strict=True):
            skews["edossier"].append(abs(ours.readings[path].skew_degrees - truth["skew_degrees"]))
            # It counts counter-clockwise.
            skews["jdeskew"].append(abs(-theirs - truth["skew_degrees"]))
        for array in arrays:
            array.unlink()
        sizes["scans"] += sum(path.stat().st_size for path in paths)
        for name, ending in (
            ("edossier", ".pdf"),
            ("edossier, compact", ".compact.pdf"),
            ("OCRmyPDF", ".ocrmypdf.pdf"),
        ):
            sizes[name] += paths[0].with_suffix(ending).stat().st_size
        for place, (_, truth) in enumerate(chunk):
            if truth["has_seal"]:
                continue
            expected = "".join(folded("".join(line["text"] for line in truth["lines"])).split())
            printed += len(expected)
            for name in errors:
                errors[name] += edit_distance("".join(folded(texts[name][place]).split()), expected)
        print(f"{start + len(chunk)} of {len(pages)} pages", file=sys.stderr, flush=True)
    ours.stop()
    for loop in (angles, *loops.values()):
        loop.stop()
    return {
        "pages": len(pages),
        "seconds": seconds,
        "errors": errors,
        "printed": printed,
        "sizes": sizes,
        "skews": skews,
    }


def report(found: dict[str, Any]) -> None:
    """Prints what `compare` found."""
    print(f"{found['pages']} pages, {found['printed']} characters")
    print(f"{'':<10}  seconds a page, by chunk: min / median / max   pages an hour   character errors")
    for name, taken in found["seconds"].items():
        spread = f"{min(taken):.2f} / {median(taken):.2f} / {max(taken):.2f}"
        hour = 3600 * len(taken) / sum(taken)
        print(f"{name:<10}  {spread:>42}   {hour:13.0f}   {found['errors'][name] / found['printed']:16.3%}")
    for name, skews in found["skews"].items():
        print(f"skew left, {name}: mean {sum(skews) / len(skews):.3f}°, worst {max(skews):.2f}°")
    sizes = dict(found["sizes"])
    scans = sizes.pop("scans")
    print("PDF over the scans' bytes: " + ", ".join(f"{name} {size / scans:.3f}" for name, size in sizes.items()))
    print(f"compact over OCRmyPDF's: {sizes['edossier, compact'] / sizes['OCRmyPDF']:.3f}")


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description="Beside OCRmyPDF and RapidOCR.")
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--chunk", type=int, default=10)
    parser.add_argument("--dpi", type=int, default=300)
    parser.add_argument("--skew", type=float, default=5.0, help="largest skew, degrees")
    parser.add_argument("--models", type=Path, default=shared_folder())
    parser.add_argument("--json", type=Path, help="also write all figures there")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        found = compare(Path(folder), chosen)
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    report(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
