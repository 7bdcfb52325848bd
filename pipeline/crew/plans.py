"""Plans: from the catalogue's rows to the tasks that workers perform, with everything a worker needs to know."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from sqlalchemy import Select, select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from dossier import cases
from dossier.catalogue.tables import Arrival, Case, Document, Page, ReadingRow, Volume
from dossier.derived import Derived, Quality, pdf_recipe
from dossier.errors import error_of
from dossier.readings import reading_of
from dossier.vault import Vault
from pipeline.binding.searchable_pdf import Bookmark, PdfInfo, PdfPage
from pipeline.crew.tasks import AssembleTask, InspectTask, PagePlan, PictureTask, ReadTask
from pipeline.files.sources import Limits, PageKind, PageSource, Part


def plan_inspection(session: Session, vault: Vault, arrival_id: str, limits: Limits) -> InspectTask:
    """How to look into an arrival whose contents are not known yet."""
    arrival = session.get_one(Arrival, arrival_id)
    return InspectTask(vault.original_path(arrival.sha256), Path(arrival.path).name, limits)


def plan_reading(session: Session, vault: Vault, derived: Derived, page_id: str) -> ReadTask:
    """How to read a page."""
    page = session.get_one(Page, page_id)
    picture = derived.page_picture(page.id, next_reading_version(page))
    return ReadTask(_original(session, vault, page), _source(page), picture)


def plan_picture(session: Session, vault: Vault, derived: Derived, page_id: str) -> PictureTask:
    """How to make the picture of a page as it stands now."""
    page = session.get_one(Page, page_id)
    reading = reading_of(session, vault, page)
    picture = derived.page_picture(page.id, page.reading_version)
    return PictureTask(_original(session, vault, page), _source(page), reading, picture)


def plan_document(
    session: Session, vault: Vault, derived: Derived, document_id: str, quality: Quality = "archive"
) -> tuple[AssembleTask, str]:
    """How to make a document's PDF, and the key under which it is kept."""
    document = session.get_one(Document, document_id)
    volume = session.get_one(Volume, document.volume_id)
    plans = _page_plans(session, vault, select(Page).where(Page.document_id == document_id))
    if not plans:
        raise NoResultFound(document_id)  # its pages have gone elsewhere, or out of the order
    info = _info(session, volume, f"{volume.name} {document.title}")
    key = _key(plans, info, quality)
    target = derived.document_pdf(document_id, key)
    return AssembleTask(plans, info, (Bookmark(document.title, 0),), target, quality), key


def plan_volume(
    session: Session, vault: Vault, volume: Volume, target: Path, quality: Quality = "archive"
) -> AssembleTask:
    """How to make one PDF of a whole volume, with a bookmark for each document."""
    pages = select(Page).where(Page.volume_id == volume.id)
    bookmarks = _bookmarks(session, volume)
    info = _info(session, volume, volume.name)
    return AssembleTask(_page_plans(session, vault, pages), info, bookmarks, target, quality)


def _bookmarks(session: Session, volume: Volume) -> tuple[Bookmark, ...]:
    """One for each document, at its first page; a document whose pages lie apart has one for each part."""
    bookmarks: list[Bookmark] = []
    previous = None
    rows = session.execute(
        select(Document.id, Document.title)
        .join(Page, Page.document_id == Document.id)
        .where(Page.volume_id == volume.id, Page.outside.is_(None))
        .order_by(Page.page_number)
    )
    for index, (document_id, title) in enumerate(rows):
        if document_id != previous:
            bookmarks.append(Bookmark(title, index))
            previous = document_id
    return tuple(bookmarks)


def next_reading_version(page: Page) -> int:
    """The version that the page's next reading gets."""
    return (page.reading_version or 0) + 1


def _source(page: Page) -> PageSource:
    kind = cast(PageKind, page.source_kind)
    part = cast(Part, page.part)
    return PageSource(
        _picture_in_file(page), kind, page.width, page.height, page.dpi, part, page.cut, page.turn_by_hand
    )


def _picture_in_file(page: Page) -> int:
    """The index of the page's picture in its file."""
    return page.index_in_file if page.picture_in_file is None else page.picture_in_file


def _original(session: Session, vault: Vault, page: Page) -> Path:
    return vault.original_path(session.get_one(Arrival, page.arrival_id).sha256)


def _page_plans(session: Session, vault: Vault, pages: Select[Page]) -> tuple[PagePlan, ...]:
    """The pages of a selection, in order, with one query for all."""
    of_pages = pages.where(Page.outside.is_(None)).subquery()
    rows = session.execute(
        select(Page, Arrival.sha256, ReadingRow)
        .join(of_pages, of_pages.c.id == Page.id)
        .join(Arrival, Arrival.id == Page.arrival_id)
        .outerjoin(ReadingRow, (ReadingRow.page_id == Page.id) & (ReadingRow.version == Page.reading_version))
        .order_by(Page.page_number)
    )
    return tuple(_page_plan(vault, page, sha256, reading) for page, sha256, reading in rows)


def _page_plan(vault: Vault, page: Page, sha256: str, reading: ReadingRow | None) -> PagePlan:
    hole = None
    if page.state == "parked" and reading is None:
        hole = error_of(page.error_code or "", page.error_detail).chinese
    elif reading is None:
        hole = "此页尚未识别。"
    label = page.page_label if page.page_label_state == "confirmed" else None
    return PagePlan(
        PdfPage(page.id, vault.original_path(sha256), _picture_in_file(page), None, label, hole, page.part != "whole"),
        vault.reading_path(page.id, reading.version, reading.sha256) if reading else None,
        reading.sha256 if reading else None,
    )


def _info(session: Session, volume: Volume, title: str) -> PdfInfo:
    case = session.get_one(Case, volume.case_id)
    number = cases.number_of(session, case) or ""
    return PdfInfo(title=" ".join(part for part in (number, title) if part), case_number=number, volume=volume.name)


def _key(plans: Sequence[PagePlan], info: PdfInfo, quality: Quality) -> str:
    """A short name for everything that the PDF is made from."""
    parts = [
        [plan.page.page_id, plan.reading_file.name if plan.reading_file else "", plan.page.label, plan.page.hole]
        for plan in plans
    ]
    content = json.dumps([pdf_recipe(quality), info.title, parts], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:16]
