"""The ticket: what the browser carries while somebody signs in elsewhere, so that nobody else's answer is taken for it.

It is a cookie with a random number, the hour and where to go on, signed by this process. `state`, `nonce` and PKCE's
verifier are made of the number by a secret, so that nothing has to be kept for those who never come back, however many
they are. Used ones are remembered as long as they are good.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

GOOD_SECONDS = 600.0
_MOST_REMEMBERED = 10_000
_LONGEST = 4000


@dataclass(frozen=True)
class Ticket:
    """What belongs to one attempt to sign in.

    Attributes:
        number: random.
        target: where to go on afterwards, on this site.
        state: comes back with the browser.
        nonce: comes back in the token.
        verifier: PKCE's; `challenge` is its digest.
    """

    number: str
    target: str
    state: str
    nonce: str
    verifier: str

    @property
    def challenge(self) -> str:
        """What is told beforehand of the verifier (RFC 7636, 4.2, S256)."""
        return _text(hashlib.sha256(self.verifier.encode("ascii")).digest())


class Tickets:
    """Makes tickets, and takes each of them once.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._key = secrets.token_bytes(32)
        self._clock = clock
        self._lock = threading.Lock()
        self._used: dict[str, float] = {}

    def new(self, target: str) -> tuple[Ticket, str]:
        """A ticket, and the cookie that stands for it."""
        # A browser keeps no cookie of more than 4,096 bytes: who wanted to go on far begins at the beginning.
        fits = len(json.dumps(target)) <= _LONGEST // 2
        ticket = self._ticket(secrets.token_urlsafe(32), target if fits else "/")
        content = json.dumps([ticket.number, self._clock(), ticket.target]).encode()
        return ticket, f"{_text(content)}.{self._mac('cookie', content)}"

    def take(self, cookie: str, state: str) -> Ticket | None:
        """The ticket of a cookie that was given out here, is not too old, has this state, and was not taken before."""
        encoded, _, mac = cookie.partition(".")
        if len(cookie) > _LONGEST or not cookie.isascii():
            return None
        try:
            content = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except ValueError:
            return None
        if not hmac.compare_digest(mac, self._mac("cookie", content)):
            return None
        number, made_at, target = json.loads(content)
        ticket, now = self._ticket(number, target), self._clock()
        if now - made_at > GOOD_SECONDS or not hmac.compare_digest(state.encode(), ticket.state.encode()):
            return None
        with self._lock:
            if number in self._used:
                return None
            self._used = {each: at for each, at in self._used.items() if now - at <= GOOD_SECONDS}
            self._used[number] = now
            while len(self._used) > _MOST_REMEMBERED:
                self._used.pop(next(iter(self._used)))
        return ticket

    def _ticket(self, number: str, target: str) -> Ticket:
        parts = (self._mac(part, number.encode()) for part in ("state", "nonce", "verifier"))
        return Ticket(number, target, *parts)

    def _mac(self, purpose: str, content: bytes) -> str:
        return _text(hmac.new(self._key, purpose.encode() + b"\0" + content, hashlib.sha256).digest())


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode("ascii").rstrip("=")
