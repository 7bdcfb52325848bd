"""Taking a backup: the catalogue as it is at one moment, and everything in the vault that it names.

The catalogue is copied first. The vault never changes or removes what it holds, so whatever comes in or is read
meanwhile, it still has all that the copy names.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier import audit
from dossier.backup.folder import (
    CATALOGUE,
    MANIFEST,
    SETTINGS,
    BackupFolder,
    Snapshot,
    is_whole,
    write_whole,
)
from dossier.backup.kept_settings import without_secrets
from dossier.catalogue.copies import copy_catalogue, version_in
from dossier.catalogue.database import Catalogue, reading_file
from dossier.catalogue.tables import AuditRow, Page, Secret
from dossier.errors import ObjectChanged, ObjectMissing
from dossier.fixity import Fault
from dossier.home import Home
from dossier.objects import StoredObject, all_objects, count_objects
from dossier.vault import Vault, digest

_IDENTITY = "home"


@dataclass(frozen=True)
class Taken:
    """A backup that was taken: its snapshot; objects and bytes that were not there before; names of the snapshots that
    were removed; and what the vault could not give."""

    snapshot: Snapshot
    new_objects: int
    new_bytes: int
    removed: Sequence[str]
    faults: Sequence[Fault]


def back_up(
    home: Home,
    catalogue: Catalogue,
    vault: Vault,
    root: Path,
    actor: str,
    *,
    keep: int | None = None,
    check: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Taken:
    """Take a snapshot of a home into a backup folder, while others work in the home.

    Args:
        home, catalogue, vault: what is backed up.
        root: the backup folder; made where it is missing.
        actor: who is written down to have done it.
        keep: remove older snapshots than so many, and what they alone name; None: remove nothing.
        check: compare what is in the folder already with its digest, and copy anew what is not as it was.
        progress: called with objects: how many are done, how many there are.

    Raises:
        BackupRefused: the folder cannot be one of this home.
        HomeBusy: somebody else is writing to the folder.
        CatalogueDamaged, MachineFailed, OSError: nothing was added to the snapshots.
    """
    with catalogue.writing() as session:
        identity = _identity(session)
    folder = BackupFolder.to_write(root, home, identity)
    with folder.hold(alone=True), folder.new_snapshot() as place:
        file, moment = place / CATALOGUE, time.time()
        copy_catalogue(home.catalogue, file)
        with reading_file(file) as session, (place / MANIFEST).open("w", encoding="utf-8") as manifest:
            filling = _Filling(folder, vault, manifest, check)
            total = count_objects(session)
            for done, stored in enumerate(all_objects(session, vault), start=1):
                filling.take(stored)
                progress(done, total)
            pages = session.scalar(select(func.count()).select_from(Page)) or 0
            manifest.flush()
            os.fsync(manifest.fileno())
        kept = without_secrets(home.root / SETTINGS)
        if kept is not None:
            write_whole(place / SETTINGS, kept)
        snapshot = Snapshot(
            name=folder.next_name(f"{dt.datetime.fromtimestamp(moment, dt.UTC):%Y%m%dT%H%M%SZ}"),
            taken_at=moment,
            catalogue_version=version_in(file) or "",
            catalogue_sha256=digest(file),
            manifest_sha256=digest(place / MANIFEST),
            pages=pages,
            objects=filling.objects,
            size=filling.size,
            missing=[str(stored.path.relative_to(vault.root)) for stored, _ in filling.lacking],
        )
        folder.publish(place, snapshot)
        removed = folder.prune(keep) if keep is not None else []
    faults = [fault for _, fault in filling.lacking]
    with catalogue.writing() as session:
        audit.record(
            session, "backup", "home", "", actor, snapshot=snapshot.name, objects=snapshot.objects, missing=len(faults)
        )  # fmt: skip
    return Taken(snapshot, filling.new_objects, filling.new_bytes, removed, faults)


def last_backup(session: Session) -> tuple[float, int] | None:
    """When the last backup was taken, in seconds since 1970, and how many objects the vault could not give; None where
    there has been none."""
    taken = select(AuditRow).where(AuditRow.deed == "backup").order_by(AuditRow.at.desc()).limit(1)
    row = session.scalars(taken).first()
    return None if row is None else (row.at, int(row.details.get("missing", 0)))


class _Filling:
    """Brings the objects of a snapshot into the folder, and writes down where they belong."""

    def __init__(self, folder: BackupFolder, vault: Vault, manifest: IO[str], check: bool) -> None:
        self._folder, self._vault, self._manifest, self._check = folder, vault, manifest, check
        self.objects = self.size = self.new_objects = self.new_bytes = 0
        self.lacking: list[tuple[StoredObject, Fault]] = []

    def take(self, stored: StoredObject) -> None:
        """See that an object is in the folder."""
        size = self._folder.size_of(stored.sha256)
        if size is None or stored.size not in (None, size) or (self._check and not self._is_whole(stored)):
            try:
                size = self._folder.store(stored.path, stored.sha256)
            except ObjectMissing:
                self.lacking.append((stored, Fault("missing", stored.name, stored.kind)))
                return
            except ObjectChanged as error:
                self.lacking.append((stored, Fault("changed", stored.name, f"{stored.kind}: {error.detail}")))
                return
            self.new_objects += 1
            self.new_bytes += size
        place = stored.path.relative_to(self._vault.root)
        self.objects += 1
        self.size += size
        self._manifest.write(f"{stored.sha256}\t{size}\t{place.as_posix()}\n")

    def _is_whole(self, stored: StoredObject) -> bool:
        return is_whole(self._folder.path_of(stored.sha256), stored.sha256)


def _identity(session: Session) -> str:
    """What tells this home from others; made at first use, and kept by whatever is restored from it."""
    row = session.get(Secret, _IDENTITY)
    if row is None:
        row = Secret(name=_IDENTITY, value=secrets.token_hex(16))
        session.add(row)
    return row.value
