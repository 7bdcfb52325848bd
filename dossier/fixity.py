"""Fixity: whether what stands in the vault has the bytes that were stored, all of it or a share a day.

What was compared when stands in the catalogue, so that each share takes what has waited longest, and everything comes
round. What was found wrong stands there, too, and is looked at again with every share until it is right.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from dossier.catalogue.database import Catalogue
from dossier.catalogue.statements import insert_or_update
from dossier.catalogue.tables import FixityFault, Original, ReadingRow, TranscriptionRow, TranscriptionVersion
from dossier.objects import (
    KINDS,
    Key,
    StoredObject,
    all_objects,
    count_objects,
    is_one_of,
    longest_unchecked,
    portion_after,
    row_of,
)
from dossier.vault import Vault, digest

Progress = Callable[[int, int], None]

EVERYTHING = Fraction(1)
_A_PORTION = 500
_HEXADECIMAL = frozenset("0123456789abcdef")
_DAY_SECONDS = 86400
_HOUR_SECONDS = 3600


@dataclass(frozen=True)
class Fault:
    """Something that is not as it must be.

    Attributes:
        kind: missing, changed, unknown, unchecked (it could not be looked at), or inconsistent.
        subject: the file or row concerned.
        detail: what is wrong with it.
    """

    kind: str
    subject: str
    detail: str


@dataclass(frozen=True)
class Round:
    """What a check of the vault came to: how many objects were looked at, of how many, and all that is wrong in it, as
    far as is known."""

    checked: int
    total: int
    faults: Sequence[Fault]


@dataclass(frozen=True)
class _Found:
    """A fault and where it stands in the vault; `sha256` as of `FixityFault`."""

    place: str
    fault: Fault
    sha256: str | None = None


def verify_objects(session: Session, vault: Vault, progress: Progress) -> Iterator[Fault]:
    """Everything in the vault that is not as the catalogue says; nothing is remembered."""
    total, told = count_objects(session), set()
    for done, stored in enumerate(all_objects(session, vault), start=1):
        found = _look_at(vault, stored)
        if found is not None and found.place not in told:
            told.add(found.place)
            yield found.fault
        progress(done, total)
    for stranger in _strangers(session, vault, 0, 1):
        yield stranger.fault


def check_round(catalogue: Catalogue, vault: Vault, share: Fraction, progress: Progress) -> Round:
    """Look at everything, or at the share that has waited longest, and at all that was wrong before; remember it."""
    with catalogue.reading() as session:
        total = count_objects(session)
        chosen = None if share == EVERYTHING else longest_unchecked(session, vault, share)
        standing = list(session.scalars(select(FixityFault)))
    planned = total if chosen is None else len(chosen)
    checked, seen = 0, set()
    for portion in _portions(catalogue, vault, chosen):
        looks = []
        for stored in portion:
            looks.append((stored, _look_at(vault, stored)))
            checked += 1
            progress(checked, max(planned, checked))
        if standing:
            seen |= {_place(vault, stored.path) for stored in portion}
        with catalogue.writing() as session:
            _remember(session, vault, looks)
    days = share.denominator
    with catalogue.reading() as session:
        strangers = list(_strangers(session, vault, int(time.time() // _DAY_SECONDS) % days, days))
        again = [(row, _look_again(session, vault, row)) for row in standing if row.place not in seen]
    with catalogue.writing() as session:
        _note(session, [*strangers, *(found for _, found in again if found is not None)])
        noted = {each.place for each in strangers}
        mended = [row.place for row, found in again if found is None or found.place != row.place]
        session.execute(delete(FixityFault).where(FixityFault.place.in_(set(mended) - noted)))
        known = session.scalars(select(FixityFault).order_by(FixityFault.place))
        return Round(checked, total, [Fault(row.kind, row.subject, row.detail) for row in known])


def _portions(catalogue: Catalogue, vault: Vault, chosen: list[StoredObject] | None) -> Iterator[list[StoredObject]]:
    """The chosen objects, or all, a portion at a time: no transaction stays open while files are read."""
    if chosen is not None:
        for start in range(0, len(chosen), _A_PORTION):
            yield chosen[start : start + _A_PORTION]
        return
    for kind in KINDS:
        last: Key | None = None
        while True:
            with catalogue.reading() as session:
                portion = portion_after(session, vault, kind, last, _A_PORTION)
            if not portion:
                break
            yield portion
            last = portion[-1].key


def _look_at(vault: Vault, stored: StoredObject) -> _Found | None:
    """What is wrong with an object; None where nothing is."""
    place = _place(vault, stored.path)
    try:
        status = stored.path.stat()
        # Not opened before: whoever opens a named pipe waits for ever.
        if stat.S_ISREG(status.st_mode) and digest(stored.path) == stored.sha256:
            return None
    except FileNotFoundError:
        folder = vault.folder_of(stored.kind)
        if folder.is_dir():
            return _Found(place, Fault("missing", stored.name, stored.kind), stored.sha256)
        return _Found(folder.name, Fault("unchecked", folder.name, "not there at all: is the vault's disk mounted?"))
    except OSError as error:
        return _Found(place, Fault("unchecked", stored.name, f"{stored.kind}: {error.strerror}"), stored.sha256)
    detail = f"{stored.kind}: {status.st_size} bytes" + (f", was {stored.size}" if stored.size is not None else "")
    return _Found(place, Fault("changed", stored.name, detail), stored.sha256)


def _look_again(session: Session, vault: Vault, row: FixityFault) -> _Found | None:
    """What is still wrong where something was."""
    path = vault.root / row.place
    kind = row.place.partition("/")[0].removesuffix("s")
    if row.sha256 is not None:
        return _look_at(vault, StoredObject(kind, (row.subject,), path, row.sha256))
    if path.is_dir() or not path.exists() or session.get(Original, path.name) is not None:
        return None
    return _stranger(vault, kind, path)


def _strangers(session: Session, vault: Vault, part: int, parts: int) -> Iterator[_Found]:
    """Files in the vault that the catalogue does not name, in one of so many parts of its folders.

    Bytes that were stored just before the process was killed have no row either; their source comes again within the
    hour. Those of an older original are all that is left of a file that the catalogue has forgotten: it was lost, or an
    older copy of it restored. What lies in the vault under another name was put there by somebody else.
    """
    if part == 0:
        for path in sorted(vault.root.glob("[!.]*")):
            if path.is_file():
                yield _Found(
                    _place(vault, path), Fault("unknown", _told(path.name), "a file in the vault that is nothing of it")
                )
    for kind in KINDS:
        entries = sorted(vault.folder_of(kind).glob("*"))
        for number, entry in enumerate(entries):
            if number % parts != part:
                continue
            known = set(_names_under(session, kind, entry.name)) if _HEXADECIMAL.issuperset(entry.name) else set()
            for path in sorted(entry.rglob("*")) if entry.is_dir() else [entry]:
                if path.name in known or path.is_dir():
                    continue
                found = _stranger(vault, kind, path)
                if found is not None:
                    yield found


def _stranger(vault: Vault, kind: str, path: Path) -> _Found | None:
    """The fault of a file that the catalogue does not name; None where it may just have been stored."""
    place = _place(vault, path)
    try:
        if path.is_file() and _digest_in(path.name) == digest(path)[: len(_digest_in(path.name))]:
            if kind != "original" or path.stat().st_mtime > time.time() - _HOUR_SECONDS:
                return None
            return _Found(place, Fault("unknown", path.name, "whole, but no file of the catalogue: edossier ingest"))
    except FileNotFoundError:
        return None
    except OSError as error:
        return _Found(place, Fault("unchecked", _told(path.name), f"in {kind}s/: {error.strerror}"))
    return _Found(place, Fault("unknown", _told(path.name), f"a file in {kind}s/ that is no {kind}"))


def _digest_in(name: str) -> str:
    """What a file's name says of its digest; what is no name of ours says what no digest begins with."""
    parts = name.removesuffix(".gz").removesuffix(".json").split(".")
    return parts[-1] if len(parts[-1]) in (16, 64) else "?"


def _names_under(session: Session, kind: str, folder: str) -> Iterator[str]:
    """The names of the objects that stand in a folder of the first level."""
    if kind == "original":
        column = Original.sha256
        yield from session.scalars(select(column).where(column >= folder, column < f"{folder}g"))
    elif kind == "reading":
        row, page_id = ReadingRow, ReadingRow.page_id
        found = select(page_id, row.version, row.sha256).where(page_id >= f"p{folder}", page_id < f"p{folder}g")
        for owner, version, sha256 in session.execute(found):
            yield Vault.reading_name(owner, version, sha256)
    else:
        page_id = TranscriptionRow.page_id
        version_row = TranscriptionVersion
        stored = (
            select(page_id, version_row.transcription_id, version_row.version, version_row.sha256)
            .join(TranscriptionRow, TranscriptionRow.id == version_row.transcription_id)
            .where(page_id >= f"p{folder}", page_id < f"p{folder}g")
        )
        for owner, transcription_id, version, sha256 in session.execute(stored):
            yield Vault.transcription_name(owner, transcription_id, version, sha256)


def _remember(session: Session, vault: Vault, looks: Sequence[tuple[StoredObject, _Found | None]]) -> None:
    now = time.time()
    for kind in KINDS:
        compared = [
            stored.key
            for stored, found in looks
            if stored.kind == kind and (found is None or found.fault.kind != "unchecked")
        ]
        if compared:
            session.execute(update(row_of(kind)).where(is_one_of(kind, compared)).values(checked_at=now))
    whole = [_place(vault, stored.path) for stored, found in looks if found is None]
    session.execute(delete(FixityFault).where(FixityFault.place.in_(whole)))
    _note(session, [found for _, found in looks if found is not None])


def _note(session: Session, found: Sequence[_Found]) -> None:
    for each in found:
        values = {"kind": each.fault.kind, "subject": each.fault.subject, "detail": each.fault.detail}
        statement = insert_or_update(session, FixityFault).values(
            place=each.place, sha256=each.sha256, found_at=time.time(), **values
        )
        session.execute(statement.on_conflict_do_update(index_elements=[FixityFault.place], set_=values))


def _place(vault: Vault, path: Path) -> str:
    # A name that is no UTF-8 was not given here; it is told and stored as its bytes.
    return _told(str(path.relative_to(vault.root)))


def _told(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")
