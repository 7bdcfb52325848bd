"""Watching the inbox: watchdog's events feed the intake, or frequent scans where the folder lies on a network.

Events and scans merely name files. What more events come than are heard is dropped, and a scan follows.
"""

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

from dossier.settings import Settings
from pipeline.intake.inbox import Intake

log = logging.getLogger(__name__)

POLLING_SECONDS = 2.0
_ROUND_SECONDS = 0.1
# Signs that wait to be heard; a hundred thousand files dropped at once are found by scans instead.
_MOST_SIGNS = 10_000
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

    Attributes:
        has_dropped: whether there were more than the queue takes.
    """

    def __init__(self, signs: queue.SimpleQueue[Sign]) -> None:
        self._signs = signs
        self.has_dropped = False

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
                        self._put(Sign(Path(directory) / file))
            return
        is_renamed = isinstance(event, FileMovedEvent) and bool(event.dest_path)
        is_closed = isinstance(event, FileClosedEvent)
        self._put(Sign(Path(name), is_closed, is_renamed))

    def _put(self, sign: Sign) -> None:
        if self._signs.qsize() < _MOST_SIGNS:
            self._signs.put(sign)
        else:
            self.has_dropped = True


def watch(inbox: Path, intake: Intake, settings: Settings, should_stop: Callable[[], bool]) -> None:
    """Feed the intake from events and scans until told to stop."""
    signs: queue.SimpleQueue[Sign] = queue.SimpleQueue()
    nominator = Nominator(signs)
    observer = _observer(inbox, settings, nominator)
    interval = settings.scan_interval_seconds if observer else min(settings.scan_interval_seconds, POLLING_SECONDS)
    next_scan = 0.0
    try:
        intake.recover()
        while not should_stop():
            intake.get_ready()
            if time.monotonic() >= next_scan or intake.wants_scan or (nominator.has_dropped and signs.empty()):
                nominator.has_dropped = False
                intake.scan()
                next_scan = time.monotonic() + interval
            took = intake.take_complete(should_stop)
            _hear(signs, intake, 0.0 if took else min(intake.seconds_to_rest() or _ROUND_SECONDS, _ROUND_SECONDS))
    finally:
        if observer is not None:
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


def _observer(inbox: Path, settings: Settings, nominator: Nominator) -> BaseObserver | None:
    """What reports the inbox's events; None where it must be polled, which is to scan it often.

    A comparison of two listings would tell no more than a scan, and keep both in memory.
    """
    if settings.watch_mode == "polling" or (settings.watch_mode == "auto" and needs_polling(inbox)):
        return None
    # In full, a rename from an unwatched place comes as a rename, not as a file that has just been begun.
    observer = InotifyObserver(generate_full_events=True)
    try:
        observer.schedule(nominator, str(inbox), recursive=True)
        observer.start()
    except OSError as error:
        if settings.watch_mode == "events":
            raise
        log.warning("no events for %s (%s): polling instead", inbox, error)
        return None
    return observer


# watchdog finds a new folder twice, by its event and by the walk that follows, and says so at length. It is harmless.
warnings.filterwarnings("ignore", message="Callback with id", category=RuntimeWarning)
