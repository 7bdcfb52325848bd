"""The pace of the feed: how many changes it hands over at once, and how long it rests before the next.

Halved and doubled at each sign that the engine has too much to do, and brought back step by step afterwards: additive
increase, multiplicative decrease, as TCP does it (V. Jacobson, Congestion Avoidance and Control, SIGCOMM 1988).
"""

from __future__ import annotations

MOST = 500
LEAST = 8
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.5, 30.0


class Pace:
    """The pace at which one engine is fed.

    Attributes:
        size: changes to hand over at once.
        rest: seconds to wait before the next; 0.0 while all is well.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self.size = most
        self.rest = 0.0

    def slow_down(self) -> None:
        """The engine was busy, or did not answer."""
        self.size = max(self.size // 2, min(LEAST, self._most))
        self.rest = min(max(self.rest * 2, _SHORTEST_SECONDS), _LONGEST_SECONDS)

    def recover(self) -> None:
        """The engine has taken what it was given."""
        self.size = min(self.size + max(self._most // 10, 1), self._most)
        self.rest = self.rest / 2 if self.rest > _SHORTEST_SECONDS else 0.0
