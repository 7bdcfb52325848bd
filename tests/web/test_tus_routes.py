"""Resumable uploads: nothing that was confirmed is sent again, nothing becomes two files."""

from __future__ import annotations

import base64
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from site_under_test import Room
from sqlalchemy import select, update
from starlette.testclient import TestClient

from dossier import uploads
from dossier.catalogue.tables import Arrival, KeyedRequest, Upload
from search_api.rest import tus_routes

CONTENT = bytes(range(256)) * 10_000
PART = "application/offset+octet-stream"


def encoded(**told: str) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())


def begun(client: TestClient, room: Room, size: int = len(CONTENT), key: str = "", **told: str) -> Response:
    case_id = room.scanroom.page(room.page_ids[0]).case_id
    metadata = encoded(**{"case": case_id, "volume": "证据材料卷二", "path": "0001.pdf", **told})
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(size), "Upload-Metadata": metadata}
    headers |= {"Idempotency-Key": key} if key else {}
    return client.post("/api/v1/uploads", headers=headers)


def send(client: TestClient, where: str, offset: int, content: Any, **headers: str) -> Response:
    base = {"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset), "Content-Type": PART}
    return client.patch(where, content=content, headers={**base, **headers})


def files(room: Room) -> list[tuple[str, bytes]]:
    with room.scanroom.catalogue.reading() as session:
        rows = session.execute(select(Arrival.id, Arrival.sha256).where(Arrival.origin == "upload")).all()
    return [(file_id, room.scanroom.vault.original_path(sha256).read_bytes()) for file_id, sha256 in rows]


def test_parts_become_one_file_across_a_restart(room: Room) -> None:
    program = room.with_key("write", "read")
    answer = begun(program, room)
    where = answer.headers["location"]
    assert (answer.status_code, answer.headers["upload-offset"], answer.headers["tus-resumable"]) == (201, "0", "1.0.0")

    assert send(program, where, 0, CONTENT[:1_000_000]).headers["upload-offset"] == "1000000"
    again = room.reopened().client()
    again.headers["Authorization"] = program.headers["Authorization"]
    assert again.head(where).headers["upload-offset"] == "1000000"
    assert files(room) == []
    last = send(again, where, 1_000_000, CONTENT[1_000_000:])

    assert (last.status_code, last.headers["upload-offset"]) == (204, str(len(CONTENT)))
    assert files(room) == [(last.headers["upload-file"], CONTENT)]
    assert program.get(where).json()["file_id"] == last.headers["upload-file"]
    assert list(room.scanroom.vault.uploads.iterdir()) == []
    # The answer was lost: the client asks, or sends the end again.
    assert again.head(where).headers["upload-file"] == last.headers["upload-file"]
    assert send(again, where, len(CONTENT), b"").headers["upload-file"] == last.headers["upload-file"]


def test_an_upload_that_is_begun_again_with_its_key_is_the_same_one(room: Room) -> None:
    program, other = room.with_key("write"), room.with_key("write")
    first = begun(program, room, key="0412")
    where = first.headers["location"]
    uploads.path_of(room.scanroom.vault, where.rpartition("/")[2]).unlink()  # as where it was killed before making it
    again = begun(program, room, key="0412")
    assert (again.status_code, again.headers["location"], again.headers["upload-offset"]) == (201, where, "0")
    assert begun(other, room, key="0412").headers["location"] != where
    assert begun(program, room).headers["location"] != where

    send(program, where, 0, CONTENT[:1000])
    again = begun(program, room, key="0412")
    assert (again.headers["location"], again.headers["upload-offset"]) == (where, "1000")
    last = send(program, where, 1000, CONTENT[1000:])
    again = begun(program, room, key="0412")
    assert (again.status_code, again.headers["location"]) == (201, where)
    assert again.headers["upload-file"] == last.headers["upload-file"]
    assert [content for _, content in files(room)] == [CONTENT]
    assert not uploads.path_of(room.scanroom.vault, where.rpartition("/")[2]).exists()


def test_a_key_that_opened_one_upload_opens_no_other(room: Room) -> None:
    program = room.with_key("write", "read")
    where = begun(program, room, key="0412").headers["location"]
    case = {"BMSAH": "临检起诉受[2031]99010123306号", "AJMC": "闵照屿等3人诈骗案"}
    assert program.post("/api/v1/cases", headers={"Idempotency-Key": "0413"}, json=case).status_code == 201

    for refused in (
        begun(program, room, key="0412", path="0002.pdf"),
        begun(program, room, key="0412", volume="证据材料卷三"),
        begun(program, room, key="0412", size=10),
        begun(program, room, key="0413"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_key_reused")
    # What was given up may be begun anew.
    program.delete(where)
    assert begun(program, room, key="0412", size=10).headers["location"] != where


def test_whoever_is_killed_before_accepting_a_whole_upload_finds_it_whole(room: Room) -> None:
    program = room.with_key("write")
    asked, tidied = (begun(program, room, path=name).headers["location"] for name in ("a.pdf", "b.pdf"))
    for where in (asked, tidied):
        upload_id = where.rpartition("/")[2]
        uploads.path_of(room.scanroom.vault, upload_id).write_bytes(CONTENT)
        with room.scanroom.catalogue.writing() as session:
            session.execute(update(Upload).where(Upload.id == upload_id).values(received=len(CONTENT)))

    assert program.head(asked).headers["upload-file"] == files(room)[0][0]
    uploads.tidy(room.scanroom.catalogue, room.scanroom.vault, 1.0)

    assert [content for _, content in files(room)] == [CONTENT, CONTENT]
    assert program.head(tidied).headers["upload-file"] in dict(files(room))


def test_whoever_asks_while_an_upload_is_being_accepted_waits_for_the_file(room: Room) -> None:
    """As just after a restart, when what was left whole is accepted while its sender sends the last part again."""
    program = room.with_key("write")
    where = begun(program, room).headers["location"]
    upload_id = where.rpartition("/")[2]
    with ThreadPoolExecutor(1) as sender:
        with uploads.writing(room.scanroom.catalogue, room.scanroom.vault, upload_id) as (_, writer):
            writer.append(CONTENT)
            writer.save()
            answer = sender.submit(program.head, where)
            time.sleep(0.5)
            assert not answer.done()
        assert answer.result(30).status_code == 200
    assert [(answer.result().headers["upload-file"], CONTENT)] == files(room)


def test_a_fault_while_tidying_does_not_end_it(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    times = []

    def tidy(*_: Any) -> None:
        times.append(time.monotonic())
        raise PermissionError("uploads")

    monkeypatch.setattr(uploads, "tidy", tidy)
    monkeypatch.setattr(tus_routes, "_TIDY_SECONDS", 0.01)
    with room.client() as client:
        deadline = time.monotonic() + 30
        while len(times) < 2 and time.monotonic() < deadline:
            assert client.get("/api/v1/health").status_code == 200
    assert len(times) > 1


def test_keys_of_old_requests_are_forgotten_while_the_site_is_served(room: Room) -> None:
    with room.scanroom.catalogue.writing() as session:
        for key, at in (("old", 0.0), ("new", time.time())):
            session.add(
                KeyedRequest(owner_id="k1", key=key, kind="case", request="", status=201, subject_id="c", at=at)
            )  # fmt: skip

    def kept() -> list[str]:
        with room.scanroom.catalogue.reading() as session:
            return list(session.scalars(select(KeyedRequest.key)))

    with room.client():
        deadline = time.monotonic() + 30
        while len(kept()) > 1 and time.monotonic() < deadline:
            time.sleep(0.05)
    assert kept() == ["new"]


def test_bytes_that_were_not_confirmed_are_cut_away(room: Room) -> None:
    program = room.with_key("write")
    where = begun(program, room).headers["location"]
    send(program, where, 0, CONTENT[:1000])
    with uploads.path_of(room.scanroom.vault, where.rpartition("/")[2]).open("ab") as file:
        file.write(b"of a part that a power cut ended" * 1000)

    send(program, where, 1000, CONTENT[1000:])

    assert [content for _, content in files(room)] == [CONTENT]


def test_a_part_that_begins_elsewhere_is_refused(room: Room) -> None:
    program = room.with_key("write")
    where = begun(program, room).headers["location"]
    send(program, where, 0, CONTENT[:1000])

    for offset in (0, 999, 1001, len(CONTENT)):
        answer = send(program, where, offset, b"x")
        assert (answer.status_code, answer.headers["upload-offset"]) == (409, "1000")
        assert answer.json()["code"] == "upload_offset"


def test_more_than_was_declared_is_refused_and_not_kept(room: Room) -> None:
    program = room.with_key("write")
    where = begun(program, room, size=10).headers["location"]

    assert send(program, where, 0, b"x" * 11).status_code == 413
    assert program.head(where).headers["upload-offset"] == "0"
    assert files(room) == []


def test_a_checksum_is_held_against_the_part(room: Room) -> None:
    program = room.with_key("write")
    where = begun(program, room).headers["location"]
    right = base64.b64encode(hashlib.sha1(CONTENT).digest()).decode()

    wrong = send(program, where, 0, CONTENT[:-1] + b"x", **{"Upload-Checksum": f"sha1 {right}"})
    assert (wrong.status_code, wrong.json()["code"]) == (460, "checksum_mismatch")
    assert program.head(where).headers["upload-offset"] == "0"
    assert send(program, where, 0, CONTENT, **{"Upload-Checksum": f"crc32 {right}"}).status_code == 400
    assert send(program, where, 0, CONTENT, **{"Upload-Checksum": f"sha1 {right}"}).status_code == 204
    assert [content for _, content in files(room)] == [CONTENT]


def test_two_parts_at_once_do_not_mix(room: Room) -> None:
    program = room.with_key("write")
    where = begun(program, room).headers["location"]

    with uploads.writing(room.scanroom.catalogue, room.scanroom.vault, where.rpartition("/")[2]) as (_, writer):
        assert send(program, where, 0, b"meanwhile").json()["code"] == "upload_busy"
        assert program.delete(where).status_code == 423
        writer.append(CONTENT[:1000])
        writer.save()
    assert send(program, where, 1000, CONTENT[1000:]).status_code == 204
    assert [content for _, content in files(room)] == [CONTENT]


def test_an_upload_is_its_beginners_alone(room: Room) -> None:
    room.add_user("柯一舟", "operator")
    program, other, person = room.with_key("write"), room.with_key("write"), room.signed_in_as("柯一舟")
    where = begun(program, room).headers["location"]

    for stranger in (other, person):
        assert stranger.head(where).status_code == 404
        assert send(stranger, where, 0, b"x").status_code == 404
        assert stranger.delete(where).status_code == 404
    assert begun(room.with_key("read"), room).json()["code"] == "scope_missing"
    assert program.delete(where).status_code == 204
    assert program.head(where).status_code == 404


def test_an_operator_uploads_from_a_page_of_the_site_and_no_other_site_does(room: Room) -> None:
    room.add_user("柯一舟", "operator")
    browser = room.signed_in_as("柯一舟")
    where = begun(browser, room).headers["location"]

    foreign = send(browser, where, 0, CONTENT, Origin="http://evil.example")
    assert (foreign.status_code, foreign.json()["code"]) == (403, "origin_refused")
    own = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert send(browser, where, 0, CONTENT, **own).status_code == 204


def test_abandoned_uploads_go_and_others_stay(room: Room) -> None:
    program = room.with_key("write")
    old, young = (begun(program, room).headers["location"] for _ in range(2))
    with room.scanroom.catalogue.writing() as session:
        session.execute(
            update(Upload).where(Upload.id == old.rpartition("/")[2]).values(updated_at=time.time() - 2 * 24 * 3600)
        )

    uploads.tidy(room.scanroom.catalogue, room.scanroom.vault, 1.0)

    assert program.head(old).status_code == 404
    assert program.head(young).status_code == 200
    assert [path.name for path in room.scanroom.vault.uploads.iterdir()] == [young.rpartition("/")[2]]


def test_an_upload_that_is_continued_while_others_are_tidied_away_stays(room: Room) -> None:
    """It seemed abandoned when the list of those was made; its sender came back just then."""
    program = room.with_key("write")
    where = begun(program, room).headers["location"]
    listed_at = time.time()
    assert send(program, where, 0, CONTENT[:1000]).status_code == 204

    uploads.drop(room.scanroom.catalogue, room.scanroom.vault, where.rpartition("/")[2], listed_at)

    assert send(program, where, 1000, CONTENT[1000:]).headers["upload-file"] == files(room)[0][0]


def left_whole(room: Room, where: str) -> Path:
    """An upload whose last byte came just before the machine was switched off for two days."""
    upload_id = where.rpartition("/")[2]
    path = uploads.path_of(room.scanroom.vault, upload_id)
    path.write_bytes(CONTENT)
    long_ago = time.time() - 2 * 24 * 3600
    with room.scanroom.catalogue.writing() as session:
        session.execute(update(Upload).where(Upload.id == upload_id).values(received=len(CONTENT), updated_at=long_ago))
    return path


def test_a_whole_upload_is_accepted_however_long_the_machine_was_off(room: Room) -> None:
    program = room.with_key("write")
    where = begun(program, room).headers["location"]
    path = left_whole(room, where)

    uploads.tidy(room.scanroom.catalogue, room.scanroom.vault, 1.0)

    assert [content for _, content in files(room)] == [CONTENT]
    assert program.head(where).headers["upload-file"] == files(room)[0][0]
    assert not path.exists()


def test_a_whole_upload_waits_while_the_disk_takes_nothing(room: Room) -> None:
    program = room.with_key("write")
    where = begun(program, room).headers["location"]
    path = left_whole(room, where)
    originals = room.scanroom.vault.folder_of("original")
    originals.rename(originals.with_name("away"))
    originals.write_bytes(b"")  # nothing can be written below it

    uploads.tidy(room.scanroom.catalogue, room.scanroom.vault, 1.0)
    assert path.read_bytes() == CONTENT

    originals.unlink()
    originals.with_name("away").rename(originals)
    uploads.tidy(room.scanroom.catalogue, room.scanroom.vault, 1.0)
    assert [content for _, content in files(room)] == [CONTENT]


def test_a_whole_upload_that_is_refused_goes_when_its_days_are_over(room: Room) -> None:
    program = room.with_key("write")
    first, second = (begun(program, room, path=name).headers["location"] for name in ("a.pdf", "b.pdf"))
    with room.scanroom.catalogue.writing() as session:
        session.execute(update(Upload).values(idempotency_key="one"))
    send(program, first, 0, CONTENT)
    path = left_whole(room, second)

    uploads.tidy(room.scanroom.catalogue, room.scanroom.vault, 1.0)

    assert not path.exists()
    assert program.head(second).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Length": "9000000000"}, 413),
        ({"Upload-Length": "-1"}, 422),
        ({"Upload-Metadata": "path !!!"}, 400),
        ({"Upload-Metadata": encoded(case="没有这个案件", path="a")}, 404),
        ({"Tus-Resumable": "0.2.2"}, 412),
    ],
)
def test_what_cannot_be_is_refused_at_once(room: Room, headers: dict[str, str], status: int) -> None:
    case_id = room.scanroom.page(room.page_ids[0]).case_id
    base = {"Tus-Resumable": "1.0.0", "Upload-Length": "10", "Upload-Metadata": encoded(case=case_id, path="a.pdf")}
    answer = room.with_key("write").post("/api/v1/uploads", headers={**base, **headers})
    assert answer.status_code == status, answer.text


def test_an_empty_file_is_a_file(room: Room) -> None:
    answer = begun(room.with_key("write"), room, size=0)
    assert files(room) == [(answer.headers["upload-file"], b"")]


def test_what_is_offered_can_be_asked(room: Room) -> None:
    headers = room.with_key("write").options("/api/v1/uploads").headers
    assert headers["tus-version"] == "1.0.0"
    assert "creation" in headers["tus-extension"]
    assert headers["tus-max-size"] == "4000000000"
