"""A prosecutor's day in a real browser, on recorded readings: search, step, quote, excerpts, roster, chosen pages."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from chromium import launched, served
from docx import Document
from openpyxl import load_workbook
from test_desk_in_browser import PASTED, select_in_lines

from indexer.roster.search import RosterSearcher
from search_api.app import create_app
from tests.house import CASE, House, open_house
from tests.recorded import lines_of

pytestmark = pytest.mark.browser

PASSWORD = "麦田-4821-风筝"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("day") / "home") as house:
        house.drop_pages(f"{CASE}/证据材料卷一/讯问笔录", [1, 2])
        house.drop_pages(f"{CASE}/证据材料卷一/合同", [3], first_name=11)
        house.drop_pages(f"{CASE}/诉讼文书卷/转账凭证", [4, 5])
        house.take_in_and_work()
        yield house


@pytest.fixture(scope="module")
def desk(house: House) -> Iterator[Any]:
    """A page of the browser of somebody who has signed in."""
    roster = RosterSearcher(house.catalogue, house.vault, house.engine).search
    app = create_app(house.home, house.catalogue, house.vault, house.searcher, PASSWORD, roster=roster)
    with served(app) as address, launched() as browser:
        context = browser.new_context(
            base_url=address, viewport={"width": 1280, "height": 720}, accept_downloads=True, locale="zh-CN"
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/")
        page.get_by_label("一次性口令").fill(PASSWORD)
        page.get_by_role("button", name="进入").click()
        page.get_by_role("search").wait_for()
        yield page
        assert complaints == []
        context.close()


def test_a_search_with_filters_stays_in_an_address_that_can_be_sent_and_leads_from_hit_to_hit(desk: Any) -> None:
    desk.get_by_label("要找的内容").fill("钱款已转入账户")
    desk.get_by_role("button", name="搜索").click()
    desk.locator(".summary").wait_for()
    assert desk.locator(".summary strong").first.inner_text() == "5"
    desk.get_by_role("navigation", name="筛选").get_by_role("link", name="诉讼文书卷").click()
    desk.wait_for_url("**volume_kind=*")
    assert desk.locator(".summary strong").first.inner_text() == "2"

    sent = desk.context.new_page()
    sent.goto(desk.url)
    assert sent.locator(".found li").count() == 2
    sent.close()

    desk.locator(".found h2 a").first.click()
    desk.locator(".steps.hit .count").get_by_text("1/2").first.wait_for()
    desk.wait_for_load_state()  # keys have a meaning once the page's scripts have run
    desk.keyboard.press("n")
    desk.locator(".steps.hit .count").get_by_text("2/2").first.wait_for()
    desk.locator(".boxes rect").first.wait_for()


def test_words_are_copied_with_their_citation_and_excerpts_become_a_docx(desk: Any) -> None:
    desk.goto("/?q=证人甲1号")
    desk.locator(".found h2 a").first.click()
    desk.locator("#lines li").nth(2).wait_for()
    desk.wait_for_load_state()
    words = lines_of(1)[2].text
    select_in_lines(desk, 2, 0, 2, len(words))
    desk.keyboard.press("c")
    desk.get_by_text("已复制").wait_for()
    assert desk.evaluate(PASTED).split("（")[0] == words
    assert "证据卷一图像第2页" in desk.evaluate(PASTED)
    select_in_lines(desk, 2, 0, 2, len(words))
    desk.keyboard.press("e")
    desk.get_by_role("link", name="去整理").click()
    desk.locator(".excerpt").wait_for()
    with desk.expect_download() as download:
        desk.get_by_role("link", name="导出 DOCX（按事实）").click()
    texts = [paragraph.text for paragraph in Document(str(download.value.path())).paragraphs]
    assert words in texts and any("证据卷一图像第2页" in text for text in texts)


def test_a_roster_becomes_a_matrix_that_is_filtered_sorted_and_downloaded(desk: Any, tmp_path: Path) -> None:
    roster = tmp_path / "投资人.csv"
    roster.write_text("姓名,金额\n证人甲4号,200\n闻人遥,9\n证人甲1号,38000\n", "utf-8")
    desk.goto("/")
    desk.get_by_role("link", name="名册").click()
    desk.get_by_label("名单").set_input_files(str(roster))
    desk.get_by_label("在哪个案件里找").select_option(index=1)
    desk.get_by_role("button", name="开始检索").click()
    table = desk.locator("#matrix")
    table.wait_for()
    names = table.locator("tbody th")
    assert names.all_inner_texts() == ["证人甲4号", "闻人遥", "证人甲1号"]
    assert "在 5 页中可检索的 5 页里没有找到" in table.locator("tbody tr").nth(1).inner_text()

    desk.get_by_role("button", name="金额（元）").focus()
    desk.keyboard.press("Enter")
    assert names.all_inner_texts() == ["闻人遥", "证人甲4号", "证人甲1号"]
    desk.keyboard.press("Enter")
    assert names.all_inner_texts() == ["证人甲1号", "证人甲4号", "闻人遥"]
    assert table.locator("th[aria-sort=descending] button").inner_text() == "金额（元）"
    desk.get_by_label("按姓名、号码筛选").fill("甲4")
    desk.get_by_text("1 人", exact=True).wait_for()
    assert [name.is_visible() for name in names.all()] == [False, True, False]

    with desk.expect_download() as download:
        desk.get_by_role("link", name="下载 XLSX").click()
    book = load_workbook(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert [row[1].value for row in book["名册"]] == ["姓名", "证人甲4号", "闻人遥", "证人甲1号"]
    table.locator("tbody tr").nth(1).locator("td a").first.click()
    desk.get_by_role("link", name="图像第1页").click()
    desk.get_by_text("转账凭证").first.wait_for()


def test_chosen_pages_become_one_pdf_with_bookmarks_and_text(desk: Any, house: House) -> None:
    desk.goto("/?q=证人甲4号")
    desk.locator(".found h2 a").first.click()
    desk.get_by_role("button", name="选入示证").wait_for()
    desk.wait_for_load_state()
    desk.keyboard.press("s")
    desk.get_by_text("已选入示证，共 1 页").wait_for()
    desk.goto("/?q=证人甲1号")
    desk.locator(".found h2 a").first.click()
    desk.get_by_role("link", name="连续阅读").click()
    for number in (2, 3):
        desk.locator(f".leaf.current[data-page='{number}']").wait_for()
        desk.locator("#choose[aria-pressed=false]").wait_for()
        desk.keyboard.press("s")
        desk.locator("#choose[aria-pressed=true]").wait_for()
        desk.keyboard.press("ArrowRight")

    desk.get_by_role("navigation", name="主导航").get_by_role("link", name="示证").click()
    desk.get_by_text("诉讼文书卷图像第1页").wait_for()
    assert desk.locator(".chosen-page").count() == 3
    desk.get_by_label("第 1 组").fill("收款")
    desk.get_by_label("标题").fill("第一组证据")
    desk.get_by_role("button", name="上移：证据卷一图像第2页").click()
    desk.get_by_role("button", name="生成 PDF").click()
    desk.get_by_text("正在生成").wait_for()
    house.work()
    link = desk.get_by_role("link", name="下载 PDF（3 页）")
    link.wait_for()
    with desk.expect_download() as download:
        link.click()
    path = str(download.value.path())
    with pikepdf.open(path) as pdf, pdf.open_outline() as outline:
        assert len(pdf.pages) == 3
        assert [item.title for item in outline.root] == ["收款"]
        assert [item.title for item in outline.root[0].children] == [
            "讯问笔录（证据卷一图像第2页）",
            "转账凭证（诉讼文书卷图像第1页）",
            "讯问笔录（证据卷一图像第3页）",
        ]
    texts = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(path)]
    assert [f"证人甲{number}号" in text for number, text in zip((1, 4, 2), texts, strict=True)] == [True] * 3


def test_a_volumes_pdf_is_made_and_downloaded_from_the_reader(desk: Any, house: House) -> None:
    desk.goto("/?q=证人甲1号")
    desk.locator(".found h2 a").first.click()
    desk.get_by_role("link", name="连续阅读").click()
    desk.get_by_role("button", name="本卷 PDF").click()
    desk.get_by_text("正在生成…").wait_for()
    with desk.expect_download() as download:
        house.work()
    with pikepdf.open(str(download.value.path())) as pdf:
        assert len(pdf.pages) == 3
