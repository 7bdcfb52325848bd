"""Pages an hour and character errors beside OCRmyPDF and bare RapidOCR: the same pages, one run, in turns.

    python -m bench.peers [--pages 100] [--chunk 10] [--dpi 300] [--skew 5] [--json FILE]

The pages are printed askew (not turned) and scanned. Each contender takes a chunk of them, alone on the machine; then
the next one takes the same. Ours is the worker processes of the program, warm, one a core: from the file to the stored
reading, the picture for screens and one searchable PDF a chunk. OCRmyPDF (17, Tesseract chi_sim, `--deskew`, PDF/A, all
cores) gets the chunk as one PDF around the same JPEG files. RapidOCR gets decoded, upright pages and writes nothing.

Character errors: edit distance over length, in reading order over whole pages, after NFKC, with 。、“”— folded
and white space taken out.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from multiprocessing.connection import wait
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench.press.pages import sheets
from bench.press.scanner import random_feed, scan
from bench.press.truth import page_truth
from bench.text_errors import edit_distance, folded
from dossier.reading import Reading
from pipeline.binding.pdf_archive import PdfInfo
from pipeline.binding.searchable_pdf import PdfPage
from pipeline.cleaning.upright import deskewed
from pipeline.crew.tasks import AssembleTask, PagePlan, ReadTask
from pipeline.crew.worker_process import WorkerProcess
from pipeline.files.decode import decode_page
from pipeline.files.formats import inspect
from pipeline.models import shared_folder

PEERS = Path("build/peers")


class Ours:
    """The program's worker processes, one a core."""

    name = "edossier"

    def __init__(self, models: Path, folder: Path) -> None:
        self._folder = folder
        self._workers = [WorkerProcess(models, 300.0, 1_000_000) for _ in os.sched_getaffinity(0)]
        self.readings: dict[Path, Reading] = {}

    def warm(self, path: Path) -> None:
        """Lets each worker load its models."""
        for worker in self._workers:
            worker.perform(ReadTask(path, inspect(path).pages[0], self._folder / "warm.jpg"))

    def take(self, paths: list[Path]) -> list[str]:
        """Reads a chunk and binds it; returns the pages' texts."""
        waiting, busy, plans = list(paths), {}, {}
        while waiting or busy:
            for worker in self._workers:
                if worker not in busy and waiting:
                    path = waiting.pop(0)
                    worker.begin(ReadTask(path, inspect(path).pages[0], path.with_suffix(".screen.jpg")))
                    busy[worker] = path
            wait([worker.connection for worker in busy if worker.connection], timeout=1.0)
            for worker in list(busy):
                answer = worker.answer()
                if isinstance(answer, Exception):
                    raise answer
                if isinstance(answer, Reading):
                    path = busy.pop(worker)
                    stored = answer.to_bytes()
                    path.with_suffix(".gz").write_bytes(stored)
                    page = PdfPage(path.stem, path, 0, None, None, None)
                    plans[path] = PagePlan(page, path.with_suffix(".gz"), hashlib.sha256(stored).hexdigest())
                    self.readings[path] = answer
        pages = tuple(plans[path] for path in paths)
        self._workers[0].perform(AssembleTask(pages, PdfInfo("bench"), (), paths[0].with_suffix(".pdf")), 600.0)
        return [self.readings[path].text for path in paths]

    def stop(self) -> None:
        """Ends the processes."""
        for worker in self._workers:
            worker.stop()


class OcrMyPdf:
    """OCRmyPDF as its users call it."""

    name = "OCRmyPDF"

    def take(self, paths: list[Path]) -> list[str]:
        """Makes a searchable PDF/A of a chunk; returns the pages' texts."""
        combined, made, text = (paths[0].with_suffix(suffix) for suffix in (".in.pdf", ".ocrmypdf.pdf", ".txt"))
        options = ["-l", "chi_sim", "--deskew", "--output-type", "pdfa", "--jobs", str(len(os.sched_getaffinity(0)))]
        command = [str(PEERS / "ocrmypdf/bin/ocrmypdf"), *options, "--sidecar", text, "--quiet", combined, made]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        return text.read_text("utf-8").split("\f")[: len(paths)]

    def prepare(self, paths: list[Path]) -> None:
        """Puts the scans into one PDF, untouched; not timed."""
        program = str(PEERS / "ocrmypdf/bin/img2pdf")
        subprocess.run([program, *paths, "-o", paths[0].with_suffix(".in.pdf")], check=True)


class RapidOcr:
    """A loop of bare RapidOCR."""

    name = "RapidOCR"

    def __init__(self) -> None:
        command = [str(PEERS / "rapidocr/bin/python"), str(Path(__file__).with_name("rapidocr_loop.py"))]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        return dict(json.loads(self._process.stdout.readline()))

    def take(self, paths: list[Path]) -> tuple[float, list[str]]:
        """Reads the upright arrays beside the scans; returns its own seconds and the pages' texts."""
        assert self._process.stdin is not None
        seconds, texts = 0.0, []
        for path in paths:
            print(path.with_suffix(".npy"), file=self._process.stdin, flush=True)
            answer = self._answer()
            seconds += answer["seconds"]
            texts.append(answer["text"])
        return seconds, texts

    def stop(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()


def print_pages(folder: Path, count: int, dpi: int, skew: float) -> list[tuple[Path, dict[str, Any]]]:
    """Writes scans that stand askew but are not turned; returns each with its truth."""
    chance = random.Random(31)
    written = []
    for number, (people, sheet) in zip(range(count), sheets(chance), strict=False):
        feed = replace(random_feed(chance, skew, dpi), turn_degrees=0)
        path = folder / f"{number:04}.jpg"
        scan(sheet, feed).save(path, quality=feed.quality, dpi=(dpi, dpi))
        written.append((path, page_truth(sheet, feed, people)))
    return written


def compare(folder: Path, chosen: argparse.Namespace) -> dict[str, Any]:
    """Runs the contenders in turns; returns seconds a page of each chunk, errors, sizes and skews."""
    pages = print_pages(folder, chosen.pages, chosen.dpi, chosen.skew)
    ours, ocrmypdf, rapidocr = Ours(chosen.models, folder), OcrMyPdf(), RapidOcr()
    ours.warm(pages[0][0])
    seconds: dict[str, list[float]] = {"edossier": [], "OCRmyPDF": [], "RapidOCR": []}
    errors = dict.fromkeys(seconds, 0)
    sizes = {"scans": 0, "edossier": 0, "OCRmyPDF": 0}
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
        for path in paths:
            upright = deskewed(decode_page(path, 0).picture, ours.readings[path].deskew_degrees)
            np.save(path.with_suffix(".npy"), np.ascontiguousarray(upright[..., ::-1]))
        own, texts["RapidOCR"] = rapidocr.take(paths)
        seconds["RapidOCR"].append(own / len(chunk))
        for path in paths:
            path.with_suffix(".npy").unlink()
            sizes["scans"] += path.stat().st_size
        sizes["edossier"] += paths[0].with_suffix(".pdf").stat().st_size
        sizes["OCRmyPDF"] += paths[0].with_suffix(".ocrmypdf.pdf").stat().st_size
        for place, (_, truth) in enumerate(chunk):
            expected = "".join(folded("".join(line["text"] for line in truth["lines"])).split())
            printed += len(expected)
            for name in errors:
                errors[name] += edit_distance("".join(folded(texts[name][place]).split()), expected)
        print(f"{start + len(chunk)} of {len(pages)} pages", file=sys.stderr, flush=True)
    ours.stop()
    rapidocr.stop()
    skews = [abs(ours.readings[path].skew_degrees - truth["skew_degrees"]) for path, truth in pages]
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
    skews, sizes = found["skews"], found["sizes"]
    print(f"skew left: mean {sum(skews) / len(skews):.3f}°, worst {max(skews):.2f}°")
    print(f"PDF over the scans' bytes: edossier {sizes['edossier'] / sizes['scans']:.3f}, ", end="")
    print(f"OCRmyPDF {sizes['OCRmyPDF'] / sizes['scans']:.3f}")


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
