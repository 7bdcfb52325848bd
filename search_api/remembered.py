"""What the door remembers across a restart: sessions, and who has guessed wrong."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from dossier import lock_outs, sessions
from dossier.catalogue.database import Catalogue


@dataclass(frozen=True)
class KeptSession:
    """A session that was kept: whose, with which password's mark, and how many seconds ago it was used."""

    user_id: str
    mark: str
    idle_seconds: float


@dataclass(frozen=True)
class KeptFailures:
    """Wrong passwords that were kept: `seconds_ago` is when the last was, `seconds_locked` what is left of the wait."""

    kind: str
    whose: str
    by_name: Mapping[str, int]
    seconds_ago: float
    seconds_locked: float


class Remembered:
    """Keeps it in the catalogue; nothing is written for a request that changes nothing.

    Args:
        catalogue: where.
        idle_seconds: how long a session lasts unused.
        forgotten_seconds: after which wrong passwords count no more.
    """

    def __init__(self, catalogue: Catalogue, idle_seconds: float, forgotten_seconds: float) -> None:
        self._catalogue, self._idle_seconds, self._forgotten = catalogue, idle_seconds, forgotten_seconds

    def keep_session(self, token: str, user_id: str, mark: str) -> None:
        """Keep a new session."""
        with self._catalogue.writing() as session:
            sessions.keep_session(session, token, user_id, mark, self._idle_seconds)

    def session_of(self, token: str) -> KeptSession | None:
        """The session of a token, None where there is none."""
        with self._catalogue.reading() as session:
            row = sessions.find_session(session, token)
            return KeptSession(row.user_id, row.stored, max(time.time() - row.used_at, 0.0)) if row else None

    def note_use(self, token: str) -> None:
        """Say that a session is in use."""
        with self._catalogue.writing() as session:
            sessions.note_use(session, token)

    def end_session(self, token: str) -> None:
        """Keep a session no more."""
        with self._catalogue.writing() as session:
            sessions.end_session(session, token)

    def keep_failures(self, kind: str, whose: str, by_name: Mapping[str, int], seconds_locked: float) -> None:
        """Keep how often an address or a name has failed, and for how long it must wait."""
        with self._catalogue.writing() as session:
            until = time.time() + seconds_locked
            lock_outs.keep(session, kind, whose, by_name, until, self._forgotten)

    def failures(self) -> list[KeptFailures]:
        """All failures that were kept, the oldest first."""
        now = time.time()
        with self._catalogue.reading() as session:
            return [
                KeptFailures(row.kind, row.whose, row.by_name, max(now - row.last_at, 0.0), row.locked_until - now)
                for row in lock_outs.kept(session)
            ]
