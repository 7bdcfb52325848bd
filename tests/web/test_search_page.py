"""Search as a page and as JSON."""

from __future__ import annotations

import pytest
from scanroom import CASE, Scanroom, cell, reading_of_lines
from site_under_test import PASSWORD, Room
from starlette.testclient import TestClient

from dossier.catalogue.tables import Case, CaseNumber
from dossier.deeds import page_order
from indexer.elasticsearch_engine import ElasticsearchEngine
from indexer.search import Searcher
from search_api.app import create_app


def test_a_phrase_is_found_with_its_words_marked(browser: TestClient) -> None:
    page = browser.get("/", params={"q": "转入尾号为6620"})
    assert page.status_code == 200
    assert "找到 <strong>1</strong> 页" in page.text
    assert "她把钱<mark>转入尾号为6620</mark>的账户" in page.text
    assert "图像第 1 页" in page.text
    assert CASE in page.text


def test_the_box_on_the_small_picture_is_where_the_words_are(browser: TestClient) -> None:
    page = browser.get("/", params={"q": "林晓禾的电话"})
    first, last = cell(1, 0), cell(1, 5)
    expected = f'<rect x="{first.x0}" y="{first.y0}" width="{last.x1 - first.x0:.2f}" height="0.03"/>'
    assert page.text.count("<rect") == 1
    assert expected in page.text


@pytest.mark.parametrize(
    ("query", "rung"), [("13900004417", "编号"), ("4417", "编号"), ("合同由何景行", "原句"), ("何景行 合同", "词语")]
)
def test_each_hit_says_in_chinese_how_it_was_found(browser: TestClient, query: str, rung: str) -> None:
    assert f'">{rung}</span>' in browser.get("/", params={"q": query}).text


def test_query_and_case_stay_in_the_form_and_lead_on_to_the_page(browser: TestClient, room: Room) -> None:
    page = browser.get("/", params={"q": "陈述", "case": CASE}).text
    assert 'value="陈述"' in page
    assert f'value="{CASE}"' in page
    address = f"/pages/{room.page_ids[1]}?q=%E9%99%88%E8%BF%B0&amp;case="
    assert address in page
    assert "&amp;hit=2" in page


def test_nothing_found_says_how_many_pages_were_searched(browser: TestClient) -> None:
    page = browser.get("/", params={"q": "风马牛"}).text
    assert "<strong>2/3</strong> 可搜索页中没有找到" in page
    assert "还有 1 页不能搜索" in page


def test_a_page_taken_out_of_the_order_is_none_that_cannot_be_searched_yet(room: Room) -> None:
    with room.scanroom.catalogue.writing() as session:
        page_order.remove(session, room.page_ids[0], "重复扫描", "制作人甲")
    page = room.signed_in().get("/", params={"q": "风马牛"}).text
    assert "<strong>1/2</strong> 可搜索页中没有找到" in page


def test_nothing_found_in_a_case_counts_that_case_alone(room: Room) -> None:
    other = "沪西检诉受[2031]31011500078号"
    room.scanroom.receive("0001.jpg", case=other)
    page = room.signed_in().get("/", params={"q": "林晓禾", "case": other}).text
    assert "<strong>0/1</strong> 可搜索页中没有找到" in page
    assert 'href="/?q=' in page, "the way to all cases"


def test_the_first_view_says_what_can_be_searched(browser: TestClient, room: Room) -> None:
    page = browser.get("/").text
    assert "可以查找 <strong>2</strong> 页" in page
    assert "另有 1 页还不能搜索" in page
    assert f'<option value="{CASE}">' in page


def test_a_case_that_nobody_knows_is_said_to_be_unknown(browser: TestClient) -> None:
    page = browser.get("/", params={"q": "林晓禾", "case": "没有这个号"})
    assert page.status_code == 404
    assert "没有编号为“没有这个号”的案件" in page.text
    problem = browser.get("/api/v1/search", params={"q": "林晓禾", "case": "没有这个号"})
    assert (problem.status_code, problem.json()["code"]) == (404, "not_found")


def test_a_number_of_two_cases_is_never_guessed(room: Room) -> None:
    with room.scanroom.catalogue.writing() as session:
        first = Case()
        session.add(first)
        session.flush()
        session.add(
            CaseNumber(case_id=first.id, system="other", kind="x", as_given=CASE, canonical=_canonical(room), folded="")
        )
    problem = room.signed_in().get("/api/v1/search", params={"q": "林晓禾", "case": CASE})
    assert (problem.status_code, problem.json()["code"]) == (409, "number_clash")
    assert room.signed_in().get("/", params={"q": "林晓禾", "case": CASE}).status_code == 409


def _canonical(room: Room) -> str:
    with room.scanroom.catalogue.reading() as session:
        return session.query(CaseNumber).filter_by(as_given=CASE).one().canonical


def test_an_engine_that_is_away_is_a_sentence_and_a_503(room: Room) -> None:
    scanroom = room.scanroom
    away = ElasticsearchEngine("http://127.0.0.1:1", "away", timeout=1)
    searcher = Searcher(scanroom.catalogue, scanroom.vault, away)
    app = create_app(scanroom.home, scanroom.catalogue, scanroom.vault, searcher, PASSWORD)
    browser = Room(scanroom, app, room.page_ids).signed_in()

    page = browser.get("/", params={"q": "林晓禾"})
    assert page.status_code == 503
    assert "搜索引擎无法连接" in page.text
    problem = browser.get("/api/v1/search", params={"q": "林晓禾"})
    assert (problem.status_code, problem.json()["code"]) == (503, "engine_unreachable")
    # The page itself can be looked at all the same.
    view = browser.get(f"/pages/{room.page_ids[0]}?q=林晓禾&hit=1")
    assert view.status_code == 200
    assert "搜索引擎无法连接" in view.text
    assert "<mark>林晓禾</mark>的电话" in view.text


def test_the_json_is_that_of_the_command(browser: TestClient, room: Room) -> None:
    found = browser.get("/api/v1/search", params={"q": "何景行", "limit": 1}).json()
    box = cell(1, 7).union(cell(1, 9))
    (hit,) = found["hits"]
    page = room.scanroom.page(room.page_ids[1])
    assert found["total"] == 1
    assert hit.pop("score") > 0
    assert hit == {
        "page_id": page.id,
        "case_id": page.case_id,
        "case_number": CASE,
        "volume": "证据材料卷一",
        "document_id": page.document_id,
        "document_title": "证据材料卷一",
        "page_number": 2,
        "page_label": None,
        "rung": "phrase",
        "snippet": "被害人周望舒陈述周望舒说合同由何景行经手",
        "rects": [box.as_list()],
        "next_page": None,
    }


@pytest.mark.parametrize(
    "params", [{}, {"q": ""}, {"q": "a", "limit": "0"}, {"q": "a", "limit": "101"}, {"q": "a" * 1001}]
)
def test_a_search_without_sense_is_a_problem_that_names_the_parameter(
    browser: TestClient, params: dict[str, str]
) -> None:
    problem = browser.get("/api/v1/search", params=params)
    assert problem.status_code == 422
    assert problem.json()["code"] == "invalid_request"
    assert problem.json()["detail"].startswith(("q: ", "limit: "))


def test_many_hits_come_in_portions_that_lead_to_each_other(room: Room) -> None:
    scanroom: Scanroom = room.scanroom
    for number in range(10, 55):
        scanroom.read(scanroom.receive(f"{number:04}.jpg", volume="证据材料卷二"), ["账目清单"])
    scanroom.make_searchable()
    browser = room.signed_in()

    first = browser.get("/?q=账目清单").text
    assert "找到 <strong>45</strong> 页，显示第 1–20 页" in first
    assert "上一批" not in first
    assert "start=21" in first
    last = browser.get("/?q=账目清单&start=41").text
    assert "显示第 41–45 页" in last
    assert "下一批" not in last
    assert "start=21" in last
    assert '<ol class="found" start="41">' in last
    assert "hit=41" in last


def test_what_was_read_on_a_page_is_shown_and_never_run(room: Room) -> None:
    hostile = ["<script>alert(1)</script>", '"><img src=x onerror=alert(2)>', "{{'q'*9}} {% raw %}"]
    scanroom = room.scanroom
    page_id = scanroom.receive('<img src=x onerror=alert(3)>".jpg', volume="<b>卷</b>")
    scanroom.read(page_id, hostile, reading_of_lines(hostile))
    scanroom.make_searchable()
    browser = room.signed_in()
    shown = [
        browser.get("/", params={"q": "alert"}).text,
        browser.get("/", params={"q": "<script>alert(4)</script>", "case": "<i>"}).text,
        browser.get(f"/pages/{page_id}", params={"q": "<script>alert"}).text,
        browser.get(f"/volumes/{scanroom.volume_id('<b>卷</b>')}").text,
        browser.get("/board").text,
    ]
    assert "&lt;b&gt;卷&lt;/b&gt;" in shown[0]
    assert "{{&#39;q&#39;*9}}" in shown[2]
    assert "q" * 9 not in shown[2]
    for text in shown:
        for forbidden in ("<script>", "<img src=x", "<b>", "<i>"):
            assert forbidden not in text


def test_hits_by_volume_are_read_in_the_reader_and_a_page_leads_back_to_its_results(
    browser: TestClient, room: Room
) -> None:
    by_volume = browser.get("/", params={"q": "陈述", "group": "volume", "year": "2031"}).text
    reader = f"/volumes/{room.scanroom.volume_id()}/read?q=%E9%99%88%E8%BF%B0&amp;group=volume&amp;year=2031&amp;page=1"
    assert f'href="{reader}"' in by_volume

    page = browser.get(f"/pages/{room.page_ids[0]}", params={"q": "陈述", "order": "page", "hit": 1}).text
    assert 'id="results" href="/?q=%E9%99%88%E8%BF%B0&amp;order=page"' in page
    far = browser.get(f"/pages/{room.page_ids[0]}", params={"q": "陈述", "hit": 45}).text
    assert 'id="results" href="/?q=%E9%99%88%E8%BF%B0&amp;start=41"' in far
    assert 'id="results"' not in browser.get(f"/pages/{room.page_ids[0]}").text
