"""Searching the audit log: who, what, when, and which case; the latest first, page by page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, or_, select, union
from sqlalchemy.orm import Session

from dossier.cases import cases_named, merged_into, numbers_of
from dossier.catalogue.tables import Arrival, AuditRow, Case, Document, Page, User, Volume
from dossier.viewers import plain_name

_OF_A_CASE = (Volume, Document, Arrival, Page)
# Deeds on what may be gone, or elsewhere, by now: their rows name the case themselves, under this name,
_NAMING_A_CASE = {
    "add_excerpt": "case",
    "change_excerpt": "case",
    "move_excerpt": "case",
    "remove_excerpt": "case",
    "receive": "case",
    "correct_receipt": "case",
    "print_sheets": "case",
    "claim": "before",
}
# or the page.
_NAMING_A_PAGE = ("add_note", "change_note", "remove_note", "add_bookmark", "change_bookmark", "remove_bookmark")
_PLACES = {"excerpt": "摘录", "receipt": "收卷登记"}
_ON_PAGES = {"note": "批注", "bookmark": "书签"}


@dataclass(frozen=True)
class Wanted:
    """What is looked for; what is empty or None does not narrow.

    Attributes:
        who: the name under which the deed was recorded, or a user's, in full.
        deed: its code.
        since, until: seconds since 1970; `until` is the first moment that is too late.
        case: a case's number, or its id; what was done to cases that have become part of it is among it.
    """

    who: str = ""
    deed: str = ""
    since: float | None = None
    until: float | None = None
    case: str = ""


@dataclass(frozen=True)
class Subject:
    """What a row is about, as far as it can be said without telling what it holds."""

    case_number: str | None
    where: str


@dataclass(frozen=True)
class AuditPage:
    """Some rows, what they are about by `(kind, id)`, and where the earlier ones go on: None at the end."""

    rows: Sequence[AuditRow]
    subjects: dict[tuple[str, str], Subject]
    before: int | None


def search_audit(session: Session, wanted: Wanted, before: int | None = None, limit: int = 50) -> AuditPage:
    """The rows that match, the latest first, from those before a row's id on."""
    statement = select(AuditRow)
    if wanted.who:
        statement = statement.where(AuditRow.actor == plain_name(wanted.who))
    if wanted.deed:
        statement = statement.where(AuditRow.deed == wanted.deed)
    if wanted.since is not None:
        statement = statement.where(AuditRow.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(AuditRow.at < wanted.until)
    if wanted.case:
        ids = [known for case in cases_named(session, wanted.case) for known in (case.id, *merged_into(session, case))]
        within = union(*(select(table.id).where(table.case_id.in_(ids)) for table in _OF_A_CASE))
        named = [
            and_(AuditRow.deed == deed, AuditRow.details[name].as_string().in_(ids))
            for deed, name in _NAMING_A_CASE.items()
        ]
        pages = select(Page.id).where(Page.case_id.in_(ids))
        named.append(and_(AuditRow.deed.in_(_NAMING_A_PAGE), AuditRow.details["page"].as_string().in_(pages)))
        statement = statement.where(or_(AuditRow.subject_id.in_(ids), AuditRow.subject_id.in_(within), *named))
    if before is not None:
        statement = statement.where(AuditRow.id < before)
    rows = session.scalars(statement.order_by(AuditRow.id.desc()).limit(limit + 1)).all()
    shown = rows[:limit]
    return AuditPage(shown, _subjects(session, shown), shown[-1].id if len(rows) > limit else None)


def _page_named(row: AuditRow) -> str:
    return str(row.details.get("page", "")) if row.subject_kind in _ON_PAGES else ""


def _subjects(session: Session, rows: Collection[AuditRow]) -> dict[tuple[str, str], Subject]:
    """Case and place of what the rows are about."""
    places: dict[tuple[str, str], tuple[str, str]] = {}  # case id, and where in it
    ids = {row.subject_id for row in rows} | {_page_named(row) for row in rows}
    for case in session.scalars(select(Case).where(Case.id.in_(ids))):
        places["case", case.id] = case.id, ""
    for volume in session.scalars(select(Volume).where(Volume.id.in_(ids))):
        places["volume", volume.id] = volume.case_id, volume.name
    pages = select(Page.id, Page.case_id, Volume.name, Page.page_number).join(Volume, Volume.id == Page.volume_id)
    for page_id, case_id, volume_name, number in session.execute(pages.where(Page.id.in_(ids))):
        places["page", page_id] = case_id, f"{volume_name} 图像第 {number} 页" if number else f"{volume_name} 不计页"
    for table, kind in ((Document, "document"), (Arrival, "arrival")):
        placed = select(table.id, table.case_id, Volume.name).join(Volume, Volume.id == table.volume_id)
        for subject_id, case_id, volume_name in session.execute(placed.where(table.id.in_(ids))):
            places[kind, subject_id] = case_id, volume_name
    for row in rows:
        if row.subject_kind in _PLACES:
            places[row.subject_kind, row.subject_id] = str(row.details.get("case", "")), _PLACES[row.subject_kind]
        elif row.subject_kind in _ON_PAGES:
            case_id, where = places.get(("page", _page_named(row)), ("", ""))
            places[row.subject_kind, row.subject_id] = case_id, f"{where} {_ON_PAGES[row.subject_kind]}".strip()
    numbers = numbers_of(session, {case_id for case_id, _ in places.values()})
    found = {key: Subject(numbers.get(case_id), where) for key, (case_id, where) in places.items()}
    for user in session.scalars(select(User).where(User.id.in_(ids))):
        found["user", user.id] = Subject(None, user.name)
    return found
