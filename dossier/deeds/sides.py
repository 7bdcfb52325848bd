"""Which of two pictures of one side counts: the other one stands outside the order, kept and put back at will."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from sqlalchemy.orm import Session

from dossier import audit, outbox
from dossier.catalogue.tables import Page
from dossier.deeds.deed import Done, Step, settle, volume_of
from dossier.deeds.page_order import put_outside
from dossier.errors import DeedRefused
from dossier.pages import renumber
from dossier.side_pairs import SidePair, side_pairs

Kept = Literal["primary", "secondary", "both", "undecided"]

REASON = "同一面的另一幅图"


def choose_sides(session: Session, volume_id: str, kept: Kept, page_ids: Collection[str] | None, actor: str) -> Done:
    """Say which pictures count where a volume has two of one side.

    Args:
        session: the transaction.
        volume_id: whose pages.
        kept: the first or the second picture, or both; undecided: both stand in the order, and are asked about.
        page_ids: of each pair that is meant, one of its pages; None: all pairs of which nobody has said anything yet.
        actor: who says so.

    Raises:
        DeedRefused: a page is not of such a pair.
    """
    volume_of(session, volume_id)
    pairs = side_pairs(session, volume_id)
    meant = [pair for pair in pairs if _is_meant(pair, page_ids)]
    known = {page.id for pair in meant for page in (pair.primary, pair.secondary)}
    if page_ids is not None and not known.issuperset(page_ids):
        raise DeedRefused("这一页不是同一面两幅图中的一幅")
    changed = [pair for pair in meant if _put(session, pair, kept)]
    if not changed:
        return Done("两幅图的取舍没有变。", volume_id)
    pages = [page for pair in changed for page in (pair.primary, pair.secondary)]
    renumber(session, volume_id)
    for pair in changed:
        audit.record(
            session, "choose_side", "page", pair.primary.id, actor, kept=kept, other=pair.secondary.id
        )  # fmt: skip
    settle(session, volume_id, [page.id for page in pages], {page.document_id for page in pages})
    said = {
        "primary": "用左图（Pri），右图移出页序，原件保留",
        "secondary": "用右图（Sec），左图移出页序，原件保留",
        "both": "两幅都留在页序里",
        "undecided": "两幅都放回页序，等着选",
    }[kept]
    back = {"keep": "undecided", "pages": [pair.primary.id for pair in changed]}
    undo = (Step("volume", volume_id, "sides", back),) if kept != "undecided" else ()
    return Done(f"{len(changed)} 对：{said}。", volume_id, undo)


def _is_meant(pair: SidePair, page_ids: Collection[str] | None) -> bool:
    if page_ids is None:
        return pair.is_open
    return pair.primary.id in page_ids or pair.secondary.id in page_ids


def _put(session: Session, pair: SidePair, kept: Kept) -> bool:
    """Let a pair be as it is said; whether that changes anything.

    What somebody has taken out for another reason stays out.
    """
    first, second = pair.primary, pair.secondary
    before = [(page.outside, page.replaced_by, page.is_no_pair) for page in (first, second)]
    out, stays = {"primary": (second, first), "secondary": (first, second)}.get(kept, (None, None))
    outbox.enqueue(session, [first.id, second.id])  # while it can still be seen which pages come before them
    for page, other in ((first, second), (second, first)):
        page.is_no_pair = kept == "both"
        if page.outside == "replaced" and page.replaced_by == other.id and page is not out:
            page.outside, page.outside_reason, page.replaced_by = None, "", None
    if out is not None and stays is not None and out.outside is None and stays.outside is None:
        _take_out(session, out, stays)
    return before != [(page.outside, page.replaced_by, page.is_no_pair) for page in (first, second)]


def _take_out(session: Session, out: Page, stays: Page) -> None:
    if out.page_label_state == "confirmed" and stays.page_label_state != "confirmed":
        stays.page_label, stays.page_label_state = out.page_label, "confirmed"
    put_outside(session, out, "replaced", REASON)
    out.replaced_by = stays.id
