"""The board as it moves: what is told, to whom, and that it ends; and many cases on it."""

from __future__ import annotations

import datetime as dt
import http.client
import json
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import pytest
from chromium import launched, served
from scanroom import CASE
from site_under_test import PASSWORD, Room

from dossier import permissions
from dossier.catalogue.tables import Case
from dossier.viewers import OPERATOR
from search_api.scanning_room.board_events import MOST_STREAMS, feed_of
from search_api.scanning_room.board_view import PORTION


@contextmanager
def stream(address: str, cookies: str, **headers: str) -> Iterator[http.client.HTTPResponse]:
    """The events of the board, as a browser asks for them."""
    with closing(http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)) as connection:
        connection.request(
            "GET", "/board/events", headers={"Cookie": cookies, "Accept": "text/event-stream", **headers}
        )
        yield connection.getresponse()


def next_event(answer: http.client.HTTPResponse) -> dict[str, Any]:
    """The next event's content; comments and what comes before are passed over."""
    while line := answer.readline().decode():
        if line.startswith("data: "):
            return dict(json.loads(line.removeprefix("data: ")))
    raise AssertionError("the stream has ended")


def cookies_of(room: Room, name: str = "") -> str:
    browser = room.signed_in_as(name) if name else room.signed_in()
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


def test_a_stream_begins_with_the_whole_and_goes_on_with_what_has_changed(room: Room) -> None:
    with served(room.app) as address, stream(address, cookies_of(room), **{"Last-Event-ID": "x"}) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert answer.readline() == b"retry: 3000\n"
        first = next_event(answer)
        assert set(first["sections"]) == {"totals", "at-work", "attention", "settled"}
        assert "可搜索 2/3" in first["sections"]["at-work"]
        assert first["title"].startswith("2/3 ")
        room.scanroom.receive("0001.jpg", volume="证据材料卷二")
        second = next_event(answer)
        assert "settled" not in second["sections"]
        assert "证据材料卷二" in second["sections"]["at-work"]


def test_a_server_that_stops_ends_the_streams_that_are_open(room: Room) -> None:
    with ExitStack() as streams:
        with served(room.app) as address:
            answer = streams.enter_context(stream(address, cookies_of(room)))
            next_event(answer)
        # The server would still wait otherwise: it has no patience that ends here.
        answer.read()
        assert answer.isclosed()


def test_nobody_is_told_of_cases_out_of_sight(room: Room) -> None:
    room.add_user("段知行", OPERATOR, "第一检察部")
    with served(room.app) as address, stream(address, cookies_of(room, "段知行")) as answer:
        assert "证据材料卷一" in next_event(answer)["sections"]["at-work"]
        with room.scanroom.catalogue.writing() as session:
            permissions.move(session, session.query(Case).one(), "第二检察部", "test")
        assert "证据材料卷一" not in next_event(answer)["sections"]["at-work"]


def test_no_more_streams_are_opened_than_can_be(room: Room) -> None:
    feed_of(room.app).open_streams = MOST_STREAMS
    refused = room.signed_in().get("/board/events", headers={"Accept": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (503, "too_many_streams")


def test_a_stream_that_is_left_makes_room_for_another(room: Room) -> None:
    feed = feed_of(room.app)
    with served(room.app) as address, stream(address, cookies_of(room)) as answer:
        next_event(answer)
        assert feed.open_streams == 1
    assert feed.open_streams == 0


def test_many_cases_come_in_portions_and_open_one_by_one(room: Room) -> None:
    scanroom, today = room.scanroom, dt.date.today()
    numbers = [f"沪东检诉受[2031]3101150{number:04}号" for number in range(1, PORTION + 3)]
    for number in numbers:
        scanroom.receive("0001.jpg", case=number, volume="证据材料卷一")
        scanroom.receive("0002.jpg", case=number, volume="诉讼文书卷")
    with scanroom.catalogue.writing() as session:
        for case in session.query(Case):
            if case.folder in numbers:
                case.due_on = (today + dt.timedelta(days=numbers.index(case.folder))).isoformat()
        first = session.query(Case).filter_by(folder=numbers[0]).one().id
    browser = room.signed_in()
    page = browser.get("/board").text
    page = page[page.index('id="at-work"') : page.index('id="attention"')]
    assert [number for number in numbers if number in page] == numbers[:PORTION]
    assert 'class="of-volume"' not in page, "so many volumes are shown when asked for"
    assert 'aria-expanded="false"' in page
    opened = browser.get("/board", params={"open": first}).text
    assert opened.count('class="of-volume"') == 2
    rest = browser.get("/board", params={"page": 2}).text
    table = rest[rest.index('id="at-work"') : rest.index('id="attention"')]
    assert [number for number in (*numbers, CASE) if number in table] == [*numbers[PORTION:], CASE]
    assert len(browser.get("/board", params={"page": 99}).text) > 0


@pytest.mark.browser
def test_the_board_moves_without_asking_and_the_focus_stays(room: Room) -> None:
    with served(room.app) as address, launched() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 720}, base_url=address)
        page.goto("/board")
        page.get_by_label("一次性口令").fill(PASSWORD)
        page.get_by_role("button", name="进入").click()
        page.get_by_text("可搜索 2/3").first.wait_for()
        page.wait_for_function("() => document.body.dataset.live === 'told'")
        asked: list[str] = []
        page.route("**/board*", lambda route: (asked.append(route.request.url), route.abort()))
        link = page.get_by_role("link", name="证据材料卷一")
        link.focus()
        room.scanroom.receive("0004.jpg")
        page.get_by_text("可搜索 2/4").first.wait_for()
        assert link.evaluate("link => link === document.activeElement")
        assert asked == []
        page.unroute_all(behavior="ignoreErrors")
        page.get_by_role("link", name=CASE).click()
        page.wait_for_url("**/board?shut=*")
        page.wait_for_function("() => document.querySelectorAll('.of-volume').length === 0")


@pytest.mark.browser
def test_where_nothing_is_told_the_board_asks_as_before(room: Room) -> None:
    feed_of(room.app).open_streams = MOST_STREAMS
    with served(room.app) as address, launched() as browser:
        page = browser.new_page(base_url=address)
        page.goto("/board")
        page.get_by_label("一次性口令").fill(PASSWORD)
        page.get_by_role("button", name="进入").click()
        page.get_by_text("可搜索 2/3").first.wait_for()
        room.scanroom.receive("0004.jpg")
        page.get_by_text("可搜索 2/4").first.wait_for()
        feed_of(room.app).open_streams = 0
