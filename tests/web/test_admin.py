"""The administrator's pages: the first administrator, users, keys, departments, settings, and how the machine is."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from site_under_test import PASSWORD, Room
from sqlalchemy import select
from starlette.testclient import TestClient

from dossier import permissions, users
from dossier.catalogue.tables import Arrival, AuditRow, Case, Page
from dossier.errors import EngineUnreachable
from dossier.settings import Settings
from dossier.statistics import days_until
from dossier.viewers import ADMIN, CHECKER, OPERATOR, PROSECUTOR
from search_api.admin.overview import SETTINGS
from search_api.admin.statistics import chart, round_top


@pytest.fixture
def admin(room: Room) -> TestClient:
    """A browser in which an administrator has signed in."""
    room.add_user("闵榆", ADMIN)
    return room.signed_in_as("闵榆")


def secret_in(page: str) -> str:
    """What a page shows once."""
    (secret,) = re.findall(r'<code id="secret"[^>]*>([^<]+)</code>', page)
    return str(secret)


def user_id(room: Room, name: str) -> str:
    with room.scanroom.catalogue.reading() as session:
        return users.user_named(session, name).id


def signs_in(room: Room, name: str, password: str) -> bool:
    return room.client().post("/login", data={"name": name, "password": password}).status_code == 303


# The first administrator


def test_the_one_time_password_leads_to_the_first_administrator_who_signs_in_by_name(room: Room) -> None:
    inside = room.signed_in()
    assert 'href="/admin/first"' in inside.get("/").text
    made = inside.post("/admin/first", data={"name": "闵榆", "password": "稻穗-7319-灯", "again": "稻穗-7319-灯"})
    assert (made.status_code, made.headers["location"]) == (303, "/login?next=/admin/users")
    assert inside.get("/board").status_code == 303, "the one-time password opens nothing any more"
    assert not signs_in(room, "", PASSWORD)
    browser = room.client()
    came = browser.post("/login", data={"name": "闵榆", "password": "稻穗-7319-灯", "next": "/admin/users"})
    assert came.headers["location"] == "/admin/users"
    assert browser.get("/admin/users").status_code == 200
    assert browser.get("/").headers["location"] == "/admin"
    assert browser.get("/admin/first").status_code == 409
    with room.scanroom.catalogue.reading() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.deed == "add_user")).one()
        assert (row.actor, row.details["name"], row.details["role"]) == ("machine", "闵榆", "admin")


@pytest.mark.parametrize(
    ("name", "password", "again"),
    [("闵榆", "short", "short"), ("闵榆", "稻穗-7319-灯", "稻穗-7319-登"), (" ", "稻穗-7319-灯", "稻穗-7319-灯")],
)
def test_a_first_administrator_that_cannot_be_is_told_why(room: Room, name: str, password: str, again: str) -> None:
    inside = room.signed_in()
    answer = inside.post("/admin/first", data={"name": name, "password": password, "again": again})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert password not in answer.text
    assert inside.get("/board").status_code == 200


def test_nobody_becomes_the_first_administrator_twice(room: Room) -> None:
    first, second = room.signed_in(), room.signed_in()
    given = {"name": "闵榆", "password": "稻穗-7319-灯", "again": "稻穗-7319-灯"}
    assert first.post("/admin/first", data=given).status_code == 303
    assert second.post("/admin/first", data={**given, "name": "傅溪"}).headers["location"].startswith("/login")
    with room.scanroom.catalogue.reading() as session:
        assert [user.name for user in users.all_users(session)] == ["闵榆"]


# Users


def test_a_user_is_added_with_a_password_that_is_shown_once(room: Room, admin: TestClient) -> None:
    shown = admin.post(
        "/admin/users", data={"name": " 傅溪 ", "role": OPERATOR, "others": "第一检察部、第二检察部"}
    )  # fmt: skip
    password = secret_in(shown.text)
    assert shown.headers["cache-control"] == "no-store"
    assert signs_in(room, "傅溪", password)
    for page in ("/admin/users", f"/admin/users/{user_id(room, '傅溪')}"):
        listed = admin.get(page).text
        assert "傅溪" in listed
        assert "第一检察部" in listed
        assert password not in listed
    with room.scanroom.catalogue.reading() as session:
        user = users.user_named(session, "傅溪")
        assert (user.role, user.departments) == (OPERATOR, ["第一检察部", "第二检察部"])
        row = session.scalars(select(AuditRow).where(AuditRow.deed == "add_user", AuditRow.actor == "闵榆")).one()
        assert row.details["name"] == "傅溪"


def test_a_user_that_cannot_be_added_is_told_why_and_what_was_typed_stays(room: Room, admin: TestClient) -> None:
    answer = admin.post("/admin/users", data={"name": "闵榆", "role": PROSECUTOR, "others": "第九检察部"})
    assert answer.status_code == 400
    assert "user 闵榆 exists" in answer.text
    assert 'value="第九检察部"' in answer.text
    assert "secret" not in answer.text


def test_role_and_departments_change_and_open_sessions_follow(room: Room, admin: TestClient) -> None:
    room.add_user("傅溪", PROSECUTOR)
    theirs, address = room.signed_in_as("傅溪"), f"/admin/users/{user_id(room, '傅溪')}"
    page = f"/pages/{room.page_ids[0]}"
    assert theirs.get(page).status_code == 404, "nobody's case is the scanning room's"
    answer = admin.post(f"{address}/role", data={"role": CHECKER})
    assert answer.headers["location"] == f"{address}?done=role"
    assert "已更改角色" in admin.get(answer.headers["location"]).text
    assert theirs.get(page).status_code == 200
    with room.scanroom.catalogue.writing() as session:
        permissions.move(session, session.scalars(select(Case)).one(), "第一检察部", "test")
    assert theirs.get(page).status_code == 404
    admin.post(f"{address}/departments", data={"department": "第一检察部"})
    assert theirs.get(page).status_code == 200
    admin.post(f"{address}/departments")
    assert theirs.get(page).status_code == 404


def test_a_disabled_user_is_out_and_a_new_password_lets_in_again(room: Room, admin: TestClient) -> None:
    room.add_user("傅溪", CHECKER)
    theirs, address = room.signed_in_as("傅溪"), f"/admin/users/{user_id(room, '傅溪')}"
    admin.post(f"{address}/disable")
    assert theirs.get("/board").status_code == 303
    assert not signs_in(room, "傅溪", PASSWORD)
    assert "已停用" in admin.get("/admin/users").text
    password = secret_in(admin.post(f"{address}/password").text)
    assert signs_in(room, "傅溪", password)
    assert not signs_in(room, "傅溪", PASSWORD)


def test_the_last_administrator_cannot_lock_everybody_out(room: Room, admin: TestClient) -> None:
    address = f"/admin/users/{user_id(room, '闵榆')}"
    for deed, data in (("disable", {}), ("role", {"role": PROSECUTOR})):
        answer = admin.post(f"{address}/{deed}", data=data)
        assert answer.status_code == 400
        assert "唯一的管理员" in answer.text
    assert admin.get("/admin").status_code == 200


@pytest.mark.parametrize(
    "path", ["/admin/users/x/role", "/admin/users/x/disable", "/admin/users/x/password", "/admin/keys/x/revoke"]
)
def test_what_is_not_there_is_not_found(admin: TestClient, path: str) -> None:
    assert admin.post(path, data={"role": CHECKER}).status_code == 404


@pytest.mark.parametrize("headers", [{"Origin": "http://other.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_no_other_site_can_change_users(room: Room, admin: TestClient, headers: dict[str, str]) -> None:
    answer = admin.post("/admin/users", data={"name": "傅溪", "role": ADMIN}, headers=headers)
    assert answer.status_code == 403
    with room.scanroom.catalogue.reading() as session:
        assert users.find_user(session, "傅溪") is None


# Keys


def test_a_key_is_made_shown_once_and_revoked(room: Room, admin: TestClient) -> None:
    shown = admin.post("/admin/keys", data={"name": "办案系统", "scope": ["read", "search"]})
    secret = secret_in(shown.text)
    program = room.client()
    program.headers["Authorization"] = f"Bearer {secret}"
    assert program.get("/api/v1/status").status_code == 200
    listed = admin.get("/admin/keys").text
    assert "办案系统" in listed
    assert secret not in listed
    (address,) = re.findall(r'action="(/admin/keys/[^"]+/revoke)"', listed)
    assert admin.post(address).status_code == 303
    assert program.get("/api/v1/status").status_code == 401
    assert "已吊销" in admin.get("/admin/keys").text


@pytest.mark.parametrize("given", [{"name": "", "scope": "read"}, {"name": "办案系统"}, {"name": "甲", "scope": "all"}])
def test_a_key_that_cannot_be_is_told_why(admin: TestClient, given: dict[str, str]) -> None:
    answer = admin.post("/admin/keys", data=given)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert "还没有密钥" in admin.get("/admin/keys").text


# How the machine is


def test_the_first_page_says_how_engine_disk_and_queue_are(room: Room, admin: TestClient) -> None:
    for page_id in room.page_ids[:2]:
        room.scanroom.finish_work("read", page_id)
    page = admin.get("/admin").text
    assert "索引中有 2 页，应有 2 页" in page
    assert "GiB" in page
    assert "等待识别</dt><dd>1" in page
    assert "证据材料卷" not in page


def test_an_index_that_holds_other_pages_than_it_should_is_said(room: Room, admin: TestClient) -> None:
    with room.scanroom.catalogue.writing() as session:
        session.get_one(Page, room.page_ids[2]).state = "searchable"
    page = admin.get("/admin").text
    assert "索引中有 2 页，应有 3 页" in page
    assert "edossier verify" in page


def test_an_engine_that_is_away_is_said_and_the_page_stays(
    room: Room, admin: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> int:
        raise EngineUnreachable("search1.example")

    monkeypatch.setattr(room.scanroom.engine, "count", away)
    page = admin.get("/admin")
    assert page.status_code == 200
    assert "搜索引擎无法连接" in page.text
    assert "有问题" in page.text


def test_departments_are_those_of_cases_users_and_keys(room: Room, admin: TestClient) -> None:
    room.add_user("傅溪", PROSECUTOR, "第二检察部")
    with room.scanroom.catalogue.writing() as session:
        permissions.move(session, session.scalars(select(Case)).one(), "第一检察部", "test")
    page = admin.get("/admin/departments").text
    first, second = (page.split(f"{name}</th>")[1].split("</tr>")[0] for name in ("第一检察部", "第二检察部"))
    assert "<td>1</td>" in first
    assert "没有人能按部门看到" in first
    assert "<td>0</td>" in second
    assert "傅溪" in second
    assert "没有案件用这个名称" in second


def test_settings_are_shown_with_their_values_and_no_secret(
    room: Room, admin: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = room.scanroom.home.root / "settings.toml"
    file.write_text('workers = 3\nelasticsearch_api_key = "do-not-tell"\n', "utf-8")
    file.chmod(0o600)
    page = admin.get("/admin/settings").text
    assert "<td>3</td>" in page.replace(" ", "")
    assert "do-not-tell" not in page


def test_the_settings_that_are_shown_exist_and_are_no_secrets() -> None:
    assert SETTINGS.keys() - Settings.model_fields.keys() == set()
    assert [name for name in SETTINGS if "key" in name or "password" in name] == []


def test_no_style_or_script_stands_in_the_pages_themselves() -> None:
    """The site's policy would not let it work."""
    templates = sorted((Path(__file__).parents[2] / "search_api" / "templates").glob("admin_*.html"))
    assert templates
    for template in templates:
        text = template.read_text("utf-8")
        assert re.findall(r"\sstyle=|\son[a-z]+=|<style|<script(?! src)", text) == [], template.name


# Statistics


def test_the_days_are_counted_from_the_catalogue(room: Room, admin: TestClient) -> None:
    catalogue, (first, second, third) = room.scanroom.catalogue, room.page_ids
    noon = dt.datetime.combine(dt.date.today() - dt.timedelta(days=2), dt.time(12)).timestamp()
    midnight = dt.datetime.combine(dt.date.today() - dt.timedelta(days=1), dt.time()).timestamp()
    with catalogue.writing() as session:
        for page_id, at, seconds in ((first, noon, 60), (second, midnight - 1, 240), (third, midnight, 600)):
            page = session.get_one(Page, page_id)
            page.searchable_at, page.created_at = at, at - seconds
        for at in (midnight - 1, midnight, midnight + 5):
            audit_row = AuditRow(at=at, deed="park", subject_kind="page", subject_id=third, actor="work")
            session.add(audit_row)
        arrival = session.get_one(Arrival, session.get_one(Page, third).arrival_id)
        arrival.state, arrival.received_at = "failed", midnight
    with catalogue.reading() as session:
        days = days_until(session, dt.date.today(), 3)
    assert [(day.pages, day.median_seconds, day.parked, day.refused) for day in days] == [
        (2, 60.0, 1, 0),
        (1, 600.0, 2, 1),
        (0, None, 0, 0),
    ]
    page = admin.get("/admin/statistics?days=7").text
    assert page.count("<rect") == 3 * 7
    assert "共 3 页" in page
    assert "共 4 起" in page


@pytest.mark.parametrize(
    ("most", "top"), [(0, 2), (2, 2), (3, 4), (5, 10), (11, 20), (21, 40), (41, 100), (8000, 10000)]
)
def test_a_scale_ends_at_a_round_number(most: float, top: float) -> None:
    assert round_top(most) == top


def test_bars_are_as_tall_as_their_values() -> None:
    dates = [dt.date(2031, 7, 1), dt.date(2031, 7, 2), dt.date(2031, 7, 3)]
    drawn = chart("页", "pages", "", dates, [0, 5, 10], "页")
    heights = [bar.height for bar in drawn.bars]
    (zero, _), (half, number), (whole, _) = drawn.lines
    assert heights == [0, pytest.approx(zero - half), pytest.approx(zero - whole)]
    assert {bar.y + bar.height for bar in drawn.bars} == {zero}
    assert number == "5"
    assert [bar.title for bar in drawn.bars] == ["7月1日 0 页", "7月2日 5 页", "7月3日 10 页"]
