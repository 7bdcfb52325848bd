"""The board and the volumes: what an operator sees."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from scanroom import CASE, Shape
from site_under_test import Room
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from dossier import flags, outbox, permissions, reindexing
from dossier.attention import count_questions
from dossier.catalogue.tables import Arrival, Case, OutboxRow, Page, SuccessorRow, Volume
from dossier.contents import Contents
from dossier.errors import TruncatedFile
from dossier.status import document_statuses
from dossier.viewers import AT_MACHINE, OPERATOR, Viewer
from search_api.scanning_room.volume_view import PORTION
from search_api.standing import Standings
from tests.statements import sent


def test_the_board_counts_what_is_received_viewable_and_searchable(browser: TestClient) -> None:
    page = browser.get("/board").text
    for name, count in (("已收文件", 3), ("可查看页", 3), ("待识别页", 1), ("可搜索页", 2)):
        assert f"<dt>{name}</dt><dd>{count}</dd>" in page
    assert "可搜索 2/3" in page


def test_an_empty_home_says_where_to_put_the_scans(empty_room: Room) -> None:
    page = empty_room.signed_in().get("/board").text
    assert f"<code>{empty_room.scanroom.home.inbox}</code>" in page
    assert "<table>" not in page


def test_a_refused_file_stands_on_the_board_with_reason_and_remedy(room: Room) -> None:
    room.scanroom.receive("0009.jpg", contents=Contents(refusal=TruncatedFile("0009.jpg")))
    page = room.signed_in().get("/board").text
    assert "文件不完整，后半部分缺失。" in page
    assert "原件已保存，请检查后重新扫描或上传。" in page
    assert ">0009.jpg</span>" in page
    assert "1 个文件" in page


def test_a_parked_page_on_the_board_leads_to_its_picture(room: Room) -> None:
    room.scanroom.park(room.page_ids[2], "page_unreadable")
    page = room.signed_in().get("/board").text
    assert "页面图像无法解码。" in page
    assert f'href="/pages/{room.page_ids[2]}"' in page
    assert "<h2>正在处理" not in page, "nothing is left to do for the program"


def test_files_that_nobody_has_opened_are_work_that_is_left(room: Room) -> None:
    room.scanroom.read(room.page_ids[2], ["某页"])
    room.scanroom.make_searchable()
    assert "全部处理完毕" in room.signed_in().get("/board").text
    with room.scanroom.catalogue.writing() as session:
        held = session.scalars(select(Arrival)).first()
        assert held is not None
        new = Volume(case_id=held.case_id, name="刚收的卷", order_key="99")
        session.add(new)
        session.flush()
        session.add(
            Arrival(case_id=held.case_id, volume_id=new.id, sha256=held.sha256, path="a", source="a", origin="watch")
        )

    browser = room.reopened().signed_in()
    page = browser.get("/board").text
    assert "全部处理完毕" not in page
    assert "1 个文件等待拆页" in page
    assert "刚收的卷" in page[page.index("<h2>正在处理") : page.index('id="attention"')]
    (volume,) = [one for one in browser.get("/api/v1/status").json()["volumes"] if one["volume"] == "刚收的卷"]
    assert (volume["pages"], volume["unopened"]) == (0, 1)


def test_the_nearest_deadline_stands_first(room: Room) -> None:
    today = dt.date.today()
    cases = {
        "沪南检诉受[2031]31011500081号": 9,
        "沪北检诉受[2031]31011500082号": 2,
        "沪中检诉受[2031]31011500083号": -1,
    }
    for number in cases:
        room.scanroom.receive("0001.jpg", case=number)
    with room.scanroom.catalogue.writing() as session:
        for case in session.query(Case):
            if case.folder in cases:
                case.due_on = (today + dt.timedelta(days=cases[case.folder])).isoformat()
    page = room.signed_in().get("/board").text
    table = page[page.index("<h2>正在处理") : page.index('id="attention"')]
    places = [table.index(number) for number in (*sorted(cases, key=lambda number: cases[number]), CASE)]
    assert places == sorted(places)
    assert "已超期 1 天" in table
    assert 'class="due soon"' in table
    assert 'class="due later"' in table


def test_the_status_is_the_same_in_json(room: Room) -> None:
    room.scanroom.receive("0009.jpg", contents=Contents(refusal=TruncatedFile("0009.jpg")))
    status = room.signed_in().get("/api/v1/status").json()
    assert status["pages"] == {"waiting": 1, "reading": 0, "read": 0, "searchable": 2, "parked": 0}
    assert status["files"]["failed"] == 1
    (volume,) = status["volumes"]
    assert (volume["volume"], volume["searchable"], volume["pages"]) == ("证据材料卷一", 2, 3)
    assert {"truncated", "unknown_case"} == {question["code"] for question in status["attention"]}


def test_many_looks_cost_one_count(room: Room) -> None:
    standings = Standings(room.scanroom.catalogue)
    first = standings.latest(AT_MACHINE)
    for _ in range(20):
        assert standings.latest(AT_MACHINE) is first


def test_what_was_counted_for_one_is_not_shown_to_another(room: Room) -> None:
    standings = Standings(room.scanroom.catalogue)
    assert sum(standings.latest(AT_MACHINE).status.pages.values()) == 3
    assert sum(standings.latest(Viewer("u1")).status.pages.values()) == 0


def test_what_was_counted_before_a_sealing_is_shown_no_more(room: Room) -> None:
    standings = Standings(room.scanroom.catalogue)
    assert len(standings.latest(AT_MACHINE).volumes) == 1
    with room.scanroom.catalogue.writing() as session:
        permissions.seal(session, session.scalars(select(Case)).one(), "test")
    standing = standings.latest(AT_MACHINE)
    assert (standing.volumes, standing.questions, sum(standing.status.files.values())) == ((), (), 0)


def test_a_viewer_whose_board_takes_long_to_count_holds_up_nobody_else(room: Room) -> None:
    counting, go_on = threading.Event(), threading.Event()

    class Slow:
        """A catalogue whose first reader takes their time."""

        @contextmanager
        def reading(self) -> Iterator[Session]:
            if not counting.is_set():
                counting.set()
                go_on.wait(60)
            with room.scanroom.catalogue.reading() as session:
                yield session

    standings = Standings(Slow())  # type: ignore[arg-type]
    with ThreadPoolExecutor() as people:
        slow = people.submit(standings.latest, AT_MACHINE)
        assert counting.wait(30)
        other = people.submit(standings.latest, Viewer("u1"))
        try:
            assert other.result(30).volumes == ()
        finally:
            go_on.set()
        assert len(slow.result(30).volumes) == 1


def test_many_files_of_a_folder_in_the_inbox_are_asked_about_once(room: Room) -> None:
    def statements_of_a_count() -> int:
        with sent() as statements, room.scanroom.catalogue.reading() as session:
            count_questions(session, Viewer("u1", roles=frozenset({OPERATOR})))
        return len(statements)

    def raise_flags(numbers: range) -> None:
        with room.scanroom.catalogue.writing() as session:
            for number in numbers:
                path = f"{CASE}/卷/{number}.jpg"
                flags.raise_flag(session, "inbox", path, None, "not_accepted", path=path)

    raise_flags(range(1))
    with_one = statements_of_a_count()
    raise_flags(range(1, 40))
    assert statements_of_a_count() == with_one


def test_a_volume_shows_every_page_with_its_state(room: Room) -> None:
    page = room.signed_in().get(f"/volumes/{room.scanroom.volume_id()}").text
    assert page.count('class="state-searchable"') == 2
    assert page.count('class="state-waiting"') == 1
    assert "可搜索 2/3" in page
    for page_id, version in zip(room.page_ids, (1, 1, "scan"), strict=True):
        assert f'src="/api/v1/pages/{page_id}/image?width=240&amp;nearly=1&amp;wait=0&amp;reading={version}"' in page


def test_a_long_volume_comes_in_portions_and_opens_at_a_number(room: Room) -> None:
    pages = PORTION * 2 + 1
    contents = Contents("image/tiff", [Shape(index) for index in range(pages)])
    room.scanroom.receive("全卷.tif", volume="证据材料卷五", contents=contents)
    volume_id = room.scanroom.volume_id("证据材料卷五")
    browser = room.signed_in()

    middle = browser.get(f"/volumes/{volume_id}?start={PORTION + 5}").text
    assert middle.count("<li ") == PORTION
    assert f"第 {PORTION + 1}–{PORTION * 2} 页，共 {pages} 页" in middle
    last = browser.get(f"/volumes/{volume_id}?start={pages}").text
    assert last.count("<li ") == 1
    target = browser.get(f"/volumes/{volume_id}/page?number=77").headers["location"]
    assert room.scanroom.page(target.rpartition("/")[2]).page_number == 77
    beyond = browser.get(f"/volumes/{volume_id}/page?number=9999").headers["location"]
    assert room.scanroom.page(beyond.rpartition("/")[2]).page_number == pages


def test_a_volume_that_is_not_there_is_said_to_be_missing(browser: TestClient) -> None:
    assert browser.get("/volumes/v00").status_code == 404
    assert browser.get("/volumes/v00/page?number=1").status_code == 404


def test_every_document_says_how_much_of_it_can_be_searched(room: Room) -> None:
    page_id = room.scanroom.receive("询问笔录/0001.jpg")
    room.scanroom.read(page_id, ["询问笔录"])
    room.scanroom.make_searchable()
    browser = room.signed_in()
    (first, second) = (room.scanroom.page(each).document_id for each in (room.page_ids[0], page_id))

    page = browser.get(f"/volumes/{room.scanroom.volume_id()}").text
    assert "可搜索 2/3</span></h2>" in page
    assert "可搜索 1/1</span></h2>" in page

    answer = browser.get(f"/api/v1/documents/{first}").json()
    assert answer == {
        "document_id": first,
        "volume_id": room.scanroom.volume_id(),
        "volume": "证据材料卷一",
        "title": "证据材料卷一",
        "pages": 3,
        "searchable": 2,
        "parked": 0,
        "refused": 0,
    }
    assert browser.get(f"/api/v1/documents/{second}").json()["searchable"] == 1
    assert browser.get("/api/v1/documents/d0").status_code == 404


def test_a_page_that_the_index_refuses_is_seen_everywhere_and_can_be_tried_again(room: Room) -> None:
    scanroom, page_id = room.scanroom, room.page_ids[2]
    scanroom.read(page_id, ["林晓禾"])
    for _ in range(outbox.MOST_ATTEMPTS):
        with scanroom.catalogue.writing() as session:
            row = session.get_one(OutboxRow, page_id)
            outbox.refused(session, outbox.Change(page_id, row.version), "immense term")
    browser = room.signed_in()

    status = browser.get("/api/v1/status").json()
    assert (status["dead_letters"], status["pages"]["read"]) == (1, 1)
    assert ("index_refused", page_id) in [(row["code"], row["page_id"]) for row in status["attention"]]
    assert "索引拒绝此页" in browser.get("/board").text
    document = browser.get(f"/api/v1/documents/{scanroom.page(page_id).document_id}").json()
    assert (document["searchable"], document["refused"]) == (2, 1)

    with scanroom.catalogue.writing() as session:
        assert outbox.revive_dead(session) == 1
    scanroom.make_searchable()
    with scanroom.catalogue.reading() as session:
        assert document_statuses(session, Page.id == page_id)[0].searchable == 1


def test_the_board_shows_an_index_that_is_built_anew(room: Room) -> None:
    with room.scanroom.catalogue.writing() as session:
        reindexing.ask(session, "tantivy", "test")
        reindex = reindexing.open_reindex(session)
        assert reindex is not None
        reindexing.begin(session, reindex, "next")
        session.flush()
        outbox.delivered(session, outbox.due(session, 1, SuccessorRow), SuccessorRow)
    browser = room.signed_in()

    page = browser.get("/board").text
    assert "正在重建索引" in page
    assert '<span class="count">50/100</span>' in page
    reindex_status = browser.get("/api/v1/status").json()["reindex"]
    assert (reindex_status["done"], reindex_status["total"], reindex_status["state"]) == (50, 100, "open")
    assert reindex_status["seconds_left"] is not None
