"""The citation of a page, for programs."""

from __future__ import annotations

import pytest
from scanroom import cell
from site_under_test import PAGES, Room
from starlette.testclient import TestClient

from dossier.catalogue.tables import Page


def test_a_page_is_cited_by_its_picture_until_its_label_is_confirmed(browser: TestClient, room: Room) -> None:
    path = f"/api/v1/pages/{room.page_ids[0]}/citation"
    for label, state, citation in (
        (None, None, "证据卷一图像第1页"),
        ("35", "read", "证据卷一图像第1页"),
        ("35", "confirmed", "证据卷一P35"),
    ):
        with room.scanroom.catalogue.writing() as session:
            page = session.get_one(Page, room.page_ids[0])
            page.page_label, page.page_label_state = label, state
        assert browser.get(path).json() == {"page_id": room.page_ids[0], "citation": citation}


def test_lines_come_with_their_text_and_their_places(browser: TestClient, room: Room) -> None:
    answer = browser.get(f"/api/v1/pages/{room.page_ids[0]}/citation?first_line=2&last_line=3").json()

    assert answer["text"] == "\n".join(PAGES[0][1:3])
    boxes = [cell(line, 0).union(cell(line, len(PAGES[0][line]) - 1)) for line in (1, 2)]
    assert answer["rects"] == [box.as_list() for box in boxes]


@pytest.mark.parametrize("lines", ["first_line=4", "first_line=3&last_line=2", "first_line=2&last_line=9"])
def test_lines_that_a_page_does_not_have_are_not_found(browser: TestClient, room: Room, lines: str) -> None:
    answer = browser.get(f"/api/v1/pages/{room.page_ids[0]}/citation?{lines}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
