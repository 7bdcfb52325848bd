"""A case's metadata, as it comes in a folder's `case.json` (UTF-8 with or without BOM, or GBK) or over the API."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from dossier import case_fields, cases, flags, outbox, permissions
from dossier.catalogue.tables import Arrival, Case, CaseNumber, Document, Page, Person, Work
from dossier.errors import DamagedFile
from dossier.numbers import find_numbers, is_well_formed
from dossier.viewers import plain_name
from dossier.work import ASSEMBLE, NO_DEADLINE, PAGINATE, PICTURE, READ

# What the API tells of a case and nobody sets by sending it back.
READ_ONLY = frozenset(
    {"id", "state", "sealed", "merged", "proceedings", "deliveries", "volumes", "created_at", "updated_at"}
)

_DAY = re.compile(r"(\d{4})([-/.年]?)(\d{1,2})\2(\d{1,2})(?:[T ].*)?", re.ASCII)


def _day(value: Any) -> Any:
    """A day as case systems write it (2031-03-04, 2031/3/4, 20310304, with or without a time behind it)."""
    if value is None or isinstance(value, date):
        return value
    if not isinstance(value, str):
        raise ValueError("a date must be a text such as 2031-03-04")
    text = value.strip().replace("月", "年").replace("日", "")
    match = _DAY.fullmatch(text)
    if match is None or (match.group(2) == "" and not re.match(r"\d{8}(?!\d)", text)):
        raise ValueError("a date must be a text such as 2031-03-04")
    return date(int(match.group(1)), int(match.group(3)), int(match.group(4)))


Day = Annotated[date, BeforeValidator(_day)]

# What can be stored everywhere, and a number that has something to compare.
STORABLE = r"^[^\x00]*$"
COMPARABLE = r"^[^\x00]*[0-9A-Za-z０-９Ａ-Ｚａ-ｚ一-鿿][^\x00]*$"


def _storable(document: Any) -> Any:
    """Free-form JSON as it came; neither half a surrogate pair nor what is no number can be stored.

    Raises:
        ValueError: there is some in it.
    """
    json.dumps(document, allow_nan=False, ensure_ascii=False, default=str).encode()
    return document


Details = Annotated[dict[str, Any], AfterValidator(_storable)]


class NumberGiven(BaseModel):
    """A number of the case in one of the systems that know it."""

    system: str = Field(
        "", max_length=100, pattern=STORABLE, description="whose number it is, where several systems count"
    )
    kind: str = Field(
        "",
        max_length=50,
        pattern=STORABLE,
        description="acceptance, unified, court, police, document; where its form tells, that counts",
    )
    number: str = Field(min_length=1, max_length=200, pattern=COMPARABLE, examples=["临检起诉受[2031]99010123306号"])

    @property
    def kind_by_form(self) -> str:
        """What the number is a number of, as its form tells; where it tells nothing, as was said."""
        if is_well_formed(self.number):
            return str(find_numbers(self.number)[0].kind)
        return self.kind or cases.OTHER_KIND


class SuspectGiven(BaseModel):
    """A suspect; further fields are kept as they are."""

    model_config = ConfigDict(extra="allow")
    name: str = Field(min_length=1, max_length=200, pattern=STORABLE)


class CaseMetadata(BaseModel):
    """What is known of a case. Fields that are not given stay as they were; further ones are kept as they are.

    The field names of public case-system schemas (BMSAH, AJMC, …) are understood, too; see case_fields.toml.
    """

    model_config = ConfigDict(extra="allow")
    numbers: list[NumberGiven] = []
    name: str | None = Field(default=None, max_length=1000, pattern=STORABLE)
    charge: str | None = Field(default=None, max_length=1000, pattern=STORABLE)
    suspects: list[SuspectGiven] | None = None
    department: str | None = Field(default=None, max_length=200, pattern=STORABLE)
    handler: str | None = Field(default=None, max_length=200, pattern=STORABLE)
    accepted_on: Day | None = None
    due_on: Day | None = None
    details: dict[str, Any] | None = Field(default=None, description="further fields, by name")

    @model_validator(mode="before")
    @classmethod
    def _translate(cls, document: Any) -> Any:
        if not isinstance(document, dict):
            return document
        _storable(document)
        known = {name: value for name, value in document.items() if name not in READ_ONLY}
        known = case_fields.translated(known)
        if known.get("numbers", ()) is None:
            del known["numbers"]
        return known

    @property
    def further(self) -> dict[str, Any]:
        """What is kept beside the fields that have a column."""
        given = {**(self.details or {}), **(self.model_extra or {})}
        further = {name: value for name, value in given.items() if value is not None and name not in _FIELDS}
        if self.accepted_on is not None:
            further["accepted_on"] = self.accepted_on.isoformat()
        return further

    @property
    def emptied(self) -> frozenset[str]:
        """The names of what was given as null."""
        given = {**(self.details or {}), **(self.model_extra or {}), **{name: getattr(self, name) for name in _FIELDS}}
        named = self.model_fields_set | set(self.details or {}) | set(self.model_extra or {})
        return frozenset(name for name in named if given.get(name, ...) is None)


_FIELDS = tuple(CaseMetadata.model_fields)


def parse_metadata(content: bytes) -> CaseMetadata:
    """The metadata in the bytes of a `case.json`.

    Raises:
        DamagedFile: it is not JSON, or a field has a value that cannot be.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError as error:
            raise DamagedFile("case.json: UTF-8 / GBK?") from error
    try:
        document = json.loads(text)
        json.dumps(document, ensure_ascii=False).encode()  # half a surrogate pair could not be stored
        return CaseMetadata.model_validate(document)
    except json.JSONDecodeError as error:
        raise DamagedFile(f"case.json: line {error.lineno}: {error.msg}") from error
    except ValidationError as error:
        fault = error.errors()[0]
        raise DamagedFile(f"case.json: {'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise DamagedFile(f"case.json: {type(error).__name__}") from error


def apply_metadata(
    session: Session, case: Case, metadata: CaseMetadata, actor: str, cleared: Collection[str] = ()
) -> bool:
    """Write metadata into a case, which is then known; where its department changes, its pages are indexed anew.

    A number that another case of the system bears is not taken from it; the case is flagged.

    Args:
        session: the transaction.
        case: into which.
        metadata: what is known; fields that are None stay as they are.
        actor: for the audit.
        cleared: names of fields that are None and are to become empty.

    Returns:
        Whether anything is other than before.
    """
    before = _standing(session, case)
    refused = [
        given.number
        for given in metadata.numbers
        if not cases.bind_number(session, case, given.number, given.kind_by_form, given.system)
    ]
    if refused:
        flags.raise_flag(session, "case", case.id, case.id, "number_clash", numbers=refused)
    for name in ("name", "charge"):
        value = getattr(metadata, name)
        if value is not None or name in cleared:
            setattr(case, name, value or "")
    if metadata.department is not None or "department" in cleared:
        change_department(session, case, metadata.department or "", actor)
    if metadata.handler is not None or "handler" in cleared:
        permissions.hand_over(session, case, plain_name(metadata.handler or ""), actor)
    if metadata.suspects is not None or "suspects" in cleared:
        _set_suspects(session, case, metadata.suspects or [])
    if metadata.due_on is not None or "due_on" in cleared:
        case.due_on = metadata.due_on.isoformat() if metadata.due_on is not None else None
        move_deadline(session, case)
    case.details = {
        name: value for name, value in {**case.details, **metadata.further}.items() if name not in cleared
    }  # fmt: skip
    if case.state == "provisional" or (case.state == "unclaimed" and cases.number_of(session, case) is not None):
        case.state = "known"
        for code in ("unknown_case", "unclaimed"):
            flags.close_all(session, case.id, code)
    session.flush()
    if _standing(session, case) == before:
        return False
    case.version += 1
    case.updated_at = time.time()
    return True


def change_department(session: Session, case: Case, department: str, actor: str) -> None:
    """Give a case to a department, and its pages to the outbox: their entries bear it."""
    department = plain_name(department)
    if case.department == department:
        return
    permissions.move(session, case, department, actor)
    session.flush()
    outbox.enqueue_whole(session, Page.case_id == case.id)


def move_deadline(session: Session, case: Case) -> None:
    """Let all that is still to be done for the case know its deadline."""
    subjects: dict[str, type[Arrival | Page | Document]] = {
        PAGINATE: Arrival,
        READ: Page,
        PICTURE: Page,
        ASSEMBLE: Document,
    }
    for kind, subject in subjects.items():
        of_case = select(subject.id).where(subject.case_id == case.id)
        session.execute(
            update(Work)
            .where(Work.kind == kind, Work.subject_id.in_(of_case), Work.state != "done")
            .values(due_on=case.due_on or NO_DEADLINE)
        )


def _standing(session: Session, case: Case) -> tuple[Any, ...]:
    numbers = session.execute(
        select(CaseNumber.system, CaseNumber.canonical).where(CaseNumber.case_id == case.id).order_by(CaseNumber.id)
    )
    suspects = session.execute(
        select(Person.name, Person.details)
        .where(Person.case_id == case.id, Person.role == "suspect")
        .order_by(Person.id)
    )
    return (
        case.state, case.name, case.charge, case.department, case.handler, case.due_on, dict(case.details),
        [tuple(number) for number in numbers], [tuple(suspect) for suspect in suspects],
    )  # fmt: skip


def _set_suspects(session: Session, case: Case, suspects: Collection[SuspectGiven]) -> None:
    session.execute(delete(Person).where(Person.case_id == case.id, Person.role == "suspect"))
    session.add_all(
        Person(case_id=case.id, name=suspect.name, details=suspect.model_extra or {}) for suspect in suspects
    )
