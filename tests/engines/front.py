"""A small proxy in front of a search node: TLS, credentials, and answers of an overloaded server."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Answer = tuple[int, bytes]
# Given a request's path and body and a way to pass a body on to the node, the answer.
Behaviour = Callable[[str, bytes, Callable[[bytes], Answer]], Answer]


def honest(path: str, body: bytes, node: Callable[[bytes], Answer]) -> Answer:
    """Pass everything on."""
    return node(body)


class Front:
    """A proxy on a free port.

    Args:
        node: the node's address.
        authorization: the header that requests must have; "" if none.
        certificate: a file with certificate and key, for TLS.
    """

    def __init__(self, node: str, *, authorization: str = "", certificate: Path | None = None) -> None:
        self.behaviour: Behaviour = honest
        self.bulk_requests = 0
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except (ssl.SSLError, ConnectionResetError):
                    self.close_connection = True  # a client that does not trust us

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if authorization and self.headers.get("Authorization") != authorization:
                    status, content = 401, b'{"error": {"type": "security_exception"}, "status": 401}'
                else:
                    front.bulk_requests += self.path.partition("?")[0].endswith("/_bulk")
                    status, content = front.behaviour(self.path, body, self._pass_on)
                self.send_response(status)
                self.send_header("Content-Type", self.headers.get("Accept", "application/json"))
                self.send_header("X-Elastic-Product", "Elasticsearch")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _answer

            def _pass_on(self, body: bytes) -> Answer:
                connection = http.client.HTTPConnection(urlsplit(node).netloc)
                headers = {name: self.headers[name] for name in ("Content-Type", "Accept") if name in self.headers}
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
                content = answer.read()
                connection.close()
                return answer.status, content

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = f"{'https' if certificate else 'http'}://localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def stop(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def refusing_requests(times: int, status: int) -> Behaviour:
    """Refuse this many bulk requests as a whole, then be honest."""
    left = [times]

    def behaviour(path: str, body: bytes, node: Callable[[bytes], Answer]) -> Answer:
        if path.partition("?")[0].endswith("/_bulk") and left[0]:
            left[0] -= 1
            error = {"type": "es_rejected_execution_exception", "reason": "queue is full"}
            return status, json.dumps({"error": error, "status": status}).encode()
        return node(body)

    return behaviour


def refusing_items(page_id: str, times: int, status: int) -> Behaviour:
    """Refuse one page within bulk requests this many times, while the request itself succeeds; then be honest."""
    left = [times]

    def behaviour(path: str, body: bytes, node: Callable[[bytes], Answer]) -> Answer:
        lines = body.splitlines(keepends=True)
        places = [place for place in range(0, len(lines) - 1, 2) if json.loads(lines[place])["index"]["_id"] == page_id]
        if not path.partition("?")[0].endswith("/_bulk") or not left[0] or not places:
            return node(body)
        left[0] -= 1
        (place,) = places
        rest = b"".join(lines[:place] + lines[place + 2 :])
        document = json.loads(node(rest)[1]) if rest else {"took": 1, "items": []}
        error = {"type": "es_rejected_execution_exception", "reason": "queue is full"}
        document["items"].insert(place // 2, {"index": {"_id": page_id, "status": status, "error": error}})
        document["errors"] = True
        return 200, json.dumps(document).encode()

    return behaviour
