"""The gate: what comes in, and what every answer carries."""

from __future__ import annotations

from typing import Any

import pytest
from site_under_test import PASSWORD, Room
from starlette.testclient import TestClient

from search_api.access import ACCESS
from search_api.gate import MOST_BODY_BYTES

EVERYTHING = (
    ("GET", "/"), ("GET", "/board"), ("GET", "/volumes/{volume}"), ("GET", "/volumes/{volume}/page?number=1"),
    ("GET", "/pages/{page}"), ("POST", "/logout"), ("GET", "/nothing"), ("PUT", "/"),
    ("GET", "/api/v1/search?q=a"), ("GET", "/api/v1/status"), ("GET", "/api/v1/pages/{page}/image"),
    ("GET", "/api/v1/pages/{page}/text"), ("GET", "/api/v1/openapi.json"), ("DELETE", "/api/v1/nothing"),
    ("GET", "/login/"), ("GET", "/api/v1/health/"), ("GET", "//login"), ("GET", "/static"), ("GET", "/login/../board"),
)  # fmt: skip


@pytest.mark.parametrize(("method", "path"), EVERYTHING)
def test_everything_but_login_and_health_is_closed(room: Room, method: str, path: str) -> None:
    answer = room.client().request(method, path.format(page=room.page_ids[0], volume=room.scanroom.volume_id()))
    if path.startswith("/api/"):
        assert answer.status_code == 401
    else:
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login")


def test_a_program_that_is_not_signed_in_gets_a_problem(room: Room) -> None:
    for path in ("/api/v1/search?q=a", "/api/v1/status", "/api/v1/openapi.json"):
        answer = room.client().get(path)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "not_signed_in"


def test_health_is_open_and_tells_nothing_else(room: Room) -> None:
    answer = room.client().get("/api/v1/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("path", ["/login", "/static/style.css", "/board", "/api/v1/status", "/nothing"])
def test_every_answer_carries_the_safety_headers(room: Room, path: str) -> None:
    for client in (room.client(), room.signed_in()):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-inline" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin"


def test_dossier_pages_are_not_left_in_the_browsers_cache(browser: TestClient) -> None:
    assert browser.get("/board").headers["cache-control"] == "no-store"
    assert browser.get("/api/v1/search?q=林").headers["cache-control"] == "no-store"
    assert browser.get("/static/style.css").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "evil.example:8400", "", "[", "127.0.0.1.nip.io"]
)
def test_a_name_that_is_not_ours_is_refused(room: Room, host: str) -> None:
    answer = room.client().get("/login", headers={"host": host})
    assert answer.status_code == 400
    assert answer.json()["code"] == "host_refused"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8400", "127.0.0.1:8400", "[::1]:8400", "10.1.2.3:8400"])
def test_our_own_names_and_addresses_in_figures_are_served(room: Room, host: str) -> None:
    assert room.client().get("/login", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://localhost"},
    ],
)
def test_a_form_on_another_site_changes_nothing_here(room: Room, headers: dict[str, str]) -> None:
    browser = room.signed_in()
    answer = browser.post("/logout", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["code"] == "origin_refused"
    assert browser.get("/board").status_code == 200


def test_our_own_form_is_accepted(room: Room) -> None:
    headers = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}
    assert room.client().post("/login", data={"password": PASSWORD}, headers=headers).status_code == 303


def test_a_body_that_no_form_of_ours_has_is_refused_before_it_is_read(room: Room) -> None:
    too_large = room.client().post("/login", data={"password": "x" * MOST_BODY_BYTES})
    of_unknown_length = room.client().post("/login", content=iter([b"password=x"]))
    assert too_large.status_code == 413
    assert of_unknown_length.status_code == 413
    assert "Content-Length" in of_unknown_length.json()["remedy"]


@pytest.mark.parametrize(
    ("deed", "told"), [("order", {"version": "0"}), ("fold", {"folded": True}), ("sides", {"keep": "undecided"})]
)
def test_all_pages_of_a_large_volume_may_be_named_and_taken_back(room: Room, deed: str, told: dict[str, Any]) -> None:
    address, program = f"/api/v1/volumes/v0/{deed}", room.with_key("write")
    pages = [f"p{number:022}" for number in range(3000)]
    assert program.post(address, json={"pages": pages, **told}).status_code == 404
    assert program.post(address, json={"pages": pages * 20, **told}).status_code == 413


def test_as_many_faults_as_a_form_takes_come_in(room: Room) -> None:
    asked = {"faults": [f"{number:064}" for number in range(1000)], "mended": True}
    program = room.with_key("write")
    assert program.post("/api/v1/volumes/v0/mended", json=asked).status_code == 404
    more = {"faults": asked["faults"] * 2}
    assert program.post("/api/v1/volumes/v0/mended", json=more).status_code == 413


def test_no_page_of_the_site_asks_for_anything_from_outside(room: Room) -> None:
    browser = room.signed_in()
    volume = f"/volumes/{room.scanroom.volume_id()}"
    for path in ("/", "/?q=林晓禾", "/board", volume, f"/pages/{room.page_ids[0]}", "/nothing"):
        text = browser.get(path).text
        assert "://" not in text.replace("http://www.w3.org", ""), path
        assert "style=" not in text
        assert "onclick" not in text
        assert "<script>" not in text


def test_the_api_describes_itself_without_pages_from_outside(browser: TestClient) -> None:
    assert browser.get("/docs").status_code == 404
    assert browser.get("/redoc").status_code == 404
    described = browser.get("/api/v1/openapi.json").json()["paths"]
    assert set(described) == {path for _, path in ACCESS if path.startswith("/api/")} - {"/api/v1/openapi.json"}
