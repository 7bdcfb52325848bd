"""Cases over the API: put by number, found, changed, and what is done to them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from scanroom import CASE
from site_under_test import Room
from sqlalchemy import func, select
from starlette.testclient import TestClient

from dossier import permissions
from dossier.case_metadata import CaseMetadata, apply_metadata
from dossier.catalogue.tables import AuditRow, Case, CaseNumber, KeyedRequest, OutboxRow
from dossier.viewers import CHECKER, OPERATOR, PROSECUTOR, READ, WRITE

CASES = "/api/v1/cases"
NEW = "临检起诉受[2031]99010123306号"
NEW_AGAIN = "临检起诉受〔2031〕99010123306"  # other brackets, without its last character
UNIFIED = "99010120310000017"
LETTER = "临检刑诉〔2031〕417号"
FULL: dict[str, Any] = {
    "numbers": [{"number": NEW}],
    "name": "闵照屿等3人诈骗案",
    "charge": "诈骗罪",
    "suspects": [{"name": "闵照屿", "id_number": "990101203101010017"}, {"name": "傅溪"}],
    "department": "第一检察部",
    "handler": "苏见川",
    "accepted_on": "2031-03-04",
    "due_on": "2031-04-18",
    "category": "一审公诉案件",
}


@pytest.fixture
def system(room: Room) -> TestClient:
    """A case system with its key."""
    return room.with_key(READ, WRITE)


def put(client: TestClient, *numbers: str, **fields: Any) -> dict[str, Any]:
    answer = client.post(CASES, json={"numbers": [{"number": number} for number in numbers], **fields})
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    return found


def count(room: Room, table: type[Any], *conditions: Any) -> int:
    with room.scanroom.catalogue.reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def test_a_case_put_for_the_first_time_is_new_and_then_brought_up_to_date(room: Room, system: TestClient) -> None:
    first = system.post(CASES, json=FULL)
    assert first.status_code == 201
    case = first.json()
    assert first.headers["location"] == f"{CASES}/{case['id']}"
    assert case["numbers"] == [{"system": "", "kind": "acceptance", "number": NEW}]
    assert {name: case[name] for name in ("name", "charge", "department", "handler", "accepted_on", "due_on")} == {
        name: FULL[name] for name in ("name", "charge", "department", "handler", "accepted_on", "due_on")
    }
    assert case["suspects"] == FULL["suspects"]
    assert (case["state"], case["details"]) == ("known", {"category": "一审公诉案件"})

    again = system.post(CASES, json={"numbers": [{"number": NEW_AGAIN}], "charge": "合同诈骗罪"})
    assert again.status_code == 200
    assert again.json()["id"] == case["id"]
    assert (again.json()["name"], again.json()["charge"]) == (FULL["name"], "合同诈骗罪")
    assert again.headers["etag"] != first.headers["etag"]


def test_a_case_put_twice_the_same_is_as_if_put_once(room: Room, system: TestClient) -> None:
    answers = [system.post(CASES, json=FULL) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert len({answer.headers["etag"] for answer in answers}) == 1
    assert count(room, AuditRow, AuditRow.deed == "change_case") == 0
    assert count(room, CaseNumber, CaseNumber.as_given == NEW) == 1


def test_the_same_number_from_two_systems_is_one_case_and_an_unformed_one_is_not(system: TestClient) -> None:
    first = system.post(CASES, json={"numbers": [{"system": "tyyw", "number": NEW}]}).json()
    second = system.post(CASES, json={"numbers": [{"system": "police", "number": NEW}]}).json()
    assert second["id"] == first["id"]
    assert [number["system"] for number in second["numbers"]] == ["tyyw", "police"]
    plain = [
        system.post(CASES, json={"numbers": [{"system": name, "number": "0012"}]}).json()["id"] for name in ("a", "b")
    ]
    assert plain[0] != plain[1]


def test_the_folder_that_came_first_is_the_case_that_is_put(room: Room, system: TestClient) -> None:
    waiting = system.get(CASES, params={"number": CASE}).json()
    assert waiting["state"] == "provisional"
    known = put(system, CASE, name="何景行诈骗案")
    assert (known["id"], known["state"]) == (waiting["id"], "known")


def test_numbers_that_name_two_cases_are_refused_and_both_are_named(system: TestClient) -> None:
    first, second = put(system, NEW), put(system, UNIFIED)
    answer = system.post(CASES, json={"numbers": [{"number": NEW}, {"number": UNIFIED}], "name": "无"})
    assert (answer.status_code, answer.json()["code"]) == (409, "number_clash")
    assert answer.json()["cases"] == [first["id"], second["id"]]
    assert first["id"] in answer.json()["detail"] and second["id"] in answer.json()["detail"]
    assert system.get(f"{CASES}/{first['id']}").json() == first


def test_a_letter_number_alone_opens_no_case_but_finds_one(system: TestClient) -> None:
    for numbers in ([], [{"number": LETTER}]):
        refused = system.post(CASES, json={"numbers": numbers, "name": "无"})
        assert (refused.status_code, refused.json()["code"]) == (409, "number_insufficient")
    known = put(system, NEW, LETTER)
    assert put(system, LETTER, charge="诈骗罪")["id"] == known["id"]


def test_field_names_of_case_systems_are_understood(system: TestClient) -> None:
    foreign = {
        "BMSAH": NEW, "TYSAH": UNIFIED, "AJMC": "闵照屿等3人诈骗案", "AJLB": "一审公诉案件", "CBDW": "临江市院",
        "CBBM": "第一检察部", "CBRGH": "99010017", "CBR": "苏见川", "SLRQ": "2031-03-04 08:30:00", "DQRQ": "20310418",
        "BJRQ": None, "GDRQ": "", "YSDW": "临江市公安局", "YSWSWH": LETTER, "YSAY": "诈骗罪", "XYR": "闵照屿、傅溪",
        "AJBH": "A9901012031030000000017", "SFSC": "N", "ZHXGSJ": "2031-03-05 10:00:00",
    }  # fmt: skip
    answer = system.post(CASES, json=foreign)
    assert answer.status_code == 201, answer.text
    case = answer.json()
    assert [(number["kind"], number["number"]) for number in case["numbers"]] == [
        ("acceptance", NEW), ("unified", UNIFIED), ("document", LETTER), ("police", "A9901012031030000000017"),
    ]  # fmt: skip
    assert (case["name"], case["charge"], case["department"], case["handler"]) == (
        "闵照屿等3人诈骗案", "诈骗罪", "第一检察部", "苏见川",
    )  # fmt: skip
    assert (case["accepted_on"], case["due_on"]) == ("2031-03-04", "2031-04-18")
    assert [suspect["name"] for suspect in case["suspects"]] == ["闵照屿", "傅溪"]
    assert case["details"] == {
        "category": "一审公诉案件", "office": "临江市院", "handler_staff_number": "99010017",
        "transferred_by": "临江市公安局", "deleted_in_source": "N", "changed_in_source_at": "2031-03-05 10:00:00",
    }  # fmt: skip


def test_a_request_repeated_with_its_key_is_answered_and_not_done_again(room: Room, system: TestClient) -> None:
    key = {"Idempotency-Key": "2031-03-04/1"}
    first = system.post(CASES, json=FULL, headers=key)
    put(system, NEW, charge="合同诈骗罪")
    again = system.post(CASES, json=FULL, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["charge"] == "合同诈骗罪", "not put back to what it was"
    other = system.post(CASES, json={**FULL, "charge": "盗窃罪"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert room.with_key(WRITE).post(CASES, json={**FULL, "charge": "盗窃罪"}, headers=key).status_code == 200
    assert count(room, KeyedRequest) == 2


def test_calls_at_the_same_time_do_each_thing_once(room: Room, system: TestClient) -> None:
    numbers = [f"临检起诉受[2031]990102{number:05}号" for number in range(6)]

    def call(number: str) -> int:
        body = {"numbers": [{"number": number}], "name": "某案"}
        return system.post(CASES, json=body, headers={"Idempotency-Key": number[-6:-1]}).status_code

    with ThreadPoolExecutor(4) as callers:
        statuses = list(callers.map(call, numbers * 4))
    assert statuses == [201] * 24, "the same key is answered as the first time"
    for table, count_of_each in ((KeyedRequest, 6), (Case, 7), (CaseNumber, 7)):
        assert count(room, table) == count_of_each
    assert count(room, AuditRow, AuditRow.deed == "open_case", AuditRow.actor == "办案系统") == 6


def test_a_refused_request_may_be_sent_again_under_its_key(room: Room, system: TestClient) -> None:
    key = {"Idempotency-Key": "k"}
    assert system.post(CASES, json={"numbers": []}, headers=key).status_code == 409
    assert system.post(CASES, json=FULL, headers=key).status_code == 201


def test_a_change_needs_the_tag_of_the_case_as_it_stands(system: TestClient) -> None:
    case = put(system, NEW, charge="诈骗罪", due_on="2031-04-18", category="一审公诉案件")
    address = f"{CASES}/{case['id']}"
    tag = system.get(address).headers["etag"]
    assert system.patch(address, json={"charge": "盗窃罪"}).json()["code"] == "precondition_missing"
    changed = system.patch(
        address, json={"charge": "盗窃罪", "due_on": None, "category": None}, headers={"If-Match": tag}
    )
    assert changed.status_code == 200
    now = changed.json()
    assert (now["charge"], now["due_on"], now["details"]) == ("盗窃罪", None, {})
    late = system.patch(address, json={"charge": "诈骗罪"}, headers={"If-Match": tag})
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert system.patch(address, json={"charge": "诈骗罪"}, headers={"If-Match": f"W/{tag}"}).status_code == 412
    assert system.patch(address, json={"name": "某案"}, headers={"If-Match": "*"}).status_code == 200
    assert system.patch(f"{CASES}/c0", json={}, headers={"If-Match": "*"}).status_code == 404


def test_a_case_that_has_not_changed_is_not_sent_again(system: TestClient) -> None:
    address = f"{CASES}/{put(system, NEW)['id']}"
    tag = system.get(address).headers["etag"]
    unchanged = system.get(address, headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert system.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_new_department_acts_at_once_and_has_the_pages_indexed_again(room: Room, system: TestClient) -> None:
    room.scanroom.make_searchable()
    put(system, CASE, name="何景行诈骗案")
    assert count(room, OutboxRow) == 0, "a name is in no entry"
    put(system, CASE, department="第二检察部")
    assert count(room, OutboxRow) == 2
    room.add_user("邬怀青", PROSECUTOR, "第二检察部")
    room.add_user("闵榆", PROSECUTOR, "第一检察部")
    assert room.signed_in_as("邬怀青").get("/api/v1/search?q=林晓禾").json()["total"] == 1
    assert room.signed_in_as("闵榆").get("/api/v1/search?q=林晓禾").json()["total"] == 0
    assert count(room, AuditRow, AuditRow.deed == "move") == 1


def test_a_number_of_another_case_is_refused_and_an_own_one_changes_nothing(room: Room, system: TestClient) -> None:
    first, second = put(system, NEW), put(system, UNIFIED)
    address = f"{CASES}/{first['id']}/numbers"
    bound = system.post(address, json={"number": LETTER})
    assert bound.json()["numbers"][-1] == {"system": "", "kind": "document", "number": LETTER}
    again = system.post(address, json={"number": "临检刑诉[2031]417号"})
    assert (again.status_code, again.headers["etag"]) == (200, bound.headers["etag"])
    taken = system.post(address, json={"number": UNIFIED})
    assert (taken.status_code, taken.json()["code"]) == (409, "number_taken")
    assert system.get(CASES, params={"number": LETTER}).json()["id"] == first["id"] != second["id"]


def test_a_handler_is_changed_once(room: Room, system: TestClient) -> None:
    case = put(system, NEW, handler="苏见川")
    answers = [system.post(f"{CASES}/{case['id']}/handler", json={"handler": " 傅溪"}) for _ in range(2)]
    assert [answer.json()["handler"] for answer in answers] == ["傅溪", "傅溪"]
    assert answers[0].headers["etag"] == answers[1].headers["etag"]
    assert count(room, AuditRow, AuditRow.deed == "hand_over", AuditRow.subject_id == case["id"]) == 2


def test_a_delivery_is_told_apart_by_kind_and_number(system: TestClient) -> None:
    address = f"{CASES}/{put(system, NEW)['id']}/deliveries"
    for kind, number, status in (("first", 1, 201), ("return", 1, 201), ("return", 2, 201), ("return", 1, 200)):
        answer = system.post(address, json={"kind": kind, "number": number, "arrived_on": "2031-03-04"})
        assert answer.status_code == status
    told = system.post(address, json={"kind": "return", "number": 2, "arrived_on": "2031-05-06"}).json()
    assert [(each["kind"], each["number"], each["arrived_on"]) for each in told["deliveries"]] == [
        ("first", 1, "2031-03-04"), ("return", 1, "2031-03-04"), ("return", 2, "2031-05-06"),
    ]  # fmt: skip


def test_a_proceeding_is_told_apart_by_its_number_which_then_names_the_case(system: TestClient) -> None:
    case = put(system, NEW)
    arrest = "临检捕受[2031]99010100021号"
    form = {"number": {"number": arrest}, "kind": "审查逮捕", "accepted_on": "2031-01-02", "handler": "傅溪"}
    assert system.post(f"{CASES}/{case['id']}/proceedings", json=form).status_code == 201
    again = system.post(f"{CASES}/{case['id']}/proceedings", json={**form, "state": "closed"})
    assert again.status_code == 200
    (proceeding,) = again.json()["proceedings"]
    assert (proceeding["number"], proceeding["kind"], proceeding["state"]) == (arrest, "审查逮捕", "closed")
    assert system.get(CASES, params={"number": arrest}).json()["id"] == case["id"]


def test_who_may_not_change_cases_is_told_so(room: Room) -> None:
    room.add_user("闵榆", PROSECUTOR, "第一检察部")
    room.add_user("邬怀青", OPERATOR, "第一检察部")
    room.add_user("傅溪", CHECKER, "第一检察部")
    for name in ("闵榆", "傅溪"):
        refused = room.signed_in_as(name).post(CASES, json=FULL)
        assert (refused.status_code, refused.json()["code"]) == (403, "role_missing")
    assert room.with_key(READ).post(CASES, json=FULL).json()["code"] == "scope_missing"
    assert room.signed_in_as("邬怀青").post(CASES, json=FULL).status_code == 201


def test_the_number_of_a_case_out_of_sight_is_taken_and_nothing_more_is_said(room: Room, system: TestClient) -> None:
    case = put(system, NEW, UNIFIED)
    with room.scanroom.catalogue.writing() as session:
        permissions.seal(session, session.get_one(Case, case["id"]), "test")
    answers = [
        system.post(CASES, json={"numbers": [{"number": NEW}], "name": "无"}),
        system.post(
            f"{CASES}/{put(system, LETTER, '临检起诉受[2031]99010123307号')['id']}/numbers", json={"number": NEW}
        ),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (409, "number_taken")
        assert case["id"] not in answer.text
    assert system.get(CASES, params={"number": NEW}).status_code == 404
    assert system.get(f"{CASES}/{case['id']}").status_code == 404


def test_nobody_opens_a_case_that_they_would_not_see(room: Room) -> None:
    client = room.with_key(READ, WRITE, departments=("第一检察部",))
    refused = client.post(CASES, json={**FULL, "department": "第二检察部"})
    assert (refused.status_code, refused.json()["code"]) == (403, "case_out_of_reach")
    assert count(room, CaseNumber, CaseNumber.as_given == NEW) == 0
    assert client.post(CASES, json=FULL).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {"numbers": [{"number": "　"}]}, {"numbers": [{"number": NEW}], "due_on": "2031-02-30"},
        {"numbers": [{"number": NEW}], "due_on": 7}, {"numbers": [{"number": NEW}], "name": "a\u0000"},
        {"numbers": [{"number": "-"}]},
        {"numbers": [{"number": NEW}], "suspects": [{"name": ""}]}, {"numbers": "x"}, [], {"BMSAH": ["x"]},
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_is_refused(room: Room, system: TestClient, body: Any) -> None:
    answer = system.post(CASES, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert count(room, Case) == 1


@pytest.mark.parametrize("content", [b'{"name": "\\ud800"}', b'{"\\ud800": 1}', b'{"x": NaN}', b"{", b"\xff"])
def test_bytes_that_cannot_be_stored_are_refused(system: TestClient, content: bytes) -> None:
    answer = system.post(CASES, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("content", [b'{"details": {"x": NaN}}', b'{"details": {"x": "\\ud800"}}'])
def test_details_of_a_delivery_that_cannot_be_stored_are_refused(system: TestClient, content: bytes) -> None:
    address = f"{CASES}/{put(system, NEW)['id']}/deliveries"
    answer = system.post(address, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


def test_a_method_that_an_address_does_not_take_is_answered_with_those_that_it_takes(system: TestClient) -> None:
    for address, methods in ((CASES, "GET, POST"), (f"{CASES}/c0", "GET, PATCH"), (f"{CASES}/c0/merge", "POST")):
        refused = system.delete(address)
        assert (refused.status_code, refused.json()["code"]) == (405, "method_not_allowed")
        assert refused.headers["allow"] == methods


def test_a_thousand_suspects_are_taken_and_more_than_a_megabyte_is_not(system: TestClient) -> None:
    suspects = [{"name": f"某{number}", "id_number": "990101203101010017"} for number in range(1000)]
    assert len(put(system, NEW, suspects=suspects)["suspects"]) == 1000
    too_many = system.post(CASES, json={"numbers": [{"number": NEW}], "x": "案" * (1 << 20)})
    assert (too_many.status_code, too_many.json()["code"]) == (413, "too_large")


def test_metadata_that_says_nothing_new_leaves_the_version(room: Room) -> None:
    with room.scanroom.catalogue.writing() as session:
        case = session.scalars(select(Case)).one()
        metadata = CaseMetadata.model_validate({"name": "某案", "numbers": [{"number": UNIFIED, "system": "tyyw"}]})
        assert apply_metadata(session, case, metadata, "test")
        version = case.version
        assert not apply_metadata(session, case, metadata, "test")
        assert case.version == version
