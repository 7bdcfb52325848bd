"""The code of a separator sheet is found on what scanners make of it, and ordinary pages are left alone."""

from __future__ import annotations

import io
import random
from typing import Any

import numpy as np
import pytest
import segno
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from bench.press.pages import DOCUMENTS, sheets
from bench.press.scanner import Feed, scan
from bench.press.sheet import Sheet, pixels
from pipeline.cleaning.separator import may_bear_code, separator_code

CODE = "EDOSSIER1:V:V3F0C2A4E8D9B4A6F9D0C:0C1B2A3E4F5A6B7C"


def printed(code: str, wide: float = 100.0) -> Sheet:
    """A sheet as the site prints it: the code in its quiet zone, and words below."""
    modules = np.array([list(row) for row in segno.make(code, error="h", boost_error=False).matrix], np.uint8)
    drawn = Image.fromarray(255 - 255 * np.pad(modules, 4))
    side = round(pixels(wide))
    sheet = Sheet("分隔页")
    sheet.picture.paste(drawn.resize((side, side), Image.Resampling.NEAREST), (round(pixels(55)), round(pixels(40))))
    sheet.print_line(105, 150, "证据材料卷二", 40, middle=True)
    return sheet


def scanned(sheet: Sheet, feed: Feed) -> NDArray[np.uint8]:
    """What comes out of the scanner's file: a JPEG, or a TIFF in G4."""
    picture, stored = scan(sheet, feed), io.BytesIO()
    if picture.mode == "1":
        picture.save(stored, "TIFF", compression="group4")
    else:
        picture.save(stored, "JPEG", quality=feed.quality)
    return np.asarray(Image.open(stored).convert("RGB"))


@pytest.mark.parametrize(
    ("mode", "turn"), [("colour", 0), ("bitonal", 90), ("grey", 180), ("bitonal", 270), ("grey", 90)]
)
def test_a_sheet_is_found_however_it_was_scanned(mode: str, turn: int) -> None:
    chance = random.Random(f"{mode}{turn}")
    feed = Feed(
        300 if turn == 270 else 200,
        turn,
        chance.uniform(-4, 4),
        noise=8,
        shading=0.15,
        quality=75,
        mode=mode,
        seed=turn,
    )  # type: ignore[arg-type]
    assert separator_code(scanned(printed(CODE), feed)) == CODE


def test_a_sheet_with_a_pencil_line_a_stamp_and_a_hole_is_found() -> None:
    sheet = printed(CODE)
    draw = ImageDraw.Draw(sheet.picture)
    draw.line([(pixels(70), pixels(92)), (pixels(150), pixels(100))], fill="dimgray", width=round(pixels(1.5)))
    draw.ellipse([pixels(95), pixels(55), pixels(118), pixels(78)], outline="red", width=round(pixels(1.5)))
    draw.ellipse([pixels(90), pixels(100), pixels(96), pixels(106)], fill="white")
    assert separator_code(scanned(sheet, Feed(skew_degrees=2.0))) == CODE


def test_another_systems_code_is_none_of_ours() -> None:
    assert separator_code(scanned(printed("HTTPS://EXAMPLE.INVALID/PAY/20310704"), Feed())) is None


def test_ordinary_pages_are_not_even_looked_at_closely() -> None:
    pages = [sheet for _, (_, sheet) in zip(range(3), sheets(random.Random(5), DOCUMENTS), strict=False)]
    assert [may_bear_code(scanned(page, Feed(seed=at))) for at, page in enumerate(pages)] == [False] * len(pages)


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_pages_of_one_shade_bear_no_code(shade: int) -> None:
    assert separator_code(np.full((900, 640, 3), shade, np.uint8)) is None


def test_half_dark_pictures_bear_no_code() -> None:
    grain = np.random.default_rng(3).integers(0, 2, (220, 160, 1), np.uint8) * 255
    assert separator_code(np.repeat(np.repeat(np.repeat(grain, 8, 0), 8, 1), 3, 2)) is None


@pytest.mark.parametrize("how", [{"mode": "kanji"}, {"encoding": "gb18030", "eci": True}])
def test_a_code_in_another_encoding_costs_no_page(how: dict[str, Any]) -> None:
    modules = segno.make("中国", error="h", **how)
    sheet = Sheet("收款码")
    drawn = Image.fromarray(255 - 255 * np.pad(np.array([list(row) for row in modules.matrix], np.uint8), 4))
    side = round(pixels(100))
    sheet.picture.paste(drawn.resize((side, side), Image.Resampling.NEAREST), (round(pixels(55)), round(pixels(40))))
    assert separator_code(scanned(sheet, Feed())) is None
