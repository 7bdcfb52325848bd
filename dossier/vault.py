"""The vault: originals, readings and transcriptions, written once, never changed or deleted.

Originals are named by the SHA-256 of their bytes. A file is written under a temporary name in the vault, synced,
renamed and its folder synced, so that whatever stands under a final name is whole and survives a power cut. The
catalogue's row is committed after that: a row always finds its file.

A sync that has failed is not repeated: the kernel may have dropped what it could not write, and then calls the next one
done (docs/decisions/0041-what-a-sync-is-worth.md). Whatever it was for is written and renamed once more.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dossier.errors import ObjectChanged, ObjectMissing

_CHUNK = 1 << 20
_LEFTOVER_SECONDS = 24 * 3600


@dataclass(frozen=True)
class StoredOriginal:
    """What the vault says of bytes that it holds: digests in hexadecimal, size in bytes."""

    sha256: str
    md5: str
    size: int


class Vault:
    """The vault in a home folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._temporary = root / "tmp"
        # Folders whose names, and the names of all above them, are on the disk: known for as long as this object lives.
        self._on_disk: set[Path] = set()

    @property
    def root(self) -> Path:
        """The folder of all of it."""
        return self._root

    def folder_of(self, kind: str) -> Path:
        """Where all originals stand, or readings, or transcriptions, by the word for one of them."""
        return self._root / f"{kind}s"

    @property
    def aside(self) -> Path:
        """Where inbox copies are put just before they are deleted; outside of what scanners and watchers see."""
        return self._root / "aside"

    @property
    def uploads(self) -> Path:
        """Where resumable uploads grow until they are whole."""
        return self._root / "uploads"

    @contextlib.contextmanager
    def receiving(self) -> Iterator[Path]:
        """A path, in the vault, for bytes that are being received; when the block ends, nothing stands there."""
        temporary = self._temporary_path()
        try:
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)

    def store_original(self, source: Path, follows_links: bool = True) -> StoredOriginal:
        """Copy a file's bytes in and return their digests; the source stays as it is.

        What is no file (a pipe, a device, and a link unless it `follows_links`) is refused as it is opened, also where
        it took the place of a file only just before. Bytes that are there already are written again all the same: they
        may have rotted, or be those of a process that failed before they, and their name, had reached the disk.

        Raises:
            OSError: reading the source or writing the vault failed; nothing half stands under a final name.
        """
        temporary = self._temporary_path()
        sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
        try:
            with _opened(source, follows_links) as incoming, temporary.open("xb") as stored:
                while chunk := incoming.read(_CHUNK):
                    sha256.update(chunk)
                    md5.update(chunk)
                    size += len(chunk)
                    stored.write(chunk)
                _sync(stored)
            result = StoredOriginal(sha256.hexdigest(), md5.hexdigest(), size)
            temporary.chmod(0o444)
            self._publish(temporary, self.original_path(result.sha256))
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return result

    def original_path(self, sha256: str) -> Path:
        """Where the bytes with this digest stand (whether or not they do)."""
        return self._root / "originals" / sha256[:2] / sha256[2:4] / sha256

    def store_reading(self, page_id: str, version: int, content: bytes) -> str:
        """Write a reading and return its SHA-256.

        The digest is part of the name: two processes that read the same page never write over each other.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        temporary = self._temporary_path()
        try:
            with temporary.open("xb") as stored:
                stored.write(content)
                _sync(stored)
            self._publish(temporary, self.reading_path(page_id, version, sha256))
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return sha256

    def reading_path(self, page_id: str, version: int, sha256: str) -> Path:
        """Where that version of a page's reading stands."""
        return self._root / "readings" / page_id[1:3] / self.reading_name(page_id, version, sha256)

    @staticmethod
    def reading_name(page_id: str, version: int, sha256: str) -> str:
        """What the file of that version of a page's reading is called."""
        return f"{page_id}.{version}.{sha256[:16]}.json.gz"

    def reading(self, page_id: str, version: int, sha256: str) -> bytes:
        """The stored bytes of a reading.

        Raises:
            ObjectMissing: it is not there.
            ObjectChanged: it does not have the digest `sha256`.
        """
        return _checked(self.reading_path(page_id, version, sha256), sha256)

    def store_transcription(self, page_id: str, transcription_id: str, version: int, content: bytes) -> str:
        """Write a version of what a person read on a page, and return its SHA-256; the same bytes may come again."""
        sha256 = hashlib.sha256(content).hexdigest()
        temporary = self._temporary_path()
        try:
            with temporary.open("xb") as stored:
                stored.write(content)
                _sync(stored)
            self._publish(temporary, self.transcription_path(page_id, transcription_id, version, sha256))
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return sha256

    def transcription_path(self, page_id: str, transcription_id: str, version: int, sha256: str) -> Path:
        """Where that version of a transcription stands."""
        name = self.transcription_name(page_id, transcription_id, version, sha256)
        return self._root / "transcriptions" / page_id[1:3] / name

    @staticmethod
    def transcription_name(page_id: str, transcription_id: str, version: int, sha256: str) -> str:
        """What the file of that version of a transcription is called."""
        return f"{page_id}.{transcription_id}.{version}.{sha256[:16]}.json"

    def transcription(self, page_id: str, transcription_id: str, version: int, sha256: str) -> bytes:
        """The stored bytes of a transcription.

        Raises:
            ObjectMissing: it is not there.
            ObjectChanged: it does not have the digest `sha256`.
        """
        return _checked(self.transcription_path(page_id, transcription_id, version, sha256), sha256)

    def originals(self) -> Iterator[Path]:
        """All files that stand under originals/."""
        return (path for path in (self._root / "originals").glob("*/*/*") if path.is_file())

    def sweep_temporary(self) -> None:
        """Remove what killed processes left unfinished; what is younger than a day may still be written."""
        oldest = time.time() - _LEFTOVER_SECONDS
        for path in self._temporary.glob("*"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def _temporary_path(self) -> Path:
        self._temporary.mkdir(parents=True, exist_ok=True)
        return self._temporary / secrets.token_hex(8)

    def _publish(self, temporary: Path, target: Path) -> None:
        """Rename into place, durably."""
        self._make_on_disk(target.parent)
        temporary.replace(target)
        to_disk(target.parent)

    def _make_on_disk(self, folder: Path) -> None:
        """Make a folder, with those above it, and its name survive a power cut.

        One that is there may be of a process that was killed before it could sync the name.
        """
        if folder in self._on_disk and folder.is_dir():
            return
        if folder != self._root:
            self._make_on_disk(folder.parent)
        is_new = not folder.is_dir()
        folder.mkdir(parents=True, exist_ok=True)
        try:
            to_disk(folder.parent)
        except OSError:
            if is_new:
                with contextlib.suppress(OSError):
                    folder.rmdir()
            raise
        self._on_disk.add(folder)


def _opened(source: Path, follows_links: bool) -> BinaryIO:
    """A file open for reading; opening waits for nobody, as that of a pipe would.

    Raises:
        OSError: it cannot be opened; EINVAL: it is no file; ELOOP: it is a link.
    """
    links = 0 if follows_links else os.O_NOFOLLOW
    descriptor = os.open(source, os.O_RDONLY | os.O_NONBLOCK | links)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "no file", str(source))
    return os.fdopen(descriptor, "rb")


def _checked(path: Path, sha256: str) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ObjectMissing(path.name) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ObjectChanged(path.name)
    return content


def digest(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def to_disk(path: Path) -> None:
    """Make a file's content, or the names in a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
