"""Doubles and gaps beside each other on a volume's page, with the calls that answer them."""

from __future__ import annotations

import html
import json
import re

from site_under_test import Room
from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import flags
from dossier.catalogue.tables import Arrival, Case, Page
from dossier.page_labels import candidates_as_json, settle_labels
from dossier.reading import Box, LabelCandidate
from dossier.viewers import CHECKER, OPERATOR

ELSEWHERE = "沪东检诉受[2031]31011500099号"


def labelled(room: Room, page_id: str, label: str) -> None:
    """As if a stamp had been read in the corner."""
    stamp = LabelCandidate(label, Box(0.88, 0.02, 0.94, 0.04))
    with room.scanroom.catalogue.writing() as session:
        page = session.get_one(Page, page_id)
        page.label_candidates, page.state = candidates_as_json((stamp,)), "searchable"


def as_if_equal(room: Room, page_id: str, other_id: str) -> None:
    """As if both had come in the same bytes, the first one later."""
    with room.scanroom.catalogue.writing() as session:
        page, other = session.get_one(Page, page_id), session.get_one(Page, other_id)
        session.get_one(Arrival, page.arrival_id).sha256 = session.get_one(Arrival, other.arrival_id).sha256
        flags.raise_flag(session, "arrival", page.arrival_id, page.case_id, "repeated", path="0003.jpg")


def calls(text: str) -> list[tuple[str, str, object]]:
    """The buttons beside the pairs: words, address, body."""
    part = text[text.index('id="labels"') : text.index('id="table"')]
    found = re.findall(r'<button[^>]*data-address="([^"]+)" data-body="([^"]*)"[^>]*>(.*?)</button>', part, re.DOTALL)
    return [
        (re.sub(r"<[^>]+>|\s", "", words), address, json.loads(html.unescape(body))) for address, body, words in found
    ]


def test_equal_files_stand_beside_each_other_until_somebody_says_what_they_are(room: Room) -> None:
    first, _, third = room.page_ids
    as_if_equal(room, third, first)
    room.add_user("傅溪", OPERATOR)
    room.add_user("闵榆", CHECKER)
    maker, checker = room.signed_in_as("傅溪"), room.signed_in_as("闵榆")
    address = f"/volumes/{room.scanroom.volume_id()}"

    offered = {words: (call, body) for words, call, body in calls(maker.get(address).text)}
    assert offered["两页都保留"] == (f"/api/v1/pages/{third}/double", {"other": first, "verdict": "kept"})
    assert offered["不是重复"] == (f"/api/v1/pages/{third}/double", {"other": first, "verdict": "different"})
    assert offered["移出左边一页"] == (f"/api/v1/pages/{first}/remove", {"reason": "重复扫描"})
    # Whoever checks sees both, and changes nothing.
    seen = checker.get(address).text
    assert "两个文件一模一样" in seen
    assert calls(seen) == []

    call, body = offered["两页都保留"]
    answer = maker.post(call, json=body)
    assert calls(maker.get(address).text) == []
    for undo in answer.json()["undo"]:
        assert maker.post(undo["address"], json=undo["body"]).status_code == 200
    assert len(calls(maker.get(address).text)) == 4


def test_the_earlier_file_of_a_case_out_of_sight_is_not_shown(room: Room) -> None:
    other = room.scanroom.receive("0001.jpg", case=ELSEWHERE)
    as_if_equal(room, room.page_ids[0], other)
    room.add_user("傅溪", OPERATOR)
    with room.scanroom.catalogue.writing() as session:
        hidden = session.scalars(select(Case).where(Case.id == session.get_one(Page, other).case_id)).one()
        hidden.department = "第九检察部"
    text = room.signed_in_as("傅溪").get(f"/volumes/{volume_of(room)}").text

    assert "两个文件一模一样" not in text
    assert other not in text
    refused = room.signed_in_as("傅溪").post(
        f"/api/v1/pages/{room.page_ids[0]}/double", json={"other": other, "verdict": "kept"}
    )
    assert refused.status_code == 404


def volume_of(room: Room) -> str:
    return room.scanroom.page(room.page_ids[0]).volume_id


def test_a_gap_stands_between_its_neighbours_with_the_late_page_that_may_fill_it(room: Room) -> None:
    ids = [*room.page_ids, *(room.scanroom.receive(f"{number:04}.jpg") for number in (4, 5))]
    for page_id, label in zip(ids, ("1", "2", "4", "5", "6"), strict=True):
        labelled(room, page_id, label)
    late = room.scanroom.receive("0006.jpg")
    with room.scanroom.catalogue.writing() as session:
        session.get_one(Page, late).state = "searchable"
        session.flush()
        settle(session, room)
    maker = room.signed_in()
    address = f"/volumes/{room.scanroom.volume_id()}"

    offered = {words: (call, body) for words, call, body in calls(maker.get(address).text)}
    assert offered["纸上本来就缺"] == (f"/api/v1{address}/known-gap", {"gap": "3"})
    call, body = offered["图像第6页"]
    assert (call, body) == (f"/api/v1/pages/{late}/insert", {"after": ids[1]})
    assert maker.post(call, json=body).status_code == 200
    order = maker.get(f"/api/v1{address}/pages").json()["pages"]
    assert [page["page_id"] for page in order] == [*ids[:2], late, *ids[2:]]
    # It has a place to stand on now: the number is proposed, and nothing is missing.
    assert calls(maker.get(address).text) == []


def settle(session: Session, room: Room) -> None:
    settle_labels(session, session.get_one(Page, room.page_ids[0]).volume_id)
