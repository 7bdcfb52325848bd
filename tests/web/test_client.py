"""The client of docs/client and its recipes, against a served site."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from chromium import served
from scanroom import CASE
from site_under_test import Room

from dossier.webhooks import signature
from tests.api_client import FOLDER, loaded

NUMBER = "临检起诉受[2031]99010123306号"


client = loaded()


@pytest.fixture
def office(room: Room) -> Iterator[Any]:
    key = room.with_key("search", "read", "write").headers["Authorization"].removeprefix("Bearer ")
    with served(room.app) as address:
        yield client.Edossier(address, key, timeout=20.0, patience=20.0)


def test_a_case_is_put_changed_merged_and_split(office: Any) -> None:
    case = office.put_case({"BMSAH": NUMBER, "AJMC": "闵照屿等3人诈骗案", "XYR": "闵照屿、傅溪"})
    again = office.put_case({"BMSAH": NUMBER})
    other = office.put_case({"BMSAH": "临检起诉受[2031]99010123399号"})
    office.bind_number(case["id"], "A3101150000002031060001", kind="police")
    office.change_handler(case["id"], "苏见川")
    office.put_delivery(case["id"], "return", 2, arrived_on="2031-06-01")
    office.put_proceeding(case["id"], "临检捕受[2031]99010100001号", kind="审查逮捕")
    office.change_case(case["id"], {"charge": "诈骗罪"})
    office.upload(other["id"], b"%PDF-1.7", volume="证据材料卷二", path="0001.pdf")
    merged = office.merge(case["id"], other["id"])
    (volume,) = office.directory(case["id"])["volumes"]
    split = office.split(case["id"], [volume["id"]], {"numbers": [{"number": "临检起诉受[2031]99010123400号"}]})

    assert again["id"] == case["id"]
    assert (merged["handler"], merged["charge"], merged["merged"]) == ("苏见川", "诈骗罪", [other["id"]])
    assert [delivery["number"] for delivery in merged["deliveries"]] == [2]
    assert office.case(other["id"])["id"] == case["id"]
    assert office.find_case("A3101150000002031060001")["id"] == case["id"]
    assert office.directory(split["id"])["volumes"][0]["name"] == "证据材料卷二"


def test_a_coming_is_withdrawn_and_a_case_transferred_and_nothing_is_lost(office: Any) -> None:
    case = office.put_case({"BMSAH": NUMBER, "CBBM": "第一检察部", "CBR": "苏见川"})["id"]
    office.put_proceeding(case, NUMBER, kind="审查起诉", state="open")
    for _ in range(2):
        office.withdraw(case, NUMBER)
        office.transfer(case, "第二检察部", "闵榆")

    found = office.find_case(NUMBER)

    assert found["id"] == case
    assert [(coming["kind"], coming["state"]) for coming in found["proceedings"]] == [("审查起诉", "withdrawn")]
    assert (found["department"], found["handler"]) == ("第二检察部", "闵榆")


def test_a_file_goes_up_whole_and_in_parts_and_is_one(office: Any, tmp_path: Path) -> None:
    case = office.put_case({"BMSAH": NUMBER})["id"]
    (tmp_path / "0001.bin").write_bytes(bytes(range(256)) * 40)
    begun: list[str] = []

    whole = office.send_file(case, tmp_path / "0001.bin", volume="证据材料卷一")
    parts = office.upload(
        case, tmp_path / "0001.bin", volume="证据材料卷一", began=begun.append, part_bytes=3000, key="own"
    )
    gone_on = office.upload(case, tmp_path / "0001.bin", where=begun[0])

    assert whole == parts == gone_on
    assert office.file(whole)["id"] == whole


def test_all_hits_come_over_as_many_answers_as_it_takes(office: Any, room: Room) -> None:
    found = list(office.search("林晓禾 OR 周望舒", limit=1))

    assert sorted(hit["page_id"] for hit in found) == sorted(room.page_ids[:2])
    assert next(office.search("林晓禾", case=CASE))["page_id"] == room.page_ids[0]
    assert "13900004417" in office.page_text(room.page_ids[0])["text"]
    assert office.page(room.page_ids[0])["page_number"] == 1


def test_changes_are_followed_from_a_cursor_on(office: Any) -> None:
    first = office.changes()
    case = office.put_case({"BMSAH": NUMBER})["id"]
    file_id = office.send_file(case, b"%PDF-1.7", path="0001.pdf")

    (change,) = next(office.follow(first.after, wait=5.0)).changes

    assert (change["kind"], change["file_id"]) == ("received", file_id)


def test_pictures_and_pdfs_are_written_whole(office: Any, room: Room, tmp_path: Path) -> None:
    page = room.scanroom.page(room.page_ids[0])
    office.page_image(page.id, tmp_path / "page.jpg", width=240)

    def make() -> None:
        while not (work := room.scanroom.requested("assemble")):
            time.sleep(0.05)
        with room.scanroom.catalogue.reading() as session:
            from dossier.pdf_contents import contents_of_document, document_key

            contents = contents_of_document(session, page.document_id)
        key = document_key(room.scanroom.vault, contents, room.app.state.site.settings.pdf_quality)
        target = room.scanroom.derived.document_pdf(page.document_id, key)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"%PDF-1.7 invented")
        assert work

    maker = threading.Thread(target=make)
    maker.start()
    office.document_pdf(page.document_id, tmp_path / "笔录.pdf")
    maker.join()

    assert (tmp_path / "page.jpg").read_bytes().startswith(b"\xff\xd8")
    assert (tmp_path / "笔录.pdf").read_bytes() == b"%PDF-1.7 invented"
    assert sorted(path.name for path in tmp_path.glob("*.part")) == []


def test_refusals_say_why(office: Any) -> None:
    with pytest.raises(client.EdossierProblem) as refused:
        office.find_case("临检起诉受[2031]99010199999号")

    assert (refused.value.status, refused.value.code) == (404, "not_found")


class Moody(BaseHTTPRequestHandler):
    """Answers a call well only the third time; keeps what was sent."""

    keys: list[str]
    tries = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.keys.append(self.headers["Idempotency-Key"])
        if len(self.keys) == 1:
            self.close_connection = True  # no answer at all
            return
        status, body = (429, b"{}") if len(self.keys) == 2 else (200, b'{"id": "c1"}')
        self.send_response(status)
        self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_a_call_is_repeated_with_one_key_until_it_is_answered() -> None:
    keys: list[str] = []
    server = HTTPServer(("127.0.0.1", 0), type("Server", (Moody,), {"keys": keys}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        found = client.Edossier(f"http://127.0.0.1:{server.server_port}", "key").put_case({"BMSAH": NUMBER})
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    assert found == {"id": "c1"}
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_a_server_that_stays_away_is_given_up() -> None:
    with pytest.raises(client.ServerAway):
        client.Edossier("http://127.0.0.1:9", "key", patience=0.0).put_case({"BMSAH": NUMBER})


@pytest.mark.parametrize(
    ("body", "now", "is_genuine"), [(b"{}", 1000.0, True), (b"[]", 1000.0, False), (b"{}", 1500.0, False)]
)
def test_a_signature_proves_where_a_webhook_comes_from_and_when(body: bytes, now: float, is_genuine: bool) -> None:
    assert client.is_signed("secret", signature("secret", 900, b"{}"), body, now) == is_genuine


def test_a_signature_that_is_none_proves_nothing() -> None:
    assert not client.is_signed("secret", "v1=", b"{}")
    assert not client.is_signed("secret", "", b"{}")


def test_the_recipes_work(office: Any, room: Room, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    page = room.scanroom.page(room.page_ids[0])
    case = office.put_case({"BMSAH": NUMBER})["id"]
    (tmp_path / "0001.png").write_bytes(b"\x89PNG")
    where = office._where
    environment = {
        "PATH": "/usr/bin:/bin", "HERE": f"http://{where.netloc}", "KEY": office._key, "CASE": case, "PAGE": page.id,
        "FILE": page.arrival_id, "DOCUMENT": page.document_id, "VOLUME": page.volume_id, "LANG": "C.UTF-8",
    }  # fmt: skip
    (recipes,) = re.findall(r"^```sh\n(.*?)^```", (FOLDER / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    commands = [line for line in recipes.splitlines() if line.startswith("curl")]
    assert len(commands) > 10
    for command in commands:
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 0, (command, done.stderr)
    assert office.find_case("A3101150000002031060001")["handler"] == "闵榆"


def test_the_example_of_the_client_runs(office: Any, room: Room, tmp_path: Path) -> None:
    (example,) = re.findall(
        r"^```python\n(.*?)^```", (FOLDER / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    # Nobody reads here: what waits for a worker is left out.
    left_out = ("wait_for_file", "import ", "office = ")
    lines = [line for line in example.splitlines() if not any(word in line for word in left_out)]
    code = "\n".join(lines).replace('"0001.png"', repr(str(tmp_path / "0001.png")), 1)
    (tmp_path / "0001.png").write_bytes(b"\x89PNG")
    printed: list[Any] = []

    exec(
        compile(code, "README.md", "exec"),
        {"office": office, "EdossierProblem": client.EdossierProblem, "print": lambda *words: printed.append(words)},
    )

    assert printed[-1] == (404, "not_found")
