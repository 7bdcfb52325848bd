"""The memory of one process that reads many pages: where it starts, its peak, and whether it grows.

python -m bench.memory [--count 200] [--dpi 300] [--models FOLDER]
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
from pathlib import Path

import numpy as np

from bench.press.pages import write_pages
from pipeline.files.formats import inspect
from pipeline.models import shared_folder
from pipeline.reading.page_reader import PageReader

_DIFFERENT_PAGES = 24
_WARM = 30
"""Pages after which the slope is measured: until then buffers grow to the size of the largest page."""


def resident() -> float:
    """Megabytes of this process in memory now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description="Memory over many pages.")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--dpi", type=int, default=300)
    parser.add_argument("--models", type=Path, default=shared_folder())
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In a process of its own: what printing takes is no worker's.
        printing = multiprocessing.get_context("spawn").Process(
            target=write_pages, args=(folder, _DIFFERENT_PAGES, 11), kwargs={"dpi": chosen.dpi}
        )
        printing.start()
        printing.join()
        paths = sorted(folder.glob("*.jpg"))
        reader = PageReader(chosen.models)
        print(f"models loaded      {resident():6.0f} MB")
        measured = []
        for count in range(1, chosen.count + 1):
            path = paths[count % len(paths)]
            reader.read(path, inspect(path).pages[0])
            measured.append(resident())
            if count % max(chosen.count // 10, 1) == 0:
                print(f"after {count:4} pages   {measured[-1]:6.0f} MB", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(f"peak               {peak:6.0f} MB")
    warm = measured[_WARM:]
    if len(warm) > 1:
        slope = float(np.polyfit(np.arange(len(warm)), warm, 1)[0])
        print(f"slope              {slope * 1000:6.1f} kB a page after the first {_WARM}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
