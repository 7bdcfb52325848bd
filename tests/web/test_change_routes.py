"""The feed of changes: nothing skipped, nothing told of what is out of sight."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from site_under_test import Room
from starlette.testclient import TestClient

from dossier import changes, permissions
from dossier.catalogue.tables import Case, ChangeRow, Page
from dossier.contents import Contents
from dossier.errors import DamagedFile

SHEET = Contents("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


def feed(client: TestClient, after: str = "", **parameters: Any) -> dict[str, Any]:
    answer = client.get("/api/v1/changes", params={"after": after, **parameters})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def told(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(change["kind"], change["file_id"]) for change in body["changes"]]


def test_what_came_and_became_searchable_is_told_in_its_order(room: Room) -> None:
    first, second, third = (room.scanroom.page(page_id) for page_id in room.page_ids)
    body = feed(room.with_key("read"))

    files = [page.arrival_id for page in (first, second, third)]
    assert told(body)[:3] == [("received", file) for file in files]
    assert sorted(told(body)[3:]) == sorted(("searchable", file) for file in files[:2])
    assert (body["more"], {change["case_id"] for change in body["changes"]}) == (False, {first.case_id})


def test_a_refused_file_an_attachment_and_a_dead_letter_are_told_of(room: Room) -> None:
    program = room.with_key("read")
    after = feed(program)["after"]

    refused = room.scanroom.receive("坏.pdf", contents=Contents(refusal=DamagedFile("x")))
    sheet = room.scanroom.receive("表.xlsx", contents=SHEET)
    body = feed(program, after)

    assert told(body) == [("received", refused), ("failed", refused), ("received", sheet), ("attached", sheet)]
    assert body["changes"][1]["error"]["code"] == "damaged"


def test_a_file_is_searchable_when_the_last_of_its_pages_is(room: Room) -> None:
    program = room.with_key("read")
    after = feed(program)["after"]
    third = room.scanroom.page(room.page_ids[2])
    with room.scanroom.catalogue.writing() as session:
        session.add(
            Page(
                case_id=third.case_id, volume_id=third.volume_id, document_id=third.document_id, index_in_file=1,
                arrival_id=third.arrival_id, source_kind="picture", order_key="z", page_number=4, width=1, height=1,
                dpi=100.0,
            )
        )  # fmt: skip
    room.scanroom.read(third.id, ["林晓禾"])
    room.scanroom.make_searchable()
    assert told(feed(program, after)) == []

    with room.scanroom.catalogue.writing() as session:
        last = session.query(Page).filter_by(arrival_id=third.arrival_id, index_in_file=1).one().id
    room.scanroom.read(last, ["周望舒"])
    room.scanroom.make_searchable()
    assert told(feed(program, after)) == [("searchable", third.arrival_id)]


def test_portions_join_without_a_gap_and_without_a_double(room: Room) -> None:
    program = room.with_key("read")
    for number in range(7):
        room.scanroom.receive(f"卷/{number}.jpg")
    whole, after, more, joined = feed(program), "", True, []
    while more:
        body = feed(program, after, limit=3)
        joined += body["changes"]
        after, more = body["after"], body["more"]

    assert joined == whole["changes"]
    assert after == whole["after"]
    assert feed(program, after)["changes"] == []


def test_what_is_rolled_back_is_not_told_and_takes_no_number(room: Room) -> None:
    with pytest.raises(RuntimeError), room.scanroom.catalogue.writing() as session:
        changes.record(session, changes.APPROVED, volume_id=room.scanroom.volume_id())
        raise RuntimeError
    with room.scanroom.catalogue.writing() as session:
        changes.record(session, changes.APPROVED, volume_id=room.scanroom.volume_id())
    with room.scanroom.catalogue.reading() as session:
        numbers = [row.number for row in session.query(ChangeRow).order_by(ChangeRow.number)]

    assert numbers == list(range(1, len(numbers) + 1))
    assert feed(room.with_key("read"))["changes"][-1]["kind"] == "approved"


def test_changes_of_cases_out_of_sight_are_not_told(room: Room) -> None:
    of_department = room.with_key("read", departments=("第一检察部",))
    everywhere = room.with_key("read")
    assert feed(of_department)["changes"] == []
    after = feed(of_department)["after"]

    with room.scanroom.catalogue.writing() as session:
        case = session.get_one(Case, room.scanroom.page(room.page_ids[0]).case_id)
        permissions.seal(session, case, "test")
    room.scanroom.receive("0009.jpg", case="沪东检诉受[2031]31011500078号")

    assert [change["case_number"] for change in feed(everywhere)["changes"]] == ["沪东检诉受[2031]31011500078号"]
    assert feed(of_department, after)["changes"] == []


@pytest.mark.parametrize("after", ["1", "zz", "ffffff-1", "1-0", "-", "1-", "9" * 90])
def test_a_place_that_the_catalogue_does_not_have_is_gone(room: Room, after: str) -> None:
    answer = room.with_key("read").get("/api/v1/changes", params={"after": after})
    assert (answer.status_code, answer.json()["code"]) == (410, "cursor_unknown")


def test_a_place_from_before_a_restore_is_gone_though_its_number_is_there_again(room: Room) -> None:
    program = room.with_key("read")
    after = feed(program)["after"]
    with room.scanroom.catalogue.writing() as session:
        last = session.query(ChangeRow).order_by(ChangeRow.number.desc()).first()
        assert last is not None
        last.at += 5.0
    assert program.get("/api/v1/changes", params={"after": after}).status_code == 410


def test_who_waits_is_told_when_something_happens_and_released_when_nothing_does(room: Room) -> None:
    program = room.with_key("read")
    after = feed(program)["after"]
    answers: list[dict[str, Any]] = []
    waiting = threading.Thread(target=lambda: answers.append(feed(program, after, wait=50)))
    waiting.start()
    time.sleep(0.5)
    came = room.scanroom.receive("0010.jpg")
    waiting.join(40)

    file_id = room.scanroom.page(came).arrival_id
    assert [told(body) for body in answers] == [[("received", file_id)]]
    assert feed(program, answers[0]["after"], wait=0.3)["changes"] == []
    assert program.get("/api/v1/changes", params={"wait": 3600}).status_code == 422
