"""Files that are taken in one transaction stand as if each had come by itself; what they share is done once."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from dossier import acceptance
from dossier.catalogue.tables import Arrival, ChangeRow, Page, Volume, VolumeCheck
from dossier.quality.contents import contents_of
from pipeline.intake import inbox
from tests.house import CASE, House, encoded, open_house, tiff_of_pages
from tests.integration.test_separator_sheets import announced, order, sheet
from tests.recorded import print_page
from tests.statements import sent

NUMBER = "临检起诉受[2031]99010100007号"


def drops(seed: int) -> list[dict[str, bytes]]:
    """Two deliveries: pictures, files of several pages between them, a late metadata file, names that came before."""
    chance = random.Random(seed)
    files = {f"证据材料卷一/{number:04d}.png": encoded(print_page(number), ".png") for number in range(1, 13)}
    files |= {f"证据材料卷一/勘验/{number:04d}.png": encoded(print_page(20 + number), ".png") for number in (1, 2, 3)}
    files |= {f"证据材料卷一/{name}.tif": tiff_of_pages([30 + at, 40 + at]) for at, name in enumerate(("0005", "清单"))}
    files |= {f"诉讼文书卷/页{number}.png": encoded(print_page(50 + number), ".png") for number in range(1, 6)}
    for number, side in ((61, "Pri"), (62, "Sec")):
        files[f"诉讼文书卷/正面_{side}.png"] = encoded(print_page(number), ".png")
    files["录音.mp3"] = b"ID3 no picture"
    names = sorted(files)
    late = set(chance.sample(names, 9))
    first = {name: content for name, content in files.items() if name not in late}
    second = {name: files[name] for name in late}
    # The same names with other bytes, and the same bytes once more.
    second["证据材料卷一/0003.png"] = encoded(print_page(73), ".png")
    second["诉讼文书卷/页2.png"] = encoded(print_page(74), ".png")
    second["证据材料卷一/0011.png"] = files["证据材料卷一/0011.png"]
    second["case.json"] = json.dumps({"case_number": NUMBER, "case_name": "闵照屿诈骗案"}).encode()
    return [first, second]


def standing(house: House) -> list[Sequence[object]]:
    """What stands where, and what is asked, without the ids that chance has made."""
    with house.catalogue.reading() as session:
        places = session.execute(
            select(Volume.name, Page.place, Page.page_number)
            .join(Volume, Volume.id == Page.volume_id)
            .order_by(Volume.order_key, Page.place)
        ).all()
    asked = sorted((question.subject_kind, question.message, question.source) for question in house.questions())
    return [house.order(), house.documents(), [tuple(place) for place in places], asked]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("by_hand", [False, True])
def test_files_taken_together_stand_as_if_each_had_come_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, by_hand: bool
) -> None:
    stood = []
    for at_once in (32, 1):
        monkeypatch.setattr(inbox, "_AT_ONCE", at_once)
        with open_house(tmp_path / f"{at_once}") as house:
            for files in drops(seed):
                for name, content in files.items():
                    house.drop(f"{CASE}/{name}", content)
                house.take_in()
                if by_hand:
                    with house.catalogue.writing() as session:
                        session.execute(update(Volume).values(ordered_by_hand=True))
            assert house.in_inbox() == []
            stood.append(standing(house))
    assert stood[0] == stood[1]
    for volume in {place[0] for place in stood[0][2]}:
        places = [place for name, place, _ in stood[0][2] if name == volume]
        assert places == list(range(1, len(places) + 1))


def test_one_file_that_fails_leaves_the_others_as_if_each_had_come_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered = acceptance.register_pages

    def refusing(session: Session, arrival: Arrival, *more: Any) -> list[Page]:
        pages = registered(session, arrival, *more)
        if arrival.path == "0007.png":
            raise RuntimeError("no")
        return pages

    monkeypatch.setattr(acceptance, "register_pages", refusing)
    stood = []
    for at_once in (32, 1):
        monkeypatch.setattr(inbox, "_AT_ONCE", at_once)
        with open_house(tmp_path / f"{at_once}") as house:
            for name, content in (drops(1)[0] | drops(1)[1]).items():
                house.drop(f"{CASE}/{name}", content)
            house.take_in()
            assert [Path(name).name for name in house.in_inbox()] == ["0007.png"]
            stood.append(standing(house))
    assert stood[0] == stood[1]


@pytest.mark.parametrize("at_once", [32, 1])
def test_pictures_that_come_late_and_together_follow_their_sheet_and_reopen_what_was_approved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(inbox, "_AT_ONCE", at_once)
    with open_house(tmp_path / "home") as house:
        code, _ = announced(house)
        for name, page in ((1, print_page(1)), (2, sheet(code)), (5, print_page(5))):
            house.drop(f"一摞/{name:04}.png", page)
        house.drop_pages(f"{CASE}/卷一", [6, 7])
        house.take_in_and_work()
        assert order(house, 1) == [(0, "separator"), (1, None)]
        with house.catalogue.writing() as session:
            volume_id = session.scalars(select(Volume.id).where(Volume.name == "卷一")).one()
            contents = contents_of(session, volume_id)
            session.add(VolumeCheck(volume_id=volume_id, state="approved", contents=contents))
            told = session.scalars(select(func.max(ChangeRow.number))).one()

        for name, number in ((3, 3), (4, 4)):
            house.drop(f"一摞/{name:04}.png", print_page(number))
        house.drop_pages(f"{CASE}/卷一", [8, 9], first_name=3)
        house.drop(f"{CASE}/卷一/录音.mp3", b"ID3 no picture")
        house.take_in()

        assert order(house, 1) == [(0, "separator"), (1, None), (2, None), (3, None)]
        with house.catalogue.reading() as session:
            check = session.get_one(VolumeCheck, volume_id)
            assert (check.state, check.reason) == ("making", "审核通过后收到了新文件、页有增减")
            kinds = session.scalars(
                select(ChangeRow.kind).where(ChangeRow.number > told).order_by(ChangeRow.number)
            ).all()
        # Five files came, and what was split off from two of them went to another volume.
        assert sorted(kinds) == ["attached", *7 * ["received"], "reopened"]
        assert kinds.index("reopened") < kinds.index("attached")


def test_a_volume_is_numbered_once_for_the_files_that_come_together(tmp_path: Path) -> None:
    with open_house(tmp_path / "home") as house:
        house.drop(f"{CASE}/卷一/0000.tif", tiff_of_pages([31, 32]))
        house.drop(f"{CASE}/卷一/清单.tif", tiff_of_pages([33, 34]))
        house.take_in()
        house.drop_pages(f"{CASE}/卷一", list(range(1, 25)))  # they come between those
        with sent() as statements:
            house.take_in()
        numbered = [text for text, _ in statements if "UPDATE pages SET place" in text]
        assert len(numbered) == 1
        assert [number for _, number, _ in house.order()] == list(range(1, 29))
