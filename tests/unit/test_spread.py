"""Two pages on one picture are parted in the gutter; a wide page, whatever is on it, is left whole."""

from __future__ import annotations

import itertools
import os
import random
from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.press.pages import sheets
from bench.press.scanner import Feed, scan
from bench.press.sheet import A4, Sheet
from pipeline.cleaning.spread import find_gutter
from pipeline.cleaning.upright import Picture
from pipeline.files.decode import decode_page
from pipeline.files.formats import inspect

SAMPLE_SCANS = Path(os.environ.get("EDOSSIER_SAMPLE_SCANS", Path(__file__).parents[3] / "shared" / "samples"))


def two_pages(seed: int, fold: int = 45, width: float = 0.012, lean: float = 0.0) -> tuple[Picture, float]:
    """Two printed pages side by side at 100 dpi with the shadow of a fold, and where that lies (fraction).

    Args:
        fold: grey levels by which the fold is darker than the paper.
        width: of the shadow, as a share of the picture's.
        lean: how far the fold's foot lies to the right of its head, as a share of the picture's width.
    """
    upright = (sheet for _, sheet in sheets(random.Random(seed)) if sheet.size == A4)
    left, right = (page_picture(sheet) for sheet in itertools.islice(upright, 2 * seed, 2 * seed + 2))
    picture = np.hstack([left, right])
    across = np.arange(picture.shape[1])[None, :] / picture.shape[1]
    down = np.linspace(-0.5, 0.5, picture.shape[0])[:, None]
    place = left.shape[1] / picture.shape[1]
    shadow = fold * np.exp(-(((across - place - lean * down) / (width / 2)) ** 2))
    return np.clip(picture - shadow[..., None], 0, 255).astype(np.uint8), place


def page_picture(sheet: Sheet) -> Picture:
    return np.array(scan(sheet, Feed(dpi=100, noise=2, shading=0.03)).convert("RGB"))


def wide_sheet(size: tuple[float, float] = (420.0, 297.0)) -> Sheet:
    return Sheet("案件移送清单", size=size)


@pytest.mark.parametrize("seed", range(4))
def test_the_fold_of_an_opened_book_is_found(seed: int) -> None:
    picture, place = two_pages(seed)

    assert find_gutter(picture) == pytest.approx(place, abs=0.004)


@pytest.mark.parametrize("lean", [-0.012, 0.012])
def test_a_fold_that_leans_is_found(lean: float) -> None:
    picture, place = two_pages(1, lean=lean)

    assert find_gutter(picture) == pytest.approx(place, abs=0.006)


def test_the_gap_between_two_sheets_is_found() -> None:
    picture, place = two_pages(2, fold=0)
    middle, gap = round(place * picture.shape[1]), 12
    picture[:, middle - gap : middle + gap] = 40

    assert find_gutter(picture) == pytest.approx(place, abs=0.006)


def test_two_pages_without_anything_between_them_are_left_whole() -> None:
    assert find_gutter(two_pages(3, fold=0)[0]) is None


def test_a_wide_sheet_in_two_columns_is_left_whole() -> None:
    sheet = wide_sheet()
    for left in (25.0, 230.0):
        sheet.print_paragraph(left, 30, 160, "查明云屏市临溪区居民投资款项往来情况如下" * 40, 12, bottom=270)

    assert find_gutter(page_picture(sheet)) is None


def test_a_wide_sheet_with_a_line_between_its_columns_is_left_whole() -> None:
    sheet = wide_sheet()
    for left in (25.0, 230.0):
        sheet.print_paragraph(left, 30, 160, "查明云屏市临溪区居民投资款项往来情况如下" * 40, 12, bottom=270)
    sheet.print_table(210, 20, (), [()] * 28, 12)

    assert find_gutter(page_picture(sheet)) is None


def test_a_folded_wide_table_is_left_whole() -> None:
    sheet = wide_sheet()
    sheet.print_table(20, 30, (60,) * 6, [("序号", "户名", "账号", "金额", "日期", "备注")] * 24, 11)
    picture = page_picture(sheet).astype(np.int16)
    middle = picture.shape[1] // 2
    picture[:, middle - 3 : middle + 4] -= 40

    assert find_gutter(np.clip(picture, 0, 255).astype(np.uint8)) is None


def test_a_wide_page_with_the_streak_of_a_dirty_glass_is_left_whole() -> None:
    sheet = wide_sheet((297.0, 210.0))
    sheet.print_paragraph(25, 30, 245, "查明云屏市临溪区居民投资款项往来情况如下" * 60, 12, bottom=190)
    picture = page_picture(sheet).astype(np.int16)
    middle = picture.shape[1] // 2
    picture[:, middle - 1 : middle + 2] -= 60

    assert find_gutter(np.clip(picture, 0, 255).astype(np.uint8)) is None


def test_a_page_on_its_side_with_a_streak_between_its_lines_is_left_whole() -> None:
    sheet = Sheet("笔录")
    sheet.print_paragraph(28, 25, 154, "查明云屏市临溪区居民投资款项往来情况如下" * 60, 12, bottom=270)
    upright = page_picture(sheet).astype(np.int16)
    between = sheet.lines[len(sheet.lines) // 2]
    row = round((between.box[3] + sheet.lines[len(sheet.lines) // 2 + 1].box[1]) / 2 / 3)
    upright[row - 1 : row + 2] -= 40

    for turn in (1, 3):
        turned = np.ascontiguousarray(np.rot90(np.clip(upright, 0, 255).astype(np.uint8), turn))
        assert find_gutter(turned) is None


def test_print_in_one_half_only_is_left_whole() -> None:
    picture, place = two_pages(1)
    middle = round(place * picture.shape[1])
    margin = picture.shape[1] // 20
    picture[:, middle + margin :] = picture[:, middle + margin : middle + margin + 1]

    assert find_gutter(picture) is None


def test_a_title_across_the_fold_keeps_the_sheet_whole() -> None:
    sheet = wide_sheet()
    sheet.print_line(210, 20, "云屏市公安局临溪分局扣押物品文件清单", 26, middle=True)
    for left in (25.0, 230.0):
        sheet.print_paragraph(left, 45, 160, "查明云屏市临溪区居民投资款项往来情况如下" * 40, 12, bottom=270)
    picture = page_picture(sheet).astype(np.int16)
    middle = picture.shape[1] // 2
    picture[:, middle - 3 : middle + 4] -= 40

    assert find_gutter(np.clip(picture, 0, 255).astype(np.uint8)) is None


def test_pages_that_stand_upright_are_left_whole() -> None:
    for _, sheet in itertools.islice(sheets(random.Random(9)), 8):
        picture = page_picture(sheet)
        assert find_gutter(picture) is None
        assert find_gutter(np.ascontiguousarray(np.rot90(picture))) is None


@pytest.mark.skipif(not SAMPLE_SCANS.is_dir(), reason="the folder of sample scans is not on this machine")
def test_no_sample_scan_is_parted() -> None:
    for path in sorted(SAMPLE_SCANS.iterdir()):
        for page in inspect(path, name=path.name).pages:
            assert find_gutter(decode_page(path, page.index).picture) is None, path.name


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 4, 3), (40, 56, 3), (100, 140, 3), (9, 5000, 3)])
@pytest.mark.parametrize("level", [0, 255])
def test_an_even_picture_is_left_whole(shape: tuple[int, int, int], level: int) -> None:
    assert find_gutter(np.full(shape, level, np.uint8)) is None


def test_a_photograph_of_anything_is_left_whole() -> None:
    chance = np.random.default_rng(8)
    clouds = cv2.resize(chance.integers(0, 256, (17, 24, 3), np.uint8), (1754, 1240), interpolation=cv2.INTER_CUBIC)

    assert find_gutter(clouds) is None
