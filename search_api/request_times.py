"""Request times: how many requests each route had, how they ended, and how long they took."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Upper bounds in seconds: a cached picture, a page of the reader, a search, an answer that somebody notices, an upload.
BOUNDS = (0.01, 0.05, 0.1, 0.3, 0.5, 1.0, 5.0, 30.0)


@dataclass
class RouteTimes:
    """The requests of a route: how many ended with which status, how many within each bound, and seconds in all."""

    statuses: Counter[int] = field(default_factory=Counter)
    within: list[int] = field(default_factory=lambda: [0] * len(BOUNDS))
    count: int = 0
    seconds: float = 0.0


class RequestTimes:
    """What was counted since the server was started; used by its event loop alone."""

    def __init__(self) -> None:
        self.routes: dict[tuple[str, str], RouteTimes] = defaultdict(RouteTimes)

    def add(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count a request."""
        route = self.routes[method, path]
        route.statuses[status] += 1
        route.count += 1
        route.seconds += seconds
        for place, bound in enumerate(BOUNDS):
            if seconds <= bound:
                route.within[place] += 1


class Stopwatch:
    """ASGI middleware around all others: times every request until its answer is sent whole.

    Args:
        app: the site.
        times: where they are counted, by the route's path with its parameters unfilled: ids stand in no metric.
    """

    def __init__(self, app: ASGIApp, times: RequestTimes) -> None:
        self._app, self._times = app, times

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Time a request; see ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, started = 500, time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            path = getattr(scope.get("route"), "path", "")
            # What no route took is counted under one name: others invent paths and methods without end.
            method = scope["method"] if path else ""
            self._times.add(method, path or "none", status, time.perf_counter() - started)
