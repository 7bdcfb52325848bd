"""Faults: what a checker finds wrong with a page or a volume; told to its maker by a refusal, mended, or withdrawn."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier import audit, flags
from dossier.catalogue.tables import Fault, Page, Volume, VolumeCheck
from dossier.deeds.deed import Done, Step, page_of, volume_of
from dossier.errors import DeedRefused

KINDS = {
    "upside_down": "倒置",
    "skewed": "歪斜",
    "blurred": "模糊",
    "missing": "缺页",
    "doubled": "重页",
    "order": "顺序错",
    "label": "页码错",
    "unscanned": "漏扫",
    "cut_off": "裁切",
    "other": "其他",
}
"""In the order of the digits 1 to 9 and 0 that mark them on the screen."""

LONGEST_WORDS = 200
FLAG = "check_fault"


def standing_faults(session: Session, volume_id: str) -> Sequence[Fault]:
    """The faults of a volume that are neither mended nor withdrawn, the oldest first."""
    return session.scalars(
        select(Fault)
        .where(Fault.volume_id == volume_id, Fault.mended_at.is_(None), Fault.withdrawn_at.is_(None))
        .order_by(Fault.found_at, Fault.id)
    ).all()


def all_faults(session: Session, volume_id: str) -> Sequence[Fault]:
    """All faults that were ever found in a volume and not withdrawn, the oldest first."""
    return session.scalars(
        select(Fault)
        .where(Fault.volume_id == volume_id, Fault.withdrawn_at.is_(None))
        .order_by(Fault.found_at, Fault.id)
    ).all()


def mark(session: Session, volume_id: str, page_id: str | None, kind: str, words: str, actor: str) -> Done:
    """Note a fault of a volume that waits for its check; the same one of the same page stands once.

    Args:
        session: the transaction.
        volume_id: which volume.
        page_id: which page of it; None: the volume as a whole.
        kind: of `KINDS`.
        words: what else there is to say.
        actor: the checker.

    Raises:
        DeedRefused: the volume does not wait for its check, there is no such kind, or the page is not of this volume.
    """
    volume_of(session, volume_id)
    check = session.get(VolumeCheck, volume_id)
    if check is None or check.state != "handed_in":
        raise DeedRefused("只有待审核的卷可以记差错")
    if kind not in KINDS:
        raise DeedRefused(f"没有这种差错：{kind[:20]}")
    plain = plain_words(words)
    if kind == "other" and not plain:
        raise DeedRefused("请写明是什么差错")
    if page_id is not None:
        page = page_of(session, page_id)
        if page.volume_id != volume_id or page.outside is not None:
            raise DeedRefused("这一页不在这一卷的页序里")
    for fault in standing_faults(session, volume_id):
        if (fault.page_id, fault.kind, fault.words) == (page_id, kind, plain):
            return Done("这个差错已经记下。", volume_id, created=fault.id)
    fault = Fault(volume_id=volume_id, page_id=page_id, kind=kind, words=plain, found_by=actor)
    session.add(fault)
    session.flush()
    audit.record(session, "mark_fault", "volume", volume_id, actor, fault=fault.id, page=page_id, kind=kind)
    undo = Step("volume", volume_id, "withdraw-fault", {"fault": fault.id})
    return Done(f"已记下：{sentence_of(session, fault)}。", volume_id, (undo,), created=fault.id)


def withdraw(session: Session, volume_id: str, fault_id: str, actor: str) -> Done:
    """Take back a fault that is none."""
    fault = _fault_of(session, volume_id, fault_id)
    if fault.withdrawn_at is None:
        fault.withdrawn_at = time.time()
        audit.record(session, "withdraw_fault", "volume", volume_id, actor, fault=fault_id)
        _settle_flag(session, fault)
    return Done(f"已撤回：{sentence_of(session, fault)}。", volume_id)


def mend(session: Session, volume_id: str, fault_ids: Collection[str], is_mended: bool, actor: str) -> Done:
    """Say that faults have been mended, or that they have not."""
    changed = []
    for fault_id in dict.fromkeys(fault_ids):
        fault = _fault_of(session, volume_id, fault_id)
        if (fault.mended_at is not None) == is_mended or fault.withdrawn_at is not None:
            continue
        if fault.told_at is None:
            raise DeedRefused("审核人还没有退回这个差错")
        fault.mended_at, fault.mended_by = (time.time(), actor) if is_mended else (None, None)
        audit.record(session, "mend_fault", "volume", volume_id, actor, fault=fault_id, mended=is_mended)
        changed.append(fault)
    session.flush()
    for fault in changed:
        _settle_flag(session, fault)
    if not changed:
        return Done("没有要改的差错。", volume_id)
    undo = Step("volume", volume_id, "mended", {"faults": [fault.id for fault in changed], "mended": not is_mended})
    return Done(f"{len(changed)} 处差错{'已标为改好' if is_mended else '重新列为未改'}。", volume_id, (undo,))


def tell(session: Session, volume_id: str) -> int:
    """Tell a volume's maker of all faults that stand: they come on the attention list. Returns how many."""
    standing = standing_faults(session, volume_id)
    now = time.time()
    for fault in standing:
        fault.told_at = fault.told_at or now
    session.flush()
    for fault in standing:
        _settle_flag(session, fault)
    return len(standing)


def was_told(session: Session, volume_id: str, words: str) -> bool:
    """Whether these words were said of a volume as a whole when it was refused; "" always was."""
    plain = plain_words(words)
    return not plain or any(
        (fault.page_id, fault.kind, fault.words) == (None, "other", plain) and fault.told_at is not None
        for fault in all_faults(session, volume_id)
    )


def sentence_of(session: Session, fault: Fault) -> str:
    """A fault as people say it: 图像第 7 页：歪斜（右上角）."""
    page = session.get(Page, fault.page_id) if fault.page_id else None
    is_here = page is not None and page.page_number and page.volume_id == fault.volume_id
    where = "整卷" if page is None else f"图像第 {page.page_number} 页" if is_here else "已移出的一页"
    return f"{where}：{KINDS[fault.kind]}" + (f"（{fault.words}）" if fault.words else "")


def fault_counts(session: Session, volume_ids: Collection[str]) -> dict[str, tuple[int, int]]:
    """Of volumes: how many faults were found, and how many of them stand."""
    stands = Fault.mended_at.is_(None)
    rows = session.execute(
        select(Fault.volume_id, func.count(), func.count().filter(stands))
        .where(Fault.volume_id.in_(volume_ids), Fault.withdrawn_at.is_(None))
        .group_by(Fault.volume_id)
    )
    return {volume_id: (found, standing) for volume_id, found, standing in rows}


def plain_words(words: str) -> str:
    """What somebody wrote, on one line and not endless."""
    return " ".join(words.split())[:LONGEST_WORDS]


def _fault_of(session: Session, volume_id: str, fault_id: str) -> Fault:
    fault = session.get(Fault, fault_id)
    if fault is None or fault.volume_id != volume_id:
        raise DeedRefused("这一卷没有这个差错")
    return fault


def _settle_flag(session: Session, fault: Fault) -> None:
    """One flag for each page, and one for the volume, with all faults of it that were told and stand."""
    session.flush()
    kind, subject = ("page", fault.page_id) if fault.page_id else ("volume", fault.volume_id)
    told = [
        other
        for other in standing_faults(session, fault.volume_id)
        if other.page_id == fault.page_id and other.told_at is not None
    ]
    if not told:
        flags.close_flag(session, kind, str(subject), FLAG)
        return
    reason = "；".join(KINDS[other.kind] + (f" {other.words}" if other.words else "") for other in told)
    case_id = session.get_one(Volume, fault.volume_id).case_id
    flags.raise_flag(
        session, kind, str(subject), case_id, FLAG,
        reason=reason, faults=[other.id for other in told], volume=fault.volume_id,
    )  # fmt: skip
