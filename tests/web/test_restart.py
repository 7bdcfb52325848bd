"""What the door remembers when the site is started again: who is inside, and who has guessed wrong."""

from __future__ import annotations

import sqlite3

from site_under_test import PASSWORD, Room
from sqlalchemy import select

from dossier import users
from dossier.catalogue.tables import SessionRow, SignInFailure
from dossier.viewers import OPERATOR
from search_api.session import COOKIE, FREE_FAILURES, IDLE_SECONDS, USE_KEPT_SECONDS


def guess(room: Room, name: str, times: int) -> list[int]:
    client = room.client()
    return [client.post("/login", data={"name": name, "password": "guess"}).status_code for _ in range(times)]


def rows(room: Room, table: type[SessionRow] | type[SignInFailure]) -> list[SessionRow] | list[SignInFailure]:
    with room.scanroom.catalogue.reading() as session:
        return list(session.scalars(select(table)).all())  # type: ignore[return-value]


def test_who_is_inside_stays_inside(room: Room) -> None:
    room.add_user("傅溪", OPERATOR)
    token = room.signed_in_as("傅溪").cookies[COOKIE]
    for _ in range(2):
        browser = room.reopened().client()
        browser.cookies.set(COOKIE, token)
        assert "傅溪" in browser.get("/board").text


def test_who_has_left_or_was_thrown_out_stays_outside(room: Room) -> None:
    for name in ("傅溪", "邬怀青", "闵榆"):
        room.add_user(name, OPERATOR)
    browsers = [room.signed_in_as(name) for name in ("傅溪", "邬怀青", "闵榆")]
    tokens = [browser.cookies[COOKIE] for browser in browsers]
    browsers[0].post("/logout")
    with room.scanroom.catalogue.writing() as session:
        users.disable_user(session, users.user_named(session, "邬怀青"), "test")
        user = users.user_named(session, "闵榆")
        users.set_password(session, user, user.password, "test")
    assert rows(room, SessionRow) == []
    for token in tokens:
        browser = room.reopened().client()
        browser.cookies.set(COOKIE, token)
        assert browser.get("/board").status_code == 303


def test_another_password_ends_a_session_that_was_kept(room: Room) -> None:
    room.add_user("傅溪", OPERATOR)
    browser = room.reopened().client()
    browser.cookies.set(COOKIE, room.signed_in_as("傅溪").cookies[COOKIE])
    with room.scanroom.catalogue.writing() as session:
        users.user_named(session, "傅溪").password += "x"  # as the command line of another version might
    assert browser.get("/board").status_code == 303


def test_a_session_that_nobody_used_for_long_is_over_and_struck_out(room: Room) -> None:
    room.add_user("傅溪", OPERATOR)
    token = room.signed_in_as("傅溪").cookies[COOKIE]
    with room.scanroom.catalogue.writing() as session:
        session.scalars(select(SessionRow)).one().used_at -= IDLE_SECONDS + 1
    reopened = room.reopened()
    browser = reopened.client()
    browser.cookies.set(COOKIE, token)
    assert browser.get("/board").status_code == 303
    reopened.signed_in_as("傅溪")
    assert len(rows(room, SessionRow)) == 1


def test_requests_write_nothing_and_use_is_noted_now_and_then(room: Room) -> None:
    room.add_user("傅溪", OPERATOR)
    browser = room.signed_in_as("傅溪")
    (before,) = rows(room, SessionRow)
    for _ in range(5):
        browser.get("/board")
    (after,) = rows(room, SessionRow)
    assert after.used_at == before.used_at  # type: ignore[union-attr]
    with room.scanroom.catalogue.writing() as session:
        session.scalars(select(SessionRow)).one().used_at -= USE_KEPT_SECONDS + 1
    again = room.reopened().client()
    again.cookies.set(COOKIE, browser.cookies[COOKIE])
    again.get("/board")
    (noted,) = rows(room, SessionRow)
    assert noted.used_at >= before.used_at  # type: ignore[union-attr]


def test_the_one_time_passwords_session_ends_with_the_process(room: Room) -> None:
    token = room.signed_in().cookies[COOKIE]
    browser = room.reopened().client()
    browser.cookies.set(COOKIE, token)
    assert browser.get("/board").status_code == 303
    assert rows(room, SessionRow) == []


def test_who_has_to_wait_goes_on_waiting(room: Room) -> None:
    room.add_user("傅溪", OPERATOR)
    assert guess(room, "傅溪", FREE_FAILURES)[-1] == 429
    reopened = room.reopened()
    for password in ("guess", PASSWORD):
        answer = reopened.client().post("/login", data={"name": "傅溪", "password": password})
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["retry-after"]) <= 30


def test_guesses_before_and_after_a_restart_add_up(room: Room) -> None:
    room.add_user("傅溪", OPERATOR)
    assert guess(room, "傅溪", FREE_FAILURES - 1)[-1] == 401
    assert guess(room.reopened(), "傅溪", 1) == [429]


def test_who_gets_in_is_forgiven_across_a_restart_too_and_clean_sign_ins_write_no_failure(room: Room) -> None:
    room.add_user("傅溪", OPERATOR)
    room.signed_in_as("傅溪")
    assert rows(room, SignInFailure) == []
    guess(room, "傅溪", FREE_FAILURES - 1)
    assert len(rows(room, SignInFailure)) == 2
    room.signed_in_as("傅溪")
    assert rows(room, SignInFailure) == []
    assert guess(room.reopened(), "傅溪", 1) == [401]


def test_what_was_typed_as_a_name_is_not_kept_unless_a_user_bears_it(room: Room) -> None:
    room.add_user("傅溪", OPERATOR)
    guess(room, "麦田-4821-风筝", 2)
    guess(room, "傅溪", 1)
    found = {(row.kind, row.whose): row.by_name for row in rows(room, SignInFailure)}  # type: ignore[union-attr]
    assert found == {("address", "testclient"): {"": 2, "傅溪": 1}, ("name", "傅溪"): {"傅溪": 1}}


def test_no_token_is_kept(room: Room) -> None:
    room.add_user("傅溪", OPERATOR)
    token = room.signed_in_as("傅溪").cookies[COOKIE]
    connection = sqlite3.connect(room.scanroom.home.catalogue)
    try:
        told = "\n".join(connection.iterdump())
    finally:
        connection.close()
    assert "sessions" in told
    assert token not in told
