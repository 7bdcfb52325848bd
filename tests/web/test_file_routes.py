"""Files over the API: taken in once, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from site_under_test import Room
from sqlalchemy import func, select
from starlette.testclient import TestClient

from dossier import work
from dossier.catalogue.tables import Arrival, AuditRow, Case, Volume, Work


def upload(client: TestClient, room: Room, content: bytes = b"%PDF-", **more: Any) -> Response:
    headers = {"Idempotency-Key": more.pop("key")} if "key" in more else {}
    fields = {"volume": "证据材料卷二", "path": "讯问笔录/0001.pdf", **more.pop("fields", {})}
    case_id = more.pop("case_id", None) or room.scanroom.page(room.page_ids[0]).case_id
    return client.post(
        f"/api/v1/cases/{case_id}/files", data=fields, files={"file": ("扫描件.pdf", content)}, headers=headers
    )


def arrivals(room: Room) -> list[Arrival]:
    with room.scanroom.catalogue.reading() as session:
        return list(session.scalars(select(Arrival).where(Arrival.origin == "upload").order_by(Arrival.received_at)))


def vault_files(room: Room) -> list[Path]:
    return sorted(path for path in room.scanroom.home.vault.rglob("*") if path.is_file())


def test_a_file_goes_up_and_can_be_asked_about(room: Room) -> None:
    program = room.with_key("write", "read")
    content = bytes(range(256)) * 20_000

    answer = upload(program, room, content)

    assert answer.status_code == 202
    assert answer.json() == {"id": answer.json()["id"], "state": "received"}
    asked = program.get(answer.headers["location"])
    assert asked.json() == {
        "id": answer.json()["id"], "state": "received", "pages": 0, "searchable": 0, "error": None
    }  # fmt: skip
    (arrival,) = arrivals(room)
    assert (arrival.path, arrival.source) == ("讯问笔录/0001.pdf", "证据材料卷二/讯问笔录/0001.pdf")
    assert room.scanroom.vault.original_path(arrival.sha256).read_bytes() == content
    with room.scanroom.catalogue.reading() as session:
        assert session.get_one(Volume, arrival.volume_id).name == "证据材料卷二"
        assert session.scalars(select(Work.state).where(Work.kind == work.PAGINATE)).all() == ["waiting"]
        assert session.scalars(select(AuditRow.actor).where(AuditRow.subject_id == arrival.id)).all() == ["办案系统"]


def test_the_same_key_or_the_same_bytes_at_the_same_place_are_one_file(room: Room) -> None:
    program = room.with_key("write")

    ids = [upload(program, room, key="a").json()["id"], upload(program, room, key="a").json()["id"],
           upload(program, room).json()["id"], upload(program, room, key="b").json()["id"]]  # fmt: skip

    assert len(set(ids)) == 1
    assert [arrival.id for arrival in arrivals(room)] == ids[:1]


@pytest.mark.parametrize(
    "other", [{"content": b"other bytes"}, {"fields": {"path": "0002.pdf"}}, {"fields": {"volume": "卷三"}}]
)
def test_a_key_with_something_else_is_refused_and_leaves_nothing(room: Room, other: dict[str, Any]) -> None:
    program = room.with_key("write")
    upload(program, room, key="a")
    upload(program, room, key="b")  # a key of a file that was there already counts as well
    before = vault_files(room)

    for key in ("a", "b"):
        answer = upload(program, room, key=key, **other)
        assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_reused")

    assert len(arrivals(room)) == 1
    assert vault_files(room) == before


def test_a_repeat_is_one_also_after_its_case_has_become_part_of_another(room: Room) -> None:
    program = room.with_key("write")
    first = upload(program, room, key="a").json()["id"]
    case_id = room.scanroom.page(room.page_ids[0]).case_id
    with room.scanroom.catalogue.writing() as session:
        into = Case(state="known")
        session.add(into)
        session.flush()
        session.get_one(Case, case_id).merged_into = into.id

    assert upload(program, room, key="a", case_id=case_id).json()["id"] == first


def test_the_same_key_of_another_caller_is_another_key(room: Room) -> None:
    first, second = room.with_key("write"), room.with_key("write")

    assert upload(first, room, key="1").status_code == 202
    assert upload(second, room, b"other bytes", key="1").status_code == 202

    assert len(arrivals(room)) == 2


def test_without_a_path_the_files_own_name_is_its_place(room: Room) -> None:
    upload(room.with_key("write"), room, fields={"volume": "", "path": ""})

    (arrival,) = arrivals(room)
    assert (arrival.path, arrival.source) == ("扫描件.pdf", "未分卷/扫描件.pdf")


@pytest.mark.parametrize(
    "path", ["../0001.pdf", "/etc/passwd", "a//b.pdf", "a\\..\\b.pdf", "a\x07.pdf", "a/" * 30 + "b"]
)
def test_a_path_that_leads_elsewhere_is_refused(room: Room, path: str) -> None:
    answer = upload(room.with_key("write"), room, fields={"path": path})

    assert (answer.status_code, answer.json()["code"]) == (422, "place_refused")
    assert arrivals(room) == []


def broken_bodies() -> list[tuple[str, bytes]]:
    whole = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        + b"a" * 3_000_000
        + b"\r\n--x--\r\n"
    )
    form = "multipart/form-data; boundary=x"
    return [
        (form, whole[:2_000_000]), (form, whole[:-6]), (form, b""), (form, b"nothing of the kind"),
        ("multipart/form-data", whole), ("application/json", b"{}"), (form, whole[:-7] + whole),
        (form, b'--x\r\nContent-Disposition: form-data; name="path"\r\n\r\na.pdf\r\n--x--\r\n'),
    ]  # fmt: skip


@pytest.mark.parametrize(("media_type", "body"), broken_bodies())
def test_a_broken_upload_leaves_nothing(room: Room, media_type: str, body: bytes) -> None:
    before = vault_files(room)
    case_id = room.scanroom.page(room.page_ids[0]).case_id

    answer = room.with_key("write").post(
        f"/api/v1/cases/{case_id}/files", content=body, headers={"Content-Type": media_type}
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "upload_broken")
    assert (arrivals(room), vault_files(room)) == ([], before)


def test_what_is_larger_than_the_setting_is_refused_with_or_without_a_length(room: Room, monkeypatch: Any) -> None:
    monkeypatch.setenv("EDOSSIER_MAX_UPLOAD_BYTES", "1000000")
    small = room.reopened()
    before = vault_files(room)

    declared = upload(small.with_key("write"), room, b"a" * 1_100_000)
    case_id = room.scanroom.page(room.page_ids[0]).case_id
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + b"a" * 1_100_000
    undeclared = small.with_key("write").post(
        f"/api/v1/cases/{case_id}/files",
        content=iter([body, b"\r\n--x--\r\n"]),
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )

    for answer in (declared, undeclared):
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert "max_upload_bytes" in answer.json()["remedy"]
    assert vault_files(room) == before


def test_who_may_not_take_in_is_refused(room: Room) -> None:
    room.add_user("闵照屿", "prosecutor", "第一检察部")
    room.add_user("柯一舟", "operator")

    assert upload(room.with_key("read", "search"), room).json()["code"] == "scope_missing"
    assert upload(room.client(), room).status_code == 401
    assert upload(room.signed_in_as("闵照屿"), room).json()["code"] == "role_missing"
    assert upload(room.signed_in_as("柯一舟"), room).status_code == 202


def test_a_case_out_of_sight_takes_no_file_and_a_file_in_it_is_not_told_of(room: Room) -> None:
    file_id = upload(room.with_key("write"), room).json()["id"]
    stranger = room.with_key("write", "read", departments=("第九检察部",))

    assert upload(stranger, room).status_code == 404
    assert upload(stranger, room, case_id="c00000000000000000000").status_code == 404
    assert stranger.get(f"/api/v1/files/{file_id}").status_code == 404
    assert room.with_key("read").get("/api/v1/files/f0").status_code == 404


def test_a_file_says_how_many_of_its_pages_can_be_found_and_what_went_wrong(room: Room) -> None:
    searchable = room.scanroom.page(room.page_ids[0]).arrival_id
    waiting = room.scanroom.page(room.page_ids[2])
    program = room.with_key("read")

    assert program.get(f"/api/v1/files/{searchable}").json()["searchable"] == 1
    room.scanroom.park(waiting.id, "page_timeout")
    answer = program.get(f"/api/v1/files/{waiting.arrival_id}").json()
    assert (answer["pages"], answer["searchable"], answer["error"]["code"]) == (1, 0, "page_timeout")


def test_work_is_asked_for_once_however_often_a_file_comes(room: Room) -> None:
    program = room.with_key("write")
    for _ in range(3):
        upload(program, room)
    with room.scanroom.catalogue.reading() as session:
        assert session.scalar(select(func.count()).select_from(Work).where(Work.kind == work.PAGINATE)) == 1
