"""The door: the one-time password, the cookie, and what happens to those who guess."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from site_under_test import PASSWORD, Room

from dossier.viewers import PROSECUTOR
from search_api.remembered import KeptSession, Remembered
from search_api.session import (
    COOKIE,
    FORGOTTEN_SECONDS,
    FREE_FAILURES,
    IDLE_SECONDS,
    LONGEST_LOCK_SECONDS,
    Doorkeeper,
    Proof,
    local_target,
)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_right_password_opens_the_page_that_was_asked_for(room: Room) -> None:
    client = room.client()
    turned_away = client.get("/?q=林晓禾&case=7")
    assert turned_away.status_code == 303
    once, twice = "%E6%9E%97%E6%99%93%E7%A6%BE", "%25E6%259E%2597%25E6%2599%2593%25E7%25A6%25BE"
    assert turned_away.headers["location"] == f"/login?next=/%3Fq%3D{twice}%26case%3D7"

    form = client.get(turned_away.headers["location"])
    assert f'name="next" value="/?q={once}&amp;case=7"' in form.text
    entered = client.post("/login", data={"password": PASSWORD, "next": f"/?q={once}&case=7"})

    assert entered.headers["location"] == f"/?q={once}&case=7"
    assert client.get("/board").status_code == 200


def test_spaces_around_a_copied_password_do_no_harm(room: Room) -> None:
    assert room.client().post("/login", data={"password": f" {PASSWORD}\n"}).status_code == 303


def test_the_cookie_is_kept_from_scripts_and_other_sites(room: Room) -> None:
    answer = room.client().post("/login", data={"password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/" in cookie
    assert PASSWORD not in cookie


def test_a_wrong_password_is_refused_without_a_cookie(room: Room) -> None:
    client = room.client()
    answer = client.post("/login", data={"password": PASSWORD[:-1]})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "口令不对" in answer.text
    assert client.get("/board").status_code == 303


def test_an_invented_cookie_is_not_a_session(room: Room) -> None:
    client = room.client()
    client.cookies.set(COOKIE, "x" * 43)
    assert client.get("/board").status_code == 303


def test_after_five_wrong_passwords_even_the_right_one_must_wait(room: Room) -> None:
    client = room.client()
    for _ in range(FREE_FAILURES):
        answer = client.post("/login", data={"password": "guess"})
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 30
    refused = client.post("/login", data={"password": PASSWORD})
    assert refused.status_code == 429
    assert "set-cookie" not in refused.headers


def test_the_wait_doubles_with_each_further_failure_and_ends() -> None:
    clock = Clock()
    door = Doorkeeper(PASSWORD, clock)
    waits = []
    for _ in range(FREE_FAILURES + 6):
        assert door.enter("10.0.0.7", "guess") is None
        waits.append(door.seconds_locked("10.0.0.7"))
        clock.now += waits[-1]
    assert waits == [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900]
    assert door.enter("10.0.0.7", PASSWORD) is not None
    assert door.enter("10.0.0.7", "guess") is None
    assert door.seconds_locked("10.0.0.7") == 0


def test_one_address_that_guesses_does_not_lock_out_another() -> None:
    door = Doorkeeper(PASSWORD, Clock())
    for _ in range(FREE_FAILURES):
        door.enter("10.0.0.7", "guess")
    assert door.enter("10.0.0.7", PASSWORD) is None
    assert door.enter("10.0.0.8", PASSWORD) is not None


def test_ones_own_success_does_not_forgive_guesses_at_another(room: Room) -> None:
    room.add_user("闵榆", PROSECUTOR)
    room.add_user("邬怀青", PROSECUTOR)
    client = room.client()
    for _ in range(FREE_FAILURES - 1):
        assert client.post("/login", data={"name": "闵榆", "password": "guess"}).status_code == 401
    assert client.post("/login", data={"name": "邬怀青", "password": PASSWORD}).status_code == 303
    stranger = room.client()
    assert stranger.post("/login", data={"name": "闵榆", "password": "guess"}).status_code == 429
    assert stranger.post("/login", data={"name": "闵榆", "password": PASSWORD}).status_code == 429


def test_a_name_waits_from_whatever_addresses_somebody_guesses_at_it() -> None:
    door = Doorkeeper(PASSWORD, Clock())
    for number in range(FREE_FAILURES):
        assert door.enter_by(f"10.0.0.{number}", lambda: None, "闵榆") is None
    assert door.enter_by("10.0.0.9", Proof, "闵榆") is None
    assert door.seconds_locked("10.0.0.9", "闵榆") == 30
    assert door.enter_by("10.0.0.9", Proof, "邬怀青") is not None


def test_ones_own_failures_are_forgiven_and_do_not_hold_up_others_at_the_address() -> None:
    door = Doorkeeper(PASSWORD, Clock())
    for name in ("闵榆", "邬怀青", "苏见川", "何景行"):
        for _ in range(FREE_FAILURES - 1):
            assert door.enter_by("10.0.0.7", lambda: None, name) is None
        assert door.enter_by("10.0.0.7", Proof, name) is not None, name
        assert door.seconds_locked("10.0.0.7", name) == 0


def test_failures_are_forgotten_an_hour_after_the_last() -> None:
    clock = Clock()
    door = Doorkeeper(PASSWORD, clock)
    for _ in range(FREE_FAILURES):
        door.enter_by("10.0.0.7", lambda: None, "闵榆")
    clock.now += LONGEST_LOCK_SECONDS + FORGOTTEN_SECONDS + 1
    door.enter_by("10.0.0.7", lambda: None, "闵榆")
    assert door.seconds_locked("10.0.0.7", "闵榆") == 0


def test_a_session_ends_after_a_night_without_use() -> None:
    clock = Clock()
    door = Doorkeeper(PASSWORD, clock)
    token = door.enter("", PASSWORD)
    assert token is not None
    clock.now += IDLE_SECONDS - 1
    assert door.proof_of(token)
    clock.now += IDLE_SECONDS - 1
    assert door.proof_of(token), "use prolongs it"
    clock.now += IDLE_SECONDS + 1
    assert not door.proof_of(token)


def test_leaving_ends_the_session_on_the_server(room: Room) -> None:
    client = room.signed_in()
    token = client.cookies[COOKIE]
    assert client.post("/logout").headers["location"] == "/login"
    client.cookies.set(COOKIE, token)
    assert client.get("/board").status_code == 303


class Turnstile:
    """A lock after whose first opening somebody else does something."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self._lock, self._meanwhile = threading.RLock(), meanwhile
        self._is_over = False

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        if not self._is_over:
            self._is_over = True
            self._meanwhile()


def test_whoever_leaves_while_another_request_of_theirs_is_looked_at_is_outside() -> None:
    door = Doorkeeper(PASSWORD, Clock())
    token = door.enter("", PASSWORD)
    assert token is not None
    door._lock = Turnstile(lambda: door.leave(token))  # type: ignore[assignment]
    door.proof_of(token)
    assert door.proof_of(token) is None


def test_whoever_leaves_while_their_kept_session_is_looked_up_is_outside(room: Room) -> None:
    room.add_user("闵榆", PROSECUTOR)
    token = room.signed_in_as("闵榆").cookies[COOKIE]
    remembered = Remembered(room.scanroom.catalogue, IDLE_SECONDS, FORGOTTEN_SECONDS)
    door = Doorkeeper(PASSWORD, Clock(), remembered)
    look_up, looked_up = remembered.session_of, []

    def session_of(asked: str) -> KeptSession | None:
        found = look_up(asked)
        if not looked_up:
            door.leave(asked)
        looked_up.append(asked)
        return found

    remembered.session_of = session_of  # type: ignore[method-assign]
    assert door.proof_of(token) is None
    assert look_up(token) is None


def test_an_empty_password_is_no_password() -> None:
    with pytest.raises(ValueError, match="empty"):
        Doorkeeper("")


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "javascript:alert(1)",
        "board",
        "",
        "/\t/x.example",
    ],
)
def test_the_login_never_leads_to_another_site(target: str) -> None:
    assert local_target(target) == "/"


def test_whoever_is_inside_does_not_see_the_form_again(room: Room) -> None:
    answer = room.signed_in().get("/login?next=/board")
    assert (answer.status_code, answer.headers["location"]) == (303, "/board")
