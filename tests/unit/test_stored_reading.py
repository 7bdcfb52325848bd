"""A reading out of the vault: kept open in memory, and checked against its digest all the same."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from dossier.catalogue.tables import Page, ReadingRow
from dossier.errors import ObjectChanged, ObjectMissing
from dossier.reading import Box, Line, Reading
from dossier.readings import reading_of
from tests.filed import Filed

BOXES = (Box(0.1, 0.1, 0.2, 0.12), Box(0.2, 0.1, 0.3, 0.12))


@pytest.fixture
def home(tmp_path: Path) -> Filed:
    return Filed(tmp_path / "home")


@pytest.mark.parametrize(("damage", "error"), [(True, ObjectChanged), (False, ObjectMissing)])
def test_what_happens_to_a_file_after_it_was_opened_is_noticed(
    home: Filed, damage: bool, error: type[Exception]
) -> None:
    [page_id] = home.document(home.case(), "讯问笔录", ["本页内容经核对"])
    with home.catalogue.reading() as session:
        page = session.get_one(Page, page_id)
        opened = reading_of(session, home.vault, page)
        assert opened is not None
        assert opened.text == "本页内容经核对"
        row = session.get_one(ReadingRow, (page_id, page.reading_version))
        path = home.vault.reading_path(page_id, row.version, row.sha256)
        if damage:
            path.chmod(0o644)
            path.write_bytes(path.read_bytes()[:-1] + b"!")
        else:
            path.unlink()
        with pytest.raises(error):
            reading_of(session, home.vault, page)


@pytest.mark.parametrize("sides", [3, 5])
def test_boxes_without_four_sides_are_no_reading(sides: int) -> None:
    whole = Reading(100, 100, 200.0, lines=(Line("甲乙", Box(0.1, 0.1, 0.3, 0.12), characters=BOXES),))
    assert Reading.from_bytes(whole.to_bytes()) == whole
    document = json.loads(gzip.decompress(whole.to_bytes()))
    document["lines"][0]["characters"][1] = [0.5] * sides
    with pytest.raises(ValueError, match="four sides"):
        Reading.from_bytes(gzip.compress(json.dumps(document).encode()))
