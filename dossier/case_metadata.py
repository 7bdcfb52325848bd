"""A case's metadata as it comes in a folder's `case.json`: UTF-8 with or without BOM, or GBK."""

from __future__ import annotations

import json
import time
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from dossier import cases, flags, outbox, permissions
from dossier.catalogue.tables import Arrival, Case, Document, Page, Person, Work
from dossier.errors import DamagedFile
from dossier.numbers import find_numbers, is_well_formed
from dossier.viewers import plain_name
from dossier.work import ASSEMBLE, NO_DEADLINE, PAGINATE, PICTURE, READ


class NumberGiven(BaseModel):
    """A number of the case in one of the systems that know it."""

    system: str = ""
    kind: str = ""
    number: str = Field(min_length=1)


class SuspectGiven(BaseModel):
    """A suspect; further fields are kept as they are."""

    model_config = ConfigDict(extra="allow")
    name: str = Field(min_length=1)


class CaseMetadata(BaseModel):
    """What is known of a case. Fields that are not given stay as they were; further ones are kept as they are."""

    model_config = ConfigDict(extra="allow")
    numbers: list[NumberGiven] = []
    name: str | None = None
    charge: str | None = None
    suspects: list[SuspectGiven] | None = None
    department: str | None = None
    handler: str | None = None
    accepted_on: date | None = None
    due_on: date | None = None


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


def apply_metadata(session: Session, case: Case, metadata: CaseMetadata, actor: str) -> None:
    """Write metadata into a case, which is then known; its pages are indexed anew.

    A number that another case of the system bears is not taken from it; the case is flagged.
    """
    refused = [
        given.number
        for given in metadata.numbers
        if not cases.bind_number(session, case, given.number, _kind(given), given.system)
    ]
    if refused:
        flags.raise_flag(session, "case", case.id, case.id, "number_clash", numbers=refused)
    for name in ("name", "charge"):
        value = getattr(metadata, name)
        if value is not None:
            setattr(case, name, value)
    if metadata.department is not None:
        permissions.move(session, case, plain_name(metadata.department), actor)
    if metadata.handler is not None:
        permissions.hand_over(session, case, plain_name(metadata.handler), actor)
    if metadata.suspects is not None:
        session.execute(delete(Person).where(Person.case_id == case.id, Person.role == "suspect"))
        session.add_all(
            Person(case_id=case.id, name=suspect.name, details=suspect.model_extra or {})
            for suspect in metadata.suspects
        )
    if metadata.due_on is not None:
        case.due_on = metadata.due_on.isoformat()
        _move_deadline(session, case)
    case.details = {**case.details, **_further(metadata)}
    if case.state == "provisional" or (case.state == "unclaimed" and cases.number_of(session, case) is not None):
        case.state = "known"
        for code in ("unknown_case", "unclaimed"):
            flags.close_all(session, case.id, code)
    case.version += 1
    case.updated_at = time.time()
    outbox.enqueue(session, session.scalars(select(Page.id).where(Page.case_id == case.id)).all())


def _move_deadline(session: Session, case: Case) -> None:
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


def _further(metadata: CaseMetadata) -> dict[str, Any]:
    further = dict(metadata.model_extra or {})
    if metadata.accepted_on is not None:
        further["accepted_on"] = metadata.accepted_on.isoformat()
    return further


def _kind(given: NumberGiven) -> str:
    """What the number is a number of, as its form tells; where it tells nothing, as was said."""
    if is_well_formed(given.number):
        return str(find_numbers(given.number)[0].kind)
    return given.kind or cases.OTHER_KIND
