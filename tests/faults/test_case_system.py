"""A case system at work: uploads repeated and cut off, the office killed in between; nothing twice, nothing missing."""

from __future__ import annotations

import base64
import contextlib
import os
import random
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from office import Office
from sqlalchemy import func, select

from dossier import uploads
from dossier.cases import case_for_number
from dossier.catalogue.tables import Arrival, AuditRow, Page, Upload
from dossier.vault import Vault
from dossier.verify import verify_store
from tests.house import encoded
from tests.recorded import print_page

# 200 in a long run: EDOSSIER_TEST_UPLOADS=200.
UPLOADS = int(os.environ.get("EDOSSIER_TEST_UPLOADS", "24"))
KILLS = max(4, UPLOADS // 12)
CASE = "临检起诉受[2031]99010100007号"
PATIENCE_SECONDS = 240.0


def client_of(office: Office) -> httpx.Client:
    headers = {"Authorization": f"Bearer {office.secret}"}
    return httpx.Client(base_url=office.address, headers=headers, timeout=30.0, trust_env=False)


class Follower(threading.Thread):
    """Follows the feed from its cursor on, whatever happens to the office."""

    def __init__(self, office: Office) -> None:
        super().__init__(daemon=True)
        self._office, self._is_over = office, threading.Event()
        self.changes: list[dict[str, Any]] = []
        self.refusals: list[str] = []
        self._after = ""

    def run(self) -> None:
        while not self._is_over.is_set():
            try:
                with client_of(self._office) as client:
                    answer = client.get("/api/v1/changes", params={"after": self._after, "wait": 1, "limit": 7})
                    if not answer.is_success:
                        self.refusals.append(f"{answer.status_code} {answer.text}")
                        time.sleep(0.1)
                        continue
                    body = answer.json()
            except httpx.TransportError:
                time.sleep(0.1)
                continue
            self.changes += body["changes"]
            self._after = body["after"]

    def told(self, kind: str) -> Counter[str]:
        return Counter(change["file_id"] for change in self.changes if change["kind"] == kind)

    def stop(self) -> None:
        self._is_over.set()
        self.join(30)


def post(client: httpx.Client, case_id: str, number: int, content: bytes) -> str:
    answer = client.post(
        f"/api/v1/cases/{case_id}/files",
        data={"volume": "证据材料卷一", "path": f"讯问笔录/{number:04}.png"},
        files={"file": ("scan.png", content)},
        headers={"Idempotency-Key": f"file-{number}"},
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def cut_off(client: httpx.Client, case_id: str, number: int, content: bytes) -> None:
    """An upload whose sender dies half way."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="%04d.png"\r\n\r\n' % number

    def half() -> Any:
        yield head + content[: len(content) // 2]
        raise ConnectionError

    length = str(len(head) + len(content) + 9)
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": length}
    with contextlib.suppress(ConnectionError):
        client.post(f"/api/v1/cases/{case_id}/files", content=half(), headers=headers)


class InParts:
    """A resumable upload that goes on where it was, in as many attempts as it takes."""

    def __init__(self) -> None:
        self.where = ""

    def send(self, client: httpx.Client, case_id: str, number: int, content: bytes) -> str:
        tus = {"Tus-Resumable": "1.0.0"}
        if not self.where:
            told = {"case": case_id, "volume": "证据材料卷一", "path": f"讯问笔录/{number:04}.png"}
            metadata = ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in told.items())
            begun = client.post(
                "/api/v1/uploads",
                headers={**tus, "Upload-Length": str(len(content)), "Upload-Metadata": metadata},
            )
            assert begun.status_code == 201, begun.text
            self.where = begun.headers["location"]
        # Just after a restart, the office may be accepting it by itself.
        while (standing := client.head(self.where, headers=tus)).status_code == 423:
            time.sleep(0.1)
        offset = int(standing.headers["upload-offset"])
        while offset < len(content):
            part = content[offset : offset + len(content) // 3 + 1]
            headers = {**tus, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            standing = client.patch(self.where, content=part, headers=headers)
            assert standing.status_code == 204, standing.text
            offset = int(standing.headers["upload-offset"])
        return str(standing.headers["upload-file"])


@pytest.mark.timeout(600)
def test_uploads_repeated_while_the_office_is_killed_are_each_one_file(tmp_path: Path) -> None:
    chance = random.Random(20311126)
    office = Office(tmp_path / "home")
    with office.catalogue.writing() as session:
        case_id = case_for_number(session, CASE, "test").id
    follower = Follower(office)
    follower.start()
    contents = {number: encoded(print_page(number), ".png") for number in range(1, UPLOADS + 1)}
    ids: dict[int, set[str]] = {number: set() for number in contents}
    try:
        kill_before = set(chance.sample(sorted(contents), KILLS))
        for number, content in contents.items():
            killer = None
            if number in kill_before:
                # Somewhere within what follows: before, in the middle of, or after a request.
                killer = threading.Timer(chance.uniform(0.0, 0.15), office.kill)
                killer.start()
            in_parts = InParts() if number % 3 == 0 else None
            for _ in range(2 if in_parts else chance.randint(1, 3)):
                while True:
                    try:
                        with client_of(office) as client:
                            if in_parts is not None:
                                ids[number].add(in_parts.send(client, case_id, number, content))
                            else:
                                if chance.random() < 0.3:
                                    cut_off(client, case_id, number, content)
                                ids[number].add(post(client, case_id, number, content))
                        break
                    except httpx.TransportError:
                        if killer is None:
                            raise
                        killer.join()
                        office.start()
                        killer = None
            if killer is not None:
                killer.join()
                office.start()

        files = {file_id for of_number in ids.values() for file_id in of_number}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and set(follower.told("searchable")) != files:
            time.sleep(0.3)
        with client_of(office) as client:
            statuses = [client.get(f"/api/v1/files/{file_id}").json() for file_id in sorted(files)]
    finally:
        follower.stop()
        office.kill()

    assert [len(of_number) for of_number in ids.values()] == [1] * UPLOADS
    assert len(files) == UPLOADS
    assert follower.refusals == []
    assert follower.told("received") == Counter(files), "each once, in spite of all restarts"
    assert follower.told("searchable") == Counter(files)
    assert follower.told("failed") == Counter()
    expected = {"state": "done", "pages": 1, "searchable": 1, "error": None}
    assert [{**status, "id": ""} for status in statuses] == [{"id": "", **expected}] * UPLOADS
    with office.catalogue.reading() as session:
        assert session.scalar(select(func.count()).select_from(Arrival)) == UPLOADS
        numbers = session.scalars(select(Page.page_number).order_by(Page.page_number)).all()
        assert numbers == list(range(1, UPLOADS + 1))
        accepted = session.scalar(select(func.count()).where(AuditRow.deed == "accept"))
        assert accepted == UPLOADS
        # One whose beginning was never answered is nobody's, and is tidied away in time.
        assert set(session.scalars(select(Upload.arrival_id))) - {None} <= files
        assert verify_store(session, Vault(office.home.vault)) == []
    uploads.tidy(office.catalogue, Vault(office.home.vault), 0.0)
    assert list((office.home.vault / "uploads").iterdir()) == []
    office.catalogue.close()
