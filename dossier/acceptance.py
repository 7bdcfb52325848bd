"""Acceptance: a file becomes the project's own, for watched folder, command and upload alike.

First the vault holds the bytes, durably; then one transaction writes the rows, the work and the audit entry. Only after
that may whoever called remove the source. Doing it again ends as if done once.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from dossier import audit, cases, changes, flags, keyed_requests, work
from dossier.case_metadata import apply_metadata, parse_metadata
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Arrival, Case, KeyedRequest, Original, Page, Volume
from dossier.contents import Contents
from dossier.errors import EdossierError, FileRefused
from dossier.pages import Unplaced, register_attachment, register_pages, volume_named
from dossier.place import METADATA_NAME, METADATA_TYPE, Place
from dossier.quality.follow import follow
from dossier.receipts.sorting import settle_stack
from dossier.vault import StoredOriginal, Vault, digest
from dossier.volume_moves import volume_for

# What is longer is cut, and refused because it no longer parses.
_MOST_METADATA_BYTES = 1 << 20


class SourceChanged(Exception):
    """The source was written to while it was being taken: nothing was accepted, try again later."""


@dataclass(frozen=True)
class Fingerprint:
    """What tells a file from a later state of it: inode, size in bytes, time of change in nanoseconds."""

    inode: int
    size: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> Fingerprint:
        """The fingerprint of a file as it is now; OSError where it is gone."""
        return cls.of_status(path.stat(follow_symlinks=False))

    @classmethod
    def of_status(cls, status: os.stat_result) -> Fingerprint:
        """The fingerprint of a file that was just looked at."""
        return cls(status.st_ino, status.st_size, status.st_mtime_ns)


@dataclass(frozen=True)
class Incoming:
    """A file to accept.

    Attributes:
        path: where its bytes are.
        place: where it belongs.
        source: its name for the user: the path relative to what was dropped or given.
        origin: "watch", "ingest" or "upload".
        contents: what is in it; None leaves that to a worker.
        case: a case's number given by the user, which outranks the folder's name.
        fingerprint: of the state that was looked into; None where nobody else can write to it.
        owner_id: the caller's id, where they have given a key.
        idempotency_key: their own key for this delivery.
    """

    path: Path
    place: Place
    source: str
    origin: str
    contents: Contents | None = None
    case: str | None = None
    fingerprint: Fingerprint | None = None
    owner_id: str = ""
    idempotency_key: str | None = None


@dataclass(frozen=True)
class Accepted:
    """The arrival that holds the file now; `is_replay` where it did so before."""

    arrival_id: str
    is_replay: bool


def accept(catalogue: Catalogue, vault: Vault, incoming: Incoming, actor: str) -> Accepted:
    """Take a file in.

    Raises:
        SourceChanged: the source changed meanwhile; nothing was accepted.
        NumberClash: the case's number given by the user belongs to two cases.
        KeyReused: the caller has used the key for something else.
        OSError: reading the source or writing the vault failed; nothing was accepted.
    """
    if incoming.idempotency_key is not None:
        # Looked at before the vault has the bytes: what is refused leaves nothing there.
        with catalogue.reading() as session:
            is_known = _named(session, incoming) is not None
        if is_known:
            sha256 = digest(incoming.path)
            with catalogue.reading() as session:
                replayed = _replayed(session, incoming, sha256)
            if replayed is not None:
                return replayed
    stored = _stored(vault, incoming)
    metadata = _metadata_stored(vault, stored) if incoming.place.is_metadata else None
    with catalogue.writing() as session:
        replayed = _replayed(session, incoming, stored.sha256)
        if replayed is not None:
            return replayed
        (accepted,) = _accept_together(session, [(incoming, stored, metadata)], actor)
        keyed_requests.keep(
            session, incoming.owner_id, incoming.idempotency_key, keyed_requests.FILE,
            _request_digest(incoming, stored.sha256), accepted.arrival_id, 202,
        )  # fmt: skip
        return accepted


def accept_all(
    catalogue: Catalogue, vault: Vault, incoming: Sequence[Incoming], actor: str, threads: int = 1
) -> list[Accepted | Exception]:
    """Take files in together: their bytes first, several at a time, then the rows of all in one transaction.

    Where that transaction fails, each file is accepted by itself, so that one cannot keep the others out.

    Args:
        catalogue, vault: whose they become.
        incoming: without idempotency keys.
        actor: who gives them.
        threads: that copy bytes. A sync waits for the disk, which does several at once.

    Returns:
        For each file, in their order, what `accept` would have returned or raised.
    """

    def bring(each: Incoming) -> StoredOriginal | Exception:
        try:
            return _stored(vault, each)
        except Exception as error:
            return error

    if len(incoming) > 1:
        with ThreadPoolExecutor(threads) as pool:
            brought = list(pool.map(bring, incoming))
    else:
        brought = [bring(each) for each in incoming]
    rows = [
        (each, stored, _metadata_stored(vault, stored) if each.place.is_metadata else None)
        for each, stored in zip(incoming, brought, strict=True)
        if isinstance(stored, StoredOriginal)
    ]
    try:
        with catalogue.writing() as session:
            accepted: list[Accepted | Exception] = [*_accept_together(session, rows, actor)]
    except OperationalError as error:  # the catalogue is at fault, and would be for every one of them
        accepted = [error] * len(rows)
    except Exception as error:
        accepted = [error] if len(rows) == 1 else [_accepted_alone(catalogue, *row, actor) for row in rows]
    outcomes = iter(accepted)
    return [next(outcomes) if isinstance(stored, StoredOriginal) else stored for stored in brought]


def _accepted_alone(
    catalogue: Catalogue, incoming: Incoming, stored: StoredOriginal, metadata: bytes | None, actor: str
) -> Accepted | Exception:
    try:
        with catalogue.writing() as session:
            (accepted,) = _accept_together(session, [(incoming, stored, metadata)], actor)
            return accepted
    except Exception as error:
        return error


def _stored(vault: Vault, incoming: Incoming) -> StoredOriginal:
    """Have the vault hold a file's bytes: those that were looked into."""
    # Where others can write, a file can be exchanged for a link at the last moment.
    stored = vault.store_original(incoming.path, follows_links=incoming.fingerprint is None)
    if incoming.fingerprint is not None and Fingerprint.of(incoming.path) != incoming.fingerprint:
        raise SourceChanged(str(incoming.path))
    return stored


def _named(session: Session, incoming: Incoming) -> KeyedRequest | None:
    return keyed_requests.named(session, incoming.owner_id, incoming.idempotency_key, keyed_requests.FILE)


def _replayed(session: Session, incoming: Incoming, sha256: str) -> Accepted | None:
    request = _request_digest(incoming, sha256)
    known = keyed_requests.find(
        session, incoming.owner_id, incoming.idempotency_key, keyed_requests.FILE, request
    )  # fmt: skip
    return Accepted(known.subject_id, is_replay=True) if known is not None else None


def _request_digest(incoming: Incoming, sha256: str) -> str:
    """What a caller's request asks for, in few characters; the case as named, for it may be merged since."""
    asked = [incoming.place.case_folder or incoming.case, incoming.place.volume, incoming.place.path, sha256]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


@dataclass
class _Together:
    """What files that are accepted in one transaction share: done for the first of a folder only, or after the last.

    Attributes:
        places: case and volume by the names that files of this transaction gave.
        asked: the cases of which it was asked whose they are.
        unplaced: pages whose places are still to be found.
        late: a page of each stack, by its document, that may have come late behind a separator sheet.
        came: new files, in their order.
        changed: volumes that something has come to.
        opened: files that somebody has looked into.
    """

    places: dict[tuple[str | None, str, str], tuple[Case, Volume]] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    unplaced: Unplaced = field(default_factory=Unplaced)
    late: dict[str, Page] = field(default_factory=dict)
    came: list[Arrival] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)
    opened: list[Arrival] = field(default_factory=list)

    def settle(self, session: Session) -> None:
        """Bring the pages to their places."""
        self.unplaced.place(session)
        for page in self.late.values():
            settle_stack(session, page)
        self.late.clear()

    def finish(self, session: Session) -> None:
        """Do what was left for the end, and tell of all that has come."""
        self.settle(session)
        changes.record_files(session, changes.RECEIVED, [arrival.id for arrival in self.came])
        for volume_id in sorted(self.changed):
            follow(session, volume_id)
        for arrival in self.opened:
            changes.record_contents(session, arrival)

    def belongs(self, session: Session, incoming: Incoming, actor: str) -> tuple[Case, Volume]:
        """The case and the volume of a file; metadata may change which these are for what comes after it."""
        place = incoming.place
        named = (incoming.case, place.case_folder, place.volume)
        if place.is_metadata:
            self.settle(session)
            self.places.clear()
            self.asked.clear()
        elif named in self.places:
            return self.places[named]
        if incoming.case is not None:
            case = cases.case_for_number(session, incoming.case, actor)
        else:
            case = cases.case_for_folder(session, place.case_folder, actor)
        if place.is_metadata:
            return case, volume_named(session, case.id, place.volume)
        volume = volume_for(session, case, incoming.case or place.case_folder, place.volume)
        case = session.get_one(Case, volume.case_id)
        if incoming.case is not None or place.case_folder:  # loose files have no place in common
            self.places[named] = case, volume
        return case, volume


def _accept_together(
    session: Session, rows: Sequence[tuple[Incoming, StoredOriginal, bytes | None]], actor: str
) -> list[Accepted]:
    """Write the rows of stored files in their order, and what they leave to the end of their transaction."""
    together = _Together()
    accepted = [_accept_rows(session, *row, actor, together) for row in rows]
    together.finish(session)
    return accepted


def _accept_rows(
    session: Session,
    incoming: Incoming,
    stored: StoredOriginal,
    metadata: bytes | None,
    actor: str,
    together: _Together,
) -> Accepted:
    case, volume = together.belongs(session, incoming, actor)
    at_place = session.scalars(
        select(Arrival).where(Arrival.volume_id == volume.id, Arrival.path == incoming.place.path)
    ).all()
    arrival = next((each for each in at_place if each.sha256 == stored.sha256), None)
    if arrival is not None and not _may_now_succeed(arrival, incoming):
        audit.record(session, "accept_again", "arrival", arrival.id, actor, source=incoming.source)
        if metadata is not None:  # brought back after another version: what came last holds
            _take_metadata(session, arrival, metadata, actor)
            if arrival.state == "failed":
                together.opened.append(arrival)
        return Accepted(arrival.id, is_replay=True)
    is_new = arrival is None
    if arrival is None:
        arrival = _new_arrival(session, incoming, stored, case, volume)
        # A good file at the place of a refused one is the answer to it.
        for earlier in at_place:
            if earlier.state == "failed":
                earlier.answered_by = arrival.id
    _take_contents(session, arrival, incoming, stored, metadata, actor, together)
    audit.record(
        session, "accept", "arrival", arrival.id, actor, source=incoming.source, sha256=stored.sha256,
        state=arrival.state, error=arrival.error_code,
    )  # fmt: skip
    if is_new:
        if case.id not in together.asked:
            cases.ask_whose(session, case)
            together.asked.add(case.id)
        together.came.append(arrival)
    together.changed.add(volume.id)
    together.opened.append(arrival)
    return Accepted(arrival.id, is_replay=False)


def _may_now_succeed(arrival: Arrival, incoming: Incoming) -> bool:
    """Whether a file that was refused would be taken today (a limit was raised, a format has been learnt)."""
    return arrival.state == "failed" and incoming.contents is not None and incoming.contents.refusal is None


def _new_arrival(session: Session, incoming: Incoming, stored: StoredOriginal, case: Case, volume: Volume) -> Arrival:
    if session.get(Original, stored.sha256) is None:
        session.add(Original(sha256=stored.sha256, md5=stored.md5, size=stored.size))
        session.flush()
    arrival = Arrival(
        case_id=case.id, volume_id=volume.id, sha256=stored.sha256, path=incoming.place.path, source=incoming.source,
        origin=incoming.origin,
    )  # fmt: skip
    session.add(arrival)
    session.flush()
    return arrival


def _take_contents(
    session: Session,
    arrival: Arrival,
    incoming: Incoming,
    stored: StoredOriginal,
    metadata: bytes | None,
    actor: str,
    together: _Together,
) -> None:
    if metadata is not None:
        arrival.media_type = METADATA_TYPE
        register_attachment(session, arrival, stored.size)
        _take_metadata(session, arrival, metadata, actor)
    elif incoming.place.case_folder == "" and incoming.place.path.casefold() == METADATA_NAME:
        register_attachment(session, arrival, stored.size)
        flags.raise_flag(
            session, "arrival", arrival.id, case_id=arrival.case_id, code="metadata_unusable", reason="不在案件文件夹里"
        )
    elif incoming.contents is None:
        due_on = session.get_one(Case, arrival.case_id).due_on
        work.request(session, work.PAGINATE, [arrival.id], due_on=due_on)
    else:
        _write_contents(session, arrival, incoming.contents, stored.size, together)


def settle_contents(session: Session, arrival: Arrival, contents: Contents, size: int) -> None:
    """Write what a look into an arrival found: its pages, its place among the attachments, or why it was refused."""
    together = _Together()
    _write_contents(session, arrival, contents, size, together)
    together.settle(session)


def _write_contents(session: Session, arrival: Arrival, contents: Contents, size: int, together: _Together) -> None:
    arrival.media_type = contents.media_type
    arrival.error_code, arrival.error_detail = None, ""
    if contents.refusal is not None:
        refuse(arrival, contents.refusal)
    elif contents.shapes:
        pages = register_pages(session, arrival, contents.shapes, contents.is_single_picture, together.unplaced)
        if contents.is_dynamic_form:
            flags.raise_flag(session, "arrival", arrival.id, arrival.case_id, "dynamic_form")
        # A picture that comes late to a stack follows the separator sheet that stands before it there.
        if pages[0].order_key:
            together.late[pages[0].document_id] = pages[0]
    else:
        register_attachment(session, arrival, size)


def refuse(arrival: Arrival, error: EdossierError) -> None:
    """Mark an arrival as failed, with its reason; its bytes stay in the vault."""
    arrival.state = "failed"
    arrival.error_code, arrival.error_detail = error.code, error.detail
    arrival.done_at = time.time()


def _metadata_stored(vault: Vault, stored: StoredOriginal) -> bytes:
    """The bytes of a case.json as they were stored; one that is absurdly large counts as unusable, not as metadata."""
    with vault.original_path(stored.sha256).open("rb") as file:
        return file.read(_MOST_METADATA_BYTES)


def _take_metadata(session: Session, arrival: Arrival, content: bytes, actor: str) -> None:
    case = session.get_one(Case, arrival.case_id)
    try:
        apply_metadata(session, case, parse_metadata(content), actor)
    except FileRefused as error:
        refuse(arrival, error)
        flags.raise_flag(session, "arrival", arrival.id, case.id, "metadata_unusable", reason=error.detail)
    else:
        for known in session.scalars(
            select(Arrival.id).where(Arrival.volume_id == arrival.volume_id, Arrival.path == arrival.path)
        ):
            flags.close_flag(session, "arrival", known, "metadata_unusable")
