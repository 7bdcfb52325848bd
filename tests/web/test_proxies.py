"""Trusted proxies: where a request comes from, who has signed in elsewhere; and the watermark."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from site_under_test import PASSWORD, Room
from sqlalchemy import select
from starlette.testclient import TestClient

from dossier import users
from dossier.catalogue.tables import AuditRow
from dossier.settings import Settings
from dossier.viewers import ADMIN, OPERATOR
from search_api.app import create_app
from search_api.session import FREE_FAILURES

PROXY, ELSEWHERE = "10.1.2.3", "10.1.2.99"
HEADER = "X-Remote-User"

Client = Callable[[str], TestClient]


@pytest.fixture
def client_at(room: Room) -> Client:
    """Makes a client at an address, of a site that trusts the proxy."""
    room.add_user("闵榆", OPERATOR)
    scanroom = room.scanroom
    app = create_app(
        scanroom.home, scanroom.catalogue, scanroom.vault, scanroom.searcher, PASSWORD,
        settings=Settings(trusted_proxies=PROXY, sign_in_header=HEADER, watermark=True),
    )  # fmt: skip

    def make(address: str) -> TestClient:
        return TestClient(app, "http://localhost", follow_redirects=False, client=(address, 40000))

    return make


@pytest.mark.parametrize("said", ["闵榆".encode(), quote("闵榆").encode(), " 闵榆 ".encode()])
def test_a_trusted_proxy_says_who_has_signed_in(client_at: Client, said: bytes) -> None:
    answer = client_at(PROXY).get("/board", headers=[(HEADER.encode(), said)])
    assert answer.status_code == 200
    assert "闵榆" in answer.text


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        (ELSEWHERE, [(HEADER.encode(), "闵榆".encode())]),
        ("127.0.0.1", [(HEADER.encode(), "闵榆".encode())]),
        (ELSEWHERE, [(HEADER.encode(), "闵榆".encode()), (b"X-Forwarded-For", PROXY.encode())]),
        (PROXY, [(HEADER.encode(), "闵榆".encode()), (HEADER.encode(), "闵榆".encode())]),
        (PROXY, [(HEADER.encode(), "无此人".encode())]),
        (PROXY, [(HEADER.encode(), b"\xff\xfe")]),
        (PROXY, [(HEADER.encode(), b"%ff")]),
        (PROXY, [(HEADER.encode(), b"")]),
        (PROXY, [(b"X-Other-User", "闵榆".encode())]),
        (PROXY, []),
    ],
)
def test_nobody_else_and_nothing_else_lets_in(client_at: Client, address: str, headers: Any) -> None:
    assert client_at(address).get("/board", headers=headers).status_code == 303


def test_without_the_setting_the_header_is_as_none(room: Room) -> None:
    room.add_user("闵榆", OPERATOR)
    assert room.client().get("/board", headers=[(HEADER.encode(), "闵榆".encode())]).status_code == 303


def test_whom_the_proxy_knows_and_the_house_does_not_signs_in_with_a_password(client_at: Client) -> None:
    client, headers = client_at(PROXY), [(HEADER.encode(), "无此人".encode())]
    assert client.post("/login", data={"name": "闵榆", "password": PASSWORD}, headers=headers).status_code == 303
    assert client.get("/board", headers=headers).status_code == 200


def test_a_disabled_user_is_not_let_in_by_the_proxy_either(room: Room, client_at: Client) -> None:
    client, headers = client_at(PROXY), [(HEADER.encode(), "闵榆".encode())]
    assert client.get("/board", headers=headers).status_code == 200
    with room.scanroom.catalogue.writing() as session:
        users.disable_user(session, users.user_named(session, "闵榆"), "test")
    assert client.get("/board", headers=headers).status_code == 303


def test_who_came_by_the_proxy_is_on_record_once(room: Room, client_at: Client) -> None:
    for _ in range(3):
        client_at(PROXY).get("/board", headers=[(HEADER.encode(), "闵榆".encode()), (b"X-Forwarded-For", b"10.9.9.9")])
    with room.scanroom.catalogue.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.deed == "sign_in")).all()
    assert [(row.actor, row.details) for row in rows] == [("闵榆", {"address": "10.9.9.9", "by": "proxy"})]


def test_wrong_passwords_hold_up_the_browser_that_sent_them_and_not_the_whole_house(client_at: Client) -> None:
    def tries(browser: str, password: str) -> int:
        given = {"name": f"某{browser}" if password == "guess" else "闵榆", "password": password}
        return (
            client_at(PROXY).post("/login", data=given, headers={"X-Forwarded-For": f"1.1.1.1, {browser}"}).status_code
        )

    codes = [tries("10.9.9.1", "guess") for _ in range(FREE_FAILURES)]
    assert codes[-1] == 429
    assert tries("10.9.9.1", PASSWORD) == 429
    assert tries("10.9.9.2", PASSWORD) == 303


def test_an_address_that_a_stranger_invents_dodges_no_lock_out(client_at: Client) -> None:
    codes = [
        client_at(ELSEWHERE)
        .post(
            "/login", data={"name": f"某{number}", "password": "guess"}, headers={"X-Forwarded-For": f"1.1.1.{number}"}
        )
        .status_code
        for number in range(FREE_FAILURES)
    ]
    assert codes[-1] == 429


@pytest.mark.parametrize(
    ("address", "scheme", "is_secure"), [(PROXY, "https", True), (PROXY, "http", False), (ELSEWHERE, "https", False)]
)
def test_the_cookie_keeps_to_tls_where_the_browser_speaks_it(
    client_at: Client, address: str, scheme: str, is_secure: bool
) -> None:
    answer = client_at(address).post(
        "/login", data={"name": "闵榆", "password": PASSWORD}, headers={"X-Forwarded-Proto": scheme}
    )
    assert answer.status_code == 303
    assert ("Secure" in answer.headers["set-cookie"]) == is_secure


# The watermark


def test_name_and_time_stand_over_the_pages_of_those_who_read(room: Room, client_at: Client) -> None:
    room.add_user("傅溪", ADMIN)
    client = client_at(PROXY)
    for path in ("/", "/board", f"/pages/{room.page_ids[0]}"):
        page = client.get(path, headers=[(HEADER.encode(), "闵榆".encode())]).text
        assert re.search(r'class="watermark".*闵榆 \d{4}-\d\d-\d\d \d\d:\d\d', page), path
    assert "watermark" not in client.get("/admin", headers=[(HEADER.encode(), "傅溪".encode())]).text
    assert "watermark" not in client.get("/login").text


def test_without_the_setting_there_is_no_watermark(room: Room) -> None:
    assert "watermark" not in room.signed_in().get("/").text
