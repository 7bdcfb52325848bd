"""Webhooks: changes brought in their order, signed, until they are taken."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from site_under_test import Room
from sqlalchemy import update

from dossier import api_keys, permissions, webhooks
from dossier.catalogue.tables import Case, Webhook
from dossier.errors import UsageError
from search_api.rest.webhook_sender import send_due


class Listener:
    """Somebody else's server: keeps what comes, and answers as told."""

    def __init__(self) -> None:
        self.status, self.taken = 200, list[tuple[dict[str, str], bytes]]()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(outer.status)
                self.send_header("Location", outer.address + "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def told(self) -> list[tuple[str, str]]:
        return [(change["kind"], change["file_id"]) for _, body in self.taken for change in json.loads(body)["changes"]]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


def hooked(room: Room, listener: Listener, *departments: str) -> Webhook:
    with room.scanroom.catalogue.writing() as session:
        key, _ = api_keys.add_key(session, "推送", ["read"], departments, "test")
        hook = webhooks.add_webhook(session, "办案系统", listener.address, key, "test")
        session.expunge(hook)
    return hook


def hook_now(room: Room, hook: Webhook) -> Webhook:
    with room.scanroom.catalogue.reading() as session:
        return session.get_one(Webhook, hook.id)


def at_once(room: Room) -> None:
    """Whoever waits for the next attempt need not."""
    with room.scanroom.catalogue.writing() as session:
        session.execute(update(Webhook).values(not_before=0.0))


def test_what_happens_is_brought_signed_and_once(room: Room, listener: Listener) -> None:
    hook = hooked(room, listener)
    came = [room.scanroom.page(room.scanroom.receive(f"{number}.jpg")).arrival_id for number in (11, 12)]

    for _ in range(3):
        send_due(room.app.state.site)

    assert listener.told() == [("received", file_id) for file_id in came]
    ((headers, body),) = listener.taken
    at, _, digest = headers["edossier-signature"].partition(",v1=")
    expected = hmac.new(hook.secret.encode(), f"{at[2:]}.".encode() + body, hashlib.sha256).hexdigest()
    assert (digest, headers["edossier-webhook"]) == (expected, hook.id)


@pytest.mark.parametrize("status", [500, 404, 302])
def test_what_was_not_taken_comes_again_and_before_what_is_newer(room: Room, listener: Listener, status: int) -> None:
    hook = hooked(room, listener)
    first = room.scanroom.page(room.scanroom.receive("11.jpg")).arrival_id
    listener.status = status
    send_due(room.app.state.site)
    send_due(room.app.state.site)  # not yet: it waits
    assert [file_id for _, file_id in listener.told()] == [first]
    assert (hook_now(room, hook).attempts, hook_now(room, hook).error) == (1, f"HTTP {status}")

    second = room.scanroom.page(room.scanroom.receive("12.jpg")).arrival_id
    listener.status = 204
    at_once(room)
    send_due(room.app.state.site)

    assert [file_id for _, file_id in listener.told()] == [first, first, second]
    assert (hook_now(room, hook).attempts, hook_now(room, hook).error) == (0, "")


def test_an_address_that_is_away_for_long_is_given_up_visibly_and_revived(room: Room, listener: Listener) -> None:
    hook = hooked(room, listener)
    room.scanroom.receive("11.jpg")
    listener.status = 503
    for _ in range(webhooks.MOST_ATTEMPTS + 3):
        at_once(room)
        send_due(room.app.state.site)

    assert len(listener.taken) == webhooks.MOST_ATTEMPTS
    assert hook_now(room, hook).dead
    assert 'edossier_webhooks{state="dead"} 1' in room.with_key("read").get("/api/v1/metrics").text
    listener.status = 200
    with room.scanroom.catalogue.writing() as session:
        webhooks.revive_webhook(session, webhooks.webhook_named(session, "办案系统"), "test")
    send_due(room.app.state.site)
    assert not hook_now(room, hook).dead
    assert len(listener.taken) == webhooks.MOST_ATTEMPTS + 1


def test_nobody_there_is_a_failure_like_another(room: Room, listener: Listener) -> None:
    hook = hooked(room, listener)
    with room.scanroom.catalogue.writing() as session:
        session.execute(update(Webhook).values(address="http://127.0.0.1:1/"))
    room.scanroom.receive("11.jpg")
    send_due(room.app.state.site)
    assert "refused" in hook_now(room, hook).error


def test_only_what_the_key_sees_is_sent_and_nothing_once_it_is_revoked(room: Room, listener: Listener) -> None:
    hook = hooked(room, listener)
    with room.scanroom.catalogue.writing() as session:
        case = session.get_one(Case, room.scanroom.page(room.page_ids[0]).case_id)
        permissions.seal(session, case, "test")
    room.scanroom.receive("11.jpg")
    send_due(room.app.state.site)
    with room.scanroom.catalogue.writing() as session:
        api_keys.revoke_key(session, api_keys.key_named(session, "推送"), "test")
    room.scanroom.receive("12.jpg", case="沪东检诉受[2031]31011500078号")
    send_due(room.app.state.site)

    assert listener.taken == []
    assert hook_now(room, hook).attempts == 0


@pytest.mark.parametrize("address", ["", "ftp://a.example/", "http://", "http://u:p@a.example/", "http://a.example:x/"])
def test_what_is_no_address_is_refused(room: Room, address: str) -> None:
    with room.scanroom.catalogue.writing() as session:
        key, _ = api_keys.add_key(session, "推送", ["read"], (), "test")
        with pytest.raises(UsageError):
            webhooks.add_webhook(session, "办案系统", address, key, "test")
