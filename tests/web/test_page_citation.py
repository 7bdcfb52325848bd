"""The citation of a page, for programs."""

from __future__ import annotations

import pytest
from scanroom import cell
from site_under_test import PAGES, Room
from starlette.testclient import TestClient

from dossier.catalogue.tables import Page
from dossier.deeds import page_order


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


def test_a_page_outside_the_order_is_cited_by_no_number_and_a_replaced_one_by_its_successors(
    browser: TestClient, room: Room
) -> None:
    first, second, third = room.page_ids

    def citation(page_id: str) -> str:
        return str(browser.get(f"/api/v1/pages/{page_id}/citation").json()["citation"])

    with room.scanroom.catalogue.writing() as session:
        page_order.remove(session, first, "不属于本卷", "傅溪")
    assert (citation(first), citation(second)) == ("证据卷一不计页的图像", "证据卷一图像第1页")
    body = {"page_ids": [first, second, third], "quotation": "甲"}
    taken = browser.post("/api/v1/excerpts", json=body).json()
    assert taken["page_ids"] == [first, second, third], "in the order of the paper"
    with room.scanroom.catalogue.writing() as session:
        page_order.replace(session, second, third, "傅溪")
    assert citation(second) == citation(third) == "证据卷一图像第1页"
    page = browser.get(f"/api/v1/excerpts/{taken['id']}").json()
    assert page["citation"] == "证据卷一不计页的图像；证据卷一图像第1页"


def test_a_passage_over_pages_is_cited_with_its_ranges_merged(browser: TestClient, room: Room) -> None:
    first, second, third = room.page_ids
    other = room.scanroom.receive("0001.jpg", volume="证据材料卷二")

    def cited(page_id: str, through: str) -> tuple[int, str]:
        answer = browser.get(f"/api/v1/pages/{page_id}/citation", params={"through": through})
        return answer.status_code, answer.json().get("citation", "")

    assert cited(first, third) == (200, "证据卷一图像第1-3页")
    with room.scanroom.catalogue.writing() as session:
        for page_id, label in ((first, "35"), (second, "36"), (third, "37")):
            page = session.get_one(Page, page_id)
            page.page_label, page.page_label_state = label, "confirmed"
    assert cited(first, third) == (200, "证据卷一P35-37")
    assert cited(second, third) == (200, "证据卷一P36-37")
    assert cited(second, second) == (200, "证据卷一P36")
    for page_id, through in ((third, first), (first, other), (first, "p0")):
        assert cited(page_id, through)[0] == 404
    with room.scanroom.catalogue.writing() as session:
        page_order.remove(session, second, "不属于本卷", "傅溪")
    assert cited(first, third) == (200, "证据卷一P35、37")
    assert cited(first, second)[0] == 404


def test_lines_come_with_their_text_and_their_places(browser: TestClient, room: Room) -> None:
    answer = browser.get(f"/api/v1/pages/{room.page_ids[0]}/citation?first_line=2&last_line=3").json()

    assert answer["text"] == "\n".join(PAGES[0][1:3])
    boxes = [cell(line, 0).union(cell(line, len(PAGES[0][line]) - 1)) for line in (1, 2)]
    assert answer["rects"] == [box.as_list() for box in boxes]


@pytest.mark.parametrize("lines", ["first_line=4", "first_line=3&last_line=2", "first_line=2&last_line=9"])
def test_lines_that_a_page_does_not_have_are_not_found(browser: TestClient, room: Room, lines: str) -> None:
    answer = browser.get(f"/api/v1/pages/{room.page_ids[0]}/citation?{lines}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
