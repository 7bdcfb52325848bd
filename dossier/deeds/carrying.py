"""What people have put on a page goes to the re-scan that replaces it: notes, bookmarks, the sources of excerpts.

A rectangle of the old picture means nothing on the new one: a note that had one is the whole page's then. For the same
reason transcriptions do not move: they wait on the new page until a person has found their line (`transcriptions`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import audit
from dossier.catalogue.tables import Bookmark, CarriedMark, Excerpt, Note, Page, TranscriptionRow

NOTE, BOOKMARK, EXCERPT, TRANSCRIPTION = "note", "bookmark", "excerpt", "transcription"
CARRIED, WAITING, TAKEN, LEFT = "carried", "waiting", "taken", "left"


def carry(session: Session, pairs: Sequence[tuple[Page, Page]], actor: str) -> int:
    """Let what stands on pages go to those that replace them; returns how many transcriptions wait to be confirmed."""
    successors = {old.id: new.id for old, new in pairs}
    marks = [
        *_carried_notes(session, successors),
        *_carried_bookmarks(session, successors),
        *_carried_excerpts(session, successors, {old.case_id for old, _ in pairs}),
        *_waiting_transcriptions(session, successors),
    ]
    for mark in marks:
        session.merge(mark)
    for old_id in sorted({mark.from_page_id for mark in marks}):
        kinds = [mark.kind for mark in marks if mark.from_page_id == old_id]
        counts = {kind: kinds.count(kind) for kind in sorted(set(kinds))}
        audit.record(session, "carry", "page", old_id, actor, to=successors[old_id], **counts)
    session.flush()
    return sum(mark.state == WAITING for mark in marks)


def carry_back(session: Session, old: Page, new_id: str, actor: str) -> None:
    """A page that was replaced stands again: what went from it comes back, unless somebody has moved it on."""
    marks = session.scalars(
        select(CarriedMark).where(CarriedMark.from_page_id == old.id, CarriedMark.to_page_id == new_id)
    ).all()
    for mark in marks:
        match mark.kind:
            case "note":
                note = session.get(Note, mark.subject_id)
                if note is not None and note.page_id == new_id:
                    note.page_id = old.id
                    if note.box is None and mark.was.get("box") is not None:
                        note.box, note.turn_degrees = mark.was["box"], mark.was["turn_degrees"]
            case "bookmark":
                bookmark = session.get(Bookmark, mark.subject_id)
                if bookmark is not None and bookmark.page_id == new_id:
                    bookmark.page_id = old.id
            case "excerpt":
                excerpt = session.get(Excerpt, mark.subject_id)
                if excerpt is not None and new_id in excerpt.page_ids:
                    excerpt.page_ids = _replaced(excerpt.page_ids, {new_id: old.id})
        session.delete(mark)
    if marks:
        audit.record(session, "carry", "page", new_id, actor, to=old.id, back=len(marks))
    session.flush()


def _carried_notes(session: Session, successors: dict[str, str]) -> list[CarriedMark]:
    marks = []
    for note in session.scalars(select(Note).where(Note.page_id.in_(successors))):
        was: dict[str, Any] = {"box": note.box, "turn_degrees": note.turn_degrees}
        marks.append(_mark(NOTE, note.id, note.page_id, successors, was))
        note.page_id, note.box = successors[note.page_id], None
    return marks


def _carried_bookmarks(session: Session, successors: dict[str, str]) -> list[CarriedMark]:
    marks = []
    there = set(
        session.execute(
            select(Bookmark.owner_id, Bookmark.page_id).where(Bookmark.page_id.in_(successors.values()))
        ).all()
    )
    for bookmark in session.scalars(select(Bookmark).where(Bookmark.page_id.in_(successors))):
        if (bookmark.owner_id, successors[bookmark.page_id]) not in there:  # a person has one for a page
            marks.append(_mark(BOOKMARK, bookmark.id, bookmark.page_id, successors, {}))
            bookmark.page_id = successors[bookmark.page_id]
    return marks


def _carried_excerpts(session: Session, successors: dict[str, str], case_ids: set[str]) -> list[CarriedMark]:
    marks = []
    for excerpt in session.scalars(select(Excerpt).where(Excerpt.case_id.in_(case_ids))):
        moved = [id_ for id_ in excerpt.page_ids if id_ in successors]
        marks += [_mark(EXCERPT, excerpt.id, id_, successors, {"page_ids": excerpt.page_ids}) for id_ in moved]
        if moved:
            excerpt.page_ids = _replaced(excerpt.page_ids, successors)
    return marks


def _waiting_transcriptions(session: Session, successors: dict[str, str]) -> list[CarriedMark]:
    own = session.execute(
        select(TranscriptionRow.id, TranscriptionRow.page_id).where(
            TranscriptionRow.page_id.in_(successors), TranscriptionRow.withdrawn_at.is_(None)
        )
    ).all()
    # What waited on a page that is itself replaced waits on.
    handed_on = session.execute(
        select(CarriedMark.subject_id, CarriedMark.to_page_id).where(
            CarriedMark.to_page_id.in_(successors), CarriedMark.state == WAITING
        )
    ).all()
    return [_mark(TRANSCRIPTION, id_, page_id, successors, {}, WAITING) for id_, page_id in [*own, *handed_on]]


def _mark(
    kind: str, subject_id: str, page_id: str, successors: dict[str, str], was: dict[str, Any], state: str = CARRIED
) -> CarriedMark:
    return CarriedMark(
        to_page_id=successors[page_id], kind=kind, subject_id=subject_id, from_page_id=page_id, was=was, state=state,
        answered_by="",
    )  # fmt: skip


def _replaced(page_ids: Sequence[str], by: dict[str, str]) -> list[str]:
    return list(dict.fromkeys(by.get(id_, id_) for id_ in page_ids))
