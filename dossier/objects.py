"""Objects: what the catalogue says that the vault holds, each with the digest of its bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from dossier.catalogue.tables import Original, ReadingRow, TranscriptionRow, TranscriptionVersion
from dossier.vault import Vault

KINDS = ("original", "reading", "transcription")
Key = tuple[Any, ...]


@dataclass(frozen=True)
class StoredObject:
    """A file that must be in the vault.

    Attributes:
        kind: of `KINDS`.
        key: of its row: (sha256,), (page id, version), (transcription id, version).
        path: where it stands.
        sha256: of its bytes, in hexadecimal.
        size: in bytes, where the catalogue knows it.
    """

    kind: str
    key: Key
    path: Path
    sha256: str
    size: int | None = None

    @property
    def name(self) -> str:
        """What it is called when something is wrong with it."""
        return ".".join(map(str, self.key))


def all_objects(session: Session, vault: Vault) -> Iterator[StoredObject]:
    """Everything that must be in the vault, as long as the session lasts."""
    for kind in KINDS:
        yield from _found(session, vault, kind, _statement(kind))


def count_objects(session: Session) -> int:
    """How many there are."""
    return sum(_count(session, kind) for kind in KINDS)


def portion_after(session: Session, vault: Vault, kind: str, key: Key | None, most: int) -> list[StoredObject]:
    """The objects of a kind that follow the one with this key (None: the first ones), so many at most."""
    columns = _key_columns(kind)
    statement = _statement(kind).order_by(*columns).limit(most)
    if key is not None:
        statement = statement.where(tuple_(*columns) > key if len(columns) > 1 else columns[0] > key[0])
    return list(_found(session, vault, kind, statement))


def longest_unchecked(session: Session, vault: Vault, share: Fraction) -> list[StoredObject]:
    """This share of the objects of each kind, those that were compared with their digests the longest time ago."""
    chosen: list[StoredObject] = []
    for kind in KINDS:
        checked_at = row_of(kind).checked_at
        statement = _statement(kind).order_by(checked_at.is_not(None), checked_at, *_key_columns(kind))
        chosen += _found(session, vault, kind, statement.limit(ceil(_count(session, kind) * share)))
    return chosen


def is_one_of(kind: str, keys: Sequence[Key]) -> ColumnElement[bool]:
    """Of the rows of a kind: those with these keys, a few hundred at most."""
    columns = _key_columns(kind)
    return tuple_(*columns).in_(keys) if len(columns) > 1 else columns[0].in_([key[0] for key in keys])


def row_of(kind: str) -> type[Original] | type[ReadingRow] | type[TranscriptionVersion]:
    """The table in which the objects of a kind are rows."""
    rows: dict[str, type[Original] | type[ReadingRow] | type[TranscriptionVersion]] = {
        "original": Original,
        "reading": ReadingRow,
        "transcription": TranscriptionVersion,
    }
    return rows[kind]


def _key_columns(kind: str) -> tuple[InstrumentedAttribute[Any], ...]:
    if kind == "original":
        return (Original.sha256,)
    if kind == "reading":
        return (ReadingRow.page_id, ReadingRow.version)
    return (TranscriptionVersion.transcription_id, TranscriptionVersion.version)


def _statement(kind: str) -> Any:
    if kind == "original":
        return select(Original.sha256, Original.size)
    if kind == "reading":
        return select(ReadingRow.page_id, ReadingRow.version, ReadingRow.sha256)
    row = TranscriptionVersion
    return select(row.transcription_id, row.version, row.sha256, TranscriptionRow.page_id).join(
        TranscriptionRow, TranscriptionRow.id == row.transcription_id
    )


def _found(session: Session, vault: Vault, kind: str, statement: Any) -> Iterator[StoredObject]:
    for row in session.execute(statement):
        if kind == "original":
            yield StoredObject(kind, (row.sha256,), vault.original_path(row.sha256), row.sha256, row.size)
        elif kind == "reading":
            path = vault.reading_path(row.page_id, row.version, row.sha256)
            yield StoredObject(kind, (row.page_id, row.version), path, row.sha256)
        else:
            path = vault.transcription_path(row.page_id, row.transcription_id, row.version, row.sha256)
            yield StoredObject(kind, (row.transcription_id, row.version), path, row.sha256)


def _count(session: Session, kind: str) -> int:
    return session.scalar(select(func.count()).select_from(row_of(kind))) or 0
