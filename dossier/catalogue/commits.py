"""Commits: noticing that somebody has written to the catalogue, at once and at hardly any cost.

Work and outbox are rows, so whoever does them has to look for them. Looking often costs; looking seldom lets a page
wait. SQLite counts the commits of other connections, and tells the count without a transaction and without reading a
table (https://www.sqlite.org/pragma.html#pragma_data_version).
"""

from __future__ import annotations

import time
from sqlite3 import Connection
from typing import cast

from sqlalchemy import Engine

_LOOK_SECONDS = 0.02


class Commits:
    """The commits to a catalogue by anybody but this object's own connection; used by one thread.

    Args:
        engine: the catalogue's. Where it is not SQLite, commits are not noticed, and `wait` takes its full time.
    """

    def __init__(self, engine: Engine) -> None:
        self._connection: Connection | None = None
        if engine.dialect.name == "sqlite":
            pooled = engine.raw_connection()
            self._connection = cast(Connection, pooled.driver_connection)
            pooled.detach()
        self._seen = self._version()

    def are_new(self) -> bool:
        """Whether there were any since this was asked last."""
        seen, self._seen = self._seen, self._version()
        return seen != self._seen

    def wait(self, seconds: float) -> None:
        """Wait until there is one; no longer than so many seconds."""
        until = time.monotonic() + seconds
        while not self.are_new() and (left := until - time.monotonic()) > 0:
            time.sleep(min(_LOOK_SECONDS, left))

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _version(self) -> int:
        if self._connection is None:
            return 0
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)
