"""Background work of the site: what it does again and again besides answering, as long as it is served."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable

from starlette.concurrency import run_in_threadpool


@contextlib.asynccontextmanager
async def repeating(
    step: Callable[[], float], seconds_after_failure: float, log: logging.Logger
) -> AsyncIterator[None]:
    """While the block runs, do a step again and again, in a thread.

    Args:
        step: returns the seconds until it is done again.
        seconds_after_failure: the same after one that raised, whatever it was: the next may go better.
        log: where failures are told.
    """

    async def repeat() -> None:
        while True:
            try:
                rest = await run_in_threadpool(step)
            except Exception:
                log.exception("%s", step.__qualname__)
                rest = seconds_after_failure
            await asyncio.sleep(rest)

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
