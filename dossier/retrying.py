"""Retrying: what failed is put back in the queue, all at once."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import audit, flags, outbox, work
from dossier.attention import is_open_refusal
from dossier.catalogue.tables import Arrival, Flag, Page, Work


@dataclass(frozen=True)
class Retried:
    """How much was put back: parked pages, refused files, PDFs, and index entries that the engine had refused."""

    pages: int
    files: int
    pdfs: int
    index_entries: int


def retry_everything(session: Session, actor: str) -> Retried:
    """Put parked pages, refused files, PDFs that could not be made and dead letters back in the queue."""
    pages = session.scalars(select(Page).where(Page.state == "parked")).all()
    for page in pages:
        page.state = "waiting"
        page.error_code, page.error_detail = None, ""
    work.request(session, work.READ, [page.id for page in pages])
    files = session.scalars(select(Arrival).where(is_open_refusal())).all()
    for file in files:
        file.state = "received"
    work.request(session, work.PAGINATE, [file.id for file in files])
    unassembled = session.scalars(
        select(Flag.subject_id).where(Flag.code == "assembly_failed", Flag.closed_at.is_(None))
    ).all()
    work.request(session, work.ASSEMBLE, unassembled)
    for document_id in unassembled:
        flags.close_flag(session, "document", document_id, "assembly_failed")
    for kind in (work.PICTURE, work.BIND, work.BIND_CASE, work.BIND_EXHIBIT):
        failed = select(Work.subject_id).where(Work.kind == kind, Work.state == "failed")
        work.request(session, kind, session.scalars(failed).all())
    # Indexed without what people read on them; if the files are there again by now, the flags go with the next entry.
    damaged = select(Flag.subject_id).where(Flag.code == "transcription_damaged", Flag.closed_at.is_(None))
    outbox.enqueue(session, session.scalars(damaged).all())
    entries = outbox.revive_dead(session)
    for page in pages:
        audit.record(session, "retry", "page", page.id, actor)
    for file in files:
        audit.record(session, "retry", "arrival", file.id, actor)
    return Retried(len(pages), len(files), len(unassembled), entries)
