"""Page readers that end their process at one page, as a broken decoder or the system's want of memory does."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from pipeline.crew.worker import Reads
from pipeline.files.decode import decode_page
from pipeline.files.sources import PageSource
from pipeline.reading.page_reader import PageResult
from tests.recorded import RecordedReader, number_of

CASE = "临检起诉受[2031]99010100007号"
DEADLY_PAGE, LAST_PAGE = 4, 6


class Killed(RecordedReader):
    """The process is killed while it reads the page."""

    def read(self, path: Path, source: PageSource) -> PageResult:
        if number_of(decode_page(path, source.index).picture) == DEADLY_PAGE:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().read(path, source)


class OutOfMemory(RecordedReader):
    """The page asks for more memory than there is."""

    def read(self, path: Path, source: PageSource) -> PageResult:
        if number_of(decode_page(path, source.index).picture) == DEADLY_PAGE:
            bytearray(1 << 60)
        return super().read(path, source)


def killed_reader(_models_dir: Path) -> Reads:
    """A factory for worker processes."""
    return Killed()


def out_of_memory_reader(_models_dir: Path) -> Reads:
    """A factory for worker processes."""
    return OutOfMemory()
