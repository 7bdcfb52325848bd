"""Volumes that go from one case to another, and where what still comes for them belongs.

Pages keep their ids, and the vault is not touched: only rows say to which case things belong. The index holds each
page's case as it was when it took the page, so a volume that has moved is left out of every search until the index has
taken its pages again (`permissions.forget_finished_moves`); its pages count as read, not as searchable, as long.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import case as choose
from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from dossier import cases, excerpts, outbox, permissions
from dossier.catalogue.tables import Arrival, Attachment, Case, CaseNumber, Document, Flag, Page, Volume, VolumeMove
from dossier.numbers import canonical, find_numbers
from dossier.pages import volume_named, volume_order_key


def move_volumes(session: Session, volumes: Sequence[Volume], source: Case, target: Case) -> None:
    """Let volumes belong to another case, with all that is in them; their pages are indexed anew.

    One whose name a volume there has is told apart by its former case's number.
    """
    if not volumes:
        return
    ids = [volume.id for volume in volumes]
    taken = set(session.scalars(select(Volume.name).where(Volume.case_id == target.id)))
    names: dict[str, str] = {}
    for name in dict.fromkeys(volume.name for volume in volumes):
        names[name] = _free_name(name, cases.number_of(session, source) or source.id, taken)
        taken.add(names[name])
    for volume in volumes:
        was_read = session.scalar(
            select(exists().where(Page.volume_id == volume.id, Page.reading_version.is_not(None)))
        )  # fmt: skip
        session.add(
            VolumeMove(
                volume_id=volume.id, from_case_id=source.id, name_before=volume.name,
                settled_at=None if was_read else time.time(),
            )
        )  # fmt: skip
        if names[volume.name] != volume.name:
            volume.name = names[volume.name]
            volume.order_key = volume_order_key(volume.name)
        volume.case_id = target.id
    session.flush()
    arrivals = select(Arrival.id).where(Arrival.volume_id.in_(ids))
    subjects = (
        ("page", select(Page.id).where(Page.volume_id.in_(ids))),
        ("document", select(Document.id).where(Document.volume_id.in_(ids))),
        ("arrival", arrivals),
        ("volume", select(Volume.id).where(Volume.id.in_(ids))),
    )
    for kind, of_volumes in subjects:
        session.execute(
            update(Flag).where(Flag.subject_kind == kind, Flag.subject_id.in_(of_volumes)).values(case_id=target.id)
        )
    session.execute(update(Attachment).where(Attachment.arrival_id.in_(arrivals)).values(case_id=target.id))
    for table in (Arrival, Document):
        session.execute(update(table).where(table.volume_id.in_(ids)).values(case_id=target.id))
    state = choose((Page.state == "searchable", "read"), else_=Page.state)
    session.execute(update(Page).where(Page.volume_id.in_(ids)).values(case_id=target.id, state=state))
    session.expire_all()
    excerpts.follow_pages(session, source.id)
    outbox.enqueue_whole(session, Page.volume_id.in_(ids))
    permissions.note_change(session)


def volume_for(session: Session, case: Case, called: str, name: str) -> Volume:
    """The volume that a file belongs to which comes for a case under a number or folder's name; made where new.

    What comes under the number of a case that has become part of another, or for a volume that was split off, goes
    where its volume has gone, and never into one that only bears the same name.

    Args:
        session: the transaction.
        case: that the number or folder leads to.
        called: the number, folder's name or id that led to it.
        name: the volume's name as given.
    """
    origins = {
        found for found in _cases_called(session, called)
        if cases.unmerged(session, session.get_one(Case, found)).id == case.id
    }  # fmt: skip
    is_of_merged = bool(origins) and case.id not in origins
    own = select(Volume.id).where(Volume.case_id == case.id, Volume.name == name)
    if not is_of_merged and session.scalars(own).first() is not None:
        return volume_named(session, case.id, name)
    gone = session.scalars(
        select(Volume)
        .join(VolumeMove, VolumeMove.volume_id == Volume.id)
        .where(VolumeMove.from_case_id.in_(origins or {case.id}), VolumeMove.name_before == name)
        .order_by(Volume.version.desc(), VolumeMove.id.desc())
    ).first()
    if gone is not None:
        return gone
    if is_of_merged and session.scalars(own).first() is not None:
        return volume_named(session, case.id, _told_apart(name, called_number(called)))
    return volume_named(session, case.id, name)


def called_number(called: str) -> str:
    """The number in what a case is called, or all of it."""
    numbers = find_numbers(called)
    return numbers[0].as_given if numbers else called


def _cases_called(session: Session, called: str) -> set[str]:
    """The ids of the cases, merged ones as they were, that have this number or folder, or this id."""
    numbers = find_numbers(called)
    best = {number.canonical for number in numbers if number.kind == numbers[0].kind} or {canonical(called)}
    found = set(session.scalars(select(CaseNumber.case_id).where(CaseNumber.canonical.in_(best))))
    return found or set(session.scalars(select(Case.id).where((Case.folder == called) | (Case.id == called))))


def _free_name(name: str, number: str, taken: set[str]) -> str:
    free, count = name, 1
    while free in taken:
        free = _told_apart(name, number if count == 1 else f"{number}-{count}")
        count += 1
    return free


def _told_apart(name: str, number: str) -> str:
    return f"{name}（{number}）"
