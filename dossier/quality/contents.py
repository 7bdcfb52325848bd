"""The contents of a volume as a checker sees them, part by part: what was checked is what is approved.

What is read anew with the same result changes nothing here; a page that comes, goes, moves, turns, is
cropped or gets another label does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Arrival, Document, Page
from dossier.place import METADATA_TYPE

# What is said where a part has changed; the order of the pages is only told where they are the same pages.
PARTS = {
    "files": "收到了新文件",
    "pages": "页有增减",
    "order": "页序或材料的划分变了",
    "turns": "页面转了方向",
    "crops": "页面裁切变了",
    "labels": "页码变了",
    "titles": "材料名称变了",
}


def contents_of(session: Session, volume_id: str) -> dict[str, str]:
    """A digest of each part of a volume, by its name in `PARTS`."""
    session.flush()
    rows = session.execute(
        select(
            Page.id, Page.document_id, Page.page_label, func.coalesce(Page.turn_by_hand, Page.turn_degrees),
            Page.crop_by_hand,
        )
        .where(Page.volume_id == volume_id, Page.outside.is_(None))
        .order_by(Page.place, Page.page_number, Page.id)
    ).all()  # fmt: skip
    titles = session.execute(
        select(Document.id, Document.title)
        .where(Document.id.in_({document_id for _, document_id, *_ in rows}))
        .order_by(Document.id)
    ).all()
    files = session.scalars(
        select(Arrival.id)
        .where(Arrival.volume_id == volume_id, Arrival.media_type != METADATA_TYPE)
        .order_by(Arrival.id)
    ).all()
    return {
        "files": _digest(files),
        "pages": _digest(sorted(id_ for id_, *_ in rows)),
        "order": _digest(f"{id_} {document_id}" for id_, document_id, *_ in rows),
        "turns": _digest(sorted(f"{id_} {turn}" for id_, _, _, turn, _ in rows)),
        "crops": _digest(sorted(f"{id_} {crop['box']}" for id_, *_, crop in rows if crop is not None)),
        "labels": _digest(sorted(f"{id_} {label or ''}" for id_, _, label, *_ in rows)),
        "titles": _digest(f"{id_} {title}" for id_, title in titles),
    }


def version_of(contents: dict[str, str]) -> str:
    """A name for the whole: whoever approves says which one was looked at."""
    return _digest(contents[part] for part in PARTS)


def differences(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """What has changed, in words; empty where nothing has."""
    changed = [part for part in PARTS if before.get(part, _digest(())) != now[part]]
    told = [part for part in changed if "pages" not in changed or part in ("files", "pages")]
    return [PARTS[part] for part in told]


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
