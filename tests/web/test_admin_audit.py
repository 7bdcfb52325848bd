"""Searching the audit log on the web page."""

from __future__ import annotations

import ast
import datetime as dt
import re
from pathlib import Path

import pytest
from scanroom import CASE
from site_under_test import Room
from sqlalchemy import select
from starlette.testclient import TestClient

from dossier import audit, excerpts, exhibits, looks, permissions, users
from dossier.audit_chain import chain_portion, end_of
from dossier.case_merge import merge
from dossier.catalogue.tables import AuditRow, Case, Page
from dossier.deeds import documents, page_order
from dossier.notes import bookmarks, notes
from dossier.receipts import receipt as receipts
from dossier.receipts.receipt import ReceiptGiven, VolumeGiven
from dossier.viewers import ADMIN, AUDITOR, OPERATOR
from search_api.admin.audit import DEED_WORDS, ROWS_A_VIEW

ROOT = Path(__file__).parents[2]
DEEDS_ON_EXCERPT = ("删除摘录", "添加摘录")  # the latest first


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


def test_what_was_done_to_a_case_is_found_after_it_has_become_part_of_another(room: Room, auditor: TestClient) -> None:
    other = "临检起诉受[2031]99010100002号"
    page_id = room.scanroom.receive("0001.jpg", case=other)
    with room.scanroom.catalogue.writing() as session:
        former = session.get_one(Case, room.scanroom.page(page_id).case_id)
        permissions.hand_over(session, former, "苏见川", "邬怀青")
        case = session.get_one(Case, room.scanroom.page(room.page_ids[0]).case_id)
        merge(session, case, former, "傅溪")
    for number in (CASE, other):
        (row,) = asked(auditor, case=number, deed="hand_over", who="邬怀青")
        assert "现为 苏见川" in row
    (row,) = asked(auditor, case=other, deed="merge")
    assert "并案" in row
    assert "合并材料" not in row


def test_deeds_on_excerpts_are_found_by_their_case_also_after_they_are_gone(room: Room, auditor: TestClient) -> None:
    room.add_user("傅溪", OPERATOR)
    with room.scanroom.catalogue.writing() as session:
        viewer = users.viewer_of_user(users.user_named(session, "傅溪"))
        taken, _ = excerpts.add_excerpt(session, viewer, [room.page_ids[0]], {"quotation": "她把钱转入"})
        excerpts.remove_excerpt(session, viewer, taken)
    found = asked(auditor, case=CASE, who="傅溪")
    assert [
        f" {deed} " in row and f"{CASE} 摘录" in row for deed, row in zip(DEEDS_ON_EXCERPT, found, strict=True)
    ] == [
        True,
        True,
    ]


def test_what_was_put_on_pages_chosen_or_received_is_found_by_its_case(room: Room, auditor: TestClient) -> None:
    room.add_user("傅溪", OPERATOR)
    room.add_user("邬怀青", ADMIN)
    page_id = room.page_ids[0]
    elsewhere = room.scanroom.receive("0001.jpg", case="临检起诉受[2031]99010100002号")
    came = ReceiptGiven(dt.date(2031, 7, 4), unit="临江分局", volumes=[VolumeGiven("证据材料卷", 1, paper_pages=3)])
    with room.scanroom.catalogue.writing() as session:
        viewer = users.viewer_of_user(users.user_named(session, "傅溪"))
        note, _ = notes.add_note(session, viewer, page_id, "何景行的另一案")
        notes.remove_note(session, viewer, note)
        bookmarks.set_bookmark(session, viewer, page_id, "何景行")
        exhibits.add_exhibit(session, viewer, "何景行示证", [exhibits.Group("", (page_id, elsewhere))])
        receipts.save(session, viewer, came, "傅溪", case_id=session.get_one(Page, page_id).case_id)
    deeds = ("收卷登记", "选页制成 PDF", "添加书签", "删除批注", "添加批注")  # the latest first
    for client, told in ((auditor, True), (room.signed_in_as("邬怀青"), False)):
        found = [row for row in asked(client, case=CASE, who="傅溪") if any(f" {deed} " in row for deed in deeds)]
        assert [next(deed for deed in deeds if f" {deed} " in row) for row in found] == list(deeds)
        assert all(CASE in row for row in found)
        assert any("何景行" in row for row in found) == told
    (other,) = asked(auditor, case="临检起诉受[2031]99010100002号", who="傅溪")
    assert "选页制成 PDF" in other
    assert CASE not in other


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


def test_what_was_written_on_a_dossier_is_told_to_auditors_alone(room: Room, auditor: TestClient) -> None:
    room.add_user("邬怀青", ADMIN)
    page = room.scanroom.page(room.page_ids[0])
    with room.scanroom.catalogue.writing() as session:
        documents.rename(session, page.document_id, "讯问何景行笔录", "傅溪")
        page_order.remove(session, page.id, "何景行的另一案", "傅溪")
        permissions.hand_over(session, session.get_one(Case, page.case_id), "苏见川", "傅溪")
    for client, told in ((auditor, True), (room.signed_in_as("邬怀青"), False)):
        found = asked(client, who="傅溪", case=CASE)
        assert len(found) == 3
        assert [("何景行" in row) for row in found] == [False, told, told]
        assert "现为 苏见川" in found[0], "who handles a case is no secret of the dossier"


def deeds_in(source: str) -> set[str]:
    """The deeds that a module puts on record."""
    found = set()
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or len(call.args) < 3:
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        of_audit = isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "audit"
        if (name == "record" and of_audit) or name == "_record":
            deed = call.args[1]
            parts = [deed.body, deed.orelse] if isinstance(deed, ast.IfExp) else [deed]
            found |= {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    return found


def test_every_deed_that_is_put_on_record_has_words_and_no_other() -> None:
    sources = [
        path for package in ("dossier", "pipeline", "search_api", "cli") for path in (ROOT / package).rglob("*.py")
    ]
    recorded = {deed for path in sources for deed in deeds_in(path.read_text("utf-8"))}
    assert {"move", "fold", "add_excerpt"} <= recorded
    assert recorded | {looks.DEED, looks.SEARCH_DEED} == set(DEED_WORDS)


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
