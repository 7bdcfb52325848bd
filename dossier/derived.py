"""What can be made again: upright pictures and PDFs, under names that change with whatever they are made from."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, assert_never

# How wide the small pictures are that stand in grids and beside hits, pixels. Whoever makes a page's picture makes this
# one, too: twenty of them are asked for at once, and each would take longer to make than to send.
THUMBNAIL = 240

# Raised when the way of making pictures or PDFs changes: old ones are then no longer found, and made anew.
PICTURE_RECIPE = 1
PDF_RECIPE = 1
COMPACT_RECIPE = 1

Quality = Literal["archive", "compact"]
"""How a PDF stores pictures: the scans' own bytes, or as few bytes as show all that the scans show."""


def pdf_recipe(quality: Quality) -> int | str:
    """What a PDF's name must say of the way it was made."""
    match quality:
        case "archive":
            return PDF_RECIPE
        case "compact":
            return f"{PDF_RECIPE} compact {COMPACT_RECIPE}"
    assert_never(quality)


class Derived:
    """The folder of derived files."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def page_picture(self, page_id: str, reading_version: int | None) -> Path:
        """The picture of a page for screens (JPEG): upright when it has been read, as scanned before."""
        state = f"r{reading_version}" if reading_version is not None else "scan"
        return self._root / "pages" / page_id[1:3] / f"{page_id}.{state}.{PICTURE_RECIPE}.jpg"

    def document_pdf(self, document_id: str, key: str) -> Path:
        """A document's searchable PDF; `key` stands for its pages, their readings, their order and the quality."""
        return self._root / "documents" / document_id[1:3] / f"{document_id}.{key}.pdf"

    def volume_pdf(self, volume_id: str, key: str) -> Path:
        """A volume's searchable PDF; `key` as of a document's, with the bookmarks."""
        return self._root / "volumes" / volume_id[1:3] / f"{volume_id}.{key}.pdf"

    def case_pdf(self, case_id: str, key: str) -> Path:
        """A whole dossier's searchable PDF; `key` as of a volume's."""
        return self._root / "cases" / case_id[1:3] / f"{case_id}.{key}.pdf"

    def exhibit_pdf(self, exhibit_id: str, key: str) -> Path:
        """The searchable PDF of chosen pages; `key` as of a volume's, with groups and watermark."""
        return self._root / "exhibits" / exhibit_id[1:3] / f"{exhibit_id}.{key}.pdf"

    def forget_exhibit(self, exhibit_id: str) -> None:
        """Remove what was made of chosen pages."""
        for path in self.exhibit_pdf(exhibit_id, "").parent.glob(f"{exhibit_id}.*.pdf"):
            path.unlink(missing_ok=True)

    def forget_others(self, kept: Path, subject_id: str) -> None:
        """Remove what was made of a subject before the file that stands now."""
        for path in kept.parent.glob(f"{subject_id}.*.pdf"):
            if path != kept:
                path.unlink(missing_ok=True)

    def forget_other_volume_pdfs(self, volume_id: str, key: str) -> None:
        """Remove what was made of a volume before."""
        kept = self.volume_pdf(volume_id, key)
        for path in kept.parent.glob(f"{volume_id}.*.pdf"):
            if path != kept:
                path.unlink(missing_ok=True)


def smaller_picture(picture: Path, width: int) -> Path:
    """Where a page's picture is kept at another width (pixels), beside it."""
    return picture.with_name(f"{picture.stem}.{width}.jpg")


def keep_time_of(picture: Path, smaller: Path) -> None:
    """Say of which picture a smaller one was made: it bears its time, and counts only as long as it does."""
    taken = picture.stat().st_mtime_ns
    os.utime(smaller, ns=(taken, taken))


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """A temporary path beside `target` that takes its place when the block ends well, and vanishes otherwise."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{secrets.token_hex(6)}.{target.name}")
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
