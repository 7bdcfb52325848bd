"""Exhibits 示证: pages that somebody has chosen, in groups and in an order of their own, to be one PDF for the court.

An exhibit is its owner's alone. It names pages, not what stands on them: the PDF is made from the pages as they stand,
and is given only as long as the owner sees all of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dossier import audit, cases, keyed_requests, work
from dossier.catalogue.tables import Case, Document, Exhibit, Page, Work
from dossier.citations import CitationTemplate, CitedPage
from dossier.cited_pages import cited_pages
from dossier.errors import NotFound, UsageError
from dossier.excerpts import pages_in_sight, printable
from dossier.pdf_contents import BookmarkPlace, BoundPage, PdfContents, bound_pages
from dossier.viewers import Viewer

MOST_PAGES = 1000
MOST_GROUPS = 200
LONGEST_TITLE = 100
MOST_KEPT = 20
"""Of one owner; the oldest make room."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Group:
    """Pages that prove one thing, and what it is called; "" where it has no name."""

    title: str
    page_ids: tuple[str, ...]


def add_exhibit(
    session: Session,
    viewer: Viewer,
    title: str,
    groups: Sequence[Group],
    watermark: str = "",
    idempotency_key: str = "",
) -> tuple[Exhibit, list[str]]:
    """An exhibit of chosen pages, and the ids of those that made room for it; the same, asked for again, is the same.

    Args:
        session: a writing transaction.
        viewer: whose it is.
        title: of the PDF.
        groups: the pages, in order.
        watermark: what stands faintly over every page.
        idempotency_key: the viewer's own name for this deed; with it, what stands over the pages may be another one by
            now. Without it, equal content is the same exhibit.

    Raises:
        NotFound: a page is out of sight, or does not exist.
        UsageError: there are no pages, too many, or one twice in a group.
        KeyReused: the key came with other pages, groups or another title.
    """
    page_ids = [page_id for group in groups for page_id in group.page_ids]
    if not 1 <= len(page_ids) <= MOST_PAGES:
        raise UsageError(f"一份 PDF 为 1–{MOST_PAGES} 页 / 1–{MOST_PAGES} pages")
    for group in groups:
        if len(set(group.page_ids)) != len(group.page_ids):
            raise UsageError("同一组里有重复的页 / a page stands twice in a group")
    _check_sight(session, viewer, page_ids)
    title = printable(title)
    kept = [[printable(group.title), list(group.page_ids)] for group in groups if group.page_ids]
    request = keyed_requests.digest_of(title, kept)
    known = keyed_requests.find(session, viewer.id, idempotency_key, keyed_requests.EXHIBIT, request)
    # One that has made room for others is made again.
    exhibit = session.get(Exhibit, known.subject_id) if known is not None else None
    digest = hashlib.sha256(json.dumps([title, kept, watermark], ensure_ascii=False).encode()).hexdigest()
    if exhibit is None:
        wanted = select(Exhibit).where(Exhibit.owner_id == viewer.id, Exhibit.digest == digest)
        exhibit = session.scalars(wanted).first()
        if exhibit is not None:
            keyed_requests.keep(session, viewer.id, idempotency_key, keyed_requests.EXHIBIT, request, exhibit.id)
    if exhibit is not None:
        return exhibit, []
    exhibit = Exhibit(owner_id=viewer.id, title=title, groups=kept, watermark=watermark, digest=digest)
    session.add(exhibit)
    session.flush()
    keyed_requests.keep(session, viewer.id, idempotency_key, keyed_requests.EXHIBIT, request, exhibit.id)
    # Once for each case from which something is taken, so that it is found by the case.
    for case_id, taken in _by_case(session, page_ids).items():
        audit.record(
            session, "make_exhibit", "case", case_id, viewer.name or viewer.id, exhibit=exhibit.id, title=title,
            page_ids=taken, viewer=viewer.id,
        )  # fmt: skip
    return exhibit, _made_room(session, viewer)


def exhibit_in_sight(session: Session, viewer: Viewer, exhibit_id: str) -> Exhibit:
    """A viewer's exhibit.

    Raises:
        NotFound: there is none with this id that is theirs, or one of its pages is out of their sight.
    """
    exhibit = session.get(Exhibit, exhibit_id)
    if exhibit is None or exhibit.owner_id != viewer.id:
        raise NotFound(exhibit_id)
    _check_sight(session, viewer, page_ids_of(exhibit))
    return exhibit


def page_ids_of(exhibit: Exhibit) -> list[str]:
    """The pages of an exhibit, in order."""
    return [page_id for _, page_ids in exhibit.groups for page_id in page_ids]


def contents_of_exhibit(session: Session, exhibit: Exhibit, template: CitationTemplate) -> PdfContents:
    """What an exhibit's PDF is made of: a bookmark for each group, under it one for each run of pages of a document,
    with its citation; and each page's citation as its label.
    """
    page_ids = page_ids_of(exhibit)
    bound = bound_pages(session, page_ids)
    cited = {page.page_id: page for page in cited_pages(session, page_ids)}
    titles = _titles(session, {one.page.document_id for one in bound.values()})
    pages: list[BoundPage] = []
    bookmarks: list[BookmarkPlace] = []
    for title, of_group in exhibit.groups:
        standing = [page_id for page_id in of_group if page_id in bound]
        if title and standing:
            bookmarks.append(BookmarkPlace(title, len(pages)))
        for run in _runs(standing, cited, bound):
            document_id = bound[run[0]].page.document_id
            citation = template.citation_of([cited[page_id] for page_id in run])
            bookmarks.append(BookmarkPlace(f"{titles[document_id]}（{citation}）", len(pages), 1 if title else 0))
            pages += [_labelled(bound[page_id], template.citation_of([cited[page_id]])) for page_id in run]
    case_ids = {one.page.case_id for one in pages}
    number = ""
    if len(case_ids) == 1:
        number = cases.number_of(session, session.get_one(Case, case_ids.pop())) or ""
    return PdfContents(exhibit.title, number, "", tuple(pages), tuple(bookmarks), exhibit.watermark)


def _labelled(bound: BoundPage, citation: str) -> BoundPage:
    return replace(bound, label=citation)


def _runs(page_ids: Sequence[str], cited: dict[str, CitedPage], bound: dict[str, BoundPage]) -> list[list[str]]:
    """The pages in pieces of one document whose pages follow each other."""
    runs: list[list[str]] = []
    for page_id in page_ids:
        before = runs[-1][-1] if runs else None
        if (
            before is not None
            and bound[before].page.document_id == bound[page_id].page.document_id
            and cited[before].page_number + 1 == cited[page_id].page_number
        ):
            runs[-1].append(page_id)
        else:
            runs.append([page_id])
    return runs


def _titles(session: Session, document_ids: set[str]) -> dict[str, str]:
    wanted = sorted(document_ids)
    return {
        document_id: title
        for start in range(0, len(wanted), _AT_ONCE)
        for document_id, title in session.execute(
            select(Document.id, Document.title).where(Document.id.in_(wanted[start : start + _AT_ONCE]))
        )
    }


def _by_case(session: Session, page_ids: Sequence[str]) -> dict[str, list[str]]:
    """The pages of each case, in order."""
    wanted = sorted(set(page_ids))
    case_of = {
        page_id: case_id
        for start in range(0, len(wanted), _AT_ONCE)
        for page_id, case_id in session.execute(
            select(Page.id, Page.case_id).where(Page.id.in_(wanted[start : start + _AT_ONCE]))
        )
    }
    found: dict[str, list[str]] = {}
    for page_id in page_ids:
        found.setdefault(case_of[page_id], []).append(page_id)
    return found


def _check_sight(session: Session, viewer: Viewer, page_ids: Sequence[str]) -> None:
    seen = pages_in_sight(session, viewer, set(page_ids))
    for page_id in page_ids:
        if page_id not in seen:
            raise NotFound(page_id)


def _made_room(session: Session, viewer: Viewer) -> list[str]:
    """Take away an owner's oldest exhibits beyond what is kept; their files go with them, outside the transaction."""
    oldest = session.scalars(
        select(Exhibit.id)
        .where(Exhibit.owner_id == viewer.id)
        .order_by(Exhibit.created_at.desc(), Exhibit.id)
        .offset(MOST_KEPT)
    ).all()
    session.execute(delete(Exhibit).where(Exhibit.id.in_(oldest)))
    session.execute(delete(Work).where(Work.kind == work.BIND_EXHIBIT, Work.subject_id.in_(oldest)))
    return list(oldest)
