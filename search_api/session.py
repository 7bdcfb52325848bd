"""Sessions: who may come in. A person shows name and password and gets a cookie; where there are no users yet, the
one-time password printed at start does.

The cookie is an opaque random token. What it stands for is kept in memory, and beside it in the catalogue, where a
restart finds it again (docs/decisions/0033-who-comes-in.md); a session of the one-time password ends with the process,
as that does.
"""

from __future__ import annotations

import hmac
import math
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from dossier import passwords
from dossier.lock_outs import ADDRESS, NAME
from search_api.site import Site, TheSite

if TYPE_CHECKING:
    from search_api.remembered import Remembered

COOKIE = "edossier_session"

# A working day with its breaks: nobody is asked twice, and a forgotten machine is locked by next morning.
IDLE_SECONDS = 12 * 3600.0
FREE_FAILURES = 5
FIRST_LOCK_SECONDS = 30.0
LONGEST_LOCK_SECONDS = 900.0
FORGOTTEN_SECONDS = 3600.0
_MOST_KNOWN = 1000  # addresses, and names
# That a session is in use is written down this often, and not with each request.
USE_KEPT_SECONDS = 900.0
_LONGEST_TOKEN = 100


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody proved when they came in.

    Attributes:
        user_id: whose password they knew; None: the one-time password.
        mark: of the user's password as it was stored then; another one since ends the session.
    """

    user_id: str | None = None
    mark: str = field(default="", repr=False)

    @classmethod
    def of(cls, user_id: str, stored: str) -> Proof:
        """The proof of a user whose password is stored so now."""
        return cls(user_id, passwords.mark_of(stored))

    def fits(self, stored: str) -> bool:
        """Whether the user's password is still the one."""
        return hmac.compare_digest(self.mark, passwords.mark_of(stored))


class Doorkeeper:
    """Knows the one-time password, who is inside, and who has guessed wrong too often.

    After `FREE_FAILURES` wrong passwords from an address, that address waits: 30 seconds, then twice as long with each
    further failure, up to a quarter of an hour. Meanwhile even the right password is not looked at. It is the same with
    a name, from whatever addresses somebody guesses at it. Whoever gets in has their own failures forgiven, and nobody
    else's: otherwise one could guess at others' passwords for ever, with one's own in between. What was guessed wrong
    is forgotten an hour after the last of it.

    Args:
        password: the one-time password; never empty.
        clock: seconds, monotonic.
        remembered: where sessions and failures are kept across a restart; None: nowhere.
    """

    def __init__(
        self, password: str, clock: Callable[[], float] = time.monotonic, remembered: Remembered | None = None
    ) -> None:  # fmt: skip
        if not password:
            raise ValueError("an empty password would let everybody in")
        self._password = password.encode("utf-8")
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[float, Proof]] = {}
        self._of_addresses: dict[str, _Failures] = {}
        self._of_names: dict[str, _Failures] = {}
        self._remembered = remembered
        self._use_kept: dict[str, float] = {}
        self._departures = 0
        for kept in remembered.failures() if remembered else ():
            known = self._of_addresses if kept.kind == ADDRESS else self._of_names
            now = clock()
            known[kept.whose] = _Failures(
                Counter(kept.by_name), now - kept.seconds_ago, now + kept.seconds_locked, is_kept=True
            )

    def seconds_locked(self, address: str, name: str = "") -> int:
        """Whole seconds that an address, or a name, must still wait; 0 when it may try."""
        with self._lock:
            return max(0, math.ceil(self._locked_until(address, name) - self._clock()))

    def enter(self, address: str, password: str) -> str | None:
        """The token of a new session, or None where it is not the one-time password or the address must wait."""
        given = password.strip().encode("utf-8")
        return self.enter_by(address, lambda: Proof() if hmac.compare_digest(given, self._password) else None)

    def enter_by(self, address: str, look: Callable[[], Proof | None], name: str = "") -> str | None:
        """The token of a new session, or None where `look` finds no proof or the address or the name must wait.

        Looking takes time, and others look meanwhile: it counts as a failure until it has succeeded, so that nobody
        can try a hundred passwords at once.
        """
        with self._lock:
            now = self._clock()
            if self._locked_until(address, name) > now:
                return None
            _count_failure(self._of_addresses, address, name, now)
            if name:
                _count_failure(self._of_names, name, name, now)
        proof = look()
        if proof is not None:
            with self._lock:
                _forgive(self._of_addresses, address, name)
                _forgive(self._of_names, name, name)
        self._keep_failures(self._of_addresses, ADDRESS, address, has_failed=proof is None)
        if name:
            self._keep_failures(self._of_names, NAME, name, has_failed=proof is None)
        return None if proof is None else self.admit(proof)

    def admit(self, proof: Proof) -> str:
        """The token of a new session of somebody who has proved who they are, here or elsewhere."""
        with self._lock:
            now = self._clock()
            self._seen = {token: seen for token, seen in self._seen.items() if now - seen[0] <= IDLE_SECONDS}
            self._use_kept = {token: at for token, at in self._use_kept.items() if token in self._seen}
            token = secrets.token_urlsafe(32)
            self._seen[token] = (now, proof)
            self._use_kept[token] = now
        if self._remembered is not None and proof.user_id is not None:
            self._remembered.keep_session(token, proof.user_id, proof.mark)
        return token

    def proof_of(self, token: str) -> Proof | None:
        """What was proved by whoever holds a session in use, None if it is none; asking counts as use."""
        proof, is_to_keep = self._used(token)
        if proof is None and self._remembered is not None and 0 < len(token) <= _LONGEST_TOKEN:
            self._recall(token, self._remembered)
            proof, is_to_keep = self._used(token)
        if is_to_keep and self._remembered is not None:
            self._remembered.note_use(token)
        return proof

    def leave(self, token: str) -> None:
        """End a session."""
        try:
            if self._remembered is not None and 0 < len(token) <= _LONGEST_TOKEN:
                self._remembered.end_session(token)
        finally:
            with self._lock:
                self._departures += 1
                self._seen.pop(token, None)
                self._use_kept.pop(token, None)

    def _used(self, token: str) -> tuple[Proof | None, bool]:
        """The proof of a session that is in memory, and whether its use is to be noted; None if there is none.

        Looked up and prolonged in one: whoever leaves between the two would be inside again.
        """
        with self._lock:
            now = self._clock()
            at, proof = self._seen.get(token, (0.0, None))
            if proof is None or now - at > IDLE_SECONDS:
                return None, False
            kept_at = self._use_kept.get(token, now)
            is_to_keep = self._remembered is not None and proof.user_id is not None and now - kept_at > USE_KEPT_SECONDS
            self._seen[token] = (now, proof)
            self._use_kept[token] = now if is_to_keep else kept_at
            return proof, is_to_keep

    def _recall(self, token: str, remembered: Remembered) -> None:
        """Take a session that was kept into memory, unless somebody leaves meanwhile: then it is looked for again."""
        while True:
            with self._lock:
                departures = self._departures
            kept = remembered.session_of(token)
            if kept is None:
                return
            with self._lock:
                if departures != self._departures:
                    continue
                at = self._clock() - kept.idle_seconds
                self._seen.setdefault(token, (at, Proof(kept.user_id, kept.mark)))
                self._use_kept.setdefault(token, at)
                return

    def _keep_failures(self, known: dict[str, _Failures], kind: str, whose: str, has_failed: bool) -> None:
        """Keep what an address or a name has failed; who has never failed is not written about."""
        if self._remembered is None:
            return
        with self._lock:
            failures = known.get(whose)
            if failures is None or not (has_failed or failures.is_kept):
                return
            failures.is_kept = bool(failures.by_name)
            by_name, wait = dict(failures.by_name), failures.locked_until - self._clock()
        self._remembered.keep_failures(kind, whose, by_name, max(wait, 0.0))

    def _locked_until(self, address: str, name: str) -> float:
        return max(
            self._of_addresses.get(address, _NO_FAILURES).locked_until,
            self._of_names.get(name, _NO_FAILURES).locked_until,
        )


@dataclass(slots=True)
class _Failures:
    """Wrong passwords of an address or a name: how many for each name, when the last was, and until when it waits."""

    by_name: Counter[str]
    last: float = 0.0
    locked_until: float = 0.0
    is_kept: bool = False


_NO_FAILURES = _Failures(Counter())


def _count_failure(known: dict[str, _Failures], whose: str, name: str, now: float) -> None:
    # Renewed at the end of the dictionary, so that whoever failed longest ago is forgotten first.
    failures = known.pop(whose, None)
    if failures is None or now > max(failures.last, failures.locked_until) + FORGOTTEN_SECONDS:
        failures = _Failures(Counter())
    failures.by_name[name] += 1
    failures.last = now
    over = failures.by_name.total() - FREE_FAILURES
    if over >= 0:
        failures.locked_until = now + min(FIRST_LOCK_SECONDS * 2 ** min(over, 30), LONGEST_LOCK_SECONDS)
    known[whose] = failures
    while len(known) > _MOST_KNOWN:
        known.pop(next(iter(known)))


def _forgive(known: dict[str, _Failures], whose: str, name: str) -> None:
    """Somebody got in who was let try: so nobody waits, and only others' failures go on to count."""
    failures = known.get(whose)
    if failures is not None:
        del failures.by_name[name]
        failures.locked_until = 0.0


router = APIRouter(include_in_schema=False)


@router.get("/login")
def login_form(request: Request, site: TheSite, next: str = "/") -> Response:
    """The form that asks for the password; whoever is inside already goes on."""
    if site.callers.person_of(request) is not None:
        return RedirectResponse(local_target(next), 303)
    return _form(request, site, next)


@router.post("/login")
def login(
    request: Request,
    site: TheSite,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Open a session, or show the form again with the reason."""
    token = site.callers.enter(address_of(request), name, password)
    if token is None:
        return _form(request, site, next, name, wrong=True)
    return with_session(request, RedirectResponse(local_target(next), 303), token)


@router.post("/logout")
def logout(request: Request, site: TheSite) -> Response:
    """End the session of this browser."""
    site.doorkeeper.leave(request.cookies.get(COOKIE, ""))
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answer


def address_of(request: Request) -> str:
    """Where a request comes from."""
    site: Site = request.app.state.site
    return site.proxies.address_of(request)


def with_session(request: Request, answer: Response, token: str) -> Response:
    """An answer that gives the browser a session."""
    site: Site = request.app.state.site
    answer.set_cookie(
        COOKIE, token, httponly=True, samesite="strict", secure=site.proxies.is_encrypted(request), path="/"
    )  # fmt: skip
    return answer


def local_target(target: str) -> str:
    """A path of this site to go on to; anything that a browser could take for another site becomes "/"."""
    parts = urlsplit(target)
    is_local = target.startswith("/") and not target.startswith("//") and not parts.scheme and not parts.netloc
    # Browsers read a backslash as a slash and drop control characters.
    if not is_local or "\\" in target or any(ord(character) < 0x20 for character in target):
        return "/"
    return target


def _form(request: Request, site: TheSite, target: str, name: str = "", wrong: bool = False) -> Response:
    locked = site.callers.seconds_locked(address_of(request), name)
    status, headers = (429, {"Retry-After": str(locked)}) if locked else (401 if wrong else 200, {})
    context = {
        "target": local_target(target), "by_name": site.callers.has_users(), "name": name, "wrong": wrong,
        "locked": locked, "by_provider": site.provider is not None,
    }  # fmt: skip
    return site.pages.TemplateResponse(request, "login.html", context, status, headers)
