"""An administrator's day in a real browser: the house is opened, people come, a case is sealed, and things go wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from chromium import launched, served
from desk import Desk
from scanroom import CASE
from site_under_test import PASSWORD, Room
from sqlalchemy import select

from dossier.catalogue.tables import Case

pytestmark = pytest.mark.browser

OWN_PASSWORD = "稻穗-7319-灯"


class Office(Desk):
    """The desk of who manages."""

    def tab(self, name: str) -> None:
        """Go to one of the administrator's pages."""
        self.page.get_by_role("navigation", name="管理").get_by_role("link", name=name, exact=True).click()
        self.page.get_by_role("heading", name=name, level=1).wait_for()

    def shot(self, name: str) -> None:
        assert self.fits(), name
        super().shot(name)

    def add_user(self, name: str, role: str, department: str) -> str:
        """A new user's password, as it is shown this once."""
        self.tab("用户")
        self.page.get_by_label("用户名").fill(name)
        self.page.get_by_label("角色").select_option(role)
        known = self.page.get_by_role("checkbox", name=department, exact=True)
        if department and known.count():
            known.check()
        elif department:
            self.page.locator("#others").fill(department)
        self.page.get_by_role("button", name="添加并生成口令").click()
        password = self.page.locator("#secret").inner_text()
        self.page.get_by_role("link", name="记好了，返回").click()
        self.page.get_by_role("heading", name=name).wait_for()
        return str(password)


@pytest.fixture
def address(room: Room) -> Iterator[str]:
    with room.scanroom.catalogue.writing() as session:
        session.scalars(select(Case)).one().name = "周望舒诈骗案"
    with served(room.app) as address:
        yield address


def test_an_administrators_day(room: Room, address: str) -> None:
    with launched() as browser:
        # The house is new: the one-time password, printed at start, leads to the first administrator.
        admin = Office(browser, address)
        page = admin.page
        page.goto("/")
        page.get_by_label("一次性口令").fill(PASSWORD)
        page.get_by_role("button", name="进入").click()
        page.get_by_role("link", name="建立第一个管理员").click()
        page.get_by_label("用户名").fill("闵榆")
        page.get_by_label("口令（至少 8 个字符）").fill(OWN_PASSWORD)
        page.get_by_label("再输入一次").fill(OWN_PASSWORD)
        page.get_by_role("button", name="建立").click()
        page.get_by_label("用户名").fill("闵榆")
        page.get_by_label("口令").fill(OWN_PASSWORD)
        page.get_by_role("button", name="进入").click()

        # People, each with a password that is shown this once.
        passwords = {
            name: admin.add_user(name, role, department)
            for name, role, department in (
                ("傅溪", "检察官", "第一检察部"), ("邬怀青", "检察官", "第二检察部"), ("苏见川", "审计员", ""),
            )
        }  # fmt: skip

        # The case goes to its department, by a part of its number.
        admin.tab("案件授权")
        page.get_by_label("案件编号或案名").fill("31011500077")
        page.get_by_role("button", name="查找").click()
        page.get_by_role("link", name=CASE).click()
        page.get_by_label("部门").fill("第一检察部")
        page.get_by_role("button", name="更改").click()
        page.get_by_role("status").get_by_text("已更改部门和承办人").wait_for()
        admin.tab("部门")
        page.get_by_role("row", name="第一检察部").get_by_text("傅溪").wait_for()
        assert page.get_by_role("row", name="第一检察部").get_by_role("cell", name="1", exact=True).count() == 1

        reader, other = Office(browser, address), Office(browser, address)
        reader.sign_in("傅溪", passwords["傅溪"])
        other.sign_in("邬怀青", passwords["邬怀青"])
        picture = f"/pages/{room.page_ids[0]}"
        assert (reader.page.goto(picture).status, other.page.goto(picture).status) == (200, 404)

        # It is sealed; one is let in until a day.
        admin.tab("案件授权")
        page.get_by_label("案件编号或案名").fill("望舒")
        page.keyboard.press("Enter")
        page.get_by_role("link", name=CASE).click()
        page.get_by_role("button", name="封存这个案件").click()
        page.get_by_role("status").get_by_text("已封存").wait_for()
        assert "周望舒" not in page.content()
        assert reader.page.goto(picture).status == 404
        until = dt.date.today() + dt.timedelta(days=30)
        page.get_by_label("授权给").select_option("邬怀青")
        page.get_by_label("到哪一天为止").fill(until.isoformat())
        page.get_by_role("button", name="授权", exact=True).click()
        page.get_by_role("row", name="邬怀青").get_by_text(f"至 {until.isoformat()}").wait_for()
        admin.shot("case")
        assert (reader.page.goto(picture).status, other.page.goto(picture).status) == (404, 200)
        other.page.wait_for_function("() => document.getElementById('picture').naturalWidth > 0")

        # The case system: a key, shown once, and where changes are sent to.
        admin.tab("接口密钥")
        page.get_by_label("给哪个程序用").fill("办案系统")
        page.get_by_role("button", name="生成密钥").click()
        key = page.locator("#secret").inner_text()
        page.get_by_role("link", name="记好了，返回").click()
        assert key not in page.content()
        admin.tab("变更推送")
        page.get_by_label("名称").fill("办案系统")
        page.get_by_label("送到哪个地址").fill("http://127.0.0.1:9/changes")
        page.get_by_label("按哪个密钥能看到的").select_option("办案系统")
        page.get_by_role("button", name="登记并显示签名密钥").click()
        assert page.locator("#secret").inner_text().startswith("whsec_")
        page.get_by_role("link", name="记好了，返回").click()
        page.get_by_role("row", name="办案系统").wait_for()
        admin.shot("webhooks")

        # A page could not be read: seen, and tried again.
        room.scanroom.park(room.page_ids[2], "page_timeout")
        admin.tab("运行情况")
        page.get_by_text("搁置 1 页").wait_for()
        admin.shot("health")
        page.get_by_role("button", name="全部重试").click()
        page.get_by_role("status").get_by_text("已重新排队：1 页").wait_for()
        assert room.scanroom.page(room.page_ids[2]).state == "waiting"
        for name in ("设置", "统计"):
            admin.tab(name)
            admin.shot(name)
        assert page.locator("svg.chart").count() == 3

        # The auditor finds who looked at the sealed case, and who let them.
        room.app.state.site.looks.flush()
        auditor = Office(browser, address)
        auditor.sign_in("苏见川", passwords["苏见川"])
        for who, deed, told in (
            ("邬怀青", "查看页面", "图像第 1 页"),
            ("闵榆", "授权查看", "邬怀青"),
            ("闵榆", "封存", CASE),
        ):
            auditor.page.get_by_label("谁（姓名）").fill(who)
            auditor.page.get_by_label("做了什么").select_option(deed)
            auditor.page.get_by_role("button", name="查找").click()
            auditor.page.get_by_role("row", name=deed).filter(has_text=told).first.wait_for()
        auditor.shot("audit")

        # Neither of them sees the case itself.
        assert page.goto(picture).status == auditor.page.goto(picture).status == 403
        assert admin.complaints == reader.complaints == other.complaints == auditor.complaints == []
