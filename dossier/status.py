"""Where things stand: counts by state, the queue, speed and time left, for the command line and the board alike."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, true
from sqlalchemy import case as sql_case
from sqlalchemy.orm import Session

from dossier.attention import count_questions, is_open_refusal
from dossier.cases import numbers_of
from dossier.catalogue.tables import Arrival, Attachment, Case, Document, OutboxRow, Page, Volume, VolumeCheck, Work
from dossier.permissions import Extent
from dossier.quality.making import APPROVED, states_of
from dossier.reindexing import ReindexStatus, engine_in_service, open_reindex, status_of_reindex
from dossier.viewers import Viewer

PAGE_STATES = ("waiting", "reading", "read", "searchable", "parked")
ARRIVAL_STATES = ("received", "reading", "done", "failed")
_SPEED_WINDOW_SECONDS = 300.0


@dataclass(frozen=True)
class VolumeStatus:
    """A volume on the board.

    Attributes:
        pages: in the order; all of them can be looked at.
        reading: those of them that wait to be read or are being read.
        files: that were received for it, attachments among them.
        unopened: those of them that nobody has looked into yet, so that their pages are not known.
        making: how far making and checking it is, of `quality.making.STATES`.
        pages_a_minute: pages made searchable in the last minutes; 0.0 when none were.
    """

    volume_id: str
    case_id: str
    case_number: str | None
    case_name: str
    case_state: str
    due_on: str | None
    volume: str
    pages: int
    searchable: int
    parked: int
    failed_files: int
    first_page_id: str | None
    reading: int
    files: int
    pages_a_minute: float
    making: str
    unopened: int


@dataclass(frozen=True)
class DocumentStatus:
    """How much of a document can be searched: `searchable` of `pages`; the others are on their way, parked, or refused
    by the engine."""

    document_id: str
    volume_id: str
    volume: str
    title: str
    pages: int
    searchable: int
    parked: int
    refused: int


@dataclass(frozen=True)
class Status:
    """The whole at a glance.

    Attributes:
        files, pages: counts by state.
        attachments: how many.
        queue: pieces of work by kind that wait or are being done.
        outbox: pages whose index entry is still to be written.
        dead_letters: how many of these the engine refuses for good, until `edossier retry`.
        engine: whose index is in service, "" before the first was filled.
        reindex: the index that is built beside it, where one is.
        pages_a_minute: pages made searchable in the last minutes; 0.0 when idle.
        seconds_left: until all pages are searchable at this speed; None when there is nothing to do or no speed yet.
        questions: rows on the attention list.
    """

    files: dict[str, int]
    pages: dict[str, int]
    attachments: int
    queue: dict[str, int]
    outbox: int
    dead_letters: int
    engine: str
    reindex: ReindexStatus | None
    pages_a_minute: float
    seconds_left: float | None
    questions: int

    @property
    def open_pages(self) -> int:
        """Pages that are neither searchable nor parked."""
        return self.pages["waiting"] + self.pages["reading"] + self.pages["read"]


def status_of(session: Session, viewer: Viewer | None = None) -> Status:
    """Where everything stands now; with a viewer, all that is of cases within their sight."""
    sight = Extent(viewer)
    files = dict.fromkeys(ARRIVAL_STATES, 0)
    files.update(_counts(session, Arrival, sight))
    # What a later file has answered is history, not a fault of today.
    answered = session.scalar(
        select(func.count()).where(
            Arrival.state == "failed", Arrival.answered_by.is_not(None), sight.holds(Arrival.case_id)
        )
    )
    files["failed"] -= answered or 0
    pages = dict.fromkeys(PAGE_STATES, 0)
    pages.update(_counts(session, Page, sight))
    queue = dict(
        session.execute(
            select(Work.kind, func.count())
            .where(Work.state.in_(("waiting", "leased")), _is_within(sight))
            .group_by(Work.kind)
        ).all()
    )
    speed = _pages_a_minute(session, sight)
    left = pages["waiting"] + pages["reading"] + pages["read"]
    return Status(
        files=files,
        pages=pages,
        attachments=session.scalar(select(func.count()).select_from(Attachment).where(sight.holds(Attachment.case_id)))
        or 0,
        queue=queue,
        outbox=session.scalar(_outbox(sight)) or 0,
        dead_letters=session.scalar(_outbox(sight).where(OutboxRow.dead.is_(True))) or 0,
        engine=engine_in_service(session),
        reindex=_reindex(session, sight),
        pages_a_minute=round(speed, 1),
        seconds_left=round(left / speed * 60, 1) if left and speed else None,
        questions=count_questions(session, viewer),
    )


def oldest_work(session: Session, viewer: Viewer | None = None) -> dict[str, float]:
    """Since when the oldest piece of work of each kind waits or is being done: seconds since 1970."""
    # Work that was asked for again, or tried and failed, has waited since then.
    rows = session.execute(
        select(Work.kind, func.min(Work.updated_at))
        .where(Work.state.in_(("waiting", "leased")), _is_within(Extent(viewer)))
        .group_by(Work.kind)
    )
    return dict(rows.all())


def volume_statuses(session: Session, viewer: Viewer | None = None, limit: int = 500) -> list[VolumeStatus]:
    """The volumes, those of a case together and in their order: first the cases in which something is still to be read
    or opened, then those that are not approved yet, both with the nearest deadline first and then the newest; then
    those that are approved as a whole, the newest first. With a viewer, those within their sight.
    """
    # Of the few that have failed, or wait to be opened: not of all.
    files = (
        select(
            Arrival.volume_id,
            func.sum(sql_case((is_open_refusal(), 1), else_=0)).label("failed"),
            func.sum(sql_case((Arrival.state == "received", 1), else_=0)).label("unopened"),
        )
        .where(Arrival.state.in_(("failed", "received")))
        .group_by(Arrival.volume_id)
        .subquery()
    )
    failed, unopened = func.coalesce(files.c.failed, 0), func.coalesce(files.c.unopened, 0)
    pages = func.count(Page.volume_id)  # counted by what stands in the index, which a page's id does not
    settled = func.sum(sql_case((Page.state.in_(("searchable", "parked")), 1), else_=0))
    is_at_work = sql_case((pages - settled + unopened > 0, 1), else_=0)
    is_to_approve = sql_case((VolumeCheck.state == APPROVED, 0), else_=1)
    rank = sql_case(
        (func.max(is_at_work).over(partition_by=Case.id) > 0, 0),
        (func.max(is_to_approve).over(partition_by=Case.id) > 0, 1),
        else_=2,
    )
    due_on = sql_case((rank < 2, Case.due_on))
    rows = session.execute(
        select(
            Volume.id, Volume.name, Case,
            pages,
            func.sum(sql_case((Page.state == "searchable", 1), else_=0)),
            func.sum(sql_case((Page.state == "parked", 1), else_=0)),
            failed,
            func.sum(sql_case((Page.state.in_(("waiting", "reading")), 1), else_=0)),
            unopened,
        )
        .join(Case, Case.id == Volume.case_id)
        .outerjoin(Page, (Page.volume_id == Volume.id) & Page.outside.is_(None))
        .outerjoin(files, files.c.volume_id == Volume.id)
        .outerjoin(VolumeCheck, VolumeCheck.volume_id == Volume.id)
        .where(Extent(viewer).holds(Volume.case_id))
        .group_by(Volume.id, Case.id, files.c.failed, files.c.unopened, VolumeCheck.state)
        .having((pages > 0) | (failed > 0) | (unopened > 0))
        .order_by(rank, due_on.is_(None), due_on, Case.created_at.desc(), Case.id, Volume.order_key)
        .limit(limit)
    ).all()  # fmt: skip
    numbers = numbers_of(session, {case.id for _, _, case, *_ in rows})
    checked = states_of(session, [volume_id for volume_id, *_ in rows])
    first_pages = dict(
        session.execute(
            select(Page.volume_id, Page.id).where(
                Page.volume_id.in_([volume_id for volume_id, *_ in rows]), Page.page_number == 1
            )
        ).all()
    )
    received = dict(
        session.execute(
            select(Arrival.volume_id, func.count())
            .where(Extent(viewer).holds(Arrival.case_id))
            .group_by(Arrival.volume_id)
        ).all()
    )
    now = time.time()
    paces = {
        volume_id: _pace(count, first, now)
        for volume_id, count, first in session.execute(
            select(Page.volume_id, func.count(), func.min(Page.searchable_at))
            .where(Page.searchable_at > now - _SPEED_WINDOW_SECONDS, Page.outside.is_(None))
            .group_by(Page.volume_id)
        )
    }
    return [
        VolumeStatus(
            volume_id=volume_id, case_id=case.id, case_number=numbers.get(case.id), case_name=case.name,
            case_state=case.state, due_on=case.due_on, volume=name, pages=pages_in_order, searchable=searchable or 0,
            parked=parked or 0, failed_files=failed_files, first_page_id=first_pages.get(volume_id),
            reading=reading or 0, files=received.get(volume_id, 0), pages_a_minute=paces.get(volume_id, 0.0),
            making=checked[volume_id], unopened=unopened_files,
        )
        for volume_id, name, case, pages_in_order, searchable, parked, failed_files, reading, unopened_files in rows
    ]  # fmt: skip


def document_statuses(session: Session, *within: ColumnElement[bool]) -> list[DocumentStatus]:
    """The documents within some bounds (such as `Document.case_id == …`), in the order of the paper."""
    is_refused = exists().where(OutboxRow.page_id == Page.id, OutboxRow.dead.is_(True)) & (Page.state == "read")
    rows = session.execute(
        select(
            Document.id, Volume.id, Volume.name, Document.title,
            func.count(Page.id),
            *(func.sum(sql_case((is_so, 1), else_=0))
              for is_so in (Page.state == "searchable", Page.state == "parked", is_refused)),
        )
        .join(Volume, Volume.id == Document.volume_id)
        .join(Page, (Page.document_id == Document.id) & Page.outside.is_(None))
        .where(*within)
        .group_by(Document.id, Volume.id)
        .order_by(Volume.order_key, func.min(Page.page_number))
    ).all()  # fmt: skip
    return [DocumentStatus(*row) for row in rows]


def _reindex(session: Session, sight: Extent) -> ReindexStatus | None:
    """How far the reindex that is open is; to a viewer in hundredths, since it is made of all cases' pages."""
    standing = open_reindex(session)
    if standing is None:
        return None
    status = status_of_reindex(session, standing)
    if sight.is_everything:
        return status
    return replace(status, done=100 * status.done // max(status.total, 1), total=100, reason="")


def _counts(session: Session, table: type[Arrival] | type[Page], sight: Extent) -> dict[str, int]:
    counted = select(table.state, func.count()).where(sight.holds(table.case_id)).group_by(table.state)
    # What a separator sheet has split off came in one file.
    is_counted = Page.outside.is_(None) if table is Page else Arrival.split_from.is_(None)
    return dict(session.execute(counted.where(is_counted)).all())


def _is_within(sight: Extent) -> ColumnElement[bool]:
    """Of work: that its subject is of a case within sight; ids are never shared between kinds of things."""
    if sight.is_everything:
        return true()
    subjects = (select(table.id).where(sight.holds(table.case_id)) for table in (Arrival, Page, Document, Volume))
    return or_(*(Work.subject_id.in_(of_kind) for of_kind in subjects))


def _outbox(sight: Extent) -> Select[int]:
    counted = select(func.count()).select_from(OutboxRow)
    if sight.is_everything:
        return counted
    # Begun with the outbox, which is short: joined, SQLite goes through all pages to find those that are in it.
    return counted.where(exists().where(Page.id == OutboxRow.page_id, sight.holds(Page.case_id)))


def _pages_a_minute(session: Session, sight: Extent) -> float:
    now = time.time()
    count, first = session.execute(
        select(func.count(), func.min(Page.searchable_at)).where(
            Page.searchable_at > now - _SPEED_WINDOW_SECONDS, sight.holds(Page.case_id)
        )
    ).one()
    return _pace(count, first, now)


def _pace(count: int, first: float | None, now: float) -> float:
    """Pages a minute, of so many since the first."""
    if first is None or count < 2:
        return 0.0
    return round(count / max(now - first, 1.0) * 60, 1)
