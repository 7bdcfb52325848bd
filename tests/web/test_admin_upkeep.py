"""Upkeep by whoever manages: webhooks, retrying, and what the first page tells of the machine."""

from __future__ import annotations

import os
import re
import time

import pytest
from site_under_test import Room
from sqlalchemy import select
from starlette.testclient import TestClient

from dossier import api_keys, audit, statistics, webhooks
from dossier.audit_heads import AuditHeads
from dossier.catalogue.tables import ApiKey, Arrival, AuditRow, Original, OutboxRow, Page, Webhook, Work
from dossier.settings import Settings
from dossier.viewers import ADMIN
from search_api.admin.overview import OLD_SECONDS
from tests.append_only import unlock_audit


@pytest.fixture
def admin(room: Room) -> TestClient:
    """A browser in which an administrator has signed in."""
    room.add_user("闵榆", ADMIN)
    return room.signed_in_as("闵榆")


def row_of(page: str, name: str) -> str:
    """What stands in a row of the checks, as text."""
    (row,) = re.findall(rf'<th scope="row">{name}</th>(.*?)</tr>', page)
    return re.sub(r"<[^>]+>", " ", row)


# Webhooks


def key_id(room: Room) -> str:
    with room.scanroom.catalogue.writing() as session:
        key, _ = api_keys.add_key(session, "办案系统", ["read"], [], "test")
        return key.id


def test_a_webhook_is_added_with_a_secret_that_is_shown_once_and_removed(room: Room, admin: TestClient) -> None:
    key = key_id(room)
    given = {"name": "办案系统", "address": " https://cases.example/changes ", "key": key}
    shown = admin.post("/admin/webhooks", data=given)
    (secret,) = re.findall(r'<code id="secret"[^>]*>([^<]+)</code>', shown.text)
    assert secret.startswith("whsec_")
    listed = admin.get("/admin/webhooks").text
    assert "https://cases.example/changes" in listed
    assert "正常" in listed
    assert secret not in listed
    (address,) = re.findall(r'action="(/admin/webhooks/[^"]+/remove)"', listed)
    assert "已删除" in admin.get(admin.post(address).headers["location"]).text
    assert admin.post(address).status_code == 404
    with room.scanroom.catalogue.reading() as session:
        assert webhooks.all_webhooks(session) == []
        deeds = session.scalars(select(AuditRow.deed).where(AuditRow.subject_kind == "webhook")).all()
        assert deeds == ["add_webhook", "remove_webhook"]


@pytest.mark.parametrize(
    "given",
    [{"name": ""}, {"address": "cases.example"}, {"address": "https://a:b@cases.example/"}, {"key": ""}, {"key": "x"}],
)
def test_a_webhook_that_cannot_be_is_told_why_and_what_was_typed_stays(
    room: Room, admin: TestClient, given: dict[str, str]
) -> None:
    typed = {"name": "办案系统", "address": "https://cases.example/x", "key": key_id(room), **given}
    answer = admin.post("/admin/webhooks", data=typed)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert f'value="{typed["address"]}"' in answer.text
    with room.scanroom.catalogue.reading() as session:
        assert webhooks.all_webhooks(session) == []


def test_an_address_that_was_given_up_is_told_and_revived(room: Room, admin: TestClient) -> None:
    with room.scanroom.catalogue.writing() as session:
        key, _ = api_keys.add_key(session, "办案系统", ["read"], [], "test")
        webhook = webhooks.add_webhook(session, "推送", "https://cases.example/x", key, "test")
        webhook.dead, webhook.attempts, webhook.error = True, 16, "HTTP 500"
    assert "已停止：推送" in row_of(admin.get("/admin").text, "变更推送")
    listed = admin.get("/admin/webhooks").text
    assert "HTTP 500" in listed
    (address,) = re.findall(r'action="(/admin/webhooks/[^"]+/revive)"', listed)
    assert "已恢复" in admin.get(admin.post(address).headers["location"]).text
    with room.scanroom.catalogue.reading() as session:
        assert session.scalars(select(Webhook.dead)).one() is False
    with room.scanroom.catalogue.writing() as session:
        api_keys.revoke_key(session, session.scalars(select(ApiKey)).one(), "test")
    assert "密钥已吊销" in admin.get("/admin/webhooks").text


# Retrying


def test_what_failed_is_put_back_in_the_queue_by_a_button(room: Room, admin: TestClient) -> None:
    first, second, third = room.page_ids
    room.scanroom.park(third, "page_timeout")
    room.scanroom.finish_work("read", third, "failed", "page_timeout")
    with room.scanroom.catalogue.writing() as session:
        session.get_one(Arrival, session.get_one(Page, first).arrival_id).state = "failed"
        session.add(OutboxRow(page_id=second, version=10_000, attempts=10, dead=True, error="refused"))
    page = admin.get("/admin").text
    assert "搁置 1 页，没收成 1 个文件" in row_of(page, "没做成的")
    assert "1 页被拒绝" in row_of(page, "搜索引擎")
    told = admin.get(admin.post("/admin/retry").headers["location"]).text
    assert "已重新排队：1 页，1 个文件，0 个 PDF，1 条索引" in told
    assert "没有" in row_of(told, "没做成的")
    with room.scanroom.catalogue.reading() as session:
        assert session.get_one(Page, third).state == "waiting"
        again = select(Work.state).where(Work.kind == "read", Work.subject_id == third)
        assert session.scalars(again).one() == "waiting"
        assert session.get_one(OutboxRow, second).dead is False
        actors = session.scalars(select(AuditRow.actor).where(AuditRow.deed == "retry")).all()
        assert actors == ["闵榆", "闵榆"]
    assert "已重新排队：0 页" in admin.get(admin.post("/admin/retry").headers["location"]).text


# How the machine is


def test_when_it_was_verified_last_and_with_what_result_is_told(room: Room, admin: TestClient) -> None:
    assert "还没有校验过" in row_of(admin.get("/admin").text, "校验")

    def verified(faults: int, ago: float) -> str:
        with room.scanroom.catalogue.writing() as session:
            unlock_audit(session)
            audit.record(session, "verify", "home", "", "cli:test", faults=faults, pages=3)
            session.flush()
            latest = session.scalars(select(AuditRow).where(AuditRow.deed == "verify")).all()[-1]
            for row in session.scalars(select(AuditRow).where(AuditRow.deed == "verify", AuditRow.id != latest.id)):
                row.at = 0.0
            latest.at = time.time() - ago
        return row_of(admin.get("/admin").text, "校验")

    assert "正常" in verified(0, 60)
    assert "有问题" in verified(2, 60)
    assert "一个多月没有校验" in verified(0, OLD_SECONDS + 60)


def test_what_could_not_be_looked_at_and_what_share_was_is_told(room: Room, admin: TestClient) -> None:
    with room.scanroom.catalogue.writing() as session:
        audit.record(session, "verify", "home", "", "run", faults=0, unchecked=2, pages=3, share="1/30")
    row = row_of(admin.get("/admin").text, "校验")

    assert "请注意" in row
    assert "2 处无法校验" in row
    assert "1/30" in row


def test_when_it_was_backed_up_last_and_what_was_missing_is_told(room: Room, admin: TestClient) -> None:
    assert "还没有备份过" in row_of(admin.get("/admin").text, "备份")
    for missing, state in ((0, "正常"), (1, "有问题")):
        with room.scanroom.catalogue.writing() as session:
            audit.record(session, "backup", "home", "", "cli:test", snapshot="000001-x", objects=3, missing=missing)
        assert state in row_of(admin.get("/admin").text, "备份")


def test_the_pace_is_what_came_in_the_last_days(room: Room) -> None:
    now = time.time()
    with room.scanroom.catalogue.writing() as session:
        for row in session.scalars(select(Original)).all():
            row.stored_at = now - 30 * 86400
        for number, days in enumerate((1, 2, 8)):
            session.add(Original(sha256=f"{number:064x}", md5="", size=700, stored_at=now - days * 86400))
    with room.scanroom.catalogue.reading() as session:
        assert statistics.bytes_a_day(session) == pytest.approx(200, rel=0.001)


def test_the_disk_the_oldest_page_and_all_that_waits_are_told(room: Room, admin: TestClient) -> None:
    with room.scanroom.catalogue.writing() as session:
        for row in session.scalars(select(Work).where(Work.kind == "read")).all():
            row.updated_at = time.time() - 7200
    page = admin.get("/admin").text
    assert "最近七天的速度" in row_of(page, "磁盘")
    assert "等了 2 小时" in row_of(page, "队列")
    assert "可搜索 2/3" in row_of(page, "搜索引擎")


def test_a_setting_is_shown_with_its_default_and_where_it_is_set(
    room: Room, admin: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDOSSIER_WORKERS", "3")
    (room.scanroom.home.root / "settings.toml").write_text("port = 8500\n", "utf-8")
    page = admin.get("/admin/settings").text
    rows = {
        name: re.sub(r"<[^>]+>", " ", row).split()
        for name, row in re.findall(r"<code>(\w+)</code></th>(.*?)</tr>", page)
    }
    assert rows["workers"][:3] == ["3", "0", "环境变量"]
    assert rows["port"][:3] == ["8500", "8400", "设置文件"]
    assert rows["requests_a_minute"][:3] == [str(Settings().requests_a_minute)] * 2 + ["默认"]


def test_a_head_of_the_audit_log_that_is_overdue_is_said(room: Room, admin: TestClient) -> None:
    heads = AuditHeads(room.scanroom.home, Settings())
    file, _ = heads.export(room.scanroom.catalogue)
    assert "链头" not in row_of(admin.get("/admin").text, "审计记录")

    two_days_ago = time.time() - 2 * 86400
    os.utime(file, (two_days_ago, two_days_ago))
    assert "链头" in row_of(admin.get("/admin").text, "审计记录")
