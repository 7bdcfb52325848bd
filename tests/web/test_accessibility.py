"""Accessibility of the main pages, in a real browser: what WCAG 2.2 AA asks and a script can find out.

Each check looks at what Chromium has laid out, and names the elements that fail it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import launched, served
from site_under_test import PASSWORD, Room
from sqlalchemy import select

from dossier import users
from dossier.catalogue.tables import Case
from dossier.viewers import ADMIN, AUDITOR, OPERATOR

pytestmark = pytest.mark.browser

CHECKS = (Path(__file__).parent / "accessibility.js").read_text("utf-8")
# Where a person goes on a usual day, by who they are.
PAGES = {
    "傅溪": (
        "/", "/?q=林晓禾", "/board", "/volumes/{volume}", "/pages/{page}?q=林晓禾", "/excerpts", "/password",
        "/volumes/{volume}/read", "/volumes/{volume}/check", "/volumes/{volume}/flip", "/volumes/{volume}/sides",
        "/pages/{page}/crop", "/receipts", "/receipts/new",
        "/upload", "/quality", "/ledger", "/notes", "/chosen", "/roster",
    ),
    "闵榆": (
        "/admin", "/admin/users", "/admin/users/{user}", "/admin/keys", "/admin/webhooks", "/admin/departments",
        "/admin/cases", "/admin/cases/{case}", "/admin/settings", "/admin/statistics",
    ),
    "苏见川": ("/admin/audit",),
    "": ("/login",),
}  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as browser:
        yield browser


@pytest.fixture
def address(room: Room) -> Iterator[str]:
    for name, role in (("傅溪", OPERATOR), ("闵榆", ADMIN), ("苏见川", AUDITOR)):
        room.add_user(name, role)
    with served(room.app) as address:
        yield address


def opened(browser: Any, address: str, name: str) -> Any:
    """A page of 1280×720 in which somebody has signed in."""
    page = browser.new_context(
        viewport={"width": 1280, "height": 720}, base_url=address, locale="zh-CN", reduced_motion="reduce"
    ).new_page()  # fmt: skip
    if name:
        page.goto("/login")
        page.get_by_label("用户名").fill(name)
        page.get_by_label("口令").fill(PASSWORD)
        page.get_by_role("button", name="进入").click()
        page.wait_for_url(lambda url: "/login" not in url)
    return page


def things(room: Room) -> dict[str, str]:
    page = room.scanroom.page(room.page_ids[0])
    with room.scanroom.catalogue.reading() as session:
        user, case = users.user_named(session, "傅溪").id, session.scalars(select(Case.id)).one()
    return {"page": page.id, "volume": page.volume_id, "user": user, "case": case}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_main_pages_can_be_used_by_everybody(room: Room, browser: Any, address: str, name: str) -> None:
    page, faults = opened(browser, address, name), []
    for path in PAGES[name]:
        page.goto(path.format(**things(room)))
        page.evaluate(CHECKS)
        faults += [f"{path}: {fault}" for fault in page.evaluate("edossierAccessibility()")]
        faults += [f"{path}: {fault}" for fault in by_keyboard(page)]
    assert faults == []


def by_keyboard(page: Any) -> list[str]:
    """What is wrong on the way through a page by Tab: focus that is not seen, and traps."""
    page.evaluate("document.body.focus(); window.scrollTo(0, 0)")
    count = page.evaluate("edossierFocusable().length")
    seen: list[int] = []
    faults: list[str] = []
    # Enough to have seen where the focus goes; a page of results has hundreds.
    for _ in range(min(count, 40)):
        page.keyboard.press("Tab")
        at, fault = page.evaluate("edossierFocus()")
        if fault:
            faults.append(fault)
        seen.append(at)
    # Whoever cannot go on comes to the same place again and again.
    if count > 1 and len(set(seen)) < min(len(seen), 2):
        faults.append("the keyboard is caught")
    return faults


def test_the_checks_find_what_is_wrong(browser: Any) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_content(
        """<!doctype html><html><head><title></title><style>.trap:focus { outline: none }</style></head>
        <body>
        <h1>一</h1><h3>三</h3><input id="bare"><button id="mute"></button>
        <a href="/x" id="empty"><img src="x" width="30" height="30"></a>
        <p id="pale" style="color:#999;background:#fff">看不清</p><div style="width:2000px">宽</div>
        <button id="small" style="width:10px;height:10px;padding:0;border:0" aria-label="小"></button>
        <div id="twice"></div><div id="twice"></div>
        <button class="trap" style="border:0">无焦点</button></body></html>"""
    )
    page.evaluate(CHECKS)
    told = "\n".join(page.evaluate("edossierAccessibility()"))
    for what in (
        "lang",
        "title",
        "h3",
        "#bare",
        "#mute",
        "#empty",
        "img",
        "#pale",
        "wider",
        "#small",
        "#twice",
        "main",
    ):
        assert what in told, what
    page.locator("button.trap").focus()
    assert "focus" in page.evaluate("edossierFocus()")[1]


def test_the_checks_pass_what_is_right(browser: Any) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_content(
        """<!doctype html><html lang="zh-CN"><head><title>页</title></head><body><main><h1>一</h1><h2>二</h2>
        <label for="a">甲</label><input id="a"><label>乙 <input></label><button>好</button>
        <p>文字里的<a href="/x">链接</a>不必高。</p></main></body></html>"""
    )
    page.evaluate(CHECKS)
    assert page.evaluate("edossierAccessibility()") == []
    assert by_keyboard(page) == []


def test_who_has_every_link_sees_each_whole(room: Room, browser: Any) -> None:
    # With the roster, which this site does not have otherwise.
    room.app.state.site = dataclasses.replace(room.app.state.site, roster=lambda *_, **__: None)
    with served(room.app) as address:
        page = opened(browser, address, "")
        page.goto("/login")
        page.get_by_label("口令").fill(PASSWORD)
        page.get_by_role("button", name="进入").click()
        page.get_by_role("link", name="建立第一个管理员").first.wait_for()
        faults = []
        for path in (f"/pages/{room.page_ids[0]}", f"/volumes/{room.scanroom.volume_id()}/read"):
            page.goto(path)
            page.evaluate(CHECKS)
            faults += page.evaluate("edossierAccessibility()")
        page.context.close()

    assert faults == []
