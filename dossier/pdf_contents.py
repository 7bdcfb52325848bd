"""What a PDF is made of: pages with their readings, labels and holes, the title, the bookmarks; and a key for all that.

The key is part of the file's name: whoever is asked for a PDF knows from the catalogue alone whether the one that
stands there is of today.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from dossier import cases
from dossier.catalogue.tables import Arrival, Case, Document, Page, ReadingRow, Volume
from dossier.derived import Quality, pdf_recipe
from dossier.errors import error_of
from dossier.vault import Vault

MOST_CASE_PAGES = 15_000
"""Of one PDF of a whole dossier; larger ones are had volume by volume."""

_LONGEST_NAME_BYTES = 200
_AT_ONCE = 500


class BookmarkPlace(NamedTuple):
    """A bookmark: its title, the index of its page, and how deep it stands: 0 outermost."""

    title: str
    page: int
    level: int = 0


@dataclass(frozen=True)
class BoundPage:
    """A page of a PDF.

    Attributes:
        page: its row.
        sha256: of the original that it is on.
        reading: the reading in use; None before it has been read.
        label: the number on the paper, where a person has confirmed it.
        hole: why there is no text; None where there is.
    """

    page: Page
    sha256: str
    reading: ReadingRow | None
    label: str | None
    hole: str | None


@dataclass(frozen=True)
class PdfContents:
    """All that a PDF is made from.

    Attributes:
        title, case_number, volume: what stands in its metadata.
        pages: in order.
        bookmarks: in order.
        watermark: what stands faintly over every page; empty: nothing.
    """

    title: str
    case_number: str
    volume: str
    pages: tuple[BoundPage, ...]
    bookmarks: tuple[BookmarkPlace, ...]
    watermark: str = ""


def contents_of_document(session: Session, document_id: str) -> PdfContents:
    """What a document's PDF is made of."""
    document = session.get_one(Document, document_id)
    volume = session.get_one(Volume, document.volume_id)
    pages = _bound(session, select(Page).where(Page.document_id == document_id))
    return _contents(session, volume, f"{volume.name} {document.title}", pages, (BookmarkPlace(document.title, 0),))


def contents_of_volume(session: Session, volume: Volume) -> PdfContents:
    """What one PDF of a whole volume is made of, with a bookmark for each document."""
    pages = _bound(session, select(Page).where(Page.volume_id == volume.id))
    return _contents(session, volume, volume.name, pages, tuple(_bookmarks_of(session, volume, pages)))


def contents_of_case(session: Session, case: Case) -> PdfContents:
    """What one PDF of a whole dossier is made of: its volumes in their order, a bookmark for each, and under it one for
    each of its documents.
    """
    pages: list[BoundPage] = []
    bookmarks: list[BookmarkPlace] = []
    for volume in session.scalars(
        select(Volume).where(Volume.case_id == case.id).order_by(Volume.order_key, Volume.version, Volume.id)
    ):
        bound = _bound(session, select(Page).where(Page.volume_id == volume.id))
        if not bound:
            continue
        bookmarks.append(BookmarkPlace(volume.name, len(pages)))
        bookmarks += _bookmarks_of(session, volume, bound, len(pages), 1)
        pages += bound
    number = cases.number_of(session, case) or ""
    title = " ".join(part for part in (number, case.name or "电子卷宗") if part)
    return PdfContents(title, number, "", tuple(pages), tuple(bookmarks))


def pages_of_case(session: Session, case_id: str) -> int:
    """How many pages a dossier has, about: what tells whether it can be one PDF before all of it is looked at."""
    return (
        session.scalar(select(func.count()).select_from(Page).where(Page.case_id == case_id, Page.outside.is_(None)))
        or 0
    )


def _bookmarks_of(
    session: Session, volume: Volume, pages: Sequence[BoundPage], start: int = 0, level: int = 0
) -> list[BookmarkPlace]:
    """A bookmark for each document of a volume; one whose pages lie apart has a bookmark for each part."""
    titles = dict(session.execute(select(Document.id, Document.title).where(Document.volume_id == volume.id)).all())
    bookmarks: list[BookmarkPlace] = []
    previous = None
    for index, bound in enumerate(pages, start):
        if bound.page.document_id != previous:
            previous = bound.page.document_id
            bookmarks.append(BookmarkPlace(titles[previous], index, level))
    return bookmarks


def document_key(vault: Vault, contents: PdfContents, quality: Quality) -> str:
    """A short name for everything that a document's PDF is made from."""
    return _digest([pdf_recipe(quality), contents.title, _parts(vault, contents)])


def volume_key(vault: Vault, contents: PdfContents, quality: Quality) -> str:
    """A short name for everything that a volume's PDF is made from."""
    bookmarks = [(mark.title, mark.page) for mark in contents.bookmarks]
    return _digest([pdf_recipe(quality), contents.title, bookmarks, _parts(vault, contents)])


def contents_key(vault: Vault, contents: PdfContents, quality: Quality) -> str:
    """A short name for everything that the PDF of a dossier, or of chosen pages, is made from."""
    said = [contents.title, contents.watermark, contents.bookmarks]
    return _digest([pdf_recipe(quality), said, _parts(vault, contents)])


def file_name(title: str) -> str:
    """A name for a PDF, without its ending, that every system accepts."""
    wanted = re.sub(r'[\x00-\x1f\x7f/\\:*?"<>|]', "_", title).strip(" .") or "卷"
    return wanted.encode()[:_LONGEST_NAME_BYTES].decode(errors="ignore")


def _contents(
    session: Session, volume: Volume, name: str, pages: tuple[BoundPage, ...], bookmarks: tuple[BookmarkPlace, ...]
) -> PdfContents:
    number = cases.number_of(session, session.get_one(Case, volume.case_id)) or ""
    return PdfContents(" ".join(part for part in (number, name) if part), number, volume.name, pages, bookmarks)


def bound_pages(session: Session, page_ids: Sequence[str]) -> dict[str, BoundPage]:
    """Single pages, by id, also those outside the order; those that do not exist are left out."""
    found: dict[str, BoundPage] = {}
    for start in range(0, len(page_ids), _AT_ONCE):
        some = page_ids[start : start + _AT_ONCE]
        found |= {bound.page.id: bound for bound in _joined(session, select(Page).where(Page.id.in_(some)))}
    return found


def _bound(session: Session, pages: Select[Page]) -> tuple[BoundPage, ...]:
    """The pages of a selection, in order."""
    return _joined(session, pages.where(Page.outside.is_(None)))


def _joined(session: Session, pages: Select[Page]) -> tuple[BoundPage, ...]:
    """Pages with all that belongs to them, with one query for all."""
    of_pages = pages.subquery()
    rows = session.execute(
        select(Page, Arrival.sha256, ReadingRow)
        .join(of_pages, of_pages.c.id == Page.id)
        .join(Arrival, Arrival.id == Page.arrival_id)
        .outerjoin(ReadingRow, (ReadingRow.page_id == Page.id) & (ReadingRow.version == Page.reading_version))
        .order_by(Page.page_number)
    )
    return tuple(_page(page, sha256, reading) for page, sha256, reading in rows)


def _page(page: Page, sha256: str, reading: ReadingRow | None) -> BoundPage:
    hole = None
    if page.state == "parked" and reading is None:
        hole = error_of(page.error_code or "", page.error_detail).chinese
    elif reading is None:
        hole = "此页尚未识别。"
    label = page.page_label if page.page_label_state == "confirmed" else None
    return BoundPage(page, sha256, reading, label, hole)


def _parts(vault: Vault, contents: PdfContents) -> list[list[str | None]]:
    return [
        [
            bound.page.id,
            vault.reading_path(bound.page.id, bound.reading.version, bound.reading.sha256).name
            if bound.reading
            else "",
            bound.label,
            bound.hole,
        ]
        for bound in contents.pages
    ]


def _digest(made_from: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(made_from, ensure_ascii=False).encode()).hexdigest()[:16]
