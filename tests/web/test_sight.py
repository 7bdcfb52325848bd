"""Who sees what on the site: each route, each kind of caller, and changes that act at once."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from scanroom import CASE
from site_under_test import PASSWORD, Room
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.routing import Mount
from starlette.testclient import TestClient

from dossier import api_keys, excerpts, exhibits, flags, permissions, users
from dossier.catalogue.tables import ApiKey, AuditRow, Case, Page, User
from dossier.notes import bookmarks, notes
from dossier.receipts import receipt as receipts
from dossier.receipts.receipt import ReceiptGiven, VolumeGiven
from dossier.transcriptions.writing import add_transcription
from dossier.viewers import AT_MACHINE, CHECKER, OPERATOR, PROSECUTOR, SCOPES, WRITE
from search_api.access import ACCESS, CHECKERS, MANAGERS, OPEN, OWN, PREPARERS, TRANSCRIBE, scope_of
from search_api.session import FREE_FAILURES

UNKNOWN = "x" * 21
DEPARTMENT = "第一检察部"
# What the deeds are asked with, by the last part of their address.
DEEDS: dict[str, dict[str, Any]] = {
    "turn": {"turn_degrees": 90},
    "crop": {"box": None},
    "sides": {"keep": "primary"},
    "blank": {"blank": True},
    "label": {"label": "35"},
    "remove": {"reason": "重复扫描"},
    "move": {"after": None},
    "insert": {"after_number": 0},
    "double": {"other": "{page_id}", "verdict": "kept"},
    "known-gap": {"gap": "36"},
    "known-file-gap": {"names": ["0003"]},
    "volume": {"volume": "证据材料卷一"},
    "replace": {"by": "{page_id}"},
    "order": {"pages": [], "version": ""},
    "fold": {},
    # Into its own case: in another one it might come into sight.
    "claim": {"case_id": "{case_id}"},
    "hand-in": {"remark": "纸上没有页码"},
    "approve": {"version": "0123456789abcdef"},
    "refuse": {"words": "缺末页"},
    "faults": {"page": "{page_id}", "kind": "skewed"},
    "withdraw-fault": {"fault": "x"},
    "mended": {"faults": []},
    "unshown": {"page": "{page_id}"},
    "seen": {"pages": ["{page_id}"]},
    "return": {"given_to": "周望舒"},
    "undo-return": {"reason": "登记有误"},
    "title": {"title": "讯问笔录"},
    "divide": {"at": "{page_id}"},
    "merge": {"next": "{document_id}"},
}


@pytest.fixture
def office(room: Room) -> Iterator[Room]:
    """The room, its case given to a department, and some users."""
    with room.scanroom.catalogue.writing() as session:
        case = the_case(session)
        case.name, case.state = "周望舒诈骗案", "known"
        permissions.move(session, case, DEPARTMENT, "test")
    room.scanroom.make_searchable()
    room.add_user("闵榆", PROSECUTOR, DEPARTMENT)
    room.add_user("邬怀青", PROSECUTOR, "第二检察部")
    room.add_user("段知行", OPERATOR, DEPARTMENT)
    room.add_user("祝青禾", OPERATOR, "第二检察部")
    room.add_user("凌一诺", CHECKER, DEPARTMENT)
    room.add_user("庄知微", CHECKER, "第二检察部")
    yield room


def the_case(session: Session) -> Case:
    return session.scalars(select(Case)).one()


def change(room: Room, deed: Callable[[Session, Case], None]) -> None:
    with room.scanroom.catalogue.writing() as session:
        deed(session, the_case(session))


def user_named(session: Session, name: str) -> User:
    return users.user_named(session, name)


def routes(room: Room) -> set[tuple[str, str]]:
    """Every route of the site; static files are everybody's."""
    found = set()
    waiting = list(room.app.routes)
    while waiting:
        route = waiting.pop()
        if isinstance(route, Mount):
            assert route.path == "/static", route.path
            continue
        inner = getattr(route, "original_router", None)
        if inner is not None:
            waiting += inner.routes
            continue
        implied = {"HEAD"} if "GET" in route.methods else set()
        found |= {(method, route.path) for method in route.methods - implied}
    return found


def of_room(room: Room) -> dict[str, str]:
    """What stands in paths, by the name of the parameter: a new kind of thing must be added here."""
    page = room.scanroom.page(room.page_ids[0])
    # Excerpts are their owner's alone: this one is 闵榆's.
    with room.scanroom.catalogue.writing() as session:
        insider = users.viewer_of_user(users.user_named(session, "闵榆"))
        excerpt, _ = excerpts.add_excerpt(session, insider, [page.id], {"quotation": "被害人"})
        excerpt_id = excerpt.id
        exhibit, _ = exhibits.add_exhibit(session, insider, "示证", [exhibits.Group("", (page.id,))])
        exhibit_id = exhibit.id
        # What was written down by whoever received the volume.
        case_id = session.get_one(Page, page.id).case_id
        volume = VolumeGiven("证据材料卷", 1, paper_pages=3)
        came = ReceiptGiven(dt.date(2031, 7, 4), unit="临江分局", volumes=[volume])
        receipt, _ = receipts.save(session, AT_MACHINE, came, "test", case_id=case_id)
        receipt_id = receipt.id
        note_id = notes.add_note(session, insider, page.id, "与收条对照")[0].id
        bookmark_id = bookmarks.set_bookmark(session, insider, page.id, "陈述")[0].id
    transcription, _ = add_transcription(
        room.scanroom.catalogue, room.scanroom.vault, insider, page.id, "今收到", [0.1, 0.8, 0.5, 0.85]
    )
    return {
        "page_id": page.id, "volume_id": page.volume_id, "document_id": page.document_id, "case_id": page.case_id,
        "excerpt_id": excerpt_id, "exhibit_id": exhibit_id, "note_id": note_id, "bookmark_id": bookmark_id,
        "transcription_id": transcription.id, "receipt_id": receipt_id, "file_id": page.arrival_id,
        "upload_id": UNKNOWN,
    }  # fmt: skip


# What is sent to the routes that change something.
SENT: dict[tuple[str, str], dict[str, Any]] = {
    ("PATCH", "/api/v1/receipts/{receipt_id}"): {"version": 1, "received_on": "2031-07-05"},
    ("PATCH", "/api/v1/cases/{case_id}"): {"name": "周望舒诈骗案"},
    ("POST", "/api/v1/cases/{case_id}/numbers"): {"number": "临检起诉受[2031]99010123306号"},
    ("POST", "/api/v1/cases/{case_id}/handler"): {"handler": "苏见川"},
    ("POST", "/api/v1/cases/{case_id}/deliveries"): {"kind": "first", "number": 1},
    ("POST", "/api/v1/cases/{case_id}/proceedings"): {"number": {"number": "临检捕受[2031]99010100021号"}},
    ("POST", "/api/v1/pages/{page_id}/transcriptions"): {"text": "捌仟元", "box": [0.1, 0.9, 0.5, 0.95]},
    ("POST", "/api/v1/pages/{page_id}/carried"): {"transcription": "{transcription_id}", "verdict": "left"},
    ("PATCH", "/api/v1/transcriptions/{transcription_id}"): {"text": "今收到现金", "version": 1},
    ("PATCH", "/api/v1/notes/{note_id}"): {"shared": True},
    ("PATCH", "/api/v1/bookmarks/{bookmark_id}"): {"name": "第一次陈述"},
    ("POST", "/api/v1/cases/{case_id}/merge"): {"case": "{case_id}"},
    ("POST", "/api/v1/cases/{case_id}/split"): {
        "volumes": ["{volume_id}"],
        "case": {"numbers": [{"number": "临检起诉受[2031]99010123307号"}]},
    },
}


def sent(method: str, path: str, things: dict[str, str]) -> Any:
    """What is sent to a route, with the ids of things in it."""
    content = SENT.get((method, path), DEEDS.get(path.rpartition("/")[2], {}))
    text = json.dumps(content, ensure_ascii=False)
    for name, thing in things.items():
        text = text.replace(f"{{{name}}}", thing)
    return json.loads(text)


def with_things() -> list[tuple[str, str]]:
    """All routes about a thing; those that take files in are tested where they are."""
    return sorted(
        (method, path)
        for (method, path), wanted in ACCESS.items()
        if "{" in path
        and wanted != MANAGERS
        and "/uploads/" not in path
        and "/roster/" not in path
        and not path.endswith("/files")
    )


def test_every_route_says_what_it_is_for(room: Room) -> None:
    assert routes(room) == set(ACCESS), "classify the route in search_api/access.py"


@pytest.mark.parametrize(("method", "path"), with_things())
def test_what_is_out_of_sight_answers_as_what_does_not_exist(office: Room, method: str, path: str) -> None:
    things = of_room(office)
    asked: dict[str, Any] = {"params": {"number": "1", "wait": "0", "q": "林晓禾", "name": "林晓禾"}}
    insider, outsider = office.signed_in_as("闵榆"), office.signed_in_as("邬怀青")
    if ACCESS[(method, path)] in (WRITE, PREPARERS):
        insider, outsider = office.signed_in_as("段知行"), office.signed_in_as("祝青禾")
    if ACCESS[(method, path)] == CHECKERS:
        insider, outsider = office.signed_in_as("凌一诺"), office.signed_in_as("庄知微")
    if ACCESS[(method, path)] in (WRITE, OWN, TRANSCRIBE, CHECKERS) and method != "DELETE":
        asked |= {"json": sent(method, path, things), "headers": {"If-Match": "*"}}
    answer = insider.request(method, path.format(**things), **asked)
    # 409 is the answer to what somebody of the scanning room sees and cannot do as it stands.
    assert answer.status_code in (200, 201, 202, 204, 303, 503) or (answer.status_code == 409 and method == "POST")
    hidden = outsider.request(method, path.format(**things), **asked)
    unknown = outsider.request(method, path.format(**dict.fromkeys(things, UNKNOWN)), **asked)
    assert hidden.status_code == unknown.status_code == 404
    told = hidden.text
    for thing in things.values():
        told = told.replace(thing, UNKNOWN)
    assert told == unknown.text
    assert dict(hidden.headers) | {"content-length": ""} == dict(unknown.headers) | {"content-length": ""}


@pytest.mark.parametrize(
    ("method", "path"),
    sorted(
        (method, path)
        for (method, path), what in ACCESS.items()
        if "{" not in path and method == "GET" and what != OPEN
    ),
)
def test_no_list_count_or_suggestion_tells_of_a_case_out_of_sight(office: Room, method: str, path: str) -> None:
    outsider, insider = office.signed_in_as("邬怀青"), office.signed_in_as("闵榆")
    secrets = (CASE, "周望舒", "13900004417", "证据材料卷一", "0001.jpg", *office.page_ids, office.scanroom.volume_id())
    for query in ("林晓禾", "4417", "周望舒", ""):
        asked = {"q": query, "page_id": UNKNOWN} if query else {}
        answer = outsider.get(path, params=asked)
        told = answer.text.replace(query, "") if query else answer.text
        assert [secret for secret in secrets if secret in told] == []
    if path in ("/", "/board", "/api/v1/search", "/api/v1/status"):
        assert any(secret in insider.get(path, params={"q": "林晓禾", "name": "林晓禾"}).text for secret in secrets)


@pytest.mark.parametrize(("path", "name"), [("/api/v1/search/neighbours", "page_id")])
def test_what_is_named_in_a_query_and_out_of_sight_answers_as_what_does_not_exist(
    office: Room, path: str, name: str
) -> None:
    thing = of_room(office)[name]
    assert office.signed_in_as("闵榆").get(path, params={"q": "林", name: thing}).status_code == 200
    outsider = office.signed_in_as("邬怀青")
    hidden, unknown = (outsider.get(path, params={"q": "林", name: value}) for value in (thing, UNKNOWN))
    assert hidden.status_code == unknown.status_code == 404
    assert hidden.text.replace(thing, UNKNOWN) == unknown.text


def test_nothing_is_counted_that_is_out_of_sight(office: Room) -> None:
    outsider = office.signed_in_as("邬怀青")
    found = outsider.get("/api/v1/search?q=林晓禾").json()
    assert found == {"total": 0, "hits": []}
    status = outsider.get("/api/v1/status").json()
    assert {name: set(status[name].values()) for name in ("files", "pages")} == {"files": {0}, "pages": {0}}
    assert (status["volumes"], status["attention"], status["queue"]) == ([], [], {})
    assert (status["questions"], status["outbox"], status["attachments"]) == (0, 0, 0)
    assert "可以查找 <strong>0</strong> 页" in outsider.get("/").text
    insider = office.signed_in_as("闵榆")
    assert insider.get("/api/v1/search?q=林晓禾").json()["total"] == 1
    assert sum(insider.get("/api/v1/status").json()["pages"].values()) == 3


def test_searching_in_a_case_out_of_sight_is_searching_in_none(office: Room) -> None:
    outsider = office.signed_in_as("邬怀青")
    hidden = outsider.get("/api/v1/search", params={"q": "林", "case": CASE})
    unknown = outsider.get("/api/v1/search", params={"q": "林", "case": "临检起诉受[2031]99010100001号"})
    assert hidden.status_code == unknown.status_code == 404
    assert hidden.json() | {"detail": ""} == unknown.json() | {"detail": ""}
    assert hidden.json()["detail"] == CASE


def test_sealing_and_admitting_act_at_once_everywhere(office: Room) -> None:
    browser, page = office.signed_in_as("闵榆"), f"/pages/{office.page_ids[0]}"
    places = (page, f"/volumes/{office.scanroom.volume_id()}", f"/api/v1/pages/{office.page_ids[0]}/text")

    def looks() -> tuple[set[int], int, int]:
        codes = {browser.get(place).status_code for place in places}
        pages = browser.get("/api/v1/status").json()["pages"]
        return codes, browser.get("/api/v1/search?q=林晓禾").json()["total"], sum(pages.values())

    assert looks() == ({200}, 1, 3)
    change(office, lambda session, case: permissions.seal(session, case, "test"))
    assert looks() == ({404}, 0, 0)
    change(office, lambda session, case: permissions.grant(session, case, user_named(session, "闵榆"), "test"))
    assert looks() == ({200}, 1, 3)
    change(office, lambda session, case: permissions.revoke(session, case, user_named(session, "闵榆"), "test"))
    assert looks() == ({404}, 0, 0)
    change(office, lambda session, case: permissions.unseal(session, case, "test"))
    assert looks() == ({200}, 1, 3)


def test_a_case_that_changes_department_changes_sight_before_the_index_knows(office: Room) -> None:
    first, second = office.signed_in_as("闵榆"), office.signed_in_as("邬怀青")

    def totals() -> tuple[int, int]:
        return tuple(client.get("/api/v1/search?q=林晓禾").json()["total"] for client in (first, second))  # type: ignore[return-value]

    assert totals() == (1, 0)
    change(office, lambda session, case: permissions.move(session, case, "第二检察部", "test"))
    assert totals() == (0, 1), "the index still says the first department"
    change(office, lambda session, case: permissions.move(session, case, DEPARTMENT, "test"))
    assert totals() == (1, 0)


def test_a_handler_sees_the_case_in_any_department(office: Room) -> None:
    browser = office.signed_in_as("邬怀青")
    change(office, lambda session, case: permissions.hand_over(session, case, "邬怀青", "test"))
    assert browser.get(f"/pages/{office.page_ids[0]}").status_code == 200
    assert browser.get("/api/v1/search?q=林晓禾").json()["total"] == 1


@pytest.mark.parametrize(("role", "sees"), [(OPERATOR, True), (CHECKER, True), (PROSECUTOR, False)])
def test_a_case_that_is_nobodys_is_the_scanning_rooms(room: Room, role: str, sees: bool) -> None:
    room.add_user("傅溪", role, "第二检察部")
    browser = room.signed_in_as("傅溪")
    assert (browser.get(f"/pages/{room.page_ids[0]}").status_code == 200) == sees
    assert browser.get("/api/v1/search?q=林晓禾").json()["total"] == int(sees)


def test_hits_before_and_after_are_those_in_sight(office: Room) -> None:
    browser = office.signed_in_as("闵榆")
    assert "1/1" in browser.get(f"/pages/{office.page_ids[0]}?q=林晓禾&hit=1").text.replace(" ", "")
    change(office, lambda session, case: permissions.seal(session, case, "test"))
    assert browser.get(f"/pages/{office.page_ids[0]}?q=林晓禾&hit=1").status_code == 404


# Coming in


def test_without_users_the_form_says_what_to_do(room: Room) -> None:
    form = room.client().get("/login").text
    assert "一次性口令" in form
    assert "edossier user add" in form
    assert 'name="name"' not in form


def test_with_the_first_user_the_one_time_password_opens_nothing_any_more(room: Room) -> None:
    inside = room.signed_in()
    assert inside.get("/board").status_code == 200
    room.add_user("闵榆", PROSECUTOR)
    assert inside.get("/board").status_code == 303
    for name in ("", "闵榆2", "machine"):
        assert room.client().post("/login", data={"name": name, "password": PASSWORD}).status_code == 401
    assert 'name="name"' in room.client().get("/login").text
    with room.scanroom.catalogue.writing() as session:
        users.disable_user(session, user_named(session, "闵榆"), "test")
    assert room.client().post("/login", data={"password": PASSWORD}).status_code == 401, "closed for good"


def test_a_hash_of_former_times_lets_in_and_is_renewed(office: Room) -> None:
    salt = bytes(16)
    key = base64.b64encode(hashlib.scrypt(PASSWORD.encode(), salt=salt, n=16, r=8, p=1, dklen=32)).decode()
    with office.scanroom.catalogue.writing() as session:
        user_named(session, "闵榆").password = f"scrypt$16$8$1${base64.b64encode(salt).decode()}${key}"
    assert office.client().post("/login", data={"name": "闵榆", "password": "wrong-password"}).status_code == 401
    with office.scanroom.catalogue.reading() as session:
        assert user_named(session, "闵榆").password.startswith("scrypt$"), "whoever guesses renews nothing"
    browser = office.signed_in_as("闵榆")
    assert browser.get("/board").status_code == 200
    with office.scanroom.catalogue.reading() as session:
        assert user_named(session, "闵榆").password.startswith("$argon2id$")
    other = office.signed_in_as("闵榆")
    assert browser.get("/board").status_code == other.get("/board").status_code == 200


def test_a_user_is_greeted_by_name(office: Room) -> None:
    assert "闵榆" in office.signed_in_as(" 闵榆 ").get("/").text


def test_who_signed_in_is_in_the_audit_and_who_failed_is_not(office: Room) -> None:
    office.signed_in_as("闵榆")
    office.client().post("/login", data={"name": "邬怀青", "password": "wrong-password"})
    with office.scanroom.catalogue.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.deed == "sign_in")).all()
        assert [(row.actor, row.subject_id) for row in rows] == [("闵榆", user_named(session, "闵榆").id)]


def test_a_lock_out_is_in_the_audit_once_and_what_was_typed_is_not(office: Room) -> None:
    for name in ("闵榆", "麦田-4821-风筝"):
        browser = office.client()
        for _ in range(FREE_FAILURES + 2):
            browser.post("/login", data={"name": name, "password": "wrong-password"})
        office.app.state.site.doorkeeper._of_addresses.clear()  # as if the second one came from elsewhere
    with office.scanroom.catalogue.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.deed == "lock_out").order_by(AuditRow.id)).all()
        assert [(row.actor, row.subject_id) for row in rows] == [("闵榆", user_named(session, "闵榆").id), ("", "")]
        assert [row.details for row in rows] == [{"address": "testclient", "seconds": 30}] * 2


def test_ones_own_password_is_changed_by_whoever_knows_the_old_one(office: Room) -> None:
    browser, elsewhere = office.signed_in_as("闵榆"), office.signed_in_as("闵榆")
    given = {"old": PASSWORD, "new": "稻穗-7319-灯", "again": "稻穗-7319-灯"}
    for wrong in ({"old": "guess-guess"}, {"again": "稻穗-7319-登"}, {"new": "short", "again": "short"}):
        refused = browser.post("/password", data={**given, **wrong})
        assert (refused.status_code, 'role="alert"' in refused.text) == (400, True)
    changed = browser.post("/password", data=given)
    assert changed.headers["location"] == "/password?done=true"
    assert "口令已经改好" in browser.get(changed.headers["location"]).text, "goes on without signing in again"
    assert elsewhere.get("/board").status_code == 303
    assert office.client().post("/login", data={"name": "闵榆", "password": PASSWORD}).status_code == 401
    assert office.client().post("/login", data={"name": "闵榆", "password": given["new"]}).status_code == 303
    with office.scanroom.catalogue.reading() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.deed == "set_password")).one()
        assert row.actor == "闵榆"


def test_who_is_disabled_while_changing_the_password_stays_out(office: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, doorkeeper = office.signed_in_as("闵榆"), office.app.state.site.doorkeeper
    leave = doorkeeper.leave

    def disabled_between(token: str) -> None:
        leave(token)
        with office.scanroom.catalogue.writing() as session:
            users.disable_user(session, user_named(session, "闵榆"), "test")

    monkeypatch.setattr(doorkeeper, "leave", disabled_between)
    browser.post("/password", data={"old": PASSWORD, "new": "稻穗-7319-灯", "again": "稻穗-7319-灯"})
    for password in (PASSWORD, "稻穗-7319-灯"):
        assert office.client().post("/login", data={"name": "闵榆", "password": password}).status_code == 401


def test_guessing_at_the_old_password_is_held_up_as_at_the_door(office: Room) -> None:
    browser = office.signed_in_as("闵榆")
    for _ in range(FREE_FAILURES):
        answer = browser.post("/password", data={"old": "guess", "new": "稻穗-7319-灯", "again": "稻穗-7319-灯"})
    assert "秒后再试" in answer.text
    right = browser.post("/password", data={"old": PASSWORD, "new": "稻穗-7319-灯", "again": "稻穗-7319-灯"})
    assert right.status_code == 400


def test_a_wrong_name_and_a_wrong_password_are_told_alike(office: Room) -> None:
    answers = [
        office.client().post("/login", data={"name": name, "password": password})
        for name, password in (("闵榆", "wrong-password"), ("无此人", PASSWORD))
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].text.replace("闵榆", "?") == answers[1].text.replace("无此人", "?")
    assert "set-cookie" not in answers[0].headers


@pytest.mark.parametrize("what", ["disable", "password"])
def test_a_disabled_user_and_a_new_password_end_open_sessions(office: Room, what: str) -> None:
    browser = office.signed_in_as("闵榆")
    assert browser.get("/board").status_code == 200
    with office.scanroom.catalogue.writing() as session:
        user = user_named(session, "闵榆")
        if what == "disable":
            users.disable_user(session, user, "test")
        else:
            users.set_password(session, user, user.password[:-8] + "AAAAAAAA", "test")
    assert browser.get("/board").status_code == 303
    assert browser.get("/login").status_code == 200, "shown again, not sent round in circles"
    assert office.client().post("/login", data={"name": "闵榆", "password": PASSWORD}).status_code == 401


# Programs


def test_a_key_opens_the_api_and_nothing_else(office: Room) -> None:
    program = office.with_key("read", "search")
    assert program.get("/api/v1/search?q=林晓禾").json()["total"] == 1
    assert program.get(f"/api/v1/pages/{office.page_ids[0]}/text").status_code == 200
    assert program.get("/api/v1/openapi.json").status_code == 200
    assert program.get("/board").status_code == 303
    assert program.get(f"/pages/{office.page_ids[0]}").status_code == 303
    assert program.post("/logout").status_code == 303


@pytest.mark.parametrize(
    ("method", "path"), sorted(route for route, wanted in ACCESS.items() if scope_of(wanted) in SCOPES)
)
def test_a_key_without_the_scope_is_refused(office: Room, method: str, path: str) -> None:
    wanted = scope_of(ACCESS[(method, path)])
    others = sorted({"read", "search", "write"} - {wanted})
    answer = office.with_key(*others).request(method, path.format(**of_room(office)), params={"q": "林"})
    assert answer.status_code == 403
    if method != "HEAD":  # which has no body
        assert (answer.json()["code"], answer.json()["detail"]) == ("scope_missing", wanted)


def test_a_key_sees_its_departments_alone_and_nothing_sealed(office: Room) -> None:
    everywhere, elsewhere = office.with_key(), office.with_key(departments=("第二检察部",))
    text = f"/api/v1/pages/{office.page_ids[0]}/text"
    assert (everywhere.get(text).status_code, elsewhere.get(text).status_code) == (200, 404)
    change(office, lambda session, case: permissions.seal(session, case, "test"))
    assert everywhere.get(text).status_code == 404
    with office.scanroom.catalogue.writing() as session:
        key = session.scalars(select(ApiKey).order_by(ApiKey.created_at)).first()
        assert key is not None
        permissions.grant(session, the_case(session), key, "test")
    assert everywhere.get(text).status_code == 200


@pytest.mark.parametrize("shown", ["Bearer x", "Bearer ", "Basic eDp5", "Bearer edossier_" + "A" * 43, "bearer"])
def test_an_invented_key_is_refused_even_beside_a_session(office: Room, shown: str) -> None:
    browser = office.signed_in_as("闵榆")
    answer = browser.get("/api/v1/status", headers={"Authorization": shown})
    assert (answer.status_code, answer.json()["code"]) == (401, "key_refused")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_revoked_key_is_refused_at_once(office: Room) -> None:
    program = office.with_key()
    assert program.get("/api/v1/status").status_code == 200
    with office.scanroom.catalogue.writing() as session:
        api_keys.revoke_key(session, api_keys.key_named(session, "办案系统"), "test")
    assert program.get("/api/v1/status").status_code == 401


def test_pictures_are_kept_apart_by_who_asks(office: Room) -> None:
    office.scanroom.put_picture(office.page_ids[0], ("林晓禾",), 1)
    answer = office.signed_in_as("闵榆").get(f"/api/v1/pages/{office.page_ids[0]}/image")
    assert answer.status_code == 200
    assert set(answer.headers["vary"].split(", ")) >= {"Cookie", "Authorization"}
    hidden = office.signed_in_as("邬怀青").get(
        f"/api/v1/pages/{office.page_ids[0]}/image", headers={"if-none-match": answer.headers["etag"]}
    )
    assert hidden.status_code == 404, "not even that it has not changed"


def test_no_password_and_no_key_is_logged_or_stored(office: Room, caplog: pytest.LogCaptureFixture) -> None:
    wrong = "a-wrong-password-7731"
    with caplog.at_level(logging.DEBUG):
        office.signed_in_as("闵榆")
        office.client().post("/login", data={"name": "闵榆", "password": wrong})
        program = office.with_key()
        assert program.get("/api/v1/status").status_code == 200
        refused = program.get("/api/v1/status", headers={"Authorization": "Bearer " + wrong})
        assert wrong not in refused.text
    secret = program.headers["Authorization"].removeprefix("Bearer ")
    for text in (PASSWORD, wrong, secret):
        assert text not in caplog.text
        assert text not in dump(office.scanroom.home.catalogue)


def dump(path: Path) -> str:
    """All that the catalogue holds, as SQL."""
    connection = sqlite3.connect(path)
    try:
        return "\n".join(connection.iterdump())
    finally:
        connection.close()


def test_repeats_and_clashes_tell_nothing_of_a_case_out_of_sight(office: Room) -> None:
    number = CASE
    with office.scanroom.catalogue.writing() as session:
        waiting = Case(state="unclaimed", name="待认领的一卷", folder="待认领的一卷")
        session.add(waiting)
        session.flush()
        flags.raise_flag(session, "case", waiting.id, waiting.id, "number_clash", numbers=[number])
    office.add_user("文砚", OPERATOR, "第二检察部")
    office.add_user("傅溪", OPERATOR, DEPARTMENT)

    def codes(client: TestClient) -> tuple[list[str], int]:
        status = client.get("/api/v1/status").json()
        return [row["code"] for row in status["attention"]], status["questions"]

    hidden, told = codes(office.signed_in_as("文砚")), codes(office.signed_in_as("傅溪"))
    assert "number_clash" not in hidden[0]
    assert "number_clash" in told[0]
    assert (len(hidden[0]), len(told[0])) == (hidden[1], told[1])
