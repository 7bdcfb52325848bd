"""Deeds over the API: who may, what is answered, and that everything can be said twice."""

from __future__ import annotations

import html
import json
import re

import pytest
from site_under_test import Room

from dossier import permissions
from dossier.catalogue.tables import Case
from dossier.deeds import claims
from dossier.viewers import READ, SEARCH, WRITE

VOLUME = "证据材料卷一"
NUMBER = "临检起诉受[2031]99010100031号"


def order_of(client, room: Room) -> dict:
    return client.get(f"/api/v1/volumes/{room.scanroom.volume_id(VOLUME)}/pages").json()


def in_order(client, room: Room) -> list[str]:
    return [page["page_id"] for page in order_of(client, room)["pages"] if page["outside"] is None]


def undone(client, answer: dict) -> None:
    for call in answer["undo"]:
        assert client.post(call["address"], json=call["body"]).status_code == 200


def test_every_deed_on_a_page_is_answered_with_the_calls_that_undo_it(room: Room) -> None:
    client = room.with_key(READ, WRITE)
    first, second, third = room.page_ids
    before = order_of(client, room)

    for page_id, name, body in (
        (first, "turn", {"turn_degrees": 180}),
        (second, "label", {"label": "35"}),
        (second, "blank", {"blank": True, "folded": True}),
        (third, "remove", {"reason": "重复扫描"}),
        (third, "move", {"after": None}),
        (first, "replace", {"by": third}),
    ):
        answer = client.post(f"/api/v1/pages/{page_id}/{name}", json=body)
        assert answer.status_code == 200, (name, answer.text)
        assert answer.json()["undo"], name
        again = client.post(f"/api/v1/pages/{page_id}/{name}", json=body)
        assert again.status_code == 200, (name, again.text)
        undone(client, answer.json())

    after = order_of(client, room)
    assert after["version"] == before["version"]
    assert [page["page_number"] for page in after["pages"]] == [1, 2, 3]


def test_a_new_order_is_taken_and_an_old_version_refused(room: Room) -> None:
    client = room.with_key(READ, WRITE)
    address = f"/api/v1/volumes/{room.scanroom.volume_id(VOLUME)}/order"
    version, wanted = order_of(client, room)["version"], [*room.page_ids[1:], room.page_ids[0]]

    answer = client.post(address, json={"pages": wanted, "version": version})
    assert in_order(client, room) == wanted
    # The answer got lost, the call is repeated: it is so already.
    assert client.post(address, json={"pages": wanted, "version": version}).json()["undo"] == []

    stale = client.post(address, json={"pages": room.page_ids, "version": version})
    assert (stale.status_code, stale.json()["code"]) == (409, "order_changed")
    undone(client, answer.json())
    assert in_order(client, room) == list(room.page_ids)


def test_what_came_late_goes_behind_page_n_and_the_answer_undoes_it(room: Room) -> None:
    client, browser = room.with_key(READ, WRITE), room.signed_in()
    first, second, third = room.page_ids
    file_id, document_id = (getattr(room.scanroom.page(third), name) for name in ("arrival_id", "document_id"))
    asked = (
        (f"/api/v1/pages/{third}/insert", {"after_number": 1}),
        (f"/api/v1/files/{file_id}/insert", {"after": first}),
    )
    for address, body in asked:
        answer = client.post(address, json=body)
        assert in_order(client, room) == [first, third, second], answer.text
        assert client.post(address, json=body).json()["undo"] == []
        undone(client, answer.json())
        assert in_order(client, room) == list(room.page_ids)
    # A document is all of this volume: it stands where it is asked to stand already.
    whole = client.post(f"/api/v1/documents/{document_id}/insert", json={"after_number": 0}).json()
    assert whole["undo"] == []

    for path in (f"/pages/{third}", f"/volumes/{room.scanroom.volume_id(VOLUME)}"):
        assert "页之后" in browser.get(path).text


def test_an_order_of_thousands_of_pages_comes_in(room: Room) -> None:
    client = room.with_key(WRITE)
    address = f"/api/v1/volumes/{room.scanroom.volume_id(VOLUME)}/order"

    answer = client.post(address, json={"pages": [f"p{number:020}" for number in range(5000)], "version": "x"})

    assert answer.json()["code"] == "order_changed"


def test_a_removed_page_is_listed_reachable_and_found_no_more(room: Room) -> None:
    client, browser = room.with_key(READ, WRITE, SEARCH), room.signed_in()
    assert client.get("/api/v1/search", params={"q": "何景行"}).json()["total"] == 1

    client.post(f"/api/v1/pages/{room.page_ids[1]}/remove", json={"reason": "不属于本案"})
    room.scanroom.make_searchable()

    assert client.get("/api/v1/search", params={"q": "何景行"}).json()["total"] == 0
    (outside,) = [page for page in order_of(client, room)["pages"] if page["outside"]]
    assert (outside["page_id"], outside["outside_reason"]) == (room.page_ids[1], "不属于本案")
    assert browser.get(f"/pages/{room.page_ids[1]}").status_code == 200

    client.post(f"/api/v1/pages/{room.page_ids[1]}/restore")
    room.scanroom.make_searchable()
    assert client.get("/api/v1/search", params={"q": "何景行"}).json()["total"] == 1


def test_a_document_is_named_divided_and_merged(room: Room) -> None:
    client = room.with_key(READ, WRITE)
    document_id = order_of(client, room)["pages"][0]["document_id"]

    found = client.get(f"/api/v1/documents/{document_id}/title").json()
    assert found == {"title": VOLUME, "suggestion": "被害人林晓禾陈述"}
    named = client.post(f"/api/v1/documents/{document_id}/title", json={"title": found["suggestion"]})
    divided = client.post(
        f"/api/v1/documents/{document_id}/divide", json={"at": room.page_ids[1], "title": "被害人周望舒陈述"}
    )
    ids = [page["document_id"] for page in order_of(client, room)["pages"]]
    assert ids == [document_id, divided.json()["created"], divided.json()["created"]]
    undone(client, divided.json())
    undone(client, named.json())
    assert {page["document_id"] for page in order_of(client, room)["pages"]} == {document_id}
    assert client.get(f"/api/v1/documents/{document_id}/title").json()["title"] == VOLUME


def test_merging_as_the_button_does_takes_one_document_however_often_it_is_sent(room: Room) -> None:
    client, volume = room.with_key(READ, WRITE), f"/volumes/{room.scanroom.volume_id(VOLUME)}"
    first = order_of(client, room)["pages"][0]["document_id"]
    second = client.post(f"/api/v1/documents/{first}/divide", json={"at": room.page_ids[1]}).json()["created"]
    third = client.post(f"/api/v1/documents/{second}/divide", json={"at": room.page_ids[2]}).json()["created"]
    address = f"/api/v1/documents/{first}/merge"
    (body,) = re.findall(rf'data-address="{address}" data-body="([^"]+)"', room.signed_in().get(volume).text)
    told = json.loads(html.unescape(body))

    merged, again = (client.post(address, json=told).json() for _ in range(2))

    assert [page["document_id"] for page in order_of(client, room)["pages"]] == [first, first, third]
    assert (len(merged["undo"]), again["undo"]) == (1, [])
    assert client.post(address, json={}).status_code == 422
    assert client.post(address, json={"next": None}).status_code == 422
    undone(client, merged)
    assert [page["document_id"] for page in order_of(client, room)["pages"]] == [first, second, third]


def test_a_volume_is_claimed_by_number_and_given_back(room: Room) -> None:
    client = room.with_key(READ, WRITE)
    volume_id, former = room.scanroom.volume_id(VOLUME), room.scanroom.page(room.page_ids[0]).case_id

    answer = client.post(f"/api/v1/volumes/{volume_id}/claim", json={"number": NUMBER.replace("[", "〔")})
    case_id = answer.json()["created"]
    assert {room.scanroom.page(page_id).case_id for page_id in room.page_ids} == {case_id}
    undone(client, answer.json())
    assert {room.scanroom.page(page_id).case_id for page_id in room.page_ids} == {former}


def test_a_folder_of_several_volumes_is_claimed_by_the_form_of_the_attention_list_and_given_back(room: Room) -> None:
    room.add_user("制作人甲", "operator")
    browser, scanroom = room.signed_in_as("制作人甲"), room.scanroom
    ids = [scanroom.receive("0001.jpg", volume=volume, case="新建文件夹") for volume in ("卷一", "卷二")]
    folder = scanroom.page(ids[0]).case_id
    address = f"/api/v1/cases/{folder}/claim"
    board = browser.get("/board").text
    assert f'<form data-address="{address}">' in board
    for page_id in ids:
        assert f'href="/volumes/{scanroom.page(page_id).volume_id}"' in board

    answer = browser.post(address, json={"number": NUMBER}).json()
    assert {scanroom.page(page_id).case_id for page_id in ids} == {answer["created"]}
    assert address not in browser.get("/board").text
    assert browser.post(address, json={"number": NUMBER}).json()["undo"] == []
    undone(browser, answer)
    assert {scanroom.page(page_id).case_id for page_id in ids} == {folder}
    assert address in browser.get("/board").text
    assert browser.post("/api/v1/cases/c0/claim", json={"number": NUMBER}).status_code == 404


def test_a_claimed_volume_is_left_out_of_searches_until_the_index_knows(room: Room) -> None:
    client = room.with_key(READ, WRITE, SEARCH)
    before = client.get("/api/v1/status").json()["pages"]["searchable"]
    assert before > 0

    client.post(f"/api/v1/volumes/{room.scanroom.volume_id(VOLUME)}/claim", json={"number": NUMBER})

    assert client.get("/api/v1/search", params={"q": "何景行"}).json()["total"] == 0
    assert client.get("/api/v1/status").json()["pages"]["searchable"] == 0, "not even for a second"
    room.scanroom.make_searchable()
    assert client.get("/api/v1/search", params={"q": "何景行", "case": NUMBER}).json()["total"] == 1


def test_a_claim_tells_nothing_of_a_case_out_of_sight(room: Room) -> None:
    room.add_user("制作人甲", "operator")
    client, volume_id = room.signed_in_as("制作人甲"), room.scanroom.volume_id(VOLUME)
    with room.scanroom.catalogue.writing() as session:
        hidden = claims.case_named(session, NUMBER, "test")
        hidden.name = "不该看到的案名"
        permissions.seal(session, hidden, "test")
        hidden_id = hidden.id

    answer = client.post(f"/api/v1/volumes/{volume_id}/claim", json={"number": NUMBER})

    assert answer.status_code == 200
    assert (answer.json()["created"], answer.json()["undo"]) == (None, [])
    assert "不该看到的案名" not in answer.text and hidden_id not in answer.text
    assert client.post(f"/api/v1/volumes/{volume_id}/claim", json={"case_id": hidden_id}).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 422), ({"number": NUMBER, "case_id": "c1"}, 422), ({"number": "某案"}, 409), ({"case_id": "c1"}, 404)],
)
def test_a_claim_names_one_case(room: Room, body: dict, status: int) -> None:
    volume_id = room.scanroom.volume_id(VOLUME)

    assert room.with_key(WRITE).post(f"/api/v1/volumes/{volume_id}/claim", json=body).status_code == status


def test_a_key_without_the_scope_changes_nothing(room: Room) -> None:
    answer = room.with_key(READ, SEARCH).post(f"/api/v1/pages/{room.page_ids[0]}/remove", json={"reason": "x"})

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


@pytest.mark.parametrize(
    ("role", "departments", "status"), [("operator", (), 200), ("checker", (), 403), ("prosecutor", ("一部",), 403)]
)
def test_only_who_puts_volumes_in_order_changes_what_they_see(
    room: Room, role: str, departments: tuple[str, ...], status: int
) -> None:
    room.add_user("某人", role, *departments)
    client = room.signed_in_as("某人")
    with room.scanroom.catalogue.writing() as session:
        case = session.get_one(Case, room.scanroom.page(room.page_ids[0]).case_id)
        case.department = departments[0] if departments else ""

    answer = client.post(f"/api/v1/pages/{room.page_ids[0]}/read-again")

    assert answer.status_code == status


@pytest.mark.parametrize("name", ["turn", "read-again", "blank", "label", "remove", "restore", "move", "replace"])
def test_a_page_out_of_sight_answers_as_one_that_does_not_exist(room: Room, name: str) -> None:
    bodies = {
        "turn": {"turn_degrees": 90}, "blank": {"blank": True}, "label": {"label": "1"}, "remove": {"reason": "x"},
        "move": {"after": None}, "replace": {"by": room.page_ids[1]},
    }  # fmt: skip
    client = room.with_key(WRITE, departments=("别的部门",))

    answers = [
        client.post(f"/api/v1/pages/{page_id}/{name}", json=bodies.get(name))
        for page_id in (room.page_ids[0], "p00000000000000000000")
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "not_found")] * 2
