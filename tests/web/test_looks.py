"""Looks: every page that somebody is shown is on record, soon, and to the end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from site_under_test import Room
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from dossier import looks
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import AuditRow
from dossier.errors import MachineFailed
from dossier.home import Home
from dossier.looks import Looks
from dossier.viewers import OPERATOR, Viewer
from search_api.access import ACCESS

VIEWER = Viewer("u1", "闵榆", roles=frozenset({OPERATOR}))
# Says where a page stands and how it is, and shows nothing of it.
WITHOUT_CONTENT = {"/api/v1/pages/{page_id}"}
SHOWING = sorted(
    path for (method, path) in ACCESS if method == "GET" and "{page_id}" in path and path not in WITHOUT_CONTENT
)


def looked(catalogue: Catalogue) -> list[tuple[str, str, str]]:
    """Who looked at which page's what, in the order of the log."""
    with catalogue.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.deed == looks.DEED).order_by(AuditRow.id)).all()
        return [(row.actor, row.subject_id, row.details["what"]) for row in rows]


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    opened = Catalogue.open(Home.at(tmp_path))
    yield opened
    opened.close()


@pytest.fixture
def operator(room: Room) -> TestClient:
    room.add_user("闵榆", OPERATOR)
    return room.signed_in_as("闵榆")


@pytest.mark.parametrize("path", SHOWING)
def test_every_route_that_shows_a_page_puts_the_look_on_record(room: Room, operator: TestClient, path: str) -> None:
    page_id = room.page_ids[0]
    assert operator.get(path.format(page_id=page_id), params={"first_line": 1}).status_code == 200
    room.app.state.site.looks.flush()
    assert {(who, page) for who, page, _ in looked(room.scanroom.catalogue)} == {("闵榆", page_id)}


def test_picture_and_text_are_told_apart_and_programs_are_on_record_too(room: Room) -> None:
    program, (first, second, _) = room.with_key("read"), room.page_ids
    program.get(f"/api/v1/pages/{first}/image")
    program.get(f"/api/v1/pages/{second}/text")
    room.app.state.site.looks.flush()
    assert looked(room.scanroom.catalogue) == [("办案系统", first, "picture"), ("办案系统", second, "text")]


def test_a_search_is_on_record_for_each_case_of_which_something_is_shown(room: Room, operator: TestClient) -> None:
    other = room.scanroom.receive("0001.jpg", case="临检起诉受[2031]99010100002号")
    room.scanroom.read(other, ("被害人林晓禾陈述",))
    room.scanroom.make_searchable()
    for address in ("/?q=林晓禾", "/api/v1/search?q=林晓禾", "/?q=无此人"):
        assert operator.get(address).status_code == 200
        room.app.state.site.looks.flush()
    with room.scanroom.catalogue.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.deed == "search").order_by(AuditRow.id)).all()
    pages = {room.scanroom.page(page_id).case_id: page_id for page_id in (room.page_ids[0], other)}
    expected = sorted((case_id, 1, [page_id]) for case_id, page_id in pages.items())
    found = [(row.subject_id, row.details["hits"], row.details.get("page_ids")) for row in rows]
    assert sorted(found[:2]) == sorted(found[2:4]) == expected
    assert found[4:] == [("", 0, None)]
    assert [row.details["q"] for row in rows] == ["林晓禾"] * 4 + ["无此人"]
    assert {row.actor for row in rows} == {"闵榆"}


@pytest.mark.parametrize(
    "path", ["/api/v1/search/facets", "/api/v1/search/neighbours", "/api/v1/volumes/{volume_id}/hits"]
)
def test_a_search_that_shows_counts_or_places_alone_is_on_record_too(
    room: Room, operator: TestClient, path: str
) -> None:
    address = path.format(volume_id=room.scanroom.volume_id())
    assert operator.get(address, params={"q": "林晓禾", "page_id": room.page_ids[0]}).status_code == 200
    room.app.state.site.looks.flush()
    with room.scanroom.catalogue.reading() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.deed == "search")).one()
    assert (row.actor, row.details["q"], "hits" in row.details) == ("闵榆", "林晓禾", False)


def test_a_roster_is_on_record_for_each_case_with_the_pages_that_it_cites(room: Room, operator: TestClient) -> None:
    table = "姓名,手机\n林晓禾,13900004417\n周望舒,\n".encode()
    answer = operator.post("/api/v1/roster", files={"file": ("名册.csv", table)})
    assert answer.status_code == 200
    room.app.state.site.looks.flush()
    with room.scanroom.catalogue.reading() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.deed == "search")).one()
    assert row.subject_id == room.scanroom.page(room.page_ids[0]).case_id
    assert sorted(row.details["page_ids"]) == sorted(room.page_ids[:2])


@pytest.mark.parametrize(
    "path",
    ["/api/v1/excerpts", "/api/v1/excerpts.docx", "/api/v1/excerpts/{excerpt_id}", "/cases/{case_id}/excerpts"],
)
def test_what_was_excerpted_is_looked_at_again_where_it_is_shown(room: Room, operator: TestClient, path: str) -> None:
    page_id = room.page_ids[0]
    taken = operator.post("/api/v1/excerpts", json={"page_ids": [page_id], "quotation": "被害人"}).json()
    room.app.state.site.looks.flush()
    assert looked(room.scanroom.catalogue) == []
    address = path.format(excerpt_id=taken["id"], case_id=taken["case_id"])
    assert operator.get(address, params={"case": taken["case_id"]}).status_code == 200
    room.app.state.site.looks.flush()
    assert looked(room.scanroom.catalogue) == [("闵榆", page_id, "text")]


def test_a_suggested_title_is_text_of_the_page_from_which_it_is(room: Room, operator: TestClient) -> None:
    page = room.scanroom.page(room.page_ids[0])
    answer = operator.get(f"/api/v1/documents/{page.document_id}/title")
    assert answer.json()["suggestion"] == "被害人林晓禾陈述"
    room.app.state.site.looks.flush()
    assert looked(room.scanroom.catalogue) == [("闵榆", page.id, "text")]


def test_a_picture_that_has_not_changed_was_looked_at_all_the_same(room: Room, operator: TestClient) -> None:
    address = f"/api/v1/pages/{room.page_ids[0]}/image"
    tag = operator.get(address).headers["etag"]
    room.app.state.site.looks.flush()
    assert operator.get(address, headers={"if-none-match": tag}).status_code == 304
    room.app.state.site.looks.flush()
    assert len(looked(room.scanroom.catalogue)) == 2


def test_what_is_not_shown_was_not_looked_at(room: Room, operator: TestClient) -> None:
    assert operator.get("/api/v1/pages/x/image").status_code == 404
    assert operator.get(f"/api/v1/pages/{room.page_ids[2]}/image?wait=0").status_code == 503
    assert operator.get(f"/api/v1/pages/{room.page_ids[2]}/text").json()["text"] is None
    room.app.state.site.looks.flush()
    assert looked(room.scanroom.catalogue) == []


def test_looks_are_written_by_themselves_in_one_go(catalogue: Catalogue) -> None:
    noted = Looks(catalogue)
    for number in range(50):
        noted.note(VIEWER, [f"p{number}"], looks.PICTURE)
        noted.note(VIEWER, [f"p{number}"], looks.PICTURE)
    until = time.monotonic() + 30
    while len(looked(catalogue)) < 50 and time.monotonic() < until:
        time.sleep(0.02)
    assert looked(catalogue) == [("闵榆", f"p{number}", "picture") for number in range(50)]
    noted.close()


def test_looks_are_written_to_the_end_and_after_it(catalogue: Catalogue) -> None:
    noted = Looks(catalogue)
    noted.note(VIEWER, ["p1", "p2"], looks.TEXT)
    noted.close()
    assert [page for _, page, _ in looked(catalogue)] == ["p1", "p2"]
    noted.note(VIEWER, ["p3"], looks.TEXT)
    assert [page for _, page, _ in looked(catalogue)] == ["p1", "p2", "p3"]


def test_a_site_that_stops_writes_its_looks_to_the_end(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "FLUSH_SECONDS", 60.0)
    room.add_user("闵榆", OPERATOR)
    with TestClient(room.app, base_url="http://localhost") as running:
        running.cookies = room.signed_in_as("闵榆").cookies
        assert running.get(f"/api/v1/pages/{room.page_ids[0]}/text").status_code == 200
        assert looked(room.scanroom.catalogue) == []
    assert looked(room.scanroom.catalogue) == [("闵榆", room.page_ids[0], "text")]


def test_a_look_that_cannot_be_written_waits_and_is_not_lost(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "FLUSH_SECONDS", 60.0)  # by hand
    noted = Looks(catalogue)
    noted.note(VIEWER, ["p1"], looks.PICTURE)
    with catalogue.reading() as session:
        session.connection().exec_driver_sql("PRAGMA query_only=ON")
        session.commit()
    with pytest.raises(OperationalError):
        noted.flush()
    assert looked(catalogue) == []
    catalogue.close()  # and with it the connection that must not write
    noted.flush()
    assert [page for _, page, _ in looked(catalogue)] == ["p1"]
    noted.close()


def test_pages_shown_by_the_thousand_leave_room_for_everybody_elses_looks(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "MOST_WAITING", 1000)
    noted, volume = Looks(catalogue), [f"p{number}" for number in range(1200)]
    monkeypatch.setattr(Looks, "flush", lambda self: None)
    noted.note(VIEWER, volume, looks.PICTURE)
    assert [page for _, page, _ in looked(catalogue)] == volume, "written before they are shown"
    noted.note(VIEWER, ["next"], looks.PICTURE)


def test_pages_shown_by_the_thousand_are_not_shown_where_that_cannot_be_written(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OperationalError("INSERT", {}, Exception("disk I/O error"))

    monkeypatch.setattr(catalogue, "writing", fail)
    with pytest.raises(MachineFailed):
        Looks(catalogue).note(VIEWER, [f"p{number}" for number in range(1200)], looks.PICTURE)


def test_nothing_is_shown_any_more_when_too_many_looks_wait(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "FLUSH_SECONDS", 60.0)
    monkeypatch.setattr(looks, "MOST_WAITING", 3)
    noted = Looks(catalogue)
    noted.note(VIEWER, ["p1", "p2", "p3"], looks.PICTURE)
    with pytest.raises(MachineFailed):
        noted.note(VIEWER, ["p4"], looks.PICTURE)
    noted.close()
    assert len(looked(catalogue)) == 3
