"""Two pages on one picture go their way as two: in order, each with its half, the scan's bytes in the PDF once."""

from __future__ import annotations

import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
from alembic import command
from alembic.config import Config
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy import create_engine, select, text

from bench.press.scanner import Feed, scan
from bench.press.sheet import Sheet
from dossier.catalogue import database
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Page
from dossier.home import Home
from dossier.reading import Reading
from pipeline.binding.searchable_pdf import PdfInfo, PdfPage, assemble
from pipeline.cleaning.photograph import upright_page
from pipeline.cleaning.spread import as_half, half, parted
from pipeline.cleaning.upright import make_upright
from pipeline.files.decode import decode_page
from pipeline.files.formats import inspect
from tests.house import CASE, House, encoded, open_house
from tests.recorded import print_page, text_of

FOLDER = f"{CASE}/证据材料卷"


def spread_of(left: Image.Image, right: Image.Image) -> Image.Image:
    """Two pages on one picture, with the shadow of the fold between them."""
    picture = np.hstack([np.asarray(left), np.asarray(right)]).astype(float)
    distance = np.abs(np.arange(picture.shape[1]) - left.width)
    picture -= (60 * np.exp(-((distance / 6) ** 2)))[None, :, None]
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))


def pages_in_order(house: House) -> list[Page]:
    with house.catalogue.reading() as session:
        return list(session.scalars(select(Page).order_by(Page.page_number)))


def text_of_pdf(path: Path) -> list[str]:
    document = pypdfium2.PdfDocument(path)
    texts = []
    for page in document:
        content = page.get_textpage()
        texts.append(content.get_text_range())
        content.close()
        page.close()
    document.close()
    return texts


def test_a_spread_becomes_two_pages_in_their_place(tmp_path: Path) -> None:
    with open_house(tmp_path, split_spreads=True) as house:
        house.drop(f"{FOLDER}/0001.png", print_page(1))
        house.drop(f"{FOLDER}/0002.png", spread_of(print_page(2), print_page(3)))
        house.drop(f"{FOLDER}/0003.png", print_page(4))
        house.take_in_and_work()

        pages = pages_in_order(house)
        assert [page.part for page in pages] == ["whole", "left", "right", "whole"]
        assert [page.state for page in pages] == ["searchable"] * 4
        assert house.faults() == []
        (pdf,) = house.home.derived.rglob("*.pdf")
        for number, said in enumerate(text_of_pdf(pdf), 1):
            assert "".join(said.split()) == "".join(text_of(number).split())


def test_a_spread_inside_of_a_file_keeps_the_order_of_its_pages(tmp_path: Path) -> None:
    images = [print_page(1), spread_of(print_page(2), print_page(3)), print_page(4)]
    content = BytesIO()
    images[0].save(content, "TIFF", save_all=True, append_images=images[1:], compression="tiff_lzw", dpi=(75, 75))
    with open_house(tmp_path, split_spreads=True) as house:
        house.drop(f"{FOLDER}/卷.tif", content.getvalue())
        house.drop(f"{FOLDER}/附.png", print_page(5))
        house.take_in_and_work()

        pages = [page for page in pages_in_order(house) if page.picture_in_file is not None]
        assert [(page.picture_in_file, page.part) for page in pages] == [
            (0, "whole"),
            (1, "left"),
            (1, "right"),
            (2, "whole"),
        ]
        assert len(pages_in_order(house)) == 5


def test_without_the_setting_nothing_is_parted(tmp_path: Path) -> None:
    with open_house(tmp_path) as house:
        house.drop(f"{FOLDER}/0002.png", spread_of(print_page(2), print_page(3)))
        house.take_in()

        assert [page.part for page in pages_in_order(house)] == ["whole"]


def test_a_spread_that_comes_again_changes_nothing(tmp_path: Path) -> None:
    with open_house(tmp_path, split_spreads=True) as house:
        for _ in range(2):
            house.drop(f"{FOLDER}/0002.png", spread_of(print_page(2), print_page(3)))
            house.take_in()

        assert [page.part for page in pages_in_order(house)] == ["left", "right"]


def rendered(path: Path, index: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A page of a PDF as a picture of that size, by way of a finer one."""
    document = pypdfium2.PdfDocument(path)
    page = document[index]
    picture = page.render(scale=4 * size[0] / page.get_width()).to_pil().convert("RGB").resize(size)
    page.close()
    document.close()
    return np.array(picture)


@pytest.mark.parametrize(("turn", "deskew"), [(0, 0.0), (90, 0.0), (180, 1.5), (270, -2.0)])
@pytest.mark.parametrize("orientation", [1, 6])
def test_each_half_is_a_page_of_its_own_over_the_same_bytes(
    tmp_path: Path, turn: int, deskew: float, orientation: int
) -> None:
    path = tmp_path / "spread.jpg"
    picture = spread_of(print_page(1), print_page(2))
    exif = Image.Exif()
    exif[274] = orientation
    stored = picture.transpose(Image.Transpose.ROTATE_90) if orientation == 6 else picture
    stored.save(path, exif=exif, quality=95, dpi=(75, 75))
    halves = parted(path, inspect(path).pages)
    assert [page.part for page in halves] == ["left", "right"]
    whole = decode_page(path, 0)
    pages, seen = [], []
    for source in halves:
        upright = make_upright(half(whole, source).picture, turn, deskew)
        height, width = upright.shape[:2]
        bare = Reading(width, height, dpi=75.0, turn_degrees=turn, skew_degrees=deskew, deskew_degrees=deskew)
        reading = as_half(bare, source, whole)
        pages.append(PdfPage(source.part, path, 0, reading, None, None, is_half=True))
        seen.append(upright)
        # The picture is made again from the whole one.
        assert close(upright_page(whole.picture, reading).pixels(), upright)
    assemble(pages, PdfInfo("页"), [], tmp_path / "page.pdf")

    for index, upright in enumerate(seen):
        assert close(rendered(tmp_path / "page.pdf", index, upright.shape[1::-1]), upright)
    with pikepdf.open(tmp_path / "page.pdf") as pdf:
        pictures = {page.Resources.XObject.Im0.objgen for page in pdf.pages}
        assert len(pictures) == 1
        assert pdf.pages[1].Resources.XObject.Im0.read_raw_bytes() == path.read_bytes()


def close(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Whether two pictures show the same, but for their rims: a deskew makes those white or shows what lies beyond."""
    assert one.shape == other.shape
    rim = slice(40, -40)
    return bool((np.abs(one[rim, rim].astype(int) - other[rim, rim].astype(int)).max(axis=2) > 60).mean() < 0.01)


def test_the_halves_hold_every_column_of_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "spread.png"
    path.write_bytes(encoded(spread_of(print_page(1), print_page(2)), ".png"))
    whole = decode_page(path, 0)
    left, right = (half(whole, source).picture for source in parted(path, inspect(path).pages))

    assert np.array_equal(np.hstack([left, right]), whole.picture)


def test_a_catalogue_of_the_version_before_keeps_its_pages_whole(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    engine = create_engine(f"sqlite:///{home.catalogue}")
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO pages (id, case_id, volume_id, document_id, arrival_id, index_in_file, source_kind,"
                " order_key, page_number, state, error_detail, width, height, dpi, turn_degrees, skew_degrees, blank,"
                " created_at) VALUES ('p1', 'c', 'v', 'd', 'a', 7, 'picture', '', 1, 'read', '', 10, 20, 200, 0, 0, 0,"
                " 0)"
            )
        )
    engine.dispose()
    catalogue = Catalogue.open(home)
    with catalogue.reading() as session:
        page = session.get_one(Page, "p1")
        assert (page.index_in_file, page.picture_in_file, page.part, page.cut) == (7, None, "whole", 0.0)
    catalogue.close()


@pytest.mark.ocr
@pytest.mark.timeout(300)
def test_the_command_parts_a_spread_when_told_to(tmp_path: Path) -> None:
    sides = []
    for word in ("云屏市公安局临溪分局", "临溪村镇银行交易明细"):
        sheet = Sheet("页")
        sheet.print_line(40, 40, word, 18)
        sides.append(scan(sheet, Feed(dpi=150, noise=2)).convert("RGB"))
    spread_of(*sides).save(tmp_path / "展开.jpg", dpi=(150, 150), quality=90)
    program = [sys.executable, "-m", "cli.main", "--home", str(tmp_path / "home")]
    given = [*program, "ingest", str(tmp_path / "展开.jpg"), "--case", CASE, "--split-spreads", "--json"]
    report = json.loads(subprocess.run(given, capture_output=True, text=True, timeout=200, check=True).stdout)
    assert report["pages"] == 2

    told = subprocess.run(
        [*program, "pages", "--case", CASE, "--json"], capture_output=True, text=True, timeout=60, check=True
    )
    assert [page["text"] for page in json.loads(told.stdout)["pages"]] == [
        "云屏市公安局临溪分局",
        "临溪村镇银行交易明细",
    ]
