"""A page cropped by a person: a rectangle of its picture is the page from now on, until they take it back.

The original stays as it came, and so does the reading of the whole page. Picture, text, places and PDF follow when the
page has been read once more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from sqlalchemy.orm import Session

from dossier import audit
from dossier.catalogue.tables import Page
from dossier.crop import composed
from dossier.deeds.deed import Done, Step, name_of, page_of, settle
from dossier.deeds.page_deeds import request_reading
from dossier.errors import DeedRefused, NotFound
from dossier.reading import Box, Crop
from dossier.readings import reading_of_version
from dossier.transcriptions.transcription import turned
from dossier.vault import Vault

LEAST_SHARE = 0.05
"""Of each side of the picture that was shown: less is a slip of the mouse."""

LEAST_PIXELS = 64
"""Of each side of what is left: less cannot be read."""


def crop(
    session: Session, vault: Vault, page_id: str, box: Sequence[float] | None, version: int | None, actor: str
) -> Done:
    """Say which part of its picture a page is; it is read again so.

    Args:
        session: the transaction.
        vault: where the reading is on whose page the rectangle was drawn.
        page_id: which page.
        box: [x0, y0, x1, y1], fractions of the upright page as reading `version` shows it; None: the whole page again.
        version: of the reading whose picture was looked at; None: the one in use.
        actor: who says so.

    Raises:
        DeedRefused: it is no such rectangle, or the page cannot be cropped.
        NotFound: there is no such page, or no such reading.
    """
    page = page_of(session, page_id)
    before = page.crop_by_hand
    wanted = _crop(session, vault, page, box, version) if box is not None else None
    after = wanted.as_json() if wanted is not None else None
    if after == before:
        return Done(f"{name_of(page)}的裁切没有变。", page.volume_id)
    page.crop_by_hand, page.cropped_by = after, actor if after is not None else ""
    if after != page.crop or page.state not in ("read", "searchable"):
        request_reading(session, page)
    audit.record(session, "crop", "page", page.id, actor, before=_told(before), crop=_told(after))
    settle(session, page.volume_id, [page.id], [page.document_id])
    back = {"box": before and before["box"], "reading_version": before and before["version"]}
    said = "已裁切，正在重新识别；原件完整保留" if after is not None else "已恢复整页，正在重新识别"
    return Done(f"{name_of(page)}{said}。", page.volume_id, (Step("page", page.id, "crop", back),))


def _crop(session: Session, vault: Vault, page: Page, box: Sequence[float], version: int | None) -> Crop | None:
    if page.source_kind == "pdf_text":
        raise DeedRefused("这一页的文字取自 PDF 文件本身，不能裁切")
    seen = page.reading_version if version is None else version
    if seen is None:
        raise DeedRefused("这一页还没有识别，识别以后再裁切")
    drawn = _checked(box)
    try:
        reading = reading_of_version(session, vault, page.id, seen)
    except NotFound:
        raise DeedRefused(f"这一页没有第 {seen} 次识别") from None
    pixels = ((drawn.x1 - drawn.x0) * reading.width, (drawn.y1 - drawn.y0) * reading.height)
    if min(pixels) < LEAST_PIXELS:
        raise DeedRefused(f"框住的部分太小：每边至少 {LEAST_PIXELS} 像素")
    if reading.crop is None:
        return None if drawn == (0, 0, 1, 1) else Crop(drawn, reading.turn_degrees, seen)
    # Drawn on what had been cropped before: it is part of the same whole page.
    known = reading.crop
    part = turned(known.box, reading.turn_degrees - known.turn_degrees)
    whole = turned(composed(part, drawn), known.turn_degrees - reading.turn_degrees)
    return Crop(whole, known.turn_degrees, known.version)


def _checked(box: Sequence[float]) -> Box:
    """A rectangle within the page, large enough to be meant."""
    if len(box) != 4 or not all(math.isfinite(value) for value in box):
        raise DeedRefused("裁切框要四个数：左、上、右、下")
    if not all(0 <= value <= 1 for value in box):
        raise DeedRefused("裁切框超出了页面：四个数都在 0 和 1 之间")
    x0, y0, x1, y1 = (round(value, 5) for value in box)
    if x1 - x0 < LEAST_SHARE or y1 - y0 < LEAST_SHARE:
        raise DeedRefused(f"裁切框太小，或左右、上下颠倒：每边至少是页面的 {LEAST_SHARE:.0%}")
    return Box(x0, y0, x1, y1)


def _told(crop: dict[str, object] | None) -> str:
    """A crop for the audit: its rectangle on the whole page, in per cent."""
    if crop is None:
        return "整页"
    box = crop["box"]
    assert isinstance(box, list)
    left, top, right, bottom = (f"{value:.1%}" for value in box)
    return f"左 {left} 上 {top} 右 {right} 下 {bottom}"
