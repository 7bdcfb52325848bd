"""Receipts over REST and on their pages: written down, corrected, compared, printed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from site_under_test import Room
from sqlalchemy import select

from dossier import permissions
from dossier.case_merge import merge
from dossier.catalogue.tables import Case, Volume
from dossier.deeds import claims
from dossier.viewers import CHECKER, OPERATOR, WRITE

NUMBER = "临检起诉受[2031]99010100031号"
RECEIPT: dict[str, Any] = {
    "unit": "临江分局", "case_name": "闵照屿等3人诈骗案", "suspects": ["闵照屿", "邬怀青"], "received_on": "2031-07-04",
    "numbers": [{"number": NUMBER}],
    "volumes": [{"kind": "诉讼文书卷", "number": 1, "paper_pages": 42}, {"kind": "证据材料卷", "number": 1}],
}  # fmt: skip


def test_a_receipt_is_written_down_once_listed_and_corrected(room: Room) -> None:
    client = room.with_key(WRITE, "read")
    sent = [client.post("/api/v1/receipts", json=RECEIPT, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [201, 200]
    receipt = sent[0].json()
    assert sent[1].json()["id"] == receipt["id"]
    assert sent[0].headers["Location"] == f"/api/v1/receipts/{receipt['id']}"
    assert [each["id"] for each in client.get("/api/v1/receipts").json()["receipts"]] == [receipt["id"]]
    assert [(volume["name"], volume["state"]) for volume in receipt["volumes"]] == [
        ("诉讼文书卷一", "absent"), ("证据材料卷一", "absent")
    ]  # fmt: skip
    right = {**RECEIPT, "unit": "江北分局", "version": receipt["version"]}
    changed = client.patch(f"/api/v1/receipts/{receipt['id']}", json=right)
    assert (changed.status_code, changed.json()["unit"], changed.json()["version"]) == (200, "江北分局", 2)
    again = client.patch(f"/api/v1/receipts/{receipt['id']}", json=right)
    assert (again.status_code, again.json()["code"]) == (409, "receipt_changed")


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"secrecy": "绝密"}, 422, "secrecy_refused"),
        ({"volumes": [{"kind": "证据材料卷", "number": 1}] * 2}, 409, "deed_refused"),
        ({"volumes": [{"kind": "证据材料卷", "number": 1, "known_gaps": "三十六"}]}, 409, "deed_refused"),
        ({"volumes": [{"kind": "证据材料卷", "number": 0}]}, 422, "invalid_request"),
        ({"received_on": "昨天"}, 422, "invalid_request"),
        ({"case_id": "c00000000000000000000"}, 404, "not_found"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(
    room: Room, wrong: dict[str, Any], status: int, code: str
) -> None:
    client = room.with_key(WRITE, "read")
    answer = client.post("/api/v1/receipts", json={**RECEIPT, **wrong})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert client.get("/api/v1/receipts").json() == {"receipts": []}
    assert client.get("/api/v1/cases", params={"number": NUMBER}).status_code == 404


def test_a_number_that_names_two_cases_answers_with_both(room: Room) -> None:
    client = room.with_key(WRITE, "read")
    other = "临检起诉受[2031]99010100032号"
    ids = {client.post("/api/v1/cases", json={"numbers": [{"number": each}]}).json()["id"] for each in (NUMBER, other)}
    both = {**RECEIPT, "numbers": [{"number": NUMBER}, {"number": other}]}
    answer = client.post("/api/v1/receipts", json=both)
    assert (answer.status_code, answer.json()["code"], set(answer.json()["cases"])) == (409, "number_clash", ids)


def test_a_receipt_of_a_case_that_was_merged_is_seen_by_those_who_see_the_whole(room: Room) -> None:
    client = room.with_key(WRITE, "read")
    room.add_user("傅溪", OPERATOR)
    browser = room.signed_in_as("傅溪")
    receipt = client.post("/api/v1/receipts", json={**RECEIPT, "numbers": []}).json()
    with room.scanroom.catalogue.writing() as session:
        whole = Case(name="何景行诈骗案", state="known", department="第二检察部")
        session.add(whole)
        session.flush()
        merge(session, whole, session.get_one(Case, receipt["case_id"]), "test")
        permissions.seal(session, whole, "test")
    assert browser.get("/api/v1/receipts").json() == {"receipts": []}
    assert "何景行" not in browser.get("/receipts").text
    assert browser.get(f"/api/v1/receipts/{receipt['id']}").status_code == 404


def test_a_volume_that_went_to_a_case_out_of_sight_is_neither_shown_nor_changed_by_its_receipt(room: Room) -> None:
    room.add_user("傅溪", OPERATOR)
    browser = room.signed_in_as("傅溪")
    receipt = browser.post("/api/v1/receipts", json={**RECEIPT, "numbers": []}).json()
    taken = receipt["volumes"][0]["id"]
    with room.scanroom.catalogue.writing() as session:
        other = Case(name="何景行诈骗案", state="known", department="第二检察部")
        session.add(other)
        session.flush()
        claims.claim_volume(session, taken, other, "test")
    address = f"/api/v1/receipts/{receipt['id']}"
    assert [volume["id"] for volume in browser.get(address).json()["volumes"]] == [receipt["volumes"][1]["id"]]
    assert taken not in browser.get(f"/receipts/{receipt['id']}/print").text
    right = {**RECEIPT, "numbers": [], "volumes": RECEIPT["volumes"][1:], "version": receipt["version"]}
    assert browser.patch(address, json=right).status_code == 200
    again = {**RECEIPT, "numbers": [], "version": receipt["version"] + 1}
    assert browser.patch(address, json=again).status_code == 200
    with room.scanroom.catalogue.reading() as session:
        assert session.get_one(Volume, taken).paper_pages == 42
        case_id = receipt["case_id"]
        assert len(session.scalars(select(Volume).where(Volume.case_id == case_id)).all()) == 1, "and not made anew"


def test_the_pages_show_what_came_and_print_what_can_be_read_back(room: Room) -> None:
    import cv2
    import numpy as np

    room.add_user("傅溪", OPERATOR)
    room.add_user("段知行", CHECKER)
    browser, checker = room.signed_in_as("傅溪"), room.signed_in_as("段知行")
    assert "还没有登记" in browser.get("/receipts").text
    receipt = browser.post("/api/v1/receipts", json={**RECEIPT, "numbers": []}).json()
    for page in ("/receipts", f"/receipts/{receipt['id']}"):
        assert "闵照屿等3人诈骗案" in browser.get(page).text
        assert "还没有编号" in checker.get(page).text
    assert "print?what" not in checker.get(f"/receipts/{receipt['id']}").text
    assert checker.get(f"/receipts/{receipt['id']}/print").status_code == 403
    form = browser.get(f"/receipts/{receipt['id']}/correct").text
    assert form.count('class="volume"') == 2 and 'value="42"' in form
    sheets = browser.get(f"/receipts/{receipt['id']}/print?what=sheets&copies=2")
    assert sheets.text.count("separator-sheet") == 4
    assert not re.search(r"<svg[^>]*style=|EDOSSIER", sheets.text)
    path = re.findall(r'<path[^>]* d="([^"]+)"', sheets.text)[0]
    assert cv2.QRCodeDetector().detectAndDecode(drawn(path, np))[0].startswith("EDOSSIER1:V:V")
    labels = browser.get(f"/receipts/{receipt['id']}/print?what=labels&volume={receipt['volumes'][1]['id']}").text
    assert labels.count('class="label"') == 1 and "诉讼文书卷一" not in labels


def drawn(path: str, np: Any) -> Any:
    """The picture that a path of horizontal strokes (M, m, h) of width 1 draws, eight pixels a module."""
    picture = np.full((41, 41), 255, np.uint8)
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", path):
        values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            picture[int(y), int(x) : int(x + values[0])] = 0
            x += values[0]
    return np.kron(picture, np.ones((8, 8), np.uint8))


def test_the_form_keeps_the_name_of_a_volume_that_is_more_than_its_number(room: Room) -> None:
    room.add_user("傅溪", OPERATOR)
    browser = room.signed_in_as("傅溪")
    volumes = [
        {"kind": "证据材料卷", "number": 2},
        {"kind": "证据材料卷", "number": 2, "name": "证据卷2(补)"},
        {"kind": "随案移送卷", "number": 1},
    ]
    came = {**RECEIPT, "volumes": volumes, "delivery": {"kind": "return", "number": 4}}
    receipt = browser.post("/api/v1/receipts", json=came).json()
    form = browser.get(f"/receipts/{receipt['id']}/correct").text
    assert re.findall(r'<input name="name"[^>]* value="([^"]*)"', form) == ["", "证据卷2(补)", "随案移送卷一"]
    assert '<option value="return-4" selected>' in form


def test_a_volume_that_has_gone_out_of_sight_is_told_of_no_more(room: Room) -> None:
    room.add_user("傅溪", OPERATOR)
    browser = room.signed_in_as("傅溪")
    receipt = browser.post("/api/v1/receipts", json=RECEIPT).json()
    hidden = {"numbers": [{"number": "临检起诉受[2031]99010100032号"}]}
    split = {"volumes": [receipt["volumes"][0]["id"]], "case": hidden}
    into = browser.post(f"/api/v1/cases/{receipt['case_id']}/split", json=split).json()
    with room.scanroom.catalogue.writing() as session:
        session.get_one(Case, into["id"]).sealed = True
    for seen in (browser.get(f"/api/v1/receipts/{receipt['id']}").text, browser.get("/receipts").text):
        assert "诉讼文书卷一" not in seen
    assert "诉讼文书卷一" not in browser.get(f"/receipts/{receipt['id']}/print").text
