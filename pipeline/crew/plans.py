"""Plans: from the catalogue's rows to the tasks that workers perform, with everything a worker needs to know."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Arrival, Case, Exhibit, Page, Volume
from dossier.citations import CitationTemplate
from dossier.derived import Derived, Quality
from dossier.exhibits import contents_of_exhibit
from dossier.pdf_contents import (
    BoundPage,
    PdfContents,
    contents_key,
    contents_of_case,
    contents_of_document,
    contents_of_volume,
    document_key,
    volume_key,
)
from dossier.reading import Crop
from dossier.readings import reading_of, reading_of_version
from dossier.vault import Vault
from pipeline.binding.searchable_pdf import Bookmark, PdfInfo, PdfPage
from pipeline.crew.tasks import AssembleTask, InspectTask, PagePlan, PictureTask, ReadTask
from pipeline.files.sources import CroppedPage, Limits, PageKind, PageSource, Part


def plan_inspection(session: Session, vault: Vault, arrival_id: str, limits: Limits) -> InspectTask:
    """How to look into an arrival whose contents are not known yet."""
    arrival = session.get_one(Arrival, arrival_id)
    return InspectTask(vault.original_path(arrival.sha256), Path(arrival.path).name, limits)


def plan_reading(session: Session, vault: Vault, derived: Derived, page_id: str) -> ReadTask:
    """How to read a page."""
    page = session.get_one(Page, page_id)
    picture = derived.page_picture(page.id, next_reading_version(page))
    source = replace(_source(page), cropped=_cropped(session, vault, page))
    return ReadTask(_original(session, vault, page), source, picture)


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
    contents = contents_of_document(session, document_id)
    if not contents.pages:
        raise NoResultFound(document_id)  # they have gone elsewhere, or out of the order
    key = document_key(vault, contents, quality)
    return _assembly(vault, contents, derived.document_pdf(document_id, key), quality), key


def plan_kept_volume(
    session: Session, vault: Vault, derived: Derived, volume_id: str, quality: Quality = "archive"
) -> tuple[AssembleTask, str]:
    """How to make a volume's PDF that is kept for whoever asks again, and its key."""
    contents = contents_of_volume(session, session.get_one(Volume, volume_id))
    key = volume_key(vault, contents, quality)
    return _assembly(vault, contents, derived.volume_pdf(volume_id, key), quality), key


def plan_kept_case(
    session: Session, vault: Vault, derived: Derived, case_id: str, quality: Quality = "archive"
) -> tuple[AssembleTask, str]:
    """How to make a whole dossier's PDF that is kept for whoever asks again, and its key."""
    contents = contents_of_case(session, session.get_one(Case, case_id))
    if not contents.pages:
        raise NoResultFound(case_id)
    key = contents_key(vault, contents, quality)
    return _assembly(vault, contents, derived.case_pdf(case_id, key), quality), key


def plan_exhibit(
    session: Session, vault: Vault, derived: Derived, exhibit_id: str, quality: Quality, template: CitationTemplate
) -> tuple[AssembleTask, str]:
    """How to make the PDF of chosen pages, and its key."""
    contents = contents_of_exhibit(session, session.get_one(Exhibit, exhibit_id), template)
    if not contents.pages:
        raise NoResultFound(exhibit_id)
    key = contents_key(vault, contents, quality)
    return _assembly(vault, contents, derived.exhibit_pdf(exhibit_id, key), quality), key


def plan_volume(
    session: Session, vault: Vault, volume: Volume, target: Path, quality: Quality = "archive"
) -> AssembleTask:
    """How to make one PDF of a whole volume, with a bookmark for each document."""
    return _assembly(vault, contents_of_volume(session, volume), target, quality)


def next_reading_version(page: Page) -> int:
    """The version that the page's next reading gets."""
    return (page.reading_version or 0) + 1


def _source(page: Page) -> PageSource:
    kind = cast(PageKind, page.source_kind)
    part = cast(Part, page.part)
    return PageSource(
        _picture_in_file(page), kind, page.width, page.height, page.dpi, part, page.cut, page.turn_by_hand
    )


def _cropped(session: Session, vault: Vault, page: Page) -> CroppedPage | None:
    """The part of a page that is to be read, where a person has cropped it."""
    if page.crop_by_hand is None:
        return None
    crop = Crop.of_json(page.crop_by_hand)
    whole = reading_of_version(session, vault, page.id, crop.version)
    return CroppedPage(crop, replace(whole, lines=(), labels=()))


def _picture_in_file(page: Page) -> int:
    """The index of the page's picture in its file."""
    return page.index_in_file if page.picture_in_file is None else page.picture_in_file


def _original(session: Session, vault: Vault, page: Page) -> Path:
    return vault.original_path(session.get_one(Arrival, page.arrival_id).sha256)


def _assembly(vault: Vault, contents: PdfContents, target: Path, quality: Quality) -> AssembleTask:
    info = PdfInfo(title=contents.title, case_number=contents.case_number, volume=contents.volume)
    bookmarks = tuple(Bookmark(*bookmark) for bookmark in contents.bookmarks)
    pages = tuple(_page_plan(vault, bound) for bound in contents.pages)
    return AssembleTask(pages, info, bookmarks, target, quality, contents.watermark)


def without_unread_pictures(task: AssembleTask) -> AssembleTask:
    """The same PDF with a note in the place of each page that has not been read.

    Its picture may be what an earlier attempt failed at: one page that takes for ever must not keep the others out.
    """
    pages = tuple(
        replace(plan, page=replace(plan.page, original=None))
        if plan.reading_file is None and plan.page.hole is not None
        else plan
        for plan in task.pages
    )
    return replace(task, pages=pages)


def _page_plan(vault: Vault, bound: BoundPage) -> PagePlan:
    page, reading = bound.page, bound.reading
    return PagePlan(
        PdfPage(
            page.id, vault.original_path(bound.sha256), _picture_in_file(page), None, bound.label, bound.hole,
            page.part != "whole",
        ),
        vault.reading_path(page.id, reading.version, reading.sha256) if reading else None,
        reading.sha256 if reading else None,
    )  # fmt: skip
