"""Files: what has become of what arrived, for whoever sent it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
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
            select(Page.state, func.count())
            .where(Page.arrival_id == arrival.id, Page.outside.is_(None))
            .group_by(Page.state)
        ).all()
    )
    return FileStatus(
        arrival.state, sum(states.values()), states.get("searchable", 0), _error(session, arrival, states)
    )  # fmt: skip


def _error(session: Session, arrival: Arrival, states: dict[str, int]) -> EdossierError | None:
    if arrival.state == "failed":
        return error_of(arrival.error_code or "", arrival.error_detail)
    of_file = (Page.arrival_id == arrival.id) & Page.outside.is_(None)
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
