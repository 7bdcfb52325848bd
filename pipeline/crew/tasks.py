"""What a worker process can be asked to do, and what it answers: values that travel between processes.

Everything that touches foreign bytes is a task, so that it happens in a process that can be killed.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dossier.contents import Contents
from dossier.derived import Quality
from dossier.reading import Reading
from pipeline.binding.searchable_pdf import Bookmark, PdfInfo, PdfPage
from pipeline.files.sources import Limits, PageSource


@dataclass(frozen=True)
class InspectTask:
    """Look into a file: what is it, is it whole, which pages has it? Answered with `Contents`.

    `name` is the name under which it came; the file at `path` may bear another.
    """

    path: Path
    name: str
    limits: Limits


@dataclass(frozen=True)
class ReadTask:
    """Read a page and write its upright picture for screens to `picture`. Answered with a `Reading`."""

    path: Path
    source: PageSource
    picture: Path


@dataclass(frozen=True)
class PictureTask:
    """Write a page's picture for screens: upright where `reading` is known, else as scanned. Answered with None."""

    path: Path
    source: PageSource
    reading: Reading | None
    picture: Path


@dataclass(frozen=True)
class AssembleTask:
    """Write a searchable PDF to `target`. Answered with None.

    Readings are named by their stored files, and loaded by the worker.
    """

    pages: tuple[PagePlan, ...]
    info: PdfInfo
    bookmarks: tuple[Bookmark, ...]
    target: Path
    quality: Quality = "archive"
    watermark: str = ""


@dataclass(frozen=True)
class PagePlan:
    """A page of a PDF to be: a `PdfPage` whose reading is still a file in the vault."""

    page: PdfPage
    reading_file: Path | None
    reading_sha256: str | None


INSPECTION_BYTES_A_SECOND = 5_000_000


def inspection_seconds(path: Path, least: float) -> float:
    """Seconds that a look into a file may take: `least` for a small one, more for one that is not."""
    with suppress(FileNotFoundError):
        return least + path.stat().st_size / INSPECTION_BYTES_A_SECOND
    return least


Task = InspectTask | ReadTask | PictureTask | AssembleTask
Answer = Contents | Reading | None
