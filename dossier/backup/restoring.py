"""Restoring a snapshot to an empty folder: object by object, each compared with its digest, and the catalogue last.

What ran between an old home and the world does not go on by itself from a restored one: sessions end, uploads that were
not whole are forgotten, webhooks wait until somebody revives them.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, update

from dossier import audit
from dossier.backup.folder import (
    CATALOGUE,
    SETTINGS,
    BackupFolder,
    Placed,
    Snapshot,
    copy_checked,
    is_whole,
    refuse_overlap,
    write_whole,
)
from dossier.backup.kept_settings import for_another_home
from dossier.catalogue.database import Catalogue, is_known_version
from dossier.catalogue.tables import SessionRow, Upload, Webhook
from dossier.errors import BackupRefused, CatalogueDamaged, CatalogueNewer, ObjectChanged, ObjectMissing
from dossier.fixity import Fault
from dossier.home import Home
from dossier.vault import to_disk

# Stands in a home as long as it is not whole.
_MARK = ".restoring"


@dataclass(frozen=True)
class Restored:
    """A snapshot that was restored, and what of it the backup no longer has as it was."""

    snapshot: Snapshot
    faults: Sequence[Fault]


def restore(
    root: Path,
    name: str | None,
    home_root: Path,
    actor: str,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Restored:
    """Make a home of a snapshot; one that was cut short goes on when it is given again.

    Args:
        root: the backup folder.
        name: of the snapshot; None: the latest.
        home_root: where the home will be; missing, or empty.
        actor: who is written down to have done it.
        progress: called with objects: how many are done, how many there are.

    Raises:
        BackupRefused: the one is no backup, or the other is not empty.
        NotFound: there is no such snapshot.
        CatalogueNewer: it needs a newer version of the program.
        CatalogueDamaged, ObjectChanged: its catalogue, or its list of objects, is no longer as it was; those of another
            snapshot may be.
        OSError: the home cannot be written.
    """
    folder = BackupFolder.to_read(root)
    with folder.hold(alone=False):
        snapshot = folder.snapshot(name)
        if not is_known_version(snapshot.catalogue_version):
            raise CatalogueNewer(f"{snapshot.name}: {snapshot.catalogue_version}")
        if not is_whole(folder.file_of(snapshot, CATALOGUE), snapshot.catalogue_sha256):
            raise CatalogueDamaged(str(folder.file_of(snapshot, CATALOGUE)))
        for _ in folder.objects_of(snapshot):  # the whole list is looked at before anything is made of it
            pass
        home = _begin(root, home_root, snapshot)
        faults = _fill_vault(folder, snapshot, home, progress)
        settings = folder.file_of(snapshot, SETTINGS)
        if settings.is_file() and not (home.root / SETTINGS).exists():
            write_whole(home.root / SETTINGS, for_another_home(settings.read_bytes()))
        temporary = home.root / ".catalogue.part"
        # Of a run that was cut short: a journal must not meet another file than its own.
        for leftover in (temporary, *(home.catalogue.with_name(f"catalogue.db{end}") for end in ("", "-wal", "-shm"))):
            leftover.unlink(missing_ok=True)
        copy_checked(folder.file_of(snapshot, CATALOGUE), home.catalogue, temporary, snapshot.catalogue_sha256)
    home.catalogue.chmod(0o600)
    to_disk(home.root)
    _settle(home, snapshot, len(faults), actor)
    (home.root / _MARK).unlink()
    to_disk(home.root)
    return Restored(snapshot, faults)


def _begin(root: Path, home_root: Path, snapshot: Snapshot) -> Home:
    refuse_overlap(home_root, root, f"{home_root} lies in the backup")
    mark = home_root / _MARK
    if home_root.exists():
        if not home_root.is_dir():
            raise BackupRefused(f"{home_root}: no folder")
        if mark.is_file():
            if json.loads(mark.read_text("utf-8")) != snapshot.name:
                raise BackupRefused(f"{home_root}: another snapshot was being restored here")
        elif any(path.name != "lost+found" for path in home_root.iterdir()):
            raise BackupRefused(f"{home_root}: not empty")
    elif not home_root.absolute().parent.is_dir():
        raise BackupRefused(f"{home_root.absolute().parent}: not there; is its disk mounted?")
    home = Home.at(home_root)
    write_whole(mark, json.dumps(snapshot.name).encode())
    return home


def _fill_vault(
    folder: BackupFolder, snapshot: Snapshot, home: Home, progress: Callable[[int, int], None]
) -> list[Fault]:
    faults = [Fault("missing", place, "not in the backup") for place in snapshot.missing]
    temporary = home.vault / "tmp"
    temporary.mkdir(mode=0o700, exist_ok=True)
    made: set[Path] = set()
    for done, placed in enumerate(folder.objects_of(snapshot), start=1):
        target = home.vault / placed.place
        made |= {target.parent, *(parent for parent in target.parents if parent.is_relative_to(home.vault))}
        fault = _place(folder, placed, target, temporary)
        if fault is not None:
            faults.append(fault)
        progress(done, snapshot.objects)
    for each in sorted(made):
        if each.is_dir():
            to_disk(each)
    return faults


def _place(folder: BackupFolder, placed: Placed, target: Path, temporary: Path) -> Fault | None:
    if is_whole(target, placed.sha256):  # of a run that was cut short
        return None
    try:
        copy_checked(folder.path_of(placed.sha256), target, temporary / secrets.token_hex(8), placed.sha256)
    except ObjectMissing:
        return Fault("missing", str(placed.place), "not in the backup")
    except ObjectChanged:
        return Fault("changed", str(placed.place), "not as it was backed up")
    return None


def _settle(home: Home, snapshot: Snapshot, missing: int, actor: str) -> None:
    catalogue = Catalogue.open(home)
    try:
        with catalogue.writing() as session:
            session.execute(delete(SessionRow))
            session.execute(delete(Upload).where(Upload.arrival_id.is_(None)))
            session.execute(update(Webhook).values(dead=True, error="restored from a backup"))
            audit.record(session, "restore", "home", "", actor, snapshot=snapshot.name, missing=missing)
    finally:
        catalogue.close()
