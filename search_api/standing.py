"""Where things stand, for everybody who looks at the board, counted once for all of them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from dossier.attention import Question, questions
from dossier.catalogue.database import Catalogue
from dossier.status import Status, VolumeStatus, status_of, volume_statuses

FRESH_SECONDS = 1.0
# Counting never takes more than a tenth of the time, however many pages there are and however many people look.
_REST_FACTOR = 10.0


@dataclass(frozen=True)
class Standing:
    """The board's content: totals, volumes (deadline first), and what needs a hand (newest first)."""

    status: Status
    volumes: tuple[VolumeStatus, ...]
    questions: tuple[Question, ...]


class Standings:
    """The latest standing, counted anew when it has become old."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._latest: Standing | None = None
        self._old_at = 0.0

    def latest(self) -> Standing:
        """The standing, at most a second old (older only where counting takes long)."""
        with self._lock:
            begun = time.monotonic()
            if self._latest is None or begun >= self._old_at:
                with self._catalogue.reading() as session:
                    self._latest = Standing(
                        status_of(session), tuple(volume_statuses(session)), tuple(questions(session))
                    )
                took = time.monotonic() - begun
                self._old_at = time.monotonic() + max(FRESH_SECONDS, took * _REST_FACTOR)
            return self._latest
