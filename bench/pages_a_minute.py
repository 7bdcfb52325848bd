"""Pages a minute of the whole reading of a page, beside bare PaddleOCR on the same models and the same pages.

    python -m bench.pages_a_minute [--count 20] [--dpi 300] [--models FOLDER]

Every contender lives in a process of its own and reads the same pages in turn, one contender at a time, so that what
else the machine does falls on all alike. PaddleOCR's own pipeline, with all its defaults, gets pages that are upright
already and decoded; ours decodes, turns, deskews, looks for blanks and red ink, and gives boxes for characters.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

import numpy as np

from bench.bare_paddleocr import bare_paddleocr
from bench.press.pages import write_pages
from pipeline.models import shared_folder

Reader = Callable[[Path], None]


def ours(models: Path, engine: str = "openvino") -> Reader:
    """The project's page reader, one thread."""
    from pipeline.files.formats import inspect
    from pipeline.reading.ocr import open_engine
    from pipeline.reading.page_reader import PageReader

    reader = PageReader(models, open_engine(models, engine))
    return lambda path: void(reader.read(path, inspect(path).pages[0]))


def bare(models: Path, threads: int | None) -> Reader:
    """PaddleOCR's own pipeline; see `bare_paddleocr`."""
    reader = bare_paddleocr(models, threads)
    return lambda path: void(reader.predict(np.load(path.with_suffix(".npy"))))


def void(_: object) -> None:
    """Throws a result away."""


def ours_on_paddleocr(models: Path) -> Reader:
    """The project's page reader with `ocr_engine = "paddleocr"`, one thread."""
    return ours(models, "paddleocr")


def bare_default(models: Path) -> Reader:
    """PaddleOCR as it comes."""
    return bare(models, None)


def bare_one_thread(models: Path) -> Reader:
    """PaddleOCR as it comes, but with one thread, as each of our processes has."""
    return bare(models, 1)


CONTENDERS: dict[str, Callable[[Path], Reader]] = {
    "whole reading, OpenVINO": ours,
    "whole reading, PaddleOCR": ours_on_paddleocr,
    "PaddleOCR alone, one thread": bare_one_thread,
    "PaddleOCR alone, its own threads": bare_default,
}


def serve(connection: Connection, contender: str, models: Path) -> None:
    """A contender's process: reads the pages that it is told, and answers with the seconds each took."""
    read = CONTENDERS[contender](models)
    connection.send(0.0)
    while (path := connection.recv()) is not None:
        started = time.perf_counter()
        read(path)
        connection.send(time.perf_counter() - started)


def upright_copies(folder: Path, models: Path) -> list[Path]:
    """Saves each page upright, as BGR pixels beside its scan; returns the scans."""
    from pipeline.cleaning.deskew import measure_skew
    from pipeline.cleaning.orientation import OrientationModel
    from pipeline.cleaning.upright import deskewed, quarter_turned
    from pipeline.files.decode import decode_page

    model = OrientationModel(models)
    paths = sorted(folder.glob("*.jpg"))
    for path in paths:
        picture = decode_page(path, 0).picture
        picture = quarter_turned(picture, model.measure(picture).correction)
        picture = deskewed(picture, measure_skew(picture).correction)
        np.save(path.with_suffix(".npy"), np.ascontiguousarray(picture[..., ::-1]))
    return paths


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages_a_minute", description="Speed beside PaddleOCR.")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--dpi", type=int, default=300)
    parser.add_argument("--models", type=Path, default=shared_folder())
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_pages(folder, chosen.count, seed=21, dpi=chosen.dpi)
        paths = upright_copies(folder, chosen.models)
        spawn = multiprocessing.get_context("spawn")
        seconds: dict[str, list[float]] = {}
        pipes = {}
        for contender in CONTENDERS:
            near, far = spawn.Pipe()
            spawn.Process(target=serve, args=(far, contender, chosen.models), daemon=True).start()
            pipes[contender] = near
            near.recv()
        for path in paths:
            for contender, pipe in pipes.items():
                pipe.send(path)
                seconds.setdefault(contender, []).append(pipe.recv())
        for pipe in pipes.values():
            pipe.send(None)
    print(f"{len(paths)} pages, {chosen.dpi} dpi")
    print(f"{'':<34}  seconds a page: min / median / max   pages a minute")
    for contender, taken in seconds.items():
        spread = f"{min(taken):6.2f} / {median(taken):6.2f} / {max(taken):6.2f}"
        print(f"{contender:<34}  {spread:>36}   {60 * len(taken) / sum(taken):14.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
