"""The light table in a real browser: pages put right by keys, buttons and dragging, and taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from chromium import launched, served
from scanroom import Scanroom
from site_under_test import PASSWORD, Room

from dossier import flags
from dossier.catalogue.tables import Page
from dossier.page_labels import candidates_as_json, settle_labels
from dossier.reading import Box, LabelCandidate

pytestmark = pytest.mark.browser

VOLUME = "证据材料卷九"
REFUSAL = {"title": "现在不行", "detail": "", "remedy": "。"}


@dataclass
class Table:
    """A volume of eight pages on the screen, and what the browser's console complained of."""

    page: Any
    scanroom: Scanroom
    ids: list[str]
    complaints: list[str] = field(default_factory=list)

    def order(self) -> list[int]:
        """The pages in the order, by the numbers that they had at first."""
        pages = sorted((self.scanroom.page(id_) for id_ in self.ids), key=lambda page: page.page_number)
        return [self.ids.index(page.id) + 1 for page in pages if page.outside is None]

    def choose(self, number: int) -> None:
        self.card(number).click()

    def card(self, number: int) -> Any:
        return self.page.locator(f"#card-{self.ids[number - 1]} > a")

    def shown(self) -> list[int]:
        ids = self.page.eval_on_selector_all("#table li[data-page]", "all => all.map(item => item.dataset.page)")
        return [self.ids.index(id_) + 1 for id_ in ids]

    def says(self, text: str) -> None:
        self.page.locator("#done", has_text=text).wait_for()

    def undo(self) -> None:
        self.page.get_by_role("button", name="撤销").click()
        self.says("已撤销")


def fill(scanroom: Scanroom) -> list[str]:
    """Eight pages, stamped 1, 2, 3, 3, 5, 6, 7, 8; the last one is blank."""
    ids = [scanroom.receive(f"{number:04}.jpg", volume=VOLUME) for number in range(1, 9)]
    for number, page_id in enumerate(ids, start=1):
        scanroom.read(page_id, [f"第{number}页的内容"])
    with scanroom.catalogue.writing() as session:
        for page_id, label in zip(ids, (1, 2, 3, 3, 5, 6, 7, 8), strict=True):
            page = session.get_one(Page, page_id)
            page.label_candidates = candidates_as_json((LabelCandidate(str(label), Box(0.88, 0.02, 0.94, 0.04)),))
        page.blank = True
        session.flush()
        settle_labels(session, page.volume_id)
    scanroom.make_searchable()
    return ids


@pytest.fixture
def table(room: Room) -> Iterator[Table]:
    """The volume, opened by somebody who has signed in."""
    ids = fill(room.scanroom)
    with served(room.app) as address, launched() as browser:
        page = browser.new_context(viewport={"width": 1280, "height": 720}, base_url=address).new_page()
        table = Table(page, room.scanroom, ids)
        page.on("pageerror", lambda error: table.complaints.append(str(error)))
        page.on("console", lambda message: _note(table, message))
        page.goto("/")
        page.get_by_label("一次性口令").fill(PASSWORD)
        page.get_by_role("button", name="进入").click()
        page.get_by_role("search").wait_for()
        page.goto(f"/volumes/{room.scanroom.volume_id(VOLUME)}")
        page.locator("#tools").wait_for()
        yield table


def _note(table: Table, message: Any) -> None:
    # Pictures still being made are answered by 503, a stale order by 409; browsers report both as errors.
    if message.type in ("error", "warning") and not re.search("503|409", message.text):
        table.complaints.append(message.text)


def test_keys_turn_take_out_and_move_pages_and_each_can_be_taken_back(table: Table) -> None:
    table.choose(2)
    table.page.keyboard.press("r")
    table.says("图像第 2 页已转向")
    assert table.scanroom.page(table.ids[1]).turn_by_hand == 90
    table.page.keyboard.press("ArrowRight")
    table.page.keyboard.press("Delete")
    table.page.get_by_label("移出页序的原因").fill("试扫页")
    table.page.keyboard.press("Enter")
    table.says("图像第 3 页已移出页序")
    assert table.order() == [1, 2, 4, 5, 6, 7, 8]
    table.page.get_by_role("heading", name="移出的页").wait_for()
    table.undo()
    assert table.order() == [1, 2, 3, 4, 5, 6, 7, 8]

    table.choose(4)
    table.page.keyboard.press("[")
    table.says("页序已调整")
    table.page.locator(f"#table li:nth-child(3)#card-{table.ids[3]}").wait_for()
    assert table.order() == [1, 2, 4, 3, 5, 6, 7, 8]
    table.page.keyboard.press("Control+z")
    table.says("已撤销")
    assert table.order() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert table.complaints == []


def test_a_page_that_goes_forward_three_times_at_once_is_three_places_further(table: Table) -> None:
    table.choose(6)
    for _ in range(3):
        table.page.keyboard.press("[")
    table.page.locator(f"#table li:nth-child(3)#card-{table.ids[5]}").wait_for()
    assert table.order() == [1, 2, 6, 3, 4, 5, 7, 8]
    # The last of them, which is still under way, is what is taken back.
    table.page.keyboard.press("[")
    table.page.keyboard.press("Control+z")
    table.says("已撤销")
    assert table.order() == [1, 2, 6, 3, 4, 5, 7, 8]
    assert table.complaints == []


def test_what_was_done_while_the_table_was_being_fetched_is_shown(table: Table) -> None:
    held: list[tuple[Any, Any]] = []

    def hold(route: Any) -> None:
        """What the deed before has left, that comes late: to the table, and to the cards."""
        if len(held) == 2 or route.request.resource_type != "fetch":
            route.continue_()
        else:
            held.append((route, route.fetch()))

    table.page.route("**/volumes/v*", hold)
    table.choose(2)
    table.page.keyboard.press("r")
    while len(held) < 2:
        table.page.wait_for_timeout(50)
    table.page.keyboard.press("b")
    table.page.wait_for_timeout(1000)
    for late, answer in held:
        late.fulfill(response=answer)
    table.page.get_by_text("空白页 2 张在页序里").wait_for()
    assert table.complaints == []


def test_what_is_under_a_pressed_button_stays_until_it_is_let_go(table: Table) -> None:
    table.choose(1)  # whose link loses the focus
    table.card(3).hover()
    table.page.mouse.down()
    card = table.page.locator(f"#card-{table.ids[2]}")
    card.evaluate("card => { window.pressed = card; }")
    with table.scanroom.catalogue.writing() as session:
        session.get_one(Page, table.ids[2]).blank = True
    # Longer than a page waits before it asks what is new.
    table.page.wait_for_timeout(4500)
    assert table.page.evaluate("window.pressed.isConnected")
    table.page.mouse.up()
    table.page.locator(f"#card-{table.ids[2]}.chosen[data-blank=yes]").wait_for()
    assert table.complaints == []


def test_what_was_put_in_line_behind_a_refusal_is_not_done_and_nothing_else_is_taken_back(table: Table) -> None:
    table.choose(2)
    table.page.keyboard.press("b")
    table.page.get_by_text("空白页 2 张在页序里").wait_for()
    held: list[Any] = []
    table.page.route("**/api/v1/pages/*/turn", lambda route: held.append(route))
    for key in ("r", "b", "]"):
        table.page.keyboard.press(key)
    while not held:
        table.page.wait_for_timeout(50)
    held[0].fulfill(status=409, json=REFUSAL)
    table.says("现在不行")
    table.says("后面按下的 2 步也没有做")
    assert table.page.locator(f"#card-{table.ids[1]} img.turned-90").count() == 0
    assert table.order() == [1, 2, 3, 4, 5, 6, 7, 8]
    table.page.keyboard.press("Control+z")
    table.page.wait_for_timeout(500)
    assert table.scanroom.page(table.ids[1]).blank is True
    table.page.keyboard.press("b")
    table.says("已标为有内容")
    assert table.complaints == []


def test_a_button_that_is_pressed_twice_stands_for_one_deed(table: Table) -> None:
    asked: list[str] = []
    table.page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    table.choose(2)
    table.page.keyboard.press("b")
    fold = table.page.get_by_role("button", name="全部折叠，不计页")
    fold.click()
    fold.dispatch_event("click")
    table.says("折叠")
    assert [url.rsplit("/", 1)[1] for url in asked] == ["blank", "fold"]
    assert table.complaints == []


def test_nobody_leaves_before_what_is_in_line_is_done(table: Table) -> None:
    held: list[Any] = []
    table.page.route("**/api/v1/pages/*/blank", lambda route: held.append(route))
    warned: list[str] = []
    table.page.on("dialog", lambda dialog: (warned.append(dialog.type), dialog.dismiss()))
    table.choose(2)
    table.page.keyboard.press("b")
    table.page.keyboard.press("c")  # the crop, which is another page
    while not held:
        table.page.wait_for_timeout(50)
    table.page.evaluate("window.location.href = '/board'")
    while not warned:
        table.page.wait_for_timeout(50)
    assert warned == ["beforeunload"]
    held[0].continue_()
    table.page.wait_for_url("**/crop")
    assert table.scanroom.page(table.ids[1]).blank is True


def test_a_key_that_is_held_down_does_one_thing(table: Table) -> None:
    table.choose(6)
    for _ in range(4):  # down without up: a repeat
        table.page.keyboard.down("[")
    table.page.keyboard.up("[")
    table.says("页序已调整")
    table.page.wait_for_timeout(500)
    assert table.order() == [1, 2, 3, 4, 6, 5, 7, 8]


def test_several_pages_are_dragged_to_another_place(table: Table) -> None:
    table.choose(5)
    table.page.keyboard.press("Shift+ArrowRight")
    table.page.locator("#current", has_text="已选 2 页").wait_for()
    table.card(5).drag_to(table.card(1), target_position={"x": 12, "y": 60})
    table.says("页序已调整")

    assert table.order() == [5, 6, 1, 2, 3, 4, 7, 8]
    table.page.locator(f"#table li:nth-child(1)#card-{table.ids[4]}").wait_for()
    assert table.shown() == [5, 6, 1, 2, 3, 4, 7, 8]
    table.undo()
    assert table.order() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert table.complaints == []


def test_pages_moved_behind_one_of_themselves_stay_where_that_one_is(table: Table) -> None:
    table.choose(4)
    table.page.keyboard.press("Shift+ArrowRight")
    table.page.locator("#current", has_text="已选 2 页").wait_for()
    table.page.keyboard.press("m")
    table.page.get_by_label("插到图像第几页之后").fill("5")
    table.page.keyboard.press("Enter")
    table.says("页序没有变")

    assert table.order() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert table.complaints == []


def test_a_move_against_an_order_that_has_changed_is_refused_and_said(table: Table) -> None:
    # Changed on its way, since the screen itself takes the newest order as soon as it hears of it.
    def outdated(route: Any) -> None:
        route.continue_(post_data={**route.request.post_data_json, "version": "an-old-one"})

    table.page.route("**/api/v1/volumes/*/order", outdated)
    table.choose(2)
    table.page.keyboard.press("]")

    table.says("这一卷的页序刚刚变过")
    assert table.order() == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_page_of_another_volume_goes_there_and_comes_back(table: Table) -> None:
    table.choose(4)
    table.page.get_by_role("button", name="移到别的卷…").click()
    table.page.get_by_label("移到本案的哪一卷").fill("证据材料卷一")
    table.page.keyboard.press("Enter")
    table.says("已移到证据材料卷一，现在是图像第 4 页")
    assert table.scanroom.page(table.ids[3]).volume_id == table.scanroom.volume_id("证据材料卷一")
    table.undo()
    assert table.order() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert table.scanroom.page(table.ids[3]).volume_id == table.scanroom.volume_id(VOLUME)


def test_doubled_numbers_stand_side_by_side_and_one_is_taken_out(table: Table) -> None:
    pair = table.page.locator(".pairs > li", has_text="两页都是页码 3")
    assert pair.locator("figure").count() == 2

    pair.get_by_role("button", name="移出右边一页").click()
    table.says("已移出页序")

    pair.wait_for(state="detached")
    assert len(table.order()) == 7


def test_what_is_pressed_before_the_scripts_have_come_is_done_when_they_have(table: Table) -> None:
    held: list[Any] = []
    table.page.route("**/static/deeds.js", lambda route: held.append(route))
    table.page.reload(wait_until="commit")
    fold = table.page.wait_for_selector("button:has-text('全部折叠')", state="attached")
    fold.evaluate("button => { button.click(); button.click(); }")
    assert table.order() == [1, 2, 3, 4, 5, 6, 7, 8]

    (late,) = held
    late.continue_()
    table.says("1 张空白页已折叠")
    assert table.order() == [1, 2, 3, 4, 5, 6, 7]
    assert table.complaints == []


def test_the_toolbar_names_its_buttons_and_says_which_page_is_meant(table: Table) -> None:
    table.card(6).focus()
    table.page.locator("#current", has_text="图像第 6 页").wait_for()
    names = table.page.get_by_role("toolbar", name="对所选页的操作").get_by_role("button").all_inner_texts()
    assert [name.split()[0] for name in names] == [
        "转向", "空白", "页码", "前移", "后移", "插到…之后", "移到别的卷…", "分开", "替换…", "重新识别", "裁切…",
        "移出…",
    ]  # fmt: skip

    table.page.get_by_role("button", name="页码").click()
    table.page.get_by_label("纸上的页码").fill("6-1")
    table.page.keyboard.press("Enter")
    table.says("已确认为 6-1")
    table.page.locator(f"#card-{table.ids[5]} > a[aria-current=true]").wait_for()


def test_blank_pages_are_folded_at_once_and_counted_again(table: Table) -> None:
    table.page.get_by_role("button", name="全部折叠").click()
    table.says("1 张空白页已折叠")
    assert table.order() == [1, 2, 3, 4, 5, 6, 7]

    table.page.get_by_role("button", name="重新计页").click()
    table.says("1 张空白页重新计页")
    assert table.order() == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_document_is_divided_named_as_its_page_suggests_and_merged(table: Table) -> None:
    table.choose(5)
    table.page.keyboard.press("d")
    table.page.keyboard.press("Enter")
    table.page.get_by_label("材料名称").wait_for()
    assert table.page.locator("#ask-field").input_value() == "第5页的内容"
    table.page.keyboard.press("Enter")
    table.page.get_by_role("heading", name="第5页的内容").wait_for()

    table.page.get_by_role("button", name="与下一份合并").click()
    table.says("已并入")
    table.page.get_by_role("heading", name="第5页的内容").wait_for(state="detached")
    assert len({table.scanroom.page(id_).document_id for id_ in table.ids}) == 1
    assert table.complaints == []


def test_a_row_of_the_attention_list_is_answered_with_one_click(table: Table) -> None:
    loose = table.scanroom.receive("0001.jpg", volume="卷一", case="新建文件夹")
    number = "临检起诉受[2031]99010100055号"
    with table.scanroom.catalogue.writing() as session:
        page = session.get_one(Page, loose)
        flags.raise_flag(session, "page", table.ids[2], table.scanroom.page(table.ids[2]).case_id, "turn_uncertain")
        flags.raise_flag(session, "document", page.document_id, page.case_id, "unclaimed", numbers=[number])
    table.page.goto("/board")

    table.page.get_by_role("button", name="倒过来").click()
    table.says("已转向")
    assert table.scanroom.page(table.ids[2]).turn_by_hand == 180
    table.page.get_by_role("button", name="倒过来").wait_for(state="detached")

    former = table.scanroom.page(loose).case_id
    table.page.get_by_role("button", name=f"归入 {number}").first.click()
    table.says(f"已归入 {number}")
    assert table.scanroom.page(loose).case_id != former
    table.undo()
    assert table.scanroom.page(loose).case_id == former

    table.page.get_by_role("link", name="左右对照").first.click()
    table.page.get_by_role("heading", name="页码、重复和缺页").wait_for()
    assert table.complaints == []
