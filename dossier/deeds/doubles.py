"""What a person says of two pages that look like one page twice: both stay, or they are two sheets."""

from __future__ import annotations

import time

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import audit
from dossier.catalogue.tables import Arrival, DoubleAnswer, Flag, Page
from dossier.deeds.deed import Done, Step, page_of, settle
from dossier.doubles import Verdict, pair_of
from dossier.errors import DeedRefused

_SENTENCES: dict[Verdict | None, str] = {
    "kept": "两页都保留，不再问。",
    "different": "已记下不是重复，不再问。",
    None: "重新列为待核对。",
}


def answer_double(session: Session, page_id: str, other_id: str, verdict: Verdict | None, actor: str) -> Done:
    """Say what two pages are that look like one page twice; None takes the answer back.

    Raises:
        DeedRefused: they are one page.
    """
    page, other = page_of(session, page_id), page_of(session, other_id)
    if page.id == other.id:
        raise DeedRefused("请写明是哪两页")
    first, second = pair_of(page.id, other.id)
    row = session.get(DoubleAnswer, (first, second))
    before = row.verdict if row is not None else None
    if before == verdict:
        return Done(_SENTENCES[verdict], page.volume_id)
    if row is not None:
        session.delete(row)
        session.flush()
    if verdict is not None:
        session.add(DoubleAnswer(page_id=first, other_id=second, verdict=verdict, answered_by=actor))
    audit.record(session, "answer_double", "page", page.id, actor, other=other.id, verdict=verdict, before=before)
    _answer_repeats(session, page, other, is_answered=verdict is not None)
    for volume_id in sorted({page.volume_id, other.volume_id}):
        settle(session, volume_id)
    undo = Step("page", page.id, "double", {"other": other.id, "verdict": before})
    return Done(_SENTENCES[verdict], page.volume_id, (undo,))


def _answer_repeats(session: Session, page: Page, other: Page, *, is_answered: bool) -> None:
    """Equal files ask once for all their pages: the answer to one is the answer to the files."""
    one, two = session.get_one(Arrival, page.arrival_id), session.get_one(Arrival, other.arrival_id)
    if one.sha256 != two.sha256:
        return
    asked = select(Flag).where(
        Flag.subject_kind == "arrival", Flag.subject_id.in_((one.id, two.id)), Flag.code == "repeated"
    )
    for flag in session.scalars(asked):
        flag.closed_at = time.time() if is_answered else None
