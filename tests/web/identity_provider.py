"""A provider of identities for tests: OpenID Connect on the loopback, as honest or as broken as a test wants it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "edossier", "stille-Wasser 7731"


class IdentityProvider:
    """What it publishes, whom it names, and what it does wrong.

    Attributes:
        claims: what is said of whoever signs in, besides what every token has; each may be replaced.
        forge: makes the token of the claims; by default it is signed with the published key.
        hangs: how many seconds each answer waits, byte by byte.
        exchanged: the forms that came for tokens.
    """

    def __init__(self) -> None:
        self.key = new_key("first")
        self.claims: dict[str, Any] = {}
        self.forge: Callable[[dict[str, Any]], str] = self.signed
        self.hangs = 0.0
        self.listed: dict[str, int] = {}
        self.exchanged: list[dict[str, str]] = []
        self.issuer_said = ""
        self.names_issuer = False
        self._asked: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self.issuer = f"http://127.0.0.1:{self._server.server_address[1]}/house"

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key, algorithms=["RS256"])

    def sign_in(self, address: str, name: str) -> str:
        """What the browser does at the provider: goes to an address, signs in, and is sent back to another."""
        asked = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(f"{self.issuer}/authorize?")
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT_ID)
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._asked[code] = {**asked, "name": name}
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def answer(self, method: str, path: str, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        self.listed[path] = self.listed.get(path, 0) + 1
        if path == "/house/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer_said or self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
                "authorization_response_iss_parameter_supported": self.names_issuer,
            }  # fmt: skip
        if path == "/house/keys":
            symmetric = {"kty": "oct", "k": "AAAA", "kid": "symmetric"}
            return 200, {"keys": [symmetric, self.key.as_dict(private=False)]}
        if path == "/house/token" and method == "POST":
            return self._exchange(form, authorization)
        return 404, {}

    def _exchange(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        self.exchanged.append(form)
        # Each code is good once.
        asked = self._asked.pop(form["code"], None)
        pair = [unquote(part) for part in base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")]
        if pair != [CLIENT_ID, CLIENT_SECRET]:
            return 401, {"error": "invalid_client"}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode()
        if asked is None or asked["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if challenge.rstrip("=") != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "sub": "id-" + asked["name"], "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], "preferred_username": asked["name"], **self.claims,
        }  # fmt: skip
        return 200, {"token_type": "Bearer", "access_token": "unused", "id_token": self.forge(claims)}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve(self) -> None:
        self._server.serve_forever(poll_interval=0.02)


@contextmanager
def providing() -> Iterator[IdentityProvider]:
    """A provider that answers until the block ends."""
    provider = IdentityProvider()
    thread = threading.Thread(target=provider.serve)
    thread.start()
    try:
        yield provider
    finally:
        provider.hangs = 0.0
        provider.close()
        thread.join()


def new_key(name: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"})


def unsigned(claims: dict[str, Any]) -> str:
    """A token that nobody has signed (alg none)."""
    parts = (json.dumps(part).encode() for part in ({"alg": "none", "kid": "first"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), ""])


def signed_with_public_key(key: RSAKey) -> Callable[[dict[str, Any]], str]:
    """Tokens whose signature is an HMAC by the provider's public key, which everybody has."""
    public = key.as_pem(private=False)

    def token(claims: dict[str, Any]) -> str:
        # By hand: joserfc would not do it.
        parts = (json.dumps(part).encode() for part in ({"alg": "HS256", "kid": "first"}, claims))
        signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
        mac = hmac.new(public, signed, hashlib.sha256).digest()
        return f"{signed.decode()}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"

    return token


def _handler_of(provider: IdentityProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def _answer(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            status, content = provider.answer(method, self.path, form, self.headers.get("authorization", ""))
            sent = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            if not provider.hangs:
                self.wfile.write(sent)
                return
            # Alive, byte by byte, and never done.
            for at in range(len(sent)):
                if not provider.hangs:
                    return
                try:
                    self.wfile.write(sent[at : at + 1])
                except OSError:
                    return
                time.sleep(provider.hangs)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
