"""Verify: the proof that nothing was lost, doubled or altered, as far as catalogue and vault can tell."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import (
    Arrival,
    Attachment,
    Document,
    Page,
    ReadingRow,
    Volume,
    Work,
)
from dossier.fixity import Fault, Progress, verify_objects
from dossier.vault import Vault


def verify_store(session: Session, vault: Vault, progress: Progress = lambda done, total: None) -> list[Fault]:
    """Check every original, reading and transcription against its digest, look for strangers, and check the rows."""
    return [*verify_objects(session, vault, progress), *verify_rows(session)]


def verify_rows(session: Session) -> Iterator[Fault]:
    """Check the rows of the catalogue against each other."""
    for volume_id, name, pages, first, last, numbers in session.execute(
        select(
            Volume.id, Volume.name, func.count(), func.min(Page.page_number), func.max(Page.page_number),
            func.count(Page.page_number.distinct()),
        )
        .join(Page, (Page.volume_id == Volume.id) & Page.outside.is_(None))
        .group_by(Volume.id)
    ):  # fmt: skip
        if (first, last, numbers) != (1, pages, pages):
            yield Fault("inconsistent", volume_id, f"{name}: {pages} pages are numbered {first} to {last}")
    for volume_id, place, pages in session.execute(
        select(Page.volume_id, Page.place, func.count()).group_by(Page.volume_id, Page.place).having(func.count() > 1)
    ):
        yield Fault("inconsistent", volume_id, f"{pages} pages stand in place {place}")
    strangers = or_(
        Document.volume_id != Page.volume_id,
        Arrival.volume_id != Page.volume_id,
        *(table.case_id != Page.case_id for table in (Volume, Document, Arrival)),
    )
    for page_id in session.scalars(
        select(Page.id)
        .join(Volume, Volume.id == Page.volume_id)
        .join(Document, Document.id == Page.document_id)
        .join(Arrival, Arrival.id == Page.arrival_id)
        .where(strangers)
    ):
        yield Fault("inconsistent", page_id, "page is not in the volume and case of its file and document")
    for page_id, number in session.execute(
        select(Page.id, Page.page_number).where(Page.outside.is_not(None), Page.page_number != 0)
    ):
        yield Fault("inconsistent", page_id, f"page stands outside the order, but is numbered {number}")
    with_pages = set(session.scalars(select(Page.arrival_id).distinct()))
    # A file whose pages a separator sheet has sent to other volumes has none left itself; nor has what was split off
    # for a sheet, where another one has been read between it and its pages since.
    for part, whole in session.execute(select(Arrival.id, Arrival.split_from).where(Arrival.split_from.is_not(None))):
        with_pages |= {part, str(whole)}
    attached = set(session.scalars(select(Attachment.arrival_id)))
    queued = set(
        session.scalars(select(Work.subject_id).where(Work.kind == "paginate", Work.state.in_(("waiting", "leased"))))
    )
    unsettled = set(session.scalars(select(Page.arrival_id).where(Page.state.in_(("waiting", "reading")))))
    for arrival in session.scalars(select(Arrival)):
        if arrival.state in ("done", "reading") and arrival.id not in with_pages | attached:
            yield Fault("inconsistent", arrival.id, f"{arrival.source}: {arrival.state}, but without pages")
        if arrival.state == "received" and arrival.id not in queued:
            yield Fault("inconsistent", arrival.id, f"{arrival.source}: received, but nobody works on it")
        if arrival.state == "reading" and arrival.id not in unsettled:
            yield Fault("inconsistent", arrival.id, f"{arrival.source}: reading, but all its pages are settled")
    working = set(
        session.scalars(select(Work.subject_id).where(Work.kind == "read", Work.state.in_(("waiting", "leased"))))
    )
    for page_id, state in session.execute(select(Page.id, Page.state).where(Page.state.in_(("waiting", "reading")))):
        if page_id not in working:
            yield Fault("inconsistent", page_id, f"page is {state}, but nobody works on it")
    for page_id, version in session.execute(
        select(Page.id, Page.reading_version).where(Page.state.in_(("read", "searchable")))
    ):
        if version is None or session.get(ReadingRow, (page_id, version)) is None:
            yield Fault("inconsistent", page_id, "page is read, but has no reading")
