"""Writing transcriptions: added, corrected, withdrawn. Nothing is written over: each version stays in the vault.

The bytes are in the vault before the transaction begins; what another person has written meanwhile makes it end with
their text in the error, and the file that nobody names does no harm.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from dossier import audit, keyed_requests, outbox
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Page, TranscriptionRow, TranscriptionVersion, new_id
from dossier.crop import Sight
from dossier.errors import KeyReused, NotFound, TextChanged, UsageError
from dossier.excerpts import printable
from dossier.permissions import sees
from dossier.reading import Box
from dossier.transcriptions.standing import boxes_of, current_version, transcription_in_sight
from dossier.transcriptions.transcription import SMALLEST, Transcription, share
from dossier.vault import Vault
from dossier.viewers import Viewer

LONGEST = 2000
MOST_ON_A_PAGE = 500
_SAME_PLACE = 0.8
"""How much of a rectangle lies in another one where both are of the same line."""


def add_transcription(
    catalogue: Catalogue,
    vault: Vault,
    viewer: Viewer,
    page_id: str,
    text: str,
    box: Sequence[float],
    idempotency_key: str = "",
) -> tuple[Transcription, bool]:
    """What a person read in a rectangle of a page, and whether it is new.

    Args:
        catalogue, vault: where it is put.
        viewer: who read it.
        page_id: the page.
        text: what stands there.
        box: where, [x0, y0, x1, y1] on the upright page as it is shown.
        idempotency_key: the viewer's own name for this deed; repeated, it gives what is there.

    Raises:
        NotFound: the page is out of sight, or does not exist.
        UsageError: text or rectangle does not fit.
        KeyReused: the key came with another page.
        TextChanged: somebody has transcribed this place already, or the key came with another text.
    """
    plain, place = _checked_text(text), checked_box(box)
    request = keyed_requests.digest_of(page_id, plain, place.as_list())
    with catalogue.reading() as session:
        page = _page_in_sight(session, viewer, page_id)
        sight = Sight.of(page)
    turn_degrees, whole = sight.turn_degrees, sight.to_whole(place)
    one = Transcription(new_id("x"), page_id, 1, plain, place, viewer.name or viewer.id, time.time())
    sha256 = vault.store_transcription(page_id, one.id, 1, replace(one, box=whole).to_bytes(turn_degrees))
    with catalogue.writing() as session:
        _page_in_sight(session, viewer, page_id)
        known = keyed_requests.named(session, viewer.id, idempotency_key, keyed_requests.TRANSCRIPTION)
        if known is not None and session.get_one(TranscriptionRow, known.subject_id).page_id != page_id:
            raise KeyReused(idempotency_key)
        is_repeated = known is not None and keyed_requests.is_same(known, request)
        others = boxes_of(session, page_id)
        there = known.subject_id if known is not None else _at_place(others, place)
        if there is None:
            if len(others) >= MOST_ON_A_PAGE:
                raise UsageError(f"一页最多 {MOST_ON_A_PAGE} 条校录 / at most {MOST_ON_A_PAGE} on a page")
            session.add(TranscriptionRow(id=one.id, page_id=page_id, version=1))
            session.flush()
            keyed_requests.keep(
                session, viewer.id, idempotency_key, keyed_requests.TRANSCRIPTION, request, one.id, 201
            )  # fmt: skip
            _put(session, replace(one, box=whole), turn_degrees, sha256, viewer.id)
            _record(session, "add_transcription", one)
            return one, True
    # What the vault holds is read outside: a transaction that others wait for does no file work.
    with catalogue.reading() as session:
        row = session.get_one(TranscriptionRow, there)
        current = current_version(session, vault, row)
        if is_repeated:
            return current, False
    raise TextChanged(current=current.as_json())


def change_transcription(
    catalogue: Catalogue, vault: Vault, viewer: Viewer, transcription_id: str, version: int, text: str
) -> Transcription:
    """A transcription with another text, as its next version; one that was withdrawn stands again.

    Args:
        catalogue, vault: where it is.
        viewer: who corrects it.
        transcription_id: which.
        version: the one that they have seen.
        text: what stands there.

    Raises:
        NotFound: there is none within sight.
        UsageError: the text does not fit.
        TextChanged: another version stands by now, or, where it was withdrawn, another transcription in its place.
    """
    plain = _checked_text(text)
    with catalogue.reading() as session:
        row = transcription_in_sight(session, viewer, transcription_id)
        before = current_version(session, vault, row)
        is_withdrawn = row.withdrawn_at is not None
        # Where it was drawn, and not what of it is seen: the page may have been cropped since.
        drawn = session.get_one(TranscriptionVersion, (row.id, row.version))
        turn_degrees, whole = drawn.turn_degrees, Box(*drawn.box)
    if before.version != version:
        raise TextChanged(current=before.as_json())
    if before.text == plain and not is_withdrawn:
        return before
    one = Transcription(
        before.id, before.page_id, version + 1, plain, before.box, viewer.name or viewer.id, time.time()
    )
    sha256 = vault.store_transcription(one.page_id, one.id, one.version, replace(one, box=whole).to_bytes(turn_degrees))
    with catalogue.writing() as session:
        row = transcription_in_sight(session, viewer, transcription_id)
        instead: str | None = row.id
        if row.version == version:
            instead = None if row.withdrawn_at is None else _at_place(boxes_of(session, row.page_id), one.box)
        if instead is None:
            row.version, row.withdrawn_at, row.withdrawn_by = one.version, None, ""
            _put(session, replace(one, box=whole), turn_degrees, sha256, viewer.id)
            _record(session, "change_transcription", one)
            return one
    raise TextChanged(current=_current(catalogue, vault, instead).as_json())


def withdraw_transcription(
    catalogue: Catalogue, vault: Vault, viewer: Viewer, transcription_id: str, version: int | None = None
) -> None:
    """Take a transcription back: it is neither shown with the page nor found any more, and stays in its history.

    Args:
        catalogue, vault: where it is.
        viewer: who takes it back.
        transcription_id: which.
        version: the one that they have seen; None for any.

    Raises:
        NotFound: there is none within sight.
        TextChanged: another version stands by now.
    """
    with catalogue.writing() as session:
        row = transcription_in_sight(session, viewer, transcription_id)
        if row.withdrawn_at is not None:
            return
        if version is None or row.version == version:
            row.withdrawn_at, row.withdrawn_by = time.time(), viewer.name or viewer.id
            outbox.enqueue(session, [row.page_id])
            audit.record(
                session, "withdraw_transcription", "page", row.page_id, viewer.name or viewer.id,
                transcription=row.id, version=row.version,
            )  # fmt: skip
            return
    raise TextChanged(current=_current(catalogue, vault, transcription_id).as_json())


def _current(catalogue: Catalogue, vault: Vault, transcription_id: str) -> Transcription:
    with catalogue.reading() as session:
        return current_version(session, vault, session.get_one(TranscriptionRow, transcription_id))


def _put(session: Session, one: Transcription, turn_degrees: int, sha256: str, author_id: str) -> None:
    session.add(
        TranscriptionVersion(
            transcription_id=one.id,
            version=one.version,
            sha256=sha256,
            box=one.box.as_list(),
            turn_degrees=turn_degrees,
            author=one.author,
            author_id=author_id,
            at=one.at,
        )
    )
    outbox.enqueue(session, [one.page_id])


def _record(session: Session, deed: str, one: Transcription) -> None:
    # Without the text: the log is for those who read no content, too.
    audit.record(session, deed, "page", one.page_id, one.author, transcription=one.id, version=one.version)


def _page_in_sight(session: Session, viewer: Viewer, page_id: str) -> Page:
    page = session.get(Page, page_id)
    if page is None or not sees(session, viewer, page.case_id):
        raise NotFound(page_id)
    return page


def _at_place(others: Sequence[tuple[TranscriptionRow, Box]], place: Box) -> str | None:
    """The id of the transcription that has this place, if one has."""
    return next((row.id for row, box in others if _is_same_place(box, place)), None)


def _is_same_place(one: Box, other: Box) -> bool:
    """Whether two rectangles are of one line: most of either lies in the other."""
    sizes = sorted((box.x1 - box.x0) * (box.y1 - box.y0) for box in (one, other))
    return share(one, other) > _SAME_PLACE and sizes[0] > sizes[1] / 2


def _checked_text(text: str) -> str:
    plain = printable(text)
    if not plain or len(plain) > LONGEST:
        raise UsageError(f"校录的文字要有 1 至 {LONGEST} 字 / a transcription has 1 to {LONGEST} characters")
    return plain


def checked_box(box: Sequence[float]) -> Box:
    """A rectangle that somebody has drawn on a page, clipped to it.

    Raises:
        UsageError: it is none.
    """
    clipped = [round(min(max(float(value), 0.0), 1.0), 5) for value in box]
    if len(clipped) != 4 or clipped[2] - clipped[0] < SMALLEST or clipped[3] - clipped[1] < SMALLEST:
        raise UsageError("box: [x0, y0, x1, y1], 0–1")
    return Box(*clipped)
