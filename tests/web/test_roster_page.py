"""The roster at the screen: kept in memory for a session, searched with its progress, and given with all its zeros."""

from __future__ import annotations

import io
import threading
import time
from dataclasses import replace

import pytest
from openpyxl import load_workbook
from site_under_test import PASSWORD, Room
from sqlalchemy import select
from starlette.testclient import TestClient

from dossier import permissions
from dossier.catalogue.tables import AuditRow, Case
from dossier.deeds import claims
from dossier.viewers import PROSECUTOR, Viewer
from indexer.roster.kinds import GROUPS, group_of
from indexer.roster.matrix import Matrix
from indexer.roster.search import Progress, RosterSearcher
from search_api.app import create_app
from search_api.desk import kept_rosters

PEOPLE = "姓名,手机号,金额\n林晓禾,13900004417,3.8万\n周望舒,,\n闻人遥,,\n".encode()
ZERO = "在 3 页中可检索的 2 页里没有找到"


def send(client: TestClient, content: bytes = PEOPLE, case: str = "") -> str:
    """The address of a roster that was sent."""
    answer = client.post("/roster", files={"file": ("投资人.csv", content, "text/csv")}, data={"case": case})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def finished(client: TestClient, address: str) -> str:
    """The same, once it has been searched."""
    for _ in range(600):
        if client.get(f"{address}/progress").json()["state"] in ("done", "failed"):
            return address
        time.sleep(0.05)
    raise AssertionError("it is not searched")


def test_the_matrix_has_a_row_a_person_and_says_at_every_zero_how_much_was_searched(browser: TestClient) -> None:
    address = finished(browser, send(browser))
    text = browser.get(address).text
    assert "3 人 · 1 人未见" in text
    missing = text[text.index("闻人遥</a>") :]
    assert f"未见：{ZERO}" in missing
    assert missing.count(f'title="{ZERO}"') == 1 + len(GROUPS), "each zero of the row"
    assert "38000" in text and "投资人.csv" in text


def test_a_count_leads_to_the_pages_that_it_counts(room: Room, browser: TestClient) -> None:
    address = finished(browser, send(browser))
    group = GROUPS.index(group_of("未命名材料"))
    assert f'{address}/people/0?group={group}">1' in browser.get(address).text
    person = browser.get(f"{address}/people/0", params={"group": group}).text
    assert f"/pages/{room.page_ids[0]}?q=" in person and "证据卷一图像第1页" in person
    assert f"/cases/{room.scanroom.page(room.page_ids[0]).case_id}/statements?name=" in person
    assert ZERO in browser.get(f"{address}/people/2").text
    assert browser.get(f"{address}/people/3").status_code == 404


def test_it_comes_as_xlsx_with_citations(browser: TestClient) -> None:
    answer = browser.get(finished(browser, send(browser)) + "/xlsx")
    book = load_workbook(io.BytesIO(answer.content))
    assert [row[1].value for row in book["名册"]] == ["姓名", "林晓禾", "周望舒", "闻人遥"]
    assert book["引用"]["H2"].value == "证据卷一图像第1页"


def test_it_is_the_sessions_alone_and_is_forgotten_when_told(room: Room, browser: TestClient) -> None:
    address = finished(browser, send(browser))
    other = room.signed_in()
    assert [other.get(address + more).status_code for more in ("", "/progress", "/xlsx", "/people/0")] == [404] * 4
    assert other.post(f"{address}/forget").status_code == 404
    assert "投资人.csv" not in other.get("/roster").text
    assert "投资人.csv" in browser.get("/roster").text
    assert browser.post(f"{address}/forget").status_code == 303
    assert browser.get(address).status_code == 404


def test_it_is_forgotten_after_a_while_and_when_newer_ones_come(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = [finished(browser, send(browser)) for _ in range(kept_rosters.MOST_OF_ONE + 1)]
    assert [browser.get(address).status_code for address in addresses] == [404, *[200] * kept_rosters.MOST_OF_ONE]
    later = time.time() + kept_rosters.KEPT_SECONDS + 1
    monkeypatch.setattr(kept_rosters.time, "time", lambda: later)
    assert browser.get(addresses[-1]).status_code == 404


def test_what_is_out_of_sight_meanwhile_is_not_shown_any_more(room: Room) -> None:
    def give_to(department: str) -> None:
        with room.scanroom.catalogue.writing() as session:
            permissions.move(session, session.scalars(select(Case)).one(), department, "test")

    give_to("第一检察部")
    room.add_user("闵榆", PROSECUTOR, "第一检察部")
    room.scanroom.make_searchable()
    client = room.signed_in_as("闵榆")
    address = finished(client, send(client))
    assert "林晓禾" in client.get(address).text
    give_to("第二检察部")
    assert client.get(address).status_code == 404


def test_pages_that_are_another_cases_meanwhile_are_not_shown_any_more(room: Room) -> None:
    with room.scanroom.catalogue.writing() as session:
        permissions.move(session, session.scalars(select(Case)).one(), "第一检察部", "test")
    room.add_user("闵榆", PROSECUTOR, "第一检察部")
    room.scanroom.make_searchable()
    client = room.signed_in_as("闵榆")
    address = finished(client, send(client))
    assert client.get(address).status_code == 200
    with room.scanroom.catalogue.writing() as session:
        other = Case(name="何景行诈骗案", state="known", department="第二检察部")
        session.add(other)
        session.flush()
        claims.claim_volume(session, room.scanroom.volume_id(), other, "test")
    assert [client.get(address + more).status_code for more in ("", "/people/0", "/xlsx")] == [404] * 3


def test_what_is_no_roster_says_why_and_a_case_that_nobody_knows_too(browser: TestClient) -> None:
    address = finished(browser, send(browser, "甲,乙\n1,2\n".encode()))
    assert "人员名册无法使用。" in browser.get(address).text
    answer = browser.post(
        "/roster", files={"file": ("a.csv", PEOPLE, "text/csv")}, data={"case": "临检起诉受[2031]1号"}
    )
    assert answer.status_code == 404


def test_one_is_searched_after_the_other_and_the_second_says_that_it_waits(room: Room) -> None:
    searching, go_on = threading.Event(), threading.Event()
    searcher = RosterSearcher(room.scanroom.catalogue, room.scanroom.vault, room.scanroom.engine)

    def slow(
        content: bytes, case: str | None = None, progress: Progress = lambda done, total: None, *, viewer: Viewer
    ) -> Matrix:
        progress(1, 4)
        searching.set()
        assert go_on.wait(60)
        return searcher.search(content, case, progress, viewer=viewer)

    scanroom = room.scanroom
    app = create_app(scanroom.home, scanroom.catalogue, scanroom.vault, scanroom.searcher, PASSWORD, roster=slow)
    first, other = (replace(room, app=app).signed_in() for _ in range(2))
    address = send(first)
    assert searching.wait(60)
    behind = send(other)
    progress = first.get(f"{address}/progress").json()
    assert (progress["state"], progress["done"], progress["total"]) == ("searching", 1, 4)
    assert progress["seconds_left"] is not None
    assert other.get(f"{behind}/progress").json()["state"] == "waiting"
    assert "前面有一份名册正在检索" in other.get(behind).text
    go_on.set()
    finished(first, address)
    finished(other, behind)
    app.state.site.looks.close()


def test_who_was_shown_the_matrix_is_on_record(room: Room, browser: TestClient) -> None:
    browser.get(finished(browser, send(browser)))
    room.app.state.site.looks.flush()
    with room.scanroom.catalogue.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.deed == "search")).all()
    assert [sorted(row.details["page_ids"]) for row in rows] == [sorted(room.page_ids[:2])]
