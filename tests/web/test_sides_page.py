"""Two pictures of one side on the screen: side by side, one click, and taken back."""

from __future__ import annotations

import pytest
from chromium import launched, served
from site_under_test import PASSWORD, Room

from dossier.viewers import WRITE

VOLUME = "证据材料卷七"


def fill(room: Room) -> list[str]:
    scanroom = room.scanroom
    ids = [scanroom.receive(f"docs000{at}_{side}.jpg", volume=VOLUME) for at in (1, 2) for side in ("Pri", "Sec")]
    for page_id in ids:
        scanroom.read(page_id, ["一面"])
    return ids


def test_the_deed_of_the_api_is_told_which_picture_counts(room: Room) -> None:
    ids = fill(room)
    address = f"/api/v1/volumes/{room.scanroom.volume_id(VOLUME)}/sides"
    client = room.with_key(WRITE)

    answer = client.post(address, json={"keep": "primary"})

    assert (answer.status_code, answer.json()["done"]) == (200, "2 对：用左图（Pri），右图移出页序，原件保留。")
    assert [room.scanroom.page(page_id).outside for page_id in ids] == [None, "replaced", None, "replaced"]
    (undo,) = answer.json()["undo"]
    assert client.post(undo["address"], json=undo["body"]).status_code == 200
    assert [room.scanroom.page(page_id).outside for page_id in ids] == [None] * 4
    assert client.post(address, json={"keep": "the best"}).status_code == 422
    assert client.post(address, json={"keep": "primary", "pages": [room.page_ids[0]]}).status_code == 409


@pytest.mark.browser
def test_the_pictures_stand_side_by_side_and_one_is_chosen_by_a_click(room: Room) -> None:
    ids = fill(room)
    with served(room.app) as address, launched() as browser:
        page = browser.new_context(viewport={"width": 1280, "height": 720}, base_url=address).new_page()
        page.goto("/login")
        page.fill("input[type=password]", PASSWORD)
        page.press("input[type=password]", "Enter")
        page.goto("/board")
        page.get_by_role("link", name="左右对照").click()
        rows = page.locator(".side-pairs > li")
        assert rows.count() == 2
        left, right = (rows.first.locator("img").nth(at).bounding_box() for at in (0, 1))
        assert left["x"] + left["width"] <= right["x"]
        assert abs(left["y"] - right["y"]) < 2

        rows.first.get_by_role("button", name="用右图").focus()
        page.keyboard.press("Enter")
        page.locator("#done", has_text="用右图（Sec）").wait_for()
        rows.nth(1).wait_for(state="detached")
        assert room.scanroom.page(ids[0]).replaced_by == ids[1]

        page.get_by_role("button", name="撤销").click()
        page.locator("#done", has_text="已撤销").wait_for()
        assert room.scanroom.page(ids[0]).outside is None
        page.get_by_role("button", name="全部用左图（Pri）").click()
        page.get_by_text("这一卷没有要选的").wait_for()
        assert [room.scanroom.page(page_id).outside for page_id in ids] == [None, "replaced", None, "replaced"]
