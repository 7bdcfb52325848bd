"""A maker's and a checker's morning in a real browser, on recorded readings: received, put right, handed in, refused
for a fault, mended, approved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from chromium import drop, folder_of, launched, served
from PIL import Image
from site_under_test import PASSWORD
from sqlalchemy import select

from dossier import passwords, users
from dossier.catalogue.tables import Case, ChangeRow, Page, Volume
from dossier.quality import making
from dossier.viewers import CHECKER, OPERATOR
from search_api.app import create_app
from tests.house import House, encoded, open_house
from tests.recorded import print_page, stamped

pytestmark = pytest.mark.browser

NUMBER = "临检起诉受[2031]99010100031号"
FIRST, SECOND, THIRD = "证据材料卷一", "证据材料卷二", "证据材料卷三"
MAKER, CHECKER_NAME = "傅溪", "闵榆"


@dataclass
class Office:
    """The house, its site, and a browser for each of the two."""

    house: House
    maker: Any
    checker: Any
    complaints: list[str] = field(default_factory=list)

    def volume_id(self, name: str) -> str:
        """The volume of this name on which there are pages."""
        with self.house.catalogue.reading() as session:
            here = select(Page.volume_id).where(Page.outside.is_(None))
            return session.scalars(select(Volume.id).where(Volume.name == name, Volume.id.in_(here))).one()

    def pages(self, name: str) -> list[Page]:
        with self.house.catalogue.reading() as session:
            of_volume = select(Page).where(Page.volume_id == self.volume_id(name), Page.outside.is_(None))
            return list(session.scalars(of_volume.order_by(Page.page_number)))

    def state(self, name: str) -> str:
        with self.house.catalogue.reading() as session:
            return making.state_of(session, self.volume_id(name))

    def upload(self, *folders: Path) -> None:
        """Drop folders on the upload page that the maker has before them."""
        drop(self.maker, *folders)
        self.maker.get_by_role("heading", name="准备上传").wait_for()

    def start(self, count: int) -> None:
        self.maker.get_by_role("button", name="开始上传").click()
        self.maker.get_by_text(f"全部传完：{count} 个文件").wait_for()

    def case_id(self) -> str:
        with self.house.catalogue.reading() as session:
            return session.scalars(select(Case.id).where(Case.name == "何景行诈骗案")).one()

    def says(self, page: Any, text: str) -> None:
        page.locator("#done", has_text=text).wait_for()

    def hand_in(self, name: str, remark: str = "") -> None:
        self.maker.goto(f"/volumes/{self.volume_id(name)}/check")
        self.maker.get_by_label("说明").fill(remark)
        self.maker.get_by_role("button", name="送审", exact=True).click()
        self.says(self.maker, "已送审")

    def leaf_through(self, name: str) -> None:
        """As the checker, to the end, each page as soon as it has been painted."""
        count = len(self.pages(name))
        self.checker.goto(f"/volumes/{self.volume_id(name)}/flip")
        # It opens where something was left out; this checker begins at the beginning.
        self.checker.locator("#sheet").wait_for()
        self.checker.keyboard.press("Home")
        for number in range(1, count + 1):
            self.checker.locator("#place", has_text=f"第 {number}/{count} 页").wait_for()
            while number < count and f"第 {number}/" in self.checker.locator("#place").inner_text():
                # Ignored until the page has been painted, as with a held key.
                self.checker.keyboard.press("ArrowRight")
        self.checker.locator("#seen", has_text=f"已看 {count}/{count}").wait_for()
        self.checker.keyboard.press("Escape")
        self.checker.wait_for_url("**/check")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_house(tmp_path / "home") as house:
        stored = passwords.hash_of(PASSWORD)
        with house.catalogue.writing() as session:
            users.add_user(session, MAKER, OPERATOR, (), stored, "test")
            users.add_user(session, CHECKER_NAME, CHECKER, (), stored, "test")
        app = create_app(house.home, house.catalogue, house.vault, house.searcher, PASSWORD)
        with served(app) as address, launched() as browser:
            screens = []
            complaints: list[str] = []
            for name in (MAKER, CHECKER_NAME):
                page = browser.new_context(viewport={"width": 1280, "height": 720}, base_url=address).new_page()
                page.on("pageerror", lambda error: complaints.append(str(error)))
                page.goto("/login")
                page.fill("input[name=name]", name)
                page.fill("input[name=password]", PASSWORD)
                page.press("input[name=password]", "Enter")
                page.wait_for_url("**/")
                screens.append(page)
            yield Office(house, screens[0], screens[1], complaints)
        app.state.site.looks.close()
    assert complaints == []


def png(number: int) -> bytes:
    return encoded(print_page(number), ".png")


def test_a_maker_puts_three_volumes_right_and_a_checker_refuses_one_and_then_approves(
    office: Office, tmp_path: Path
) -> None:
    # What came is written down: one field after the other, Enter for the next volume, Ctrl+Enter to save.
    maker = office.maker
    maker.get_by_role("link", name="收卷").click()
    maker.get_by_role("link", name="登记新收的卷").first.click()
    maker.get_by_label("案名").fill("何景行诈骗案")
    maker.get_by_label("移送单位").fill("某市公安局某分局")
    maker.get_by_label("案件编号").fill(NUMBER)
    maker.get_by_label("嫌疑人").fill("何景行")
    maker.get_by_label("收卷日期").fill("2031-03-05")
    maker.get_by_label("卷号", exact=True).fill("1")
    maker.get_by_label("纸质页数").fill("4")
    for paper_pages in ("5", "2"):
        maker.keyboard.press("Enter")
        maker.keyboard.type(paper_pages)
    maker.keyboard.press("Control+Enter")
    maker.get_by_role("heading", name="何景行诈骗案").wait_for()
    receipt = maker.url
    rows = maker.locator("tbody tr")
    assert [rows.nth(at).locator("td").nth(1).inner_text() for at in range(3)] == ["4", "5", "2"]

    # Three volumes are dropped: a page upside down, a blank verso, a broken file, a missing label, and a volume that
    # was scanned into a folder that nobody knows.
    maker.get_by_role("link", name="上传扫描件").click()
    maker.get_by_text("已有案件：何景行诈骗案").wait_for()
    blank = Image.new("RGB", print_page(1).size, "white")
    scans = {
        f"{FIRST}/0001.png": png(stamped(1, 1)),
        f"{FIRST}/0002.png": encoded(print_page(stamped(2, 2)).rotate(180), ".png"),
        f"{FIRST}/0003.png": png(stamped(3, 3)),
        f"{FIRST}/0004.png": encoded(blank, ".png"),
        **{f"{SECOND}/{label:04}.png": png(stamped(10 + label, label)) for label in (1, 2, 4)},
        f"{SECOND}/0005.png": png(stamped(15, 5))[:300],
    }
    office.upload(
        folder_of(tmp_path / "早上扫的", scans),
        folder_of(tmp_path / "未知来源", {f"{THIRD}/{at:04}.png": png(20 + at) for at in (1, 2)}),
    )
    names = [field.input_value() for field in maker.get_by_label("早上扫的 的卷名").all()]
    assert names == [FIRST, SECOND], "in the order of the volumes, not of how they sound"
    # Whose that is, is looked at later: it waits to be claimed.
    maker.get_by_label("未知来源 的案件").fill("")
    maker.get_by_label("未知来源 的案件").press("Tab")
    maker.get_by_text("进“待认领”").first.wait_for()
    office.start(10)
    office.house.work()
    assert [len(office.pages(name)) for name in (FIRST, SECOND, THIRD)] == [4, 3, 2]
    assert office.state(THIRD) == making.MAKING

    # The board says what needs a hand.
    maker.get_by_role("link", name="进度").click()
    needs = maker.get_by_role("region", name="需要处理")
    for words in ("0005.png", "待认领"):
        needs.get_by_text(words).first.wait_for()

    # The maker turns the page, and folds the blank one, on the light table.
    maker.goto(f"/volumes/{office.volume_id(FIRST)}")
    pages = office.pages(FIRST)
    maker.locator(f"#card-{pages[1].id} > a").click()
    maker.keyboard.press("r")
    office.says(maker, "已转向")
    maker.keyboard.press("r")
    maker.locator(f"#card-{pages[3].id} > a").click()
    maker.keyboard.press("b")
    office.says(maker, "已标为空白")
    maker.get_by_role("button", name="全部折叠，不计页").click()
    office.says(maker, "已折叠")

    # The broken file comes once more, and so does the page that was missed.
    maker.goto(receipt)
    maker.get_by_role("link", name="上传扫描件").click()
    again = {"0005.png": png(stamped(15, 5)), "0003.png": png(stamped(13, 3))}
    maker.locator("#folder").set_input_files(str(folder_of(tmp_path / "补扫" / SECOND, again)))
    maker.get_by_text("已选 2 个文件").wait_for()
    office.start(2)
    # The volume without a case is claimed.
    maker.goto(f"/volumes/{office.volume_id(THIRD)}")
    maker.locator("#claim-number").fill(NUMBER)
    maker.get_by_role("button", name="归入", exact=True).click()
    office.says(maker, "已归入")
    maker.get_by_role("link", name="打开那一卷").click()
    maker.get_by_role("heading", name=THIRD, level=1).wait_for()
    office.house.work()
    # All that was announced is here, sheet by sheet.
    maker.goto(receipt)
    assert [rows.nth(at).locator("td").nth(3).inner_text() for at in range(3)] == ["相符"] * 3

    assert [page.turn_by_hand for page in office.pages(FIRST)] == [None, 180, None]
    assert [page.page_label for page in office.pages(SECOND)] == ["1", "2", "3", "4", "5"]
    office.hand_in(FIRST, "第 4 页背面空白，已折叠")
    office.hand_in(SECOND, "损坏的文件已重扫")

    # The checker leafs through both, and refuses the first for a fault.
    checker = office.checker
    checker.goto(f"/volumes/{office.volume_id(FIRST)}/flip")
    checker.locator("#seen", has_text="已看 1/3").wait_for()
    checker.keyboard.press("2")
    checker.locator("#marked", has_text="歪斜").wait_for()
    checker.keyboard.press("Escape")
    checker.wait_for_url("**/check")
    checker.get_by_role("button", name="退回制作人").click()
    office.says(checker, "已退回")
    office.leaf_through(SECOND)
    checker.get_by_role("button", name="审核通过").click()
    office.says(checker, "审核通过")
    assert (office.state(FIRST), office.state(SECOND)) == (making.REFUSED, making.APPROVED)

    # The maker finds the fault on the list, mends it and hands in again; now it is approved.
    maker.goto("/board")
    maker.get_by_role("button", name="已改好").click()
    office.says(maker, "已标为改好")
    office.hand_in(FIRST, "已重新放正")
    office.leaf_through(FIRST)
    checker.get_by_role("button", name="审核通过").click()
    office.says(checker, "审核通过")
    assert office.state(FIRST) == making.APPROVED
    # All of the ledger is on the screen, nothing of it at the side.
    checker.goto("/ledger")
    checker.get_by_role("link", name=SECOND, exact=True).wait_for()
    assert checker.evaluate("document.documentElement.scrollWidth") <= 1280
    with office.house.catalogue.reading() as session:
        approved = session.scalars(select(ChangeRow.volume_id).where(ChangeRow.kind == "approved")).all()
    assert sorted(map(str, approved)) == sorted([office.volume_id(FIRST), office.volume_id(SECOND)])
    assert office.house.faults() == []
