"""A page: picture, boxes, text, and the way on."""

from __future__ import annotations

import re

from scanroom import cell, reading_of_lines
from site_under_test import Room
from starlette.testclient import TestClient

from dossier import flags, work
from dossier.deeds import page_order
from dossier.reading import Box, Line, Reading
from search_api.desk.page_marks import ranges_in_line


def test_an_unread_page_that_is_opened_is_read_before_the_bulk(browser: TestClient, room: Room) -> None:
    room.scanroom.finish_work(work.READ, room.page_ids[0])
    browser.get(f"/pages/{room.page_ids[0]}")
    browser.get(f"/pages/{room.page_ids[2]}")
    priorities = {row.subject_id: row.priority for row in room.scanroom.requested(work.READ)}
    assert priorities[room.page_ids[2]] == work.URGENT
    assert priorities[room.page_ids[0]] == work.NORMAL, "it has been read already"


def test_the_words_of_the_query_are_boxed_and_marked(browser: TestClient, room: Room) -> None:
    page = browser.get(f"/pages/{room.page_ids[0]}?q=林晓禾&hit=1").text
    for line, start in ((0, 3), (1, 0)):
        box = cell(line, start).union(cell(line, start + 2))
        assert f'<rect x="{box.x0}" y="{box.y0}" width="0.12" height="0.03"/>' in page
    assert "被害人<mark>林晓禾</mark>陈述" in page
    assert "<mark>林晓禾</mark>的电话" in page


def test_a_page_reached_by_turning_is_searched_for_the_words_too(browser: TestClient, room: Room) -> None:
    page = browser.get(f"/pages/{room.page_ids[1]}?q=林晓禾 陈述&hit=1").text
    assert "周望舒<mark>陈述</mark>" in page
    nothing = browser.get(f"/pages/{room.page_ids[1]}?q=林晓禾&hit=1").text
    assert "这一页没有“林晓禾”" in nothing


def test_the_ways_to_neighbours_and_hits_keep_the_query(browser: TestClient, room: Room) -> None:
    first, second, third = room.page_ids
    page = browser.get(f"/pages/{first}?q=陈述&hit=1").text
    assert f'id="hit-after" href="/pages/{second}?q=%E9%99%88%E8%BF%B0&amp;hit=2"' in page
    assert 'id="hit-before"' not in page
    assert 'id="page-before"' not in page
    assert f'id="page-after" rel="next" href="/pages/{second}?q=%E9%99%88%E8%BF%B0&amp;hit=1"' in page
    page = browser.get(f"/pages/{second}?q=陈述&hit=2").text
    assert f'id="hit-before" href="/pages/{first}?' in page
    assert 'id="hit-after"' not in page
    assert f'href="/pages/{third}?' in page


def test_a_phrase_over_the_turn_is_boxed_on_both_pages(room: Room) -> None:
    scanroom = room.scanroom
    first, second = (scanroom.receive(f"{name}.jpg", volume="证据材料卷三") for name in ("01", "02"))
    scanroom.read(first, ["他们约定在河畔茶"])
    scanroom.read(second, ["馆见面"])
    scanroom.make_searchable()
    browser = room.signed_in()
    here = browser.get(f"/pages/{first}?q=河畔茶馆&hit=1").text
    there = browser.get(f"/pages/{second}?q=河畔茶馆&hit=1").text
    assert "他们约定在<mark>河畔茶</mark>" in here
    assert "<mark>馆</mark>见面" in there


def test_a_page_can_be_looked_at_before_it_is_read(browser: TestClient, room: Room) -> None:
    page = browser.get(f"/pages/{room.page_ids[2]}").text
    assert "等待识别" in page
    assert "还没有识别。现在就可以看图" in page
    assert f'src="/api/v1/pages/{room.page_ids[2]}/image?width=1600&amp;nearly=1&amp;reading=scan"' in page


def test_a_parked_page_says_why_and_what_to_do(room: Room) -> None:
    room.scanroom.park(room.page_ids[2], "page_timeout")
    page = room.signed_in().get(f"/pages/{room.page_ids[2]}").text
    assert "需要处理" in page
    assert "页面处理超时，已终止。" in page
    assert "请运行 edossier retry 重试，或重新扫描该页。" in page


def test_a_flag_on_the_page_is_shown_until_it_is_closed(room: Room) -> None:
    page = room.scanroom.page(room.page_ids[0])
    with room.scanroom.catalogue.writing() as session:
        flags.raise_flag(session, "page", page.id, page.case_id, "turn_uncertain")
    browser = room.signed_in()
    assert "页面方向拿不准" in browser.get(f"/pages/{page.id}").text
    with room.scanroom.catalogue.writing() as session:
        flags.close_flag(session, "page", page.id, "turn_uncertain")
    assert "页面方向拿不准" not in browser.get(f"/pages/{page.id}").text


def test_a_reading_that_the_vault_has_lost_leaves_the_picture_visible(room: Room) -> None:
    room.scanroom.reading_path(room.page_ids[0]).unlink()
    browser = room.signed_in()
    page = browser.get(f"/pages/{room.page_ids[0]}")
    assert page.status_code == 200
    assert "库中缺少文件。" in page.text
    assert "data-picture" in page.text
    problem = browser.get(f"/api/v1/pages/{room.page_ids[0]}/text")
    assert (problem.status_code, problem.json()["code"]) == (500, "object_missing")


def test_a_page_that_is_not_there_is_a_page_of_its_own(browser: TestClient) -> None:
    answer = browser.get("/pages/p00")
    assert answer.status_code == 404
    assert "没有找到" in answer.text
    assert "回到搜索" in answer.text


def test_the_text_comes_line_by_line_and_is_null_before_it_is_read(browser: TestClient, room: Room) -> None:
    read = browser.get(f"/api/v1/pages/{room.page_ids[1]}/text").json()
    assert read["text"] == "被害人周望舒陈述\n周望舒说合同由何景行经手"
    assert read["confidence"] == 0.97
    assert read["lines"][0] == {
        "text": "被害人周望舒陈述",
        "box": cell(0, 0).union(cell(0, 7)).as_list(),
        "confidence": 0.97,
    }
    waiting = browser.get(f"/api/v1/pages/{room.page_ids[2]}/text").json()
    assert (waiting["state"], waiting["text"], waiting["lines"]) == ("waiting", None, [])


def test_a_line_of_little_confidence_is_marked_as_unsure(room: Room) -> None:
    scanroom = room.scanroom
    sure, unsure = reading_of_lines(["清楚"]).lines[0], reading_of_lines(["", "模糊"][1:], confidence=0.41).lines[0]
    scanroom.read(room.page_ids[2], ["清楚"], Reading(1000, 1400, 120.0, lines=(sure, unsure)))
    page = room.signed_in().get(f"/pages/{room.page_ids[2]}").text
    assert page.count('class="unsure"') == 1
    assert "识别把握 41%" in page


def test_a_line_without_character_boxes_is_marked_whole() -> None:
    line = Line("整行文字", Box(0.1, 0.1, 0.5, 0.14))
    assert ranges_in_line(line, [(0.2, 0.1, 0.3, 0.14)]) == [(0, 4)]
    assert ranges_in_line(line, [(0.2, 0.2, 0.3, 0.24)]) == []


def test_two_matches_in_a_line_are_marked_apart() -> None:
    line = reading_of_lines(["甲乙丙甲乙"]).lines[0]
    rects = [tuple(cell(0, 0).as_list()), tuple(cell(0, 3).union(cell(0, 4)).as_list())]
    assert ranges_in_line(line, rects) == [(0, 1), (3, 5)]


def test_a_page_outside_the_order_is_reached_between_its_former_neighbours(room: Room) -> None:
    first, second, third = room.page_ids
    with room.scanroom.catalogue.writing() as session:
        page_order.remove(session, second, "试扫页", "test")
    browser = room.signed_in()

    text = browser.get(f"/pages/{second}").text

    assert "不计页" in text
    assert "这一页已移出页序，不参与搜索：试扫页" in text
    assert re.findall(r'id="page-(?:before|after)"[^>]*href="/pages/(\w+)', text) == [first, third]
    assert "图像第 2/2 页" in browser.get(f"/pages/{third}").text
    volume = browser.get(f"/volumes/{room.scanroom.page(first).volume_id}").text
    assert "移出的页" in volume and "试扫页" in volume
