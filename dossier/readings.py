"""Readings as the catalogue and the vault hold them together: the row names the file and its digest."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Page, ReadingRow
from dossier.errors import NotFound, ObjectChanged, StoreError
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
    return stored_reading(vault, row.page_id, row.version, row.sha256)


def reading_of_version(session: Session, vault: Vault, page_id: str, version: int) -> Reading:
    """A reading of a page, in use or an earlier one.

    Raises:
        NotFound: there is none of that version.
        ObjectMissing, ObjectChanged: as with `reading_of`.
    """
    row = session.get(ReadingRow, (page_id, version))
    if row is None:
        raise NotFound(f"{page_id}.{version}")
    return stored_reading(vault, row.page_id, row.version, row.sha256)


# Who has found a page opens it next, and then the page after it. The file is read and checked each time all the same.
_opened = lru_cache(maxsize=256)(Reading.from_bytes)


def stored_reading(vault: Vault, page_id: str, version: int, sha256: str) -> Reading:
    """A reading out of the vault, checked against its digest.

    Raises:
        ObjectMissing, ObjectChanged: as of `reading_of`.
    """
    try:
        return _opened(vault.reading(page_id, version, sha256))
    except ValueError as error:
        # Without the error's text, which repeats the page's.
        raise ObjectChanged(f"{page_id}.{version}: {type(error).__name__}") from error


def readings_of(session: Session, vault: Vault, pages: Collection[Page]) -> Iterator[tuple[str, Reading | StoreError]]:
    """The readings in use of pages, by page id, asked for with one statement; what has not been read is left out.

    What the vault has lost, or altered, comes as the error that `reading_of` would raise.
    """
    read = {page.id: page for page in pages if page.reading_version is not None}
    for row in session.scalars(select(ReadingRow).where(ReadingRow.page_id.in_(read))):
        page = read[row.page_id]
        if row.version == page.reading_version:
            try:
                yield page.id, stored_reading(vault, row.page_id, row.version, row.sha256)
            except StoreError as error:
                yield page.id, error


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
