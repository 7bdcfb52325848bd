"""Two volumes in one stack, through the real intake and the real workers: each page arrives where its sheet says."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import numpy as np
import segno
from PIL import Image
from sqlalchemy import select

from dossier.case_metadata import NumberGiven
from dossier.catalogue.tables import Arrival, Page, Volume
from dossier.files import file_status
from dossier.receipts.receipt import ReceiptGiven, VolumeGiven, save
from dossier.receipts.sheet_code import code_of
from dossier.viewers import AT_MACHINE
from tests.house import House, open_house
from tests.recorded import HEIGHT, WIDTH, print_page, text_of

NUMBER = "临检起诉受[2031]99010100031号"


def announced(house: House) -> tuple[str, str]:
    """The codes of two volumes that a receipt announces."""
    volumes = [VolumeGiven("证据材料卷", number, paper_pages=2) for number in (1, 2)]
    came = ReceiptGiven(dt.date(2031, 7, 4), numbers=[NumberGiven(number=NUMBER)], volumes=volumes)
    with house.catalogue.writing() as session:
        save(session, AT_MACHINE, came, "test")
        first, second = session.scalars(select(Volume.id).order_by(Volume.number))
        return code_of(session, first), code_of(session, second)


def sheet(code: str) -> Image.Image:
    modules = np.array([list(row) for row in segno.make(code, error="h", boost_error=False).matrix], np.uint8)
    drawn = Image.fromarray(255 - 255 * np.pad(modules, 4)).resize((328, 328), Image.Resampling.NEAREST)
    page = Image.new("RGB", (WIDTH, HEIGHT), "white")
    page.paste(drawn, (150, 200))
    return page


def stacked(pages: list[Image.Image]) -> bytes:
    stored = io.BytesIO()
    pages[0].save(stored, "TIFF", save_all=True, append_images=pages[1:], compression="tiff_lzw", dpi=(75, 75))
    return stored.getvalue()


def order(house: House, volume: int) -> list[tuple[int, str | None]]:
    with house.catalogue.reading() as session:
        of_volume = (Volume.number == volume) & (Volume.kind == "证据材料卷")
        return [
            (page.page_number, page.outside)
            for page in session.scalars(
                select(Page).join(Volume, Volume.id == Page.volume_id).where(of_volume).order_by(Page.place)
            )
        ]


def test_a_stack_that_lies_loose_in_the_inbox_becomes_two_volumes(tmp_path: Path) -> None:
    with open_house(tmp_path, workers=2) as house:
        first, second = announced(house)
        house.drop(
            "scan.tif",
            stacked([sheet(first), print_page(1), print_page(2), sheet(second), print_page(3), print_page(4)]),
        )
        house.take_in_and_work()
        assert order(house, 1) == order(house, 2) == [(0, "separator"), (1, None), (2, None)]
        for page, volume in ((1, "证据材料卷一"), (2, "证据材料卷一"), (3, "证据材料卷二"), (4, "证据材料卷二")):
            hits = house.searcher.search(text_of(page).splitlines()[0]).hits
            assert [hit.volume for hit in hits] == [volume]
        assert [question.code for question in house.questions()] == []
        assert house.faults() == []
        with house.catalogue.reading() as session:
            came = session.scalars(select(Arrival).where(Arrival.split_from.is_(None))).one()
            status = file_status(session, came)
        assert (status.state, status.pages, status.searchable) == ("done", 4, 4)
        house.drop(
            "scan.tif",
            stacked([sheet(first), print_page(1), print_page(2), sheet(second), print_page(3), print_page(4)]),
        )
        house.take_in_and_work()
        assert order(house, 1) == order(house, 2) == [(0, "separator"), (1, None), (2, None)], "the same file again"


def test_a_folder_of_pictures_with_a_sheet_in_it_is_sorted_and_a_forged_one_does_nothing(tmp_path: Path) -> None:
    with open_house(tmp_path) as house:
        first, _ = announced(house)
        for name, page in enumerate(
            [print_page(1), sheet(first), print_page(2), sheet(first[:-1] + "X"), print_page(3)]
        ):
            house.drop(f"一摞/{name + 1:04}.png", page)
        house.take_in_and_work()
        assert order(house, 1) == [(0, "separator"), (1, None), (2, None), (3, None)]
        assert sorted(question.code for question in house.questions()) == ["sheet_unknown", "unclaimed"]
        assert house.faults() == []
