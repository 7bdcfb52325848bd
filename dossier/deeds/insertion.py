"""A page that comes late, or a whole file or document of them, goes behind page n of its volume with one deed.

Tissue receipts, copies of identity cards and photographs are scanned last and so stand last. Whoever holds the paper
knows the number behind which it belongs, and need not drag it over two hundred pages.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import audit, flags
from dossier.catalogue.tables import Arrival, Page
from dossier.deeds.deed import Done, document_of, name_of, page_of, settle, volume_of
from dossier.deeds.page_order import arrange, pages_in_place
from dossier.errors import DeedRefused, NotFound


@dataclass(frozen=True)
class Behind:
    """Behind which page: the one with this id, or with this number in the order as it stands; 0: to the front."""

    page_id: str | None = None
    number: int | None = None


def insert_page(session: Session, page_id: str, behind: Behind, actor: str) -> Done:
    """Put a page behind another one of its volume.

    Raises:
        DeedRefused: it stands outside the order, or there is no such place in its volume.
    """
    page = page_of(session, page_id)
    if page.outside is not None:
        raise DeedRefused("这一页不在页序里，请先放回原位")
    return _insert(session, page.volume_id, {page_id}, behind, actor)


def insert_document(session: Session, document_id: str, behind: Behind, actor: str) -> Done:
    """Put a document's pages, in their order, behind a page of their volume; whether it was misplaced is answered."""
    document = document_of(session, document_id)
    ids = session.scalars(select(Page.id).where(Page.document_id == document_id, Page.outside.is_(None))).all()
    done = _insert(session, document.volume_id, ids, behind, actor)
    flags.close_flag(session, "document", document_id, "name_reused")
    return done


def insert_file(session: Session, file_id: str, behind: Behind, actor: str) -> Done:
    """Put the pages that came in a file, in their order, behind a page of their volume."""
    arrival = session.get(Arrival, file_id)
    if arrival is None:
        raise NotFound(file_id)
    of_file = select(Page.id).where(
        Page.arrival_id == file_id, Page.volume_id == arrival.volume_id, Page.outside.is_(None)
    )
    return _insert(session, arrival.volume_id, session.scalars(of_file).all(), behind, actor)


def _insert(session: Session, volume_id: str, page_ids: Collection[str], behind: Behind, actor: str) -> Done:
    """Said again, by id or by number, it changes nothing: the page with that number is then the inserted one itself, or
    still the one before it.
    """
    if (behind.page_id is None) == (behind.number is None):
        raise DeedRefused("请写明插到哪一页之后")
    volume = volume_of(session, volume_id)
    pages = pages_in_place(session, volume_id)
    standing = [page for page in pages if page.outside is None]
    moving = [page for page in standing if page.id in page_ids]
    if not moving:
        raise DeedRefused("这里没有页序里的页")
    target = _target(standing, behind)
    if target in moving:
        first = standing.index(moving[0])
        if standing[first : first + len(moving)] != moving:
            raise DeedRefused("不能插到自己的页之后，请写别的页")
        return Done(f"{_named(moving)}已经在那里。", volume_id)
    rest = [page for page in standing if page not in moving]
    at = rest.index(target) + 1 if target is not None else 0
    laid = [*rest[:at], *moving, *rest[at:]]
    if laid == standing:
        return Done(f"{_named(moving)}已经在那里。", volume_id)
    named = _named(moving)
    ids = [page.id for page in moving]
    concerned, undo = arrange(session, volume, pages, [page.id for page in laid], {}, set(ids))
    audit.record(session, "insert", "volume", volume_id, actor, pages=ids, after=target.id if target else None)
    settle(session, volume_id, [], concerned)
    where = f"插到{name_of(target)}之后" if target is not None else "放到最前"
    return Done(f"{named}已{where}，现在是{_named(moving)}。", volume_id, (undo,))


def _target(standing: Sequence[Page], behind: Behind) -> Page | None:
    if behind.number == 0:
        return None
    if behind.number is not None:
        if behind.number > len(standing):
            raise DeedRefused(f"这一卷只有 {len(standing)} 页")
        return standing[behind.number - 1]
    found = next((page for page in standing if page.id == behind.page_id), None)
    if found is None:
        raise DeedRefused("只能插到同一卷页序里的一页之后")
    return found


def _named(pages: Sequence[Page]) -> str:
    if len(pages) == 1:
        return name_of(pages[0])
    return f"图像第 {pages[0].page_number}–{pages[-1].page_number} 页"
