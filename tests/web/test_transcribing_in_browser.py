"""Transcribing, notes and bookmarks in a real browser: by keyboard, by mouse, and where two write the same line."""

from __future__ import annotations

import pytest
from scanroom import cell
from site_under_test import PAGES, Room
from test_browser import Window, address, window  # noqa: F401 -- fixtures

pytestmark = pytest.mark.browser

LINE = PAGES[0][1]
READ_ANEW = LINE.replace("4417", "4471")


def standing(window: Window, room: Room) -> list[dict[str, object]]:  # noqa: F811
    path = f"/api/v1/pages/{room.page_ids[0]}/transcriptions"
    return window.page.evaluate(f"fetch('{path}').then(answer => answer.json())")["transcriptions"]


def test_a_page_is_transcribed_noted_and_marked(window: Window, room: Room) -> None:  # noqa: F811
    page = window.page
    page.goto(f"/pages/{room.page_ids[0]}")
    page.wait_for_function("() => document.getElementById('picture').naturalWidth > 0")

    # By keyboard alone: the second line, and Esc leaves all as it is.
    page.locator("#lines").focus()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    assert page.locator("#hand-words").input_value() == LINE
    page.keyboard.type("不要")
    page.keyboard.press("Escape")
    assert not page.locator("#hand-form").is_visible()
    assert standing(window, room) == []
    page.locator("#lines").focus()
    page.keyboard.press("Enter")
    page.locator("#hand-words").fill(READ_ANEW)
    page.keyboard.press("Enter")
    page.get_by_text("已校录").wait_for()
    human = page.locator("#lines li.human")
    assert human.inner_text() == READ_ANEW
    assert "人工校录" in human.get_attribute("data-by")
    assert page.locator("#lines li.superseded").inner_text() == LINE, "what the program read stays in sight"
    box = page.locator(".boxes.human rect").bounding_box()
    picture = page.locator("#picture").bounding_box()
    assert box["y"] == pytest.approx(picture["y"] + cell(1, 0).y0 * picture["height"], abs=3)

    # Somebody else corrects it meanwhile: nothing is written over.
    one = standing(window, room)[0]
    page.evaluate(
        """id => fetch('/api/v1/transcriptions/' + id, { method: 'PATCH',
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify({ text: '别人的文字', version: 1 }) })""",
        one["id"],
    )
    human.dblclick()
    page.locator("#hand-words").fill("我的文字")
    page.keyboard.press("Enter")
    page.get_by_text("别人的文字").wait_for()
    assert [found["text"] for found in standing(window, room)] == ["别人的文字"]
    assert page.locator("#hand-words").input_value() == "我的文字"
    page.get_by_role("button", name="改用对方的文字").click()
    page.keyboard.press("Escape")

    # A rectangle with the mouse, and one with the keyboard.
    page.get_by_role("button", name="画框校录").click()
    picture = page.locator("#picture").bounding_box()

    def at(x: float, y: float) -> tuple[float, float]:
        return picture["x"] + x * picture["width"], picture["y"] + y * picture["height"]

    page.mouse.move(*at(0.1, 0.3))
    page.mouse.down()
    page.mouse.move(*at(0.5, 0.36), steps=3)
    page.mouse.up()
    page.locator("#hand-words").fill("今收到傅溪现金")
    page.keyboard.press("Enter")
    page.locator("#hand-list li").wait_for()
    drawn = next(found for found in standing(window, room) if found["line"] is None)
    assert drawn["box"] == pytest.approx([0.1, 0.3, 0.5, 0.36], abs=0.01)

    page.locator("#stage").focus()
    # Down to where nothing was read.
    for key in ("x", "ArrowLeft", "ArrowLeft", *["ArrowDown"] * 25, "Shift+ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.locator("#hand-words").fill("见证人郑余")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelectorAll('#hand-list li').length === 2")
    keyed = next(found for found in standing(window, room) if found["text"] == "见证人郑余")
    assert (keyed["box"][0], keyed["box"][2]) == pytest.approx((0.28, 0.68))
    assert keyed["box"][3] - keyed["box"][1] == pytest.approx(0.06, abs=1e-4)

    # A note on the page, the bookmark, and where both are found again.
    page.locator("#stage").focus()
    page.keyboard.press("a")
    page.locator("#hand-words").fill("与卷三的收条对照")
    page.locator("#hand-shared").check()
    page.get_by_role("button", name="保存").click()
    page.get_by_text("批注已保存").wait_for()
    assert "办案组可见" in page.locator("#hand-notes li").inner_text()
    page.locator("#stage").focus()
    page.keyboard.press("k")
    page.locator("#hand-words").fill("收条")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="书签：收条").wait_for()
    page.goto(f"/volumes/{room.scanroom.volume_id()}/read")
    page.locator("#case-notes a", has_text="与卷三的收条对照").wait_for()
    assert page.locator("#case-notes a").count() == 2
    page.goto("/notes?kind=notes&text=收条对照")
    assert page.locator(".card .words").all_inner_texts() == ["与卷三的收条对照"]
    page.get_by_role("button", name="删除").click()
    page.get_by_text("已删除").wait_for()
    assert window.complaints == ["Failed to load resource: the server responded with a status of 409 (Conflict)"]
