"""A backup folder: objects by their digest, each once however many snapshots name it, and the snapshots.

    edossier-backup.json           says that this is one, of which home, in which form
    objects/<2>/<sha256>           what vaults hold
    snapshots/<number>-<time>/     catalogue.db, objects.tsv, snapshot.json, settings.toml if there is one
    tmp/                           what is not whole yet

A snapshot gets its name when everything that it names is in `objects/` and synced: whatever cuts a run short, those
before it are as they were. Nothing here needs the program's version that wrote it, except the catalogue.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from dossier.errors import BackupRefused, HomeBusy, NotFound, ObjectChanged, ObjectMissing
from dossier.home import FOLDERS, Home
from dossier.vault import digest, to_disk

CATALOGUE, MANIFEST, SETTINGS = "catalogue.db", "objects.tsv", "settings.toml"
_MARK, _FACTS = "edossier-backup.json", "snapshot.json"
_FORM = 1
_CHUNK = 1 << 20
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL}


@dataclass(frozen=True)
class Snapshot:
    """What a snapshot says of itself.

    Attributes:
        name: orders snapshots as they were taken, whatever the clock said.
        taken_at: seconds since 1970.
        catalogue_version: of the tables.
        catalogue_sha256, manifest_sha256: of the catalogue's file, and of the list of objects.
        pages, objects, size: how much it holds; the size of the objects in bytes.
        missing: places in the vault whose object was not there, or not as it was stored; the snapshot lacks them.
    """

    name: str
    taken_at: float
    catalogue_version: str
    catalogue_sha256: str
    manifest_sha256: str
    pages: int
    objects: int
    size: int
    missing: Sequence[str]


@dataclass(frozen=True)
class Placed:
    """An object of a snapshot: where it belongs in the vault, and the digest and the number of its bytes."""

    place: PurePosixPath
    sha256: str
    size: int


class BackupFolder:
    """A folder that holds a backup."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._objects, self._snapshots, self._temporary = (root / name for name in ("objects", "snapshots", "tmp"))
        self._stored: list[Path] = []

    @classmethod
    def to_write(cls, root: Path, home: Home, identity: str) -> BackupFolder:
        """The folder for the backup of a home, made where it is missing.

        Args:
            root: the folder; the one that it is in must be there, since a disk might not be mounted.
            home: what is backed up.
            identity: of that home.

        Raises:
            BackupRefused: it lies in the home, or holds something else, or another home's backup.
        """
        _refuse_within(root, home)
        folder = cls(root)
        if root.exists():
            mark = folder._mark()
            if mark is None:
                if any(path.name != "lost+found" for path in root.iterdir()):
                    raise BackupRefused(f"{root}: not empty, and no backup")
            elif mark["home"] != identity:
                raise BackupRefused(f"{root}: another home's backup")
        else:
            if not root.parent.is_dir():
                raise BackupRefused(f"{root.parent}: not there; is its disk mounted?")
            root.mkdir(mode=0o700)
        for inner in (folder._objects, folder._snapshots, folder._temporary):
            inner.mkdir(mode=0o700, exist_ok=True)
        folder._lock_file.touch(mode=0o600)
        if folder._mark() is None:
            write_whole(root / _MARK, json.dumps({"form": _FORM, "home": identity}).encode())
        to_disk(root.parent)
        return folder

    @classmethod
    def to_read(cls, root: Path) -> BackupFolder:
        """A folder that holds a backup already.

        Raises:
            BackupRefused: it is none.
        """
        folder = cls(root)
        if not root.is_dir() or folder._mark() is None:
            raise BackupRefused(f"{root}: no backup")
        return folder

    @contextlib.contextmanager
    def hold(self, alone: bool) -> Iterator[None]:
        """Keep others from writing here, or (not `alone`) from removing what is read; where the disk knows locks.

        Raises:
            HomeBusy: somebody is writing here.
        """
        with contextlib.ExitStack() as held:
            with contextlib.suppress(FileNotFoundError):
                lock = held.enter_context(self._lock_file.open("r+b" if alone else "rb"))
                try:
                    fcntl.flock(lock, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
                except BlockingIOError as error:
                    raise HomeBusy(str(self.root)) from error
                except OSError as error:
                    if error.errno not in _NO_LOCKS:
                        raise
            yield

    # Objects

    def path_of(self, sha256: str) -> Path:
        """Where the object with this digest stands (whether or not it does)."""
        return self._objects / sha256[:2] / sha256

    def size_of(self, sha256: str) -> int | None:
        """The size of an object in bytes; None where it is not here."""
        try:
            return self.path_of(sha256).stat().st_size
        except FileNotFoundError:
            return None

    def store(self, source: Path, sha256: str) -> int:
        """Copy a file in that must have this digest; returns its size in bytes.

        Raises:
            ObjectMissing: there is no such file.
            ObjectChanged: it has another digest, or cannot be read; nothing was stored.
            OSError: it cannot be written.
        """
        target = self.path_of(sha256)
        size = copy_checked(source, target, self._temporary / secrets.token_hex(8), sha256)
        self._stored.append(target)
        return size

    # Snapshots

    def snapshots(self) -> list[Snapshot]:
        """Those that are whole on disk, in the order in which they were taken."""
        found = []
        for path in sorted(self._snapshots.glob("*")):
            # One whose facts have gone bad is none; its objects stay, see `prune`.
            with contextlib.suppress(FileNotFoundError, NotADirectoryError, ValueError, TypeError):
                found.append(Snapshot(**json.loads((path / _FACTS).read_text("utf-8"))))
        return found

    def snapshot(self, name: str | None) -> Snapshot:
        """The snapshot of a name; without one, the latest.

        Raises:
            NotFound: there is none.
        """
        found = [each for each in self.snapshots() if name in (None, each.name)]
        if not found:
            raise NotFound(name or str(self._snapshots))
        return found[-1]

    def file_of(self, snapshot: Snapshot, name: str) -> Path:
        """A file of a snapshot: `CATALOGUE`, `MANIFEST` or `SETTINGS`."""
        return self._snapshots / snapshot.name / name

    def objects_of(self, snapshot: Snapshot) -> Iterator[Placed]:
        """The objects that a snapshot names.

        Raises:
            ObjectChanged: the list of them has gone bad.
            BackupRefused: a place leads out of the vault.
        """
        if not is_whole(self.file_of(snapshot, MANIFEST), snapshot.manifest_sha256):
            raise ObjectChanged(f"{snapshot.name}/{MANIFEST}")
        with self.file_of(snapshot, MANIFEST).open(encoding="utf-8") as lines:
            for line in lines:
                sha256, size, named = line.rstrip("\n").split("\t")
                place = PurePosixPath(named)
                if place.is_absolute() or ".." in place.parts or not _is_digest(sha256):
                    raise BackupRefused(f"{MANIFEST}: {named}")
                yield Placed(place, sha256, int(size))

    @contextlib.contextmanager
    def new_snapshot(self) -> Iterator[Path]:
        """A folder in which a snapshot is put together; when the block ends, nothing stands there."""
        for leftover in self._temporary.iterdir():  # of runs that were killed: whoever holds this folder is alone
            _remove(leftover)
        place = self._temporary / secrets.token_hex(8)
        place.mkdir(mode=0o700)
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def next_name(self, moment: str) -> str:
        """The name of the snapshot that comes next; `moment` is for people."""
        numbers = [int(path.name.partition("-")[0]) for path in self._snapshots.glob("[0-9]*-*")]
        return f"{max(numbers, default=0) + 1:06d}-{moment}"

    def publish(self, place: Path, snapshot: Snapshot) -> None:
        """Give a snapshot its name, after all that it names is on disk for good.

        Raises:
            OSError: it cannot be synced. What was stored since goes, to be written anew: see
                docs/decisions/0041-what-a-sync-is-worth.md.
        """
        try:
            # All of them: those of a run that was killed may never have been synced.
            for folder in (self._objects, *self._objects.iterdir()):
                to_disk(folder)
        except OSError:
            for path in self._stored:
                path.unlink(missing_ok=True)
            raise
        self._stored.clear()
        write_whole(place / _FACTS, json.dumps(asdict(snapshot), ensure_ascii=False).encode())
        place.rename(self._snapshots / snapshot.name)
        to_disk(self._snapshots)

    def prune(self, keep: int) -> list[str]:
        """Remove all but the latest snapshots, and the objects that none names any more.

        The latest that lacks nothing stays in any case, and all objects where one has gone bad that would name some.

        Returns:
            The names of those removed.
        """
        found = self.snapshots()
        whole = [snapshot for snapshot in found if not snapshot.missing]
        kept = {snapshot.name for snapshot in [*found[-keep:], *whole[-1:]]}
        removed = [snapshot.name for snapshot in found if snapshot.name not in kept]
        for name in removed:
            # First out of sight in one step: half a snapshot must never be taken for one.
            gone = self._temporary / secrets.token_hex(8)
            (self._snapshots / name).rename(gone)
            to_disk(self._snapshots)
            shutil.rmtree(gone)
        try:
            named = {
                placed.sha256
                for snapshot in found
                if snapshot.name in kept
                for placed in self.objects_of(snapshot)
            }  # fmt: skip
        except ObjectChanged:
            return removed
        if kept == {path.name for path in self._snapshots.iterdir()}:
            for path in self._objects.glob("*/*"):
                if path.name not in named:
                    path.unlink()
        return removed

    @property
    def _lock_file(self) -> Path:
        return self.root / "lock"

    def _mark(self) -> dict[str, str] | None:
        try:
            mark = json.loads((self.root / _MARK).read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (ValueError, NotADirectoryError) as error:
            raise BackupRefused(f"{self.root / _MARK}: {error}") from error
        if not isinstance(mark, dict) or mark.get("form") != _FORM:
            raise BackupRefused(f"{self.root}: of another version of the program")
        return mark


def copy_checked(source: Path, target: Path, temporary: Path, sha256: str) -> int:
    """Copy a file under a temporary name, compare its digest, sync it and rename it; returns its size in bytes.

    The target's folder is made where it is missing, and not synced.

    Raises:
        ObjectMissing, ObjectChanged, OSError: as of `BackupFolder.store`.
    """
    found, size = hashlib.sha256(), 0
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with _opened(source) as incoming, temporary.open("xb") as stored:
            while chunk := _read(incoming, source):
                found.update(chunk)
                size += len(chunk)
                stored.write(chunk)
            if found.hexdigest() != sha256:
                raise ObjectChanged(source.name)
            stored.flush()
            os.fsync(stored.fileno())
        temporary.chmod(0o444)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return size


def is_whole(path: Path, sha256: str) -> bool:
    """Whether a file is there and has this digest."""
    return path.is_file() and digest(path) == sha256


def write_whole(target: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all."""
    temporary = target.with_name(f".{target.name}.part")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(target)
    to_disk(target.parent)


def refuse_overlap(inner: Path, outer: Path, sentence: str) -> None:
    """Refuse a folder that is another one or lies in it, also by a link or a mount.

    Raises:
        BackupRefused: it does.
    """
    if outer.exists():
        known = outer.stat()
        for folder in (inner.resolve(), *inner.resolve().parents):
            if folder.exists() and os.path.samestat(folder.stat(), known):
                raise BackupRefused(sentence)


def _refuse_within(root: Path, home: Home) -> None:
    for folder in (home.root, *(home.root / name for name in FOLDERS)):
        refuse_overlap(root, folder, f"{root} lies in {folder}, which is part of what is backed up")
    if root.exists():
        refuse_overlap(home.root, root, f"{root}: the home lies in it")


def _opened(source: Path) -> BinaryIO:
    try:
        # Whoever opens a named pipe waits for ever.
        if not stat.S_ISREG(source.stat().st_mode):
            raise ObjectChanged(f"{source.name}: no regular file")
        return source.open("rb")
    except FileNotFoundError as error:
        raise ObjectMissing(source.name) from error
    except OSError as error:
        raise ObjectChanged(f"{source.name}: {error.strerror}") from error


def _read(incoming: BinaryIO, source: Path) -> bytes:
    try:
        return incoming.read(_CHUNK)
    except OSError as error:
        raise ObjectChanged(f"{source.name}: {error.strerror}") from error


def _is_digest(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
