"""The prosecutor's desk in a real browser: quoting with citation, the reader, excerpts."""

from __future__ import annotations

import pytest
from scanroom import cell
from site_under_test import PAGES, Room
from test_browser import Window, address, window  # noqa: F401 -- fixtures

from dossier.catalogue.tables import Page

pytestmark = pytest.mark.browser

PASTED = "navigator.clipboard.readText()"


def confirm_label(room: Room, page_id: str, label: str) -> None:
    with room.scanroom.catalogue.writing() as session:
        page = session.get_one(Page, page_id)
        page.page_label, page.page_label_state = label, "confirmed"


def select_in_lines(page: object, first: int, start: int, last: int, end: int) -> None:
    """Select from a character of a line to one of another, as a mouse would."""
    page.evaluate(
        """([first, start, last, end]) => {
            const lines = document.querySelectorAll('#lines li'), range = document.createRange();
            range.setStart(lines[first].firstChild, start);
            range.setEnd(lines[last].firstChild, end);
            getSelection().removeAllRanges();
            getSelection().addRange(range);
        }""",
        [first, start, last, end],
    )


def test_selected_words_are_copied_with_their_citation_and_shown_on_the_picture(window: Window, room: Room) -> None:  # noqa: F811
    page = window.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    confirm_label(room, room.page_ids[0], "35")
    page.goto(f"/pages/{room.page_ids[0]}")
    page.wait_for_function("document.getElementById('picture').naturalWidth > 0")
    select_in_lines(page, 1, 0, 2, 4)
    page.get_by_role("button", name="复制并附出处").click()
    page.get_by_text("已复制，出处 证据卷一P35。").wait_for()
    # The second line is the page's longest: it runs to the margin, so that the third goes on in the same paragraph.
    assert len(PAGES[0][1]) == max(len(line) for line in PAGES[0])
    assert page.evaluate(PASTED) == "林晓禾的电话是13900004417她把钱转（证据卷一P35）"

    picture = page.locator("#picture").bounding_box()
    marked = [box.bounding_box() for box in page.locator("#quoted rect").all()]
    assert len(marked) == 2
    for line, box in zip((1, 2), marked, strict=True):
        assert box["y"] == pytest.approx(picture["y"] + cell(line, 0).y0 * picture["height"], abs=3)
    assert window.complaints == []


def test_the_keyboard_alone_selects_lines_and_copies_them(window: Window, room: Room) -> None:  # noqa: F811
    page = window.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/pages/{room.page_ids[1]}")
    page.locator("#lines").focus()
    for key in ("ArrowDown", "Shift+ArrowDown", "c"):
        page.keyboard.press(key)
    page.get_by_text("已复制，出处 证据卷一图像第2页。").wait_for()
    assert page.evaluate(PASTED) == "被害人周望舒陈述\n周望舒说合同由何景行经手（证据卷一图像第2页）"


def test_an_old_browser_without_a_clipboard_of_its_own_copies_too(window: Window, room: Room) -> None:  # noqa: F811
    page = window.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/pages/{room.page_ids[0]}")
    kept = page.evaluate("window.kept = navigator.clipboard; true")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    select_in_lines(page, 0, 0, 0, 8)
    page.keyboard.press("c")
    page.get_by_text("已复制，出处 证据卷一图像第1页。").wait_for()
    assert kept and page.evaluate("window.kept.readText()") == "被害人林晓禾陈述（证据卷一图像第1页）"
    assert page.evaluate("String(getSelection())").strip() == "被害人林晓禾陈述", "what is selected stays so"
