"""The prosecutor's desk in a real browser: quoting with citation, the reader, excerpts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from docx import Document
from scanroom import HEIGHT, WIDTH, Shape, cell, reading_of_lines
from site_under_test import PAGES, Room
from sqlalchemy import select
from test_browser import Window, address, window  # noqa: F401 -- fixtures

from dossier import looks
from dossier.catalogue.tables import AuditRow, Excerpt, Page
from dossier.contents import Contents

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
    page.wait_for_function("() => document.getElementById('picture').naturalWidth > 0")
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


def select_over_pages(page: object, start: int, end: int) -> None:
    """Select from a character of the first page's last line to one of the first line of the page below it."""
    page.evaluate(
        """([start, end]) => {
            const below = document.querySelector('#lines .page-break'), range = document.createRange();
            range.setStart(below.previousElementSibling.firstChild, start);
            range.setEnd(below.nextElementSibling.firstChild, end);
            getSelection().removeAllRanges();
            getSelection().addRange(range);
        }""",
        [start, end],
    )


def test_a_passage_over_two_pages_is_copied_with_one_citation_and_taken_as_one_excerpt(
    window: Window,  # noqa: F811
    room: Room,
) -> None:
    page, scanroom = window.page, room.scanroom
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for page_id, label in zip(room.page_ids, ("35", "36", "37"), strict=True):
        confirm_label(room, page_id, label)
    opened_reader(window, f"/volumes/{scanroom.volume_id()}/read")
    page.keyboard.press("t")
    page.locator("#lines").get_by_text(PAGES[0][0]).wait_for()
    room.app.state.site.looks.flush()
    assert (room.page_ids[1], "text") not in looked_at(room)

    page.get_by_role("button", name="接着显示下一页的文字").click()
    page.locator("#lines").get_by_text(PAGES[1][0]).wait_for()
    assert page.locator("#lines .page-break").all_inner_texts() == ["图像第 2 页 · 页码 36"]
    room.app.state.site.looks.flush()
    assert (room.page_ids[1], "text") in looked_at(room)

    words = PAGES[0][-1] + "\n" + PAGES[1][0]
    select_over_pages(page, 0, len(PAGES[1][0]))
    page.get_by_role("button", name="复制并附出处").click()
    page.get_by_text("已复制，出处 证据卷一P35-36。").wait_for()
    assert page.evaluate(PASTED) == words + "（证据卷一P35-36）"
    # The part that is on the page in view is marked on its picture, and that alone.
    assert page.locator("#quoted rect").count() == 1
    page.keyboard.press("e")
    page.get_by_text("已加入摘录，出处 证据卷一P35-36。").wait_for()
    with scanroom.catalogue.reading() as session:
        taken = session.scalars(select(Excerpt)).one()
    assert (taken.page_ids, taken.quotation) == (list(room.page_ids[:2]), words)

    # The picture moves on, and the passage stays; the last page has none below it.
    page.keyboard.press("ArrowRight")
    page.locator("#citation", has_text="证据卷一P36").wait_for()
    assert page.locator("#lines .page-break").count() == 1
    page.get_by_role("button", name="接着显示下一页的文字").click()
    page.locator("#lines .page-break").nth(1).wait_for()
    assert "还没有识别" in page.locator("#lines .page-break").nth(1).inner_text()
    assert page.get_by_role("button", name="接着显示下一页的文字").count() == 0
    page.keyboard.press("End")
    page.locator("#citation", has_text="证据卷一P37").wait_for()
    assert window.complaints == []


def test_a_line_of_the_page_below_alone_is_cited_by_that_page(window: Window, room: Room) -> None:  # noqa: F811
    page = window.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened_reader(window, f"/volumes/{room.scanroom.volume_id()}/read")
    page.keyboard.press("t")
    page.get_by_role("button", name="接着显示下一页的文字").click()
    page.locator("#lines .page-break").wait_for()
    page.locator("#lines").focus()
    for key in ["ArrowDown"] * (len(PAGES[0]) + 1):
        page.keyboard.press(key)
    page.keyboard.press("c")
    page.get_by_text("已复制，出处 证据卷一图像第2页。").wait_for()
    assert page.evaluate(PASTED) == PAGES[1][0] + "（证据卷一图像第2页）"
    # Another page opened, the text is its own again.
    page.keyboard.press("End")
    page.get_by_text("还没有识别").wait_for()
    assert page.locator("#lines li").count() == 0
    assert window.complaints == []


def looked_at(room: Room) -> set[tuple[str, str]]:
    """Which page's what somebody has been shown."""
    with room.scanroom.catalogue.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.deed == looks.DEED)).all()
        return {(row.subject_id, row.details["what"]) for row in rows}


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


def receive_volume(room: Room, pages: int, volume: str = "证据材料卷二", title: str = "讯问笔录") -> tuple[str, str]:
    """A volume of one document with so many pages, every fifth on its side; its id and its first page's."""
    shapes = [Shape(at, width=HEIGHT, height=WIDTH) if at % 5 == 4 else Shape(at) for at in range(pages)]
    page_id = room.scanroom.receive(
        f"{title}.pdf", volume=volume, contents=Contents("application/pdf", shapes, is_single_picture=False)
    )
    return room.scanroom.volume_id(volume), page_id


def opened_reader(window: Window, address: str) -> object:  # noqa: F811
    page = window.page
    page.goto(address)
    page.locator(".leaf.current").wait_for()
    return page


def shown_page(page: object) -> int:
    return int(page.locator(".leaf.current").get_attribute("data-page"))


def test_a_volume_of_12000_pages_keeps_those_alone_that_are_near(window: Window, room: Room) -> None:  # noqa: F811
    volume_id, _ = receive_volume(room, 12_000)
    page = opened_reader(window, f"/volumes/{volume_id}/read?page=6001")
    tall = page.evaluate("document.getElementById('stage').scrollHeight")
    for key, number in (("ArrowRight", 6002), ("End", 12_000), ("ArrowLeft", 11_999), ("Home", 1)):
        page.keyboard.press(key)
        page.locator(f".leaf.current[data-page='{number}']").wait_for()
        box, stage = page.locator(".leaf.current").bounding_box(), page.locator("#stage").bounding_box()
        assert box["y"] < stage["y"] + stage["height"] and box["y"] + box["height"] > stage["y"], "it is in sight"
        assert page.locator(".leaf").count() < 30
        assert page.locator(".thumbnail").count() < 30
    assert page.evaluate("document.getElementById('stage').scrollHeight") == tall
    page.wait_for_url("**/read?page=1")
    assert window.complaints == []


def test_the_reader_scrolls_to_the_next_page_and_says_so_in_its_address(window: Window, room: Room) -> None:  # noqa: F811
    volume_id, _ = receive_volume(room, 12)
    page = opened_reader(window, f"/volumes/{volume_id}/read?page=3")
    page.get_by_text("图像第 3/12 页").wait_for()
    page.evaluate("document.getElementById('stage').scrollBy(0, document.querySelector('.leaf.current').offsetHeight)")
    page.get_by_text("图像第 4/12 页").wait_for()
    page.wait_for_url("**/read?page=4")
    page.reload()
    page.get_by_text("图像第 4/12 页").wait_for()
    assert window.complaints == []


def test_nothing_moves_when_a_picture_comes(window: Window, room: Room) -> None:  # noqa: F811
    volume_id, first = receive_volume(room, 6)
    page = opened_reader(window, f"/volumes/{volume_id}/read")
    page.locator(".leaf.current .wanting").wait_for()
    before = [leaf.bounding_box() for leaf in page.locator(".leaf").all()]
    room.scanroom.put_picture(first, PAGES[0], None)
    page.wait_for_function("() => document.querySelector('.leaf.current img').naturalWidth > 0", timeout=20_000)
    assert [leaf.bounding_box() for leaf in page.locator(".leaf").all()] == before
    assert before[0]["height"] / before[0]["width"] == pytest.approx(HEIGHT / WIDTH, rel=0.01)


def test_the_reader_leads_from_hit_to_hit_with_the_words_boxed_and_marked(window: Window, room: Room) -> None:  # noqa: F811
    page = opened_reader(window, f"/volumes/{room.scanroom.volume_id()}/read?q=陈述")
    page.get_by_text("本卷 1/2 页").wait_for()
    page.keyboard.press("t")
    page.locator("#lines mark").first.wait_for()
    assert page.locator("#lines mark").all_inner_texts() == ["陈述"]
    page.keyboard.press("n")
    page.get_by_text("本卷 2/2 页").wait_for()
    page.locator(".leaf.current .boxes.hits rect").wait_for()
    picture = page.locator(".leaf.current img").bounding_box()
    box = page.locator(".leaf.current .boxes.hits rect").bounding_box()
    assert box["x"] == pytest.approx(picture["x"] + cell(0, 6).x0 * picture["width"], abs=3)
    assert box["y"] == pytest.approx(picture["y"] + cell(0, 6).y0 * picture["height"], abs=3)
    assert page.get_by_role("button", name="下一结果").is_disabled()
    page.wait_for_url("**/read?q=*page=2*")
    assert window.complaints == []


def test_a_page_that_has_been_read_meanwhile_takes_its_new_shape(window: Window, room: Room) -> None:  # noqa: F811
    volume_id, first = receive_volume(room, 3)
    page = opened_reader(window, f"/volumes/{volume_id}/read")
    page.keyboard.press("t")
    page.get_by_text("还没有识别").wait_for()
    room.scanroom.read(first, PAGES[0], replace(reading_of_lines(PAGES[0]), width=HEIGHT, height=WIDTH))
    page.keyboard.press("End")
    page.get_by_text("图像第 3/3 页").wait_for()
    page.keyboard.press("Home")
    page.get_by_text(PAGES[0][0]).wait_for()
    page.wait_for_function(
        "() => { const leaf = document.querySelector('.leaf.current'); return leaf.offsetWidth > leaf.offsetHeight; }"
    )
    box = page.locator(".leaf.current").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(HEIGHT / WIDTH, rel=0.01)


def test_pages_are_turned_and_laid_side_by_side_for_the_eye_alone(window: Window, room: Room) -> None:  # noqa: F811
    volume_id, _ = receive_volume(room, 7)
    page = opened_reader(window, f"/volumes/{volume_id}/read?page=3")
    page.keyboard.press("2")
    left, right = (page.locator(f".leaf[data-page='{number}']").bounding_box() for number in (3, 4))
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] < right["x"]
    page.keyboard.press("r")
    turned = page.locator(".leaf.current").bounding_box()
    assert turned["width"] > turned["height"]
    assert shown_page(page) == 3
    page.keyboard.press("ArrowRight")
    page.locator(".leaf.current[data-page='5']").wait_for()


def test_the_directory_and_the_small_pictures_lead_to_pages(window: Window, room: Room) -> None:  # noqa: F811
    receive_volume(room, 5, title="一讯问笔录")
    volume_id, _ = receive_volume(room, 4, title="二转账凭证")
    page = opened_reader(window, f"/volumes/{volume_id}/read")
    directory = page.get_by_role("navigation", name="卷内目录")
    directory.get_by_role("link", name="二转账凭证").click()
    page.get_by_text("图像第 6/9 页").wait_for()
    assert directory.locator("[aria-current]").inner_text() == "二转账凭证 6–9"
    page.locator(".thumbnail[data-page='7']").click()
    page.get_by_text("图像第 7/9 页").wait_for()
    page.keyboard.press("g")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    page.get_by_text("图像第 2/9 页").wait_for()
    assert directory.locator("[aria-current]").inner_text() == "一讯问笔录 1–5"
    assert window.complaints == []


def take_excerpt(page: object, room: Room, line: int) -> None:
    page.goto(f"/pages/{room.page_ids[0]}")
    page.locator("#lines li").nth(line).wait_for()
    select_in_lines(page, line, 0, line, len(PAGES[0][line]))
    page.keyboard.press("e")
    page.get_by_text("已加入摘录，出处 证据卷一图像第1页。").wait_for()


def test_what_is_changed_in_excerpts_is_saved_in_its_order(window: Window, room: Room) -> None:  # noqa: F811
    page = window.page
    for line in range(3):
        take_excerpt(page, room, line)
    page.get_by_role("link", name="去整理").click()
    held = []
    page.route("**/api/v1/excerpts/*", lambda route: held.append(route))
    excerpts = page.locator(".excerpt")
    excerpts.nth(2).get_by_role("button", name="上移").click()
    excerpts.nth(0).get_by_role("button", name="下移").click()

    page.wait_for_timeout(300)  # time enough for the second to be sent, if it did not wait
    (one,) = held
    one.continue_()
    page.get_by_text("已移到第 1 条").wait_for()
    while len(held) < 2:
        page.wait_for_timeout(50)
    held[1].continue_()
    page.get_by_text("已移到第 2 条").wait_for()
    page.reload()
    order = [field.input_value() for field in page.locator("textarea[name=quotation]").all()]
    assert order == [PAGES[0][2], PAGES[0][0], PAGES[0][1]]


def test_excerpts_are_taken_edited_ordered_and_exported(window: Window, room: Room) -> None:  # noqa: F811
    page = window.page
    for line in range(3):
        take_excerpt(page, room, line)
    page.get_by_role("link", name="去整理").click()
    excerpts = page.locator(".excerpt")
    assert [field.input_value() for field in page.locator("textarea[name=quotation]").all()] == list(PAGES[0])

    excerpts.nth(0).get_by_label("事实").fill("事实一")
    excerpts.nth(0).get_by_label("证据种类").select_option("被害人陈述")
    excerpts.nth(0).get_by_label("证明内容").fill("转账经过")
    excerpts.nth(0).get_by_label("证明内容").blur()
    page.get_by_text("已保存").wait_for()
    excerpts.nth(2).get_by_role("button", name="上移").click()
    page.get_by_text("已移到第 2 条").wait_for()
    excerpts.nth(0).get_by_label("事实").press("Alt+ArrowDown")
    page.get_by_text("已移到第 2 条").wait_for()
    page.on("dialog", lambda dialog: dialog.accept())
    excerpts.nth(2).get_by_role("button", name="删除").click()
    page.get_by_text("已删除").wait_for()

    page.reload()
    kept = [field.input_value() for field in page.locator("textarea[name=quotation]").all()]
    assert kept == [PAGES[0][2], PAGES[0][0]]
    assert excerpts.nth(1).get_by_label("事实").input_value() == "事实一"
    with page.expect_download() as download:
        page.get_by_role("link", name="导出 DOCX（按事实）").click()
    texts = [paragraph.text for paragraph in Document(str(download.value.path())).paragraphs]
    assert texts[-7:] == [
        "事实一", "1．被害人陈述（证据卷一图像第1页）", PAGES[0][0], "证明内容：转账经过",
        "（未写明事实）", "1．（证据卷一图像第1页）", PAGES[0][2],
    ]  # fmt: skip
    assert window.complaints == []


def test_an_excerpt_is_dragged_to_its_place(window: Window, room: Room) -> None:  # noqa: F811
    page = window.page
    for line in range(3):
        take_excerpt(page, room, line)
    page.get_by_role("link", name="去整理").click()
    page.locator(".excerpt .grip").nth(2).drag_to(page.locator(".excerpt").nth(0), target_position={"x": 60, "y": 8})
    page.get_by_text("已移到第 1 条").wait_for()
    page.reload()
    kept = [field.input_value() for field in page.locator("textarea[name=quotation]").all()]
    assert kept == [PAGES[0][2], PAGES[0][0], PAGES[0][1]]


def test_what_cannot_be_saved_says_so(window: Window, room: Room) -> None:  # noqa: F811
    page = window.page
    take_excerpt(page, room, 0)
    page.get_by_role("link", name="去整理").click()
    quotation = page.locator("textarea[name=quotation]")
    quotation.fill(" ")
    quotation.blur()
    page.get_by_text("摘录的文字不能为空").wait_for()
    page.context.set_offline(True)
    quotation.fill("改过")
    quotation.blur()
    page.get_by_text("没有保存：与系统的连接断开了").wait_for()
    page.context.set_offline(False)
    quotation.fill("又改过")
    quotation.blur()
    page.get_by_text("已保存").wait_for()
    assert not page.locator("#failed").is_visible()
