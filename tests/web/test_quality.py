"""Quality over the web: handing in, the check, faults, pages seen, the ledger, and paper given back."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from openpyxl import load_workbook
from scanroom import CASE
from site_under_test import Room
from sqlalchemy import select
from starlette.testclient import TestClient

from dossier import users
from dossier.catalogue.tables import Case, Page, Volume
from dossier.reading import Reading
from dossier.viewers import CHECKER, OPERATOR
from tests.volume_papers import entries, note, sheet

MAKER, OTHER_CHECKER = "傅溪", "闵榆"


@pytest.fixture
def office(room: Room) -> Iterator[Room]:
    """The room with all pages read, a maker and a checker."""
    room.scanroom.read(room.page_ids[2], ("某页",))
    room.scanroom.make_searchable()
    room.add_user(MAKER, OPERATOR)
    room.add_user(OTHER_CHECKER, CHECKER)
    yield room


@pytest.fixture
def maker(office: Room) -> TestClient:
    return office.signed_in_as(MAKER)


@pytest.fixture
def checker(office: Room) -> TestClient:
    return office.signed_in_as(OTHER_CHECKER)


def of_volume(room: Room) -> str:
    return f"/api/v1/volumes/{room.scanroom.volume_id()}"


def standing(client: TestClient, room: Room) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"{of_volume(room)}/quality").json()
    return answer


def post(client: TestClient, room: Room, deed: str, **body: Any) -> Any:
    return client.post(f"{of_volume(room)}/{deed}", json=body)


def test_a_volume_goes_from_its_maker_to_its_checker_and_is_approved(
    office: Room, maker: TestClient, checker: TestClient
) -> None:
    cursor = checker.get("/api/v1/changes", params={"wait": "0"}).json()["after"]
    assert post(maker, office, "hand-in").json()["state"] == "handed_in"
    told = standing(checker, office)
    assert (told["maker"], told["may_check"], told["sample"]["size"], told["sample"]["seen"]) == (MAKER, True, 3, 0)
    refused = post(checker, office, "approve", version=told["version"])
    assert (refused.status_code, refused.json()["code"]) == (409, "pages_unseen")

    assert post(checker, office, "seen", pages=list(office.page_ids)).json() == {"seen": 3}
    approved = post(checker, office, "approve", version=told["version"])
    assert (approved.status_code, approved.json()["state"]) == (200, "approved")
    changed = checker.get("/api/v1/changes", params={"after": cursor, "wait": "0"}).json()["changes"]
    assert [change["kind"] for change in changed] == ["approved"]

    maker.post(f"/api/v1/pages/{office.page_ids[0]}/label", json={"label": "35"})
    told_of = checker.get("/api/v1/changes", params={"after": cursor, "wait": "0"}).json()["changes"]
    assert [(change["kind"], change["volume_id"]) for change in told_of] == [
        ("approved", office.scanroom.volume_id()),
        ("reopened", office.scanroom.volume_id()),
    ]


def test_a_page_whose_picture_cannot_be_made_is_seen_only_by_who_says_that_they_looked_elsewhere(
    office: Room, maker: TestClient, checker: TestClient
) -> None:
    first, second, third = office.page_ids
    office.scanroom.spoil_picture(second)
    post(maker, office, "hand-in")
    pages = checker.get(f"{of_volume(office)}/seen").json()["pages"]
    assert [why is not None for why in pages["unshown"]] == [False, True, False]

    # A browser that says that it was on the screen is not believed.
    assert post(checker, office, "seen", pages=[first, second, third]).json() == {"seen": 2}
    told = standing(checker, office)
    assert [(each["page_id"], each["seen"]) for each in told["unshown"]] == [(second, False)]
    assert post(checker, office, "approve", version=told["version"]).json()["code"] == "pages_unseen"
    assert f"unshown-{second}" in maker.get(f"/volumes/{office.scanroom.volume_id()}/check").text

    assert post(checker, office, "unshown", page=first).json()["code"] == "deed_refused"
    assert post(maker, office, "unshown", page=second).status_code == 403
    assert post(checker, office, "unshown", page=second).status_code == 200
    assert standing(checker, office)["seen"] == 3
    assert post(checker, office, "approve", version=told["version"]).json()["state"] == "approved"
    # Somebody has made it meanwhile: there is nothing to be told of it any more.
    office.scanroom.put_picture(second, ["某页"], 1)
    assert standing(checker, office)["unshown"] == []


def test_a_volume_of_no_case_is_told_to_be_claimed_first(office: Room, maker: TestClient) -> None:
    with office.scanroom.catalogue.writing() as session:
        session.scalars(select(Case)).one().state = "unclaimed"
    refused = post(maker, office, "hand-in", remark="先送审")

    assert (refused.status_code, refused.json()["code"]) == (409, "volume_unclaimed")
    assert "归入" in refused.json()["remedy"]
    page = maker.get(f"/volumes/{office.scanroom.volume_id()}/check").text
    assert f"{of_volume(office)}/hand-in" not in page
    assert "先<a href" in page


def test_what_has_changed_meanwhile_is_not_approved(office: Room, maker: TestClient, checker: TestClient) -> None:
    post(maker, office, "hand-in")
    looked_at = standing(checker, office)["version"]
    post(checker, office, "seen", pages=list(office.page_ids))
    maker.post(f"/api/v1/pages/{office.page_ids[0]}/label", json={"label": "7"})

    refused = post(checker, office, "approve", version=looked_at)
    assert (refused.status_code, refused.json()["code"]) == (409, "volume_changed")


def test_the_check_says_what_has_changed_since_it_was_handed_in(
    office: Room, maker: TestClient, checker: TestClient
) -> None:
    post(maker, office, "hand-in")
    address = f"/volumes/{office.scanroom.volume_id()}/check"
    assert "送审后" not in checker.get(address).text
    maker.post(f"/api/v1/pages/{office.page_ids[0]}/label", json={"label": "7"})

    assert standing(checker, office)["reason"] == "送审后页码变了"
    shown = checker.get(address).text
    assert "送审后页码变了。请再看一遍" in shown
    assert "已退回制作中" not in shown


@pytest.mark.parametrize(
    ("reading", "field", "count"),
    [
        (sheet(*entries("1-2", "3-5")), "printed_directory", "directory"),
        (note("本卷共有文件材料 5 页。"), "printed_tally", "tally"),
    ],
    ids=["directory", "note"],
)
def test_what_the_paper_says_stands_beside_the_pages_here_and_leads_to_where_it_says_so(
    room: Room, reading: Reading, field: str, count: str
) -> None:
    page_id = room.page_ids[2]
    room.scanroom.read(page_id, ("某页",), reading)
    room.add_user(OTHER_CHECKER, CHECKER)
    checker = room.signed_in_as(OTHER_CHECKER)

    told = standing(checker, room)["counts"]
    assert told[field] == {"page_id": page_id, "pages": 5, "is_end": True}
    assert (told["pages"], count in told["differing"]) == (3, True)
    link = f'<a id="{field.replace("_", "-")}" href="/pages/{page_id}">'
    assert link in checker.get(f"/volumes/{room.scanroom.volume_id()}/check").text


def test_a_page_counts_as_seen_at_the_reading_that_was_shown(
    office: Room, maker: TestClient, checker: TestClient
) -> None:
    post(maker, office, "hand-in")
    told = checker.get(f"{of_volume(office)}/seen").json()["pages"]
    shown = {"pages": told["page_ids"], "readings": told["readings"]}
    with office.scanroom.catalogue.writing() as session:
        session.get_one(Page, told["page_ids"][0]).reading_version = 2

    assert post(checker, office, "seen", **shown).json() == {"seen": 2}
    assert post(checker, office, "seen", pages=told["page_ids"][:1], readings=[2]).json() == {"seen": 3}


def test_a_page_that_changes_after_approval_takes_it_back_and_the_screen_says_so(
    office: Room, maker: TestClient, checker: TestClient
) -> None:
    post(maker, office, "hand-in")
    post(checker, office, "seen", pages=list(office.page_ids))
    post(checker, office, "approve", version=standing(checker, office)["version"])
    maker.post(f"/api/v1/pages/{office.page_ids[0]}/label", json={"label": "7"})

    assert standing(maker, office)["state"] == "making"
    page = maker.get(f"/volumes/{office.scanroom.volume_id()}/check").text
    assert "审核通过后页码变了" in page
    assert "审核通过后又有改动" in maker.get("/board").text


def test_faults_come_to_the_maker_with_a_button_that_says_mended(
    office: Room, maker: TestClient, checker: TestClient
) -> None:
    post(maker, office, "hand-in")
    page_id = office.page_ids[1]
    marked = post(checker, office, "faults", page=page_id, kind="skewed").json()
    undo = marked["undo"][0]
    assert checker.post(undo["address"], json=undo["body"]).status_code == 200
    assert standing(checker, office)["faults"] == []
    post(checker, office, "faults", page=page_id, kind="upside_down", words="整页")
    assert post(checker, office, "refuse").json()["state"] == "refused"

    asked = [row for row in maker.get("/api/v1/status").json()["attention"] if row["code"] == "check_fault"]
    assert [row["page_id"] for row in asked] == [page_id]
    assert "倒置 整页" in asked[0]["message"]
    refused = post(maker, office, "hand-in")
    assert refused.json()["code"] == "pages_unsettled"
    remedy = asked[0]["remedies"][0]
    assert maker.post(remedy["address"], json=remedy["body"]).status_code == 200
    assert post(maker, office, "hand-in").json()["state"] == "handed_in"
    assert standing(checker, office)["refusals"] == 1


def test_who_has_made_a_volume_and_checks_since_marks_and_withdraws_no_fault_of_it(
    office: Room, maker: TestClient, checker: TestClient
) -> None:
    post(maker, office, "hand-in")
    found = post(checker, office, "faults", page=office.page_ids[1], kind="skewed").json()["created"]
    with office.scanroom.catalogue.writing() as session:
        users.set_role(session, users.user_named(session, MAKER), CHECKER, "test")
    since = office.signed_in_as(MAKER)

    refused = [
        post(since, office, "withdraw-fault", fault=found),
        post(since, office, "faults", page=office.page_ids[0], kind="blurred"),
    ]

    assert [(each.status_code, each.json()["code"]) for each in refused] == [(409, "two_persons_needed")] * 2
    assert [fault["id"] for fault in standing(checker, office)["faults"]] == [found]
    volume = f"/volumes/{office.scanroom.volume_id()}"
    for part, deed in (("check", "withdraw-fault"), ("flip", 'data-kind="skewed"')):
        assert deed in checker.get(f"{volume}/{part}").text
        assert deed not in since.get(f"{volume}/{part}").text
    # Another checker may take it back.
    office.add_user("苏见川", CHECKER)
    assert post(office.signed_in_as("苏见川"), office, "withdraw-fault", fault=found).status_code == 200


def test_the_machine_without_users_checks_nothing(room: Room) -> None:
    browser = room.signed_in()
    room.scanroom.read(room.page_ids[2], ("某页",))
    room.scanroom.make_searchable()
    post(browser, room, "hand-in")
    post(browser, room, "seen", pages=list(room.page_ids))

    for refused in (
        post(browser, room, "approve", version=standing(browser, room)["version"]),
        post(browser, room, "faults", page=room.page_ids[0], kind="skewed"),
        post(browser, room, "withdraw-fault", fault="q0"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "two_persons_needed")


def test_a_program_hands_in_and_never_approves(office: Room) -> None:
    program = office.with_key("read", "write")
    assert post(program, office, "hand-in").status_code == 200
    assert post(program, office, "approve", version="x").json()["code"] == "scope_missing"


def test_what_one_has_seen_another_has_not(office: Room, maker: TestClient, checker: TestClient) -> None:
    post(maker, office, "hand-in")
    post(checker, office, "seen", pages=[office.page_ids[0], "x"])

    assert checker.get(f"{of_volume(office)}/seen").json()["pages"]["seen"] == [True, False, False]
    assert maker.get(f"{of_volume(office)}/seen").json()["pages"]["seen"] == [False, False, False]


@pytest.mark.parametrize("state", ["making", "handed_in", "refused", "approved"])
def test_every_screen_shows_every_state_to_both(
    office: Room, maker: TestClient, checker: TestClient, state: str
) -> None:
    if state != "making":
        post(maker, office, "hand-in")
    if state == "refused":
        post(checker, office, "faults", page=office.page_ids[0], kind="skewed")
        post(checker, office, "refuse", words="缺末页")
    if state == "approved":
        post(checker, office, "seen", pages=list(office.page_ids))
        post(checker, office, "approve", version=standing(checker, office)["version"])
        post(maker, office, "return", given_to="某派出所")
    volume_id = office.scanroom.volume_id()
    for client in (maker, checker):
        for path in ("/quality", "/ledger", f"/volumes/{volume_id}/flip", f"/volumes/{volume_id}"):
            answer = client.get(path)
            assert answer.status_code == 200
            assert "证据材料卷一" in answer.text or (path == "/quality" and state == "approved")
    may = {"making": (True, False), "handed_in": (False, True), "refused": (True, False), "approved": (False, False)}
    offered = [
        (f"{of_volume(office)}/hand-in" in maker_or_checker, f"{of_volume(office)}/approve" in maker_or_checker)
        for maker_or_checker in (client.get(f"/volumes/{volume_id}/check").text for client in (maker, checker))
    ]
    assert offered == [(may[state][0], False), (False, may[state][1])]


# The ledger


def sheet_of(answer: Any) -> list[dict[str, Any]]:
    rows = list(load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def test_the_workbook_says_who_made_and_checked_what(office: Room, maker: TestClient, checker: TestClient) -> None:
    post(maker, office, "hand-in")
    post(checker, office, "refuse", words="缺末页")
    (row,) = sheet_of(checker.get("/ledger.xlsx"))

    assert (row["卷"], row["状态"], row["制作人"], row["审核人"]) == (
        "证据材料卷一",
        "审核不通过",
        MAKER,
        OTHER_CHECKER,
    )
    assert (row["系统页数"], row["退回次数"], row["差错"], row["未改差错"]) == (3, 1, 1, 1)


@pytest.mark.parametrize("text", ["=1+2", "+44", "-5", "@SUM(A1)", "\t=1", "坏\x01字"])
def test_no_text_becomes_a_formula(office: Room, maker: TestClient, text: str) -> None:
    with office.scanroom.catalogue.writing() as session:
        session.scalars(select(Case)).one().name = text
        session.scalars(select(Volume)).one().name = text
    cells = load_workbook(io.BytesIO(maker.get("/ledger.xlsx").content)).active

    for cell in (cells["A2"], cells["E2"]):
        assert cell.data_type == "s"
        assert cell.value == text.replace("\x01", "")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, 1), ({"state": "handed_in"}, 1), ({"state": "making"}, 0), ({"maker": MAKER}, 1), ({"maker": "某人"}, 0),
        ({"since": "2001-01-01"}, 1), ({"until": "2001-01-01"}, 0), ({"since": "2999-01-01"}, 0),
        ({"department": "第一检察部"}, 0),
        ({"unit": "某市公安局"}, 1), ({"unit": "某区公安局"}, 0), ({"state": "overdue"}, 0), ({"state": "unheard"}, 1),
    ],
)  # fmt: skip
def test_the_filters_of_the_ledger(office: Room, maker: TestClient, asked: dict[str, str], found: int) -> None:
    post(maker, office, "hand-in")
    receipt = {
        "received_on": "2031-03-05",
        "unit": "某市公安局",
        "volumes": [{"name": "证据材料卷一"}],
        "numbers": [{"number": CASE}],
    }
    assert maker.post("/api/v1/receipts", json=receipt).status_code == 201

    assert len(sheet_of(maker.get("/ledger.xlsx", params=asked))) == found
    page = maker.get("/ledger", params=asked).text
    assert ("证据材料卷一" in page) == bool(found)


def test_what_is_overdue_is_found_until_it_is_approved(office: Room, maker: TestClient, checker: TestClient) -> None:
    with office.scanroom.catalogue.writing() as session:
        session.scalars(select(Case)).one().due_on = "2020-01-01"
    assert len(sheet_of(maker.get("/ledger.xlsx?state=overdue"))) == 1
    post(maker, office, "hand-in")
    (row,) = sheet_of(maker.get("/ledger.xlsx?state=overdue"))
    assert row["剩余天数"] < 0
    post(checker, office, "seen", pages=list(office.page_ids))
    post(checker, office, "approve", version=standing(checker, office)["version"])
    assert sheet_of(maker.get("/ledger.xlsx?state=overdue")) == []


def test_a_day_that_is_none_is_refused(maker: TestClient) -> None:
    assert maker.get("/ledger?since=2031-02-30").status_code == 422


def test_paper_given_back_stands_in_the_ledger_until_it_is_undone(office: Room, maker: TestClient) -> None:
    given = post(maker, office, "return", given_to="某派出所", given_on="2020-03-05", bound_by="段知行").json()
    (row,) = sheet_of(maker.get("/ledger.xlsx"))
    assert (row["还卷日期"], row["还给"]) == ("2020-03-05", "某派出所")
    undo = given["undo"][0]
    assert maker.post(undo["address"], json=undo["body"]).status_code == 200
    (row,) = sheet_of(maker.get("/ledger.xlsx"))
    assert row["还卷日期"] is None
