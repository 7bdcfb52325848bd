"""The page on which a page is cropped: by mouse, by keyboard, taken back, and what is told when it cannot be."""

from __future__ import annotations

import pytest
from chromium import launched, served
from site_under_test import PASSWORD, Room

from dossier.viewers import WRITE


def test_a_crop_is_told_with_the_page_and_can_be_taken_back_by_the_call_that_it_names(room: Room) -> None:
    page_id = room.page_ids[0]
    client = room.with_key(WRITE, "read")

    answer = client.post(f"/api/v1/pages/{page_id}/crop", json={"box": [0.1, 0.2, 0.9, 0.95], "reading_version": 1})

    assert (answer.status_code, room.scanroom.page(page_id).state) == (200, "waiting")
    assert room.scanroom.page(page_id).crop_by_hand == {"box": [0.1, 0.2, 0.9, 0.95], "turn_degrees": 0, "version": 1}
    told = client.get(f"/api/v1/pages/{page_id}").json()
    # It is what the picture that is there now shows: all of it.
    assert (told["crop"], bool(told["cropped_by"])) == (None, True)
    assert "裁切过，只显示框内的部分" in room.signed_in().get(f"/pages/{page_id}").text
    (undo,) = answer.json()["undo"]
    assert client.post(undo["address"], json=undo["body"]).status_code == 200
    assert room.scanroom.page(page_id).crop_by_hand is None
    assert "裁切过" not in room.signed_in().get(f"/pages/{page_id}").text


@pytest.mark.parametrize("box", [[0, 0, 1], [0, 0, 1.5, 1], [0.5, 0, 0.4, 1], [0, 0, 0.01, 1], [0, 0, 0.06, 1]])
def test_what_is_no_frame_is_refused_with_the_reason(room: Room, box: list[float]) -> None:
    answer = room.with_key(WRITE).post(f"/api/v1/pages/{room.page_ids[0]}/crop", json={"box": box})

    assert (answer.status_code, answer.json()["code"]) == (409, "deed_refused")
    assert "裁切框" in answer.text or "框住的部分太小" in answer.text
    assert room.scanroom.page(room.page_ids[0]).crop_by_hand is None


def test_a_page_that_was_not_read_is_cropped_later(room: Room) -> None:
    page_id = room.page_ids[2]

    answer = room.with_key(WRITE).post(f"/api/v1/pages/{page_id}/crop", json={"box": [0.1, 0.1, 0.9, 0.9]})

    assert (answer.status_code, "还没有识别" in answer.text) == (409, True)
    assert "识别完就可以裁切" in room.signed_in().get(f"/pages/{page_id}/crop").text


@pytest.mark.browser
def test_a_frame_is_drawn_with_the_mouse_or_told_with_the_keyboard(room: Room) -> None:
    page_id = room.page_ids[0]
    with served(room.app) as address, launched() as browser:
        page = browser.new_context(viewport={"width": 1280, "height": 720}, base_url=address).new_page()
        page.goto("/login")
        page.fill("input[type=password]", PASSWORD)
        page.press("input[type=password]", "Enter")
        page.goto(f"/volumes/{room.scanroom.page(page_id).volume_id}")
        page.locator(f"#card-{page_id} > a").click()
        page.keyboard.press("c")
        page.wait_for_url(f"**/pages/{page_id}/crop")
        page.evaluate("document.getElementById('picture').decode()")

        # Without a frame nothing is done, and it is said.
        page.get_by_role("button", name="裁切", exact=True).click()
        page.locator("#done", has_text="请先在图上框出").wait_for()

        place = page.locator("#sheet").bounding_box()
        page.mouse.move(place["x"] + 0.8 * place["width"], place["y"] + 0.6 * place["height"])
        page.mouse.down()
        page.mouse.move(place["x"] + 0.1 * place["width"], place["y"] + 0.2 * place["height"], steps=4)
        page.mouse.up()
        drawn = [float(page.input_value(f"#{side}")) for side in ("left", "top", "right", "bottom")]
        assert drawn == pytest.approx([10, 20, 20, 40], abs=0.5)

        page.focus("#left")
        page.keyboard.press("Control+a")
        page.keyboard.type("15")
        page.keyboard.press("Enter")
        page.locator("#done", has_text="已裁切").wait_for()

        wanted = room.scanroom.page(page_id).crop_by_hand
        assert wanted is not None
        assert wanted["box"] == pytest.approx([0.15, 0.2, 0.8, 0.6], abs=0.005)
        page.reload()
        page.get_by_role("button", name="恢复整页").click()
        page.locator("#done", has_text="已恢复整页").wait_for()
        assert room.scanroom.page(page_id).crop_by_hand is None
