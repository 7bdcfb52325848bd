"""Rate limits: what one may ask in a minute, and what old clients may say of their method."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from site_under_test import PASSWORD, Room
from starlette.testclient import TestClient

from dossier import api_keys
from dossier.settings import Settings
from dossier.viewers import OPERATOR, PROSECUTOR, Viewer
from search_api.app import create_app
from search_api.rate_limits import RateLimits, cost

LIMIT = 20


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_holds_a_minutes_worth_and_is_filled_steadily() -> None:
    clock = Clock()
    limits, viewer = RateLimits(60, clock), Viewer("u1")
    for left in range(59, -1, -1):
        taken = limits.take(viewer, "GET", "/board")
        assert taken is not None
        assert (taken.tokens, taken.wait) == (left, 0)
    refused = limits.take(viewer, "GET", "/board")
    assert refused is not None
    assert (refused.wait, refused.header, refused.policy_header) == (1, '"requests";r=0;t=60', '"requests";q=60;w=60')
    clock.now += 3
    search = limits.take(viewer, "GET", "/api/v1/search")
    assert search is not None
    assert search.wait == 1, "a search costs four, and three are there"
    clock.now += search.wait
    assert limits.take(viewer, "GET", "/api/v1/search") is not None
    other = limits.take(Viewer("u2"), "GET", "/board")
    assert other is not None
    assert other.tokens == 59, "nobody else pays for it"
    clock.now += 3600
    full = limits.take(viewer, "GET", "/board")
    assert full is not None
    assert full.tokens == 59, "and no more than full"


def test_what_costs_more_than_a_bucket_holds_can_be_asked_all_the_same() -> None:
    taken = RateLimits(10, Clock()).take(Viewer("u1"), "POST", "/api/v1/roster")
    assert taken is not None
    assert (taken.tokens, taken.wait) == (0, 0)


def test_without_a_limit_nothing_is_counted_and_memory_is_bounded() -> None:
    assert RateLimits(0).take(Viewer("u1"), "GET", "/") is None
    limits = RateLimits(10, Clock())
    for number in range(10_050):
        limits.take(Viewer(f"u{number}"), "GET", "/board")
    assert len(limits._buckets) == 10_000


@pytest.mark.parametrize(
    ("method", "path", "price"),
    [
        ("GET", "/api/v1/pages/p1/image", 1), ("GET", "/", 4), ("GET", "/api/v1/search/facets", 4),
        ("GET", "/api/v1/volumes/v1.pdf", 4), ("POST", "/api/v1/cases/c1/files", 4), ("POST", "/api/v1/uploads", 4),
        ("PATCH", "/api/v1/uploads/t1", 1), ("POST", "/api/v1/roster", 40), ("GET", "/board", 1),
        ("GET", "/api/v1/cases/c1/statements", 20), ("GET", "/cases/c1/statements", 20), ("POST", "/roster", 40),
    ],
)  # fmt: skip
def test_what_makes_the_machine_work_harder_costs_more(method: str, path: str, price: int) -> None:
    assert cost(method, path) == price


@pytest.fixture
def narrow(room: Room) -> Iterator[Room]:
    """The room with a site that allows little."""
    scanroom = room.scanroom
    app = create_app(
        scanroom.home, scanroom.catalogue, scanroom.vault, scanroom.searcher, PASSWORD,
        settings=Settings(requests_a_minute=LIMIT),
    )  # fmt: skip
    yield Room(scanroom, app, room.page_ids)
    app.state.site.looks.close()


def test_who_asks_too_much_is_told_when_to_go_on_and_others_go_on(narrow: Room) -> None:
    program, other = narrow.with_key("read"), narrow.with_key("read")
    answers = [program.get("/api/v1/status") for _ in range(LIMIT + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {200}
    assert answers[0].headers["ratelimit-policy"] == f'"requests";q={LIMIT};w=60'
    assert "ratelimit" not in answers[0].headers, "it is said when it comes to matter"
    assert re.fullmatch(r'"requests";r=\d+;t=\d+', answers[LIMIT - 2].headers["ratelimit"])
    refused = answers[-1]
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 4
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["ratelimit"].startswith('"requests";r=0;')
    assert other.get("/api/v1/status").status_code == 200


def test_a_person_is_told_on_a_page_and_the_login_is_never_held_up_by_it(narrow: Room) -> None:
    narrow.add_user("傅溪", PROSECUTOR)
    browser = narrow.signed_in_as("傅溪")
    for _ in range(LIMIT):
        browser.get("/board")
    answer = browser.get("/board", headers={"Accept": "text/html"})
    assert (answer.status_code, "请求太频繁" in answer.text) == (429, True)
    assert narrow.client().get("/login").status_code == 200
    assert browser.get("/static/style.css").status_code == 200


def test_the_defaults_let_a_case_system_put_a_thousand_cases_in_a_minute() -> None:
    limits, key = RateLimits(Settings().requests_a_minute, Clock()), Viewer("k1")
    taken = [limits.take(key, "POST", "/api/v1/cases") for _ in range(1000)]
    taken += [limits.take(key, "POST", "/api/v1/cases/c1/files") for _ in range(200)]
    assert {left.wait for left in taken if left is not None} == {0}


# The method that old clients mean


def override(client: TestClient, path: str, method: str, **more: object) -> object:
    return client.post(path, headers={"X-HTTP-Method-Override": method, "If-Match": "*"}, **more)  # type: ignore[arg-type]


def case_address(room: Room) -> str:
    return f"/api/v1/cases/{room.scanroom.page(room.page_ids[0]).case_id}"


def test_a_post_stands_for_the_method_that_it_names(room: Room) -> None:
    program, address = room.with_key("read", "write"), case_address(room)
    changed = override(program, address, "patch", json={"name": "周望舒诈骗案"})
    assert changed.status_code == 200, changed  # type: ignore[attr-defined]
    assert program.get(address).json()["name"] == "周望舒诈骗案"


def test_the_scope_and_the_role_that_count_are_those_of_the_method_that_is_meant(room: Room) -> None:
    reader = room.with_key("read")
    refused = override(reader, case_address(room), "PATCH", json={"name": "x"})
    assert refused.json()["code"] == "scope_missing"  # type: ignore[attr-defined]
    room.add_user("闵榆", PROSECUTOR)
    person = override(room.signed_in_as("闵榆"), case_address(room), "PATCH", json={"name": "x"})
    assert person.json()["code"] == "role_missing"  # type: ignore[attr-defined]


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PATCH, DELETE", ""])
def test_no_other_method_can_be_meant(room: Room, method: str) -> None:
    answer = override(room.with_key("read", "write"), case_address(room), method, json={"name": "x"})
    assert answer.json()["code"] == "method_override"  # type: ignore[attr-defined]


def test_a_get_is_never_another_method(room: Room) -> None:
    program, address = room.with_key("read", "write"), case_address(room)
    before = program.get(address).json()
    for path in (address, "/api/v1/excerpts/x"):
        program.get(path, headers={"X-HTTP-Method-Override": "DELETE"})
    assert program.get(address).json() == before


def test_another_sites_form_can_override_nothing(room: Room) -> None:
    room.add_user("傅溪", OPERATOR)
    browser = room.signed_in_as("傅溪")
    answer = browser.post(
        case_address(room), json={"name": "x"},
        headers={"X-HTTP-Method-Override": "PATCH", "If-Match": "*", "Origin": "http://other.example"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (403, "origin_refused")


def test_outside_the_api_the_header_means_nothing(room: Room) -> None:
    browser = room.signed_in()
    assert browser.post("/logout", headers={"X-HTTP-Method-Override": "DELETE"}).status_code == 303


def test_a_key_is_needed_for_it_as_for_anything(room: Room) -> None:
    answer = override(room.client(), case_address(room), "PATCH", json={"name": "x"})
    assert answer.status_code == 401  # type: ignore[attr-defined]
    with room.scanroom.catalogue.reading() as session:
        assert api_keys.all_keys(session) == []
