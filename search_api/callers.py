"""Callers: who a request comes from: a person by the cookie of a session, or by the word of a trusted proxy; a program
by its key.

Asked of the catalogue for every request, so that a disabled user, a new password and a revoked key act at once.
"""

from __future__ import annotations

import re
import time

from starlette.requests import Request

from dossier import api_keys, audit, passwords, users
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import User
from dossier.viewers import ADMIN, AT_MACHINE, Viewer, plain_name
from search_api.problems import Problem
from search_api.proxies import TrustedProxies
from search_api.session import COOKIE, IDLE_SECONDS, Doorkeeper, Proof

# The routes that programs ask; elsewhere a key is as no key.
API_FOLDER = "/api/v1/"

_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/=-]+) *", re.IGNORECASE)


class Callers:
    """Tells who asks.

    Args:
        catalogue: knows users and keys.
        doorkeeper: knows the sessions.
        proxies: who may say who has signed in elsewhere.
    """

    def __init__(self, catalogue: Catalogue, doorkeeper: Doorkeeper, proxies: TrustedProxies) -> None:
        self._catalogue, self._doorkeeper, self._proxies = catalogue, doorkeeper, proxies
        self._seen_by_proxy: dict[str, float] = {}

    def viewer_of(self, request: Request) -> Viewer | None:
        """Whoever asks; None if nobody has signed in.

        Raises:
            Problem: a key was shown that opens nothing.
        """
        authorization = request.headers.get("authorization")
        if authorization is not None and request.url.path.startswith(API_FOLDER):
            return self._viewer_of_key(authorization)
        return self.person_of(request)

    def person_of(self, request: Request) -> Viewer | None:
        """The person whom a trusted proxy has signed in, or whose session it is; None if there is none."""
        name = self._proxies.name_of(request)
        by_proxy = self._viewer_of_proxy(request, name) if name else None
        return by_proxy or self._viewer_of_cookie(request)

    def _viewer_of_proxy(self, request: Request, name: str) -> Viewer | None:
        with self._catalogue.reading() as session:
            user = users.find_user(session, name)
            if user is None or user.disabled_at is not None:
                return None
            viewer = users.viewer_of_user(user)
        # There is no moment at which somebody comes in: it is the first request after a rest, as with sessions.
        now = time.monotonic()
        seen, self._seen_by_proxy[viewer.id] = self._seen_by_proxy.get(viewer.id), now
        if seen is None or now - seen > IDLE_SECONDS:
            with self._catalogue.writing() as session:
                audit.record(
                    session, "sign_in", "user", viewer.id, viewer.name,
                    address=self._proxies.address_of(request), by="proxy",
                )  # fmt: skip
        return viewer

    def _viewer_of_cookie(self, request: Request) -> Viewer | None:
        """The person whose session it is; None if there is none, or it has ended."""
        proof = self._doorkeeper.proof_of(request.cookies.get(COOKIE, ""))
        if proof is None:
            return None
        with self._catalogue.reading() as session:
            if proof.user_id is None:
                return None if users.are_there_any(session) else AT_MACHINE
            user = session.get(User, proof.user_id)
            if user is None or user.disabled_at is not None or not proof.fits(user.password):
                return None
            return users.viewer_of_user(user)

    def has_users(self) -> bool:
        """Whether people sign in by name; otherwise by the one-time password."""
        with self._catalogue.reading() as session:
            return users.are_there_any(session)

    def enter(self, address: str, name: str, password: str) -> str | None:
        """The token of a new session; None where name or password is wrong, or the address or the name must wait."""
        if not self.has_users():
            return self._doorkeeper.enter(address, password)
        waited = self.seconds_locked(address, name)
        token = self._doorkeeper.enter_by(address, lambda: self._proof(name, password), _counted_name(name))
        if token is None:
            if not waited:
                self._record_lock_out(address, name)
            return None
        proof = self._doorkeeper.proof_of(token)
        if proof is not None and proof.user_id is not None:
            with self._catalogue.writing() as session:
                audit.record(session, "sign_in", "user", proof.user_id, plain_name(name), address=address)
        return token

    def enter_by_provider(self, address: str, name: str, role: str) -> str | None:
        """The token of a new session for a user whom a provider of identities has proved; None where there is no such
        user, or they are disabled.

        Args:
            address: where they come from.
            name: whom the provider names.
            role: which role it gives them; "": none. Administrators keep theirs.
        """
        with self._catalogue.writing() as session:
            user = users.find_user(session, name)
            if user is None or user.disabled_at is not None:
                return None
            if role and user.role != ADMIN:
                users.set_role(session, user, role, "oidc")
            audit.record(session, "sign_in", "user", user.id, user.name, address=address, by="oidc")
            proof = Proof.of(user.id, user.password)
        return self._doorkeeper.admit(proof)

    def change_password(self, address: str, name: str, old: str, new: str) -> str | None:
        """Give somebody who knows the old password a new one; the token of their session from then on, in place of all
        that were open. None where the old one is wrong, which counts as at the door.

        Raises:
            UsageError: the new one is too short or too long.
        """
        stored = passwords.hash_of(new)
        proved = self._doorkeeper.enter_by(address, lambda: self._proof(name, old), _counted_name(name))
        proof = self._doorkeeper.proof_of(proved) if proved else None
        if proved is None or proof is None or proof.user_id is None:
            return None
        user_id = proof.user_id
        self._doorkeeper.leave(proved)
        with self._catalogue.writing() as session:
            user = session.get_one(User, user_id)
            # Meanwhile they may have been disabled, or given another one: a new password would let them in again.
            if user.disabled_at is not None or not proof.fits(user.password):
                return None
            users.set_password(session, user, stored, user.name)
        return self._doorkeeper.enter_by(address, lambda: Proof.of(user_id, stored), _counted_name(name))

    def _record_lock_out(self, address: str, name: str) -> None:
        """Put on record that an address, or a name, must wait from now on. What was typed is not, unless it is a user's
        name: it might be a password in the wrong field.
        """
        seconds = self.seconds_locked(address, name)
        if not seconds:
            return
        with self._catalogue.writing() as session:
            user = users.find_user(session, name)
            subject, actor = (user.id, user.name) if user is not None else ("", "")
            audit.record(session, "lock_out", "user", subject, actor, address=address, seconds=seconds)

    def seconds_locked(self, address: str, name: str) -> int:
        """Whole seconds that the address, or the name, must still wait; 0 when they may try."""
        return self._doorkeeper.seconds_locked(address, _counted_name(name) if self.has_users() else "")

    def _proof(self, name: str, password: str) -> Proof | None:
        with self._catalogue.reading() as session:
            user = users.find_user(session, name)
            known = (user.id, user.password) if user is not None and user.disabled_at is None else None
        # Takes as long for a name that nobody has.
        if not passwords.matches(password, known[1] if known else "") or known is None:
            return None
        if passwords.is_outdated(known[1]):
            known = self._renewed(*known, password)
        return Proof.of(*known)

    def _renewed(self, user_id: str, stored: str, password: str) -> tuple[str, str]:
        """The user with what is stored of the password from now on: this is when it is known."""
        renewed = passwords.hash_of(password)
        with self._catalogue.writing() as session:
            user = session.get_one(User, user_id)
            # Somebody may have set another password meanwhile, or come in with this one, too.
            if user.password == stored:
                user.password = renewed
            return user_id, user.password

    def _viewer_of_key(self, authorization: str) -> Viewer:
        shown = _BEARER.fullmatch(authorization)
        with self._catalogue.reading() as session:
            viewer = api_keys.viewer_of_secret(session, shown.group(1)) if shown else None
        if viewer is None:
            raise Problem(
                401, "key_refused", "密钥无效或已吊销。", "请核对密钥，或向管理员要新的。",
                headers={"WWW-Authenticate": "Bearer"},
            )  # fmt: skip
        return viewer


def _counted_name(given: str) -> str:
    """The name for which wrong passwords are counted, whether anybody bears it or not."""
    return plain_name(given)[: users.LONGEST_NAME]
