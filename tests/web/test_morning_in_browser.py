"""A maker's and a checker's morning in a real browser, on recorded readings: received, put right, handed in, refused
for a fault, mended, approved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from chromium import launched, served
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
        with self.house.catalogue.reading() as session:
            return session.scalars(select(Volume.id).where(Volume.name == name)).one()

    def pages(self, name: str) -> list[Page]:
        with self.house.catalogue.reading() as session:
            of_volume = select(Page).where(Page.volume_id == self.volume_id(name), Page.outside.is_(None))
            return list(session.scalars(of_volume.order_by(Page.page_number)))

    def state(self, name: str) -> str:
        with self.house.catalogue.reading() as session:
            return making.state_of(session, self.volume_id(name))

    def post(self, volume: str, path: str, content: bytes) -> None:
        """Put a file in a volume as the page does."""
        file = {"name": path, "mimeType": "image/png", "buffer": content}
        answer = self.maker.request.post(
            f"/api/v1/cases/{self.case_id()}/files", multipart={"volume": volume, "path": path, "file": file}
        )
        assert answer.status == 202, answer.text()

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
                page.set_default_timeout(20_000)
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


def test_a_maker_puts_three_volumes_right_and_a_checker_refuses_one_and_then_approves(office: Office) -> None:
    # What came is written down.
    written = office.maker.request.post(
        "/api/v1/receipts",
        data={
            "received_on": "2031-03-05", "unit": "某市公安局某分局", "case_name": "何景行诈骗案",
            "numbers": [{"number": NUMBER}], "suspects": ["何景行"],
            "volumes": [{"kind": "证据材料卷", "number": 1, "paper_pages": 4}, {"kind": "证据材料卷", "number": 2}],
        },
    )  # fmt: skip
    assert written.status == 201, written.text()

    # Three volumes are dropped: a page upside down, a blank verso, a broken file, a missing label, an unknown case.
    blank = Image.new("RGB", print_page(1).size, "white")
    for name, content in (
        ("0001.png", png(stamped(1, 1))),
        ("0002.png", encoded(print_page(stamped(2, 2)).rotate(180), ".png")),
        ("0003.png", png(stamped(3, 3))),
        ("0004.png", encoded(blank, ".png")),
    ):
        office.post(FIRST, name, content)
    for label in (1, 2, 4):
        office.post(SECOND, f"{label:04}.png", png(stamped(10 + label, label)))
    office.post(SECOND, "0005.png", png(stamped(15, 5))[:300])
    office.house.drop_pages(f"未知来源/{THIRD}", [21, 22])
    office.house.take_in_and_work()
    assert office.state(THIRD) == making.MAKING

    # The maker turns the page, and folds the blank one, on the light table.
    maker = office.maker
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
    office.post(SECOND, "0005.png", png(stamped(15, 5)))
    office.post(SECOND, "0003.png", png(stamped(13, 3)))
    # The volume without a case is claimed.
    maker.goto(f"/volumes/{office.volume_id(THIRD)}")
    maker.locator("#claim-number").fill(NUMBER)
    maker.get_by_role("button", name="归入", exact=True).click()
    office.says(maker, "已归入")
    office.house.work()

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
    with office.house.catalogue.reading() as session:
        approved = session.scalars(select(ChangeRow.volume_id).where(ChangeRow.kind == "approved")).all()
    assert sorted(map(str, approved)) == sorted([office.volume_id(FIRST), office.volume_id(SECOND)])
    assert office.house.faults() == []
