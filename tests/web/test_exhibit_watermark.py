"""The watermark of a PDF that somebody has chosen: theirs, by setting, and no program's."""

from __future__ import annotations

import re

import pytest
from site_under_test import PASSWORD, Room
from sqlalchemy import select

from dossier.catalogue.tables import Exhibit
from dossier.settings import Settings
from dossier.viewers import OPERATOR
from search_api.app import create_app


@pytest.mark.parametrize("is_asked_for", [True, False])
def test_a_persons_chosen_pages_bear_name_and_time_where_the_setting_asks_for_it(
    room: Room, is_asked_for: bool
) -> None:
    scanroom = room.scanroom
    app = create_app(
        scanroom.home, scanroom.catalogue, scanroom.vault, scanroom.searcher, PASSWORD,
        settings=Settings(watermark=is_asked_for),
    )  # fmt: skip
    marked = Room(scanroom, app, room.page_ids)
    marked.add_user("段知行", OPERATOR)
    wanted = {"pages": [room.page_ids[0]]}
    assert marked.signed_in_as("段知行").post("/api/v1/pdfs", json=wanted).status_code == 202
    assert marked.with_key("read", "write").post("/api/v1/pdfs", json=wanted).status_code == 202
    app.state.site.looks.close()
    with scanroom.catalogue.reading() as session:
        of_program, of_person = sorted(session.scalars(select(Exhibit.watermark)), key=len)
    assert of_program == ""
    assert bool(re.fullmatch(r"段知行 \d{4}-\d\d-\d\d \d\d:\d\d", of_person)) is is_asked_for
