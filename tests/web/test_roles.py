"""What each role may ask: every role at every route. A route that is forgotten here fails."""

from __future__ import annotations

import pytest
from site_under_test import Room
from starlette.testclient import TestClient

from dossier.viewers import ADMIN, AUDITOR, CHECKER, OPERATOR, ROLES
from search_api.access import ACCESS

UNKNOWN = "x" * 21

# What those may ask who read no content; all other routes tell of cases, and are closed to them.
FOR_EVERYBODY = {
    ("GET", "/"),
    ("GET", "/login"),
    ("POST", "/login"),
    ("GET", "/login/oidc"),
    ("GET", "/login/oidc/back"),
    ("POST", "/logout"),
    ("GET", "/password"),
    ("POST", "/password"),
    ("GET", "/api/v1/health"),
    ("GET", "/api/v1/openapi.json"),
}
FOR_AUDITORS = {("GET", "/admin/audit")}
FOR_MANAGERS = {
    ("GET", "/admin"),
    ("GET", "/admin/cases"),
    ("GET", "/admin/cases/{case_id}"),
    ("POST", "/admin/cases/{case_id}/grant"),
    ("POST", "/admin/cases/{case_id}/move"),
    ("POST", "/admin/cases/{case_id}/revoke"),
    ("POST", "/admin/cases/{case_id}/seal"),
    ("POST", "/admin/cases/{case_id}/unseal"),
    ("GET", "/admin/departments"),
    ("GET", "/admin/first"),
    ("POST", "/admin/first"),
    ("GET", "/admin/keys"),
    ("POST", "/admin/keys"),
    ("POST", "/admin/keys/{key_id}/revoke"),
    ("POST", "/admin/retry"),
    ("GET", "/admin/settings"),
    ("GET", "/admin/statistics"),
    ("GET", "/admin/users"),
    ("POST", "/admin/users"),
    ("GET", "/admin/users/{user_id}"),
    ("POST", "/admin/users/{user_id}/departments"),
    ("POST", "/admin/users/{user_id}/disable"),
    ("POST", "/admin/users/{user_id}/password"),
    ("POST", "/admin/users/{user_id}/role"),
    ("GET", "/admin/webhooks"),
    ("POST", "/admin/webhooks"),
    ("POST", "/admin/webhooks/{webhook_id}/remove"),
    ("POST", "/admin/webhooks/{webhook_id}/revive"),
}

_WRITTEN_BY_READERS = ("/transcriptions", "/carried")
# Whatever changes a case, a volume, a document, a file or a page, by its address; excerpts are their owner's.
FOR_PREPARERS = {
    (method, path)
    for method, path in ACCESS
    if path.startswith(("/api/v1/uploads", "/upload"))
    or (method not in ("GET", "HEAD") and path.startswith(("/api/v1/cases", "/api/v1/volumes", "/api/v1/documents")))
    or (method not in ("GET", "HEAD") and path.startswith("/api/v1/files"))
    or (method not in ("GET", "HEAD") and path.startswith("/api/v1/receipts"))
    or path
    in (
        "/pages/{page_id}/crop",
        "/volumes/{volume_id}/sides",
        "/receipts/new",
        "/receipts/{receipt_id}/correct",
        "/receipts/{receipt_id}/print",
    )
    or (method not in ("GET", "HEAD") and path.startswith("/api/v1/pages") and not path.endswith(_WRITTEN_BY_READERS))
}
# Whoever works with a case, or prepares it, says what stands on its pages; a checker only looks.
FOR_TRANSCRIBERS = {
    ("POST", "/api/v1/pages/{page_id}/transcriptions"),
    ("POST", "/api/v1/pages/{page_id}/carried"),
    ("PATCH", "/api/v1/transcriptions/{transcription_id}"),
    ("DELETE", "/api/v1/transcriptions/{transcription_id}"),
}
# What a checker decides, and nobody who makes volumes.
FOR_CHECKERS = {
    ("POST", f"/api/v1/volumes/{{volume_id}}/{deed}")
    for deed in ("approve", "refuse", "faults", "withdraw-fault", "unshown")
}
# Which pages one has seen oneself.
FOR_READERS = {("POST", "/api/v1/volumes/{volume_id}/seen")}
FOR_PREPARERS -= FOR_CHECKERS | FOR_READERS
# Only for some of those who read content.
FOR_SOME = {
    **{route: {OPERATOR} for route in FOR_PREPARERS},
    **{route: {CHECKER} for route in FOR_CHECKERS},
    **{route: set(ROLES) - {ADMIN, AUDITOR, CHECKER} for route in FOR_TRANSCRIBERS},
    **{route: {ADMIN, AUDITOR} for route in FOR_AUDITORS},
    **{route: {ADMIN} for route in FOR_MANAGERS},
}
READERS = set(ROLES) - {ADMIN, AUDITOR}


def refusal(client: TestClient, method: str, path: str) -> str:
    """The code of a refusal for who asks, "" where there is none; the deed itself may be impossible."""
    names = [part.partition("}")[0] for part in path.split("{")[1:]]
    answer = client.request(
        method, path.format(**dict.fromkeys(names, UNKNOWN)), headers={"Accept": "application/json"}
    )
    if method == "HEAD" and answer.status_code == 403:
        return "role_missing"  # of a person; it has no body that says so
    if answer.status_code in (401, 403):
        return str(answer.json()["code"]) if "json" in answer.headers.get("content-type", "") else "not_signed_in"
    return ""


@pytest.fixture
def clients(room: Room) -> dict[str, TestClient]:
    for role, word in ROLES.items():
        room.add_user(f"某{word}", role, "第一检察部")
    return {role: room.signed_in_as(f"某{word}") for role, word in ROLES.items()}


def test_every_role_may_ask_what_is_for_it_and_nothing_else(clients: dict[str, TestClient]) -> None:
    wrong = []
    for method, path in sorted(ACCESS):
        if path in ("/login", "/logout"):
            continue
        route = (method, path)
        may = set(ROLES) if route in FOR_EVERYBODY else FOR_SOME.get(route, READERS)
        for role, client in clients.items():
            if (refusal(client, method, path) != "role_missing") != (role in may):
                wrong.append((role, *route))
    assert wrong == [], "classify the route in search_api/access.py, and here"


def test_no_route_is_named_here_that_is_not_there() -> None:
    assert (FOR_EVERYBODY | FOR_SOME.keys()) - ACCESS.keys() == set()


@pytest.mark.parametrize("role", [ADMIN, AUDITOR])
def test_nothing_of_a_case_reaches_those_who_read_no_content(room: Room, role: str) -> None:
    """Whatever they ask, of things that are there."""
    room.add_user("闵榆", role, "第一检察部")
    room.add_user("傅溪", OPERATOR)
    browser, operator = room.signed_in_as("闵榆"), room.signed_in_as("傅溪")
    page = room.scanroom.page(room.page_ids[0])
    things = {"page_id": page.id, "volume_id": page.volume_id, "document_id": page.document_id, "case_id": page.case_id}
    told = 0
    for method, path in sorted(ACCESS):
        if method != "GET" or any(name not in things for name in names_in(path)):
            continue
        asked = {"q": "林晓禾", "page_id": page.id, "number": "1", "wait": "0"}
        answer = browser.get(path.format(**things), params=asked)
        content = answer.text.replace("林晓禾", "")
        # The log has to say which page it was.
        names = () if path == "/admin/audit" else ("证据材料卷一", page.id)
        assert [word for word in ("13900004417", "尾号为6620", *names) if word in content] == [], path
        assert "image" not in answer.headers.get("content-type", ""), path
        told += "证据材料卷一" in operator.get(path.format(**things), params=asked).text
    assert told > 3, "there was something to tell"


def names_in(path: str) -> list[str]:
    return [part.partition("}")[0] for part in path.split("{")[1:]]


def test_a_role_that_changes_acts_at_once_in_an_open_session(room: Room) -> None:
    from dossier import users

    room.add_user("傅溪", ADMIN)
    room.add_user("闵榆", CHECKER)
    browser = room.signed_in_as("闵榆")
    assert browser.get(f"/pages/{room.page_ids[0]}").status_code == 200
    with room.scanroom.catalogue.writing() as session:
        users.set_role(session, users.user_named(session, "闵榆"), AUDITOR, "test")
    assert browser.get(f"/pages/{room.page_ids[0]}").status_code == 403
    assert browser.get("/board").status_code == 403
    assert browser.get("/").headers["location"] == "/admin/audit"
