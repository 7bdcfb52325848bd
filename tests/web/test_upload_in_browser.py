"""The upload page in a real browser: folders dropped, lines that break, browsers that are closed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import drop, folder_of, launched, served
from scanroom import CASE
from site_under_test import PASSWORD, Room
from sqlalchemy import select

from dossier.catalogue.tables import Arrival, Case, Volume

pytestmark = pytest.mark.browser

PART = 8 << 20


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with launched() as browser:
        yield browser


@pytest.fixture
def page(chromium: Any, room: Room) -> Iterator[Any]:
    """The upload page, in a window of its own."""
    with served(room.app) as address:
        context = chromium.new_context(viewport={"width": 1280, "height": 720}, base_url=address, locale="zh-CN")
        page = context.new_page()
        page.goto("/upload")
        page.get_by_label("一次性口令").fill(PASSWORD)
        page.get_by_role("button", name="进入").click()
        page.get_by_role("heading", name="上传", exact=True).wait_for()
        page.wait_for_load_state()
        yield page
        context.close()


def start(page: Any) -> None:
    page.get_by_role("button", name="开始上传").click()


def all_sent(page: Any, count: int) -> None:
    page.get_by_text(f"全部传完：{count} 个文件").wait_for()


def received(room: Room, volume: str) -> dict[str, int]:
    """The files of a volume, with how often each stands there."""
    found: dict[str, int] = {}
    with room.scanroom.catalogue.reading() as session:
        for path in session.scalars(
            select(Arrival.path).join(Volume, Volume.id == Arrival.volume_id).where(Volume.name == volume)
        ):
            found[path] = found.get(path, 0) + 1
    return found


def noting_parts(page: Any, at_most: int | None = None) -> list[int]:
    """The offsets of the parts that go to the server; from `at_most` on the line is dead."""
    offsets: list[int] = []

    def on_part(route: Any) -> None:
        if route.request.method != "PATCH":
            route.continue_()
            return
        if at_most is not None and len(offsets) >= at_most:
            route.abort("connectionreset")
            return
        offsets.append(int(route.request.headers["upload-offset"]))
        route.continue_()

    page.route("**/api/v1/uploads/**", on_part)
    return offsets


def test_a_dropped_case_folder_is_filed_as_in_the_inbox(page: Any, room: Room, tmp_path: Path) -> None:
    case = folder_of(
        tmp_path / f"闵照屿等3人诈骗案{CASE}",
        {
            "证据材料卷二/讯问笔录/0001.jpg": b"one", "证据材料卷二/讯问笔录/0002.jpg": b"two",
            "证据材料卷二/0003.jpg": b"three", "证据材料卷三/0001.jpg": b"one", "0001.jpg": b"loose",
            "证据材料卷二/Thumbs.db": b"system", "证据材料卷二/.hidden/0001.jpg": b"system",
        },
    )  # fmt: skip
    drop(page, case)
    page.get_by_text("已选 5 个文件，略过 2 个系统文件").wait_for()
    assert page.get_by_text("已有案件").count() == 1
    assert received(room, "证据材料卷二") == {}, "nothing goes before somebody has looked"
    page.keyboard.press("Enter")  # the focus is on the button already
    all_sent(page, 5)
    assert received(room, "证据材料卷二") == {"讯问笔录/0001.jpg": 1, "讯问笔录/0002.jpg": 1, "0003.jpg": 1}
    assert (received(room, "证据材料卷三"), received(room, "未分卷")) == ({"0001.jpg": 1}, {"0001.jpg": 1})
    page.get_by_label("显示").select_option("twice")
    page.get_by_text("内容与 证据材料卷").first.wait_for()
    # `printf loose | sha256sum`
    page.get_by_label("显示").select_option("all")
    page.get_by_text(
        "SHA-256 b5e0eee6e28efca6d6ad05d7b8a94631576037ec9e5ff6d305fe89faa0e1032e（与本机文件一致）"
    ).wait_for()


def test_volumes_dropped_on_a_chosen_case_are_its_volumes(page: Any, room: Room, tmp_path: Path) -> None:
    case = page.get_by_label("没有编号的文件夹和散文件归入")
    case.press_sequentially(CASE)
    page.get_by_text("已有案件").wait_for()
    first = folder_of(tmp_path / "证据材料卷四", {"0001.jpg": b"1"})
    second = folder_of(tmp_path / "卷二", {"甲/0001.jpg": b"2"})
    drop(page, first, second)
    page.get_by_text("已选 2 个文件").wait_for()
    page.get_by_label("卷二 的卷名，原为 卷二").fill("诉讼文书卷二")
    start(page)
    all_sent(page, 2)
    assert (received(room, "证据材料卷四"), received(room, "诉讼文书卷二")) == ({"0001.jpg": 1}, {"甲/0001.jpg": 1})
    with room.scanroom.catalogue.reading() as session:
        assert len(session.scalars(select(Case)).all()) == 1


def test_a_part_whose_line_breaks_is_sent_again_by_itself(page: Any, room: Room, tmp_path: Path) -> None:
    case = folder_of(tmp_path / CASE, {"证据材料卷五/全卷.pdf": bytes(PART + 1000)})
    breaks = iter([True])
    offsets: list[int] = []

    def on_part(route: Any) -> None:
        if route.request.method == "PATCH":
            offsets.append(int(route.request.headers["upload-offset"]))
            if offsets[-1] == PART and next(breaks, False):
                route.abort("connectionreset")
                return
        route.continue_()

    page.route("**/api/v1/uploads/**", on_part)
    drop(page, case)
    start(page)
    page.get_by_text("正在重试").first.wait_for()
    all_sent(page, 1)
    assert offsets == [0, PART, PART]
    assert received(room, "证据材料卷五") == {"全卷.pdf": 1}


def test_after_the_browser_was_closed_the_same_folder_goes_on_where_it_was(
    page: Any, room: Room, tmp_path: Path
) -> None:
    files = {"证据材料卷六/0001.jpg": b"small", "证据材料卷六/全卷.pdf": bytes(2 * PART + 7)}
    case = folder_of(tmp_path / CASE, files)
    noting_parts(page, at_most=2)
    drop(page, case)
    start(page)
    page.get_by_text("1/2 个文件").wait_for()
    page.get_by_text("正在重试").first.wait_for()
    assert received(room, "证据材料卷六") == {"0001.jpg": 1}

    again = page.context.new_page()
    page.close(run_before_unload=False)
    again.goto("/upload")
    again.wait_for_load_state()
    offsets = noting_parts(again)
    drop(again, case)
    start(again)
    all_sent(again, 2)
    assert offsets == [PART, 2 * PART], "neither the small file nor the first part went again"
    assert received(room, "证据材料卷六") == {"0001.jpg": 1, "全卷.pdf": 1}
    with room.scanroom.catalogue.reading() as session:
        arrival = session.scalars(select(Arrival).where(Arrival.path == "全卷.pdf")).one()
    stored = room.scanroom.vault.original_path(arrival.sha256).read_bytes()
    assert stored == files["证据材料卷六/全卷.pdf"]


def test_pausing_holds_everything_until_somebody_goes_on(page: Any, room: Room, tmp_path: Path) -> None:
    case = folder_of(tmp_path / CASE, {f"证据材料卷七/{number:04}.jpg": b"%d" % number for number in range(40)})
    drop(page, case)
    held: list[Any] = []
    page.route("**/api/v1/uploads/**", lambda route: held.append(route))
    start(page)
    page.wait_for_function("() => document.querySelectorAll('#list progress').length === 3")
    page.get_by_role("button", name="暂停").click()
    page.get_by_role("button", name="继续").wait_for()
    page.unroute_all(behavior="ignoreErrors")
    assert received(room, "证据材料卷七") == {}
    page.get_by_role("button", name="继续").click()
    all_sent(page, 40)
    assert len(received(room, "证据材料卷七")) == 40


def test_what_is_refused_says_why_in_its_row_and_can_be_tried_again(page: Any, room: Room, tmp_path: Path) -> None:
    case = folder_of(tmp_path / CASE, {"证据材料卷八/0001.jpg": b"1", "证据材料卷八/0002.jpg": b"2"})
    refusing = [True]

    def on_begin(route: Any) -> None:
        if refusing and route.request.method == "POST":
            refusing.clear()
            problem = '{"status": 422, "code": "place_refused", "title": "卷名或路径不能用。", "remedy": "请改正。"}'
            route.fulfill(status=422, content_type="application/problem+json", body=problem)
        else:
            route.continue_()

    page.route("**/api/v1/uploads", on_begin)
    drop(page, case)
    start(page)
    page.get_by_text("卷名或路径不能用。请改正。").wait_for()
    page.get_by_text("1 个出错").wait_for()
    page.get_by_role("button", name="重试 000").click()
    all_sent(page, 2)
    assert len(received(room, "证据材料卷八")) == 2


def test_a_folder_is_chosen_without_dragging(page: Any, room: Room, tmp_path: Path) -> None:
    case = folder_of(tmp_path / CASE, {"证据材料卷九/甲/0001.jpg": b"1"})
    page.locator("#folder").set_input_files(str(case))
    page.get_by_text("已选 1 个文件").wait_for()
    page.keyboard.press("Enter")
    all_sent(page, 1)
    assert received(room, "证据材料卷九") == {"甲/0001.jpg": 1}
