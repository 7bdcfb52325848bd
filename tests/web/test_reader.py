"""The reader's outline, hits and marked text."""

from __future__ import annotations

from scanroom import HEIGHT, WIDTH, cell
from site_under_test import Room
from starlette.testclient import TestClient

from dossier import permissions
from dossier.catalogue.tables import Case, Page


def test_an_outline_has_the_directory_and_the_shape_of_every_page(browser: TestClient, room: Room) -> None:
    with room.scanroom.catalogue.writing() as session:
        page = session.get_one(Page, room.page_ids[0])
        page.page_label, page.page_label_state = "35", "confirmed"
        document_id = page.document_id
    volume_id = room.scanroom.volume_id()

    assert browser.get(f"/api/v1/volumes/{volume_id}/outline").json() == {
        "volume_id": volume_id,
        "volume": "证据材料卷一",
        "documents": [{"document_id": document_id, "title": "证据材料卷一", "first": 1, "last": 3}],
        "pages": {
            "page_ids": list(room.page_ids),
            "widths": [WIDTH] * 3,
            "heights": [HEIGHT] * 3,
            "labels": ["35", None, None],
            "label_states": ["confirmed", None, None],
            "readings": [1, 1, None],
        },
    }


def test_hits_are_those_of_the_volume_alone_by_their_place(browser: TestClient, room: Room) -> None:
    other = room.scanroom.receive("0001.jpg", volume="证据材料卷二")
    room.scanroom.read(other, ["被害人陈述"])
    room.scanroom.make_searchable()

    def hits(volume: str, query: str) -> dict[str, object]:
        return browser.get(f"/api/v1/volumes/{room.scanroom.volume_id(volume)}/hits", params={"q": query}).json()

    assert hits("证据材料卷一", "陈述") == {"total": 2, "page_numbers": [1, 2]}
    assert hits("证据材料卷一", "周望舒") == {"total": 1, "page_numbers": [2]}
    assert hits("证据材料卷二", "陈述") == {"total": 1, "page_numbers": [1]}
    assert hits("证据材料卷二", "周望舒") == {"total": 0, "page_numbers": []}


def test_a_pages_text_says_where_the_words_of_a_query_are(browser: TestClient, room: Room) -> None:
    answer = browser.get(f"/api/v1/pages/{room.page_ids[0]}/text", params={"q": "林晓禾"}).json()

    boxes = [cell(line, start).union(cell(line, start + 2)) for line, start in ((0, 3), (1, 0))]
    assert answer["rects"] == [box.as_list() for box in boxes]
    assert [line["marks"] for line in answer["lines"]] == [[[3, 6]], [[0, 3]], []]
    assert answer["citation"] == "证据卷一图像第1页"
    assert "rects" not in browser.get(f"/api/v1/pages/{room.page_ids[0]}/text").json()


def test_the_reader_opens_at_the_last_page_where_there_are_fewer(browser: TestClient, room: Room) -> None:
    page = browser.get(f"/volumes/{room.scanroom.volume_id()}/read?page=99&q=陈述").text

    assert 'data-page="3"' in page
    assert "图像第 3/3 页" in page


def test_a_volume_out_of_sight_is_as_one_that_does_not_exist(room: Room) -> None:
    room.add_user("傅溪", "prosecutor", "第一检察部")
    with room.scanroom.catalogue.writing() as session:
        permissions.seal(session, session.get_one(Case, session.get_one(Page, room.page_ids[0]).case_id), "test")
    client = room.signed_in_as("傅溪")
    volume_id = room.scanroom.volume_id()

    for path in ("/volumes/{}/read", "/api/v1/volumes/{}/outline", "/api/v1/volumes/{}/hits?q=陈述"):
        hidden, missing = client.get(path.format(volume_id)), client.get(path.format("v0"))
        assert (hidden.status_code, missing.status_code) == (404, 404)
        assert hidden.text.replace(volume_id, "v0") == missing.text
