"""PDFs over the API: asked for once, made by workers, sent whole or in parts, and always of today."""

from __future__ import annotations

import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote

import pikepdf
import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from dossier import api_keys, work
from dossier.catalogue.tables import Document, Page, Volume, Work
from search_api.app import create_app
from tests.house import CASE, House, open_house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path / "home") as house:
        house.drop_pages(f"{CASE}/证据材料卷一/讯问笔录", [1, 2])
        house.drop_pages(f"{CASE}/证据材料卷一/账目", [3], first_name=7)
        house.take_in()
        yield house


@pytest.fixture
def program(house: House) -> TestClient:
    app = create_app(house.home, house.catalogue, house.vault, house.searcher, "password")
    with house.catalogue.writing() as session:
        _, secret = api_keys.add_key(session, "办案系统", ["read"], (), "test")
    client = TestClient(app, base_url="http://localhost")
    client.headers["Authorization"] = f"Bearer {secret}"
    return client


def volume_id(house: House) -> str:
    with house.catalogue.reading() as session:
        return session.scalars(select(Volume.id)).one()


def works(house: House, kind: str) -> list[tuple[str, int]]:
    with house.catalogue.reading() as session:
        return [(row.state, row.priority) for row in session.scalars(select(Work).where(Work.kind == kind))]


def test_a_volumes_pdf_is_made_when_asked_for_and_again_when_the_volume_has_changed(
    house: House, program: TestClient
) -> None:
    house.work()
    address = f"/api/v1/volumes/{volume_id(house)}.pdf"

    asked = [program.get(address) for _ in range(3)]
    assert [(answer.status_code, answer.headers["retry-after"]) for answer in asked] == [(202, "2")] * 3
    assert works(house, work.BIND) == [("waiting", work.URGENT)]
    house.work()
    made = program.get(address)

    assert (made.status_code, made.headers["content-type"]) == (200, "application/pdf")
    name = unquote(made.headers["content-disposition"].partition("filename*=UTF-8''")[2])
    assert name == f"{CASE} 证据材料卷一.pdf"
    with pikepdf.open(BytesIO(made.content)) as pdf, pdf.open_outline() as outline:
        assert (len(pdf.pages), [item.title for item in outline.root]) == (3, ["讯问笔录", "账目"])
    part = program.get(address, headers={"Range": "bytes=5-14", "If-Range": made.headers["etag"]})
    assert (part.status_code, part.content) == (206, made.content[5:15])

    house.drop_pages(f"{CASE}/证据材料卷一/账目", [4], first_name=8)
    house.take_in_and_work()
    assert program.get(address).status_code == 202
    house.work()
    with pikepdf.open(BytesIO(program.get(address).content)) as pdf:
        assert len(pdf.pages) == 4
    assert len(list(house.home.derived.joinpath("volumes").rglob("*.pdf"))) == 1


def test_a_documents_pdf_stands_when_it_is_settled_and_is_made_again_when_it_was_removed(
    house: House, program: TestClient
) -> None:
    with house.catalogue.reading() as session:
        document_id = session.scalars(select(Document.id).where(Document.title == "讯问笔录")).one()
    address = f"/api/v1/documents/{document_id}.pdf"
    assert program.get(address).status_code == 202
    house.work()
    made = program.get(address)
    assert made.status_code == 200
    assert program.get(f"/api/v1/documents/{document_id}").json()["pages"] == 2

    for path in house.home.derived.rglob("*.pdf"):
        path.unlink()
    assert program.get(address).status_code == 202
    house.work()
    assert program.get(address).headers["etag"] == made.headers["etag"]

    with house.catalogue.writing() as session:
        session.execute(
            update(Page).where(Page.document_id == document_id).values(page_label="35", page_label_state="confirmed")
        )
    assert program.get(address).status_code == 202


def test_a_pdf_that_cannot_be_made_says_why_and_may_be_asked_for_again_later(house: House, program: TestClient) -> None:
    address = f"/api/v1/volumes/{volume_id(house)}.pdf"
    program.get(address)
    with house.catalogue.writing() as session:
        bound = update(Work).where(Work.kind == work.BIND)
        session.execute(bound.values(state="failed", error_code="page_timeout", updated_at=time.time()))
    answer = program.get(address)
    assert (answer.status_code, answer.json()["code"]) == (422, "page_timeout")

    with house.catalogue.writing() as session:
        session.execute(bound.values(updated_at=time.time() - 3600))
    assert program.get(address).status_code == 202
    assert works(house, work.BIND) == [("waiting", work.URGENT)]


def test_what_is_out_of_sight_or_not_there_is_not_made(house: House, program: TestClient) -> None:
    with house.catalogue.writing() as session:
        _, secret = api_keys.add_key(session, "别处", ["read"], ["第九检察部"], "test")
    for address in (f"/api/v1/volumes/{volume_id(house)}.pdf", "/api/v1/volumes/v0.pdf", "/api/v1/documents/d0.pdf"):
        assert program.get(address, headers={"Authorization": f"Bearer {secret}"}).status_code == 404
    assert works(house, work.BIND) == []


def test_a_page_tells_where_it_stands(house: House, program: TestClient) -> None:
    house.work()
    with house.catalogue.reading() as session:
        first, second = session.scalars(select(Page.id).where(Page.page_number < 3).order_by(Page.page_number))
    page = program.get(f"/api/v1/pages/{first}").json()
    assert (page["page_number"], page["pages_in_volume"], page["before"], page["after"]) == (1, 3, None, second)
    assert (page["volume"], page["document_title"], page["state"]) == ("证据材料卷一", "讯问笔录", "searchable")
    assert program.get("/api/v1/pages/p0").status_code == 404
