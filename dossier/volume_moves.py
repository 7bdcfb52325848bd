"""Volumes that go from one case to another, by merging, splitting or a claim, and where what still comes for them
belongs.

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

    One that comes back is called as before it went. One whose name a volume there has is told apart by its former
    case's number, or, where that has none, by counting. To which case documents belong is asked no more, and again
    where they go back to wait for one.
    """
    if not volumes:
        return
    ids = [volume.id for volume in volumes]
    taken = set(session.scalars(select(Volume.name).where(Volume.case_id == target.id)))
    names: dict[str, str] = {}
    for name in dict.fromkeys(volume.name for volume in volumes):
        wanted = name_before(session, [volume.id for volume in volumes if volume.name == name], target) or name
        names[name] = _free_name(wanted, cases.number_of(session, source), taken)
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
    if source.state != target.state and "unclaimed" in (source.state, target.state):
        closed_at = None if target.state == "unclaimed" else time.time()
        of_volumes = select(Document.id).where(Document.volume_id.in_(ids))
        session.execute(
            update(Flag)
            .where(Flag.subject_kind == "document", Flag.subject_id.in_(of_volumes), Flag.code == "unclaimed")
            .values(closed_at=closed_at)
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
    if not called:  # loose files of the inbox are nobody's, whatever was claimed of those before
        return volume_named(session, case.id, name)
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
        first = session.get_one(Case, min(origins))
        number = cases.number_of(session, first) or called_number(called)
        return volume_named(session, case.id, _told_apart(name, number))
    return volume_named(session, case.id, name)


def case_called(session: Session, case: Case, called: str) -> str:
    """The id under which something comes for a case: that of the merged one that bears this number or id."""
    found = [
        each for each in _cases_called(session, called)
        if cases.unmerged(session, session.get_one(Case, each)).id == case.id
    ]  # fmt: skip
    return found[0] if len(found) == 1 else case.id


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


def name_before(session: Session, volume_ids: Sequence[str], case: Case) -> str | None:
    """What volumes were called in a case that they come back to; None where they were never there."""
    return session.scalars(
        select(VolumeMove.name_before)
        .where(VolumeMove.volume_id.in_(volume_ids), VolumeMove.from_case_id == case.id)
        .order_by(VolumeMove.id.desc())
        .limit(1)
    ).first()


def _free_name(name: str, number: str | None, taken: set[str]) -> str:
    free, count = name, 1
    while free in taken:
        if number:
            free = _told_apart(name, number if count == 1 else f"{number}-{count}")
        else:
            free = _told_apart(name, str(count + 1))
        count += 1
    return free


def _told_apart(name: str, number: str) -> str:
    return f"{name}（{number}）"
