"""Receipts: written down, corrected, found again. Writing one down finds or opens its case, its delivery and its
volumes; each deed is one transaction of its caller, and repeated it changes nothing.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import delete, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dossier import audit, case_deeds, cases, keyed_requests
from dossier.case_deeds import Delivered
from dossier.case_metadata import CaseMetadata, NumberGiven, SuspectGiven
from dossier.catalogue.tables import (
    Arrival,
    Case,
    CaseNumber,
    Delivery,
    Document,
    Page,
    Person,
    Proceeding,
    Receipt,
    ReceiptVolume,
    Volume,
)
from dossier.errors import (
    CaseOutOfReach,
    DeedRefused,
    NotFound,
    NumberTaken,
    ReceiptChanged,
    SecrecyRefused,
)
from dossier.natural_order import numeral_of
from dossier.numbers import Kind, canonical
from dossier.page_labels import settle_labels
from dossier.pages import volume_named
from dossier.permissions import seen_by, sees
from dossier.place import VOLUME_KINDS
from dossier.receipts.expected import is_plain_name
from dossier.receipts.known_gaps import parse_gaps
from dossier.viewers import Viewer

SECRECIES = ("", "内部", "秘密", "机密")
_REFUSED = "绝密"
FIRST, RETURN = "first", "return"
MOST_VOLUMES = 600
MOST_PAGES = 100_000


@dataclass(frozen=True)
class VolumeGiven:
    """A volume that came.

    Attributes:
        kind: e.g. 证据材料卷; "" where it has only a name.
        number: of its kind; None where it bears none.
        name: what it is called; "" for what kind and number make it.
        paper_pages: how many sides it has; None where nobody has counted.
        known_gaps: the numbers that the paper lacks itself, as people write them.
        remarks: what else was seen.
    """

    kind: str = ""
    number: int | None = None
    name: str = ""
    paper_pages: int | None = None
    known_gaps: str = ""
    remarks: str = ""

    @property
    def full_name(self) -> str:
        """What the volume is called: 证据材料卷二, or as was said."""
        plain = " ".join(self.name.split())
        return plain or self.kind + (numeral_of(self.number) if self.number is not None else "")


@dataclass(frozen=True)
class ReceiptGiven:
    """What a receipt says; `numbers` may be empty, and then the case waits for one.

    `received_on` None: the day on which it is written down.
    """

    received_on: date | None = None
    unit: str = ""
    case_name: str = ""
    numbers: Sequence[NumberGiven] = ()
    suspects: Sequence[str] = ()
    secrecy: str = ""
    delivery_kind: str = FIRST
    delivery_number: int = 1
    accepted_on: date | None = None
    due_on: date | None = None
    remarks: str = ""
    volumes: Sequence[VolumeGiven] = field(default_factory=tuple)

    def digest(self) -> str:
        """What tells this receipt from another one."""
        plain = {**asdict(replace(self, numbers=())), "numbers": [each.model_dump() for each in self.numbers]}
        return hashlib.sha256(repr(sorted(plain.items())).encode()).hexdigest()


def save(
    session: Session, viewer: Viewer, given: ReceiptGiven, actor: str, idempotency_key: str = "", case_id: str = ""
) -> tuple[Receipt, bool]:
    """Write down what came, and whether that is new.

    Args:
        session: a writing transaction.
        viewer: who asks; the case must be within their sight.
        given: what came.
        actor: for the audit.
        idempotency_key: the viewer's own name for this deed; repeated, it gives what is there.
        case_id: the case, where it is known already; "": the one that the numbers mean, or a new one.

    Raises:
        SecrecyRefused: it is top secret.
        NumberClash: the numbers mean two cases.
        NumberTaken: one of them is that of a case out of sight, or of another one than `case_id`.
        KeyReused: the key came with something else.
        DeedRefused: a volume stands there twice, or a value cannot be.
        CaseOutOfReach: the viewer would not see the case.
    """
    _refuse_top_secret(given.secrecy)
    request = given.digest()
    known = keyed_requests.find(session, viewer.id, idempotency_key, keyed_requests.RECEIPT, request)
    if known is not None:
        return receipt_in_sight(session, viewer, known.subject_id), False
    case, bound = _case_for(session, viewer, given, actor, case_id)
    receipt = Receipt(
        case_id=case.id, received_on=date.today().isoformat(), received_by=actor, owner_id=viewer.id, bound=bound,
    )  # fmt: skip
    session.add(receipt)
    _write(session, receipt, case, given, actor)
    session.flush()
    keyed_requests.keep(session, viewer.id, idempotency_key, keyed_requests.RECEIPT, request, receipt.id, 201)
    audit.record(session, "receive", "receipt", receipt.id, actor, case=case.id, volumes=len(given.volumes))
    return receipt, True


def correct(
    session: Session, viewer: Viewer, receipt_id: str, given: ReceiptGiven, version: int, actor: str
) -> Receipt:
    """Let a receipt say what is right; numbers that it alone had brought and that it no longer names are taken back.

    Raises:
        NotFound: there is none within sight.
        ReceiptChanged: it is not the version that was looked at.
        NumberClash: a number is that of another case: both are named.
        SecrecyRefused, NumberTaken, DeedRefused: as for `save`.
    """
    receipt = receipt_in_sight(session, viewer, receipt_id)
    _refuse_top_secret(given.secrecy)
    if receipt.version != version:
        raise ReceiptChanged(f"v{receipt.version}")
    case = case_deeds.case_by_id(session, viewer, receipt.case_id)
    _refuse_other_cases(session, viewer, case, given.numbers)
    wanted = {canonical(number.number) for number in given.numbers}
    _take_back(session, receipt, case, [each for each in receipt.bound if each not in wanted])
    before = _numbers(session, case)
    if given.case_name == case.name:
        # The form shows what the case is called; whoever leaves it so has not said it.
        given = replace(given, case_name=receipt.case_name)
    _fill(session, case, given, actor, receipt)
    receipt.bound = [each for each in receipt.bound if each in wanted] + sorted(_numbers(session, case) - before)
    _write(session, receipt, case, given, actor)
    receipt.version += 1
    receipt.updated_at = time.time()
    session.flush()
    audit.record(session, "correct_receipt", "receipt", receipt.id, actor, case=case.id, version=receipt.version)
    return receipt


def receipt_in_sight(session: Session, viewer: Viewer, receipt_id: str) -> Receipt:
    """A receipt whose case the viewer sees.

    Raises:
        NotFound: there is none.
    """
    receipt = session.get(Receipt, receipt_id)
    if receipt is None or not sees(session, viewer, _case_of(session, receipt).id):
        raise NotFound(receipt_id)
    return receipt


def receipts_in_sight(session: Session, viewer: Viewer, limit: int, before: float | None = None) -> list[Receipt]:
    """The receipts of cases that a viewer sees, the newest first; with `before`, those written down earlier."""
    statement = select(Receipt).join(Case, Case.id == Receipt.case_id).where(seen_by(viewer))
    if before is not None:
        statement = statement.where(Receipt.created_at < before)
    return list(session.scalars(statement.order_by(Receipt.created_at.desc(), Receipt.id).limit(limit)))


def delivery_name(kind: str, number: int) -> str:
    """A delivery as people call it: 首次移送, 一退, 二退."""
    if kind == FIRST:
        return "首次移送" if number == 1 else f"第{numeral_of(number)}次移送"
    return f"{numeral_of(number)}退" if kind == RETURN else f"{kind}{number}"


def _refuse_top_secret(secrecy: str) -> None:
    if _REFUSED in secrecy:
        raise SecrecyRefused
    if secrecy not in SECRECIES:
        raise DeedRefused(f"密级：{'、'.join(SECRECIES[1:])}")


def _case_of(session: Session, receipt: Receipt) -> Case:
    return cases.unmerged(session, session.get_one(Case, receipt.case_id))


def _case_for(
    session: Session, viewer: Viewer, given: ReceiptGiven, actor: str, case_id: str
) -> tuple[Case, list[str]]:
    """The case that came, brought up to date, and the canonical numbers that it has not had before."""
    if case_id:
        case = case_deeds.case_by_id(session, viewer, case_id)
        _refuse_other_cases(session, viewer, case, given.numbers)
    else:
        found = case_deeds.case_meant(session, viewer, given.numbers)
        case = found if found is not None else _open(session, given, actor)
    before = _numbers(session, case)
    _fill(session, case, given, actor)
    session.flush()
    if not sees(session, viewer, case.id):
        raise CaseOutOfReach(case.department)
    return case, sorted(_numbers(session, case) - before)


def _open(session: Session, given: ReceiptGiven, actor: str) -> Case:
    name = " ".join(given.case_name.split())
    # A folder of this name in the inbox leads here, unless another case has it.
    is_free = name and session.scalars(select(Case.id).where(Case.folder == name).limit(1)).first() is None
    case = Case(state="provisional", name=name, folder=name if is_free else None)
    session.add(case)
    session.flush()
    audit.record(session, "open_case", "case", case.id, actor, numbers=[each.number for each in given.numbers])
    return case


def _fill(session: Session, case: Case, given: ReceiptGiven, actor: str, corrected: Receipt | None = None) -> None:
    """Tell a case what its receipt says: numbers and dates; name and suspects only where it has none.

    What a receipt that is `corrected` had said itself, and the case still has from it, is corrected there, too, or
    cleared; what others have said of the case since stays.
    """
    told: dict[str, Any] = {"numbers": list(given.numbers)} if given.numbers else {}
    for name, now, said, right in _statements(session, case, given, corrected):
        if (not now or now == said) and right != now and (right or corrected is not None):
            told[name] = right or None
    if told:
        was = case.state
        cleared = {name for name, value in told.items() if value is None}
        case_deeds.change_case(session, case, CaseMetadata(**told), actor, cleared)
        if was == "provisional" and not _is_told(session, case):
            case.state = "provisional"
    if case.state == "provisional" and not _is_told(session, case):
        cases.ask_whose(session, case)


def _statements(
    session: Session, case: Case, given: ReceiptGiven, corrected: Receipt | None
) -> Iterator[tuple[str, Any, Any, Any]]:
    """What a case has now, what the receipt had said of it, and what it says: fields by name; empty is false."""
    people = session.scalars(
        select(Person).where(Person.case_id == case.id, Person.role == "suspect").order_by(Person.id)
    ).all()
    # Of whom more is known than the name, somebody else has told it.
    suspects = [SuspectGiven(name=each.name, **each.details) for each in people]
    said = [SuspectGiven(name=name) for name in corrected.suspects] if corrected else []
    yield "name", case.name, corrected.case_name if corrected else "", given.case_name
    yield "suspects", suspects, said, [SuspectGiven(name=name) for name in given.suspects]
    for name, now in (("accepted_on", case.details.get("accepted_on")), ("due_on", case.due_on)):
        right: date | None = getattr(given, name)
        written = right.isoformat() if right is not None else None
        # A date on new paper is the newest that is known.
        yield name, now, getattr(corrected, name) if corrected else now, written


def _is_told(session: Session, case: Case) -> bool:
    """Whether a case has a number that is its own; a 文号 is only a document's."""
    kinds = session.scalars(select(CaseNumber.kind).where(CaseNumber.case_id == case.id)).all()
    return any(kind != Kind.DOCUMENT for kind in kinds)


def _numbers(session: Session, case: Case) -> set[str]:
    return set(session.scalars(select(CaseNumber.canonical).where(CaseNumber.case_id == case.id)))


def _refuse_other_cases(session: Session, viewer: Viewer, case: Case, numbers: Sequence[NumberGiven]) -> None:
    others = {
        other.id: other
        for number in numbers
        for other in cases.cases_meant(session, number.system, number.number)
        if other.id != case.id
    }
    if not others:
        return
    named = ", ".join(number.number for number in numbers)
    if all(sees(session, viewer, other) for other in others):
        raise cases.clash(named, [case, *others.values()])
    raise NumberTaken(named)


def _take_back(session: Session, receipt: Receipt, case: Case, bound: Sequence[str]) -> None:
    """Take numbers from a case that were a slip of the pen.

    One that a system knows by now, with which a proceeding has come, or that another receipt of the case names, stays;
    that other receipt has brought it then.
    """
    others = session.scalars(select(Receipt).where(Receipt.case_id == case.id, Receipt.id != receipt.id)).all()
    named = {canonical(number): other for other in others for number in other.numbers}
    for number in set(bound) & named.keys():
        named[number].bound = sorted({*named[number].bound, number})
    rows = session.scalars(
        select(CaseNumber).where(
            CaseNumber.case_id == case.id,
            CaseNumber.canonical.in_(set(bound) - named.keys()),
            CaseNumber.system == "",
            ~exists().where(Proceeding.number_id == CaseNumber.id),
        )
    ).all()
    for row in rows:
        session.delete(row)
    session.flush()
    if rows and case.state == "known" and not _is_told(session, case):
        case.state = "provisional"


def _write(session: Session, receipt: Receipt, case: Case, given: ReceiptGiven, actor: str) -> None:
    received_on = given.received_on or date.fromisoformat(receipt.received_on)
    delivered = Delivered(given.delivery_kind, given.delivery_number, received_on)
    case_deeds.put_delivery(session, case, delivered, actor)
    delivery = session.scalars(
        select(Delivery).where(
            Delivery.case_id == case.id,
            Delivery.kind == given.delivery_kind,
            Delivery.number == given.delivery_number,
        )
    ).one()
    former_delivery, receipt.delivery_id = receipt.delivery_id, delivery.id
    receipt.unit, receipt.case_name, receipt.remarks = given.unit, given.case_name, given.remarks
    receipt.numbers = [number.number for number in given.numbers]
    receipt.suspects = list(given.suspects)
    receipt.secrecy = given.secrecy
    receipt.received_on = received_on.isoformat()
    receipt.accepted_on = given.accepted_on.isoformat() if given.accepted_on else None
    receipt.due_on = given.due_on.isoformat() if given.due_on else None
    session.flush()
    _write_volumes(session, receipt, case, delivery, former_delivery, given.volumes)


def _write_volumes(
    session: Session,
    receipt: Receipt,
    case: Case,
    delivery: Delivery,
    former_delivery: str | None,
    volumes: Sequence[VolumeGiven],
) -> None:
    if len(volumes) > MOST_VOLUMES:
        raise DeedRefused(f"一次最多登记 {MOST_VOLUMES} 卷 / at most {MOST_VOLUMES} volumes")
    rows = session.execute(
        select(ReceiptVolume, Volume)
        .join(Volume, Volume.id == ReceiptVolume.volume_id)
        .where(ReceiptVolume.receipt_id == receipt.id)
    ).all()
    listed: dict[str, ReceiptVolume] = {row.volume_id: row for row, volume in rows if volume.case_id == case.id}
    # Another case's by now, and that case's people say how many pages it has: only the receipt's own line is corrected.
    elsewhere: dict[str, ReceiptVolume] = {volume.name: row for row, volume in rows if volume.case_id != case.id}
    kept: set[str] = set()
    for place, given in enumerate(volumes, start=1):
        if given.paper_pages is not None and not 0 <= given.paper_pages <= MOST_PAGES:
            raise DeedRefused(f"页数：0–{MOST_PAGES}")
        gaps = parse_gaps(given.known_gaps)
        moved = elsewhere.pop(given.full_name, None)
        if moved is not None:
            moved.place, moved.paper_pages, moved.known_gaps = place, given.paper_pages, gaps
            moved.remarks = given.remarks
            continue
        volume = _expected_volume(session, case, given)
        if volume.id in kept:
            raise DeedRefused(f"“{volume.name}”写了两次 / stands there twice")
        kept.add(volume.id)
        if volume.delivery_id in (None, former_delivery):
            volume.delivery_id = delivery.id
        has_changed = _tell(volume, given, gaps, listed.get(volume.id))
        row = listed.get(volume.id) or ReceiptVolume(receipt_id=receipt.id, volume_id=volume.id)
        row.place, row.paper_pages, row.known_gaps, row.remarks = place, given.paper_pages, gaps, given.remarks
        session.add(row)
        session.flush()
        if has_changed:
            settle_labels(session, volume.id)
    for volume_id in listed.keys() - kept:
        _withdraw(session, receipt, volume_id)


def _tell(volume: Volume, given: VolumeGiven, gaps: list[str], before: ReceiptVolume | None) -> bool:
    """Tell a volume what was counted, and whether its gaps are others now.

    A receipt that says nothing of it, and has not, leaves what another one has said.
    """
    gaps_before = list(volume.known_gaps)
    if given.paper_pages is not None or (before is not None and before.paper_pages is not None):
        volume.paper_pages = given.paper_pages
    if gaps or (before is not None and before.known_gaps):
        volume.known_gaps = gaps
    return list(volume.known_gaps) != gaps_before


def _expected_volume(session: Session, case: Case, given: VolumeGiven) -> Volume:
    """The volume of the case that is meant: the one with this kind and number, or this name; a new one otherwise."""
    name = given.full_name
    if not name or "/" in name or not name.isprintable() or len(name) > 200:
        raise DeedRefused("请写明卷别和卷号，或卷名 / say which volume")
    kind, number = given.kind, given.number
    if not given.name.strip() and number is not None:
        told = session.scalars(
            select(Volume)
            .where(Volume.case_id == case.id, Volume.kind == kind, Volume.number == number)
            .order_by(Volume.version.desc())
        ).all()
        # 证据卷2(补) has kind and number, too, but is another one.
        for volume in told:
            if is_plain_name(volume.name, kind, number):
                return volume
    volume = volume_named(session, case.id, name)
    volume.kind = volume.kind or kind
    volume.number = volume.number if volume.number is not None else number
    return volume


def _withdraw(session: Session, receipt: Receipt, volume_id: str) -> None:
    """A volume that the receipt no longer names: what was said of it goes, and it, too, where it is nothing else."""
    session.execute(
        delete(ReceiptVolume).where(ReceiptVolume.receipt_id == receipt.id, ReceiptVolume.volume_id == volume_id)
    )
    session.flush()
    others = session.scalar(select(func.count()).where(ReceiptVolume.volume_id == volume_id)) or 0
    if others:
        return
    volume = session.get_one(Volume, volume_id)
    volume.paper_pages, volume.known_gaps = None, []
    session.flush()
    if any(
        session.scalars(select(table.id).where(table.volume_id == volume_id).limit(1)).first() is not None
        for table in (Arrival, Document, Page)
    ):
        settle_labels(session, volume_id)
        return
    try:
        with session.begin_nested():
            session.delete(volume)
    except IntegrityError:
        session.refresh(volume)  # something else speaks of it: it stays, empty


KINDS = VOLUME_KINDS
"""The kinds of volumes that a form offers."""
