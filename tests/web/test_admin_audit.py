"""Searching the audit log on the web page."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from scanroom import CASE
from site_under_test import Room
from sqlalchemy import select
from starlette.testclient import TestClient

from dossier import audit, permissions
from dossier.audit_chain import chain_portion, end_of
from dossier.catalogue.tables import AuditRow, Case
from dossier.viewers import ADMIN, AUDITOR, OPERATOR
from search_api.admin_audit import ROWS_A_VIEW


@pytest.fixture
def auditor(room: Room) -> TestClient:
    """A browser in which an auditor has signed in."""
    room.add_user("苏见川", AUDITOR)
    return room.signed_in_as("苏见川")


def rows(page: str) -> list[str]:
    """The rows of the log, as text."""
    return [re.sub(r"<[^>]+>|\s+", " ", row) for row in re.findall(r'<tr id="row-\d+">(.*?)</tr>', page, re.DOTALL)]


def asked(client: TestClient, **narrowing: str) -> list[str]:
    answer = client.get("/admin/audit", params=narrowing)
    assert answer.status_code == 200
    return rows(answer.text)


def test_a_look_at_a_page_is_found_by_who_what_and_case(room: Room, auditor: TestClient) -> None:
    room.add_user("傅溪", OPERATOR)
    room.signed_in_as("傅溪").get(f"/api/v1/pages/{room.page_ids[1]}/image")
    room.app.state.site.looks.flush()
    for narrowing in ({"who": "傅溪", "deed": "look"}, {"case": CASE, "deed": "look"}, {"case": CASE, "who": " 傅溪"}):
        (row,) = asked(auditor, **narrowing)
        assert "查看页面" in row
        assert f"{CASE} 证据材料卷一 图像第 2 页" in row
        assert "内容 图像" in row
    assert asked(auditor, who="邬怀青") == []
    assert asked(auditor, case="临检起诉受[2031]99010100001号") == []


def test_what_belongs_to_a_case_is_found_and_nothing_else(room: Room, auditor: TestClient) -> None:
    other = "临检起诉受[2031]99010100002号"
    page_id = room.scanroom.receive("0001.jpg", case=other)
    with room.scanroom.catalogue.writing() as session:
        mine = session.scalars(select(Case).where(Case.id != room.scanroom.page(page_id).case_id)).one()
        permissions.seal(session, mine, "邬怀青")
        audit.record(session, "look", "page", page_id, "傅溪", what="text")
    found = asked(auditor, case=CASE)
    assert any("封存" in row for row in found)
    assert [row for row in found if other in row] == []
    assert [row for row in asked(auditor, case=other) if CASE in row] == []
    assert any("查看页面" in row for row in asked(auditor, case=other))


def test_days_are_whole_days_of_this_machine(room: Room, auditor: TestClient) -> None:
    midnight = dt.datetime(2031, 7, 5).timestamp()
    with room.scanroom.catalogue.writing() as session:
        for name, at in (("甲", midnight - 1), ("乙", midnight), ("丙", midnight + 86_399), ("丁", midnight + 86_400)):
            session.add(AuditRow(at=at, deed="grant", subject_kind="case", subject_id="c", actor=name))
    found = asked(auditor, since="2031-07-05", until="2031-07-05")
    assert [name for row in found for name in "甲乙丙丁" if f" {name} " in row] == ["丙", "乙"], "the latest first"
    assert auditor.get("/admin/audit?since=5.7.2031").status_code == 422


def test_all_rows_are_reached_page_by_page_once(room: Room, auditor: TestClient) -> None:
    total = 2 * ROWS_A_VIEW + 7
    with room.scanroom.catalogue.writing() as session:
        for number in range(total):
            audit.record(session, "grant", "case", f"c{number:04}", "傅溪")
    seen, address = [], "/admin/audit?who=傅溪"
    while address:
        page = auditor.get(address).text
        seen += [part for row in rows(page) for part in re.findall(r"c\d{4}", row)]
        audit_address = re.search(r'href="(\?[^"]+)" rel="next"', page)
        address = "/admin/audit" + audit_address[1].replace("&amp;", "&") if audit_address else ""
    assert seen == [f"c{number:04}" for number in reversed(range(total))]


def test_what_was_looked_for_is_told_to_auditors_alone(room: Room, auditor: TestClient) -> None:
    for name, role in (("傅溪", OPERATOR), ("邬怀青", ADMIN)):
        room.add_user(name, role)
    room.signed_in_as("傅溪").get("/?q=尾号为6620")
    room.app.state.site.looks.flush()
    for client, told in ((auditor, True), (room.signed_in_as("邬怀青"), False)):
        (row,) = asked(client, deed="search")
        assert ("尾号为6620" in row) == told
        assert CASE in row


def test_searching_the_log_is_on_record(room: Room, auditor: TestClient) -> None:
    asked(auditor, who="傅溪", case=CASE)
    with room.scanroom.catalogue.reading() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.deed == "search_audit")).one()
    assert (row.actor, row.details) == ("苏见川", {"asked": {"who": "傅溪", "case": CASE}})


def test_the_end_of_the_chain_is_shown_to_be_noted(room: Room, auditor: TestClient) -> None:
    with room.scanroom.catalogue.writing() as session:
        chained = chain_portion(session)
        end = end_of(session)
    page = auditor.get("/admin/audit").text
    assert f"共 {chained} 条" in page
    assert end.hash in page


def test_the_log_tells_no_name_of_a_case_and_no_text(room: Room, auditor: TestClient) -> None:
    with room.scanroom.catalogue.writing() as session:
        session.scalars(select(Case)).one().name = "周望舒诈骗案"
    page = auditor.get("/admin/audit").text
    assert CASE in page
    assert "周望舒" not in page
    assert "林晓禾" not in page
