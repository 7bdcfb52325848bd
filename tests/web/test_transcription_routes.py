"""Transcriptions, notes and bookmarks over the web."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from site_under_test import Room
from sqlalchemy import select
from starlette.testclient import TestClient

from dossier import permissions
from dossier.catalogue.tables import AuditRow, Case, Page
from dossier.deeds import claims, page_order
from dossier.viewers import CHECKER, PROSECUTOR

BOX = [0.1, 0.7, 0.5, 0.75]


@pytest.fixture
def office(room: Room) -> Room:
    with room.scanroom.catalogue.writing() as session:
        permissions.move(session, session.scalars(select(Case)).one(), "第一检察部", "test")
    for name in ("闵榆", "苏见川"):
        room.add_user(name, PROSECUTOR, "第一检察部")
    return room


def transcribe(client: TestClient, room: Room, text: str, box: list[float] = BOX) -> dict[str, object]:
    answer = client.post(f"/api/v1/pages/{room.page_ids[0]}/transcriptions", json={"text": text, "box": box})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_line_is_transcribed_and_found(office: Room) -> None:
    browser = office.signed_in_as("闵榆")
    page = f"/api/v1/pages/{office.page_ids[0]}"
    before = browser.get(f"{page}/text").json()
    added = transcribe(browser, office, "林晓禾的电话是13900004471", before["lines"][1]["box"])

    assert (added["line"], added["ocr"]) == (1, "林晓禾的电话是13900004417")
    assert (added["author"], added["version"]) == ("闵榆", 1)
    assert browser.get(f"{page}/transcriptions").json()["transcriptions"] == [added]
    assert browser.get(f"{page}/text").json() == before, "what the program read stays"
    office.scanroom.make_searchable()
    found = browser.get("/api/v1/search?q=4471").json()["hits"]
    assert [(hit["rung"], hit["page_id"]) for hit in found] == [("transcription", office.page_ids[0])]
    assert "13900004471" in found[0]["snippet"]
    x0, y0, x1, y1 = before["lines"][1]["box"]
    (rect,) = found[0]["rects"]
    assert x0 < rect[0] < rect[2] == pytest.approx(x1) and (rect[1], rect[3]) == pytest.approx((y0, y1))
    assert browser.get("/api/v1/search?q=4417").json()["hits"][0]["rung"] == "identifier"
    shown = browser.get("/?q=4471").text
    assert "人工校录" in shown


def test_nothing_is_written_over_silently(office: Room) -> None:
    one, other = office.signed_in_as("闵榆"), office.signed_in_as("苏见川")
    added = transcribe(one, office, "今收到傅溪现金")
    again = other.post(f"/api/v1/pages/{office.page_ids[0]}/transcriptions", json={"text": "今收到", "box": BOX})
    assert (again.status_code, again.json()["code"]) == (409, "text_changed")
    assert again.json()["current"]["text"] == "今收到傅溪现金"

    path = f"/api/v1/transcriptions/{added['id']}"
    changed = other.patch(path, json={"text": "今收到博溪现金", "version": 1})
    assert (changed.status_code, changed.json()["version"], changed.json()["author"]) == (200, 2, "苏见川")
    stale = one.patch(path, json={"text": "今收到傅溪现金8000元", "version": 1})
    assert (stale.status_code, stale.json()["current"]["text"]) == (409, "今收到博溪现金")
    assert one.delete(path, params={"version": 1}).status_code == 409
    assert one.delete(path, params={"version": 2}).status_code == 204
    history = one.get(path).json()
    assert [version["text"] for version in history["versions"]] == ["今收到傅溪现金", "今收到博溪现金"]
    assert history["withdrawn_by"] == "闵榆"
    assert one.get(f"/api/v1/pages/{office.page_ids[0]}/transcriptions").json()["transcriptions"] == []


def test_the_log_names_the_deed_and_not_the_text(office: Room) -> None:
    transcribe(office.signed_in_as("闵榆"), office, "今收到傅溪现金")
    with office.scanroom.catalogue.reading() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.deed == "add_transcription")).one()
        assert (row.actor, row.subject_id) == ("闵榆", office.page_ids[0])
        assert "傅溪" not in str(row.details)


def test_a_checker_reads_what_was_transcribed_and_writes_nothing(office: Room) -> None:
    office.add_user("文砚", CHECKER, "第一检察部")
    added = transcribe(office.signed_in_as("闵榆"), office, "今收到傅溪现金")
    checker = office.signed_in_as("文砚")
    assert checker.get(f"/api/v1/pages/{office.page_ids[0]}/transcriptions").json()["transcriptions"] == [added]
    refused = checker.patch(f"/api/v1/transcriptions/{added['id']}", json={"text": "无", "version": 1})
    assert refused.status_code == 403


def note(client: TestClient, room: Room, text: str, **more: object) -> dict[str, object]:
    answer = client.post("/api/v1/notes", json={"page_id": room.page_ids[0], "text": text, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.parametrize("kind", ["transcriptions", "notes"])
def test_a_key_that_was_used_for_another_page_is_refused(office: Room, kind: str) -> None:
    browser = office.signed_in_as("闵榆")

    def add(page_id: str, key: str) -> tuple[int, dict[str, object]]:
        address, named = f"/api/v1/pages/{page_id}/transcriptions", {}
        if kind == "notes":
            address, named = "/api/v1/notes", {"page_id": page_id}
        body = {**named, "text": "今收到傅溪现金", "box": BOX}
        answer = browser.post(address, json=body, headers={"Idempotency-Key": key})
        return answer.status_code, answer.json()

    first, second = office.page_ids[:2]
    status, added = add(first, "k1")
    assert status == 201
    assert add(first, "k1") == (200, added)
    status, refused = add(second, "k1")
    assert (status, refused["code"]) == (409, "idempotency_key_reused")
    assert add(second, "k2")[0] == 201


def texts(client: TestClient, **asked: str) -> list[str]:
    return [one["text"] for one in client.get("/api/v1/notes", params=asked).json()["notes"]]


def test_a_note_is_read_by_its_owner_and_a_shared_one_by_all_who_see_the_case(office: Room) -> None:
    one, other = office.signed_in_as("闵榆"), office.signed_in_as("苏见川")
    private, shared = note(one, office, "待查"), note(one, office, "与收条对照", shared=True, box=BOX)

    assert (texts(one), texts(other)) == (["待查", "与收条对照"], ["与收条对照"])
    assert texts(one, whose="others") == texts(other, whose="mine") == []
    assert texts(one, text="收条") == ["与收条对照"]
    assert texts(one, page_id=office.page_ids[1]) == []
    assert other.get(f"/api/v1/notes/{private['id']}").status_code == 404
    seen = other.get(f"/api/v1/notes/{shared['id']}").json()
    assert (seen["mine"], seen["owner"], seen["box"], seen["citation"]) == (False, "闵榆", BOX, "证据卷一图像第1页")
    for answer in (
        other.patch(f"/api/v1/notes/{shared['id']}", json={"text": "无"}),
        other.delete(f"/api/v1/notes/{shared['id']}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "deed_refused")
    assert one.patch(f"/api/v1/notes/{shared['id']}", json={"shared": False, "version": 1}).json()["version"] == 2
    assert one.patch(f"/api/v1/notes/{shared['id']}", json={"text": "无", "version": 1}).status_code == 409
    assert texts(other) == []


def test_a_key_is_good_for_one_note_on_one_page(office: Room) -> None:
    browser, key = office.signed_in_as("闵榆"), {"Idempotency-Key": "k1"}

    def sent(page: int, text: str) -> tuple[int, str]:
        answer = browser.post("/api/v1/notes", json={"page_id": office.page_ids[page], "text": text}, headers=key)
        return answer.status_code, answer.json().get("code") or answer.json()["text"]

    assert [sent(0, "待查"), sent(0, "待查")] == [(201, "待查"), (200, "待查")]
    assert sent(1, "待查") == (409, "idempotency_key_reused")
    assert sent(0, "已查") == (409, "text_changed")
    assert texts(browser) == ["待查"]
    body = {"text": "今收到", "box": BOX}
    other = browser.post(f"/api/v1/pages/{office.page_ids[0]}/transcriptions", json=body, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused"), "whatever is made"
    key = {"Idempotency-Key": "k2"}
    answers = [browser.post(f"/api/v1/pages/{page}/transcriptions", json=body, headers=key) for page in office.page_ids]
    assert [answer.status_code for answer in answers] == [201, 409, 409]


def test_chosen_pages_are_out_of_sight_with_any_of_their_cases(office: Room) -> None:
    browser, key = office.signed_in_as("闵榆"), {"Idempotency-Key": "k1"}
    asked = browser.post("/api/v1/pdfs", json={"pages": [office.page_ids[0]]}, headers=key)
    address = asked.headers["location"]
    assert browser.get(address).status_code == 202
    assert office.signed_in_as("苏见川").get(address).status_code == 404
    others = browser.post("/api/v1/pdfs", json={"pages": [office.page_ids[1]]}, headers=key)
    assert (others.status_code, others.json()["code"]) == (409, "idempotency_key_reused")
    again = browser.post("/api/v1/pdfs", json={"pages": [office.page_ids[0]]}, headers=key)
    assert again.headers["location"] == address
    with office.scanroom.catalogue.writing() as session:
        permissions.seal(session, session.scalars(select(Case)).one(), "test")
    assert browser.get(address).status_code == 404
    assert browser.post("/api/v1/pdfs", json={"pages": [office.page_ids[0]]}, headers=key).status_code == 404


@pytest.mark.parametrize("kind", ["notes", "bookmarks", "transcriptions"])
def test_what_is_put_on_a_page_goes_out_of_sight_with_the_case_and_comes_back(office: Room, kind: str) -> None:
    browser = office.signed_in_as("闵榆")
    added = {
        "notes": lambda: note(browser, office, "待查", shared=True),
        "bookmarks": lambda: bookmark(browser, office, "陈述"),
        "transcriptions": lambda: transcribe(browser, office, "今收到"),
    }[kind]()
    listed = f"/api/v1/pages/{office.page_ids[0]}/transcriptions" if kind == "transcriptions" else f"/api/v1/{kind}"

    def seen() -> bool:
        answer = browser.get(listed)
        return answer.status_code == 200 and added["id"] in answer.text

    assert seen()
    with office.scanroom.catalogue.writing() as session:
        permissions.seal(session, session.scalars(select(Case)).one(), "test")
    assert not seen()
    with office.scanroom.catalogue.writing() as session:
        permissions.unseal(session, session.scalars(select(Case)).one(), "test")
    assert seen()


def bookmark(client: TestClient, room: Room, name: str) -> dict[str, object]:
    answer = client.post("/api/v1/bookmarks", json={"page_id": room.page_ids[0], "name": name})
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def test_a_page_has_one_bookmark_of_each_person(office: Room) -> None:
    one, other = office.signed_in_as("闵榆"), office.signed_in_as("苏见川")
    first, again = bookmark(one, office, "陈述"), bookmark(one, office, "第一次陈述")
    assert first["id"] == again["id"]
    assert [mark["name"] for mark in one.get("/api/v1/bookmarks").json()["bookmarks"]] == ["第一次陈述"]
    assert other.get("/api/v1/bookmarks").json() == {"bookmarks": []}
    assert other.delete(f"/api/v1/bookmarks/{first['id']}").status_code == 404
    assert one.patch(f"/api/v1/bookmarks/{first['id']}", json={"name": "关键"}).json()["name"] == "关键"
    assert one.delete(f"/api/v1/bookmarks/{first['id']}").status_code == 204
    assert one.get("/api/v1/bookmarks").json() == {"bookmarks": []}


@pytest.mark.parametrize("deed", ["move", "remove", "turn"])
def test_what_is_put_on_a_page_stays_with_it(office: Room, deed: str) -> None:
    browser, page_id = office.signed_in_as("闵榆"), office.page_ids[0]
    transcribe(browser, office, "今收到傅溪现金")
    note(browser, office, "待查", box=BOX)
    bookmark(browser, office, "陈述")
    deeds: dict[str, Callable[..., object]] = {
        "move": lambda session: page_order.move(session, page_id, office.page_ids[2], None, "test"),
        "remove": lambda session: page_order.remove(session, page_id, "重复扫描", "test"),
        "turn": lambda session: setattr(session.get_one(Page, page_id), "turn_degrees", 90),
    }
    with office.scanroom.catalogue.writing() as session:
        deeds[deed](session)
    office.scanroom.make_searchable()

    (shown,) = browser.get(f"/api/v1/pages/{page_id}/transcriptions").json()["transcriptions"]
    (noted,) = browser.get("/api/v1/notes").json()["notes"]
    (marked,) = browser.get("/api/v1/bookmarks").json()["bookmarks"]
    turned = pytest.approx([0.25, 0.1, 0.3, 0.5])
    assert shown["box"] == noted["box"] == (turned if deed == "turn" else BOX)
    assert noted["page_id"] == marked["page_id"] == page_id
    number = {"move": 3, "remove": 0, "turn": 1}[deed]
    assert noted["page_number"] == marked["page_number"] == number
    found = browser.get("/api/v1/search?q=傅溪").json()["hits"]
    assert [hit["page_number"] for hit in found] == ([] if deed == "remove" else [number])


def test_a_claimed_volume_takes_along_what_was_put_on_its_pages(office: Room) -> None:
    browser = office.signed_in_as("闵榆")
    transcribe(browser, office, "今收到傅溪现金")
    note(browser, office, "待查")
    with office.scanroom.catalogue.writing() as session:
        other = Case(name="何景行诈骗案", state="known", department="第一检察部")
        session.add(other)
        session.flush()
        volume_id = session.get_one(Page, office.page_ids[0]).volume_id
        claims.claim_volume(session, volume_id, other, "test")
        other_id = other.id
    office.scanroom.make_searchable()
    assert [one["case_id"] for one in browser.get("/api/v1/notes").json()["notes"]] == [other_id]
    (hit,) = browser.get("/api/v1/search?q=傅溪").json()["hits"]
    assert hit["case_id"] == other_id
