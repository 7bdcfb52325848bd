"""Intake: files dropped in the inbox are noticed, watched until they are complete, accepted, and only then removed.

Events merely nominate; a scan at start and a periodic one find what events missed. A file is complete when it has been
quiet for a moment, no process of this machine holds it open for writing, and it decodes to its end. One that was
renamed into its place (written elsewhere, then moved: common practice) is whole by that: where the kernel says that
nobody holds it open for writing, it need not have been quiet.

The inbox copy goes last. It is renamed into the folder `aside` first: whatever stands under the name at that moment is
what is looked at again. If it is the state that was accepted, it is deleted; if a scanner has overwritten it meanwhile,
it is put back. What a killed process left aside is accepted at the next start, mostly as a replay.

However many files lie in the inbox, few are known at a time (`MOST_KNOWN`): the others stay where they are until these
are taken, and memory does not grow with them. Several are accepted in one transaction. A file that would take the disk
below its floor waits, smaller ones go on; below it, nothing is taken. The attention list says either.
"""

from __future__ import annotations

import errno
import logging
import math
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sqlalchemy.exc import OperationalError

from dossier import flags
from dossier.acceptance import Accepted, Fingerprint, Incoming, SourceChanged, accept, accept_all
from dossier.catalogue.database import Catalogue
from dossier.contents import Contents
from dossier.errors import DamagedFile, EmptyFile, PageFailed, PageTimeout, ServiceUnreachable, TruncatedFile
from dossier.natural_order import file_key, natural_key
from dossier.place import METADATA_NAME, is_ignored, legible, place_in_inbox
from dossier.room import FLAG, Room
from dossier.settings import Settings
from dossier.vault import Vault
from pipeline.crew.tasks import InspectTask, inspection_seconds
from pipeline.crew.worker_process import WorkerProcess
from pipeline.files.sources import Limits
from pipeline.intake.aside import Aside
from pipeline.intake.held import is_held_by_writer

log = logging.getLogger(__name__)

ACTOR = "watch"
# After its writer has closed or renamed a file, so little quiet is enough.
CLOSED_SETTLE_SECONDS = 0.3
# A file whose look takes longer is left to a worker, which has more time, so that a hostile one holds up no others: the
# volumes of a morning take a second or two each.
FIRST_LOOK_SECONDS = 15.0
# A look that failed so often for reasons that are not the file's is left to a worker, which counts its own attempts.
MOST_LOOKS = 3
_RETRY_SECONDS = 5.0
_LONGEST_RETRY_SECONDS = 300.0
ROUND_SECONDS = 2.0
# So many files are looked at and accepted together: a transaction and its sync cost as much for many as for one. Nobody
# else can write to the catalogue meanwhile.
_AT_ONCE = 32
_THREADS = 8
# Files that are known and may soon be taken. Those that cannot be taken now (no permission) are known besides.
MOST_KNOWN = 4000
# Files that wait for room are named on the attention list, but no more than these: where many do, the disk is full.
_MOST_NAMED = 20
# Refusals that a file still being written looks like: they are believed only after a while.
_MAYBE_UNFINISHED = (EmptyFile, TruncatedFile, DamagedFile)
# What is no file, by its kind (inode(7)).
_KINDS = {
    stat.S_IFLNK: "链接 / a link",
    stat.S_IFIFO: "管道 / a pipe",
    stat.S_IFSOCK: "套接字 / a socket",
    stat.S_IFCHR: "设备 / a device",
    stat.S_IFBLK: "设备 / a device",
}
_NO_FILE = "不是文件 / no file"


@dataclass
class _Candidate:
    """A file that may be complete, in one state of its bytes; another state is another candidate.

    Attributes:
        fingerprint: that state.
        order: where it stands among the others.
        quiet_since: when it was first seen so (monotonic seconds: no clock of a file server is asked).
        is_closed: whether its writer closed it in this state.
        is_renamed: whether it came to its place by a rename, in this state.
        looks_unfinished: whether a look into it found it incomplete.
        looks_slow: whether a look into it was given up.
        troubles: how often it could not be looked into or taken.
        not_before: when to try again (monotonic seconds).
        is_accepted: whether only its removal is left to do.
        contents: what a look into it has found, once it is complete.
    """

    fingerprint: Fingerprint
    order: tuple[str, bool, str]
    quiet_since: float
    is_closed: bool = False
    is_renamed: bool = False
    looks_unfinished: bool = False
    looks_slow: bool = False
    troubles: int = 0
    not_before: float = 0.0
    is_accepted: bool = False
    contents: Contents | None = None


class Intake:
    """Watches over the inbox's files; told of names by events and scans, it decides by itself when to take them."""

    def __init__(
        self,
        inbox: Path,
        catalogue: Catalogue,
        vault: Vault,
        settings: Settings,
        inspector: WorkerProcess,
        room: Callable[[], Room] | None = None,
    ) -> None:
        self._room = room
        self._is_low: bool | None = None  # not known: an earlier process may have said so
        self._overflowed = False
        # Files that are larger than the room left, of which that has been said.
        self._short_of_room: set[Path] = set()
        # Names of which the attention list says that they could not be accepted; None until it was asked.
        self._said: set[str] | None = None
        self._inbox, self._catalogue, self._vault, self._settings = inbox, catalogue, vault, settings
        self._aside = Aside(inbox, vault.aside)
        self._inspector = inspector
        self._limits = Limits(settings.max_pixels, settings.max_pages, settings.split_spreads)
        self._candidates: dict[Path, _Candidate] = {}
        # Files that we ourselves have put back in the inbox: that rename says nothing of their writers.
        self._returned: set[Path] = set()
        # Links, pipes and devices in the inbox of which it has been said that they are left there; None until the first
        # scan asks what an earlier process has said.
        self._left: set[Path] | None = None
        # Folders that cannot be looked into, which has been said: of others, or deeper than a path may be long.
        self._unlisted: set[Path] = set()

    @property
    def waiting(self) -> int:
        """How many files are known and not taken yet."""
        return len(self._candidates)

    def seconds_to_rest(self) -> float | None:
        """How long it takes until the next file that its writer has closed has rested; None where there is none."""
        settle = min(self._settings.settle_seconds, CLOSED_SETTLE_SECONDS)
        now = time.monotonic()
        left = [candidate.quiet_since + settle - now for candidate in self._candidates.values() if candidate.is_closed]
        return min((seconds for seconds in left if seconds > 0), default=None)

    def get_ready(self) -> None:
        """Have the process that looks into files started before there is one."""
        self._inspector.keep_ready(InspectTask)

    def recover(self) -> None:
        """Finish what a killed process had set aside for deletion: accepted at its old place, mostly once more.

        What somebody writes to again goes back where it was; what cannot be accepted now stays aside for the next time.
        """
        if self._aside.linked is not None:
            self._say(self._aside.linked, "not_a_file", ValueError(_KINDS[stat.S_IFLNK]))
        for aside, path in self._aside.leftovers():
            try:
                if not is_held_by_writer(aside) or not self._put_back(aside, path):
                    self._accept_aside(aside, path)
            except Exception as error:
                self._say(path, "not_accepted", error)

    def nominate(self, path: Path, is_closed: bool = False, is_renamed: bool = False) -> None:
        """Look at a file again: new, changed, closed by its writer, or put there by a rename."""
        relative = PurePosixPath(path.relative_to(self._inbox))
        if is_ignored(relative):
            return
        if self._is_outside(path):
            self._candidates.pop(path, None)
            return
        is_renamed = is_renamed and path not in self._returned
        try:
            status = path.stat(follow_symlinks=False)
        except (OSError, ValueError):
            self._candidates.pop(path, None)
            return
        if not stat.S_ISREG(status.st_mode):
            self._candidates.pop(path, None)
            self._leave(path, _KINDS.get(stat.S_IFMT(status.st_mode), _NO_FILE))
            return
        known = self._candidates.get(path)
        if known is None and self.is_full:
            self._overflowed = True
            return
        fingerprint = Fingerprint.of_status(status)
        if known is None or known.fingerprint != fingerprint:
            self._candidates[path] = _Candidate(fingerprint, _order(relative), time.monotonic(), is_closed, is_renamed)
        else:
            known.is_closed = known.is_closed or is_closed
            known.is_renamed = known.is_renamed or is_renamed

    @property
    def is_full(self) -> bool:
        """Whether so many files are known that no more are looked at before some of them are taken."""
        if len(self._candidates) < MOST_KNOWN:
            return False
        stuck = sum(bool(candidate.troubles) for candidate in self._candidates.values())
        return len(self._candidates) - stuck >= MOST_KNOWN

    @property
    def wants_scan(self) -> bool:
        """Whether files were passed over for being too many, and there is room for them now."""
        return self._overflowed and len(self._candidates) < MOST_KNOWN // 2

    def scan(self) -> None:
        """Nominate what lies in the inbox, folder by folder, until too many files are known."""
        self._overflowed = False
        self._forget_left()
        unlisted: dict[Path, OSError] = {}

        def note(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError | NotADirectoryError):  # it has gone meanwhile
                unlisted[Path(str(error.filename))] = error

        for path in _files_below(self._inbox, note):
            self.nominate(path)
            if self._overflowed:
                break
        for path in unlisted.keys() - self._unlisted:
            self._say(path, "not_accepted", unlisted[path])
        if self._overflowed:
            self._unlisted |= unlisted.keys()
            return
        for path in self._unlisted - unlisted.keys():
            self._unsay(path)
        self._unlisted = set(unlisted)

    def _is_outside(self, path: Path) -> bool:
        """Whether a path leads out of the inbox, through a folder that is a link; what lies there is not ours to take.

        The inbox itself may be a link, to a share.
        """
        folder = path.parent
        while folder != self._inbox:
            if folder.is_symlink():
                self._leave(folder, _KINDS[stat.S_IFLNK])
                return True
            folder = folder.parent
        return False

    def _leave(self, path: Path, reason: str) -> None:
        """Say once that something in the inbox is no file, and is left where it is."""
        if self._left is None or path not in self._left:
            if self._left is not None:
                self._left.add(path)
            self._say(path, "not_a_file", ValueError(reason))

    def _forget_left(self) -> None:
        """Take from the attention list what has gone from the inbox, or is a file by now."""
        if self._left is None:
            with self._catalogue.reading() as session:
                self._left = {self._inbox / name for name in flags.subjects(session, "inbox", "not_a_file")}
        gone = [path for path in self._left if not _stands(path) or (path.is_file() and not path.is_symlink())]
        for path in gone:
            self._left.discard(path)
            with self._catalogue.writing() as session:
                flags.close_flag(session, "inbox", legible(str(path.relative_to(self._inbox))), "not_a_file")

    def take_complete(self, should_stop: Callable[[], bool] = lambda: False) -> int:
        """Accept files that are complete now, for a few seconds at most; returns how many left the inbox.

        A file that cannot be taken is put off, with longer and longer waits, and never stops the others.
        """
        taken = 0
        until = time.monotonic() + ROUND_SECONDS
        self._short_of_room &= self._candidates.keys()
        left = self._room_left() if self._candidates or self._is_low else None
        if not self._candidates or left is None:
            return 0
        complete: list[Path] = []
        together = 0  # bytes of these
        for path in sorted(self._candidates, key=self._turn):
            if should_stop() or time.monotonic() > until:
                break
            size = self._size_to_take(path)
            if left < size <= left + together:  # there may be room for it when these have left the inbox
                taken += self._take(complete)
                complete, together = [], 0
                left = self._room_left()
                if left is None:
                    break
            if size > left:
                self._wait_for_room(path, size, left)
                continue
            try:
                if self._is_complete(path):
                    complete.append(path)
                    left -= size
                    together += size
            except Exception as error:
                self._put_off(path)
                self._say(path, "not_accepted", error)
            if len(complete) == _AT_ONCE:
                taken += self._take(complete)
                complete, together = [], 0
                left = self._room_left()
                if left is None:
                    break
        return taken + self._take(complete)

    def _turn(self, path: Path) -> tuple[int, tuple[str, bool, str]]:
        """When it is a file's turn: what has made trouble comes last."""
        candidate = self._candidates[path]
        return candidate.troubles + candidate.looks_slow, candidate.order

    def _room_left(self) -> float | None:
        """How many bytes may be taken in now; None where nothing is taken.

        That is below the floor, or where many files wait for room and not even the smallest has it. It is put on the
        attention list, and taken off it.
        """
        if self._room is None:
            return math.inf
        room = self._room()
        smallest = 0
        if len(self._short_of_room) >= _MOST_NAMED:
            smallest = min(map(self._size_to_take, self._candidates), default=0)
        is_low = not room.holds(smallest)
        if is_low != self._is_low:
            with self._catalogue.writing() as session:
                if is_low:
                    reason = room.shortage(smallest)
                    log.warning("the disk is low, nothing is taken in: %s", reason)
                    flags.raise_flag(session, *FLAG[:2], None, FLAG[2], reason=reason)
                else:
                    flags.close_flag(session, *FLAG)
            self._is_low = is_low
        return None if is_low else room.left

    def _size_to_take(self, path: Path) -> int:
        """How many bytes of the disk a file takes; none where only its removal is left."""
        candidate = self._candidates[path]
        return 0 if candidate.is_accepted else candidate.fingerprint.size

    def _wait_for_room(self, path: Path, size: int, left: float) -> None:
        """Leave a file where it is until there is room for it, and say why; smaller ones go on."""
        if path not in self._short_of_room and len(self._short_of_room) < _MOST_NAMED:
            self._short_of_room.add(path)
            reason = f"磁盘空间不够 / no room on the disk: {size / 1e9:.3f} GB > {left / 1e9:.3f} GB"
            self._say(path, "not_accepted", OSError(errno.ENOSPC, reason))

    def _is_complete(self, path: Path) -> bool:
        """Whether a file can be taken now: it is whole and was looked into, or only its removal is left."""
        candidate = self._candidates[path]
        now = time.monotonic()
        if now < candidate.not_before:
            return False
        self.nominate(path)
        if self._candidates.get(path) is not candidate:
            return False
        return candidate.is_accepted or self._was_looked_into(path, candidate, now - candidate.quiet_since)

    def _take(self, paths: Sequence[Path]) -> int:
        """Accept complete files together, and remove them; returns how many left the inbox."""
        self._accept_together([path for path in paths if not self._candidates[path].is_accepted])
        return sum(self._remove_accepted(path) for path in paths if self._candidates[path].is_accepted)

    def _remove_accepted(self, path: Path) -> bool:
        candidate = self._candidates[path]
        try:
            self._remove(path, candidate.fingerprint)
        except Exception as error:
            self._put_off(path)
            self._say(path, "not_removable" if isinstance(error, OSError) else "not_accepted", error)
            return False
        if self._candidates.get(path) is candidate:
            del self._candidates[path]
            self._returned.discard(path)
        return True

    def _accept_together(self, paths: Sequence[Path]) -> None:
        """Accept files in one transaction; where that fails, each in one of its own, so that only the faulty wait."""
        incoming = {
            path: self._incoming(path, path, self._candidates[path].contents, self._candidates[path].fingerprint)
            for path in paths
        }
        outcomes = accept_all(self._catalogue, self._vault, list(incoming.values()), ACTOR, _THREADS)
        for path, outcome in zip(paths, outcomes, strict=True):
            if isinstance(outcome, Accepted):
                self._candidates[path].is_accepted = True
                self._note_accepted(path, outcome)
            elif not isinstance(outcome, SourceChanged):
                self._put_off(path)
                self._say(path, "not_accepted", outcome)

    def _was_looked_into(self, path: Path, candidate: _Candidate, quiet: float) -> bool:
        """Look into a file if it is complete; False while it may not be."""
        settle = self._settings.settle_seconds
        if candidate.is_closed or candidate.is_renamed:
            settle = min(settle, CLOSED_SETTLE_SECONDS)
        if quiet < settle and not candidate.is_renamed:
            return False
        is_held = is_held_by_writer(path)
        is_whole = candidate.is_renamed and is_held is False
        if is_held or (quiet < settle and not is_whole):
            return False
        may_be_unfinished = quiet < self._settings.incomplete_after_seconds
        if may_be_unfinished and (candidate.looks_unfinished or candidate.looks_slow):
            return False
        contents = None
        if not candidate.looks_slow:
            try:
                contents = self._look_into(path, path)
            except PageTimeout:
                candidate.looks_slow = True
        if candidate.looks_slow:
            if may_be_unfinished:
                return False
        elif contents is None:
            candidate.troubles += 1
            if candidate.troubles < MOST_LOOKS:
                return False
        elif may_be_unfinished and isinstance(contents.refusal, _MAYBE_UNFINISHED):
            candidate.looks_unfinished = True
            return False
        elif not contents.is_single_picture and quiet < self._settings.settle_seconds and not is_whole:
            # Some scanners close a file of several pages after each page, whole every time.
            candidate.is_closed = candidate.is_renamed = False
            return False
        candidate.contents = contents
        return True

    def _incoming(
        self, file: Path, path: Path, contents: Contents | None, fingerprint: Fingerprint | None = None
    ) -> Incoming:
        """The bytes of `file` as what was dropped at `path`."""
        relative = PurePosixPath(path.relative_to(self._inbox))
        return Incoming(
            path=file, place=place_in_inbox(relative), source=legible(str(relative)), origin="watch",
            contents=contents, fingerprint=fingerprint,
        )  # fmt: skip

    def _note_accepted(self, path: Path, accepted: Accepted) -> None:
        self._unsay(path)
        name = legible(str(path.relative_to(self._inbox)))
        log.info("%s: %s", "known already" if accepted.is_replay else "accepted", name)

    def _look_into(self, file: Path, path: Path) -> Contents | None:
        return inspect_file(self._inspector, file, self._limits, path.name)

    def _accept_aside(self, aside: Path, path: Path) -> None:
        """Accept a file that was set aside as what stood at its old place, and delete it."""
        try:
            contents = self._look_into(aside, path)
        except PageTimeout:
            contents = None
        incoming = self._incoming(aside, path, contents)
        self._note_accepted(path, accept(self._catalogue, self._vault, incoming, ACTOR))
        self._aside.delete(aside)

    def _remove(self, path: Path, accepted: Fingerprint) -> None:
        """Take an accepted file out of the inbox, unless it is no longer the one that was accepted."""
        try:
            aside = self._aside.take(path)
        except FileNotFoundError:
            log.info("%s: its owner took it away", legible(path.name))
            return
        if Fingerprint.of(aside) == accepted and not is_held_by_writer(aside):
            self._aside.delete(aside)
        elif self._put_back(aside, path):
            self.nominate(path)
        else:
            self._accept_aside(aside, path)

    def _put_back(self, aside: Path, path: Path) -> bool:
        self._returned.add(path)
        return self._aside.put_back(aside, path)

    def _put_off(self, path: Path) -> None:
        candidate = self._candidates.get(path)
        if candidate is not None:
            candidate.troubles += 1
            wait = min(_RETRY_SECONDS * 2 ** (candidate.troubles - 1), _LONGEST_RETRY_SECONDS)
            candidate.not_before = time.monotonic() + wait

    def _say(self, path: Path, code: str, error: Exception) -> None:
        """Put a file that is stuck in the inbox on the attention list."""
        name = legible(str(path.relative_to(self._inbox)))
        log.error("%s: %s: %s: %s", name, code, type(error).__name__, error)
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        try:
            with self._catalogue.writing() as session:
                flags.raise_flag(session, "inbox", name, None, code, path=name, reason=reason)
            if self._said is not None and code == "not_accepted":
                self._said.add(name)
        except OperationalError as again:
            log.error("%s", again)

    def _unsay(self, path: Path) -> None:
        name = legible(str(path.relative_to(self._inbox)))
        if self._said is None:
            with self._catalogue.reading() as session:
                self._said = set(flags.subjects(session, "inbox", "not_accepted"))
        if name in self._said:
            with self._catalogue.writing() as session:
                flags.close_flag(session, "inbox", name, "not_accepted")
            self._said.discard(name)


def inspect_file(inspector: WorkerProcess, path: Path, limits: Limits, name: str) -> Contents | None:
    """Look into a file in a process that can be killed.

    Returns:
        What is in it, or why it is refused; None where nothing was learnt about the file: the process died, or the
        machine failed.

    Raises:
        PageTimeout: it takes longer than a first look may.
    """
    try:
        task = InspectTask(path, legible(name), limits)
        answer = inspector.perform(task, inspection_seconds(path, FIRST_LOOK_SECONDS))
    except PageTimeout:
        log.warning("%s: a look into it takes long", legible(path.name))
        raise
    except (PageFailed, ServiceUnreachable) as error:
        log.warning("%s: %s", legible(path.name), error)
        return None
    assert isinstance(answer, Contents)
    return answer


def _stands(path: Path) -> bool:
    """Whether something has this name, were it a link that leads nowhere."""
    try:
        path.lstat()
    except (OSError, ValueError):
        return False
    return True


def _files_below(folder: Path, onerror: Callable[[OSError], None]) -> Iterator[Path]:
    """All files and links, to folders too; what links lead to and hidden folders are left out."""
    for directory, folders, names in os.walk(folder, onerror=onerror):
        folders[:] = sorted((name for name in folders if not name.startswith(".")), key=natural_key)
        links = [name for name in folders if os.path.islink(f"{directory}/{name}")]  # noqa: PTH114 (never raises)
        for name in sorted([*names, *links], key=lambda name: (name.casefold() != METADATA_NAME, file_key(name))):
            yield Path(directory) / name


def _order(relative: PurePosixPath) -> tuple[str, bool, str]:
    """The order of taking: by folder, a case's metadata before its pages, pages in natural order."""
    name = relative.name
    return natural_key(str(relative.parent)), name.casefold() != METADATA_NAME, file_key(name)
