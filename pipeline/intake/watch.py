"""Watching the inbox: watchdog's events, or polling where the folder lies on a network, feed the intake."""

from __future__ import annotations

import logging
import os
import queue
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserver

from dossier.settings import Settings
from pipeline.intake.inbox import Intake

log = logging.getLogger(__name__)

POLLING_SECONDS = 2.0
_ROUND_SECONDS = 0.1
# File systems on which the kernel sees only what this machine itself writes.
_NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "9p", "fuse", "vboxsf", "afs", "ceph", "glusterfs", "prl_fs", "drvfs")


class _Nominator(FileSystemEventHandler):
    """Puts the names that events mention in a queue, with what is known of them."""

    def __init__(self, names: queue.SimpleQueue[tuple[Path, bool]]) -> None:
        self._names = names

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Nominate the file of an event; a folder that appears may have files in it already."""
        name = os.fsdecode(event.dest_path if isinstance(event, FileMovedEvent | DirMovedEvent) else event.src_path)
        if event.is_directory:
            if isinstance(event, DirCreatedEvent | DirMovedEvent):
                for directory, _, files in os.walk(name):
                    for file in files:
                        self._names.put((Path(directory) / file, False))
        else:
            self._names.put((Path(name), isinstance(event, FileClosedEvent | FileMovedEvent)))


def watch(inbox: Path, intake: Intake, settings: Settings, should_stop: Callable[[], bool]) -> None:
    """Feed the intake from events and scans until told to stop."""
    names: queue.SimpleQueue[tuple[Path, bool]] = queue.SimpleQueue()
    observer = _observer(inbox, settings, _Nominator(names))
    next_scan = 0.0
    try:
        intake.recover()
        while not should_stop():
            while not names.empty():
                path, is_closed = names.get()
                intake.nominate(path, is_closed)
            if time.monotonic() >= next_scan:
                intake.scan()
                next_scan = time.monotonic() + settings.scan_interval_seconds
            if not intake.take_complete(should_stop):
                time.sleep(_ROUND_SECONDS)
    finally:
        observer.stop()
        observer.join()


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


def _observer(inbox: Path, settings: Settings, handler: FileSystemEventHandler) -> BaseObserver:
    if settings.watch_mode == "polling" or (settings.watch_mode == "auto" and needs_polling(inbox)):
        return _started(PollingObserver(timeout=POLLING_SECONDS), inbox, handler)
    try:
        return _started(Observer(), inbox, handler)
    except OSError as error:
        if settings.watch_mode == "events":
            raise
        log.warning("no events for %s (%s): polling instead", inbox, error)
        return _started(PollingObserver(timeout=POLLING_SECONDS), inbox, handler)


# watchdog finds a new folder twice, by its event and by the walk that follows, and says so at length. It is harmless.
warnings.filterwarnings("ignore", message="Callback with id", category=RuntimeWarning)


def _started(observer: BaseObserver, inbox: Path, handler: FileSystemEventHandler) -> BaseObserver:
    observer.schedule(handler, str(inbox), recursive=True)
    observer.start()
    return observer
