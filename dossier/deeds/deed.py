"""What a deed gives back, and what every deed leaves behind: labels, index entries and PDFs that follow it.

A deed is one transaction, recorded in the audit, and may be repeated: done again it changes nothing. What it did can be
undone by other deeds, which it names. A page's id stays, and its original is never touched.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier import flags, outbox, work
from dossier.catalogue.tables import Case, Document, Page, Volume
from dossier.errors import NotFound
from dossier.page_labels import settle_labels
from dossier.side_pairs import settle_side_pairs

Kind = Literal["page", "document", "volume", "case"]

PDF_DELAY_SECONDS = 5.0
"""People seldom do one deed alone: the PDF is made once they pause."""


@dataclass(frozen=True)
class Step:
    """A deed as it can be asked for: on what, its name in the API, and what else it must be told."""

    kind: Kind
    subject_id: str
    name: str
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where the API takes it."""
        return f"/api/v1/{self.kind}s/{self.subject_id}/{self.name}"


@dataclass(frozen=True)
class Done:
    """What a deed did.

    Attributes:
        sentence: what was done, in Chinese, for whoever did it.
        volume_id: where.
        undo: the deeds that undo it, in this order; empty where nothing was changed, or nothing can be undone.
        created: the id of what came into being: a document, a case.
    """

    sentence: str
    volume_id: str
    undo: tuple[Step, ...] = ()
    created: str | None = None


def page_of(session: Session, page_id: str) -> Page:
    """The page with this id; NotFound where there is none."""
    page = session.get(Page, page_id)
    if page is None:
        raise NotFound(page_id)
    return page


def document_of(session: Session, document_id: str) -> Document:
    """The document with this id; NotFound where there is none."""
    document = session.get(Document, document_id)
    if document is None:
        raise NotFound(document_id)
    return document


def volume_of(session: Session, volume_id: str) -> Volume:
    """The volume with this id; NotFound where there is none."""
    volume = session.get(Volume, volume_id)
    if volume is None:
        raise NotFound(volume_id)
    return volume


def name_of(page: Page) -> str:
    """A page as its person calls it: 图像第 7 页; one outside the order has no number."""
    return f"图像第 {page.page_number} 页" if page.page_number else "这一页"


def settle(
    session: Session, volume_id: str, page_ids: Collection[str] = (), document_ids: Collection[str] = ()
) -> None:
    """Let all that depends on a volume's pages follow a deed.

    Args:
        session: the deed's transaction.
        volume_id: whose labels are looked at anew.
        page_ids: pages whose index entries must be written anew, with those of the pages before them.
        document_ids: documents whose PDFs are to be made anew.
    """
    session.flush()
    settle_labels(session, volume_id)
    settle_side_pairs(session, volume_id)
    outbox.enqueue(session, page_ids)
    request_pdfs(session, document_ids)


def request_pdfs(session: Session, document_ids: Collection[str]) -> None:
    """Have documents' PDFs made anew after a quiet moment; one without pages has none, and no questions."""
    for document_id in sorted(set(document_ids)):
        document = session.get_one(Document, document_id)
        document.settled = False
        pages, open_ones = session.execute(
            select(func.count(), func.count().filter(Page.state.in_(("waiting", "reading")))).where(
                Page.document_id == document_id, Page.outside.is_(None)
            )
        ).one()
        if not pages:
            document.pdf_key = None
            for code in ("name_reused", "gap", "assembly_failed", "unclaimed"):
                flags.close_flag(session, "document", document_id, code)
        elif not open_ones:  # otherwise it becomes due when the last page is read
            due_on = session.get_one(Case, document.case_id).due_on
            work.request(session, work.ASSEMBLE, [document_id], due_on=due_on, delay_seconds=PDF_DELAY_SECONDS)
