"""The pages in a real browser: what is drawn where, and what moves."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from chromium import launched, served
from PIL import Image
from scanroom import HEIGHT, WIDTH, cell
from site_under_test import PAGES, PASSWORD, Room

pytestmark = pytest.mark.browser


@pytest.fixture
def address(room: Room) -> Iterator[str]:
    """Where the site is served."""
    with served(room.app) as address:
        yield address


@dataclass
class Window:
    """A browser window of 1280×720, and what its console complained of."""

    page: object
    complaints: list[str]


@pytest.fixture
def window(address: str) -> Iterator[Window]:
    """A window in which somebody has signed in, by the form."""
    with launched() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 720}, base_url=address, locale="zh-CN")
        page = context.new_page()
        window = Window(page, [])
        page.on("pageerror", lambda error: window.complaints.append(str(error)))
        page.on("console", lambda message: _note(window, message))
        page.goto("/")
        page.get_by_label("一次性口令").fill(PASSWORD)
        page.get_by_role("button", name="进入").click()
        page.get_by_role("search").wait_for()
        yield window


def _note(window: Window, message: object) -> None:
    # A picture that is still being made is answered by 503, which browsers report as an error.
    if message.type in ("error", "warning") and "503" not in message.text:
        window.complaints.append(message.text)


def test_a_search_leads_to_the_words_boxed_on_the_picture(window: Window) -> None:
    page = window.page
    page.get_by_label("要找的内容").fill("转入尾号为6620")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="证据材料卷一 · 图像第 1 页").click()
    page.wait_for_url("**/pages/*")
    page.wait_for_function("() => document.getElementById('picture').naturalWidth > 0")

    # As laid out: the box's rectangle is the words' part of the picture's.
    picture = page.locator("#picture").bounding_box()
    box = page.locator(".boxes.hits rect").bounding_box()
    words = cell(2, 3).union(cell(2, 11))
    assert picture["height"] / picture["width"] == pytest.approx(HEIGHT / WIDTH, rel=0.01)
    # The outline adds up to a pixel and a half on every side.
    assert box["x"] == pytest.approx(picture["x"] + words.x0 * picture["width"], abs=3)
    assert box["y"] == pytest.approx(picture["y"] + words.y0 * picture["height"], abs=3)
    assert box["width"] == pytest.approx((words.x1 - words.x0) * picture["width"], abs=4)
    assert box["height"] == pytest.approx((words.y1 - words.y0) * picture["height"], abs=4)

    # As painted: amber within the box between the black characters, white just outside.
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    inside = shot.getpixel((round(box["x"] + box["width"] / 2), round(box["y"] + 4)))
    outside = shot.getpixel((round(box["x"] - 6), round(box["y"] + 4)))
    assert inside[0] - inside[2] > 40, inside
    assert min(outside) > 240, outside
    assert window.complaints == []


def test_turning_and_enlarging_move_box_and_picture_together(window: Window, room: Room) -> None:
    page = window.page
    page.goto(f"/pages/{room.page_ids[0]}?q=6620&hit=1")
    page.wait_for_function("() => document.getElementById('picture').naturalWidth > 0")
    words = cell(2, 8).union(cell(2, 11))
    for key in ("+", "r", "f"):
        page.keyboard.press(key)
    picture, box = page.locator("#picture").bounding_box(), page.locator(".boxes.hits rect").bounding_box()
    # A quarter turn to the right: what was at the top is at the right.
    assert picture["width"] > picture["height"]
    assert box["x"] == pytest.approx(picture["x"] + (1 - words.y1) * picture["width"], abs=3)
    assert box["y"] == pytest.approx(picture["y"] + words.x0 * picture["height"], abs=3)
    assert window.complaints == []


def test_the_keys_lead_from_page_to_page_and_hit_to_hit(window: Window, room: Room) -> None:
    page = window.page
    first, second, third = room.page_ids
    page.goto(f"/pages/{first}?q=陈述&hit=1")
    page.keyboard.press("n")
    page.wait_for_url(f"**/pages/{second}?*hit=2", wait_until="commit")
    page.get_by_role("group", name="看图").wait_for()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**/pages/{third}?*", wait_until="commit")
    page.get_by_role("group", name="看图").wait_for()
    page.get_by_label("要找的内容").fill("n")
    page.keyboard.press("ArrowLeft")
    assert third in page.url, "keys belong to the field while one types"


def test_the_board_moves_by_itself_and_keeps_the_focus(window: Window, room: Room) -> None:
    page = window.page
    page.goto("/board")
    page.get_by_text("可搜索 2/3").first.wait_for()  # of the case; then of its volume
    link = page.get_by_role("link", name="证据材料卷一")
    link.focus()
    room.scanroom.read(room.page_ids[2], PAGES[0])
    room.scanroom.make_searchable()
    page.get_by_text("可搜索 3/3").first.wait_for(timeout=15_000)
    page.get_by_role("heading", name="已完成 1 卷").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "证据材料卷一"
    assert window.complaints == []


def test_a_page_is_seen_as_scanned_at_once_and_upright_when_it_has_been_read(window: Window, room: Room) -> None:
    page = window.page
    page.goto(f"/volumes/{room.scanroom.volume_id()}")
    page.locator(f"#card-{room.page_ids[2]} .wanting").wait_for()
    room.scanroom.put_picture(room.page_ids[2], PAGES[0], None)
    page.wait_for_function(
        "id => document.querySelector('#card-' + id + ' img').naturalWidth === 240", arg=room.page_ids[2]
    )
    page.locator(f"#to-{room.page_ids[2]}").dblclick()
    page.get_by_text("还没有识别").wait_for()
    room.scanroom.read(room.page_ids[2], PAGES[1])
    page.get_by_text("周望舒说合同由何景行经手").wait_for(timeout=15_000)
    assert "reading=1" in page.locator("#picture").get_attribute("src")
    assert window.complaints == []


def test_a_board_whose_server_is_gone_says_so(window: Window) -> None:
    page = window.page
    page.goto("/board")
    assert not page.locator("#lost").is_visible()
    page.context.set_offline(True)
    page.locator("#lost").wait_for(state="visible", timeout=15_000)
    page.context.set_offline(False)
    page.locator("#lost").wait_for(state="hidden", timeout=15_000)


def test_what_was_read_on_a_page_does_not_run(window: Window, room: Room) -> None:
    hostile = ["<img src=x onerror=document.title=1>", "<script>document.title=2</script>"]
    page_id = room.scanroom.receive("<svg onload=document.title=3>.jpg", volume="<b>卷</b>")
    room.scanroom.read(page_id, hostile)
    room.scanroom.make_searchable()
    page = window.page
    for target in ("/?q=document", f"/pages/{page_id}?q=document&hit=1", "/board"):
        page.goto(target)
        time.sleep(0.2)
        assert page.title() not in ("1", "2", "3")
        assert page.locator("img[src=x]").count() == 0
    assert window.complaints == []
