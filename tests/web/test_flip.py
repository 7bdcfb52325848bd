"""Leafing through a volume in a real browser: nothing is skipped, what was painted is noted, faults by one key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from chromium import launched, served
from site_under_test import PASSWORD, Room
from sqlalchemy import select

from dossier.catalogue.tables import AuditRow, Fault, Page, PageSeen
from dossier.quality import making, sample
from dossier.viewers import CHECKER, OPERATOR, Viewer

pytestmark = pytest.mark.browser

VOLUME, PAGES = "证据材料卷八", 15
CHECKER_NAME = "闵榆"


@dataclass
class Leafing:
    """A volume that waits for its check, opened by its checker."""

    page: Any
    room: Room
    ids: list[str]
    shown: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def place(self, number: int) -> None:
        """Wait until a page of the volume is on the screen."""
        self.page.locator("#place", has_text=f"第 {number}/{PAGES} 页").wait_for()
        self.page.locator("#sheet").wait_for(state="visible")

    def seen(self) -> set[str]:
        with self.room.scanroom.catalogue.reading() as session:
            return set(session.scalars(select(PageSeen.page_id)))

    def wait_for_seen(self, count: int) -> None:
        self.page.locator("#seen", has_text=f"已看 {count}/{PAGES}").wait_for()
        # What is on the screen is sent within a second.
        for _ in range(100):
            if len(self.seen()) == count:
                return
            self.page.wait_for_timeout(100)
        assert len(self.seen()) == count

    def faults(self) -> list[tuple[int, str]]:
        with self.room.scanroom.catalogue.reading() as session:
            found = session.scalars(select(Fault).where(Fault.withdrawn_at.is_(None)).order_by(Fault.found_at))
            return [(self.ids.index(str(fault.page_id)) + 1, fault.kind) for fault in found]


@pytest.fixture
def leafing(room: Room) -> Iterator[Leafing]:
    scanroom = room.scanroom
    ids = [scanroom.receive(f"{number:04}.jpg", volume=VOLUME) for number in range(1, PAGES + 1)]
    for number, page_id in enumerate(ids, start=1):
        scanroom.read(page_id, [f"第{number}页"])
    scanroom.make_searchable()
    room.add_user("傅溪", OPERATOR)
    room.add_user(CHECKER_NAME, CHECKER)
    maker = Viewer("u-maker", "傅溪", roles=frozenset({OPERATOR}))
    with scanroom.catalogue.writing() as session:
        making.hand_in(session, scanroom.volume_id(VOLUME), maker, "与别卷内容相同的页已核对", sample.Sampling())
    with served(room.app) as address, launched() as browser:
        page = browser.new_context(viewport={"width": 1280, "height": 720}, base_url=address).new_page()
        leafing = Leafing(page, room, ids)
        page.on("console", lambda message: leafing.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: leafing.complaints.append(str(error)))
        page.goto("/login")
        page.fill("input[name=name]", CHECKER_NAME)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/")
        page.goto(f"/volumes/{scanroom.volume_id(VOLUME)}/flip")
        leafing.place(1)
        # Before it is painted, a key does nothing: nobody has seen it yet.
        page.locator("#seen", has_text=f"已看 1/{PAGES}").wait_for()
        yield leafing
    assert leafing.complaints == []


def hold(leafing: Leafing, key: str, times: int) -> None:
    """Hold a key: as the keyboard does, it comes again and again, and faster than pictures are painted."""
    leafing.page.evaluate(
        """async ([key, times]) => {
            for (let at = 0; at < times; at += 1) {
                document.getElementById("sheets").dispatchEvent(
                    new KeyboardEvent("keydown", { key: key, repeat: at > 0, bubbles: true, cancelable: true }));
                await new Promise((done) => window.setTimeout(done, 5));
            }
        }""",
        [key, times],
    )


def hold_until(leafing: Leafing, number: int) -> None:
    """Hold the key until a page is on the screen, or ought to be."""
    for _ in range(100):
        if f"第 {number}/" in leafing.page.locator("#place").inner_text():
            return
        hold(leafing, "ArrowRight", 40)
    raise AssertionError(f"page {number} did not come")


def test_a_held_key_leafs_through_all_pages_skips_none_and_each_is_noted(leafing: Leafing) -> None:
    hold_until(leafing, PAGES)
    leafing.place(PAGES)
    leafing.wait_for_seen(PAGES)

    assert leafing.seen() == set(leafing.ids)
    leafing.room.app.state.site.looks.flush()
    with leafing.room.scanroom.catalogue.reading() as session:
        looked = set(session.scalars(select(AuditRow.subject_id).where(AuditRow.deed == "look")))
    assert set(leafing.ids) <= looked
    volume_id = leafing.room.scanroom.volume_id(VOLUME)
    leafing.page.goto(f"/volumes/{volume_id}/check")
    leafing.page.get_by_role("button", name="审核通过").click()
    leafing.page.locator("#done", has_text="审核通过").wait_for()
    with leafing.room.scanroom.catalogue.reading() as session:
        assert making.state_of(session, volume_id) == making.APPROVED


def test_a_page_whose_picture_does_not_come_is_waited_for_and_not_noted(leafing: Leafing) -> None:
    stuck = leafing.ids[12]  # beyond what was asked for beforehand
    leafing.page.route(f"**/api/v1/pages/{stuck}/image*", lambda route: route.abort())
    leafing.complaints.clear()
    hold_until(leafing, 13)
    hold(leafing, "ArrowRight", 40)
    leafing.page.locator("#place", has_text=f"第 13/{PAGES} 页").wait_for()
    leafing.page.locator("#wait", has_text="图像正在生成").wait_for()
    leafing.wait_for_seen(12)

    assert stuck not in leafing.seen()
    leafing.page.unroute(f"**/api/v1/pages/{stuck}/image*")
    leafing.page.locator("#sheet").wait_for(state="visible")
    leafing.wait_for_seen(13)
    assert stuck in leafing.seen()
    assert all("ERR_FAILED" in complaint for complaint in leafing.complaints)
    leafing.complaints.clear()


def test_the_keys_go_on_over_a_page_whose_picture_cannot_be_made_and_it_is_not_seen(leafing: Leafing) -> None:
    spoilt = leafing.ids[12]
    leafing.room.scanroom.spoil_picture(spoilt)
    hold_until(leafing, PAGES)
    leafing.place(PAGES)
    leafing.wait_for_seen(PAGES - 1)
    assert spoilt not in leafing.seen()

    leafing.page.keyboard.press("u")
    leafing.page.locator("#unshown", has_text="图像做不出来").wait_for()
    leafing.page.get_by_role("button", name="确认这一页").click()
    leafing.wait_for_seen(PAGES)
    assert spoilt in leafing.seen()
    assert all("Failed to load resource" in complaint for complaint in leafing.complaints)
    leafing.complaints.clear()


def test_a_page_that_is_read_again_while_the_volume_is_open_is_not_noted_as_it_is_now(leafing: Leafing) -> None:
    again, scanroom = leafing.ids[12], leafing.room.scanroom
    scanroom.put_picture(again, ["又读了一遍"], 2)
    with scanroom.catalogue.writing() as session:
        session.get_one(Page, again).reading_version = 2
    hold_until(leafing, PAGES)
    leafing.place(PAGES)
    leafing.page.locator("#seen", has_text=f"已看 {PAGES}/{PAGES}").wait_for()
    # What was shown last is sent last.
    for _ in range(100):
        if leafing.ids[-1] in leafing.seen():
            break
        leafing.page.wait_for_timeout(100)

    assert leafing.seen() == set(leafing.ids) - {again}
    # Opened anew, it is the one that is left.
    leafing.page.reload()
    leafing.place(13)
    leafing.wait_for_seen(PAGES)


def test_keys_jump_to_what_is_unseen_and_mark_faults_that_can_be_taken_back(leafing: Leafing) -> None:
    keys = leafing.page.keyboard
    keys.press("ArrowRight")
    leafing.place(2)
    leafing.page.wait_for_timeout(100)
    keys.press("2")
    leafing.page.locator("#marked", has_text="歪斜").wait_for()
    assert leafing.faults() == [(2, "skewed")]
    leafing.page.get_by_role("button", name="撤销").click()
    leafing.page.locator("#marked").wait_for(state="hidden")
    assert leafing.faults() == []
    keys.press("0")
    leafing.page.locator("#other-words").fill("盖了茶渍")
    keys.press("Enter")
    leafing.page.locator("#marked", has_text="其他").wait_for()
    assert leafing.faults() == [(2, "other")]

    keys.press("End")
    leafing.place(PAGES)
    leafing.wait_for_seen(3)
    keys.press("u")
    leafing.place(3)
    # Who goes on at once has not seen it.
    leafing.wait_for_seen(4)
    keys.press("Home")
    leafing.place(1)
    # Opened again, it goes on where something was left out.
    leafing.page.reload()
    leafing.place(4)
    leafing.page.locator("#seen", has_text="抽查").wait_for()
    keys.press("Escape")
    leafing.page.wait_for_url("**/check")
    leafing.page.get_by_text("图像第 2 页：其他（盖了茶渍）").wait_for()
