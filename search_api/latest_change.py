"""The latest change: asked of the catalogue once, however many wait for the next one."""

from __future__ import annotations

import asyncio
import time

from starlette.concurrency import run_in_threadpool

from dossier import changes
from dossier.catalogue.database import Catalogue

_FRESH_SECONDS = 0.2


class LatestChange:
    """Knows the number of the latest change, at most a moment late; used by the server's event loop.

    Args:
        catalogue: where changes are written, by any process.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = asyncio.Lock()
        self._known, self._asked_at = 0, float("-inf")

    async def wait(self, number: int, seconds: float) -> bool:
        """Wait until there is a change after `number`, no longer than so many seconds; whether there is."""
        until = time.monotonic() + seconds
        while (latest := await self._number()) <= number and time.monotonic() < until:
            await asyncio.sleep(min(_FRESH_SECONDS, max(until - time.monotonic(), 0.0)))
        return latest > number

    async def _number(self) -> int:
        async with self._lock:
            if time.monotonic() - self._asked_at >= _FRESH_SECONDS:
                self._known = await run_in_threadpool(self._look)
                self._asked_at = time.monotonic()
            return self._known

    def _look(self) -> int:
        with self._catalogue.reading() as session:
            return changes.latest(session)
