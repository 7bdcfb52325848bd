"""Notes 批注: what somebody has to say of a page, or of a rectangle of it, to themselves or to all who see the case.

A note stands with its page, wherever that is moved, and goes out of sight with its case. Only its owner changes it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from dossier import audit, keyed_requests
from dossier.catalogue.tables import Case, Note, Page, Volume
from dossier.crop import Sight
from dossier.errors import DeedRefused, KeyReused, NotFound, TextChanged, UsageError
from dossier.excerpts import printable
from dossier.permissions import seen_by, sees
from dossier.reading import Box
from dossier.transcriptions.writing import checked_box
from dossier.viewers import Viewer

LONGEST = 2000
MOST_LISTED = 500


def notes_in_sight(
    session: Session,
    viewer: Viewer,
    *,
    case_id: str = "",
    page_id: str = "",
    is_mine: bool | None = None,
    text: str = "",
) -> list[tuple[Note, Page]]:
    """The notes that a viewer may read, with their pages, in the order of the dossier; `MOST_LISTED` at most.

    Args:
        session: the catalogue.
        viewer: who asks: their own notes and the shared ones, of cases that they see.
        case_id, page_id: of this case or page alone.
        is_mine: their own alone, or those of others alone.
        text: those alone that have this in them.
    """
    found = (
        select(Note, Page)
        .join(Page, Page.id == Note.page_id)
        .join(Case, Case.id == Page.case_id)
        .join(Volume, Volume.id == Page.volume_id)
        .where(seen_by(viewer), _may_read(viewer))
        .order_by(Page.case_id, Volume.order_key, Volume.id, Page.place, Note.created_at, Note.id)
        .limit(MOST_LISTED)
    )
    if case_id:
        found = found.where(Page.case_id == case_id)
    if page_id:
        found = found.where(Page.id == page_id)
    if is_mine is not None:
        found = found.where(Note.owner_id == viewer.id if is_mine else Note.owner_id != viewer.id)
    if text:
        found = found.where(Note.text.contains(text, autoescape=True))
    return [(note, page) for note, page in session.execute(found)]


def note_in_sight(session: Session, viewer: Viewer, note_id: str) -> Note:
    """A note that a viewer may read.

    Raises:
        NotFound: there is none with this id that is theirs or shared, or its case is out of their sight.
    """
    note = session.scalars(select(Note).where(Note.id == note_id, _may_read(viewer))).first()
    if note is None or not sees(session, viewer, session.get_one(Page, note.page_id).case_id):
        raise NotFound(note_id)
    return note


def place_of(note: Note, page: Page) -> Box | None:
    """The rectangle of a note on the upright page as it is now; None where it is of the whole page."""
    if note.box is None:
        return None
    return Sight.of(page).from_whole(Box(*note.box), note.turn_degrees)


def add_note(
    session: Session,
    viewer: Viewer,
    page_id: str,
    text: str,
    box: Sequence[float] | None = None,
    shared: bool = False,
    idempotency_key: str = "",
) -> tuple[Note, bool]:
    """A new note, and whether it is new.

    Args:
        session: a writing transaction.
        viewer: whose it is.
        page_id: the page.
        text: what they say.
        box: of what, [x0, y0, x1, y1] on the upright page; None: of the whole page.
        shared: whether all who see the case may read it.
        idempotency_key: the viewer's own name for this deed; repeated, it gives what is there.

    Raises:
        NotFound: the page is out of sight, or does not exist.
        UsageError: text or rectangle does not fit.
        KeyReused: the key came with another page.
        TextChanged: the key came with another text.
    """
    page = session.get(Page, page_id)
    if page is None or not sees(session, viewer, page.case_id):
        raise NotFound(page_id)
    plain, place = _checked(text), checked_box(box) if box is not None else None
    request = keyed_requests.digest_of(page_id, plain, place.as_list() if place is not None else None, shared)
    known = keyed_requests.named(session, viewer.id, idempotency_key, keyed_requests.NOTE)
    if known is not None:
        standing = note_in_sight(session, viewer, known.subject_id)
        if standing.page_id != page_id:
            raise KeyReused(idempotency_key)
        if not keyed_requests.is_same(known, request):
            raise _changed(standing)
        return standing, False
    note = Note(
        owner_id=viewer.id, owner=viewer.name or viewer.id, page_id=page_id,
        box=Sight.of(page).to_whole(place).as_list() if place is not None else None,
        turn_degrees=page.turn_degrees or 0, text=plain, shared=shared,
    )  # fmt: skip
    session.add(note)
    session.flush()
    keyed_requests.keep(session, viewer.id, idempotency_key, keyed_requests.NOTE, request, note.id, 201)
    _record(session, "add_note", note, viewer, shared=shared)
    return note, True


def change_note(
    session: Session, viewer: Viewer, note: Note, changes: Mapping[str, Any], version: int | None = None
) -> None:
    """Give a note another `text`, or share it or not (`shared`).

    Args:
        session: a writing transaction.
        viewer: whose it is.
        note: which.
        changes: the new values.
        version: the one that they have seen, in another window perhaps; None for any.

    Raises:
        DeedRefused: it is another person's.
        TextChanged: another version stands by now.
        UsageError: the text does not fit.
    """
    _check_owner(viewer, note)
    if version is not None and version != note.version:
        raise _changed(note)
    values = {**changes, **({"text": _checked(changes["text"])} if "text" in changes else {})}
    changed = {name: value for name, value in values.items() if getattr(note, name) != value}
    if not changed:
        return
    for name, value in changed.items():
        setattr(note, name, value)
    note.version += 1
    note.updated_at = time.time()
    _record(session, "change_note", note, viewer, changed=sorted(changed))


def remove_note(session: Session, viewer: Viewer, note: Note) -> None:
    """Take a note away.

    Raises:
        DeedRefused: it is another person's.
    """
    _check_owner(viewer, note)
    _record(session, "remove_note", note, viewer)
    session.delete(note)


def _changed(note: Note) -> TextChanged:
    return TextChanged(current={"id": note.id, "version": note.version, "text": note.text, "author": note.owner})


def _may_read(viewer: Viewer) -> ColumnElement[bool]:
    return or_(Note.owner_id == viewer.id, Note.shared.is_(True))


def _check_owner(viewer: Viewer, note: Note) -> None:
    if note.owner_id != viewer.id:
        raise DeedRefused(f"这条批注是{note.owner}写的，只有本人能改")


def _checked(text: str) -> str:
    plain = printable(text)
    if not plain or len(plain) > LONGEST:
        raise UsageError(f"批注要有 1 至 {LONGEST} 字 / a note has 1 to {LONGEST} characters")
    return plain


def _record(session: Session, deed: str, note: Note, viewer: Viewer, **details: Any) -> None:
    audit.record(session, deed, "note", note.id, viewer.name or viewer.id, page=note.page_id, **details)
