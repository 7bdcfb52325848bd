"""Uploads that can be resumed: bytes that come in parts, over days, restarts and lost lines, until a file is whole.

The row says how many bytes are there for good: they are synced before it is written. What stands in the file beyond
them is of a part that broke off, and is cut away before the next one. A whole file is accepted like any other; whoever
is killed before that finds it whole the next time.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from dossier import keyed_requests
from dossier.acceptance import Incoming, accept
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Upload
from dossier.errors import EdossierError, FileRefused, KeyReused, UploadBusy, UsageError
from dossier.place import Place
from dossier.vault import Vault, to_disk

log = logging.getLogger(__name__)

CHECKSUMS = ("sha1", "sha256", "md5")
# So much is lost at most when the machine dies; each time costs a sync.
_SAVE_EVERY_BYTES = 16 << 20
# Whoever else accepts a whole upload, or has just written its last byte, is soon done.
_PATIENCE_SECONDS = 20.0
_LOOK_SECONDS = 0.02
# Room is kept for an upload for as long as this after it began or went on: those that nobody continues shut out nobody.
_UNDER_WAY_SECONDS = 3600.0


def begin(
    catalogue: Catalogue,
    vault: Vault,
    viewer_id: str,
    actor: str,
    place: Place,
    size: int,
    key: str | None,
    require_room: Callable[[int], None] = lambda _: None,
) -> Upload:
    """Open an upload of `size` bytes to a place; its case folder is the case's id.

    The one that the caller opened with the same key is given again, however far it has come. For a new one
    `require_room` is told how many bytes it needs, together with all that are under way, and raises where these are too
    many.

    Raises:
        KeyReused: the caller has used the key for another place or size, or for something else.
        OSError: the vault cannot be written.
    """
    with catalogue.writing() as session:
        upload = _begun(session, viewer_id, place, size, key)
        if upload is None:
            require_room(needed(size) + _promised(session))
            upload = Upload(
                viewer_id=viewer_id, actor=actor, case_id=place.case_folder, volume=place.volume, path=place.path,
                size=size, idempotency_key=key,
            )  # fmt: skip
            session.add(upload)
            session.flush()
        session.expunge(upload)
    if upload.received:
        return upload
    vault.uploads.mkdir(mode=0o700, exist_ok=True)
    path_of(vault, upload.id).touch(mode=0o600)
    to_disk(vault.uploads)
    to_disk(vault.uploads.parent)
    return upload


def _begun(session: Session, viewer_id: str, place: Place, size: int, key: str | None) -> Upload | None:
    if key is None:
        return None
    keyed_requests.named(session, viewer_id, key, keyed_requests.FILE)
    upload = session.scalars(
        select(Upload).where(Upload.viewer_id == viewer_id, Upload.idempotency_key == key)
    ).first()  # fmt: skip
    if upload is None:
        return None
    if (upload.case_id, upload.volume, upload.path, upload.size) != (
        place.case_folder, place.volume, place.path, size,
    ):  # fmt: skip
        raise KeyReused(key)
    return upload


def needed(size: int, received: int = 0) -> int:
    """How many bytes an upload still takes of the disk: what is to come, and the vault's copy of it all."""
    return 2 * size - received


def _promised(session: Session) -> int:
    """How many bytes the uploads that are under way still take of the disk, in all."""
    lately = time.time() - _UNDER_WAY_SECONDS
    rows = session.execute(
        select(func.sum(Upload.size), func.sum(Upload.received)).where(
            Upload.updated_at > lately, Upload.arrival_id.is_(None)
        )
    ).one()  # fmt: skip
    return needed(*(total or 0 for total in rows))


def path_of(vault: Vault, upload_id: str) -> Path:
    """Where an upload's bytes stand."""
    return vault.uploads / upload_id


class Writer:
    """Takes a part of an upload; nobody else may meanwhile.

    Args:
        file: the upload's, locked, and cut to the bytes that are there for good.
        received: how many these are.
        checksum: one of `CHECKSUMS`, to know that of the part; then nothing of it is kept before `save`.
    """

    def __init__(self, catalogue: Catalogue, upload: Upload, file: BinaryIO, checksum: str | None) -> None:
        self._catalogue, self._upload, self._file = catalogue, upload, file
        self._hash = hashlib.new(checksum, usedforsecurity=False) if checksum else None
        self._saved = self.received = upload.received

    def append(self, portion: bytes) -> None:
        """Write what comes next; no more than is left of the upload's size."""
        self._file.write(portion)
        self.received += len(portion)
        if self._hash is not None:
            self._hash.update(portion)
        elif self.received - self._saved >= _SAVE_EVERY_BYTES:
            self.save()

    @property
    def left(self) -> int:
        """How many bytes are still to come."""
        return self._upload.size - self.received

    @property
    def needed(self) -> int:
        """How many bytes it still takes of the disk."""
        return needed(self._upload.size, self.received)

    def digest(self) -> bytes:
        """The checksum of the part."""
        assert self._hash is not None
        return self._hash.digest()

    def save(self) -> None:
        """Keep what has come for good."""
        self._file.flush()
        os.fsync(self._file.fileno())
        with self._catalogue.writing() as session:
            session.execute(
                update(Upload)
                .where(Upload.id == self._upload.id)
                .values(received=self.received, updated_at=time.time())
            )  # fmt: skip
        self._saved = self.received


@contextlib.contextmanager
def writing(
    catalogue: Catalogue, vault: Vault, upload_id: str, checksum: str | None = None
) -> Iterator[tuple[Upload, Writer]]:
    """Hold an upload, to append to it.

    Raises:
        UploadBusy: somebody else does.
        FileNotFoundError: it has become a file already, or is gone.
    """
    with _locked(vault, upload_id) as file:
        with catalogue.reading() as session:
            upload = session.get_one(Upload, upload_id)
        file.truncate(upload.received)
        file.seek(upload.received)
        yield upload, Writer(catalogue, upload, file, checksum)


def finish(catalogue: Catalogue, vault: Vault, upload_id: str) -> str:
    """Accept an upload that is whole; returns the file's id. Done again, it is the same file.

    Raises:
        KeyReused: the caller has used the key for another file.
        UploadBusy: somebody else holds it, and goes on holding it.
        OSError: the vault cannot be written; the upload stays.
    """
    with contextlib.suppress(FileNotFoundError), _locked(vault, upload_id, _PATIENCE_SECONDS) as file:
        with catalogue.reading() as session:
            upload = session.get_one(Upload, upload_id)
        if upload.arrival_id is None:
            file.truncate(upload.size)
            place = Place(upload.case_id, upload.volume, upload.path)
            incoming = Incoming(
                path_of(vault, upload_id), place, place.source, "upload", case=upload.case_id,
                owner_id=upload.viewer_id, idempotency_key=upload.idempotency_key,
            )  # fmt: skip
            accepted = accept(catalogue, vault, incoming, upload.actor)
            with catalogue.writing() as session:
                session.execute(
                    update(Upload)
                    .where(Upload.id == upload_id)
                    .values(arrival_id=accepted.arrival_id, updated_at=time.time())
                )  # fmt: skip
        path_of(vault, upload_id).unlink(missing_ok=True)
    with catalogue.reading() as session:
        return session.get_one(Upload, upload_id).arrival_id or ""


def drop(catalogue: Catalogue, vault: Vault, upload_id: str, latest: float = math.inf) -> None:
    """Remove an upload and what it holds; a file that it has become stays.

    Args:
        catalogue, vault: whose it is.
        upload_id: which one.
        latest: seconds since 1970; one that was continued after it stays.

    Raises:
        UploadBusy: somebody is sending a part.
    """
    with contextlib.ExitStack() as held:
        with contextlib.suppress(FileNotFoundError):
            held.enter_context(_locked(vault, upload_id))
        with catalogue.writing() as session:
            named = delete(Upload).where(Upload.id == upload_id, Upload.updated_at <= latest)
            gone = session.scalars(named.returning(Upload.id)).first()
        if gone is not None:
            path_of(vault, upload_id).unlink(missing_ok=True)


def tidy(catalogue: Catalogue, vault: Vault, days: float, has_room: Callable[[int], bool] = lambda _: True) -> None:
    """Accept what is whole and was not accepted, and remove what nobody has continued for so many days.

    However long the machine was off, what is whole is tried first. It goes only where it was refused for good: a disk
    that is full today, or `has_room` for too few bytes, is none tomorrow.
    """
    oldest = time.time() - days * 24 * 3600
    with catalogue.reading() as session:
        whole = session.execute(
            select(Upload.id, Upload.size).where(Upload.received == Upload.size, Upload.arrival_id.is_(None))
        ).all()  # fmt: skip
        known = set(session.scalars(select(Upload.id)))
    kept = set()
    for upload_id, size in whole:
        if not has_room(size):
            kept.add(upload_id)
            continue
        try:
            finish(catalogue, vault, upload_id)
        except (EdossierError, SQLAlchemyError, OSError) as error:
            log.warning("upload %s is not accepted: %s", upload_id, error)
            if not isinstance(error, (UsageError, FileRefused)):
                kept.add(upload_id)
    with catalogue.reading() as session:
        abandoned = session.scalars(select(Upload.id).where(Upload.updated_at < oldest)).all()
    for upload_id in (name for name in abandoned if name not in kept):
        with contextlib.suppress(UploadBusy):
            drop(catalogue, vault, upload_id, oldest)
    for path in vault.uploads.glob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.name not in known and path.stat().st_mtime < oldest:
                path.unlink()


@contextlib.contextmanager
def _locked(vault: Vault, upload_id: str, patience_seconds: float = 0.0) -> Iterator[BinaryIO]:
    until = time.monotonic() + patience_seconds
    with path_of(vault, upload_id).open("r+b") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= until:
                    raise UploadBusy(upload_id) from error
            time.sleep(_LOOK_SECONDS)
        yield file
