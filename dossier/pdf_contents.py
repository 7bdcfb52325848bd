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

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from dossier import cases
from dossier.catalogue.tables import Arrival, Case, Document, Page, ReadingRow, Volume
from dossier.derived import Quality, pdf_recipe
from dossier.errors import error_of
from dossier.vault import Vault

_LONGEST_NAME_BYTES = 200


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
        bookmarks: titles, each with the index of its page.
    """

    title: str
    case_number: str
    volume: str
    pages: tuple[BoundPage, ...]
    bookmarks: tuple[tuple[str, int], ...]


def contents_of_document(session: Session, document_id: str) -> PdfContents:
    """What a document's PDF is made of."""
    document = session.get_one(Document, document_id)
    volume = session.get_one(Volume, document.volume_id)
    pages = _bound(session, select(Page).where(Page.document_id == document_id))
    return _contents(session, volume, f"{volume.name} {document.title}", pages, ((document.title, 0),))


def contents_of_volume(session: Session, volume: Volume) -> PdfContents:
    """What one PDF of a whole volume is made of, with a bookmark for each document."""
    pages = _bound(session, select(Page).where(Page.volume_id == volume.id))
    titles = dict(session.execute(select(Document.id, Document.title).where(Document.volume_id == volume.id)).all())
    bookmarks: list[tuple[str, int]] = []
    previous = None
    # A document whose pages lie apart has a bookmark for each part.
    for index, bound in enumerate(pages):
        if bound.page.document_id != previous:
            previous = bound.page.document_id
            bookmarks.append((titles[previous], index))
    return _contents(session, volume, volume.name, pages, tuple(bookmarks))


def document_key(vault: Vault, contents: PdfContents, quality: Quality) -> str:
    """A short name for everything that a document's PDF is made from."""
    return _digest([pdf_recipe(quality), contents.title, _parts(vault, contents)])


def volume_key(vault: Vault, contents: PdfContents, quality: Quality) -> str:
    """A short name for everything that a volume's PDF is made from."""
    return _digest([pdf_recipe(quality), contents.title, contents.bookmarks, _parts(vault, contents)])


def file_name(title: str) -> str:
    """A name for a PDF, without its ending, that every system accepts."""
    wanted = re.sub(r'[\x00-\x1f\x7f/\\:*?"<>|]', "_", title).strip(" .") or "卷"
    return wanted.encode()[:_LONGEST_NAME_BYTES].decode(errors="ignore")


def _contents(
    session: Session, volume: Volume, name: str, pages: tuple[BoundPage, ...], bookmarks: tuple[tuple[str, int], ...]
) -> PdfContents:
    number = cases.number_of(session, session.get_one(Case, volume.case_id)) or ""
    return PdfContents(" ".join(part for part in (number, name) if part), number, volume.name, pages, bookmarks)


def _bound(session: Session, pages: Select[Page]) -> tuple[BoundPage, ...]:
    """The pages of a selection, in order, with one query for all."""
    of_pages = pages.where(Page.outside.is_(None)).subquery()
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
