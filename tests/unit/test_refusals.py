"""What a server says of a page that it refuses is told without the page's text."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from indexer.elasticsearch_engine import ElasticsearchEngine
from indexer.entry import Removal

TEXT = "张三供述如下"
FAULTS = [
    (
        {
            "type": "mapper_parsing_exception",
            "reason": "failed to parse field [received] of type [long] in document with id 'p1'. "
            f"Preview of field's value: '{TEXT}'",
            "caused_by": {"type": "illegal_argument_exception", "reason": f'For input string: "{TEXT}"'},
        },
        "mapper_parsing_exception: failed to parse field [received] of type [long] in document with id",
    ),
    (
        {
            "type": "illegal_argument_exception",
            "reason": 'Document contains at least one immense term in field="department" (whose encoding is longer '
            f"than the max length 32766). The prefix of the first immense term is: '{TEXT}'...",
        },
        'illegal_argument_exception: Document contains at least one immense term in field="department" (whose '
        "encoding is longer than the max length 32766). The prefix of the first immense term is:",
    ),
    ({"type": "parse_exception", "reason": f"could not parse [{TEXT}] '{TEXT}'"}, "parse_exception: could not parse"),
    ({"type": "parse_exception", "reason": f"Preview of it: {TEXT}"}, "parse_exception"),
]


class Server(HTTPServer):
    """Refuses every change for one fault, or every whole request."""

    fault: dict[str, Any]
    of_the_request = False


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, answer = 200, {"errors": True, "items": [{"index": {"status": 400, "error": self.server.fault}}]}
        if "_bulk" not in self.path:
            answer = {}
        elif self.server.of_the_request:
            status, answer = 400, {"status": 400, "error": self.server.fault}
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_PUT = do_POST

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.mark.parametrize("of_the_request", [False, True])
@pytest.mark.parametrize(("fault", "reason"), FAULTS)
def test_a_refusal_says_why_without_the_text(
    server: Server, fault: dict[str, Any], reason: str, of_the_request: bool
) -> None:
    server.fault, server.of_the_request = fault, of_the_request
    engine = ElasticsearchEngine(f"http://127.0.0.1:{server.server_port}", "refusals")
    (refusal,) = engine.apply([Removal("p1", 1)])
    engine.close()
    assert refusal.reason == reason
