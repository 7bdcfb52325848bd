"""The roster over the API: a spreadsheet goes up, the matrix comes down."""

from __future__ import annotations

import io
import threading
from dataclasses import replace

import pytest
from openpyxl import load_workbook
from scanroom import CASE
from site_under_test import PASSWORD, Room
from sqlalchemy import select
from starlette.testclient import TestClient

from dossier import permissions
from dossier.catalogue.tables import Case
from dossier.viewers import PROSECUTOR, READ, SEARCH, Viewer
from indexer.roster.matrix import Matrix
from indexer.roster.search import Progress, RosterSearcher
from indexer.roster.sheet import MOST_BYTES
from indexer.roster.workbook import MEDIA_TYPE
from search_api.app import create_app

PEOPLE = "姓名,手机号\n林晓禾,13900004417\n周望舒,\n闻人遥,\n".encode("gbk")


@pytest.fixture
def client(room: Room) -> TestClient:
    return room.signed_in()


def upload(content: bytes = PEOPLE) -> dict[str, tuple[str, bytes, str]]:
    return {"file": ("名册.csv", content, "text/csv")}


def test_a_roster_comes_back_as_a_matrix_in_json(client: TestClient) -> None:
    answer = client.post("/api/v1/roster", files=upload())

    assert answer.status_code == 200
    body = answer.json()
    assert body["coverage"] == {"searchable": 2, "parked": 0, "pages": 3}
    assert [(person["name"], person["pages"], person["matched"]["phone"]) for person in body["people"]] == [
        ("林晓禾", 1, 1),
        ("周望舒", 1, None),
        ("闻人遥", 0, None),
    ]
    assert body["people"][1]["citations"][0]["citation"] == "证据卷一图像第2页"


def test_a_roster_comes_back_as_a_workbook_where_that_is_accepted(client: TestClient) -> None:
    answer = client.post("/api/v1/roster", files=upload(), headers={"Accept": MEDIA_TYPE})

    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["cache-control"] == "no-store"
    book = load_workbook(io.BytesIO(answer.content))
    assert [row[1].value for row in book["名册"]] == ["姓名", "林晓禾", "周望舒", "闻人遥"]


def test_what_is_no_roster_is_a_problem_that_names_the_place(client: TestClient) -> None:
    answer = client.post("/api/v1/roster", files=upload(("姓名,手机\n" + "林" * 61).encode()))

    assert (answer.status_code, answer.json()["code"]) == (422, "roster_refused")
    assert "row 2, column A" in answer.json()["detail"]


def test_a_case_that_nobody_knows_is_a_problem(client: TestClient) -> None:
    answer = client.post("/api/v1/roster", files=upload(), data={"case": "临检起诉受[2031]1号"})

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_request_without_a_file_is_a_problem(client: TestClient) -> None:
    answer = client.post("/api/v1/roster", data={"case": ""})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_a_stranger_gets_nothing(client: TestClient) -> None:
    client.cookies.clear()

    answer = client.post("/api/v1/roster", files=upload())

    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


def test_another_sites_form_gets_nothing(client: TestClient) -> None:
    answer = client.post("/api/v1/roster", files=upload(), headers={"Origin": "http://elsewhere.example"})

    assert (answer.status_code, answer.json()["code"]) == (403, "origin_refused")


def test_only_this_route_takes_large_bodies_and_these_not_without_end(client: TestClient) -> None:
    large = PEOPLE + b"\n" * 1_000_000

    assert client.post("/api/v1/roster", files=upload(large)).status_code == 200
    assert client.post("/logout", files=upload(large)).status_code == 413
    refused = client.post("/api/v1/roster", files=upload(bytes(MOST_BYTES + 20_000)))
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert (refused.json()["title"], refused.json()["remedy"]) == ("文件超过 10 MB。", "请拆分后分别上传。")


def test_one_roster_is_searched_at_a_time(room: Room) -> None:
    searching, go_on = threading.Event(), threading.Event()
    searcher = RosterSearcher(room.scanroom.catalogue, room.scanroom.vault, room.scanroom.engine)

    def slow(
        content: bytes, case: str | None = None, progress: Progress = lambda done, total: None, *, viewer: Viewer
    ) -> Matrix:
        searching.set()
        assert go_on.wait(60)
        return searcher.search(content, case, viewer=viewer)

    scanroom = room.scanroom
    app = create_app(scanroom.home, scanroom.catalogue, scanroom.vault, scanroom.searcher, PASSWORD, roster=slow)
    first, other = (replace(room, app=app).signed_in() for _ in range(2))
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(first.post("/api/v1/roster", files=upload()).status_code))
    thread.start()
    assert searching.wait(60)
    second = other.post("/api/v1/roster", files=upload())
    go_on.set()
    thread.join(60)

    assert (second.status_code, second.json()["code"], second.headers["retry-after"]) == (429, "roster_busy", "10")
    assert answers == [200]
    assert first.post("/api/v1/roster", files=upload()).status_code == 200


def test_the_api_describes_both_answers(client: TestClient) -> None:
    described = client.get("/api/v1/openapi.json").json()["paths"]["/api/v1/roster"]["post"]

    assert set(described["responses"]["200"]["content"]) == {"application/json", MEDIA_TYPE}


DEPARTMENT = "第一检察部"


@pytest.fixture
def office(room: Room) -> Room:
    """The room, its case given to a department, and a user of it and one of another."""
    with room.scanroom.catalogue.writing() as session:
        permissions.move(session, session.scalars(select(Case)).one(), DEPARTMENT, "test")
    room.scanroom.make_searchable()
    room.add_user("闵榆", PROSECUTOR, DEPARTMENT)
    room.add_user("邬怀青", PROSECUTOR, "第二检察部")
    return room


def found(browser: TestClient) -> tuple[list[int], int, list[str]]:
    """Pages of each person, pages in all, and kinds of document."""
    body = browser.post("/api/v1/roster", files=upload()).json()
    return [person["pages"] for person in body["people"]], body["coverage"]["pages"], body["kinds"]


def test_a_roster_finds_and_counts_only_what_its_asker_sees(office: Room) -> None:
    assert found(office.signed_in_as("闵榆")) == ([1, 1, 0], 3, ["未命名材料"])
    assert found(office.signed_in_as("邬怀青")) == ([0, 0, 0], 0, [])


def test_a_roster_in_a_case_out_of_sight_is_one_in_no_case(office: Room) -> None:
    outsider = office.signed_in_as("邬怀青")
    hidden = outsider.post("/api/v1/roster", files=upload(), data={"case": CASE})
    unknown = outsider.post("/api/v1/roster", files=upload(), data={"case": "临检起诉受[2031]99010100001号"})

    assert hidden.status_code == unknown.status_code == 404
    assert hidden.json() | {"detail": ""} == unknown.json() | {"detail": ""}


def test_sealing_acts_on_the_next_roster(office: Room) -> None:
    browser = office.signed_in_as("闵榆")
    with office.scanroom.catalogue.writing() as session:
        permissions.seal(session, session.scalars(select(Case)).one(), "test")

    assert found(browser) == ([0, 0, 0], 0, [])


def test_a_program_needs_the_scope_for_searching(office: Room) -> None:
    allowed = office.with_key(SEARCH, departments=(DEPARTMENT,))
    refused = office.with_key(READ, departments=(DEPARTMENT,))

    assert found(allowed) == ([1, 1, 0], 3, ["未命名材料"])
    assert refused.post("/api/v1/roster", files=upload()).json()["code"] == "scope_missing"
