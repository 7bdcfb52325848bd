"""Where things stand, for everybody who looks at the board: each sees the part that is within their sight."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from weakref import WeakValueDictionary

from dossier import permissions
from dossier.attention import Question, questions
from dossier.catalogue.database import Catalogue
from dossier.status import Status, VolumeStatus, status_of, volume_statuses
from dossier.viewers import Viewer

FRESH_SECONDS = 1.0
MOST_VOLUMES = 5000
# Counting never takes more than a tenth of the time, however many pages there are and however many people look.
_REST_FACTOR = 10.0
_FORGOTTEN_SECONDS = 60.0


@dataclass(frozen=True)
class Standing:
    """The board's content: totals, volumes (as `volume_statuses` orders them), and what needs a hand (newest first)."""

    status: Status
    volumes: tuple[VolumeStatus, ...]
    questions: tuple[Question, ...]


@dataclass
class _Kept:
    standing: Standing
    permissions_version: int
    old_at: float


class Standings:
    """The latest standing of each viewer, counted anew when it has become old."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._kept: dict[Viewer, _Kept] = {}
        # What counts for a viewer holds up whoever else asks as this viewer, and nobody else.
        self._counting: WeakValueDictionary[Viewer, threading.Lock] = WeakValueDictionary()

    def latest(self, viewer: Viewer) -> Standing:
        """What a viewer sees, at most a second old (older only where counting takes long).

        Never older than the last change of who sees what.
        """
        with self._lock:
            counting = self._counting.setdefault(viewer, threading.Lock())
        with counting, self._catalogue.reading() as session:
            begun = time.monotonic()
            version = permissions.version(session)
            with self._lock:
                kept = self._kept.get(viewer)
            if kept is not None and kept.permissions_version == version and begun < kept.old_at:
                return kept.standing
            standing = Standing(
                status_of(session, viewer),
                tuple(volume_statuses(session, viewer, MOST_VOLUMES)),
                tuple(questions(session, viewer)),
            )
        now = time.monotonic()
        with self._lock:
            self._kept = {who: known for who, known in self._kept.items() if now < known.old_at + _FORGOTTEN_SECONDS}
            rest = (now - begun) * _REST_FACTOR * len({*self._kept, viewer})
            self._kept[viewer] = _Kept(standing, version, now + max(FRESH_SECONDS, rest))
        return standing
