"""Claims: what waits under 待认领, or was filed in the wrong case, goes to the case that a person names."""

from __future__ import annotations

import time
from collections.abc import Collection

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from dossier import audit, cases, excerpts, flags, outbox
from dossier.catalogue.tables import (
    Arrival,
    Attachment,
    Case,
    Document,
    Flag,
    Page,
    Volume,
    VolumeMove,
    Work,
)
from dossier.deeds.deed import Done, Step, document_of, request_pdfs, settle, volume_of
from dossier.errors import DeedRefused, NotFound
from dossier.numbers import find_numbers, is_well_formed
from dossier.page_labels import settle_labels
from dossier.pages import renumber, volume_named
from dossier.volume_moves import move_volumes
from dossier.work import NO_DEADLINE

# The cases that paper alone has opened, and what each of them asks.
_OPENED_BY_PAPER = {"unclaimed": "unclaimed", "provisional": "unknown_case"}


def case_named(session: Session, number: str, actor: str) -> Case:
    """The case with this number; a provisional one is opened where nobody knows it.

    Raises:
        DeedRefused: it is no case's number by its form, and no known one.
        NumberClash: it belongs to two cases.
    """
    plain = number.strip()
    if not plain:
        raise DeedRefused("请写明案件编号")
    try:
        return cases.case_named(session, plain)
    except NotFound:
        if not is_well_formed(plain) or not find_numbers(plain):
            raise DeedRefused(f"“{plain[:60]}”不像案件编号") from None
        return cases.case_for_number(session, plain, actor)


def claim_volume(session: Session, volume_id: str, case: Case, actor: str) -> Done:
    """Give a volume, with all that is in it, to a case.

    Where the case has a volume of this name already, it is told apart: two volumes are never mixed unseen. An unclaimed
    folder that has nothing left becomes part of the case, so that what is dropped there later follows.

    Raises:
        DeedRefused: the case has become part of another one, or a seal would be lost.
    """
    volume = volume_of(session, volume_id)
    former = session.get_one(Case, volume.case_id)
    if former.id == case.id:
        return Done("这一卷已经在这个案件里。", volume_id)
    _admit(session, former, case)
    # Its versions go together, as when a case is split.
    versions = session.scalars(
        select(Volume).where(Volume.case_id == former.id, Volume.name == volume.name).order_by(Volume.version)
    ).all()
    ids = [version.id for version in versions]
    for version in versions:
        version.delivery_id = None
    # What is dropped later in a folder without a number follows its volume. Anywhere else, what comes by this name is
    # what the name says: a case's own volume, or one more loose file.
    was_claimed = session.scalars(select(VolumeMove.id).where(VolumeMove.volume_id.in_(ids)).limit(1)).first()
    follows = former.state == "unclaimed" and bool(former.folder) and was_claimed is None
    move_volumes(session, versions, former, case, follows)
    documents = session.scalars(select(Document.id).where(Document.volume_id.in_(ids))).all()
    arrivals = session.scalars(select(Arrival.id).where(Arrival.volume_id.in_(ids))).all()
    _settle_rows(session, case, documents, arrivals)
    audit.record(session, "claim", "volume", volume_id, actor, before=former.id, case=case.id)
    _leave(session, former, case)
    _arrive(session, case)
    request_pdfs(session, documents)
    name = cases.number_of(session, case) or case.name or "收件箱"
    undo = Step("volume", volume_id, "claim", {"case_id": former.id})
    return Done(f"{volume.name}已归入 {name}。", volume_id, (undo,), created=case.id)


def claim_document(session: Session, document_id: str, case: Case, actor: str) -> Done:
    """Give a document, with the files that it came in, to a case: into its volume of the same name.

    Raises:
        DeedRefused: its pages and its files are no longer one, the case has the same file at this place or has become
            part of another one, or a seal would be lost.
    """
    document = document_of(session, document_id)
    source = volume_of(session, document.volume_id)
    former = session.get_one(Case, document.case_id)
    if former.id == case.id:
        return Done("这份材料已经在这个案件里。", source.id)
    arrivals = session.scalars(
        select(Arrival).where(
            Arrival.id.in_(select(Page.arrival_id).where(Page.document_id == document_id))
            | (Arrival.document_id == document_id)
        )
    ).all()
    ids = [arrival.id for arrival in arrivals]
    elsewhere = session.scalar(
        select(func.count()).where(Page.arrival_id.in_(ids), Page.document_id != document_id)
    )  # fmt: skip
    if elsewhere:
        raise DeedRefused("这份材料的文件里还有别的材料的页，请先合并，或认领整卷")
    _admit(session, former, case)
    target = volume_named(session, case.id, source.name)
    for arrival in arrivals:
        if session.scalars(
            select(Arrival.id).where(
                Arrival.volume_id == target.id, Arrival.path == arrival.path, Arrival.sha256 == arrival.sha256
            )
        ).first():
            raise DeedRefused(f"该案件的“{target.name}”里已有同一个文件 {arrival.path}")
    gone = select(Page.id).where(Page.document_id == document_id)
    outbox.enqueue(session, session.scalars(gone).all())
    document.series = _free_series(session, target.id, document)
    document.volume_id = target.id
    for arrival in arrivals:  # those of a part that was divided off came as the whole, which stays behind
        arrival.volume_id, arrival.document_id = target.id, document_id
    session.execute(update(Page).where(Page.document_id == document_id).values(volume_id=target.id, place=0))
    pages = _move_rows(session, case, [document_id], ids)
    audit.record(session, "claim", "document", document_id, actor, before=former.id, case=case.id, volume=target.id)
    for volume_id in (source.id, target.id):
        renumber(session, volume_id)
        settle_labels(session, volume_id)
    flags.close_flag(session, "document", document_id, "unclaimed")
    _leave(session, former, case)
    _arrive(session, case)
    settle(session, target.id, pages, [document_id])
    name = cases.number_of(session, case) or case.name or "收件箱"
    undo = Step("document", document_id, "claim", {"case_id": former.id})
    return Done(f"“{document.title}”已归入 {name}。", target.id, (undo,), created=case.id)


def suggested_numbers(session: Session, volume_id: str) -> list[str]:
    """The numbers read on the first pages of a volume's documents that wait under 待认领; the first read first."""
    found: dict[str, None] = {}
    for details in session.scalars(
        select(Flag.details)
        .join(Document, Document.id == Flag.subject_id)
        .where(Document.volume_id == volume_id, Flag.subject_kind == "document", Flag.code == "unclaimed")
        .order_by(Document.series, Document.order_key, Document.id)
    ):
        found.update(dict.fromkeys(details.get("numbers", [])))
    return list(found)


def _move_rows(session: Session, case: Case, documents: Collection[str], arrivals: Collection[str]) -> list[str]:
    """Write the case into all rows of some documents and arrivals; returns the pages concerned."""
    session.flush()
    formers = session.scalars(select(Page.case_id).where(Page.arrival_id.in_(arrivals)).distinct()).all()
    pages = list(session.scalars(select(Page.id).where(Page.arrival_id.in_(arrivals))))
    session.execute(update(Document).where(Document.id.in_(documents)).values(case_id=case.id))
    session.execute(update(Arrival).where(Arrival.id.in_(arrivals)).values(case_id=case.id))
    session.execute(update(Attachment).where(Attachment.arrival_id.in_(arrivals)).values(case_id=case.id))
    session.execute(update(Page).where(Page.arrival_id.in_(arrivals)).values(case_id=case.id))
    for former_id in formers:
        excerpts.follow_pages(session, former_id)
    of_pages = select(Page.id).where(Page.arrival_id.in_(arrivals))
    for kind, subjects in (("document", documents), ("arrival", arrivals), ("page", of_pages)):
        session.execute(
            update(Flag).where(Flag.subject_kind == kind, Flag.subject_id.in_(subjects)).values(case_id=case.id)
        )
    _settle_rows(session, case, documents, arrivals)
    return pages


def _settle_rows(session: Session, case: Case, documents: Collection[str], arrivals: Collection[str]) -> None:
    """What is of a case now asks whose it is no more, and is done by its deadline."""
    of_pages = select(Page.id).where(Page.arrival_id.in_(arrivals))
    session.execute(
        update(Flag)
        .where(Flag.subject_kind == "document", Flag.subject_id.in_(documents), Flag.code == "unclaimed")
        .values(closed_at=None if case.state == "unclaimed" else time.time())
    )
    for subjects in (arrivals, documents, of_pages):
        session.execute(
            update(Work)
            .where(Work.subject_id.in_(subjects), Work.state != "done")
            .values(due_on=case.due_on or NO_DEADLINE)
        )
    session.expire_all()


def _admit(session: Session, former: Case, case: Case) -> None:
    """Make sure that what is of one case may go to the other; a folder whose claim is taken back waits again."""
    if former.sealed and not case.sealed:
        raise DeedRefused("原来的案件已封存，要归入的案件没有封存")
    if case.merged_into is None:
        return
    is_folder = bool(case.folder) and cases.number_of(session, case) is None
    if case.merged_into != former.id or not is_folder:
        raise DeedRefused("要归入的案件已并入别的案件")
    case.merged_into, case.state = None, "unclaimed"


def _leave(session: Session, former: Case, case: Case) -> None:
    """A case that has nothing left asks nothing more; a folder without a number leads to where its content went."""
    if former.state not in _OPENED_BY_PAPER:
        return
    left = session.scalar(select(func.count()).select_from(Arrival).where(Arrival.case_id == former.id))
    if left:
        return
    flags.close_flag(session, "case", former.id, _OPENED_BY_PAPER[former.state])
    if former.folder and former.state == "unclaimed":
        former.state, former.merged_into = "merged", case.id


def _arrive(session: Session, case: Case) -> None:
    if case.state in _OPENED_BY_PAPER:
        flags.raise_flag(session, "case", case.id, case.id, _OPENED_BY_PAPER[case.state], folder=case.folder)
    case.version += 1
    case.updated_at = time.time()


def _free_series(session: Session, volume_id: str, document: Document) -> int:
    last = session.scalar(
        select(func.max(Document.series)).where(Document.volume_id == volume_id, Document.path == document.path)
    )
    return document.series if last is None else last + 1
