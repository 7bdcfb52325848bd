"""Deeds on a page by itself: turned, read again, called blank or not, its label corrected or confirmed."""

from __future__ import annotations

import unicodedata

from sqlalchemy.orm import Session

from dossier import audit, flags, outbox, work
from dossier.catalogue.tables import Case, Page
from dossier.deeds.deed import Done, Step, name_of, page_of, settle
from dossier.errors import DeedRefused
from dossier.label_chain import key_of
from dossier.pages import renumber, stands_outside_as_blank
from dossier.quality.follow import follow

TURNS = (0, 90, 180, 270)
HIGHEST_LABEL = 99_999
"""What a numbering stamp prints at most; a longer number is a slip."""


def turn(session: Session, page_id: str, turn_degrees: int | None, actor: str) -> Done:
    """Say how a page lies; it is read again upright, and no later reading turns it otherwise.

    Args:
        session: the transaction.
        page_id: which page.
        turn_degrees: the scan turned clockwise by it stands upright; None leaves it to the program again.
        actor: who says so.

    Raises:
        DeedRefused: it is no quarter turn, or the page's text is the file's own.
    """
    page = page_of(session, page_id)
    if turn_degrees is not None and turn_degrees not in TURNS:
        raise DeedRefused(f"turn_degrees: {turn_degrees}")
    if page.source_kind == "pdf_text":
        raise DeedRefused("这一页的文字取自 PDF 文件本身，方向由文件决定")
    before = page.turn_by_hand
    if before == turn_degrees:
        return Done(f"{name_of(page)}的方向没有变。", page.volume_id)
    page.turn_by_hand = turn_degrees
    flags.close_flag(session, "page", page.id, "turn_uncertain")
    if turn_degrees != page.turn_degrees or page.state not in ("read", "searchable"):
        request_reading(session, page)
    audit.record(session, "turn", "page", page.id, actor, before=before, turn_degrees=turn_degrees)
    follow(session, page.volume_id)
    return Done(f"{name_of(page)}已转向，正在重新识别。", page.volume_id, (_step(page, "turn", turn_degrees=before),))


def read_again(session: Session, page_id: str, actor: str) -> Done:
    """Have a page read once more; the readings before stay in the vault."""
    page = page_of(session, page_id)
    if page.state not in ("waiting", "reading"):
        request_reading(session, page)
        audit.record(session, "read_again", "page", page.id, actor, version=page.reading_version)
    return Done(f"{name_of(page)}正在重新识别。", page.volume_id)


def mark_blank(session: Session, page_id: str, is_blank: bool, actor: str) -> Done:
    """Say whether a page is blank; what is read of it later does not change that.

    One that is not blank and had been left out of the count for being so counts again.
    """
    page = page_of(session, page_id)
    before, was_folded = page.blank, stands_outside_as_blank(page)
    if page.blank_by_hand == is_blank:
        return Done(f"{name_of(page)}没有变。", page.volume_id)
    outbox.enqueue(session, [page.id])
    page.blank = page.blank_by_hand = is_blank
    flags.close_flag(session, "page", page.id, "no_text")
    if is_blank:
        flags.raise_flag(session, "page", page.id, page.case_id, "blank")
    else:
        flags.close_flag(session, "page", page.id, "blank")
        if was_folded:
            page.outside, page.outside_reason = None, ""
            renumber(session, page.volume_id)
    audit.record(session, "mark_blank", "page", page.id, actor, before=before, blank=is_blank)
    settle(session, page.volume_id, [page.id], [page.document_id] if was_folded and not is_blank else [])
    undo = [_step(page, "blank", blank=before)] if before != is_blank else []
    if was_folded and not is_blank:
        undo.append(Step("volume", page.volume_id, "fold", {"pages": [page.id]}))
    said = "已标为空白" if is_blank else "已标为有内容"
    return Done(f"{name_of(page)}{said}。", page.volume_id, tuple(undo))


def correct_label(session: Session, page_id: str, label: str | None, actor: str) -> Done:
    """Confirm or correct the number on a page's paper; no reading changes it after that.

    Args:
        session: the transaction.
        page_id: which page.
        label: 35, 35-1 or 35背; "" where the paper bears none; None leaves it to the volume's sequence again.
        actor: who says so.

    Raises:
        DeedRefused: it is no label.
    """
    page = page_of(session, page_id)
    plain = "" if label is None else unicodedata.normalize("NFKC", label).strip()
    key = key_of(plain)
    if plain and (key is None or max(key) > HIGHEST_LABEL):
        raise DeedRefused(f"页码“{plain[:20]}”不是 35、35-1 或 35背 这样的写法")
    was_confirmed, before = page.page_label_state == "confirmed", page.page_label
    said = (before or "") if was_confirmed else None
    if said == (None if label is None else plain):
        return Done(f"{name_of(page)}的页码没有变。", page.volume_id)
    if label is None:
        page.page_label, page.page_label_state = None, None
    else:
        page.page_label, page.page_label_state = plain or None, "confirmed"
    audit.record(session, "label", "page", page.id, actor, before=before, was_confirmed=was_confirmed, label=label)
    settle(session, page.volume_id, document_ids=[page.document_id])
    shown = "由系统推算" if label is None else f"已确认为 {plain}" if plain else "已确认为无页码"
    return Done(f"{name_of(page)}的页码{shown}。", page.volume_id, (_step(page, "label", label=said),))


def request_reading(session: Session, page: Page) -> None:
    """Have a page read, before those that nobody has asked for."""
    due_on = session.get_one(Case, page.case_id).due_on
    work.request(session, work.READ, [page.id], priority=work.SOON, due_on=due_on)
    if page.state != "reading":  # otherwise its reading is under way, and is looked at when it comes
        page.state = "waiting"
        page.error_code, page.error_detail = None, ""


def _step(page: Page, name: str, **details: object) -> Step:
    return Step("page", page.id, name, dict(details))
