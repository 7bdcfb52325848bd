"""The conversation with the provider of identities: one request, one answer, bounded in time and size.

By the standard library alone. Redirects are not followed and no proxy of the environment is used: what is sent is for
the address that was given.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

# Somebody waits before the screen; a directory that takes longer is not well.
MOST_SECONDS = 8.0
_MOST_BYTES = 1 << 20
# So many may wait at once for a provider that hangs; threads are left to answer everybody else.
_MOST_AT_ONCE = 4


class ProviderSilent(Exception):
    """The provider did not give an answer that could be used; the text says why, without anything secret."""


class Conversation:
    """Asks a provider.

    Args:
        ca_file: the authority that signed its certificate; "": those of the system.
        most_seconds: for a whole request, from the name's look-up to the last byte of the answer.
    """

    def __init__(self, ca_file: str = "", most_seconds: float = MOST_SECONDS) -> None:
        self._ca_file = ca_file
        self._most_seconds = most_seconds
        self._places = threading.BoundedSemaphore(_MOST_AT_ONCE)

    def get(self, address: str) -> dict[str, Any]:
        """The JSON object at an address.

        Raises:
            ProviderSilent: there is none.
        """
        return self._ask("GET", address, None, {})

    def post(self, address: str, form: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, Any]:
        """The JSON object that a form is answered with.

        Raises:
            ProviderSilent: there is none.
        """
        return self._ask("POST", address, urlencode(form), headers)

    def _ask(self, method: str, address: str, body: str | None, headers: Mapping[str, str]) -> dict[str, Any]:
        if not self._places.acquire(blocking=False):
            raise ProviderSilent(f"{address}: others wait for an answer already")
        try:
            status, content = self._exchange(method, address, body, headers)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ProviderSilent(f"{address}: {type(error).__name__}: {error}") from error
        finally:
            self._places.release()
        if status != 200:
            raise ProviderSilent(f"{address}: HTTP {status}{_reason(content)}")
        document = _as_object(content)
        if document is None:
            raise ProviderSilent(f"{address}: the answer is no JSON object")
        return document

    def _exchange(self, method: str, address: str, body: str | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=self._ca_file or None)
            connection = http.client.HTTPSConnection(host, port, timeout=self._most_seconds, context=context)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=self._most_seconds)
        sent = {"Accept": "application/json", "Connection": "close", **headers}
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        begun = time.monotonic()
        try:
            connection.connect()
            # A time-out of the socket is for each byte; this one is for all of them.
            left = self._most_seconds - (time.monotonic() - begun)
            clock = threading.Timer(max(left, 0.0), _cut, [connection.sock])
            clock.daemon = True
            clock.start()
            try:
                connection.request(method, target, body, sent)
                with contextlib.closing(connection.getresponse()) as answer:
                    content = answer.read(_MOST_BYTES + 1)
                    broke_off = bool(answer.length)
            finally:
                clock.cancel()
            if len(content) > _MOST_BYTES:
                raise ValueError(f"more than {_MOST_BYTES} bytes")
            if broke_off:
                raise ValueError("the answer broke off")
            return answer.status, content
        finally:
            connection.close()


def _cut(held: socket.socket) -> None:
    """End a connection under the one who waits for it."""
    # Of TLS, too, the connection beneath: nobody is left to say goodbye to.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(held, socket.SHUT_RDWR)


def _as_object(content: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _reason(content: bytes) -> str:
    """The provider's short code for what is wrong (RFC 6749, 5.2); its longer words may hold what was sent."""
    code = (_as_object(content) or {}).get("error")
    return f" {code[:40]}" if isinstance(code, str) and code.isascii() and code.isprintable() else ""
