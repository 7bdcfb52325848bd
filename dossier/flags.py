"""Flags: what a person should look at. Raised by any step, closed when answered, never in the way of the work."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Flag

# What each flag says to an operator, and what to do next.
SENTENCES: dict[str, tuple[str, str]] = {
    "unclaimed": (
        "待认领：没有可用的案件编号",
        "请写明案件编号，点“归入”；或把材料放进带案件编号的文件夹，或在该文件夹放入写明编号的 case.json",
    ),
    "unknown_case": ("未知案件：编号在系统中还没有登记", "等待案件信息，或请核对编号"),
    "number_clash": ("编号对应两个案件", "请改用受案号命名文件夹"),
    "name_reused": ("同名文件内容不同（扫描仪可能重新计数）", "请核对：后来的页已单独成一份材料，排在卷末"),
    "dynamic_form": (
        "PDF 是动态表单（XFA），内容只有 Adobe 的软件能显示",
        "请用 Adobe 的软件打开原件，打印成普通 PDF 后放入，再移出这里的页",
    ),
    "repeated": ("与已收文件内容相同", "请核对是否重复扫描；两处都已保留"),
    "gap": ("文件编号不连续，可能缺页", "请核对纸质卷宗，补扫缺页"),
    "label_gap": ("纸上页码不连续，可能缺页", "请核对纸质卷宗，补扫缺页；纸上本来就跳号的不用补"),
    "label_repeated": ("纸上页码重复，可能重扫", "请核对：是同一页扫了两次，还是纸上盖了重号"),
    "label_order": ("纸上页码顺序不对", "请核对纸质卷宗：这几页是否放错了位置"),
    "side_pairs": ("同一面有两幅图（文件名里有 Pri、Sec）", "请左右对照，选用一幅；另一幅移出页序，原件保留"),
    "no_text": ("没有识别出文字", "请看图像：是照片、图的，点“看过了，没问题”；有字的，请重扫或校录"),
    "low_confidence": ("识别把握不大", "请对照图像核对文字"),
    "turn_uncertain": ("页面方向拿不准", "请查看页面方向"),
    "sheet_unknown": ("分隔页的二维码不是本系统打印的", "这一页仍按普通页处理；请核对，需要的话重印分隔页"),
    "sheet_unreadable": ("像分隔页，但二维码读不出来", "它后面的页没有归到那一卷：请重印再扫，或把后面的页移过去"),
    "sheet_refused": ("分隔页没有起作用：原来的案件已封存", "请由能看这个案件的人核对后认领"),
    "transcription_damaged": ("人工校录的文件丢失或损坏", "识别文字照常可搜；请从备份恢复文件后运行 edossier retry"),
    "blank": ("空白页", "请确认是否确为空白"),
    "assembly_failed": ("材料的 PDF 没有生成", "请运行 edossier retry；页面本身仍可查看和搜索"),
    "not_accepted": ("收件箱中的文件暂时无法收入", "请检查文件名、权限和磁盘；程序会自动再试"),
    "not_a_file": ("收件箱中的链接、管道或设备没有收入", "请放入文件本身；程序不跟随链接，以免收走别处的文件"),
    "not_removable": ("文件已收入，但无法从收件箱移走", "请检查收件箱的写权限；原件已安全保存"),
    "machine": ("机器环境有问题，处理已暂停", "请检查磁盘空间和安装；恢复后自动继续"),
    "fixity": ("校验发现原件库或目录库有问题", "请管理员运行 edossier verify 看是哪些，并从备份恢复"),
    "fixity_unchecked": ("有的内容无法校验", "请管理员检查磁盘、权限和搜索引擎；恢复后会再校验"),
    "disk_low": ("磁盘空间不足，暂停收件", "请腾出空间；有空间后自动继续，收件箱里的文件不会丢"),
    "engine_away": ("搜索引擎连不上，新读的页暂时搜不到", "请检查搜索引擎；恢复后自动补上，收件和识别照常"),
    "reindex_failed": ("新索引没有启用", "原索引照常使用；请按原因处理后重新运行 edossier reindex"),
    "check_fault": ("审核退回的差错", "请改好后点“已改好”，全部改好再送审"),
    "check_reopened": ("审核通过后又有改动，已退回制作中", "请核对改动后重新送审"),
    "metadata_unusable": ("case.json 无法使用", "请改正后重新放入"),
}


def raise_flag(
    session: Session, subject_kind: str, subject_id: str, case_id: str | None, code: str, **details: Any
) -> None:
    """Raise a flag, or renew the details of one that stands already (also one that had been closed)."""
    flag = _find(session, subject_id, subject_kind, code)
    if flag is None:
        flag = Flag(subject_kind=subject_kind, subject_id=subject_id, case_id=case_id, code=code)
        session.add(flag)
    flag.details = details
    flag.closed_at = None


def close_flag(session: Session, subject_kind: str, subject_id: str, *codes: str) -> None:
    """Close those flags of a subject that stand; one look for all of them."""
    standing = select(Flag).where(
        Flag.subject_kind == subject_kind, Flag.subject_id == subject_id, Flag.code.in_(codes), Flag.closed_at.is_(None)
    )
    for flag in session.scalars(standing):
        flag.closed_at = time.time()


def close_all(session: Session, case_id: str, code: str) -> None:
    """Close a flag wherever it stands in a case."""
    session.execute(
        update(Flag)
        .where(Flag.case_id == case_id, Flag.code == code, Flag.closed_at.is_(None))
        .values(closed_at=time.time())
    )


def stands(session: Session, subject_kind: str, subject_id: str, code: str) -> bool:
    """Whether a flag stands."""
    flag = _find(session, subject_id, subject_kind, code)
    return flag is not None and flag.closed_at is None


def subjects(session: Session, subject_kind: str, code: str) -> Sequence[str]:
    """The subjects of a kind on which a flag stands."""
    return session.scalars(
        select(Flag.subject_id).where(Flag.subject_kind == subject_kind, Flag.code == code, Flag.closed_at.is_(None))
    ).all()


def standing_on(session: Session, subject_kind: str, subject_ids: Sequence[str], code: str) -> set[str]:
    """Of these subjects, a few hundred at most, those on which a flag stands."""
    standing = select(Flag.subject_id).where(
        Flag.subject_id.in_(subject_ids), Flag.subject_kind == subject_kind, Flag.code == code, Flag.closed_at.is_(None)
    )
    return set(session.scalars(standing))


def details_of(session: Session, subject_kind: str, subject_id: str, code: str) -> dict[str, Any]:
    """The details of a flag that stands; empty where none does."""
    flag = _find(session, subject_id, subject_kind, code)
    return flag.details if flag is not None and flag.closed_at is None else {}


def _find(session: Session, subject_id: str, subject_kind: str, code: str) -> Flag | None:
    return session.scalars(
        select(Flag).where(Flag.subject_kind == subject_kind, Flag.subject_id == subject_id, Flag.code == code)
    ).first()
