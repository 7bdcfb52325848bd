"""T20, the disk: intake stops before it is full, says so, and goes on by itself; nothing dropped meanwhile is lost."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import shutil
import time
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import select, update
from typer.testing import CliRunner

from cli.main import app
from dossier import flags, uploads
from dossier.catalogue.tables import Case, Flag, Upload
from dossier.errors import MachineFailed
from dossier.home import Home
from dossier.room import FLAG, room_of
from dossier.settings import Settings
from dossier.vault import Vault
from pipeline.intake import inbox
from pipeline.intake.inbox import Intake
from search_api.app import create_app
from tests.house import CASE, House, encoded, open_house
from tests.recorded import print_page

FLOOR = 2_000_000_000
GRACE = "password"
_Usage = namedtuple("_Usage", "total used free")


class Disk:
    """A disk whose room is said; with `fills`, what is written to that folder from then on takes of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free = 10 * FLOOR
        self.fills: Path | None = None
        monkeypatch.setattr(shutil, "disk_usage", self._usage)

    def _usage(self, _: Path) -> _Usage:
        paths = self.fills.rglob("*") if self.fills is not None else ()
        free = self.free - sum(path.stat().st_size for path in paths if path.is_file())
        return _Usage(20 * FLOOR, 20 * FLOOR - free, free)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def site_of(house: House) -> TestClient:
    app = create_app(house.home, house.catalogue, house.vault, house.searcher, GRACE, settings=house.settings)
    client = TestClient(app, base_url="http://127.0.0.1")
    client.post("/login", data={"password": GRACE})
    return client


def is_flagged(house: House) -> bool:
    with house.catalogue.reading() as session:
        return flags.stands(session, *FLAG)


def test_intake_stops_at_the_floor_says_so_and_goes_on_when_there_is_room(tmp_path: Path, disk: Disk) -> None:
    with open_house(tmp_path / "home") as house:
        house.intake = Intake(
            house.home.inbox, house.catalogue, house.vault, house.settings, house.inspector,
            lambda: room_of(house.home, house.settings.disk_floor_bytes),
        )  # fmt: skip
        client = site_of(house)
        house.drop_pages(f"{CASE}/卷一", [1, 2])
        disk.free = FLOOR - 1

        house.take_in()

        assert house.order() == [] and len(house.in_inbox()) == 2
        assert is_flagged(house)
        assert client.get("/api/v1/health").json() == {"status": "degraded"}
        assert 'edossier_degraded{reason="disk_low"} 1' in client.get("/api/v1/metrics").text
        assert "磁盘空间不足，暂停收件" in client.get("/board").text
        assert "已暂停收件" in client.get("/admin").text

        disk.free = FLOOR + sum(sizes_in_inbox(house))
        house.take_in()

        assert len(house.order()) == 2 and house.in_inbox() == []
        assert not is_flagged(house)
        assert client.get("/api/v1/health").json() == {"status": "ok"}


def test_a_flag_of_a_killed_watcher_is_taken_back_by_the_next(tmp_path: Path, disk: Disk) -> None:
    with open_house(tmp_path / "home") as house:
        with house.catalogue.writing() as session:
            flags.raise_flag(session, *FLAG[:2], None, FLAG[2])
        house.intake = Intake(
            house.home.inbox, house.catalogue, house.vault, house.settings, house.inspector,
            lambda: room_of(house.home, house.settings.disk_floor_bytes),
        )  # fmt: skip
        house.drop(f"{CASE}/卷一/0001.png", print_page(1))
        house.take_in()
        assert not is_flagged(house)


def test_uploads_are_answered_507_and_leave_nothing_behind(tmp_path: Path, disk: Disk) -> None:
    with open_house(tmp_path / "home") as house:
        client = site_of(house)
        house.drop(f"{CASE}/卷一/0001.png", print_page(1))
        house.take_in()
        with house.catalogue.reading() as session:
            case_id = session.scalars(select(Case.id)).one()
        content = b"%PDF-" + bytes(100_000)

        def upload(body: object = None) -> int:
            where = f"/api/v1/cases/{case_id}/files"
            if body is None:
                answer = client.post(where, data={"volume": "卷二"}, files={"file": ("a.pdf", content)})
            else:
                headers = {"Content-Type": "multipart/form-data; boundary=edge"}
                answer = client.post(where, content=body, headers=headers)  # type: ignore[arg-type]
            if answer.status_code == 507:
                assert answer.json()["code"] == "disk_full"
            return answer.status_code

        def begin(size: int) -> int:
            headers = {"Upload-Length": str(size), "Upload-Metadata": f"case {_told(case_id)},path {_told('b.pdf')}"}
            return client.post("/api/v1/uploads", headers={**headers, "Tus-Resumable": "1.0.0"}).status_code

        def without_length() -> object:
            yield b'--edge\r\nContent-Disposition: form-data; name="file"; filename="c.pdf"\r\n\r\n%PDF-'
            disk.free = FLOOR - 1  # somebody else fills the disk meanwhile
            for _ in range(4):
                yield bytes(70_000)
            yield b"\r\n--edge--\r\n"

        disk.free = FLOOR + 150_000  # once it has room, but not while it is copied into the vault
        assert upload() == 507
        assert begin(80_000) == 507
        assert begin(40_000) == 201
        assert upload(without_length()) == 507
        assert upload() == 507 and begin(1) == 507
        assert list((house.home.vault / "tmp").glob("*")) == []
        assert [path.stat().st_size for path in house.vault.uploads.iterdir()] == [0]

        disk.free = 2 * FLOOR
        assert upload() == 202


# What is larger than the room left


def watched(house: House) -> None:
    house.intake = Intake(
        house.home.inbox, house.catalogue, house.vault, house.settings, house.inspector,
        lambda: room_of(house.home, house.settings.disk_floor_bytes),
    )  # fmt: skip


def page(number: int) -> bytes:
    return encoded(print_page(number), ".png")


def sizes_in_inbox(house: House) -> list[int]:
    return [path.stat().st_size for path in house.home.inbox.rglob("*") if path.is_file()]


def waiting_for_room(house: House) -> list[str]:
    with house.catalogue.reading() as session:
        found = session.scalars(select(Flag).where(Flag.code == "not_accepted", Flag.closed_at.is_(None))).all()
        return [flag.details["path"] for flag in found if "磁盘空间不够" in flag.details["reason"]]


def test_a_file_that_is_larger_than_the_room_left_waits_and_smaller_ones_go_on(tmp_path: Path, disk: Disk) -> None:
    with open_house(tmp_path / "home") as house:
        watched(house)
        large, small = page(1) + bytes(1_000_000), page(2)
        house.drop(f"{CASE}/卷一/0001.png", large)
        house.drop(f"{CASE}/卷一/0002.png", small)
        disk.free = FLOOR + len(small)

        house.take_in()
        house.take_in()

        assert sizes_in_inbox(house) == [len(large)]
        assert [path.name for path in house.vault.originals()] == [hashlib.sha256(small).hexdigest()]
        assert waiting_for_room(house) == [f"{CASE}/卷一/0001.png"]
        assert not is_flagged(house)

        disk.free = FLOOR + len(large)
        house.take_in()

        assert house.in_inbox() == [] and len(house.order()) == 2
        assert waiting_for_room(house) == []
        assert not is_flagged(house)


def test_files_that_fit_one_by_one_but_not_together_do_not_take_the_floor(tmp_path: Path, disk: Disk) -> None:
    with open_house(tmp_path / "home") as house:
        watched(house)
        house.drop_pages(f"{CASE}/卷一", [1, 2, 3])
        disk.fills = house.vault.folder_of("original")
        sizes = sizes_in_inbox(house)
        disk.free = FLOOR + sum(sizes) - 1

        house.take_in()

        assert len(house.in_inbox()) == 1
        assert shutil.disk_usage(house.home.vault).free >= FLOOR

        disk.free += 1
        house.take_in()
        assert house.in_inbox() == []


def test_no_more_than_a_few_of_the_files_that_wait_for_room_are_named(tmp_path: Path, disk: Disk) -> None:
    with open_house(tmp_path / "home") as house:
        watched(house)
        for number in range(inbox._MOST_NAMED + 5):
            house.drop(f"{CASE}/卷一/{number:04d}.png", page(1) + bytes(1_000_000 + number))
        disk.free = FLOOR + 100_000

        house.take_in()
        house.take_in()

        assert len(waiting_for_room(house)) == inbox._MOST_NAMED
        assert is_flagged(house)  # the disk is full for all that has come

        house.drop(f"{CASE}/卷一/0100.png", page(2))
        house.take_in()
        assert [path for _, _, path in house.order()] == ["0100.png"]

        disk.free = FLOOR + 2_000_000
        house.take_in()
        assert house.in_inbox() == []
        assert waiting_for_room(house) == []
        assert not is_flagged(house)


def test_ingest_stops_before_a_file_that_has_no_room(tmp_path: Path, disk: Disk) -> None:
    home, file = Home.at(tmp_path / "home"), tmp_path / "large.png"
    file.write_bytes(page(1))
    disk.free = FLOOR + file.stat().st_size - 1

    answer = CliRunner().invoke(app, ["--home", str(home.root), "ingest", "--case", CASE, str(file)])

    assert isinstance(answer.exception, MachineFailed)
    assert "large.png" in str(answer.exception.detail)
    assert list(Vault(home.vault).originals()) == []


# Resumable uploads


class Sender:
    """A program that sends files in parts."""

    def __init__(self, house: House) -> None:
        house.drop(f"{CASE}/卷一/0001.png", print_page(1))
        house.take_in()
        with house.catalogue.reading() as session:
            self._case_id = session.scalars(select(Case.id)).one()
        self._client = site_of(house)

    def begin(self, size: int, name: str, key: str | None = None) -> Response:
        headers = {"Upload-Length": str(size), "Upload-Metadata": f"case {_told(self._case_id)},path {_told(name)}"}
        named = {} if key is None else {"Idempotency-Key": key}
        return self._client.post("/api/v1/uploads", headers={**headers, **named, "Tus-Resumable": "1.0.0"})

    def send(self, where: str, offset: int, content: Any) -> Response:
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        return self._client.patch(where, content=content, headers=headers)

    def send_slowly(self, where: str, portions: list[Callable[[], bytes]]) -> int:
        """Send portions that are asked for one by one, as they are taken; returns the status of the answer."""
        statuses = []

        async def receive() -> dict[str, Any]:
            portion = portions.pop(0)()
            return {"type": "http.request", "body": portion, "more_body": bool(portions)}

        async def send(message: Any) -> None:
            statuses.append(message.get("status"))

        cookies = "; ".join(f"{name}={value}" for name, value in self._client.cookies.items())
        headers = {
            "host": "127.0.0.1", "cookie": cookies, "upload-offset": "0",
            "content-type": "application/offset+octet-stream",
        }  # fmt: skip
        scope = {
            "type": "http", "http_version": "1.1", "method": "PATCH", "scheme": "http", "path": where,
            "raw_path": where.encode(), "query_string": b"", "root_path": "", "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 50_000),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }  # fmt: skip
        asyncio.run(self._client.app(scope, receive, send))  # type: ignore[arg-type]
        return int(statuses[0])

    def head(self, where: str) -> Response:
        return self._client.head(where)


def test_open_uploads_keep_the_room_that_they_still_need(tmp_path: Path, disk: Disk) -> None:
    with open_house(tmp_path / "home") as house:
        sender = Sender(house)
        disk.free = FLOOR + 200_000  # each needs twice its size: it is received, and copied into the vault

        answers = [sender.begin(40_000, f"{number}.pdf", str(number)) for number in range(50)]

        assert [answer.status_code for answer in answers] == [201, 201] + [507] * 48
        assert sender.begin(40_000, "0.pdf", "0").headers["location"] == answers[0].headers["location"]
        assert len(list(house.vault.uploads.iterdir())) == 2

        where = answers[0].headers["location"]
        assert sender.send(where, 0, bytes(40_000)).headers["upload-file"]
        assert sender.begin(40_000, "2.pdf").status_code == 201  # what has become a file needs nothing more
        assert sender.begin(40_000, "3.pdf").status_code == 507

        with house.catalogue.writing() as session:  # nobody goes on with them
            session.execute(update(Upload).values(updated_at=time.time() - 2 * 3600))
        assert sender.begin(40_000, "3.pdf").status_code == 201


def test_a_part_stops_where_the_disk_falls_below_its_floor_and_goes_on_later(tmp_path: Path, disk: Disk) -> None:
    with open_house(tmp_path / "home") as house:
        sender = Sender(house)
        content = bytes(3 << 20)
        where = sender.begin(len(content), "a.pdf").headers["location"]

        def next_portion() -> bytes:
            disk.free = FLOOR + (4 << 20) - 1  # two thirds are still to come, and the copy of it all
            return content[1 << 20 :]

        answer = sender.send_slowly(where, [lambda: content[: 1 << 20], next_portion])

        assert answer == 507
        received = int(sender.head(where).headers["upload-offset"])
        assert received == 1 << 20
        disk.free = 10 * FLOOR
        assert sender.send(where, received, content[received:]).headers["upload-file"]


def test_a_whole_upload_without_room_in_the_vault_waits_for_it(tmp_path: Path, disk: Disk) -> None:
    with open_house(tmp_path / "home") as house:
        sender = Sender(house)
        where = sender.begin(40_000, "a.pdf").headers["location"]
        upload_id = where.rpartition("/")[2]
        with uploads.writing(house.catalogue, house.vault, upload_id) as (_, writer):
            writer.append(bytes(40_000))
            writer.save()
        disk.free = FLOOR + 39_999

        assert "upload-file" not in sender.head(where).headers
        assert sender.send(where, 40_000, b"").status_code == 507
        uploads.tidy(house.catalogue, house.vault, -1.0, lambda size: room_of(house.home, FLOOR).holds(size))
        assert uploads.path_of(house.vault, upload_id).stat().st_size == 40_000

        disk.free += 1
        assert sender.send(where, 40_000, b"").headers["upload-file"]


def _told(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_the_floor_is_a_setting_with_a_default_that_works(tmp_path: Path) -> None:
    assert Settings().disk_floor_bytes == FLOOR
