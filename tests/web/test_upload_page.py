"""The upload page's own routes: whose case a folder is, and what has become of uploads."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from scanroom import CASE
from site_under_test import Room
from starlette.testclient import TestClient

from dossier import permissions
from dossier.catalogue.tables import Arrival, Case
from dossier.viewers import CHECKER, OPERATOR

NEW = "沪东检诉受[2031]31011500099号"


def base(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def recognised(browser: TestClient, *folders: str) -> list[dict[str, Any]]:
    answer = browser.post("/upload/folders", json={"folders": list(folders)})
    assert answer.status_code == 200
    return list(answer.json()["folders"])


def send(browser: TestClient, case_id: str, volume: str, path: str, content: bytes) -> str:
    told = f"case {base(case_id)},volume {base(volume)},path {base(path)}"
    begun = browser.post("/api/v1/uploads", headers={"Upload-Length": str(len(content)), "Upload-Metadata": told})
    assert begun.status_code == 201
    where = begun.headers["Location"]
    headers = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert browser.patch(where, content=content, headers=headers).status_code == 204
    return where.rpartition("/")[2]


def outcomes(browser: TestClient, *uploads: str) -> list[dict[str, Any]]:
    return list(browser.post("/upload/outcomes", json={"uploads": uploads}).json()["outcomes"])


def test_a_folder_whose_name_bears_a_number_is_its_case(browser: TestClient) -> None:
    known, new, none = recognised(browser, f"闵照屿等3人诈骗案{CASE}", NEW, "证据材料卷二")
    assert (known["state"], known["case"]["number"]) == ("known", CASE)
    assert known["case"]["volumes"] == ["证据材料卷一"]
    assert (new["state"], new["case"], new["numbers"]) == ("new", None, [NEW])
    assert (none["state"], none["numbers"]) == ("unclaimed", [])


def test_to_recognise_opens_no_case_and_to_open_one_twice_is_one(browser: TestClient) -> None:
    recognised(browser, NEW, "某某的材料")
    assert recognised(browser, NEW)[0]["state"] == "new"
    opened = [browser.post("/upload/case", json={"folder": f"{NEW}某案"}).json()["id"] for _ in range(2)]
    assert opened[0] == opened[1]
    assert recognised(browser, NEW)[0]["case"]["id"] == opened[0]


def test_what_bears_no_number_waits_as_in_the_inbox(room: Room) -> None:
    browser = room.signed_in()
    waiting = browser.post("/upload/case", json={"folder": "某某的材料"}).json()["id"]
    loose = browser.post("/upload/case", json={"folder": ""}).json()["id"]
    with room.scanroom.catalogue.reading() as session:
        assert [session.get_one(Case, each).state for each in (waiting, loose)] == ["unclaimed", "unclaimed"]
        assert session.get_one(Case, loose).folder == ""
    assert "unclaimed" in {row["code"] for row in browser.get("/api/v1/status").json()["attention"]}


def test_a_case_is_found_by_a_part_of_its_number_or_name(browser: TestClient) -> None:
    browser.post("/upload/case", json={"folder": f"{NEW}祝青禾案"})
    for asked, count in (("31011500099", 1), ("祝青禾", 1), ("〔2031〕310115", 2), ("", 2), ("没有", 0), ("%", 0)):
        assert len(browser.get("/upload/cases", params={"q": asked}).json()["cases"]) == count, asked


def test_a_case_out_of_sight_takes_nothing_and_is_not_told(room: Room) -> None:
    with room.scanroom.catalogue.writing() as session:
        permissions.move(session, session.query(Case).one(), "第一检察部", "test")
    room.add_user("祝青禾", OPERATOR, "第二检察部")
    other = room.signed_in_as("祝青禾")
    (folder,) = recognised(other, CASE)
    assert (folder["state"], folder["case"]) == ("hidden", None)
    refused = other.post("/upload/case", json={"folder": CASE}, headers={"Accept": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (409, "number_taken")
    assert other.get("/upload/cases").json()["cases"] == []


def test_what_the_server_has_is_said_with_files_that_came_twice(room: Room) -> None:
    browser = room.signed_in()
    case_id = recognised(browser, CASE)[0]["case"]["id"]
    first = send(browser, case_id, "证据材料卷二", "讯问笔录/0001.jpg", b"a page")
    again = send(browser, case_id, "证据材料卷二", "讯问笔录/0001.jpg", b"a page")
    copy = send(browser, case_id, "证据材料卷三", "0007.jpg", b"a page")
    told = {outcome["upload_id"]: outcome for outcome in outcomes(browser, first, again, copy, "t0")}
    assert set(told) == {first, again, copy}
    assert {outcome["sha256"] for outcome in told.values()} == {hashlib.sha256(b"a page").hexdigest()}
    assert [told[each]["came_before"] for each in (first, again, copy)] == [False, True, False]
    assert told[again]["file_id"] == told[first]["file_id"]
    assert told[copy]["elsewhere"] == ["证据材料卷二/讯问笔录/0001.jpg"]


def test_what_a_separator_sheet_has_split_off_is_no_file_that_came_twice(room: Room) -> None:
    browser = room.signed_in()
    upload = send(browser, recognised(browser, CASE)[0]["case"]["id"], "证据材料卷二", "stack.tif", b"a stack")
    (came,) = outcomes(browser, upload)
    with room.scanroom.catalogue.writing() as session:
        whole = session.get_one(Arrival, came["file_id"])
        session.add(
            Arrival(
                case_id=whole.case_id, volume_id=room.scanroom.volume_id(), sha256=whole.sha256, source=whole.source,
                path="分隔页-p0/stack.tif", origin=whole.origin, split_from=whole.id,
            )
        )  # fmt: skip
    assert outcomes(browser, upload)[0]["elsewhere"] == []


def test_uploads_of_others_are_not_told(room: Room) -> None:
    browser = room.signed_in()
    upload = send(browser, recognised(browser, CASE)[0]["case"]["id"], "证据材料卷二", "0001.jpg", b"a page")
    assert len(outcomes(browser, upload)) == 1
    # The one-time password ends with the first user.
    room.add_user("傅溪", OPERATOR)
    assert outcomes(room.signed_in_as("傅溪"), upload) == []


@pytest.mark.parametrize(("role", "is_offered"), [(OPERATOR, True), (CHECKER, False)])
def test_the_page_is_for_whoever_takes_volumes_in(room: Room, role: str, is_offered: bool) -> None:
    room.add_user("段知行", role)
    browser = room.signed_in_as("段知行")
    assert (browser.get("/upload").status_code == 200) is is_offered
    assert ('href="/upload"' in browser.get("/board").text) is is_offered
