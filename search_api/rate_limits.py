"""Rate limits: how much one person, or one program, may ask in a minute, so that what runs wild leaves room for others.

A token bucket for each: it holds a minute's worth, is filled steadily, and each request takes out what it costs. Nobody
who works meets its bottom; a program that asks in a circle does.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from dossier.viewers import Viewer
from search_api.problems import Problem

WINDOW_SECONDS = 60
_MOST_KNOWN = 10_000
_PLAIN_COST = 1
# What makes the machine work harder than a page or its picture does.
_COSTS: tuple[tuple[str, re.Pattern[str], int], ...] = (
    ("POST", re.compile(r"(/api/v1)?/roster"), 40),
    ("POST", re.compile(r"/api/v1/(cases/[^/]+/files|uploads)"), 4),
    ("GET", re.compile(r"/|/api/v1/(search(/.*)?|volumes/[^/]+/hits)"), 4),
    # Thousands of readings may be looked at for one answer.
    ("GET", re.compile(r"(/api/v1)?/cases/[^/]+/statements"), 20),
    ("GET", re.compile(r"/api/v1/.*\.(pdf|docx|xlsx)"), 4),
)


@dataclass(frozen=True)
class Left:
    """What is left to somebody after a request.

    Attributes:
        limit: what a full bucket holds.
        tokens: whole ones that are left.
        seconds: until it is full again.
        wait: seconds until there is enough for this request; 0: it may go on.
    """

    limit: int
    tokens: int
    seconds: int
    wait: int

    @property
    def policy_header(self) -> str:
        """The limit, as `RateLimit-Policy` says it (draft-ietf-httpapi-ratelimit-headers-10, 3)."""
        return f'"requests";q={self.limit};w={WINDOW_SECONDS}'

    @property
    def header(self) -> str:
        """What is left, as `RateLimit` says it (section 4 there)."""
        return f'"requests";r={self.tokens};t={self.seconds}'

    @property
    def is_low(self) -> bool:
        """Whether less than half is left: before, it need not be said."""
        return self.tokens * 2 < self.limit


class RateLimits:
    """The buckets of those who have asked of late.

    Args:
        a_minute: what one may ask in a minute, in requests of the plain kind; 0: without end.
        clock: seconds, monotonic.
    """

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = a_minute
        self._clock = clock
        self._lock = threading.Lock()
        # Tokens, and when they were counted; whoever asked longest ago stands first.
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, viewer: Viewer, method: str, path: str) -> Left | None:
        """Take what a request costs out of somebody's bucket; where there is not enough, nothing is taken.

        Returns:
            What is left; None where there is no limit.
        """
        if not self._limit:
            return None
        rate, price, now = self._limit / WINDOW_SECONDS, min(cost(method, path), self._limit), self._clock()
        with self._lock:
            tokens, at = self._buckets.pop(viewer.id, (float(self._limit), now))
            tokens = min(tokens + (now - at) * rate, float(self._limit))
            wait = 0 if tokens >= price else math.ceil((price - tokens) / rate)
            tokens -= 0 if wait else price
            self._buckets[viewer.id] = (tokens, now)
            while len(self._buckets) > _MOST_KNOWN:
                self._buckets.pop(next(iter(self._buckets)))
        return Left(self._limit, int(tokens), math.ceil((self._limit - tokens) / rate), wait)


def cost(method: str, path: str) -> int:
    """What a request takes out of the bucket."""
    for costly, pattern, price in _COSTS:
        if method == costly and pattern.fullmatch(path):
            return price
    return _PLAIN_COST


def too_many(left: Left) -> Problem:
    """That somebody has asked too much, and when they may go on."""
    return Problem(
        429, "rate_limited", "请求太频繁。", f"请等 {left.wait} 秒再试；程序请放慢速度，正常使用不会遇到。",
        headers={
            "Retry-After": str(left.wait), "RateLimit-Policy": left.policy_header, "RateLimit": left.header,
        },
    )  # fmt: skip
