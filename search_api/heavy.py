"""Heavy answers: those that take much of the processor are made two at a time, and wait for each other in line.

Python lets one thread run at a time. Where twenty searches share it, each takes twenty times as long, and so does every
picture and every turn of a page in between; in line, the first has its answer at once, and what is light passes by.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

# Two: while one waits for the disk or the index, the other has the interpreter.
AT_A_TIME = 2

_line: RunVar[CapacityLimiter] = RunVar("line of heavy answers")

_Asked = ParamSpec("_Asked")
_Answer = TypeVar("_Answer")


def heavy(route: Callable[_Asked, _Answer]) -> Callable[_Asked, Coroutine[Any, Any, _Answer]]:
    """A route whose answers are made in line with the others of this kind, each in a thread as any route's."""

    @functools.wraps(route)
    async def in_line(*arguments: _Asked.args, **named: _Asked.kwargs) -> _Answer:
        call = functools.partial(route, *arguments, **named)
        return await to_thread.run_sync(call, limiter=_limiter())

    return in_line


def _limiter() -> CapacityLimiter:
    try:
        return _line.get()
    except LookupError:
        limiter = CapacityLimiter(AT_A_TIME)
        _line.set(limiter)
        return limiter
