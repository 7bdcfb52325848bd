"""Cases for whoever manages: found without their content, sealed, and opened to somebody by name for a time."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from scanroom import CASE
from site_under_test import Room
from sqlalchemy import select
from starlette.testclient import TestClient

from dossier import users
from dossier.catalogue.tables import AuditRow, Case, Membership
from dossier.viewers import ADMIN, PROSECUTOR

NAME = "周望舒诈骗案"


@pytest.fixture
def admin(room: Room) -> TestClient:
    """A browser in which an administrator has signed in; the case has a name and a department."""
    room.add_user("闵榆", ADMIN)
    room.add_user("傅溪", PROSECUTOR, "第一检察部")
    client = room.signed_in_as("闵榆")
    with room.scanroom.catalogue.writing() as session:
        session.scalars(select(Case)).one().name = NAME
    client.post(f"/admin/cases/{case_id(room)}/move", data={"department": "第一检察部", "handler": ""})
    return client


def case_id(room: Room) -> str:
    with room.scanroom.catalogue.reading() as session:
        return session.scalars(select(Case.id)).one()


def user_id(room: Room, name: str) -> str:
    with room.scanroom.catalogue.reading() as session:
        return users.user_named(session, name).id


def deeds(room: Room, *codes: str) -> list[tuple[str, str, dict[str, object]]]:
    with room.scanroom.catalogue.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.deed.in_(codes)).order_by(AuditRow.id)).all()
        return [(row.actor, row.deed, dict(row.details)) for row in rows]


@pytest.mark.parametrize("asked", [CASE, CASE.replace("[", "〔").replace("]", "〕"), "31011500077", "望舒", NAME])
def test_a_case_is_found_by_number_and_name_without_its_content(room: Room, admin: TestClient, asked: str) -> None:
    page = admin.get("/admin/cases", params={"q": asked}).text
    assert f'href="/admin/cases/{case_id(room)}"' in page
    assert "证据材料卷" not in page
    assert "没有找到" in admin.get("/admin/cases", params={"q": "不存在%_"}).text


def test_of_a_sealed_case_the_name_is_neither_shown_nor_searched(room: Room, admin: TestClient) -> None:
    admin.post(f"/admin/cases/{case_id(room)}/seal")
    for path in ("/admin/cases", f"/admin/cases?q={CASE}", f"/admin/cases/{case_id(room)}"):
        page = admin.get(path).text
        assert CASE in page, path
        assert "已封存" in page
        assert "周望舒" not in page
    assert "没有找到" in admin.get("/admin/cases", params={"q": "望舒"}).text


def test_sealing_hides_a_case_and_a_grant_lets_one_in_until_its_day(room: Room, admin: TestClient) -> None:
    theirs, page, address = room.signed_in_as("傅溪"), f"/pages/{room.page_ids[0]}", f"/admin/cases/{case_id(room)}"
    assert theirs.get(page).status_code == 200
    assert admin.post(f"{address}/seal").headers["location"] == f"{address}?done=sealed"
    assert theirs.get(page).status_code == 404
    today = dt.date.today()
    given = {"whom": user_id(room, "傅溪"), "until": today.isoformat()}
    assert admin.post(f"{address}/grant", data=given).headers["location"] == f"{address}?done=granted"
    assert theirs.get(page).status_code == 200
    assert theirs.get("/api/v1/search?q=林晓禾").json()["total"] == 1
    assert f"至 {today.isoformat()}" in admin.get(address).text

    # The day is over: what counted is gone everywhere, without anybody doing anything.
    with room.scanroom.catalogue.writing() as session:
        session.scalars(select(Membership)).one().ends_at = dt.datetime.combine(today, dt.time()).timestamp()
    assert theirs.get(page).status_code == 404
    assert theirs.get("/api/v1/search?q=林晓禾").json()["total"] == 0
    assert "已到期" in admin.get(address).text

    admin.post(f"{address}/revoke", data={"whom": user_id(room, "傅溪")})
    admin.post(f"{address}/unseal")
    assert theirs.get(page).status_code == 200
    assert [(actor, deed) for actor, deed, _ in deeds(room, "seal", "grant", "revoke", "unseal")] == [
        ("闵榆", "seal"),
        ("闵榆", "grant"),
        ("闵榆", "revoke"),
        ("闵榆", "unseal"),
    ]
    (_, _, details) = deeds(room, "grant")[0]
    assert (details["name"], details["until"], details["is_sealed"]) == ("傅溪", today.isoformat(), True)


def test_a_grant_that_is_given_again_replaces_its_end_and_the_same_one_changes_nothing(
    room: Room, admin: TestClient
) -> None:
    address, whom = f"/admin/cases/{case_id(room)}", user_id(room, "傅溪")
    day = (dt.date.today() + dt.timedelta(days=30)).isoformat()
    for until in (day, day, ""):
        assert admin.post(f"{address}/grant", data={"whom": whom, "until": until}).status_code == 303
    assert [details["until"] for _, _, details in deeds(room, "grant")] == [day, ""]
    assert "长期" in admin.get(address).text


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"whom": ""}, "请选择授权给谁"), ({"until": "2031-02-30"}, "2031-02-30"), ({"until": "2001-01-01"}, "已过"),
        ({"until": "9999-12-31"}, "没有期限的，请不写日期"),
    ],
)  # fmt: skip
def test_a_grant_that_cannot_be_is_told_why(room: Room, admin: TestClient, given: dict[str, str], told: str) -> None:
    data = {"whom": user_id(room, "傅溪"), **given}
    answer = admin.post(f"/admin/cases/{case_id(room)}/grant", data=data)
    assert answer.status_code == 400
    assert told in re.findall(r'role="alert">([^<]+)<', answer.text)[0]
    assert deeds(room, "grant") == []


def test_a_case_given_to_a_department_and_a_handler_is_seen_by_them_at_once(room: Room, admin: TestClient) -> None:
    room.add_user("邬怀青", PROSECUTOR, "第二检察部")
    room.add_user("苏见川", PROSECUTOR)
    page = f"/pages/{room.page_ids[0]}"
    clients = [room.signed_in_as(name) for name in ("傅溪", "邬怀青", "苏见川")]
    assert [client.get(page).status_code for client in clients] == [200, 404, 404]
    moved = {"department": " 第二检察部", "handler": "苏见川"}
    admin.post(f"/admin/cases/{case_id(room)}/move", data=moved)
    assert [client.get(page).status_code for client in clients] == [404, 200, 200]
    assert [client.get("/api/v1/search?q=林晓禾").json()["total"] for client in clients] == [0, 1, 1]
    room.scanroom.make_searchable()
    assert [client.get("/api/v1/search?q=林晓禾").json()["total"] for client in clients] == [0, 1, 1]


def test_a_case_that_is_not_there_is_not_found(admin: TestClient) -> None:
    assert admin.get("/admin/cases/x").status_code == 404
    for deed in ("seal", "unseal", "grant", "revoke", "move"):
        assert admin.post(f"/admin/cases/x/{deed}", data={"whom": "x"}).status_code == 404
