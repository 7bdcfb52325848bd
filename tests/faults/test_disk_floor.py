"""T20, the disk: intake stops before it is full, says so, and goes on by itself; nothing dropped meanwhile is lost."""

from __future__ import annotations

import base64
import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from dossier import flags
from dossier.catalogue.tables import Case
from dossier.room import FLAG, room_of
from dossier.settings import Settings
from pipeline.intake.inbox import Intake
from search_api.app import create_app
from tests.house import CASE, House, open_house
from tests.recorded import print_page

FLOOR = 2_000_000_000
GRACE = "password"
_Usage = namedtuple("_Usage", "total used free")


class Disk:
    """A disk whose room is said."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free = 10 * FLOOR
        monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(20 * FLOOR, 20 * FLOOR - self.free, self.free))


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

        disk.free = FLOOR
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

        disk.free = FLOOR + 50_000  # too little for this one
        assert upload() == 507
        assert begin(60_000) == 507
        assert begin(40_000) == 201
        assert upload(without_length()) == 507
        assert upload() == 507 and begin(1) == 507
        assert list((house.home.vault / "tmp").glob("*")) == []
        assert [path.stat().st_size for path in house.vault.uploads.iterdir()] == [0]

        disk.free = 2 * FLOOR
        assert upload() == 202


def _told(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_the_floor_is_a_setting_with_a_default_that_works(tmp_path: Path) -> None:
    assert Settings().disk_floor_bytes == FLOOR
