"""A deed and its row in the audit log are one transaction: where the commit fails there is neither, else both."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from site_under_test import Room
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from dossier.catalogue.tables import AuditRow
from dossier.viewers import READ, WRITE

NUMBER = "临检起诉受[2031]99010100088号"
NEW_PASSWORD = "稻田-7719-纸鸢"


class Broken(Exception):
    """The commit of a deed fails."""


def has_row(session: Session) -> bool:
    return bool(session.info.get("on_record")) or any(isinstance(each, AuditRow) for each in session.new)


@contextmanager
def no_deed_is_committed() -> Iterator[None]:
    """Whatever transaction holds an audit row fails as it is committed."""

    def note(session: Session, _context: Any) -> None:
        session.info["on_record"] = has_row(session)

    def fail(session: Session) -> None:
        if has_row(session):
            raise Broken

    event.listen(Session, "after_flush", note)
    event.listen(Session, "before_commit", fail)
    try:
        yield
    finally:
        event.remove(Session, "after_flush", note)
        event.remove(Session, "before_commit", fail)


def everything(room: Room) -> list[str]:
    """All that the catalogue holds, but for when sessions were used and how many passwords were tried."""
    with sqlite3.connect(room.scanroom.home.catalogue) as connection:
        passing = ('INSERT INTO "sessions"', 'INSERT INTO "failures"', 'INSERT INTO "sign_in_failures"')
        return [line for line in connection.iterdump() if not line.startswith(passing)]


def rows(room: Room) -> int:
    with room.scanroom.catalogue.reading() as session:
        return session.scalar(select(func.count()).select_from(AuditRow)) or 0


def held(room: Room, client: TestClient, method: str, address: str, **body: Any) -> Any:
    """The answer to a call of which it is sure that it does all or nothing, and puts it on record."""
    before = everything(room)
    with no_deed_is_committed():
        failed = client.request(method, address, **body)
    assert failed.status_code == 500, (address, failed.status_code, failed.text[:300])
    assert everything(room) == before, address
    count = rows(room)
    answer = client.request(method, address, **body)
    assert answer.status_code < 400, (address, answer.text)
    assert rows(room) > count, address
    return answer


def test_a_deed_on_pages_and_cases_is_on_record_or_not_done(room: Room) -> None:
    client = room.with_key(READ, WRITE)
    first, second, third = room.page_ids
    page = room.scanroom.page(first)
    volume = f"/api/v1/volumes/{page.volume_id}"
    case = f"/api/v1/cases/{page.case_id}"
    order = client.get(f"{volume}/pages").json()
    turned_round = {"pages": list(reversed(room.page_ids)), "version": order["version"]}
    for address, body in (
        (f"/api/v1/pages/{first}/read-again", None),
        (f"{volume}/order", turned_round),
        (f"/api/v1/pages/{first}/turn", {"turn_degrees": 180}),
        (f"/api/v1/pages/{second}/label", {"label": "35"}),
        (f"/api/v1/pages/{second}/blank", {"blank": True, "folded": True}),
        (f"/api/v1/pages/{third}/remove", {"reason": "重复扫描"}),
        (f"/api/v1/pages/{third}/restore", None),
        (f"/api/v1/documents/{page.document_id}/title", {"title": "询问笔录"}),
        (f"{case}/handler", {"handler": "傅溪"}),
        ("/api/v1/cases", {"numbers": [{"number": NUMBER}], "name": "某案"}),
        ("/api/v1/excerpts", {"page_ids": [second], "quotation": "甲"}),
        (f"/api/v1/pages/{second}/transcriptions", {"text": "今收到", "box": [0.1, 0.1, 0.5, 0.2]}),
    ):
        held(room, client, "POST", address, json=body)
    with_file = {"file": ("0009.pdf", b"%PDF-1.4 ...", "application/pdf")}
    held(room, client, "POST", f"{case}/files", data={"volume": "卷二", "path": "0009.pdf"}, files=with_file)


def test_what_administrators_do_is_on_record_or_not_done(room: Room) -> None:
    room.add_user("闵榆", "admin")
    room.add_user("傅溪", "operator")
    admin = room.signed_in_as("闵榆")
    users = admin.get("/admin/users").text
    user_id = users.split("傅溪")[0].rpartition("/admin/users/")[2].partition('"')[0]
    case_id = room.scanroom.page(room.page_ids[0]).case_id
    for address, form in (
        ("/admin/users", {"name": "邬怀青", "role": "checker", "department": "第一检察部"}),
        (f"/admin/users/{user_id}/role", {"role": "checker"}),
        (f"/admin/users/{user_id}/departments", {"department": "第二检察部"}),
        (f"/admin/users/{user_id}/password", {}),
        (f"/admin/users/{user_id}/disable", {}),
        ("/admin/keys", {"name": "办案系统", "scope": "read"}),
        (f"/admin/cases/{case_id}/seal", {}),
        (f"/admin/cases/{case_id}/unseal", {}),
    ):
        held(room, admin, "POST", address, data=form)
