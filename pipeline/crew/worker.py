"""A worker process: takes tasks from a pipe, one at a time, and answers each with a result or a typed error.

It has no access to the catalogue: it reads originals and stored readings, and writes derived files. The parent decides
what becomes of an answer. It ends when the pipe closes, that is, when its parent is gone.

It is confined before it sees the first foreign byte (dossier/confinement.py), and leads a group of processes of its
own, so that whatever it might start ends with it.
"""

from __future__ import annotations

import errno
import hashlib
import multiprocessing
import os
import pickle
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dossier.confinement import Confinement, allow_seconds, confine
from dossier.contents import Contents
from dossier.derived import THUMBNAIL, keep_time_of, smaller_picture, written_whole
from dossier.errors import (
    EdossierError,
    FileRefused,
    FileTooLarge,
    MachineFailed,
    ObjectChanged,
    ObjectMissing,
    PageFailed,
    PageTooHeavy,
    is_machine_fault,
)
from dossier.lifeline import die_with_parent
from dossier.reading import Reading
from pipeline.crew.answers import written
from pipeline.crew.tasks import Answer, AssembleTask, InspectTask, PagePlan, PictureTask, ReadTask, Task
from pipeline.files.sources import PageSource

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipeline.cleaning.upright_page import UprightPage
    from pipeline.reading.page_reader import PageResult

PICTURE_SIDE = 2200
PICTURE_QUALITY = 80
# Of processor time beside a task's time: a thread or two more than one may work for it, and loading models counts too.
_PROCESSOR_SHARE = 2.0
_PROCESSOR_SECONDS = 30.0


class Reads(Protocol):
    """What reads pages: `pipeline.reading.page_reader.PageReader`, or a stand-in that replays what was read once."""

    def read(self, path: Path, source: PageSource) -> PageResult:
        """Read a page."""


ReaderFactory = Callable[[Path], Reads]


def page_reader(models_dir: Path, ocr_engine: str = "openvino") -> Reads:
    """The reader with the real models; loading it takes seconds, so only who reads pages does."""
    from pipeline.reading.ocr import open_engine
    from pipeline.reading.page_reader import PageReader

    return PageReader(models_dir, open_engine(models_dir, ocr_engine))


def serve(
    connection: socket.socket,
    models_dir: Path,
    reader_factory: ReaderFactory = page_reader,
    first: type[Task] | None = None,
    niceness: int = 0,
    confinement: Confinement | None = None,
) -> None:
    """The main function of a worker process; it loads beforehand what `first`, the kind of its first task, takes."""
    os.nice(niceness)
    os.setsid()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        die_with_parent(parent.pid, signal.SIGKILL)
    # An interrupt at the keyboard reaches the whole group; the parent decides when a worker ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if confinement is not None:
        confine(confinement)
    worker = Worker(models_dir, reader_factory)
    # What is wrong with the models or the machine, the first task says once more, to somebody who hears it.
    with suppress(Exception):
        worker.prepare(first)
    with connection.makefile("rb") as tasks, suppress(EOFError, ConnectionError):
        while True:
            task, seconds = pickle.load(tasks)  # noqa: S301 -- its parent's word
            allow_seconds(_PROCESSOR_SECONDS + _PROCESSOR_SHARE * seconds)
            connection.sendall(_answered(worker, task))


def _answered(worker: Worker, task: Task) -> bytes:
    """The answer to a task, as it travels; errors are answers, too."""
    try:
        return written(worker.perform(task))
    except EdossierError as error:
        return written(error)
    except MemoryError:
        return written(PageTooHeavy())
    except OSError as error:
        return written(_fault(error))
    except Exception as error:
        return written(PageFailed(f"{type(error).__name__}: {error}"))


def _fault(error: OSError) -> EdossierError:
    """An error of the system as the page's or the machine's.

    What this process may not have more of, its confinement denies it; another page may well do with less.
    """
    if error.errno == errno.ENOMEM:
        return PageTooHeavy()
    if is_machine_fault(error) and error.errno != errno.EMFILE:
        return MachineFailed(str(error))
    return PageFailed(str(error))


class Worker:
    """Performs tasks; loads the models with the first page that needs them, unless it was told to prepare for it."""

    def __init__(self, models_dir: Path, reader_factory: ReaderFactory = page_reader) -> None:
        self._models_dir = models_dir
        self._reader_factory = reader_factory
        self._reader: Reads | None = None

    def prepare(self, kind: type[Task] | None) -> None:
        """Load what tasks of a kind take."""
        if kind is ReadTask:
            self._loaded_reader()
        elif kind is InspectTask:
            import pipeline.files.formats  # noqa: F401

    def perform(self, task: Task) -> Answer:
        """Do a task and return its answer.

        Raises:
            EdossierError: with the reason why it cannot be done.
        """
        match task:
            case InspectTask():
                return _inspect(task)
            case ReadTask():
                return self._read(task)
            case PictureTask():
                _picture(task)
            case AssembleTask():
                _assemble(task)
        return None

    def _read(self, task: ReadTask) -> Reading:
        result = self._loaded_reader().read(task.path, task.source)
        from pipeline.cleaning.separator import separator_code

        shown = result.page.reduced(PICTURE_SIDE)
        _write_jpeg(shown, task.picture)
        return replace(result.reading, separator=separator_code(shown))

    def _loaded_reader(self) -> Reads:
        if self._reader is None:
            self._reader = self._reader_factory(self._models_dir)
        return self._reader


def write_picture(page: UprightPage, target: Path) -> None:
    """Write a page as a JPEG for screens, its long side capped, and a small one beside it; each whole or not at all."""
    _write_jpeg(page.reduced(PICTURE_SIDE), target)


def _write_jpeg(picture: NDArray[np.uint8], target: Path) -> None:
    from PIL import Image

    image = Image.fromarray(picture)
    with written_whole(target) as temporary:
        image.save(temporary, "JPEG", quality=PICTURE_QUALITY)
    if image.width > THUMBNAIL:
        small = image.resize((THUMBNAIL, max(1, round(image.height * THUMBNAIL / image.width))), Image.Resampling.BOX)
        with written_whole(smaller_picture(target, THUMBNAIL)) as temporary:
            small.save(temporary, "JPEG", quality=PICTURE_QUALITY)
            keep_time_of(target, temporary)


def _inspect(task: InspectTask) -> Contents:
    from pipeline.cleaning.spread import parted
    from pipeline.files.formats import inspect
    from pipeline.files.sources import Format

    try:
        inspection = inspect(task.path, task.limits, name=task.name)
    except FileRefused as refusal:
        return Contents(refusal=refusal)
    except (MemoryError, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.ENOMEM:
            raise
        return Contents(refusal=FileTooLarge("内存超过 worker_memory_bytes / more memory than worker_memory_bytes"))
    is_single_picture = len(inspection.pages) == 1 and inspection.format is not Format.PDF
    pages = inspection.pages
    if task.limits.split_spreads:
        pages = parted(task.path, pages)
    return Contents(
        inspection.media_type, pages, is_single_picture, is_dynamic_form=inspection.is_dynamic_form
    )  # fmt: skip


def _picture(task: PictureTask) -> None:
    from pipeline.cleaning.photograph import upright_page
    from pipeline.cleaning.spread import half
    from pipeline.cleaning.upright_page import UprightPage
    from pipeline.files.decode import decode_page

    scan = decode_page(task.path, task.source.index)
    if task.reading is not None:
        page = upright_page(scan.picture, task.reading)
    elif task.source.part != "whole":
        page = UprightPage(half(scan, task.source).picture)
    else:
        page = UprightPage(scan.picture)
    write_picture(page, task.picture)


def _assemble(task: AssembleTask) -> None:
    from pipeline.binding.searchable_pdf import assemble

    pages = (replace(plan.page, reading=_stored_reading(plan)) for plan in task.pages)
    task.target.parent.mkdir(parents=True, exist_ok=True)
    assemble(pages, task.info, task.bookmarks, task.target, task.quality, task.watermark)


def _stored_reading(plan: PagePlan) -> Reading | None:
    if plan.reading_file is None:
        return None
    try:
        content = plan.reading_file.read_bytes()
    except FileNotFoundError as error:
        raise ObjectMissing(plan.reading_file.name) from error
    if hashlib.sha256(content).hexdigest() != plan.reading_sha256:
        raise ObjectChanged(plan.reading_file.name)
    return Reading.from_bytes(content)
