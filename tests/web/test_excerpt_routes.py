"""Excerpts over the web: added, changed, exported, and nobody else's."""

from __future__ import annotations

import io
import json

import pytest
from docx import Document
from site_under_test import Room
from starlette.testclient import TestClient

from dossier import permissions
from dossier.catalogue.tables import Case, Page
from dossier.deeds import page_order
from dossier.evidence_kinds import EVIDENCE_KINDS
from dossier.excerpts import LONGEST_PROVES, LONGEST_QUOTATION
from dossier.users import user_named
from dossier.viewers import PROSECUTOR, READ, WRITE

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def case_of(room: Room) -> str:
    return room.scanroom.page(room.page_ids[0]).case_id


def add(client: TestClient, room: Room, quotation: str, **more: object) -> dict[str, object]:
    answer = client.post("/api/v1/excerpts", json={"page_ids": [room.page_ids[0]], "quotation": quotation, **more})
    assert answer.status_code == 201
    return answer.json()


def test_an_excerpt_is_added_read_changed_and_taken_away(browser: TestClient, room: Room) -> None:
    added = add(browser, room, "她把钱转入尾号为6620的账户", fact="事实一")
    path = f"/api/v1/excerpts/{added['id']}"

    assert added["citation"] == "证据卷一图像第1页"
    assert browser.get(path).json() == added
    changed = browser.patch(path, json={"evidence_kind": "被害人陈述", "page_ids": list(room.page_ids[:2])}).json()
    assert changed["citation"] == "证据卷一图像第1-2页"
    assert {**added, "updated_at": 0} == {
        **changed, "evidence_kind": "", "page_ids": [room.page_ids[0]], "citation": added["citation"], "updated_at": 0,
    }  # fmt: skip
    assert browser.get("/api/v1/excerpts", params={"case": case_of(room)}).json() == {"excerpts": [changed]}
    assert browser.delete(path).status_code == 204
    assert browser.get(path).status_code == 404
    assert browser.get("/api/v1/excerpts").json() == {"excerpts": []}


def test_a_label_that_is_confirmed_later_is_in_the_citation(browser: TestClient, room: Room) -> None:
    added = add(browser, room, "甲")
    with room.scanroom.catalogue.writing() as session:
        page = session.get_one(Page, room.page_ids[0])
        page.page_label, page.page_label_state = "35", "confirmed"

    assert browser.get(f"/api/v1/excerpts/{added['id']}").json()["citation"] == "证据卷一P35"


def test_the_longest_excerpt_comes_in_however_it_is_written(browser: TestClient, room: Room) -> None:
    body = {"page_ids": [room.page_ids[0]], "quotation": "问" * LONGEST_QUOTATION, "proves": "答" * LONGEST_PROVES}
    for text in (json.dumps(body), json.dumps(body, ensure_ascii=False)):
        answer = browser.post("/api/v1/excerpts", content=text.encode(), headers={"Content-Type": "application/json"})
        assert answer.status_code == 201


def test_a_repeated_key_adds_nothing(browser: TestClient, room: Room) -> None:
    body = {"page_ids": [room.page_ids[0]], "quotation": "甲"}
    answers = [browser.post("/api/v1/excerpts", json=body, headers={"Idempotency-Key": "k1"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    assert len(browser.get("/api/v1/excerpts").json()["excerpts"]) == 1


def test_moving_one_orders_them_all(browser: TestClient, room: Room) -> None:
    first, second, third = (add(browser, room, text)["id"] for text in "甲乙丙")
    browser.patch(f"/api/v1/excerpts/{third}", json={"before": first})
    browser.patch(f"/api/v1/excerpts/{first}", json={"before": None})

    found = browser.get("/api/v1/excerpts").json()["excerpts"]
    assert [excerpt["id"] for excerpt in found] == [third, second, first]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"quotation": "   "}, 400, "usage"),
        ({"quotation": "字" * 3001}, 422, "invalid_request"),
        ({"evidence_kind": "口供"}, 400, "usage"),
        ({"interrogation": 0}, 422, "invalid_request"),
        ({"owner_id": "u1"}, 422, "invalid_request"),
        ({"page_ids": []}, 422, "invalid_request"),
        ({"page_ids": ["p0"]}, 404, "not_found"),
        ({"before": "e0"}, 404, "not_found"),
    ],
)
def test_what_does_not_fit_changes_nothing(
    browser: TestClient, room: Room, change: dict[str, object], status: int, code: str
) -> None:
    added = add(browser, room, "甲", fact="事实一")
    answer = browser.patch(f"/api/v1/excerpts/{added['id']}", json={"fact": "事实二", **change})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert browser.get(f"/api/v1/excerpts/{added['id']}").json() == added


def test_excerpts_are_their_owners_alone(room: Room) -> None:
    for name in ("闵榆", "傅溪"):
        room.add_user(name, PROSECUTOR)
    with room.scanroom.catalogue.writing() as session:
        for name in ("闵榆", "傅溪"):
            permissions.grant(session, session.get_one(Case, case_of(room)), user_named(session, name), "test")
    owner, colleague = room.signed_in_as("闵榆"), room.signed_in_as("傅溪")
    added = add(owner, room, "只给自己看")
    path = f"/api/v1/excerpts/{added['id']}"

    for method, body in (("GET", None), ("PATCH", {"fact": "甲"}), ("DELETE", None)):
        assert colleague.request(method, path, json=body).status_code == 404
    assert colleague.get("/api/v1/excerpts").json() == {"excerpts": []}
    assert "只给自己看" not in colleague.get(f"/cases/{case_of(room)}/excerpts").text
    assert "只给自己看" in owner.get(f"/cases/{case_of(room)}/excerpts").text
    assert owner.get(path).json() == added


def test_the_longest_excerpt_is_taken_however_its_characters_are_written(browser: TestClient, room: Room) -> None:
    body = {"page_ids": list(room.page_ids), "quotation": "字" * LONGEST_QUOTATION, "proves": "字" * LONGEST_PROVES}
    content = json.dumps(body)
    assert "\\u5b57" in content
    answer = browser.post("/api/v1/excerpts", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 201
    assert answer.json()["quotation"] == body["quotation"]


def test_a_key_adds_only_with_the_scope_for_writing(room: Room) -> None:
    body = {"page_ids": [room.page_ids[0]], "quotation": "甲"}

    assert room.with_key(READ).post("/api/v1/excerpts", json=body).json()["code"] == "scope_missing"
    assert room.with_key(WRITE).post("/api/v1/excerpts", json=body).status_code == 201


def test_the_document_comes_by_fact_or_by_kind(browser: TestClient, room: Room) -> None:
    add(browser, room, "问：钱呢？\n答：转了。", fact="事实一", evidence_kind=EVIDENCE_KINDS[3])
    for by, group in (("fact", "事实一"), ("kind", EVIDENCE_KINDS[3])):
        answer = browser.get("/api/v1/excerpts.docx", params={"case": case_of(room), "by": by})
        assert answer.headers["content-type"] == DOCX
        assert "filename*=UTF-8''%" in answer.headers["content-disposition"]
        texts = [paragraph.text for paragraph in Document(io.BytesIO(answer.content)).paragraphs]
        wanted = [group, "问：钱呢？", "答：转了。"]
        assert [text for text in texts if text in wanted] == wanted
        assert any(text.endswith("（证据卷一图像第1页）") for text in texts)


def test_the_page_escapes_what_was_read(browser: TestClient, room: Room) -> None:
    add(browser, room, "</textarea><script>1</script>", fact='"><b>')
    page = browser.get(f"/cases/{case_of(room)}/excerpts").text

    assert "<script>1" not in page
    assert "<b>" not in page
    assert "&lt;/textarea&gt;" in page


def test_a_source_outside_the_order_goes_on_to_the_page_behind_it(browser: TestClient, room: Room) -> None:
    answer = browser.post("/api/v1/excerpts", json={"page_ids": [room.page_ids[1]], "quotation": "甲"})
    with room.scanroom.catalogue.writing() as session:
        page_order.remove(session, room.page_ids[1], "重复扫描", "傅溪")
    page = browser.get(f"/cases/{answer.json()['case_id']}/excerpts").text
    assert f'data-pages="{room.page_ids[1]}" data-next="{room.page_ids[2]}"' in page


def test_the_list_of_cases_says_how_many(browser: TestClient, room: Room) -> None:
    assert "还没有摘录" in browser.get("/excerpts").text
    add(browser, room, "甲")
    add(browser, room, "乙")
    page = browser.get("/excerpts").text
    assert f'href="/cases/{case_of(room)}/excerpts"' in page
    assert "2 条" in page
