"""Problems: one shape for everything that goes wrong."""

from __future__ import annotations

import logging

import pytest
from site_under_test import PASSWORD, Room
from starlette.testclient import TestClient

from dossier.errors import EdossierError, EngineUnreachable, every_error
from indexer.engine import Hits, Search
from indexer.search import Searcher
from indexer.tantivy_engine import TantivyEngine
from search_api.app import create_app
from search_api.problems import problem_of

FIELDS = {"type", "title", "status", "detail", "code", "remedy"}


def test_every_error_of_the_project_has_a_status_and_keeps_its_code() -> None:
    for code, kind in every_error().items():
        problem = problem_of(kind("x"))
        assert problem.code == code
        assert 400 <= problem.status <= 599
        assert problem.title == kind.chinese


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("DELETE", "/api/v1/status", 405, "method_not_allowed"),
        ("GET", "/api/v1/pages/p00/text", 404, "not_found"),
        ("GET", "/api/v1/search", 422, "invalid_request"),
    ],
)
def test_problems_have_one_shape(browser: TestClient, method: str, path: str, status: int, code: str) -> None:
    answer = browser.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) == FIELDS
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"urn:edossier:problem:{code}"
    assert problem["remedy"]


def test_a_person_gets_a_page_and_a_program_json(browser: TestClient) -> None:
    page = browser.get("/nothing", headers={"accept": "text/html"})
    assert page.status_code == 404
    assert "没有这个页面" in page.text
    problem = browser.get("/nothing", headers={"accept": "application/json"})
    assert problem.json()["code"] == "not_found"


def browser_of_broken_engine(room: Room, fault: Exception) -> TestClient:
    class Broken(TantivyEngine):
        def search(self, search: Search, limit: int, offset: int = 0, after: str = "") -> Hits:
            raise fault

    scanroom = room.scanroom
    searcher = Searcher(scanroom.catalogue, scanroom.vault, Broken(scanroom.home.index))
    app = create_app(scanroom.home, scanroom.catalogue, scanroom.vault, searcher, PASSWORD)
    return Room(scanroom, app, room.page_ids).signed_in()


def test_a_fault_of_ours_is_logged_and_tells_nothing_of_the_inside(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    browser = browser_of_broken_engine(room, RuntimeError("the secret inside"))
    with caplog.at_level(logging.ERROR):
        problem = browser.get("/api/v1/search?q=a")
        page = browser.get("/?q=a")
    assert (problem.status_code, problem.json()["code"]) == (500, "internal")
    assert page.status_code == 500
    assert EdossierError.chinese in page.text
    for answer in (problem, page):
        assert "secret" not in answer.text
        assert answer.headers["x-frame-options"] == "DENY"
    assert caplog.text.count("\nRuntimeError: the secret inside") == 2


def test_a_service_that_is_away_is_described_in_the_log_alone(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    browser = browser_of_broken_engine(room, EngineUnreachable("/srv/secret/index: permission denied"))
    with caplog.at_level(logging.ERROR):
        problem = browser.get("/api/v1/search?q=a")
        page = browser.get("/?q=a")
    for answer in (problem, page):
        assert answer.status_code == 503
        assert EngineUnreachable.chinese in answer.text
        assert "secret" not in answer.text
    assert caplog.text.count("/srv/secret/index: permission denied") == 2
