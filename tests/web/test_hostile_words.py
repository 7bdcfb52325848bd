"""T19, T21: what stands on scanned pages, in names and in queries is text, wherever it is shown or exported."""

from __future__ import annotations

import csv
import io
import logging
import re
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from docx import Document as WordDocument
from openpyxl import load_workbook
from site_under_test import Room
from sqlalchemy import select
from starlette.testclient import TestClient

from dossier.catalogue.tables import AuditRow, Case, Document, Volume
from dossier.one_line import OneLineFormatter
from search_api.access import ACCESS

SCRIPT = "<script>alert(1)</script>"
HANDLER = "\"'><img src=x onerror=alert(2)>"
TEMPLATE = "{{7*7}}${7*7}"
FORMULA = '=HYPERLINK("http://attacker.example","x")'
LINES = (f"被害人{SCRIPT}陈述", f"林晓禾{HANDLER}", TEMPLATE, FORMULA, "javascript:alert(3)", "-1+1", "@SUM(1)", "+1")
CASE = "临检起诉受[2031]99010100077号"
VOLUME = "证据材料卷二"


class Active(HTMLParser):
    """What of a page would do something that stands in the page itself, and what it asks for elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "script" and not said.get("src", "").startswith("/static/"):
            self.found.append(f"script {said}")
        if tag in ("style", "iframe", "object", "embed", "base", "meta") and (tag != "meta" or "http-equiv" in said):
            self.found.append(tag)
        for name, value in said.items():
            # Inline styles are as forbidden as scripts: the site's policy would not let them work.
            if name.startswith("on") or name in ("style", "srcdoc"):
                self.found.append(f"{tag} {name}")
            if name in ("href", "src", "action", "formaction", "data", "poster") and re.match(
                r"\s*(javascript|data|vbscript|https?:|//)", value, re.IGNORECASE
            ):
                self.found.append(f"{tag} {name}={value}")


def active_parts(page: str) -> list[str]:
    parser = Active()
    parser.feed(page)
    parser.close()
    return parser.found


@pytest.fixture
def hostile(room: Room) -> Room:
    """A room into which a volume has come of which everything is hostile."""
    scanroom = room.scanroom
    name = f"{SCRIPT[:8]}{HANDLER} 0001.jpg"
    pages = [scanroom.receive(f"{number}{name}", VOLUME, CASE) for number in (1, 2)]
    for page_id in pages:
        scanroom.read(page_id, LINES)
    with scanroom.catalogue.writing() as session:
        volume = session.scalars(select(Volume).where(Volume.name == VOLUME)).one()
        for case in session.scalars(select(Case)):
            case.name, case.charge = f"{SCRIPT}案", HANDLER
        for document in session.scalars(select(Document).where(Document.volume_id == volume.id)):
            document.title = f"{SCRIPT}{HANDLER}{FORMULA}"
    scanroom.make_searchable()
    return Room(scanroom, room.app, tuple(pages))


def ids_of(room: Room) -> dict[str, str]:
    page = room.scanroom.page(room.page_ids[0])
    return {
        "page_id": page.id, "case_id": page.case_id, "volume_id": page.volume_id, "document_id": page.document_id or "",
    }  # fmt: skip


def addresses(room: Room) -> list[str]:
    """Every address that is asked for by GET, filled in as far as there is something; else with hostile text."""
    ids = ids_of(room)
    found = []
    for method, path in ACCESS:
        if method == "GET" and not path.startswith(("/api/v1/changes", "/board/events", "/api/v1/events")):
            found.append(re.sub(r"\{(\w+)(:\w+)?\}", lambda part: ids.get(part[1], "%3Cscript%3Ealert(9)"), path))
    return found


def get(client: TestClient, address: str) -> Any:
    asked = {"q": SCRIPT, "name": HANDLER, "case": CASE, "who": SCRIPT, "deed": HANDLER, "after": "", "next": SCRIPT}
    return client.get(address, params=asked, headers={"accept": "text/html"})


SHOULD_BE_SEEN = 15
"""Pages of the site that tell of cases, at least; fewer would mean that the walk missed them."""


def test_no_page_of_the_site_does_what_its_texts_say(hostile: Room) -> None:
    client = hostile.signed_in()
    shown = 0
    for address in addresses(hostile):
        answer = get(client, address)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        shown += answer.status_code == 200
        assert active_parts(answer.text) == [], address
        assert SCRIPT not in answer.text, address
        assert "49$" not in answer.text, address
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy and "default-src 'self'" in policy, address

    assert shown >= SHOULD_BE_SEEN


def test_neither_does_one_of_those_for_administrators(hostile: Room) -> None:
    hostile.add_user(f"{SCRIPT}{HANDLER}", "admin", HANDLER)
    client = hostile.signed_in_as(f"{SCRIPT}{HANDLER}")
    seen = []
    for address in addresses(hostile):
        answer = get(client, address)
        if "text/html" in answer.headers.get("content-type", ""):
            assert active_parts(answer.text) == [], address
            assert SCRIPT not in answer.text, address
            seen += [address] if answer.status_code == 200 else []

    assert len([address for address in seen if address.startswith("/admin")]) >= 8


@pytest.mark.parametrize("is_signed_in", [True, False])
def test_every_answer_of_every_route_carries_the_safety_headers(hostile: Room, is_signed_in: bool) -> None:
    client = hostile.signed_in() if is_signed_in else hostile.client()
    without: list[str] = []
    for address in [*addresses(hostile), "/static/style.css", "/static/none", "/none", "/api/v1/none"]:
        for answer in (get(client, address), client.request("TRACE", address)):
            headers = answer.headers
            fits = (
                "frame-ancestors 'none'" in headers.get("content-security-policy", ""),
                "base-uri 'none'" in headers.get("content-security-policy", ""),
                headers.get("x-content-type-options") == "nosniff",
                headers.get("referrer-policy") == "same-origin",
                headers.get("cross-origin-opener-policy") == "same-origin",
                headers.get("cross-origin-resource-policy") == "same-origin",
                bool(headers.get("cache-control")),
                not any(name.startswith("access-control-") for name in headers),
                "server" not in headers,
            )
            if not all(fits):
                without.append(f"{answer.request.method} {address}: {fits}")
            assert answer.request.method == "GET" or answer.status_code in (303, 401, 404, 405), address

    assert without == []


def test_strict_transport_is_asked_for_where_browsers_speak_tls_and_nowhere_else(room: Room) -> None:
    plain = room.client().get("/login")
    client = TestClient(room.app, base_url="https://localhost", follow_redirects=False)
    encrypted = client.get("/login")

    assert "strict-transport-security" not in plain.headers
    assert encrypted.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


def test_the_words_of_a_page_come_as_they_are_to_programs_and_as_data(hostile: Room) -> None:
    client = hostile.signed_in()
    answer = client.get("/api/v1/search", params={"q": "被害人 陈述", "case": CASE})
    text = client.get(f"/api/v1/pages/{hostile.page_ids[0]}/text")

    assert answer.headers["content-type"].startswith("application/json")
    assert text.headers["content-type"].startswith(("application/json", "text/plain"))
    assert SCRIPT in "".join(hit["snippet"] for hit in answer.json()["hits"])
    assert FORMULA in text.text or FORMULA in text.json()["text"]


# Exports


FORMULAS = (FORMULA, "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1")


def test_no_text_becomes_a_formula_in_a_workbook(hostile: Room) -> None:
    client = hostile.signed_in()
    people = io.StringIO()
    rows = csv.writer(people)
    rows.writerow(["姓名", "住址"])
    for number, formula in enumerate(FORMULAS):
        rows.writerow([f"林晓禾{number}", formula])
        rows.writerow([formula, "某地"])
    content = people.getvalue().encode()
    sent = client.post("/roster", files={"file": (f"{SCRIPT}{FORMULA}.csv", content, "text/csv")}, data={"case": ""})
    address = sent.headers["location"]
    until = time.monotonic() + 60
    while client.get(f"{address}/progress").json()["state"] not in ("done", "failed") and time.monotonic() < until:
        time.sleep(0.05)
    page = client.get(address).text
    answer = client.get(f"{address}/xlsx")

    assert active_parts(page) == [] and SCRIPT not in page
    cells = [cell for sheet in load_workbook(io.BytesIO(answer.content)) for row in sheet for cell in row]
    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
    texts = {cell.value for cell in cells if isinstance(cell.value, str)}
    assert any(FORMULA in text for text in texts), "it is there, as text"


def test_words_of_a_page_stay_words_in_a_document(hostile: Room) -> None:
    client = hostile.signed_in()
    body = {"page_ids": [hostile.page_ids[0]], "quotation": f"{SCRIPT}\n{FORMULA}", "fact": HANDLER}
    case_id = client.post("/api/v1/excerpts", json=body).json()["case_id"]
    answer = client.get("/api/v1/excerpts.docx", params={"case": case_id, "by": "fact"})
    document = WordDocument(io.BytesIO(answer.content))

    texts = [paragraph.text for paragraph in document.paragraphs]
    assert SCRIPT in texts and HANDLER in texts and FORMULA in texts
    assert "HYPERLINK" not in document.element.xml.replace(FORMULA, "").replace(FORMULA.replace('"', "&quot;"), "")
    assert "\n" not in answer.headers["content-disposition"]
    assert answer.headers["content-disposition"].isascii()


# Names of uploads


NAMES = (
    "../../x.pdf", "a\0b.pdf", "a\r\nSet-Cookie: x=1.pdf", "长" * 100 + ".pdf", "x\u202efdp.exe", "a\x1b[2J.pdf",
    "..", "CON", "a\\..\\..\\b.pdf", "/etc/passwd", f"{SCRIPT}.pdf", "ａ．pdf", "e\u0301.pdf",
    "'; DROP TABLE pages;--.pdf",
)  # fmt: skip


def outside_the_store(home: Path) -> set[str]:
    """Everything in and beside the home that is not the vault's, the catalogue's or a lock."""
    known = (home / "vault", home / "logs")
    return {
        str(path)
        for path in home.parent.rglob("*")
        if not any(path.is_relative_to(folder) for folder in known) and not path.name.startswith("catalogue.db")
    }


def test_the_name_of_an_upload_names_no_file_of_ours(room: Room) -> None:
    home = room.scanroom.home.root
    program = room.with_key("write", "read")
    case_id = room.scanroom.page(room.page_ids[0]).case_id
    before = outside_the_store(home)
    for name in NAMES:
        answer = program.post(
            f"/api/v1/cases/{case_id}/files", data={"volume": "卷一", "path": name},
            files={"file": ("0001.pdf", b"%PDF-1.4 " + name.encode(), "application/pdf")},
        )  # fmt: skip
        assert answer.status_code in (202, 422), answer.text
        assert outside_the_store(home) == before, name
        assert "set-cookie" not in answer.headers
    stored = {path.name for path in (home / "vault" / "originals").rglob("*") if path.is_file()}
    assert stored and all(re.fullmatch(r"[0-9a-f]{64}(\.\w+)?", each) for each in stored)


def test_the_name_of_a_download_is_one_header(hostile: Room) -> None:
    client = hostile.signed_in()
    for title in NAMES:
        with hostile.scanroom.catalogue.writing() as session:
            for case in session.scalars(select(Case)):
                case.name = title
        answer = client.get("/api/v1/excerpts.docx", params={"case": CASE, "by": "fact"})
        header = answer.headers["content-disposition"]
        assert answer.status_code == 200
        assert header.isascii() and header.isprintable(), title
        assert "set-cookie" not in answer.headers


# Logs


def records_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    formatter = OneLineFormatter("%(levelname)s %(message)s")
    return [formatter.format(record) for record in caplog.records]


def test_a_refusal_is_one_record_whatever_was_asked(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    room.add_user("闵榆", "admin")
    with caplog.at_level(logging.WARNING):
        for path in ("/api/v1/search%0a2031-01-01 INFO accepted", "/api/v1/pages/%1b[2J", "/api/v1/" + "a" * 5000):
            assert room.client().get(path, params={"q": "林晓禾\n假的"}).status_code == 401
        wrong = {"name": "闵榆\r\nINFO accepted", "password": "wrong-password-9911"}
        assert room.client().post("/login", data=wrong).status_code == 401
    records = records_of(caplog)

    assert len(records) == 4
    assert all(len(record.splitlines()) == 1 and len(record) < 1000 for record in records)
    assert "林晓禾" not in "".join(records), "what was asked may be a secret, and stays out"
    assert "wrong-password-9911" not in "".join(records)


def test_a_query_with_line_breaks_is_one_row_of_the_audit_log(hostile: Room) -> None:
    query = "被害人\n2031-01-01\x1b[2J 陈述"
    with hostile.scanroom.catalogue.reading() as session:
        before = len(session.scalars(select(AuditRow.id).where(AuditRow.deed == "search")).all())
    hostile.signed_in().get("/api/v1/search", params={"q": query, "case": CASE})
    hostile.app.state.site.looks.close()
    with hostile.scanroom.catalogue.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.deed == "search").order_by(AuditRow.id)).all()

    assert len(rows) - before <= 1
    assert all("\n" not in str(row.details) for row in rows)
