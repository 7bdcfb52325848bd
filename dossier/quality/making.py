"""Making and checking a volume: 未制作 → 制作中 → 待审核 → 审核不通过 / 审核通过, and the deeds between them.

Making begins with the first page, without a deed. Whoever hands a volume in never checks it. Approval holds for the
volume as it was looked at: whatever changes it afterwards takes it back to making, with the reason (`follow`).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy import case as choose
from sqlalchemy.orm import Session

from dossier import audit, changes, flags
from dossier.attention import is_open_refusal
from dossier.catalogue.tables import Arrival, AuditRow, Case, Document, Flag, Page, Volume, VolumeCheck
from dossier.deeds.deed import Done, Step, volume_of
from dossier.errors import DeedRefused, PagesUnseen, PagesUnsettled, TwoPersonsNeeded, VolumeChanged, VolumeUnclaimed
from dossier.quality import faults
from dossier.quality.contents import contents_of, differences, version_of
from dossier.quality.follow import REOPENED
from dossier.quality.sample import Sampling, pages_to_see, sample_of, seen_pages
from dossier.viewers import Viewer

UNMADE, MAKING, HANDED_IN, REFUSED, APPROVED = "unmade", "making", "handed_in", "refused", "approved"
STATES = {UNMADE: "未制作", MAKING: "制作中", HANDED_IN: "待审核", REFUSED: "审核不通过", APPROVED: "审核通过"}

LONGEST_REMARK = 500

# What nobody answers by a deed, or what the paper itself may be like: the maker says so when handing in.
_TO_BE_SAID = (
    "turn_uncertain", "label_gap", "label_repeated", "label_order", "gap", "name_reused", "repeated",
    "side_pairs", "no_text", "dynamic_form",
)  # fmt: skip
# What somebody does to a volume, its documents or pages; who did any of it has made it.
_MAKING_DEEDS = (
    "hand_in", "turn", "read_again", "mark_blank", "label", "remove", "restore", "fold", "unfold", "order", "insert",
    "answer_double", "know_gap",
    "move", "move_to_volume", "replace", "rename", "divide", "merge", "claim", "mend_fault", "crop", "choose_side",
)  # fmt: skip


@dataclass(frozen=True)
class Open:
    """What is not settled yet in a volume: counts, each of which the maker mends or explains."""

    unopened: int
    unread: int
    parked: int
    refused_files: int
    questions: int
    faults: int

    @property
    def words(self) -> list[str]:
        """What there is, for people; empty where all is settled."""
        told = (
            (self.unopened, "个文件还没有拆页"),
            (self.unread, "页还没有识别"),
            (self.parked, "页已搁置"),
            (self.refused_files, "个文件没有收进来"),
            (self.questions, "项需要处理"),
            (self.faults, "处差错没有标为改好"),
        )
        return [f"{count} {what}" for count, what in told if count]


def state_expression() -> ColumnElement[str]:
    """Of volumes, outer-joined with their checks: the state; derived where nothing is written down."""
    has_pages = exists().where(Page.volume_id == Volume.id, Page.outside.is_(None)).correlate(Volume)
    derived = choose((has_pages, MAKING), else_=UNMADE)
    return choose((VolumeCheck.state.in_((HANDED_IN, REFUSED, APPROVED)), VolumeCheck.state), else_=derived)


def state_of(session: Session, volume_id: str) -> str:
    """The state of a volume, one of `STATES`."""
    return states_of(session, [volume_id])[volume_id]


def states_of(session: Session, volume_ids: Collection[str]) -> dict[str, str]:
    """The states of volumes, by their ids."""
    rows = session.execute(
        select(Volume.id, state_expression())
        .select_from(Volume)
        .outerjoin(VolumeCheck, VolumeCheck.volume_id == Volume.id)
        .where(Volume.id.in_(volume_ids))
    )
    return dict(rows.all())


def open_in(session: Session, volume_id: str) -> Open:
    """What is not settled in a volume."""
    unread, parked = session.execute(
        select(
            func.count().filter(Page.state.in_(("waiting", "reading"))), func.count().filter(Page.state == "parked")
        ).where(Page.volume_id == volume_id, Page.outside.is_(None))
    ).one()
    unopened, refused = session.execute(
        select(func.count().filter(Arrival.state == "received"), func.count().filter(is_open_refusal())).where(
            Arrival.volume_id == volume_id
        )
    ).one()
    stands = Page.outside.is_(None)
    of_volume = or_(
        and_(Flag.subject_kind == "volume", Flag.subject_id == volume_id),
        and_(
            Flag.subject_kind == "page",
            Flag.subject_id.in_(select(Page.id).where(Page.volume_id == volume_id, stands)),
        ),
        and_(
            Flag.subject_kind == "document",
            Flag.subject_id.in_(select(Document.id).where(Document.volume_id == volume_id)),
        ),
        and_(
            Flag.subject_kind == "arrival",
            Flag.subject_id.in_(select(Page.arrival_id).where(Page.volume_id == volume_id, stands)),
        ),
    )
    asked = session.scalar(select(func.count()).where(Flag.closed_at.is_(None), Flag.code.in_(_TO_BE_SAID), of_volume))
    told = [fault for fault in faults.standing_faults(session, volume_id) if fault.told_at is not None]
    return Open(unopened, unread, parked, refused, asked or 0, len(told))


def hand_in(session: Session, volume_id: str, maker: Viewer, remark: str, sampling: Sampling) -> Done:
    """Hand a volume to the checkers, with a new sample of its pages.

    Args:
        session: the transaction.
        volume_id: which volume.
        maker: who does it.
        remark: why it is handed in although something is not settled; for the checker.
        sampling: how large the sample is.

    Raises:
        VolumeUnclaimed: it is of no case yet.
        PagesUnsettled: something is not settled, and there is no remark.
        DeedRefused: it has no pages.
    """
    volume = volume_of(session, volume_id)
    state = state_of(session, volume_id)
    plain = " ".join(remark.split())[:LONGEST_REMARK]
    if state in (HANDED_IN, APPROVED):
        return Done(f"{volume.name}已经{'送审' if state == HANDED_IN else '审核通过'}。", volume_id)
    if not pages_to_see(session, volume_id):
        raise DeedRefused("这一卷还没有页面")
    if is_unclaimed(session, volume):
        raise VolumeUnclaimed(volume.name)
    left = open_in(session, volume_id).words
    if left and not plain:
        raise PagesUnsettled("，".join(left))
    check = session.get(VolumeCheck, volume_id)
    if check is None:
        check = VolumeCheck(volume_id=volume_id)
        session.add(check)
    check.state, check.reason, check.remark = HANDED_IN, "", plain
    check.maker_id, check.maker, check.handed_in_at = maker.id, maker.name or maker.id, time.time()
    check.checker_id, check.checker, check.checked_at = None, "", None
    check.seed, check.share, check.least = secrets.token_hex(8), sampling.share, sampling.least
    check.contents = contents_of(session, volume_id)
    flags.close_flag(session, "volume", volume_id, REOPENED)
    audit.record(session, "hand_in", "volume", volume_id, check.maker, remark=plain, open=left, seed=check.seed)
    return Done(f"{volume.name}已送审。", volume_id, (Step("volume", volume_id, "take-back", {}),))


def take_back(session: Session, volume_id: str, actor: str) -> Done:
    """Take a volume back that was handed in and has not been checked."""
    volume = volume_of(session, volume_id)
    check = session.get(VolumeCheck, volume_id)
    if check is None or check.state != HANDED_IN:
        raise DeedRefused("只有待审核的卷可以撤回")
    check.state, check.reason = MAKING, ""
    audit.record(session, "take_back", "volume", volume_id, actor)
    return Done(f"{volume.name}已撤回，可以继续制作。", volume_id)


def approve(session: Session, volume_id: str, checker: Viewer, version: str) -> Done:
    """Approve a volume, as it was looked at.

    Args:
        session: the transaction; nothing else is done in it afterwards.
        volume_id: which volume.
        checker: who has checked it.
        version: of its contents, as they were looked at.

    Raises:
        TwoPersonsNeeded: the checker has made it, or is nobody by name.
        VolumeUnclaimed: it is of no case, also where it was handed in before that was asked.
        VolumeChanged: it is no longer as it was looked at.
        PagesUnseen: pages of the sample have not been seen.
        DeedRefused: it does not wait for a check, or has faults.
    """
    volume = volume_of(session, volume_id)
    check = _awaited(session, volume_id, checker)
    contents = contents_of(session, volume_id)
    if check.state == APPROVED and check.checker_id == checker.id and version == version_of(contents):
        return Done(f"{volume.name}已经审核通过。", volume_id)
    if check.state != HANDED_IN:
        raise DeedRefused(f"这一卷{STATES[state_of(session, volume_id)]}，不在待审核")
    if is_unclaimed(session, volume):
        raise VolumeUnclaimed(volume.name)
    if version != version_of(contents):
        raise VolumeChanged(volume.name)
    standing = len(faults.standing_faults(session, volume_id))
    if standing:
        raise DeedRefused(f"有 {standing} 处差错没有改好或撤回，请退回或撤回差错")
    pages = pages_to_see(session, volume_id)
    if not pages:
        raise DeedRefused("这一卷已经没有页面，请退回")
    unseen = sample_in(check, pages) - seen_pages(session, volume_id, checker.id)
    if unseen:
        raise PagesUnseen(f"{len(unseen)} 页")
    check.state, check.contents = APPROVED, contents
    check.checker_id, check.checker, check.checked_at = checker.id, checker.name, time.time()
    audit.record(
        session, "approve", "volume", volume_id, checker.name, version=version, pages=len(pages),
        sampled=len(sample_in(check, pages)),
    )  # fmt: skip
    changes.record(session, changes.APPROVED, volume_id=volume_id)
    return Done(f"{volume.name}审核通过。", volume_id)


def refuse(session: Session, volume_id: str, checker: Viewer, words: str) -> Done:
    """Send a volume back to its maker, with the faults that were marked, and with what is said of it as a whole.

    Raises:
        TwoPersonsNeeded: the checker has made it, or is nobody by name.
        DeedRefused: it does not wait for a check, or nothing is said of what is wrong.
    """
    volume = volume_of(session, volume_id)
    check = _awaited(session, volume_id, checker)
    if check.state == REFUSED and check.checker_id == checker.id and faults.was_told(session, volume_id, words):
        return Done(f"{volume.name}已经退回。", volume_id)
    if check.state != HANDED_IN:
        raise DeedRefused(f"这一卷{STATES[state_of(session, volume_id)]}，不在待审核")
    if faults.plain_words(words):
        faults.mark(session, volume_id, None, "other", words, checker.name)
    told = faults.tell(session, volume_id)
    if not told:
        raise DeedRefused("请先记下差错，或写明退回的原因")
    check.state, check.refusals = REFUSED, check.refusals + 1
    check.checker_id, check.checker, check.checked_at = checker.id, checker.name, time.time()
    audit.record(session, "refuse", "volume", volume_id, checker.name, faults=told)
    return Done(f"{volume.name}已退回，{told} 处差错。", volume_id)


def mark_fault(session: Session, volume_id: str, checker: Viewer, page_id: str | None, kind: str, words: str) -> Done:
    """Note a fault that a checker has found; see `faults.mark`.

    Raises:
        TwoPersonsNeeded: the checker has made the volume, or is nobody by name.
        DeedRefused: as there.
    """
    _held_apart(session, volume_id, checker)
    return faults.mark(session, volume_id, page_id, kind, words, checker.name)


def withdraw_fault(session: Session, volume_id: str, checker: Viewer, fault_id: str) -> Done:
    """Take back a fault that is none, one's own or another checker's.

    Raises:
        TwoPersonsNeeded: the checker has made the volume, or is nobody by name.
        DeedRefused: the volume has no such fault.
    """
    _held_apart(session, volume_id, checker)
    return faults.withdraw(session, volume_id, fault_id, checker.name)


def is_unclaimed(session: Session, volume: Volume) -> bool:
    """Whether a volume waits under 待认领: nobody can say yet whose dossier would be signed off."""
    return session.get_one(Case, volume.case_id).state == "unclaimed"


def changed_since_hand_in(session: Session, volume_id: str) -> list[str]:
    """What has changed, in words, in a volume that waits for its check; empty where nothing has."""
    check = session.get(VolumeCheck, volume_id)
    if check is None or check.state != HANDED_IN or not check.contents:
        return []
    return differences(check.contents, contents_of(session, volume_id))


def sample_in(check: VolumeCheck, page_ids: Sequence[str]) -> set[str]:
    """The pages among a volume's that its checker must have seen."""
    return sample_of(page_ids, check.seed, Sampling(check.share, check.least).size(len(page_ids)))


def may_check(session: Session, volume_id: str, viewer: Viewer) -> bool:
    """Whether somebody checks, is somebody by name, and has not made this volume."""
    if not viewer.checks or viewer.is_at_machine or viewer.scopes is not None:
        return False
    check = session.get(VolumeCheck, volume_id)
    return not (check is not None and check.maker_id == viewer.id) and not _has_made(session, volume_id, viewer)


def _held_apart(session: Session, volume_id: str, checker: Viewer) -> None:
    if not may_check(session, volume_id, checker):
        raise TwoPersonsNeeded(checker.name)


def _awaited(session: Session, volume_id: str, checker: Viewer) -> VolumeCheck:
    _held_apart(session, volume_id, checker)
    check = session.get(VolumeCheck, volume_id)
    if check is None:
        raise DeedRefused("这一卷还没有送审")
    return check


def _has_made(session: Session, volume_id: str, viewer: Viewer) -> bool:
    """Whether a deed on the volume, its documents or pages is on record under somebody's name.

    Two accounts of one person cannot be told apart; each has a name of its own.
    """
    subjects = or_(
        AuditRow.subject_id == volume_id,
        AuditRow.subject_id.in_(select(Page.id).where(Page.volume_id == volume_id)),
        AuditRow.subject_id.in_(select(Document.id).where(Document.volume_id == volume_id)),
    )
    done = select(AuditRow.id).where(AuditRow.actor == viewer.name, AuditRow.deed.in_(_MAKING_DEEDS), subjects)
    return session.scalars(done.limit(1)).first() is not None
