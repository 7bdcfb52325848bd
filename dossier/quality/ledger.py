"""The ledger of making 制作台账: a row for each volume, with whoever made and checked it, and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from dossier.cases import numbers_of
from dossier.catalogue.tables import Arrival, Case, Page, Receipt, ReceiptVolume, Volume, VolumeCheck, VolumeReturn
from dossier.permissions import seen_by
from dossier.quality.faults import fault_counts
from dossier.quality.making import state_expression
from dossier.viewers import Viewer

MOST_ROWS = 5000


@dataclass(frozen=True)
class Wanted:
    """Which rows; "" where it does not matter.

    Attributes:
        since, until: ISO dates, both included: of when the first page was received.
        department: the case's.
        unit: that it came from, as its receipt says.
        state: of `making.STATES`; "overdue": past its deadline and not approved.
        maker: who handed it in.
    """

    since: str = ""
    until: str = ""
    department: str = ""
    unit: str = ""
    state: str = ""
    maker: str = ""


@dataclass(frozen=True)
class Row:
    """A volume in the ledger. Times are seconds since 1970, dates ISO."""

    volume_id: str
    case_id: str
    case_name: str
    case_number: str | None
    department: str
    unit: str
    due_on: str | None
    volume: str
    paper_pages: int | None
    pages: int
    state: str
    received_at: float
    handed_in_at: float | None
    approved_at: float | None
    maker: str
    checker: str
    refusals: int
    faults: int
    standing_faults: int
    reason: str
    returned_on: str | None
    returned_to: str

    def days_left(self, today: dt.date) -> int | None:
        """Until the deadline; negative when it has passed. None where there is none, or nothing is left to do."""
        if self.due_on is None or self.state == "approved":
            return None
        return (dt.date.fromisoformat(self.due_on) - today).days


def ledger(
    session: Session, viewer: Viewer, wanted: Wanted, states: Sequence[str] = (), limit: int = MOST_ROWS
) -> list[Row]:
    """The volumes within a viewer's sight, those with a deadline first; at most `limit`.

    Args:
        session: a reading transaction.
        viewer: who asks.
        wanted: which rows.
        states: further than in `wanted`: only these.
        limit: how many at most.
    """
    received = (
        select(Arrival.volume_id, func.min(Arrival.received_at).label("at")).group_by(Arrival.volume_id).subquery()
    )
    counted = (
        select(Page.volume_id, func.count().label("pages"))
        .where(Page.outside.is_(None))
        .group_by(Page.volume_id)
        .subquery()
    )
    came = (
        select(ReceiptVolume.volume_id, func.max(Receipt.unit).label("unit"))
        .join(Receipt, Receipt.id == ReceiptVolume.receipt_id)
        .group_by(ReceiptVolume.volume_id)
        .subquery()
    )
    statement = (
        select(Volume, Case, VolumeCheck, state_expression(), counted.c.pages,
               func.coalesce(received.c.at, Volume.created_at), func.coalesce(came.c.unit, ""))
        .join(Case, Case.id == Volume.case_id)
        .outerjoin(VolumeCheck, VolumeCheck.volume_id == Volume.id)
        .outerjoin(counted, counted.c.volume_id == Volume.id)
        .outerjoin(received, received.c.volume_id == Volume.id)
        .outerjoin(came, came.c.volume_id == Volume.id)
        .where(seen_by(viewer), *_conditions(wanted, func.coalesce(received.c.at, Volume.created_at)))
        .order_by(Case.due_on.is_(None), Case.due_on, Case.created_at, Case.id, Volume.order_key, Volume.id)
    )  # fmt: skip
    if wanted.unit:
        statement = statement.where(came.c.unit == wanted.unit)
    if states:
        statement = statement.where(state_expression().in_(states))
    found = session.execute(statement.limit(limit)).all()
    ids = [volume.id for volume, *_ in found]
    numbers = numbers_of(session, {case.id for _, case, *_ in found})
    faults = fault_counts(session, ids)
    returns: dict[str, VolumeReturn] = {
        each.volume_id: each
        for each in session.scalars(
            select(VolumeReturn).where(VolumeReturn.volume_id.in_(ids), VolumeReturn.undone_at.is_(None))
        )
    }
    rows = []
    for volume, case, check, state, pages, received_at, unit in found:
        returned = returns.get(volume.id)
        rows.append(
            Row(
                volume_id=volume.id, case_id=case.id, case_name=case.name, case_number=numbers.get(case.id),
                department=case.department, unit=unit, due_on=case.due_on, volume=volume.name,
                paper_pages=volume.paper_pages, pages=pages or 0, state=state,
                received_at=received_at, handed_in_at=check.handed_in_at if check else None,
                approved_at=check.checked_at if check and state == "approved" else None,
                maker=check.maker if check else "", checker=check.checker if check else "",
                refusals=check.refusals if check else 0, faults=faults.get(volume.id, (0, 0))[0],
                standing_faults=faults.get(volume.id, (0, 0))[1], reason=check.reason if check else "",
                returned_on=returned.given_on if returned else None,
                returned_to=returned.given_to if returned else "",
            )
        )  # fmt: skip
    return rows


def choices(session: Session, viewer: Viewer) -> tuple[list[str], list[str], list[str]]:
    """The departments, units and makers that a viewer can choose among."""
    departments: Select[str] = select(Case.department).where(seen_by(viewer), Case.department != "").distinct()
    makers: Select[str] = (
        select(VolumeCheck.maker)
        .join(Volume, Volume.id == VolumeCheck.volume_id)
        .join(Case, Case.id == Volume.case_id)
        .where(seen_by(viewer), VolumeCheck.maker != "")
        .distinct()
    )
    units: Select[str] = (
        select(Receipt.unit)
        .join(Case, Case.id == Receipt.case_id)
        .where(seen_by(viewer), Receipt.unit != "")
        .distinct()
    )
    return sorted(session.scalars(departments)), sorted(session.scalars(units)), sorted(session.scalars(makers))


def _conditions(wanted: Wanted, received_at: ColumnElement[float]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.since:
        found.append(received_at >= _midnight(dt.date.fromisoformat(wanted.since)))
    if wanted.until:
        found.append(received_at < _midnight(dt.date.fromisoformat(wanted.until) + dt.timedelta(days=1)))
    if wanted.department:
        found.append(Case.department == wanted.department)
    if wanted.maker:
        found.append(VolumeCheck.maker == wanted.maker)
    if wanted.state == "overdue":
        is_open = or_(VolumeCheck.state.is_(None), VolumeCheck.state != "approved")
        found.append(and_(Case.due_on < dt.date.today().isoformat(), is_open))
    elif wanted.state:
        found.append(state_expression() == wanted.state)
    return found


def _midnight(day: dt.date) -> float:
    """The beginning of a day in this machine's zone, in seconds since 1970."""
    return dt.datetime.combine(day, dt.time()).timestamp()
