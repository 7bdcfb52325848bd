"""Who is compared: the program, OCRmyPDF, and loops of what reads or measures one page at a time."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from dossier.derived import Quality
from dossier.reading import Reading
from pipeline.binding.pdf_archive import PdfInfo
from pipeline.binding.searchable_pdf import PdfPage
from pipeline.crew.tasks import AssembleTask, PagePlan, ReadTask
from pipeline.crew.worker_process import WorkerProcess
from pipeline.files.formats import inspect

PEERS = Path("build/peers")


class Ours:
    """The program's worker processes, one a core."""

    name = "edossier"

    def __init__(self, models: Path, folder: Path) -> None:
        self._folder = folder
        self._workers = [WorkerProcess(models, 300.0, 1_000_000) for _ in os.sched_getaffinity(0)]
        self._plans: dict[Path, PagePlan] = {}
        self.readings: dict[Path, Reading] = {}

    def warm(self, path: Path) -> None:
        """Lets each worker load its models."""
        for worker in self._workers:
            worker.perform(ReadTask(path, inspect(path).pages[0], self._folder / "warm.jpg"))

    def take(self, paths: list[Path]) -> list[str]:
        """Reads a chunk and binds it; returns the pages' texts."""
        waiting = list(paths)
        busy: dict[WorkerProcess, Path] = {}
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
                    self._plans[path] = PagePlan(page, path.with_suffix(".gz"), hashlib.sha256(stored).hexdigest())
                    self.readings[path] = answer
        pages = tuple(self._plans[path] for path in paths)
        self._bind(pages, paths[0].with_suffix(".pdf"), "archive")
        return [self.readings[path].text for path in paths]

    def bind_compact(self, paths: list[Path]) -> None:
        """Binds a chunk that was read once more, as a compact PDF; not timed."""
        self._bind(tuple(self._plans[path] for path in paths), paths[0].with_suffix(".compact.pdf"), "compact")

    def _bind(self, pages: tuple[PagePlan, ...], target: Path, quality: Quality) -> None:
        made = self._workers[0].perform(AssembleTask(pages, PdfInfo("bench"), (), target, quality), 600.0)
        if isinstance(made, Exception):
            raise made

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
        program = str(PEERS / "ocrmypdf/bin/ocrmypdf")
        command: list[str | Path] = [program, *options, "--sidecar", text, "--quiet", combined, made]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        return text.read_text("utf-8").split("\f")[: len(paths)]

    def prepare(self, paths: list[Path]) -> None:
        """Puts the scans into one PDF, untouched; not timed."""
        program = str(PEERS / "ocrmypdf/bin/img2pdf")
        subprocess.run([program, *paths, "-o", paths[0].with_suffix(".in.pdf")], check=True)


class Loop:
    """A process that takes a path a line and answers each with its seconds and what it found, as JSON."""

    def __init__(self, program: str | Path, script: str, *arguments: str) -> None:
        """Starts it and waits until it has loaded what it needs.

        Args:
            program: the Python of the peer's environment.
            script: a file beside this one.
            arguments: for the script.
        """
        command = [str(program), str(Path(__file__).with_name(script)), *arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        return dict(json.loads(self._process.stdout.readline()))

    def take(self, paths: Sequence[Path]) -> tuple[float, list[Any]]:
        """What it finds on pages, and the seconds that it counts for itself."""
        assert self._process.stdin is not None
        seconds, found = 0.0, []
        for path in paths:
            print(path.resolve(), file=self._process.stdin, flush=True)
            answer = self._answer()
            seconds += answer["seconds"]
            found.append(answer["found"])
        return seconds, found

    def stop(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()


def rapidocr() -> Loop:
    """RapidOCR with its own defaults, all cores."""
    return Loop(PEERS / "rapidocr/bin/python", "rapidocr_loop.py")


def paddleocr(models: Path) -> Loop:
    """PaddleOCR's own pipeline with its defaults, its own number of threads, and our models."""
    return Loop(sys.executable, "paddleocr_loop.py", str(models))


def jdeskew() -> Loop:
    """jdeskew, which only tells the angle of a page."""
    return Loop(PEERS / "jdeskew/bin/python", "jdeskew_loop.py")
