"""Files: what has become of what arrived, for whoever sent it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Arrival, OutboxRow, Page
from dossier.errors import EdossierError, IndexRefused, error_of


@dataclass(frozen=True)
class FileStatus:
    """How far a file is.

    Attributes:
        state: received, reading, done, failed.
        pages, searchable: how many it has, and how many of them can be found.
        error: why it was refused; or what the first of its pages failed of, while the others went on.
    """

    state: str
    pages: int
    searchable: int
    error: EdossierError | None


def file_status(session: Session, arrival: Arrival) -> FileStatus:
    """How far a file is now."""
    states = dict(
        session.execute(
            select(Page.state, func.count()).where(_of_file(arrival), Page.outside.is_(None)).group_by(Page.state)
        ).all()
    )
    return FileStatus(
        _state(arrival, states), sum(states.values()), states.get("searchable", 0), _error(session, arrival, states)
    )  # fmt: skip


def _of_file(arrival: Arrival) -> ColumnElement[bool]:
    """Of pages: those of a file, also where a separator sheet has sent them to other volumes."""
    split_off = select(Arrival.id).where(Arrival.split_from == arrival.id)
    return (Page.arrival_id == arrival.id) | Page.arrival_id.in_(split_off)


def _state(arrival: Arrival, states: dict[str, int]) -> str:
    is_open = states.get("waiting", 0) + states.get("reading", 0)
    return "reading" if arrival.state == "done" and is_open else arrival.state


def _error(session: Session, arrival: Arrival, states: dict[str, int]) -> EdossierError | None:
    if arrival.state == "failed":
        return error_of(arrival.error_code or "", arrival.error_detail)
    of_file = _of_file(arrival) & Page.outside.is_(None)
    if states.get("parked"):
        parked = select(Page).where(of_file, Page.state == "parked").order_by(Page.index_in_file).limit(1)
        page = session.scalars(parked).one()
        return error_of(page.error_code or "", page.error_detail)
    if states.get("read"):
        refused = (
            select(OutboxRow.error)
            .join(Page, Page.id == OutboxRow.page_id)
            .where(of_file, Page.state == "read", OutboxRow.dead.is_(True))
            .order_by(Page.index_in_file)
            .limit(1)
        )
        reason = session.scalars(refused).first()
        if reason is not None:
            return IndexRefused(reason)
    return None
