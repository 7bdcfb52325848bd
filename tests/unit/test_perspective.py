"""A sheet photographed on a desk is found, exactly, and nothing that a scanner made is taken for one."""

from __future__ import annotations

import dataclasses
import math
import os
import random
from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.photographs import corner_error, flat_scans, posed_sheets
from bench.press.camera import Pose, corners, photograph
from bench.press.sheet import Sheet
from dossier.reading import Box, Line, Reading
from pipeline.cleaning.perspective import PhotographedSheet, find_sheet, mapped, page_corners, page_size
from pipeline.cleaning.photograph import as_photographed, as_scanned, upright_page
from pipeline.cleaning.upright import make_upright
from pipeline.files.decode import Scan, decode_page
from pipeline.files.formats import inspect

SAMPLE_SCANS = Path(os.environ.get("EDOSSIER_SAMPLE_SCANS", Path(__file__).parents[3] / "shared" / "samples"))

OBLIQUE = Pose(width=1500, height=2000, spin_degrees=4, pitch_degrees=18, yaw_degrees=-9, seed=3)


def printed_sheet() -> Sheet:
    sheet = Sheet("证明")
    y = 30.0
    for place in range(14):
        y = sheet.print_line(28, y, f"第{place}行：兹证明云屏市临溪区居民投资款项往来情况属实", 14)
    return sheet


def found_on(pose: Pose, sheet: Sheet | None = None) -> PhotographedSheet | None:
    return find_sheet(np.asarray(photograph(sheet or printed_sheet(), pose)))


def test_corners_are_found_to_a_hundredth_of_the_diagonal() -> None:
    found = 0
    for sheet, pose in posed_sheets(8, seed=29):
        smaller = dataclasses.replace(pose, width=pose.width // 2, height=pose.height // 2)
        answer = found_on(smaller, sheet)
        if answer is not None:
            found += 1
            assert corner_error(answer, sheet, smaller) <= 0.01, smaller

    assert found >= 7


def test_the_paper_gets_its_own_aspect_back() -> None:
    answer = found_on(OBLIQUE)
    assert answer is not None

    assert answer.aspect == pytest.approx(210 / 297, rel=0.002)


@pytest.mark.parametrize("size", [(210.0, 210.0), (120.0, 240.0)])
def test_paper_that_is_not_a4_is_not_made_a4(size: tuple[float, float]) -> None:
    answer = found_on(OBLIQUE, Sheet("便条", size=size))
    assert answer is not None

    assert answer.aspect == pytest.approx(size[0] / size[1], rel=0.05)


def test_a_light_desk_is_left_alone() -> None:
    assert found_on(dataclasses.replace(OBLIQUE, desk=(238, 236, 232), grain=2)) is None


def test_a_sheet_of_which_a_corner_is_cut_off_is_left_alone() -> None:
    whole = np.asarray(photograph(printed_sheet(), OBLIQUE))
    right = int(corners(printed_sheet(), OBLIQUE)[:, 0].max())

    assert find_sheet(whole) is not None
    assert find_sheet(whole[:, : right - 60]) is None


def test_two_sheets_on_one_desk_are_left_alone() -> None:
    picture = np.array(photograph(printed_sheet(), dataclasses.replace(OBLIQUE, fill=0.7)))
    cv2.rectangle(picture, (20, 20), (420, 200), (235, 235, 230), -1)

    assert find_sheet(picture) is None


def test_a_sheet_with_a_torn_corner_is_left_alone() -> None:
    picture = np.array(photograph(printed_sheet(), OBLIQUE))
    first = corners(printed_sheet(), OBLIQUE)[0].astype(int)
    cv2.circle(picture, tuple(int(value) for value in first), 300, OBLIQUE.desk, -1)

    assert find_sheet(picture) is None


def test_no_scan_is_taken_for_a_photograph() -> None:
    alarms = [kind for kind, picture in flat_scans(3, seed=41) if find_sheet(picture) is not None]

    assert alarms == []


@pytest.mark.skipif(not SAMPLE_SCANS.is_dir(), reason="the folder of sample scans is not on this machine")
def test_no_sample_scan_is_taken_for_a_photograph() -> None:
    # Among them a photograph that ends before its sheet does: what its corners are nobody can know.
    for path in sorted(SAMPLE_SCANS.iterdir()):
        for page in inspect(path, name=path.name).pages:
            assert find_sheet(decode_page(path, page.index).picture) is None, path.name


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 5000, 3), (5000, 3, 3), (40, 40, 3)])
def test_a_picture_of_a_few_pixels_is_left_alone(shape: tuple[int, int, int]) -> None:
    assert find_sheet(np.full(shape, 90, np.uint8)) is None


def test_an_even_picture_is_left_alone() -> None:
    for level in (0, 128, 255):
        assert find_sheet(np.full((900, 700, 3), level, np.uint8)) is None


def test_noise_is_left_alone() -> None:
    chance = np.random.default_rng(8)
    clouds = cv2.resize(chance.integers(0, 256, (24, 17, 3), np.uint8), (1240, 1754), interpolation=cv2.INTER_CUBIC)

    assert find_sheet(clouds) is None


def test_the_page_keeps_a_margin_of_the_desk() -> None:
    answer = found_on(OBLIQUE)
    assert answer is not None
    sheet = np.array(answer.corners)
    page = np.array(page_corners(answer))

    assert cv2.contourArea(page.astype(np.float32)) > cv2.contourArea(sheet.astype(np.float32))
    for corner in sheet.astype(np.float32):
        assert cv2.pointPolygonTest(page.astype(np.float32), (float(corner[0]), float(corner[1])), False) > 0


def test_the_dpi_is_that_of_the_paper_not_of_the_tag() -> None:
    picture = np.asarray(photograph(printed_sheet(), OBLIQUE))
    answer = find_sheet(picture)
    assert answer is not None
    page = as_scanned(Scan(picture, 300.0, dpi_trusted=True), answer)
    height, width = page.picture.shape[:2]

    # The margin is 1.2 % of the long side, on each side.
    assert height / page.dpi * 25.4 == pytest.approx(297 * 1.024, abs=1)
    assert width / page.dpi * 25.4 == pytest.approx(210 + 297 * 0.024, abs=1)


@pytest.mark.parametrize(("turn", "deskew"), [(0, 0.0), (90, 0.0), (180, 1.5), (270, -2.0)])
def test_the_picture_is_made_again_as_it_was_read(turn: int, deskew: float) -> None:
    picture = np.asarray(photograph(printed_sheet(), OBLIQUE))
    answer = find_sheet(picture)
    assert answer is not None
    scan = Scan(picture, 72.0, dpi_trusted=False)
    read = make_upright(as_scanned(scan, answer).picture, turn, deskew)
    reading = Reading(read.shape[1], read.shape[0], dpi=150.0, turn_degrees=turn, deskew_degrees=deskew)
    again = upright_page(picture, as_photographed(reading, answer, scan)).pixels()

    assert again.shape == read.shape
    # The corners that a deskew adds are white in one and desk in the other: they lie outside of the middle.
    height, width = read.shape[:2]
    middle = (slice(height // 10, -height // 10), slice(width // 10, -width // 10))
    assert np.abs(again[middle].astype(int) - read[middle].astype(int)).mean() < 4


def test_a_place_on_the_page_is_found_on_the_photograph() -> None:
    sheet = printed_sheet()
    picture = np.asarray(photograph(sheet, OBLIQUE))
    answer = find_sheet(picture)
    assert answer is not None
    scan = Scan(picture, 72.0, dpi_trusted=False)
    page = as_scanned(scan, answer).picture
    reading = as_photographed(Reading(page.shape[1], page.shape[0], dpi=150.0), answer, scan)
    assert reading.corners is not None

    middle = mapped(np.array([[0.5, 0.5]]), reading.corners)[0] * np.array([OBLIQUE.width, OBLIQUE.height])
    width, height = sheet.picture.size
    from bench.press.camera import on_photograph

    truth = on_photograph(np.array([[width / 2, height / 2]]), sheet, OBLIQUE)[0]
    assert math.dist(middle, truth) < 5


def test_a_page_is_not_larger_than_the_photograph_can_fill() -> None:
    chance = random.Random(2)
    for _ in range(20):
        points = tuple(
            (x + chance.uniform(-0.05, 0.05), y) for x, y in ((0.3, 0.3), (0.7, 0.3), (0.95, 0.9), (0.1, 0.9))
        )
        width, height = page_size(PhotographedSheet(points, 1.0, 0.7071), 3000, 2000)  # type: ignore[arg-type]
        assert width * height <= 1.7 * 3000 * 2000


def test_corners_are_stored_and_readings_without_them_are_stored_as_before() -> None:
    line = Line("证明", Box(0.1, 0.1, 0.3, 0.2))
    flat = Reading(100, 200, dpi=200.0, lines=(line,))
    photographed = dataclasses.replace(flat, corners=((0.1, 0.1), (0.9, 0.12), (0.95, 0.9), (-0.01, 1.002)))

    assert Reading.from_bytes(photographed.to_bytes()) == photographed
    assert Reading.from_bytes(flat.to_bytes()) == flat
    assert photographed.to_bytes() != flat.to_bytes()


def test_a_reading_with_three_corners_is_refused() -> None:
    broken = dataclasses.replace(Reading(100, 200, dpi=200.0), corners=((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)))  # type: ignore[arg-type]

    with pytest.raises(ValueError, match="corners"):
        Reading.from_bytes(broken.to_bytes())
