"""Bookmarks 书签: pages to which somebody has given a name, to find them again; theirs alone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import audit
from dossier.catalogue.tables import Bookmark, Case, Page, Volume
from dossier.errors import NotFound, UsageError
from dossier.excerpts import printable
from dossier.permissions import seen_by, sees
from dossier.viewers import Viewer

LONGEST_NAME = 100
MOST_LISTED = 1000


def bookmarks_of(session: Session, viewer: Viewer, case_id: str = "") -> list[tuple[Bookmark, Page]]:
    """A viewer's bookmarks in cases that they see, with their pages, in the order of the dossier.

    Args:
        session: the catalogue.
        viewer: whose.
        case_id: of this case alone.
    """
    found = (
        select(Bookmark, Page)
        .join(Page, Page.id == Bookmark.page_id)
        .join(Case, Case.id == Page.case_id)
        .join(Volume, Volume.id == Page.volume_id)
        .where(Bookmark.owner_id == viewer.id, seen_by(viewer))
        .order_by(Page.case_id, Volume.order_key, Volume.id, Page.place, Bookmark.id)
        .limit(MOST_LISTED)
    )
    if case_id:
        found = found.where(Page.case_id == case_id)
    return [(bookmark, page) for bookmark, page in session.execute(found)]


def bookmark_in_sight(session: Session, viewer: Viewer, bookmark_id: str) -> Bookmark:
    """A viewer's bookmark.

    Raises:
        NotFound: there is none with this id that is theirs, or its case is out of their sight.
    """
    bookmark = session.get(Bookmark, bookmark_id)
    if (
        bookmark is None
        or bookmark.owner_id != viewer.id
        or not sees(session, viewer, session.get_one(Page, bookmark.page_id).case_id)
    ):
        raise NotFound(bookmark_id)
    return bookmark


def set_bookmark(session: Session, viewer: Viewer, page_id: str, name: str) -> tuple[Bookmark, bool]:
    """The viewer's bookmark on a page, with this name, and whether it is new: a page has one.

    Raises:
        NotFound: the page is out of sight, or does not exist.
        UsageError: the name does not fit.
    """
    page = session.get(Page, page_id)
    if page is None or not sees(session, viewer, page.case_id):
        raise NotFound(page_id)
    standing = session.scalars(
        select(Bookmark).where(Bookmark.owner_id == viewer.id, Bookmark.page_id == page_id)
    ).first()
    if standing is not None:
        rename_bookmark(session, viewer, standing, name)
        return standing, False
    bookmark = Bookmark(owner_id=viewer.id, page_id=page_id, name=_checked(name))
    session.add(bookmark)
    session.flush()
    _record(session, "add_bookmark", bookmark, viewer)
    return bookmark, True


def rename_bookmark(session: Session, viewer: Viewer, bookmark: Bookmark, name: str) -> None:
    """Give a bookmark another name.

    Raises:
        UsageError: the name does not fit.
    """
    plain = _checked(name)
    if plain != bookmark.name:
        bookmark.name = plain
        _record(session, "change_bookmark", bookmark, viewer)


def remove_bookmark(session: Session, viewer: Viewer, bookmark: Bookmark) -> None:
    """Take a bookmark away."""
    _record(session, "remove_bookmark", bookmark, viewer)
    session.delete(bookmark)


def _checked(name: str) -> str:
    plain = " ".join(printable(name).split())
    if not plain or len(plain) > LONGEST_NAME:
        raise UsageError(f"书签名要有 1 至 {LONGEST_NAME} 字 / a bookmark's name has 1 to {LONGEST_NAME} characters")
    return plain


def _record(session: Session, deed: str, bookmark: Bookmark, viewer: Viewer, **details: Any) -> None:
    audit.record(session, deed, "bookmark", bookmark.id, viewer.name or viewer.id, page=bookmark.page_id, **details)
