"""Intake: files dropped in the inbox are noticed, watched until they are complete, accepted, and only then removed.

Events merely nominate; a scan at start and a periodic one find what events missed. A file is complete when it has been
quiet for a moment, no process of this machine holds it open for writing, and it decodes to its end.

The inbox copy goes last. It is renamed into `inbox/.taken/` first: whatever stands under the name at that moment is
what is looked at again. If it is the state that was accepted, it is deleted; if a scanner has overwritten it meanwhile,
it is put back. What a killed process left in `.taken/` is put back at the next start, and accepted as a replay.
"""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dossier.acceptance import Contents, Fingerprint, Incoming, SourceChanged, accept
from dossier.catalogue.database import Catalogue
from dossier.errors import DamagedFile, EdossierError, EmptyFile, FileRefused, PageFailed, TruncatedFile
from dossier.place import METADATA_NAME, is_ignored, place_in_inbox
from dossier.settings import Settings
from dossier.vault import Vault
from pipeline.sources import Limits
from pipeline.tasks import InspectTask
from pipeline.worker_process import WorkerProcess

log = logging.getLogger(__name__)

ACTOR = "watch"
TAKEN = ".taken"
# After its writer has closed or renamed a file, so little quiet is enough.
CLOSED_SETTLE_SECONDS = 0.3
INSPECTION_SECONDS = 60.0
_RETRY_SECONDS = 5.0
_F_SETSIG = getattr(fcntl, "F_SETSIG", 10)  # in fcntl only since Python 3.13
# Refusals that a file still being written looks like: they are believed only after a while.
_MAYBE_UNFINISHED = (EmptyFile, TruncatedFile, DamagedFile)


@dataclass
class _Candidate:
    """A file that may be complete: its last known state, and since when it has been in it (monotonic seconds)."""

    fingerprint: Fingerprint
    quiet_since: float
    is_closed: bool = False
    refused_for: Fingerprint | None = None
    not_before: float = 0.0


class Intake:
    """Watches over the inbox's files; told of names by events and scans, it decides by itself when to take them."""

    def __init__(
        self, inbox: Path, catalogue: Catalogue, vault: Vault, settings: Settings, inspector: WorkerProcess
    ) -> None:
        self._inbox, self._catalogue, self._vault, self._settings = inbox, catalogue, vault, settings
        self._inspector = inspector
        self._limits = Limits(max_pixels=settings.max_pixels, max_pages=settings.max_pages)
        self._candidates: dict[Path, _Candidate] = {}

    @property
    def waiting(self) -> int:
        """How many files are known and not taken yet."""
        return len(self._candidates)

    def recover(self) -> None:
        """Finish what a killed process had set aside for deletion: accepted at its old place, mostly once more.

        What somebody writes to again goes back where it was.
        """
        taken = self._inbox / TAKEN
        for aside in sorted(path for path in taken.rglob("*") if path.is_file() and not path.is_symlink()):
            # .taken/<random>/<path below inbox>
            path = self._inbox / aside.relative_to(taken / aside.relative_to(taken).parts[0])
            if is_held_by_writer(aside):
                self._put_back(aside, path)
            else:
                self._accept(aside, path, None)
                aside.unlink()
        for folder in sorted((path for path in taken.rglob("*") if path.is_dir()), reverse=True):
            folder.rmdir()

    def nominate(self, path: Path, is_closed: bool = False) -> None:
        """Look at a file again: new, changed, or closed by its writer."""
        relative = PurePosixPath(path.relative_to(self._inbox))
        if is_ignored(relative):
            return
        try:
            status = path.stat(follow_symlinks=False)
        except (OSError, ValueError):
            self._candidates.pop(path, None)
            return
        if not stat.S_ISREG(status.st_mode):
            return
        fingerprint = Fingerprint.of(path)
        known = self._candidates.get(path)
        if known is None or known.fingerprint != fingerprint:
            self._candidates[path] = _Candidate(fingerprint, time.monotonic() - _age(status), is_closed)
        elif is_closed:
            known.is_closed = True

    def scan(self) -> None:
        """Nominate everything that lies in the inbox."""
        for path in _files_below(self._inbox):
            self.nominate(path)

    def take_complete(self, should_stop: Callable[[], bool] = lambda: False) -> int:
        """Accept every file that is complete now; returns how many were taken out of the inbox."""
        taken = 0
        for path in sorted(self._candidates, key=_metadata_first):
            if should_stop():
                break
            try:
                taken += self._take(path)
            except OSError as error:
                log.error("%s: %s; trying again", path.name, error)
                self._delay(path)
        return taken

    def _take(self, path: Path) -> bool:
        candidate = self._candidates[path]
        now = time.monotonic()
        self.nominate(path, candidate.is_closed)
        if self._candidates.get(path) is not candidate or now < candidate.not_before:
            return False
        settle = self._settings.settle_seconds
        if candidate.is_closed:
            settle = min(settle, CLOSED_SETTLE_SECONDS)
        quiet = now - candidate.quiet_since
        if quiet < settle or is_held_by_writer(path):
            return False
        may_be_unfinished = quiet < self._settings.incomplete_after_seconds
        if may_be_unfinished and candidate.refused_for == candidate.fingerprint:
            return False
        contents = inspect_file(self._inspector, path, self._limits)
        if may_be_unfinished and isinstance(contents.refusal, _MAYBE_UNFINISHED):
            candidate.refused_for = candidate.fingerprint
            return False
        try:
            self._accept(path, path, contents, candidate.fingerprint)
        except SourceChanged:
            return False
        self._remove(path, candidate.fingerprint)
        self._candidates.pop(path, None)
        return True

    def _accept(
        self, file: Path, path: Path, contents: Contents | None, fingerprint: Fingerprint | None = None
    ) -> None:
        """Accept the bytes of `file` as what was dropped at `path`."""
        relative = PurePosixPath(path.relative_to(self._inbox))
        if contents is None:
            contents = inspect_file(self._inspector, file, self._limits)
        incoming = Incoming(
            path=file, place=place_in_inbox(relative), source=str(relative), origin="watch", contents=contents,
            fingerprint=fingerprint,
        )  # fmt: skip
        accepted = accept(self._catalogue, self._vault, incoming, ACTOR)
        log.info("%s: %s", "known already" if accepted.is_replay else "accepted", relative)

    def _remove(self, path: Path, accepted: Fingerprint) -> None:
        aside = self._inbox / TAKEN / os.urandom(8).hex() / path.relative_to(self._inbox)
        aside.parent.mkdir(parents=True)
        try:
            path.rename(aside)
        except FileNotFoundError:
            log.info("%s: its owner took it away", path.name)
        else:
            if Fingerprint.of(aside) == accepted:
                aside.unlink()
            else:
                self._put_back(aside, path)
        for folder in aside.parents:
            if folder == self._inbox / TAKEN:
                break
            folder.rmdir()

    def _put_back(self, aside: Path, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        target, number = path, 1
        while True:
            try:
                # A link, unlike a rename, never takes the place of a newer file of this name.
                os.link(aside, target)
                aside.unlink()
                break
            except FileExistsError:
                number += 1
                target = path.with_name(f"{path.stem} ({number}){path.suffix}")
            except OSError:
                # No links on this file system (FAT, some shares).
                if not target.exists():
                    aside.rename(target)
                    break
        self.nominate(target)

    def _delay(self, path: Path) -> None:
        candidate = self._candidates.get(path)
        if candidate is not None:
            candidate.not_before = time.monotonic() + _RETRY_SECONDS


def inspect_file(inspector: WorkerProcess, path: Path, limits: Limits) -> Contents:
    """Look into a file in a process that can be killed; whatever goes wrong there is a refusal with its reason."""
    try:
        answer = inspector.perform(InspectTask(path, path.name, limits), INSPECTION_SECONDS)
    except FileRefused as refusal:
        return Contents(refusal=refusal)
    except PageFailed as error:
        return Contents(refusal=DamagedFile(error.english))
    except EdossierError:
        raise
    assert isinstance(answer, Contents)
    return answer


def is_held_by_writer(path: Path) -> bool:
    """Whether a process of this machine has the file open for writing.

    A read lease is granted only while nobody does (fcntl(2), F_SETLEASE). File systems without leases, and files of
    other users, cannot be asked: then quietness has to do.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        # Whoever opens the file for writing while the lease stands makes the kernel send a signal: SIGIO would end us.
        fcntl.fcntl(descriptor, _F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def _age(status: os.stat_result) -> float:
    """Seconds since the file was changed or renamed, as far as its clock can be trusted."""
    return max(0.0, time.time() - max(status.st_mtime, status.st_ctime))


def _files_below(folder: Path) -> Iterator[Path]:
    """All regular files, in natural order of their folders; links are not followed, hidden folders left out."""
    for directory, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            yield Path(directory) / name


def _metadata_first(path: Path) -> tuple[Path, bool, str]:
    """The order of taking: by folder, a case's metadata before its pages."""
    return path.parent, path.name.casefold() != METADATA_NAME, path.name
