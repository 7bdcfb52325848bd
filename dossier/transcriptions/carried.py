"""Transcriptions of a page that a re-scan has replaced: they wait on the new page until a person has taken them over.

What stood in a rectangle of the old picture stands elsewhere on the new one. A line of the new reading is proposed only
where it, and no other, says what the old line said; even then nothing is attached before somebody has looked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import audit
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import CarriedMark, Page, TranscriptionRow
from dossier.deeds.carrying import LEFT, TAKEN, TRANSCRIPTION, WAITING
from dossier.errors import DeedRefused, NotFound, StoreError
from dossier.permissions import sees
from dossier.reading import Line
from dossier.readings import reading_of
from dossier.transcriptions.standing import current_version
from dossier.transcriptions.transcription import Transcription, line_under
from dossier.transcriptions.writing import add_transcription
from dossier.vault import Vault
from dossier.viewers import Viewer

LEAST_LIKE = 0.8
"""How like two lines must be, 0–1, to be taken for the same one read twice."""

LEAST_CHARACTERS = 4
"""Shorter lines are like too many others."""

Verdict = Literal["taken", "left"]


@dataclass(frozen=True)
class Carried:
    """A transcription that waits on a page.

    Attributes:
        transcription: as it stands on the page that was replaced.
        ocr: what the program had read there; "" where nothing.
        line: the line of the new reading, from 0, that says the same; None where none does, or several.
    """

    transcription: Transcription
    ocr: str
    line: int | None


def waiting_on(session: Session, vault: Vault, page: Page) -> list[Carried]:
    """The transcriptions that wait on a page to be taken over, in the order in which they were written.

    Raises:
        StoreError: the vault does not hold what the catalogue says.
    """
    rows = session.execute(
        select(CarriedMark, TranscriptionRow)
        .join(TranscriptionRow, TranscriptionRow.id == CarriedMark.subject_id)
        .where(
            CarriedMark.to_page_id == page.id, CarriedMark.kind == TRANSCRIPTION, CarriedMark.state == WAITING,
            TranscriptionRow.withdrawn_at.is_(None),
        )
    ).all()  # fmt: skip
    if not rows:
        return []
    reading = reading_of(session, vault, page)
    lines = reading.lines if reading else ()
    found = []
    for _, row in rows:
        one = current_version(session, vault, row)
        ocr = _read_before(session, vault, one)
        found.append(Carried(one, ocr, same_line(ocr, one.text, lines)))
    return sorted(found, key=lambda carried: (carried.transcription.at, carried.transcription.id))


def same_line(ocr: str, text: str, lines: Sequence[Line]) -> int | None:
    """The one line, from 0, that says what the program, or the person, had read; None where none does, or several."""
    alike = [
        at
        for at, line in enumerate(lines)
        if any(_like(line.text, known) >= LEAST_LIKE for known in (ocr, text) if len(known.strip()) >= LEAST_CHARACTERS)
    ]
    return alike[0] if len(alike) == 1 else None


def answer_carried(
    catalogue: Catalogue, vault: Vault, viewer: Viewer, page_id: str, transcription_id: str, verdict: Verdict
) -> Transcription | None:
    """Take a transcription over to the line that says the same, or leave it; repeated, it changes nothing.

    Returns:
        What stands on the page now, by whoever has confirmed it; None where it was left.

    Raises:
        NotFound: the page is out of sight.
        DeedRefused: it does not wait on this page, or no line says the same.
        TextChanged: somebody has transcribed that line already.
    """
    with catalogue.reading() as session:
        page = session.get(Page, page_id)
        if page is None or not sees(session, viewer, page.case_id):
            raise NotFound(page_id)
        mark = session.get(CarriedMark, (page_id, TRANSCRIPTION, transcription_id))
        if mark is None:
            raise DeedRefused("这一条不在等待采用")
        if mark.state != WAITING:
            if mark.state == verdict:
                return None
            raise DeedRefused("这一条已经答过")
        carried = next(
            (one for one in waiting_on(session, vault, page) if one.transcription.id == transcription_id), None
        )
        reading = reading_of(session, vault, page)
    taken = None
    if verdict == TAKEN:
        if carried is None or carried.line is None or reading is None:
            raise DeedRefused("没有找到文字相同的一行，请选中那一行或画框校录，再点“不用”")
        box = reading.lines[carried.line].box.as_list()
        key = f"carried {transcription_id} {page_id}"
        taken, _ = add_transcription(catalogue, vault, viewer, page_id, carried.transcription.text, box, key)
    with catalogue.writing() as session:
        mark = session.get(CarriedMark, (page_id, TRANSCRIPTION, transcription_id))
        if mark is not None and mark.state == WAITING:
            mark.state, mark.answered_by = TAKEN if verdict == TAKEN else LEFT, viewer.name or viewer.id
            audit.record(
                session, "answer_carried", "page", page_id, mark.answered_by,
                transcription=transcription_id, verdict=verdict,
            )  # fmt: skip
    return taken


def _read_before(session: Session, vault: Vault, one: Transcription) -> str:
    try:
        reading = reading_of(session, vault, session.get_one(Page, one.page_id))
    except StoreError:
        return ""  # `verify` says so
    line = line_under(one.box, reading.lines) if reading else None
    return reading.lines[line].text if reading is not None and line is not None else ""


def _like(one: str, other: str) -> float:
    return SequenceMatcher(None, "".join(one.split()), "".join(other.split()), autojunk=False).ratio()
