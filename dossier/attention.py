"""The attention list: everything that needs a person's hand, with its reason and what to do next."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from dossier import flags
from dossier.cases import numbers_of
from dossier.catalogue.tables import Arrival, Case, Document, Flag, OutboxRow, Page, Volume
from dossier.errors import IndexRefused, error_of
from dossier.place import METADATA_TYPE

# Flags that inform without asking for anything.
_QUIET = {"blank"}
_BREADTH = ("machine", "inbox", "case", "volume", "arrival", "document", "page")


@dataclass(frozen=True)
class Question:
    """A row of the list.

    Attributes:
        code: what it is: an error's or a flag's code.
        subject_kind, subject_id: what it concerns: case, volume, document, arrival, page.
        case_id, case_number, volume: where that is.
        source: the file or the page concerned, for people.
        message: what happened, in Chinese.
        remedy: what to do next, in Chinese.
        page_id: a page to look at, where there is one.
        since: seconds since 1970.
    """

    code: str
    subject_kind: str
    subject_id: str
    case_id: str | None
    case_number: str | None
    volume: str
    source: str
    message: str
    remedy: str
    page_id: str | None
    since: float


def questions(session: Session, limit: int = 500) -> list[Question]:
    """What needs a hand: machine and inbox, cases, volumes, files, documents, pages; the newest first among equals."""
    rows = [*_refused_files(session, limit), *_parked_pages(session, limit), *_dead_letters(session, limit)]
    for subject_kind in _BREADTH:
        rows += _flags(session, subject_kind, limit - len(rows)) if len(rows) < limit else []
    numbers = numbers_of(session, {row.case_id for row in rows if row.case_id})
    numbered = [replace(row, case_number=numbers.get(row.case_id or "")) for row in rows]
    # What concerns the most pages first: a hundred doubtful pages must not bury an unclaimed case.
    return sorted(numbered, key=lambda row: (_BREADTH.index(row.subject_kind), -row.since))[:limit]


def is_open_refusal() -> ColumnElement[bool]:
    """Of arrivals: refused, and neither answered by a later file nor a case.json, whose flag says it better."""
    return and_(Arrival.state == "failed", Arrival.answered_by.is_(None), Arrival.media_type != METADATA_TYPE)


def count_questions(session: Session) -> int:
    """How many rows the whole list has."""
    return sum(
        session.scalar(select(func.count()).select_from(statement.subquery())) or 0
        for statement in (_refused_statement(), _parked_statement(), _dead_statement(), _flag_statement())
    )


def _refused_statement() -> Select[Arrival, str]:
    return (
        select(Arrival, Volume.name)
        .join(Volume, Volume.id == Arrival.volume_id)
        .where(is_open_refusal())
        .order_by(Arrival.received_at.desc())
    )


def _parked_statement() -> Select[Page, str, str]:
    return (
        select(Page, Volume.name, Arrival.source)
        .join(Volume, Volume.id == Page.volume_id)
        .join(Arrival, Arrival.id == Page.arrival_id)
        .where(Page.state == "parked")
        .order_by(Page.created_at.desc())
    )


def _dead_statement() -> Select[OutboxRow, Page, str]:
    return (
        select(OutboxRow, Page, Volume.name)
        .join(Page, Page.id == OutboxRow.page_id)
        .join(Volume, Volume.id == Page.volume_id)
        .where(OutboxRow.dead.is_(True))
    )


def _flag_statement(subject_kind: str | None = None) -> Select[Flag]:
    statement = select(Flag).where(Flag.closed_at.is_(None), Flag.code.not_in(_QUIET))
    if subject_kind is not None:
        statement = statement.where(Flag.subject_kind == subject_kind)
    return statement.order_by(Flag.created_at.desc())


def _refused_files(session: Session, limit: int) -> list[Question]:
    found = []
    for arrival, volume in session.execute(_refused_statement().limit(limit)):
        error = error_of(arrival.error_code or "", arrival.error_detail)
        found.append(
            Question(
                code=error.code, subject_kind="arrival", subject_id=arrival.id, case_id=arrival.case_id,
                case_number=None, volume=volume, source=arrival.source, message=error.chinese,
                remedy=error.remedy_chinese, page_id=None, since=arrival.received_at,
            )
        )  # fmt: skip
    return found


def _parked_pages(session: Session, limit: int) -> list[Question]:
    found = []
    for page, volume, source in session.execute(_parked_statement().limit(limit)):
        error = error_of(page.error_code or "", page.error_detail)
        found.append(
            Question(
                code=error.code, subject_kind="page", subject_id=page.id, case_id=page.case_id, case_number=None,
                volume=volume, source=f"{source} 第{page.page_number}页", message=error.chinese,
                remedy=error.remedy_chinese, page_id=page.id, since=page.created_at,
            )
        )  # fmt: skip
    return found


def _dead_letters(session: Session, limit: int) -> list[Question]:
    return [
        Question(
            code=IndexRefused.code, subject_kind="page", subject_id=page.id, case_id=page.case_id, case_number=None,
            volume=volume, source=f"第{page.page_number}页", message=IndexRefused(row.error).chinese,
            remedy=IndexRefused.remedy_chinese, page_id=page.id, since=page.created_at,
        )
        for row, page, volume in session.execute(_dead_statement().limit(limit))
    ]  # fmt: skip


def _flags(session: Session, subject_kind: str, limit: int) -> list[Question]:
    found = []
    for flag in session.scalars(_flag_statement(subject_kind).limit(limit)):
        volume, source, page_id = _subject(session, flag)
        message, remedy = sentence_of(flag)
        found.append(
            Question(
                code=flag.code, subject_kind=flag.subject_kind, subject_id=flag.subject_id, case_id=flag.case_id,
                case_number=None, volume=volume, source=source, message=message, remedy=remedy,
                page_id=page_id, since=flag.created_at,
            )
        )  # fmt: skip
    return found


def sentence_of(flag: Flag) -> tuple[str, str]:
    """What a flag says, with its particulars, and what to do next, in Chinese."""
    message, remedy = flags.SENTENCES[flag.code]
    return message + _details(flag), remedy


def _details(flag: Flag) -> str:
    for name in ("missing", "numbers", "reason"):
        value = flag.details.get(name)
        if value:
            opening = "首页识别到：" if (flag.code, name) == ("unclaimed", "numbers") else ""
            return f"（{opening}{'、'.join(value) if isinstance(value, list) else value}）"
    return ""


def _subject(session: Session, flag: Flag) -> tuple[str, str, str | None]:
    """Volume name, a name for people and a page to look at, of whatever a flag stands on."""
    if flag.subject_kind in ("inbox", "machine"):
        return "", flag.details.get("path", flag.subject_id), None
    if flag.subject_kind == "case":
        case = session.get_one(Case, flag.subject_id)
        return "", case.name or case.folder or "收件箱", None
    if flag.subject_kind == "volume":
        name = session.get_one(Volume, flag.subject_id).name
        return name, name, flag.details.get("page_id")
    if flag.subject_kind == "page":
        page = session.get_one(Page, flag.subject_id)
        page_id: str | None = page.id
        volume_id, source = page.volume_id, f"第{page.page_number}页"
    elif flag.subject_kind == "document":
        document = session.get_one(Document, flag.subject_id)
        volume_id, source = document.volume_id, document.title
        page_id = _first_page(session, Page.document_id, document.id)
    else:
        arrival = session.get_one(Arrival, flag.subject_id)
        volume_id, source = arrival.volume_id, arrival.source
        page_id = _first_page(session, Page.arrival_id, arrival.id)
    return session.get_one(Volume, volume_id).name, source, page_id


def _first_page(session: Session, column: InstrumentedAttribute[str], id_: str) -> str | None:
    return session.scalars(select(Page.id).where(column == id_).order_by(Page.page_number).limit(1)).first()
