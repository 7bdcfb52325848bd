"""Watching the inbox: watchdog's events, or polling where the folder lies on a network, feed the intake."""

from __future__ import annotations

import logging
import os
import queue
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyObserver
from watchdog.observers.polling import PollingObserverVFS

from dossier.settings import Settings
from pipeline.intake.inbox import Intake

log = logging.getLogger(__name__)

POLLING_SECONDS = 2.0
_ROUND_SECONDS = 0.1
# File systems on which the kernel sees only what this machine itself writes.
_NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "9p", "fuse", "vboxsf", "afs", "ceph", "glusterfs", "prl_fs", "drvfs")


@dataclass(frozen=True)
class Sign:
    """What an event tells of a file: its name, and whether its writer closed it or renamed it to that name."""

    path: Path
    is_closed: bool = False
    is_renamed: bool = False


class Nominator(FileSystemEventHandler):
    """Puts the names that events mention in a queue, with what is known of them.

    Args:
        signs: the queue.
        sees_writers: whether the events are the kernel's own. A comparison of two listings sees a rename too, but not
            that another machine still writes to the file.
    """

    def __init__(self, signs: queue.SimpleQueue[Sign], sees_writers: bool = True) -> None:
        self._signs, self._sees_writers = signs, sees_writers

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Nominate the file of an event; a folder that appears may have files in it already.

        A rename has two names; of one that leads out of the inbox or comes from outside, the far one is empty.
        """
        is_move = isinstance(event, FileMovedEvent | DirMovedEvent)
        name = os.fsdecode((event.dest_path or event.src_path) if is_move else event.src_path)
        if event.is_directory:
            if isinstance(event, DirCreatedEvent | DirMovedEvent):
                for directory, _, files in os.walk(name):
                    for file in files:
                        self._signs.put(Sign(Path(directory) / file))
            return
        is_renamed = isinstance(event, FileMovedEvent) and bool(event.dest_path)
        is_closed = isinstance(event, FileClosedEvent)
        self._signs.put(Sign(Path(name), is_closed and self._sees_writers, is_renamed and self._sees_writers))


def watch(inbox: Path, intake: Intake, settings: Settings, should_stop: Callable[[], bool]) -> None:
    """Feed the intake from events and scans until told to stop."""
    signs: queue.SimpleQueue[Sign] = queue.SimpleQueue()
    observer = _observer(inbox, settings, signs)
    next_scan = 0.0
    try:
        intake.recover()
        while not should_stop():
            intake.get_ready()
            if time.monotonic() >= next_scan:
                intake.scan()
                next_scan = time.monotonic() + settings.scan_interval_seconds
            took = intake.take_complete(should_stop)
            _hear(signs, intake, 0.0 if took else min(intake.seconds_to_rest() or _ROUND_SECONDS, _ROUND_SECONDS))
    finally:
        observer.stop()
        observer.join()


def _hear(signs: queue.SimpleQueue[Sign], intake: Intake, seconds: float) -> None:
    """Nominate what events name, for so long; no longer than until a rename, since its file can be taken at once."""
    until = time.monotonic() + seconds
    is_renamed = False
    while True:
        wait = 0.0 if is_renamed else max(until - time.monotonic(), 0.0)
        try:
            sign = signs.get(timeout=wait)
        except queue.Empty:
            return
        intake.nominate(sign.path, sign.is_closed, sign.is_renamed)
        is_renamed = is_renamed or sign.is_renamed


def needs_polling(folder: Path, mounts: Path = Path("/proc/mounts")) -> bool:
    """Whether a folder lies on a file system whose changes by other machines raise no events here."""
    best = ("", "")
    resolved = str(folder.resolve())
    for entry in mounts.read_text("utf-8", errors="replace").splitlines():
        _, point, kind, *_ = entry.split(" ")
        point = point.replace("\\040", " ")
        if (resolved == point or resolved.startswith(point.rstrip("/") + "/")) and len(point) >= len(best[0]):
            best = (point, kind)
    return best[1].startswith(_NETWORK_FILE_SYSTEMS)


def _observer(inbox: Path, settings: Settings, signs: queue.SimpleQueue[Sign]) -> BaseObserver:
    if settings.watch_mode == "polling" or (settings.watch_mode == "auto" and needs_polling(inbox)):
        return _polling(inbox, signs)
    try:
        # In full, a rename from an unwatched place comes as a rename, not as a file that has just been begun.
        return _started(InotifyObserver(generate_full_events=True), inbox, Nominator(signs))
    except OSError as error:
        if settings.watch_mode == "events":
            raise
        log.warning("no events for %s (%s): polling instead", inbox, error)
        return _polling(inbox, signs)


def _polling(inbox: Path, signs: queue.SimpleQueue[Sign]) -> BaseObserver:
    def status(path: str) -> os.stat_result:
        # No link is followed but the inbox itself, which may be one to a share: a link in it could lead anywhere, and
        # one that leads back into it, round and round.
        return os.stat(path, follow_symlinks=path == str(inbox))  # noqa: PTH116

    observer = PollingObserverVFS(status, os.scandir, polling_interval=POLLING_SECONDS)
    return _started(observer, inbox, Nominator(signs, sees_writers=False))


# watchdog finds a new folder twice, by its event and by the walk that follows, and says so at length. It is harmless.
warnings.filterwarnings("ignore", message="Callback with id", category=RuntimeWarning)


def _started(observer: BaseObserver, inbox: Path, handler: FileSystemEventHandler) -> BaseObserver:
    observer.schedule(handler, str(inbox), recursive=True)
    observer.start()
    return observer
