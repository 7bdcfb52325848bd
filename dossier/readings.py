"""Readings as the catalogue and the vault hold them together: the row names the file and its digest."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Page, ReadingRow
from dossier.errors import ObjectChanged
from dossier.reading import Reading
from dossier.vault import Vault


def reading_of(session: Session, vault: Vault, page: Page) -> Reading | None:
    """The reading in use of a page, checked against its digest; None where it has not been read.

    Raises:
        ObjectMissing: its file is not in the vault.
        ObjectChanged: its file is not what was stored.
    """
    if page.reading_version is None:
        return None
    row = session.get_one(ReadingRow, (page.id, page.reading_version))
    try:
        return Reading.from_bytes(vault.reading(page.id, row.version, row.sha256))
    except ValueError as error:
        # Without the error's text, which repeats the page's.
        raise ObjectChanged(f"{page.id}.{row.version}: {type(error).__name__}") from error


def reading_file(session: Session, vault: Vault, page: Page) -> tuple[Path, str] | None:
    """The file of the reading in use and its SHA-256, for a process without the catalogue."""
    if page.reading_version is None:
        return None
    row = session.get_one(ReadingRow, (page.id, page.reading_version))
    return vault.reading_path(page.id, row.version, row.sha256), row.sha256


def following_page(session: Session, page: Page) -> Page | None:
    """The page that a sentence goes on to: the next in the volume that is not blank."""
    if page.outside is not None:
        return None
    return session.scalars(
        select(Page)
        .where(Page.volume_id == page.volume_id, Page.page_number > page.page_number, Page.blank.is_(False))
        .order_by(Page.page_number)
        .limit(1)
    ).first()
