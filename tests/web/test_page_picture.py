"""The page's picture: sizes, caching, and the wait for one that is not there."""

from __future__ import annotations

import io
import os
import threading
import time

import pytest
from PIL import Image
from scanroom import HEIGHT, WIDTH
from site_under_test import PAGES, Room
from starlette.testclient import TestClient

from dossier import work
from dossier.derived import smaller_picture
from search_api.desk.page_picture import snapped_width


def address(page_id: str, **params: object) -> str:
    return f"/api/v1/pages/{page_id}/image?" + "&".join(f"{name}={value}" for name, value in params.items())


@pytest.mark.parametrize(
    ("asked", "width"),
    [(1, 1), (240, 240), (241, 241), (640, 640), (999, 999), (1000, 1000), (1001, 1000), (100_000, 1000), (None, 1000)],
)
def test_the_picture_is_as_wide_as_asked_and_never_enlarged(
    browser: TestClient, room: Room, asked: int | None, width: int
) -> None:
    answer = browser.get(address(room.page_ids[0], **({"width": asked} if asked else {})))
    assert answer.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.size == (width, max(1, round(HEIGHT * width / WIDTH)))


@pytest.mark.parametrize(
    ("asked", "width"), [(1, 240), (240, 240), (241, 800), (800, 800), (1600, 1000), (5000, 1000), (None, 1000)]
)
def test_where_nearly_is_enough_the_picture_comes_in_few_widths(
    browser: TestClient, room: Room, asked: int | None, width: int
) -> None:
    answer = browser.get(address(room.page_ids[0], nearly=1, **({"width": asked} if asked else {})))
    assert answer.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.size == (width, round(HEIGHT * width / WIDTH))


def test_a_picture_hardly_wider_than_asked_is_sent_as_it_is(browser: TestClient, room: Room) -> None:
    path = room.scanroom.derived.page_picture(room.page_ids[0], 1)
    Image.new("L", (1653, 2339), 255).save(path)
    nearly = browser.get(address(room.page_ids[0], width=1600, nearly=1))
    assert nearly.content == path.read_bytes()
    exact = browser.get(address(room.page_ids[0], width=1600))
    with Image.open(io.BytesIO(exact.content)) as picture:
        assert picture.width == 1600
    assert nearly.headers["etag"] != exact.headers["etag"]
    assert browser.get(address(room.page_ids[0], width=1600, nearly=1)).content == path.read_bytes()


def test_only_few_widths_are_kept(room: Room) -> None:
    browser, path = room.signed_in(), room.scanroom.derived.page_picture(room.page_ids[0], 1)

    def kept() -> set[str]:
        return {each.name.removeprefix(path.stem) for each in path.parent.glob(f"{path.stem}*")}

    for width in (*range(1, 1100, 100), 240, 800, 1600):
        for nearly in (0, 1):
            assert browser.get(address(room.page_ids[0], width=width, nearly=nearly)).status_code == 200
    assert kept() == {".jpg", ".240.jpg", ".800.jpg"}


def test_a_smaller_picture_is_made_once_and_again_when_the_picture_is_another(room: Room) -> None:
    browser, path = room.signed_in(), room.scanroom.derived.page_picture(room.page_ids[0], 1)
    small = smaller_picture(path, 240)
    first = browser.get(address(room.page_ids[0], width=240)).content
    assert small.read_bytes() == first
    # What is kept is what is sent, nothing is made anew …
    mark = first[:-2] + b"\xff\xfe\x00\x06mark\xff\xd9"
    taken = path.stat().st_mtime_ns
    small.write_bytes(mark)
    os.utime(small, ns=(taken, taken))
    assert browser.get(address(room.page_ids[0], width=240)).content == mark
    # … unless it is cut short, or was made of another picture.
    small.write_bytes(mark[:200])
    os.utime(small, ns=(taken, taken))
    assert browser.get(address(room.page_ids[0], width=240)).content == first
    Image.new("L", (1200, 2400), 255).save(path)
    with Image.open(io.BytesIO(browser.get(address(room.page_ids[0], width=240)).content)) as picture:
        assert picture.size == (240, 480)


def test_a_full_disk_does_not_keep_anybody_from_a_smaller_picture(room: Room) -> None:
    path = room.scanroom.derived.page_picture(room.page_ids[0], 1)
    # A folder stands where the smaller picture would be kept.
    (smaller_picture(path, 800) / "in the way").mkdir(parents=True)
    answer = room.signed_in().get(address(room.page_ids[0], width=800))
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.size == (800, round(HEIGHT * 800 / WIDTH))


def test_a_width_is_snapped_to_the_next_larger_one() -> None:
    assert [snapped_width(asked) for asked in (1, 240, 500, 1600, 1601, None)] == [240, 240, 800, 1600, None, None]


def test_a_picture_whose_reading_is_named_is_kept_for_an_hour(browser: TestClient, room: Room) -> None:
    named = browser.get(address(room.page_ids[0], width=240, reading=1))
    assert named.headers["cache-control"] == "private, max-age=3600, immutable"
    for stale in (address(room.page_ids[0], width=240), address(room.page_ids[0], width=240, reading="scan")):
        assert browser.get(stale).headers["cache-control"] == "private, no-cache"


def test_a_picture_that_the_browser_has_is_not_sent_again(browser: TestClient, room: Room) -> None:
    target = address(room.page_ids[0], width=240)
    tag = browser.get(target).headers["etag"]
    again = browser.get(target, headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    other_width = browser.get(address(room.page_ids[0], width=800), headers={"if-none-match": tag})
    assert other_width.status_code == 200


def test_a_picture_that_is_not_there_is_asked_for_urgently_and_soon_tried_again(room: Room) -> None:
    problem = room.signed_in().get(address(room.page_ids[2], wait=0))
    assert problem.status_code == 503
    assert problem.json()["code"] == "picture_pending"
    assert int(problem.headers["retry-after"]) > 0
    assert problem.headers["cache-control"] == "no-store"
    (asked,) = room.scanroom.requested(work.PICTURE)
    assert (asked.subject_id, asked.priority, asked.state) == (room.page_ids[2], work.URGENT, "waiting")


def test_a_small_picture_of_many_lets_the_page_that_is_open_come_first(room: Room) -> None:
    browser = room.signed_in()
    browser.get(address(room.page_ids[2], width=240, wait=0))
    (asked,) = room.scanroom.requested(work.PICTURE)
    assert work.URGENT < asked.priority < work.NORMAL
    browser.get(address(room.page_ids[2], width=1600, wait=0))
    (asked,) = room.scanroom.requested(work.PICTURE)
    assert asked.priority == work.URGENT


def test_asking_again_for_a_waiting_picture_writes_nothing(room: Room) -> None:
    browser = room.signed_in()
    browser.get(address(room.page_ids[2], wait=0))
    (asked,) = room.scanroom.requested(work.PICTURE)
    browser.get(address(room.page_ids[2], wait=0))
    (again,) = room.scanroom.requested(work.PICTURE)
    assert again.updated_at == asked.updated_at


def test_a_picture_made_while_the_browser_waits_is_sent(room: Room) -> None:
    timer = threading.Timer(0.4, room.scanroom.put_picture, (room.page_ids[2], PAGES[0], None))
    timer.start()
    begun = time.monotonic()
    answer = room.signed_in().get(address(room.page_ids[2]))
    timer.join()
    assert answer.status_code == 200
    assert 0.3 < time.monotonic() - begun < 5


def test_a_page_that_is_read_while_its_scan_is_awaited_comes_upright(room: Room) -> None:
    timer = threading.Timer(0.4, room.scanroom.read, (room.page_ids[2], PAGES[0]))
    timer.start()
    answer = room.signed_in().get(address(room.page_ids[2], reading="scan"))
    timer.join()
    assert answer.status_code == 200
    assert answer.headers["etag"].startswith('"1-')
    assert answer.headers["cache-control"] == "private, no-cache", "it is not the picture that was named"


def test_a_picture_lost_from_derived_is_asked_for_again(room: Room) -> None:
    browser = room.signed_in()
    room.scanroom.derived.page_picture(room.page_ids[0], 1).unlink()
    browser.get(address(room.page_ids[0], wait=0))
    room.scanroom.finish_work(work.PICTURE, room.page_ids[0])
    assert browser.get(address(room.page_ids[0], wait=0)).status_code == 503
    (asked,) = room.scanroom.requested(work.PICTURE)
    assert asked.state == "waiting"


def test_a_picture_that_cannot_be_made_says_why_and_is_not_asked_for_again(room: Room) -> None:
    browser = room.signed_in()
    browser.get(address(room.page_ids[2], wait=0))
    room.scanroom.finish_work(work.PICTURE, room.page_ids[2], "failed", "page_unreadable")
    problem = browser.get(address(room.page_ids[2]))
    assert (problem.status_code, problem.json()["code"]) == (422, "page_unreadable")
    (asked,) = room.scanroom.requested(work.PICTURE)
    assert asked.state == "failed"


def test_a_picture_of_no_page_is_a_problem(browser: TestClient) -> None:
    problem = browser.get(address("p00"))
    assert (problem.status_code, problem.json()["code"]) == (404, "not_found")
    assert browser.get(address("p00", width=0)).status_code == 422
    assert browser.get(address("p00", wait=16)).status_code == 422
