"""What has come along to a page from the one that it replaced, as far as a viewer may know of it."""

from __future__ import annotations

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Bookmark, CarriedMark, Excerpt, Note
from dossier.viewers import Viewer


def carried_words(session: Session, viewer: Viewer, page_id: str) -> str:
    """That a page is a re-scan, and what of the viewer's has come along; "" where nothing has.

    Private notes, bookmarks and excerpts are their owner's, and so is that there are any.
    """
    kinds = session.scalars(select(CarriedMark.kind).where(CarriedMark.to_page_id == page_id).limit(1)).first()
    if kinds is None:
        return ""
    of_page = (CarriedMark.to_page_id == page_id, CarriedMark.state == "carried")
    counts = (
        (
            select(func.count()).select_from(CarriedMark).join(Note, Note.id == CarriedMark.subject_id).where(
                *of_page, CarriedMark.kind == "note", or_(Note.owner_id == viewer.id, Note.shared.is_(True))
            ),
            "批注 {} 条",
        ),
        (
            select(func.count()).select_from(CarriedMark).join(Bookmark, Bookmark.id == CarriedMark.subject_id).where(
                *of_page, CarriedMark.kind == "bookmark", Bookmark.owner_id == viewer.id
            ),
            "书签 {} 个",
        ),
        (
            select(func.count()).select_from(CarriedMark).join(Excerpt, Excerpt.id == CarriedMark.subject_id).where(
                *of_page, CarriedMark.kind == "excerpt", Excerpt.owner_id == viewer.id
            ),
            "摘录出处 {} 处",
        ),
    )  # fmt: skip
    told = [words.format(count) for statement, words in counts if (count := session.scalar(statement))]
    return f"这一页是重扫的，从原来的页移来：{'、'.join(told)}" if told else ""
