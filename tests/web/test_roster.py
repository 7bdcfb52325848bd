"""The roster over the API: a spreadsheet goes up, the matrix comes down."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from openpyxl import load_workbook
from site_under_test import PASSWORD, Room
from starlette.testclient import TestClient

from indexer.roster.matrix import Matrix
from indexer.roster.search import RosterSearcher
from indexer.roster.sheet import MOST_BYTES
from indexer.roster.workbook import MEDIA_TYPE
from search_api.app import create_app
from search_api.site import RosterFunction

PEOPLE = "姓名,手机号\n林晓禾,13900004417\n周望舒,\n闻人遥,\n".encode("gbk")


def site(room: Room, roster: RosterFunction) -> FastAPI:
    scanroom = room.scanroom
    return create_app(
        scanroom.home, scanroom.catalogue, scanroom.vault, scanroom.searcher.search, PASSWORD, roster=roster
    )


def signed_in(app: FastAPI) -> TestClient:
    client = TestClient(app, base_url="http://localhost", follow_redirects=False)
    assert client.post("/login", data={"password": PASSWORD}).status_code == 303
    return client


@pytest.fixture
def client(room: Room) -> Iterator[TestClient]:
    scanroom = room.scanroom
    yield signed_in(site(room, RosterSearcher(scanroom.catalogue, scanroom.vault, scanroom.engine).search))


def upload(content: bytes = PEOPLE) -> dict[str, tuple[str, bytes, str]]:
    return {"file": ("名册.csv", content, "text/csv")}


def test_a_roster_comes_back_as_a_matrix_in_json(client: TestClient) -> None:
    answer = client.post("/api/v1/roster", files=upload())

    assert answer.status_code == 200
    body = answer.json()
    assert body["coverage"] == {"searchable": 2, "parked": 0, "pages": 3}
    assert [(person["name"], person["pages"], person["matched"]["phone"]) for person in body["people"]] == [
        ("林晓禾", 1, 1),
        ("周望舒", 1, 0),
        ("闻人遥", 0, 0),
    ]
    assert body["people"][1]["citations"][0]["citation"] == "证据材料卷一图像第2页"


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

    assert client.post("/api/v1/roster", files=upload(large)).status_code == 422  # that many rows, but it was read
    assert client.post("/logout", files=upload(large)).status_code == 413
    assert client.post("/api/v1/roster", files=upload(bytes(MOST_BYTES + 20_000))).status_code == 413


def test_one_roster_is_searched_at_a_time(room: Room) -> None:
    searching, go_on = threading.Event(), threading.Event()
    searcher = RosterSearcher(room.scanroom.catalogue, room.scanroom.vault, room.scanroom.engine)

    def slow(content: bytes, case: str | None = None) -> Matrix:
        searching.set()
        assert go_on.wait(60)
        return searcher.search(content, case)

    app = site(room, slow)
    first = signed_in(app)
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(first.post("/api/v1/roster", files=upload()).status_code))
    thread.start()
    assert searching.wait(60)
    second = signed_in(app).post("/api/v1/roster", files=upload())
    go_on.set()
    thread.join(60)

    assert (second.status_code, second.json()["code"], second.headers["retry-after"]) == (429, "roster_busy", "10")
    assert answers == [200]
    assert first.post("/api/v1/roster", files=upload()).status_code == 200


def test_the_api_describes_both_answers(client: TestClient) -> None:
    described = client.get("/api/v1/openapi.json").json()["paths"]["/api/v1/roster"]["post"]

    assert set(described["responses"]["200"]["content"]) == {"application/json", MEDIA_TYPE}
