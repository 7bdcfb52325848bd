"""Rosters that are searched for people at the screen, and what was found: in memory, for a while, for who asked.

Nothing of a spreadsheet reaches the disk. An answer is known by a number that nobody guesses, is given to the session
alone that asked for it, and is forgotten after half an hour, when its owner says so, when it must make room, or when
the program stops.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from dossier.errors import NotFound
from dossier.viewers import Viewer
from indexer.roster.matrix import Matrix
from search_api.problems import Problem, problem_of

log = logging.getLogger(__name__)

KEPT_SECONDS = 30 * 60.0
MOST_OF_ONE = 2
MOST = 20
MOST_CITATIONS = 2_000_000
"""Of all that is kept: some 400 bytes each."""

Search = Callable[[Callable[[int, int], None]], Matrix]


@dataclass
class KeptRoster:
    """A roster of somebody: being searched, or with what was found.

    Attributes:
        id: opaque; cannot be guessed.
        owner_id, session: whose it is.
        file_name: as it was uploaded.
        done, total: people searched so far, and all; 0 before that is known.
        started_at: when the search itself began; 0 while another one is before it.
        matrix: what was found; None before that.
        error: why nothing was.
        until: when it is forgotten, as seconds since the epoch.
    """

    id: str
    owner_id: str
    session: str
    file_name: str
    until: float
    done: int = 0
    total: int = 0
    started_at: float = 0.0
    matrix: Matrix | None = None
    error: Problem | None = None
    forgotten: threading.Event = field(default_factory=threading.Event)

    @property
    def state(self) -> str:
        """waiting, searching, done or failed."""
        if self.error is not None:
            return "failed"
        if self.matrix is not None:
            return "done"
        return "searching" if self.started_at else "waiting"

    @property
    def seconds_left(self) -> float | None:
        """How long the search will take, by its speed so far; None before anything can be said."""
        if not self.done or self.matrix is not None:
            return None
        return (time.time() - self.started_at) / self.done * (self.total - self.done)

    @property
    def citations(self) -> int:
        """How many citations it holds in memory."""
        return sum(len(row.pages) for row in self.matrix.rows) if self.matrix is not None else 0


class _CalledOff(Exception):
    """The owner has no use for it any more."""


class KeptRosters:
    """The rosters of one site.

    Args:
        lock: held while one is searched, so that there is one at a time, whoever asks for it.
    """

    def __init__(self, lock: threading.Lock) -> None:
        self._searching = lock
        self._lock = threading.Lock()
        self._kept: dict[str, KeptRoster] = {}

    def begin(self, viewer: Viewer, token: str, file_name: str, search: Search) -> KeptRoster:
        """Have a roster searched, behind those that are before it."""
        kept = KeptRoster(secrets.token_urlsafe(18), viewer.id, _digest(token), file_name, time.time() + KEPT_SECONDS)
        with self._lock:
            self._tidy()
            own = [one for one in self._kept.values() if one.owner_id == viewer.id]
            for one in own[: max(0, len(own) - MOST_OF_ONE + 1)]:
                self._drop(one)
            while len(self._kept) >= MOST:
                self._drop(next(iter(self._kept.values())))
            self._kept[kept.id] = kept
        threading.Thread(target=self._run, args=(kept, search), name="roster", daemon=True).start()
        return kept

    def of(self, viewer: Viewer, token: str) -> list[KeptRoster]:
        """What is kept for somebody's session, the latest first."""
        with self._lock:
            self._tidy()
            return [one for one in reversed(self._kept.values()) if _is_theirs(one, viewer, token)]

    def get(self, viewer: Viewer, token: str, roster_id: str) -> KeptRoster:
        """A roster of somebody's session.

        Raises:
            NotFound: there is none with this id that is theirs.
        """
        with self._lock:
            self._tidy()
            kept = self._kept.get(roster_id)
        if kept is None or not _is_theirs(kept, viewer, token):
            raise NotFound(roster_id)
        return kept

    def forget(self, kept: KeptRoster) -> None:
        """Forget a roster; a search that runs for it ends soon."""
        with self._lock:
            self._drop(kept)

    def _run(self, kept: KeptRoster, search: Search) -> None:
        while not self._searching.acquire(timeout=0.5):
            if kept.forgotten.is_set():
                return
        try:
            kept.started_at = time.time()

            def progress(done: int, total: int) -> None:
                if kept.forgotten.is_set():
                    raise _CalledOff
                kept.done, kept.total = done, total

            kept.matrix = search(progress)
        except _CalledOff:
            return
        except Exception as error:
            kept.error = problem_of(error)
            if kept.error.status >= 500:
                log.exception("a roster was not searched")
        finally:
            self._searching.release()
        kept.until = time.time() + KEPT_SECONDS
        with self._lock:
            while len(self._kept) > 1 and sum(one.citations for one in self._kept.values()) > MOST_CITATIONS:
                self._drop(next(one for one in self._kept.values() if one is not kept))

    def _tidy(self) -> None:
        now = time.time()
        for one in [one for one in self._kept.values() if one.until < now and one.state in ("done", "failed")]:
            self._drop(one)

    def _drop(self, kept: KeptRoster) -> None:
        kept.forgotten.set()
        self._kept.pop(kept.id, None)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _is_theirs(kept: KeptRoster, viewer: Viewer, token: str) -> bool:
    return kept.owner_id == viewer.id and secrets.compare_digest(kept.session, _digest(token))
