"""Where the time of a page goes: processor seconds by stage, in one process with one thread, as a worker has it.

    python -m bench.stages [--count 10] [--dpi 300] [--json FILE]

The stages are the program's own functions, with a stopwatch around each; a stage's time is without that of the stages
it calls. What lies between them (waits, leases, the catalogue, the vault) is measured by `bench.latency`.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from statistics import median
from typing import Any

from bench.press.pages import write_pages
from dossier.contents import Contents
from dossier.reading import Reading
from indexer.entry import PagePlace, entry_of_page
from indexer.tantivy_engine import TantivyEngine
from pipeline.binding.searchable_pdf import PdfInfo, PdfPage, assemble
from pipeline.cleaning.upright_page import UprightPage
from pipeline.crew import worker as worker_module
from pipeline.crew.tasks import InspectTask, ReadTask
from pipeline.crew.worker import Reads, Worker
from pipeline.files.sources import Limits
from pipeline.models import shared_folder

OCR_STAGES = ("find", "cut lines", "recognise")
STAGES = ("look", "decode", "clean up", *OCR_STAGES, "other reading", "screen picture", "bind", "index")
_LIMITS = Limits(max_pixels=400_000_000, max_pages=10_000)


class Stopwatch:
    """Seconds by stage; those of a stage that another one calls count for the inner one only.

    Args:
        clock: seconds that only rise.
    """

    def __init__(self, clock: Callable[[], float] = time.process_time) -> None:
        self.seconds: dict[str, float] = {}
        self._clock = clock
        self._running: list[str] = []
        self._since = 0.0

    def around(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed as a stage."""

        @wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            self._count()
            self._running.append(stage)
            try:
                return function(*arguments, **named)
            finally:
                self._count()
                self._running.pop()

        return timed

    def take(self) -> dict[str, float]:
        """The seconds since they were taken last."""
        taken, self.seconds = self.seconds, {}
        return taken

    def _count(self) -> None:
        now = self._clock()
        if self._running:
            stage = self._running[-1]
            self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._since
        self._since = now


def timed_worker(models: Path, stopwatch: Stopwatch) -> Worker:
    """A worker whose stages are timed; from then on they are in the whole process."""
    from pipeline.reading import page_reader

    def factory(folder: Path) -> Reads:
        reader: Any = worker_module.page_reader(folder)
        engine = reader._engine
        for owner, name, stage in (
            (reader, "read", "other reading"),
            (engine, "read", "other reading"),
            (reader._orientation, "measure", "clean up"),
            (engine._models, "find", "find"),
            (engine._models, "recognise", "recognise"),
        ):
            setattr(owner, name, stopwatch.around(stage, getattr(owner, name)))
        return reader  # type: ignore[no-any-return]

    UprightPage.cut_out = stopwatch.around("cut lines", UprightPage.cut_out)  # type: ignore[method-assign]
    page_reader.decode_page = stopwatch.around("decode", page_reader.decode_page)
    worker_module.write_picture = stopwatch.around("screen picture", worker_module.write_picture)
    for name, function in list(vars(page_reader).items()):
        if inspect.isfunction(function) and function.__module__.startswith("pipeline.cleaning"):
            setattr(page_reader, name, stopwatch.around("clean up", function))
    worker = Worker(models, factory)
    worker.prepare(ReadTask)
    return worker


def page_through(path: Path, worker: Worker, engine: TantivyEngine, stopwatch: Stopwatch, number: int) -> None:
    """Takes a page through all stages."""
    found = stopwatch.around("look", worker.perform)(InspectTask(path, path.name, _LIMITS))
    assert isinstance(found, Contents)
    reading = worker.perform(ReadTask(path, found.shapes[0], path.with_suffix(".screen")))  # type: ignore[arg-type]
    assert isinstance(reading, Reading)
    page = PdfPage(f"p{number}", path, 0, reading, None, None)
    info = PdfInfo(title=path.name, case_number="", volume="")
    stopwatch.around("bind", assemble)([page], info, [], path.with_suffix(".pdf"))
    place = PagePlace(f"p{number}", "c", "v", "d", number, "", "v")
    entry = stopwatch.around("index", entry_of_page)(place, number, reading, None)
    stopwatch.around("index", engine.apply)([entry])


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.stages", description="Seconds of a page, by stage.")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--dpi", type=int, default=300)
    parser.add_argument("--json", type=Path, help="also write every page's seconds to this file")
    parser.add_argument("--models", type=Path, default=shared_folder())
    chosen = parser.parse_args(arguments)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    stopwatch = Stopwatch()
    pages: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_pages(folder, chosen.count + 1, seed=43, dpi=chosen.dpi)
        worker, engine = timed_worker(chosen.models, stopwatch), TantivyEngine(folder / "index")
        for number, path in enumerate(sorted(folder.glob("*.jpg"))):
            page_through(path, worker, engine, stopwatch, number)
            pages.append(stopwatch.take())
        engine.close()
    pages = pages[1:]  # the first one warms up
    print(f"{'processor seconds: min / median / max':<20}")
    for stage in STAGES:
        seconds = [page.get(stage, 0.0) for page in pages]
        print(f"  {stage:<18}{min(seconds):7.3f} / {median(seconds):.3f} / {max(seconds):.3f}")
    whole = [sum(page.values()) for page in pages]
    print(f"  {'together':<18}{min(whole):7.3f} / {median(whole):.3f} / {max(whole):.3f}")
    besides = [sum(seconds for stage, seconds in page.items() if stage not in OCR_STAGES) for page in pages]
    print(f"  {'all but OCR':<18}{min(besides):7.3f} / {median(besides):.3f} / {max(besides):.3f}")
    if chosen.json:
        rounded = [{stage: round(page.get(stage, 0.0), 4) for stage in STAGES} for page in pages]
        chosen.json.write_text(json.dumps({"dpi": chosen.dpi, "pages": rounded}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
