"""Claims: what waits under 待认领, or was filed in the wrong case, goes to the case that a person names."""

from __future__ import annotations

import time
from collections.abc import Collection

from sqlalchemy import case as choose
from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from dossier import audit, cases, excerpts, flags, outbox, permissions
from dossier.case_metadata import move_deadline
from dossier.catalogue.tables import (
    Arrival,
    Attachment,
    Case,
    Document,
    Flag,
    Page,
    Receipt,
    ReceiptVolume,
    Volume,
    VolumeMove,
)
from dossier.deeds.deed import Done, Step, document_of, request_pdfs, settle, volume_of
from dossier.errors import DeedRefused, NotFound
from dossier.numbers import find_numbers, is_well_formed
from dossier.page_labels import settle_labels
from dossier.pages import renumber, volume_named
from dossier.receipts.expected import volume_meant
from dossier.volume_moves import move_volumes, name_before


def case_named(session: Session, number: str, actor: str) -> Case:
    """The case with this number; a provisional one is opened where nobody knows it.

    Raises:
        DeedRefused: it is no case's number by its form, and no known one.
        NumberClash: it belongs to two cases.
    """
    plain = number.strip()
    try:
        return cases.case_named(session, plain)
    except NotFound:
        if not is_well_formed(plain) or not find_numbers(plain):
            raise DeedRefused(f"“{plain[:60]}”不像案件编号") from None
        return cases.case_for_number(session, plain, actor)


def claim_volume(session: Session, volume_id: str, case: Case, actor: str) -> Done:
    """Give a volume, with all that is in it and all its versions, to a case.

    Where a receipt of the case announces the volume and nothing of it has come, it is that one. Where the case has a
    volume of this name otherwise, it is told apart: two volumes are never mixed unseen. An unclaimed
    folder that has nothing left becomes part of the case; what comes later for the volume is filed where it is now.

    Raises:
        DeedRefused: the case that has it is sealed and the other is not: the seal would be lost.
    """
    volume = volume_of(session, volume_id)
    former = session.get_one(Case, volume.case_id)
    case = _standing(session, former, case)
    if former.id == case.id:
        return Done("这一卷已经在这个案件里。", volume_id)
    _keep_seal(former, case)
    if (filled := _fill_announced(session, volume, former, case, actor)) is not None:
        return filled
    volumes = session.scalars(
        select(Volume).where(Volume.case_id == former.id, Volume.name == volume.name).order_by(Volume.version)
    ).all()
    documents = session.scalars(
        select(Document.id).where(Document.volume_id.in_([each.id for each in volumes]))
    ).all()  # fmt: skip
    move_volumes(session, volumes, former, case)
    for each in volumes:
        each.delivery_id = None  # that says what came with the former case
    move_deadline(session, case)
    audit.record(session, "claim", "volume", volume_id, actor, before=former.id, case=case.id)
    _leave(session, former, case)
    _arrive(session, case)
    request_pdfs(session, documents)
    name = cases.number_of(session, case) or case.name or "收件箱"
    undo = _way_back(Step("volume", volume_id, "claim", {"case_id": former.id}), former, case)
    return Done(f"{volume.name}已归入 {name}。", volume_id, undo, created=case.id)


def claim_folder(session: Session, folder_id: str, case: Case, actor: str) -> Done:
    """Give a folder under 待认领 to a case, each of its volumes in turn.

    Raises:
        DeedRefused: it is no such folder, or has become part of another case.
    """
    folder = session.get(Case, folder_id)
    if folder is None:
        raise NotFound(folder_id)
    stands, target = cases.unmerged(session, folder), cases.unmerged(session, case)
    if folder.folder and stands.id != folder.id:
        if stands.id != target.id:
            raise DeedRefused("这个文件夹已经归入别的案件")
        gone = select(VolumeMove.volume_id).where(VolumeMove.from_case_id == folder.id).order_by(VolumeMove.id)
        return Done("这个文件夹已经在这个案件里。", session.scalars(gone).first() or "")
    if folder.state != "unclaimed" or not folder.folder or target.id == folder.id:
        raise DeedRefused("只有待认领的文件夹能整个归入一个案件")
    done = [
        claim_volume(session, volume_id, target, actor)
        for volume_id in volumes_with_files(session, folder.id)
        if volume_of(session, volume_id).case_id == folder.id  # it may have gone as a version of another one
    ]
    if not done:
        raise DeedRefused("这个文件夹里没有文件")
    name = cases.number_of(session, target) or target.name or "收件箱"
    undo = tuple(step for each in reversed(done) for step in each.undo)
    return Done(f"{folder.folder}的 {len(done)} 卷已归入 {name}。", done[0].volume_id, undo, created=target.id)


def volumes_with_files(session: Session, case_id: str) -> list[str]:
    """The volumes of a case that something has come for, in their order."""
    has_files = exists().where(Arrival.volume_id == Volume.id)
    return list(
        session.scalars(
            select(Volume.id)
            .where(Volume.case_id == case_id, has_files)
            .order_by(Volume.order_key, Volume.version, Volume.id)
        )
    )


def claim_document(session: Session, document_id: str, case: Case, actor: str) -> Done:
    """Give a document, with the files that it came in, to a case: into its volume of the same name.

    Raises:
        DeedRefused: its pages and its files are no longer one, the case has the same file at this place, or a seal
            would be lost.
    """
    document = document_of(session, document_id)
    source = volume_of(session, document.volume_id)
    former = session.get_one(Case, document.case_id)
    case = _standing(session, former, case)
    if former.id == case.id:
        return Done("这份材料已经在这个案件里。", source.id)
    _keep_seal(former, case)
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
    target = volume_named(session, case.id, name_before(session, [source.id], case) or source.name)
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
    for arrival in arrivals:  # one may have come for a document that was merged into this one
        arrival.volume_id, arrival.document_id = target.id, document_id
    session.execute(update(Page).where(Page.document_id == document_id).values(volume_id=target.id, place=0))
    pages = _move_rows(session, case, document_id, ids)
    audit.record(session, "claim", "document", document_id, actor, before=former.id, case=case.id, volume=target.id)
    for volume_id in (source.id, target.id):
        renumber(session, volume_id)
        settle_labels(session, volume_id)
    _leave(session, former, case)
    _arrive(session, case)
    settle(session, target.id, pages, [document_id])
    name = cases.number_of(session, case) or case.name or "收件箱"
    undo = _way_back(Step("document", document_id, "claim", {"case_id": former.id}), former, case)
    return Done(f"“{document.title}”已归入 {name}。", target.id, undo, created=case.id)


def _fill_announced(session: Session, volume: Volume, former: Case, case: Case, actor: str) -> Done | None:
    """Put a volume's documents into the volume that a receipt announces by this name, while that is empty.

    None where there is no such one, or where not everything in the volume is of one document.
    """
    announced = _announced(session, case.id, volume.name)
    if announced is None or _has_files(session, announced.id):
        return None
    versions = select(func.count()).where(Volume.case_id == former.id, Volume.name == volume.name)
    astray = select(exists().where(Arrival.volume_id == volume.id, Arrival.document_id.is_(None)))
    shared = (
        select(Page.arrival_id)
        .where(Page.volume_id == volume.id)
        .group_by(Page.arrival_id)
        .having(func.count(Page.document_id.distinct()) > 1)
    )
    if session.scalar(versions) != 1 or session.scalar(astray) or session.scalars(shared.limit(1)).first():
        return None
    documents = session.scalars(
        select(Document.id)
        .where(Document.volume_id == volume.id)
        .order_by(Document.series, Document.order_key, Document.id)
    ).all()
    done = [claim_document(session, document_id, case, actor) for document_id in documents]
    if not done:
        return None
    # What comes later for the volume that was claimed follows.
    session.add(
        VolumeMove(
            volume_id=announced.id, from_case_id=former.id, name_before=volume.name, settled_at=time.time()
        )
    )  # fmt: skip
    name = cases.number_of(session, case) or case.name or "收件箱"
    undo = tuple(step for each in reversed(done) for step in each.undo)
    return Done(f"{volume.name}已归入 {name}，就是登记的那一卷。", announced.id, undo, created=case.id)


def _announced(session: Session, case_id: str, name: str) -> Volume | None:
    """The volume of a case that a receipt announces by this name, or by another spelling where none is called so."""
    called = session.scalars(select(Volume).where(Volume.case_id == case_id, Volume.name == name)).all()
    if not called:
        return volume_meant(session, case_id, name)
    is_announced = select(exists().where(ReceiptVolume.volume_id == called[0].id))
    return called[0] if len(called) == 1 and session.scalar(is_announced) else None


def _has_files(session: Session, volume_id: str) -> bool:
    return bool(session.scalar(select(exists().where(Arrival.volume_id == volume_id))))


def suggested_numbers(session: Session, *volume_ids: str) -> list[str]:
    """The numbers read on the first pages of volumes' documents that wait under 待认领; the first read first."""
    found: dict[str, None] = {}
    for details in session.scalars(
        select(Flag.details)
        .join(Document, Document.id == Flag.subject_id)
        .join(Volume, Volume.id == Document.volume_id)
        .where(Volume.id.in_(volume_ids), Flag.subject_kind == "document", Flag.code == "unclaimed")
        .order_by(Volume.order_key, Document.series, Document.order_key, Document.id)
    ):
        found.update(dict.fromkeys(details.get("numbers", [])))
    return list(found)


def _standing(session: Session, former: Case, case: Case) -> Case:
    """The case as it stands: the one that it has become part of.

    A folder under 待认领 that became part of the case which now gives something back waits on its own again.
    """
    stands = cases.unmerged(session, case)
    if stands.id != case.id and stands.id == former.id and case.folder and cases.number_of(session, case) is None:
        case.merged_into, case.state = None, "unclaimed"
        return case
    return stands


def _keep_seal(former: Case, case: Case) -> None:
    if former.sealed and not case.sealed:
        raise DeedRefused("原来的案件已封存，要归入的案件没有封存")


def _way_back(step: Step, former: Case, case: Case) -> tuple[Step, ...]:
    """The deed that undoes a claim; none where it would lose a seal."""
    return () if case.sealed and not former.sealed else (step,)


def _move_rows(session: Session, case: Case, document_id: str, arrivals: Collection[str]) -> list[str]:
    """Write the case into all rows of a document that has gone to another volume; returns the pages concerned."""
    session.flush()
    formers = session.scalars(select(Page.case_id).where(Page.arrival_id.in_(arrivals)).distinct()).all()
    pages = list(session.scalars(select(Page.id).where(Page.arrival_id.in_(arrivals))))
    session.execute(update(Document).where(Document.id == document_id).values(case_id=case.id))
    session.execute(update(Arrival).where(Arrival.id.in_(arrivals)).values(case_id=case.id))
    session.execute(update(Attachment).where(Attachment.arrival_id.in_(arrivals)).values(case_id=case.id))
    # The index has them as the former case's until it takes them again.
    state = choose((Page.state == "searchable", "read"), else_=Page.state)
    session.execute(update(Page).where(Page.arrival_id.in_(arrivals)).values(case_id=case.id, state=state))
    for former_id in formers:
        excerpts.follow_pages(session, former_id)
    of_pages = select(Page.id).where(Page.arrival_id.in_(arrivals))
    for kind, subjects in (("document", [document_id]), ("arrival", arrivals), ("page", of_pages)):
        session.execute(
            update(Flag).where(Flag.subject_kind == kind, Flag.subject_id.in_(subjects)).values(case_id=case.id)
        )
    session.execute(
        update(Flag)
        .where(Flag.subject_kind == "document", Flag.subject_id == document_id, Flag.code == "unclaimed")
        .values(closed_at=None if case.state == "unclaimed" else time.time())
    )
    permissions.note_change(session)
    move_deadline(session, case)
    session.expire_all()
    return pages


def _leave(session: Session, former: Case, case: Case) -> None:
    """A case that has nothing left asks nothing more; a folder without a number leads to where its content went."""
    if former.state not in cases.OPENED_BY_PAPER:
        return
    left = session.scalar(select(func.count()).select_from(Arrival).where(Arrival.case_id == former.id))
    if left:
        return
    flags.close_flag(session, "case", former.id, cases.OPENED_BY_PAPER[former.state])
    if former.folder and former.state == "unclaimed":
        former.state, former.merged_into = "merged", case.id
        session.execute(update(Receipt).where(Receipt.case_id == former.id).values(case_id=case.id))


def _arrive(session: Session, case: Case) -> None:
    cases.ask_whose(session, case)
    case.version += 1
    case.updated_at = time.time()


def _free_series(session: Session, volume_id: str, document: Document) -> int:
    last = session.scalar(
        select(func.max(Document.series)).where(Document.volume_id == volume_id, Document.path == document.path)
    )
    return document.series if last is None else last + 1
