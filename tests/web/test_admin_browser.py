"""An administrator's morning in a real browser, and an auditor's look at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from chromium import launched, served
from desk import Desk
from scanroom import CASE
from site_under_test import PASSWORD, Room

pytestmark = pytest.mark.browser

OWN_PASSWORD = "稻穗-7319-灯"


@pytest.fixture
def address(room: Room) -> Iterator[str]:
    """Where the site is served."""
    with served(room.app) as address:
        yield address


@pytest.fixture
def browser() -> Iterator[Any]:
    with launched() as browser:
        yield browser


def test_an_administrators_morning(room: Room, browser: Any, address: str) -> None:
    # The house is new: the one-time password leads to the first administrator.
    desk = Desk(browser, address)
    page = desk.page
    page.goto("/")
    page.get_by_label("一次性口令").fill(PASSWORD)
    page.get_by_role("button", name="进入").click()
    page.get_by_role("link", name="建立第一个管理员").click()
    page.get_by_label("用户名").fill("闵榆")
    page.get_by_label("口令（至少 8 个字符）").fill(OWN_PASSWORD)
    page.get_by_label("再输入一次").fill(OWN_PASSWORD)
    desk.shot("first")
    page.get_by_role("button", name="建立").click()

    # From here on by name; the first thing to do is there.
    page.get_by_label("用户名").fill("闵榆")
    page.get_by_label("口令").fill(OWN_PASSWORD)
    page.get_by_role("button", name="进入").click()
    page.get_by_role("heading", name="添加用户").wait_for()
    assert page.get_by_role("link", name="搜索").count() == 0, "nothing that she may not do is offered"

    # An operator, by keyboard alone.
    page.get_by_label("用户名").focus()
    page.keyboard.type("傅溪")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.locator("#role").input_value() == "operator"
    page.keyboard.press("Tab")
    page.keyboard.type("第一检察部")
    desk.shot("add-user")
    page.keyboard.press("Enter")
    password = page.locator("#secret").inner_text()
    desk.shot("once")
    page.get_by_role("link", name="记好了，返回").click()
    page.get_by_role("heading", name="傅溪").wait_for()
    assert password not in page.content()

    # The operator comes in and looks at a page.
    operator = Desk(browser, address)
    operator.sign_in("傅溪", password)
    operator.page.get_by_role("search").wait_for()
    operator.page.goto(f"/pages/{room.page_ids[0]}")
    operator.page.wait_for_function("() => document.getElementById('picture').naturalWidth > 0")

    # She becomes a checker while her page is open, and it follows.
    page.get_by_label("角色").select_option("审核人")
    page.get_by_role("button", name="更改角色").click()
    page.get_by_role("status").get_by_text("已更改角色").wait_for()
    desk.shot("user")
    assert operator.page.goto("/board").status == 200

    # A key for the case system, shown once; then it is revoked.
    page.get_by_role("navigation", name="管理").get_by_role("link", name="接口密钥").click()
    page.get_by_label("给哪个程序用").fill("办案系统")
    page.get_by_label("写入（登记案件、上传文件）").check()
    page.get_by_role("button", name="生成密钥").click()
    key = page.locator("#secret").inner_text()
    assert key.startswith("edossier_")
    page.get_by_role("link", name="记好了，返回").click()
    assert key not in page.content()
    desk.shot("keys")
    page.get_by_role("button", name="吊销 办案系统").click()
    page.get_by_text("已吊销").wait_for()

    # How the machine is, what is set, what was done.
    for name in ("运行情况", "部门", "设置", "统计"):
        page.get_by_role("navigation", name="管理").get_by_role("link", name=name).click()
        page.get_by_role("heading", name=name, level=1).wait_for()
        assert desk.fits(), name
        desk.shot(name)
    assert page.locator("svg.chart").count() == 3

    # Who looked at what, found by name and case.
    room.app.state.site.looks.flush()
    page.get_by_role("navigation", name="管理").get_by_role("link", name="审计记录").click()
    page.get_by_label("谁（姓名）").fill("傅溪")
    page.get_by_label("做了什么").select_option("查看页面")
    page.get_by_label("案件编号").fill(CASE)
    page.get_by_role("button", name="查找").click()
    page.get_by_role("cell", name=f"{CASE} 证据材料卷一 图像第 1 页").first.wait_for()
    assert desk.fits()
    desk.shot("audit")

    # No page of a case opens to her.
    assert page.goto(f"/pages/{room.page_ids[0]}").status == 403
    desk.shot("refused")

    # The operator leaves the house.
    page.goto("/admin/users")
    desk.shot("users")
    page.get_by_role("link", name="傅溪").click()
    page.get_by_role("button", name="停用 傅溪").click()
    page.get_by_role("status").get_by_text("已停用").wait_for()
    operator.page.goto("/board")
    operator.page.get_by_role("heading", name="登录").wait_for()
    assert desk.complaints == operator.complaints == []
