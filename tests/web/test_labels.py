"""Page labels on the screen: the number on the paper, and what is wrong with a volume's numbers."""

from __future__ import annotations

import pytest
from scanroom import Scanroom
from site_under_test import Room

from dossier.catalogue.tables import Page
from dossier.page_labels import candidates_as_json, settle_labels
from dossier.reading import Box, LabelCandidate

VOLUME = "证据材料卷七"


def receive_stamped(scanroom: Scanroom, *labels: int) -> list[str]:
    """Take in pages that bear stamped numbers; 0 is a page whose number was not read."""
    ids = [scanroom.receive(f"{place:04}.jpg", volume=VOLUME) for place, _ in enumerate(labels)]
    with scanroom.catalogue.writing() as session:
        for page_id, label in zip(ids, labels, strict=True):
            page = session.get_one(Page, page_id)
            page.state = "read"
            if label:
                stamp = LabelCandidate(str(label), Box(0.88, 0.02, 0.94, 0.04))
                page.label_candidates = candidates_as_json((stamp,))
        session.flush()
        settle_labels(session, page.volume_id)
    return ids


@pytest.fixture
def ids(room: Room) -> list[str]:
    return receive_stamped(room.scanroom, 1, 2, 0, 4, 6, 7)


def test_a_page_shows_the_number_on_its_paper_and_whether_it_was_inferred(room: Room, ids: list[str]) -> None:
    browser = room.signed_in()

    assert "图像第 2/6 页</span> · 页码 2</h1>" in browser.get(f"/pages/{ids[1]}").text
    assert "图像第 3/6 页</span> · 页码 3（推算）</h1>" in browser.get(f"/pages/{ids[2]}").text


def test_the_interface_gives_the_label_and_how_it_is_known(room: Room, ids: list[str]) -> None:
    browser = room.signed_in()

    found = [browser.get(f"/api/v1/pages/{page_id}/text").json() for page_id in ids[1:3]]

    assert [(page["page_number"], page["page_label"], page["page_label_state"]) for page in found] == [
        (2, "2", "read"),
        (3, "3", "proposed"),
    ]


def test_a_missing_number_is_said_on_the_board_the_volume_and_the_page_after_it(room: Room, ids: list[str]) -> None:
    browser = room.signed_in()
    sentence = "纸上页码不连续，可能缺页（5）"

    (row,) = [row for row in browser.get("/api/v1/status").json()["attention"] if row["code"] == "label_gap"]

    assert (row["message"], row["page_id"], row["volume"]) == (sentence, ids[4], VOLUME)
    assert sentence in browser.get(f"/pages/{ids[4]}").text
    assert sentence not in browser.get(f"/pages/{ids[3]}").text
    volume = browser.get(f"/volumes/{room.scanroom.volume_id(VOLUME)}").text
    assert sentence in volume
    assert "页码 3（推算）" in volume
