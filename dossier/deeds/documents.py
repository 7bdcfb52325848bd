"""Deeds on documents: named, divided at a page, merged with the next one."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import audit
from dossier.catalogue.tables import Document, Page
from dossier.deeds.deed import Done, Step, document_of, page_of, settle, volume_of
from dossier.deeds.page_order import pages_in_place
from dossier.errors import DeedRefused
from dossier.reading import Line, Reading

LONGEST_TITLE = 200

_HAN = re.compile(r"[一-鿿]")
_HEAD = 0.4
"""Of the page's height: a title stands above."""
_LARGE = 1.2
"""Times the usual height of a line on the page: larger print is a title."""
_LONGEST_SUGGESTION = 40


def rename(session: Session, document_id: str, title: str, actor: str) -> Done:
    """Give a document a title.

    Raises:
        DeedRefused: the title is empty.
    """
    document = document_of(session, document_id)
    plain = _plain(title)
    before = document.title
    if plain == before:
        return Done(f"名称仍是“{plain}”。", document.volume_id)
    document.title = plain
    audit.record(session, "rename", "document", document_id, actor, before=before, title=plain)
    settle(session, document.volume_id, document_ids=[document_id])
    undo = Step("document", document_id, "title", {"title": before})
    return Done(f"已命名为“{plain}”。", document.volume_id, (undo,))


def divide(session: Session, document_id: str, at: str, title: str, into: str | None, actor: str) -> Done:
    """Divide a document: a page and those behind it become a document of their own.

    Args:
        session: the transaction.
        document_id: which document.
        at: the first page of the new one.
        title: the new one's; "": that of the whole, with （续）.
        into: a document of the volume without pages that takes them, where one was merged before; None: a new one.
        actor: who does it.

    Raises:
        DeedRefused: the page is not of this document, or its first.
    """
    document, page = document_of(session, document_id), page_of(session, at)
    if into is None and page.document_id != document_id and _was_divided_here(session, document, page):
        return Done(f"“{document.title}”已经在这一页分开。", document.volume_id, created=page.document_id)
    pages = [other for other in pages_in_place(session, document.volume_id) if other.document_id == document_id]
    if page not in pages:
        raise DeedRefused("这一页不在这份材料里")
    if all(other.outside is not None for other in pages[: pages.index(page)]):
        raise DeedRefused("这一页是这份材料的第一页，前面没有可分的")
    taken = pages[pages.index(page) :]
    new = _emptied(session, document, into) if into is not None else _new_part(session, document, page)
    new.title = _plain(title or (new.title if into is not None else f"{document.title}（续）"))
    ids = _hand_over(session, taken, new.id)
    audit.record(session, "divide", "document", document_id, actor, at=at, created=new.id)
    settle(session, document.volume_id, ids, [document_id, new.id])
    undo = Step("document", document_id, "merge", {"next": new.id})
    return Done(f"已分成“{document.title}”和“{new.title}”。", document.volume_id, (undo,), created=new.id)


def merge(session: Session, document_id: str, expected: str | None, actor: str) -> Done:
    """Merge a document with the next one of its volume, whose pages become its own.

    Args:
        session: the transaction.
        document_id: which document.
        expected: the one that is to be the next, with which the deed may be repeated; None: whichever it is.
        actor: who does it.

    Raises:
        DeedRefused: there is none after it, or another one than was expected.
    """
    document = document_of(session, document_id)
    pages = pages_in_place(session, document.volume_id)
    if expected is not None and not any(page.document_id == expected for page in pages):
        return Done(f"“{document.title}”已经合并。", document.volume_id)
    behind = followers((page.document_id, page.outside is None) for page in pages).get(document_id)
    if behind is None or expected not in (None, behind):
        raise DeedRefused("后面没有可以合并的材料" if behind is None else "后面已经是另一份材料")
    other = document_of(session, behind)
    taken = [page for page in pages if page.document_id == behind]
    title, first = other.title, taken[0].id
    ids = _hand_over(session, taken, document_id)
    audit.record(session, "merge", "document", document_id, actor, taken=behind, at=first)
    settle(session, document.volume_id, ids, [document_id, behind])
    undo = Step("document", document_id, "divide", {"at": first, "title": title, "into": behind})
    return Done(f"“{title}”已并入“{document.title}”。", document.volume_id, (undo,))


def followers(pages: Iterable[tuple[str, bool]]) -> dict[str, str]:
    """With which document each one of a volume can be merged: the next one behind its last page.

    Args:
        pages: of the whole volume by place: whose each is, and whether it stands in the order.
    """
    found: dict[str, str] = {}
    met: set[str] = set()
    next_standing = ""
    for document_id, is_standing in reversed(list(pages)):
        if document_id not in met and next_standing:
            found[document_id] = next_standing
        met.add(document_id)
        if is_standing:
            next_standing = document_id
    return found


def title_suggestion(reading: Reading) -> str:
    """What a document may be called, by its first page: the first large line at its head; "" where there is none."""
    head = [line for line in reading.lines if _may_be_title(line)]
    if not head:
        return ""
    usual = statistics.median(line.box.y1 - line.box.y0 for line in reading.lines)
    large = [line for line in head if line.box.y1 - line.box.y0 >= _LARGE * usual]
    return _compact((large or head[:1])[0].text)


def _may_be_title(line: Line) -> bool:
    text = _compact(line.text)
    is_short = 2 <= len(text) <= _LONGEST_SUGGESTION
    return is_short and line.box.y0 < _HEAD and len(_HAN.findall(text)) * 2 >= len(text) and not line.vertical


def _compact(text: str) -> str:
    """A line without the spaces with which titles are spread: 讯 问 笔 录."""
    return re.sub(r"\s+", "", text)


def _plain(title: str) -> str:
    plain = " ".join(title.split())[:LONGEST_TITLE]
    if not plain:
        raise DeedRefused("请写上名称")
    return plain


def _new_part(session: Session, document: Document, page: Page) -> Document:
    # A path of its own: files that come later are compared with those of the whole.
    new = Document(
        case_id=document.case_id, volume_id=document.volume_id, path=f"{document.path}\x1f{page.id}",
        series=document.series, title=document.title, order_key=f"{document.order_key}\x01{page.place:06}",
    )  # fmt: skip
    known = session.scalars(
        select(Document).where(Document.volume_id == new.volume_id, Document.path == new.path)
    ).first()
    if known is not None:  # divided here before, and merged again
        return known
    session.add(new)
    session.flush()
    return new


def _was_divided_here(session: Session, document: Document, page: Page) -> bool:
    """Whether a page begins what was divided from a document at it before."""
    held = session.get_one(Document, page.document_id)
    return held.path == f"{document.path}\x1f{page.id}"


def _emptied(session: Session, document: Document, into: str) -> Document:
    other = document_of(session, into)
    if other.volume_id != document.volume_id:
        raise DeedRefused("这份材料不在这一卷里")
    if session.scalars(select(Page.id).where(Page.document_id == into).limit(1)).first() is not None:
        raise DeedRefused("那份材料里已经有页")
    return other


def _hand_over(session: Session, pages: Sequence[Page], document_id: str) -> list[str]:
    """Give pages to a document; from now on the volume's order is the one in which its pages stand."""
    volume_of(session, pages[0].volume_id).ordered_by_hand = True
    for page in pages:
        page.document_id = document_id
    session.flush()
    return [page.id for page in pages]
