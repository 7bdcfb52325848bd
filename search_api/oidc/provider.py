"""The provider: where it is asked, with which keys it signs, and a code exchanged for what it says of somebody."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from joserfc.jwk import ECKey, RSAKey

from dossier.settings import Settings, is_secure_address
from search_api.oidc.conversation import Conversation, ProviderSilent
from search_api.oidc.id_token import KeyUnknown, claims_of, keys_of

# Where it is asked is looked up anew after an hour; the keys too, and whenever it signs with one that is not known, but
# not more often than every ten seconds.
_FRESH_SECONDS = 3600.0
_REST_SECONDS = 10.0

CALLBACK_PATH = "/login/oidc/back"


@dataclass(frozen=True)
class Endpoints:
    """Where a provider is asked for what (OpenID Connect Discovery 1.0, 3)."""

    authorization: str
    token: str
    keys: str
    takes_secret_in_header: bool
    names_issuer: bool


class Provider:
    """The provider of identities that the settings name.

    Args:
        settings: with `oidc_issuer`, and all that belongs to it.
        conversation: by which it is asked.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        settings: Settings,
        conversation: Conversation | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.issuer = settings.oidc_issuer
        self._client_id = settings.oidc_client_id
        self._secret = settings.oidc_secret()
        self._scope = "openid profile email" if settings.oidc_claim == "email" else "openid profile"
        self.redirect_address = settings.site_address() + CALLBACK_PATH
        self._conversation = conversation or Conversation(settings.oidc_ca_file)
        self._clock = clock
        self._lock = threading.Lock()
        self._endpoints: tuple[float, Endpoints] | None = None
        self._keys: tuple[float, dict[str | None, RSAKey | ECKey]] | None = None

    def address_to_ask(self, state: str, nonce: str, challenge: str) -> str:
        """Where the browser is sent, so that somebody signs in there.

        Args:
            state: comes back with the browser.
            nonce: comes back in the token.
            challenge: PKCE's, by S256 (RFC 7636).

        Raises:
            ProviderSilent: it is not known where.
        """
        asked = {
            "response_type": "code", "client_id": self._client_id, "redirect_uri": self.redirect_address,
            "scope": self._scope, "state": state, "nonce": nonce, "code_challenge": challenge,
            "code_challenge_method": "S256",
        }  # fmt: skip
        where = self.endpoints().authorization
        return f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}"

    def claims_for(self, code: str, verifier: str, nonce: str) -> dict[str, Any]:
        """What the provider says of whoever came back with a code.

        Raises:
            ProviderSilent: it does not take the code, or is not there.
            TokenRefused: what it says proves nothing.
        """
        endpoints = self.endpoints()
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_address,
            "code_verifier": verifier, "client_id": self._client_id,
        }  # fmt: skip
        headers: dict[str, str] = {}
        if self._secret and endpoints.takes_secret_in_header:
            # RFC 6749, 2.3.1: both parts are encoded as in a form, before they are put together.
            pair = f"{quote(self._client_id, safe='')}:{quote(self._secret, safe='')}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        elif self._secret:
            form["client_secret"] = self._secret
        token = self._conversation.post(endpoints.token, form, headers).get("id_token")
        if not isinstance(token, str):
            raise ProviderSilent(f"{endpoints.token}: there is no id_token in the answer")
        try:
            return claims_of(token, self._known_keys(endpoints), self.issuer, self._client_id, nonce)
        except KeyUnknown:
            # It may have begun to sign with a new one.
            return claims_of(token, self._new_keys(endpoints), self.issuer, self._client_id, nonce)

    def endpoints(self) -> Endpoints:
        """Where it is asked, looked up anew now and then; what was known stays where that fails.

        Raises:
            ProviderSilent: it is not known.
        """
        with self._lock:
            known = self._endpoints
        now = self._clock()
        if known is not None and now - known[0] < _FRESH_SECONDS:
            return known[1]
        try:
            found = self._look_up()
        except ProviderSilent:
            if known is None:
                raise
            found = known[1]
        with self._lock:
            self._endpoints = (now, found)
        return found

    def _look_up(self) -> Endpoints:
        address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        document = self._conversation.get(address)
        # Otherwise one provider could speak for another (Discovery, 4.3).
        if document.get("issuer") != self.issuer:
            raise ProviderSilent(f"{address}: the issuer there is another than oidc_issuer")
        methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return Endpoints(
            _address(document, "authorization_endpoint", address),
            _address(document, "token_endpoint", address),
            _address(document, "jwks_uri", address),
            isinstance(methods, list) and ("client_secret_basic" in methods or "client_secret_post" not in methods),
            document.get("authorization_response_iss_parameter_supported") is True,
        )

    def _known_keys(self, endpoints: Endpoints) -> dict[str | None, RSAKey | ECKey]:
        with self._lock:
            known = self._keys
        if known is not None and self._clock() - known[0] < _FRESH_SECONDS:
            return known[1]
        return self._fetched(endpoints)

    def _new_keys(self, endpoints: Endpoints) -> dict[str | None, RSAKey | ECKey]:
        with self._lock:
            known = self._keys
        if known is not None and self._clock() - known[0] < _REST_SECONDS:
            return known[1]
        return self._fetched(endpoints)

    def _fetched(self, endpoints: Endpoints) -> dict[str | None, RSAKey | ECKey]:
        keys = keys_of(self._conversation.get(endpoints.keys))
        with self._lock:
            self._keys = (self._clock(), keys)
        return keys


def _address(document: Mapping[str, Any], name: str, where: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not is_secure_address(value) or urlsplit(value).fragment:
        raise ProviderSilent(f"{where}: {name} is no https address")
    return value
