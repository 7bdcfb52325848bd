"""The tables of the catalogue. The words are those of docs/architecture.md.

Times are seconds since 1970 (UTC) as floats; dates are ISO texts; ids are opaque and never reused. Nothing here needs
SQLite: the same tables serve PostgreSQL.
"""

from __future__ import annotations

import secrets
import time
from typing import Annotated, Any, ClassVar

from sqlalchemy import JSON, Float, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def new_id(prefix: str) -> str:
    """An opaque id that is never reused: a letter for the reader, then 80 random bits."""
    return f"{prefix}{secrets.token_hex(10)}"


# Order keys are compared by code point, here and in Python alike; PostgreSQL has to be told.
OrderKey = Annotated[str, mapped_column(String().with_variant(String(collation="C"), "postgresql"))]


class Table(DeclarativeBase):
    """Base of all tables."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[float]: JSON,
        list[dict[str, Any]]: JSON,
        float: Float,
        str: String,
        int: Integer,
    }


class Case(Table):
    """A case 案件; its numbers are rows of their own.

    state: known (its metadata came), provisional (a number nobody knows yet), unclaimed (no usable number: 待认领),
    merged (see `merged_into`; its numbers stay valid).
    """

    __tablename__ = "cases"
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("c"))
    state: Mapped[str] = mapped_column(default="provisional", index=True)
    name: Mapped[str] = mapped_column(default="")
    charge: Mapped[str] = mapped_column(default="")
    department: Mapped[str] = mapped_column(default="", index=True)
    handler: Mapped[str] = mapped_column(default="", index=True)
    due_on: Mapped[str | None]
    folder: Mapped[str | None] = mapped_column(index=True)
    sealed: Mapped[bool] = mapped_column(default=False, index=True)
    merged_into: Mapped[str | None] = mapped_column(ForeignKey("cases.id"))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[float] = mapped_column(default=time.time)
    updated_at: Mapped[float] = mapped_column(default=time.time)


class CaseNumber(Table):
    """A number of a case: it belongs to at most one case in a system."""

    __tablename__ = "case_numbers"
    __table_args__ = (UniqueConstraint("system", "canonical"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    system: Mapped[str] = mapped_column(default="")
    kind: Mapped[str]
    as_given: Mapped[str]
    canonical: Mapped[str] = mapped_column(index=True)
    folded: Mapped[str] = mapped_column(index=True)


class Person(Table):
    """Somebody named in a case's metadata: a suspect, a victim."""

    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    role: Mapped[str] = mapped_column(default="suspect")
    name: Mapped[str] = mapped_column(index=True)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Proceeding(Table):
    """A coming of the case (件): 审查逮捕, 审查起诉, …, with its own number, dates, department and handler."""

    __tablename__ = "proceedings"
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("j"))
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    number_id: Mapped[int | None] = mapped_column(ForeignKey("case_numbers.id"))
    kind: Mapped[str] = mapped_column(default="")
    department: Mapped[str] = mapped_column(default="")
    handler: Mapped[str] = mapped_column(default="")
    accepted_on: Mapped[str | None]
    due_on: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="open")


class Delivery(Table):
    """What arrived together (移送批次): first transfer, 一退, 二退."""

    __tablename__ = "deliveries"
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("l"))
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(default="first")
    number: Mapped[int] = mapped_column(default=1)
    arrived_on: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Volume(Table):
    """A volume 卷; a re-bound one supersedes an older one, whose pages stay.

    Its pages stand in the order of their files' names, until a person has `ordered_by_hand`: then as that person left
    them, and what comes later stands behind the page whose name comes before it. `paper_pages` is how many sides the
    paper has, as counted at its receipt; None where nobody has counted. `known_gaps` are the numbers (36, 40-42) that
    the paper itself lacks, as was seen before it was unbound.
    """

    __tablename__ = "volumes"
    __table_args__ = (UniqueConstraint("case_id", "name", "version"),)
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("v"))
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    delivery_id: Mapped[str | None] = mapped_column(ForeignKey("deliveries.id"))
    supersedes_id: Mapped[str | None] = mapped_column(ForeignKey("volumes.id"))
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(default="")
    number: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)
    order_key: Mapped[OrderKey]
    ordered_by_hand: Mapped[bool] = mapped_column(default=False, server_default="0")
    paper_pages: Mapped[int | None]
    known_gaps: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    state: Mapped[str] = mapped_column(default="open")
    created_at: Mapped[float] = mapped_column(default=time.time)


class Document(Table):
    """An entry of the volume's directory (材料): a file of several pages, or a folder of single pictures.

    `series` is 1, or more where a known file name came again with other bytes: such pages form a document of their own
    at the end of the volume until a person decides.
    """

    __tablename__ = "documents"
    __table_args__ = (UniqueConstraint("volume_id", "path", "series"),)
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("d"))
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    volume_id: Mapped[str] = mapped_column(ForeignKey("volumes.id"), index=True)
    path: Mapped[str]
    series: Mapped[int] = mapped_column(default=1)
    title: Mapped[str]
    order_key: Mapped[OrderKey]
    settled: Mapped[bool] = mapped_column(default=False)
    pdf_key: Mapped[str | None]
    created_at: Mapped[float] = mapped_column(default=time.time)


class Original(Table):
    """The bytes as they came; stored once, however often they arrive.

    `checked_at`, here and of readings and transcriptions: when the stored bytes were last compared with their digest.
    """

    __tablename__ = "originals"
    sha256: Mapped[str] = mapped_column(primary_key=True)
    md5: Mapped[str]
    size: Mapped[int]
    stored_at: Mapped[float] = mapped_column(default=time.time)
    checked_at: Mapped[float | None]


class Arrival(Table):
    """A file as it came to a place (case, volume, path). The API calls it a file.

    state: received, reading, done, failed. The same bytes at the same place are one arrival, however often they come.
    `answered_by` is the later arrival at the same place that took a failed one's part. `split_from` is the
    arrival whose pages a separator sheet has sent here, to another volume; that one stays as it came, with the pages
    that are left to it.
    """

    __tablename__ = "arrivals"
    __table_args__ = (
        UniqueConstraint("volume_id", "path", "sha256"),
        Index("ix_arrivals_case_state", "case_id", "state"),
        # A file's series is asked for by its name: never by going through all files of its folder.
        Index("ix_arrivals_document_path", "document_id", "path"),
    )
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("f"))
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    volume_id: Mapped[str] = mapped_column(ForeignKey("volumes.id"), index=True)
    document_id: Mapped[str | None] = mapped_column(ForeignKey("documents.id"), index=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("originals.sha256"), index=True)
    path: Mapped[str]
    source: Mapped[str]
    origin: Mapped[str]
    media_type: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="received", index=True)
    error_code: Mapped[str | None]
    error_detail: Mapped[str] = mapped_column(default="")
    answered_by: Mapped[str | None] = mapped_column(ForeignKey("arrivals.id"))
    split_from: Mapped[str | None] = mapped_column(index=True)
    received_at: Mapped[float] = mapped_column(default=time.time)
    done_at: Mapped[float | None]


class Attachment(Table):
    """An arrival that is not pages: kept, hashed, listed, counted."""

    __tablename__ = "attachments"
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("a"))
    arrival_id: Mapped[str] = mapped_column(ForeignKey("arrivals.id"), unique=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]


class Page(Table):
    """One side of paper.

    state: waiting, reading, read, searchable, parked. `page_number` is the place in the volume, from 1; 0 where the
    page stands `outside` the order: folded (a blank side that is not counted), removed or replaced by a person, with
    `outside_reason` and `replaced_by`, or a separator sheet. `place` goes over all pages of the volume, those outside,
    too, so that each can be put back where it was. `turn_by_hand` and `blank_by_hand` are what a person has
    said, and outrank what is read. `crop_by_hand` is the part of the page that a person, `cropped_by`, has called the
    page, and `crop` the one that the reading in use saw (both as `reading.Crop`); None: the whole page.
    `is_no_pair`: a person has said that it is a page of its own, though its name calls it a picture of another's side.
    `width`, `height` (pixels) and `dpi` are the scan's until it is read, then the upright page's. `index_in_file`
    orders the pages of a file. It is their place in it, unless two of them are on one picture: then that is
    `picture_in_file`, `part` says which half the page is, and `cut` where they part (fraction of the picture's width).
    `page_label` is the number on the paper; page_label_state: read, proposed (it follows from the neighbours),
    confirmed (by a person, and then left alone). `label_candidates` are those of the reading in use, here so that a
    volume's are at hand with one query. `sheet_code` is what the code of a separator sheet on the page says;
    `sheet_state` what became of it: in_effect (the pages behind it belong to its volume), unknown (this system has not
    printed it), put_back (a person has made it, or the blank back that went out with it, a page again). `sorted_by` is
    the id of the sheet that a page followed, or by_hand where a person has put it into its volume.
    """

    __tablename__ = "pages"
    __table_args__ = (
        UniqueConstraint("arrival_id", "index_in_file"),
        Index("ix_pages_volume_number", "volume_id", "page_number"),
        # A volume's last page is found without sorting it.
        Index("ix_pages_volume_place", "volume_id", "place"),
        Index("ix_pages_outside", "volume_id", "outside"),
        # What the board counts stands in the index alone: a page's row is never read for it.
        Index("ix_pages_case_state", "case_id", "outside", "state"),
        Index("ix_pages_volume_state", "volume_id", "outside", "state"),
    )
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("p"))
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    volume_id: Mapped[str] = mapped_column(ForeignKey("volumes.id"))
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), index=True)
    arrival_id: Mapped[str] = mapped_column(ForeignKey("arrivals.id"))
    index_in_file: Mapped[int]
    picture_in_file: Mapped[int | None]
    part: Mapped[str] = mapped_column(default="whole", server_default="whole")
    cut: Mapped[float] = mapped_column(default=0.0, server_default="0")
    source_kind: Mapped[str]
    order_key: Mapped[OrderKey]
    place: Mapped[int] = mapped_column(default=0, server_default="0")
    page_number: Mapped[int] = mapped_column(default=0)
    outside: Mapped[str | None]
    outside_reason: Mapped[str] = mapped_column(default="", server_default="")
    replaced_by: Mapped[str | None]
    turn_by_hand: Mapped[int | None]
    blank_by_hand: Mapped[bool | None]
    crop_by_hand: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    crop: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    cropped_by: Mapped[str] = mapped_column(default="", server_default="")
    is_no_pair: Mapped[bool] = mapped_column(default=False, server_default="0")
    page_label: Mapped[str | None]
    page_label_state: Mapped[str | None]
    label_candidates: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default="[]")
    sheet_code: Mapped[str | None]
    sheet_state: Mapped[str | None] = mapped_column(index=True)
    sorted_by: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="waiting", index=True)
    error_code: Mapped[str | None]
    error_detail: Mapped[str] = mapped_column(default="")
    width: Mapped[int]
    height: Mapped[int]
    dpi: Mapped[float]
    turn_degrees: Mapped[int] = mapped_column(default=0)
    skew_degrees: Mapped[float] = mapped_column(default=0.0)
    blank: Mapped[bool] = mapped_column(default=False)
    confidence: Mapped[float | None]
    reading_version: Mapped[int | None]
    created_at: Mapped[float] = mapped_column(default=time.time)
    searchable_at: Mapped[float | None] = mapped_column(index=True)


class ReadingRow(Table):
    """A stored reading of a page; the newest is the one in use, older ones stay."""

    __tablename__ = "readings"
    page_id: Mapped[str] = mapped_column(ForeignKey("pages.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    engine: Mapped[str]
    made_at: Mapped[float] = mapped_column(default=time.time)
    checked_at: Mapped[float | None]


class Work(Table):
    """A thing to do: a subject and a kind (paginate, read, assemble, picture, bind).

    state: waiting, leased, done, failed. `attempts` counts failures seen, `losses` leases that a process lost
    by dying.
    """

    __tablename__ = "work"
    __table_args__ = (
        UniqueConstraint("kind", "subject_id"),
        Index("ix_work_queue", "state", "kind", "priority", "due_on", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject_id: Mapped[str]
    state: Mapped[str] = mapped_column(default="waiting")
    priority: Mapped[int] = mapped_column(default=10)
    due_on: Mapped[str] = mapped_column(default="9999-12-31")
    attempts: Mapped[int] = mapped_column(default=0)
    losses: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[float] = mapped_column(default=0.0)
    lease_owner: Mapped[str | None]
    lease_until: Mapped[float | None]
    error_code: Mapped[str | None]
    error_detail: Mapped[str] = mapped_column(default="")
    created_at: Mapped[float] = mapped_column(default=time.time)
    updated_at: Mapped[float] = mapped_column(default=time.time)


class IndexChange(Table):
    """A page whose index entry must be written (or taken away); gone when the engine has it at this version."""

    __abstract__ = True
    page_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(unique=True)
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[float] = mapped_column(default=0.0)
    error: Mapped[str] = mapped_column(default="")
    dead: Mapped[bool] = mapped_column(default=False)


class OutboxRow(IndexChange):
    """What the index in service must take."""

    __tablename__ = "outbox"


class SuccessorRow(IndexChange):
    """What the index that is being built beside the one in service must take."""

    __tablename__ = "successor_outbox"


class Reindex(Table):
    """An index built beside the one in service, to take its place; at most one is open.

    state: open, done, failed (then `reason` says why, and the index in service has stayed). `generation` is the new
    index's, None before it was begun, and again when what was built of a failed one has been removed; `total` the pages
    it was begun with; `asked_by` a person, or "settings".
    """

    __tablename__ = "reindexes"
    id: Mapped[int] = mapped_column(primary_key=True)
    engine: Mapped[str]
    state: Mapped[str] = mapped_column(default="open", index=True)
    asked_by: Mapped[str]
    generation: Mapped[str | None]
    total: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(default="")
    asked_at: Mapped[float] = mapped_column(default=time.time)
    began_at: Mapped[float | None]
    ended_at: Mapped[float | None]


class Counter(Table):
    """A catalogue-wide counter; "index_version" orders all index entries."""

    __tablename__ = "counters"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(default=0)


class IndexGeneration(Table):
    """The generation of the index that the catalogue has fed; another one must be filled anew.

    One row is the engine in service. `filled_at` is 0.0 in those of engines before it, until their indices are removed.
    """

    __tablename__ = "index_generations"
    engine: Mapped[str] = mapped_column(primary_key=True)
    generation: Mapped[str]
    filled_at: Mapped[float] = mapped_column(default=time.time)


class User(Table):
    """A person who signs in.

    role: of `viewers.ROLES`. `departments` are those whose cases they see. The password is stored as
    what dossier/passwords.py makes of it. Users are disabled, never deleted: the audit names them.
    """

    __tablename__ = "users"
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("u"))
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    departments: Mapped[list[str]] = mapped_column(default=list)
    password: Mapped[str]
    created_at: Mapped[float] = mapped_column(default=time.time)
    disabled_at: Mapped[float | None]


class ApiKey(Table):
    """A key with which a program asks; of the key itself only the hash is known.

    `scopes` say what it is for; without `departments` it sees all cases that are not sealed.
    """

    __tablename__ = "api_keys"
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("k"))
    name: Mapped[str]
    sha256: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[str]]
    departments: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[float] = mapped_column(default=time.time)
    revoked_at: Mapped[float | None]


class Membership(Table):
    """A user or API key that sees a case by name. `admitted`: expressly, while the case was sealed; others do not count
    as long as it is. `ends_at`: it counts until then.
    """

    __tablename__ = "memberships"
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    viewer_id: Mapped[str] = mapped_column(primary_key=True, index=True)
    admitted: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[float] = mapped_column(default=time.time)
    ends_at: Mapped[float | None]


class DepartmentMove(Table):
    """A case whose department has changed, as long as the index may hold pages of it with the department before."""

    __tablename__ = "department_moves"
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    at: Mapped[float] = mapped_column(default=time.time)


class Flag(Table):
    """Something a person should look at, on any subject; closed when it is answered. A file still in the inbox, or the
    machine itself, belongs to no case yet.
    """

    __tablename__ = "flags"
    __table_args__ = (UniqueConstraint("subject_kind", "subject_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    subject_kind: Mapped[str]
    subject_id: Mapped[str] = mapped_column(index=True)
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"), index=True)
    code: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[float] = mapped_column(default=time.time)
    closed_at: Mapped[float | None]


class AuditRow(Table):
    """Who did what, written in the deed's own transaction; `place` in the chain and hashes soon after (audit_chain)."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_at", "at"),
        Index("ix_audit_actor", "actor", "at"),
        Index("ix_audit_deed", "deed", "at"),
        Index("ix_audit_place", "place", unique=True),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[float] = mapped_column(default=time.time)
    actor: Mapped[str]
    deed: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str] = mapped_column(index=True)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    place: Mapped[int | None]
    previous_hash: Mapped[str | None]
    hash: Mapped[str | None]


class VolumeMove(Table):
    """A volume that came to its case from another one, by merging, splitting or a claim.

    `name_before` is what it was called there. `settled_at` is when the index had taken all its pages again; until then
    it may hold them as the other case's.
    """

    __tablename__ = "volume_moves"
    id: Mapped[int] = mapped_column(primary_key=True)
    volume_id: Mapped[str] = mapped_column(ForeignKey("volumes.id"), index=True)
    from_case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    name_before: Mapped[str]
    at: Mapped[float] = mapped_column(default=time.time)
    settled_at: Mapped[float | None] = mapped_column(index=True)


class VolumeCheck(Table):
    """How far making and checking a volume is; a volume that was never handed in has no row.

    state: making, handed_in, refused, approved. `contents` says part by part what was handed in or approved, so that a
    change after it is seen; `reason` why it went back to making. The sample's `seed`, `share` and `least` are those of
    the latest handing in.
    """

    __tablename__ = "volume_checks"
    volume_id: Mapped[str] = mapped_column(ForeignKey("volumes.id"), primary_key=True)
    state: Mapped[str] = mapped_column(default="making", index=True)
    maker_id: Mapped[str | None]
    maker: Mapped[str] = mapped_column(default="")
    handed_in_at: Mapped[float | None]
    remark: Mapped[str] = mapped_column(default="")
    checker_id: Mapped[str | None]
    checker: Mapped[str] = mapped_column(default="")
    checked_at: Mapped[float | None]
    refusals: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(default="")
    contents: Mapped[dict[str, Any]] = mapped_column(default=dict)
    seed: Mapped[str] = mapped_column(default="")
    share: Mapped[float] = mapped_column(default=0.0)
    least: Mapped[int] = mapped_column(default=0)


class Fault(Table):
    """What a checker found wrong, on a page or (without one) on the volume.

    It stands until it is withdrawn by a checker or mended by a maker; `told_at` is when the volume was refused for it.
    """

    __tablename__ = "faults"
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("q"))
    volume_id: Mapped[str] = mapped_column(ForeignKey("volumes.id"), index=True)
    page_id: Mapped[str | None] = mapped_column(ForeignKey("pages.id"))
    kind: Mapped[str]
    words: Mapped[str] = mapped_column(default="")
    found_by: Mapped[str]
    found_at: Mapped[float] = mapped_column(default=time.time)
    told_at: Mapped[float | None]
    mended_by: Mapped[str | None]
    mended_at: Mapped[float | None]
    withdrawn_at: Mapped[float | None]


class PageSeen(Table):
    """A page that a person has seen while leafing through its volume, as it was at that reading (0: the scan)."""

    __tablename__ = "pages_seen"
    page_id: Mapped[str] = mapped_column(ForeignKey("pages.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(primary_key=True)
    reading_version: Mapped[int] = mapped_column(default=0)
    at: Mapped[float] = mapped_column(default=time.time)


class VolumeReturn(Table):
    """The paper of a volume, bound again and given back 还卷; undone with a reason where that was a slip."""

    __tablename__ = "volume_returns"
    id: Mapped[int] = mapped_column(primary_key=True)
    volume_id: Mapped[str] = mapped_column(ForeignKey("volumes.id"), index=True)
    bound_by: Mapped[str] = mapped_column(default="")
    given_by: Mapped[str]
    given_to: Mapped[str]
    given_on: Mapped[str]
    remarks: Mapped[str] = mapped_column(default="")
    recorded_by: Mapped[str]
    recorded_at: Mapped[float] = mapped_column(default=time.time)
    undone_by: Mapped[str | None]
    undone_at: Mapped[float | None]
    undone_reason: Mapped[str] = mapped_column(default="")


class Excerpt(Table):
    """An excerpt 摘录 that a person, or a program, has taken from pages of a case; theirs alone.

    `place` orders those of one owner in one case, from 1. `page_ids` are the source's pages, of which its citation is
    made when it is asked for; `interrogation` says which one (第N次) it is from.
    """

    __tablename__ = "excerpts"
    __table_args__ = (Index("ix_excerpts_owner_case", "owner_id", "case_id", "place"),)
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("e"))
    owner_id: Mapped[str]
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    place: Mapped[int]
    fact: Mapped[str] = mapped_column(default="")
    evidence_kind: Mapped[str] = mapped_column(default="")
    provider: Mapped[str] = mapped_column(default="")
    interrogation: Mapped[int | None]
    moment: Mapped[str] = mapped_column(default="")
    location: Mapped[str] = mapped_column(default="")
    page_ids: Mapped[list[str]]
    quotation: Mapped[str]
    proves: Mapped[str] = mapped_column(default="")
    created_at: Mapped[float] = mapped_column(default=time.time)
    updated_at: Mapped[float] = mapped_column(default=time.time)


class Upload(Table):
    """A resumable upload. Its bytes stand in the vault's `uploads/`; the first `received` of them are there for good.

    `arrival_id`: of the file that it became; None until it is whole. `idempotency_key` is the caller's for that file.
    """

    __tablename__ = "uploads"
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("t"))
    viewer_id: Mapped[str]
    actor: Mapped[str]
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    volume: Mapped[str]
    path: Mapped[str]
    size: Mapped[int]
    received: Mapped[int] = mapped_column(default=0)
    idempotency_key: Mapped[str | None]
    arrival_id: Mapped[str | None] = mapped_column(ForeignKey("arrivals.id"))
    created_at: Mapped[float] = mapped_column(default=time.time)
    updated_at: Mapped[float] = mapped_column(default=time.time, index=True)


class ChangeRow(Table):
    """Something that others follow: a file received, searchable, failed, kept as an attachment; a volume approved, or
    reopened since it changed.

    `number` orders all changes as they were committed; a counter gives it, see dossier/changes.py.
    """

    __tablename__ = "changes"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    file_id: Mapped[str | None] = mapped_column(ForeignKey("arrivals.id"))
    page_id: Mapped[str | None] = mapped_column(ForeignKey("pages.id"))
    volume_id: Mapped[str | None] = mapped_column(ForeignKey("volumes.id"))
    error_code: Mapped[str | None]
    at: Mapped[float] = mapped_column(default=time.time)


class Webhook(Table):
    """An address that changes are sent to, in their order, as the API key `key_id` sees them.

    `after` is the place in the feed up to which they were taken. `attempts` counts failures since the last success;
    `dead`: given up after many, until a person revives it. The secret signs what is sent, and so must be kept readable.
    """

    __tablename__ = "webhooks"
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("w"))
    name: Mapped[str] = mapped_column(unique=True)
    address: Mapped[str]
    key_id: Mapped[str] = mapped_column(ForeignKey("api_keys.id"))
    secret: Mapped[str]
    after: Mapped[str] = mapped_column(default="")
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[float] = mapped_column(default=0.0)
    error: Mapped[str] = mapped_column(default="")
    dead: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[float] = mapped_column(default=time.time)


class TranscriptionRow(Table):
    """What people read in a place of a page 人工校录; `version` says which of its versions stands, if it was not
    withdrawn.
    """

    __tablename__ = "transcriptions"
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("x"))
    page_id: Mapped[str] = mapped_column(ForeignKey("pages.id"), index=True)
    version: Mapped[int]
    withdrawn_at: Mapped[float | None]
    withdrawn_by: Mapped[str] = mapped_column(default="")


class TranscriptionVersion(Table):
    """A version of a transcription; its text stands in the vault.

    `box` is on the upright page as it was then: turned by `turn_degrees` from the scan.
    """

    __tablename__ = "transcription_versions"
    transcription_id: Mapped[str] = mapped_column(ForeignKey("transcriptions.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sha256: Mapped[str]
    box: Mapped[list[float]]
    turn_degrees: Mapped[int]
    author: Mapped[str]
    author_id: Mapped[str]
    at: Mapped[float]
    checked_at: Mapped[float | None]


class Note(Table):
    """A note 批注 that a person has put on a page, or on a rectangle of it; `shared` with all who see the case.

    `version` is raised by each change; `turn_degrees` as of `TranscriptionVersion`.
    """

    __tablename__ = "notes"
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("n"))
    owner_id: Mapped[str] = mapped_column(index=True)
    owner: Mapped[str]
    page_id: Mapped[str] = mapped_column(ForeignKey("pages.id"), index=True)
    box: Mapped[list[float] | None]
    turn_degrees: Mapped[int]
    text: Mapped[str]
    shared: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[float] = mapped_column(default=time.time)
    updated_at: Mapped[float] = mapped_column(default=time.time)


class Bookmark(Table):
    """A bookmark 书签: a page to which somebody has given a name; theirs alone, one for each page."""

    __tablename__ = "bookmarks"
    __table_args__ = (UniqueConstraint("owner_id", "page_id"),)
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("m"))
    owner_id: Mapped[str]
    page_id: Mapped[str] = mapped_column(ForeignKey("pages.id"), index=True)
    name: Mapped[str]
    created_at: Mapped[float] = mapped_column(default=time.time)


class SignInFailure(Table):
    """Wrong passwords that came from an address or for a name, kept so that a restart forgives nobody.

    `kind` is "address" or "name". `by_name` counts them by the user's name that was tried; what is no user's stands
    together under "", since it may be a password in the wrong field.
    """

    __tablename__ = "sign_in_failures"
    kind: Mapped[str] = mapped_column(primary_key=True)
    whose: Mapped[str] = mapped_column(primary_key=True)
    by_name: Mapped[dict[str, Any]] = mapped_column(default=dict)
    last_at: Mapped[float] = mapped_column(index=True)
    locked_until: Mapped[float]


class SessionRow(Table):
    """A session of somebody who has signed in; of its token only the hash is known.

    `stored` is a digest of the user's password as it was stored then: another one since ends the session.
    """

    __tablename__ = "sessions"
    sha256: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    stored: Mapped[str]
    created_at: Mapped[float] = mapped_column(default=time.time)
    used_at: Mapped[float] = mapped_column(default=time.time, index=True)


class Receipt(Table):
    """What came together on paper, as it was written down when it was received (收卷登记).

    `numbers` are the case's as they were given, `bound` those of them that the case had not had before. `received_by`
    is a person's name.
    """

    __tablename__ = "receipts"
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("r"))
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    delivery_id: Mapped[str | None] = mapped_column(ForeignKey("deliveries.id"))
    unit: Mapped[str] = mapped_column(default="")
    case_name: Mapped[str] = mapped_column(default="")
    numbers: Mapped[list[str]] = mapped_column(default=list)
    bound: Mapped[list[str]] = mapped_column(default=list)
    suspects: Mapped[list[str]] = mapped_column(default=list)
    secrecy: Mapped[str] = mapped_column(default="")
    received_on: Mapped[str]
    accepted_on: Mapped[str | None]
    due_on: Mapped[str | None]
    remarks: Mapped[str] = mapped_column(default="")
    received_by: Mapped[str]
    owner_id: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[float] = mapped_column(default=time.time, index=True)
    updated_at: Mapped[float] = mapped_column(default=time.time)


class ReceiptVolume(Table):
    """A volume that a receipt announces, in its `place` on the form; pages and gaps as they were counted then."""

    __tablename__ = "receipt_volumes"
    __table_args__ = (UniqueConstraint("receipt_id", "volume_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    receipt_id: Mapped[str] = mapped_column(ForeignKey("receipts.id"))
    volume_id: Mapped[str] = mapped_column(ForeignKey("volumes.id"), index=True)
    place: Mapped[int]
    paper_pages: Mapped[int | None]
    known_gaps: Mapped[list[str]] = mapped_column(default=list)
    remarks: Mapped[str] = mapped_column(default="")


class Secret(Table):
    """A key of this home, made at first use: it must not leave the catalogue, and goes into no log."""

    __tablename__ = "secrets"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class Exhibit(Table):
    """Pages that somebody has chosen to be one PDF 示证; see dossier/exhibits.py.

    `groups`: [[title, [page id, …]], …], in order. `digest`: of what was asked for.
    """

    __tablename__ = "exhibits"
    __table_args__ = (UniqueConstraint("owner_id", "digest"),)
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("h"))
    owner_id: Mapped[str]
    title: Mapped[str]
    groups: Mapped[list[Any]] = mapped_column(JSON)
    watermark: Mapped[str] = mapped_column(default="")
    digest: Mapped[str]
    created_at: Mapped[float] = mapped_column(default=time.time)


class KeyedRequest(Table):
    """A request that came with an Idempotency-Key: the `key` of a person or an API key (`owner_id`), `request` its
    digest, `status` what was answered, `kind` and `subject_id` the thing that was answered with.

    There may be two of one key and different kinds from the time before this table; none is added to them.
    """

    __tablename__ = "keyed_requests"
    owner_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    request: Mapped[str]
    status: Mapped[int]
    subject_id: Mapped[str]
    at: Mapped[float] = mapped_column(index=True)


class DoubleAnswer(Table):
    """What a person has said of two pages that looked like one page twice: both are kept, or they are different.

    `page_id` is the lesser of both ids.
    """

    __tablename__ = "double_answers"
    page_id: Mapped[str] = mapped_column(ForeignKey("pages.id"), primary_key=True)
    other_id: Mapped[str] = mapped_column(ForeignKey("pages.id"), primary_key=True)
    verdict: Mapped[str]
    answered_by: Mapped[str]
    answered_at: Mapped[float] = mapped_column(default=time.time)


class KnownFileGaps(Table):
    """The names that are missing among a document's files without a page missing, as a person has said."""

    __tablename__ = "known_file_gaps"
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    names: Mapped[list[str]] = mapped_column(JSON)


class CarriedMark(Table):
    """What people had put on a page that a re-scan has replaced, and what became of it.

    kind: note, bookmark, excerpt (these moved along; `was` is how they stood), transcription (it waits on the new page
    until somebody has taken it over or left it). state: carried, waiting, taken, left.
    """

    __tablename__ = "carried_marks"
    to_page_id: Mapped[str] = mapped_column(ForeignKey("pages.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[str] = mapped_column(primary_key=True)
    from_page_id: Mapped[str] = mapped_column(ForeignKey("pages.id"))
    was: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str]
    answered_by: Mapped[str] = mapped_column(default="")
    at: Mapped[float] = mapped_column(default=time.time)


class FixityFault(Table):
    """Something in the vault that was not as it must be when it was last looked at; gone when it is again.

    `kind`, `subject` and `detail` are those of `fixity.Fault`; `place` is where it stands in the vault, and `sha256`
    the digest that it must have, None where nothing should be.
    """

    __tablename__ = "fixity_faults"
    place: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[str]
    sha256: Mapped[str | None]
    found_at: Mapped[float] = mapped_column(default=time.time)
