"""The part of a page that a person has called the page: the same pixels as of the whole page, wherever it is drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from dossier.reading import Box, Crop, Reading
from pipeline.binding.photograph_page import photograph_page
from pipeline.binding.placement import half_placement, is_flat
from pipeline.cleaning.crop import as_cropped, part_of
from pipeline.cleaning.orientation import Orientation
from pipeline.cleaning.perspective import seen_straight
from pipeline.cleaning.upright_page import UprightPage
from pipeline.files.decode import Scan
from pipeline.files.sources import CroppedPage, PageSource
from tests.unit.test_page_reader import reader

BOX = Box(0.25, 0.3, 0.75, 0.7)


def blot() -> np.ndarray:
    """A sheet with one dark blot and soft shades, so that any shift is seen."""
    picture = np.full((700, 500, 3), 235, np.uint8)
    picture[300:360, 200:320] = 40
    return np.asarray(cv2.GaussianBlur(picture, (9, 9), 0), np.uint8)


def whole_of(picture: np.ndarray, turn: int, deskew: float) -> Reading:
    page = UprightPage(picture, turn, deskew)
    return Reading(page.width, page.height, 100.0, turn_degrees=turn, skew_degrees=deskew, deskew_degrees=deskew)


def centre_of(picture: np.ndarray) -> tuple[float, float]:
    """Of the dark blot, as fractions of the picture."""
    down, across = np.nonzero(picture[:, :, 0] < 120)
    return (float(across.mean()) + 0.5) / picture.shape[1], (float(down.mean()) + 0.5) / picture.shape[0]


@pytest.mark.parametrize("deskew", [0.0, 2.5])
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_part_shows_what_the_whole_page_shows_there(turn: int, deskew: float) -> None:
    picture = blot()
    whole = whole_of(picture, turn, deskew)
    cropped = CroppedPage(Crop(BOX, turn, 1), whole)

    part = part_of(Scan(picture, 100.0, True), cropped, None).picture

    shown = UprightPage(picture, turn, deskew).pixels()
    left, right = round(BOX.x0 * whole.width), round(BOX.x1 * whole.width)
    top, bottom = round(BOX.y0 * whole.height), round(BOX.y1 * whole.height)
    expected = cv2.resize(shown[top:bottom, left:right], part.shape[1::-1])
    assert float(np.abs(part.astype(int) - expected.astype(int)).mean()) < 1.5
    assert part[:, :, 0].min() < 60  # the blot is on it


@pytest.mark.parametrize("said", [None, 0, 90, 180, 270])
def test_in_the_pdf_the_scan_lies_so_that_the_part_is_the_page(said: int | None) -> None:
    picture = blot()
    whole = whole_of(picture, 90, 1.5)
    cropped = CroppedPage(Crop(BOX, 90, 1), whole)
    scan = Scan(picture, 100.0, True)
    part = part_of(scan, cropped, said).picture
    reading = as_cropped(Reading(part.shape[1], part.shape[0], 100.0), scan, cropped, said)

    assert reading.turn_degrees == (90 if said is None else said)
    assert reading.corners is not None
    assert is_flat(reading.corners)
    placed = half_placement(reading.corners, 1, (reading.width, reading.height))
    across, down = centre_of(picture)
    x, y = placed.apply(across, 1 - down)
    seen = centre_of(part)
    assert (x / reading.width, 1 - y / reading.height) == pytest.approx(seen, abs=0.01)


def test_the_part_of_a_photographed_sheet_is_seen_straight_and_its_page_ends_around_it() -> None:
    corners = ((0.2, 0.2), (0.8, 0.25), (0.85, 0.8), (0.15, 0.75))
    picture = blot()
    whole = replace(whole_of(picture, 0, 0.0), corners=corners)
    cropped = CroppedPage(Crop(BOX, 0, 1), whole)
    scan = Scan(picture, 100.0, True)
    part = part_of(scan, cropped, None).picture

    straight = seen_straight(picture, corners, (whole.width, whole.height))
    expected = straight[round(0.3 * whole.height) : round(0.7 * whole.height), whole.width // 4 : whole.width * 3 // 4]
    assert float(np.abs(part.astype(int) - expected.astype(int)).mean()) < 1.5
    reading = as_cropped(Reading(part.shape[1], part.shape[0], 100.0), scan, cropped, None)
    assert reading.corners is not None
    assert not is_flat(reading.corners)
    shown = photograph_page(reading, reading.corners, (500, 700), 1)
    ended = shown.ending_at_sheet()
    assert ended.width < shown.width * 0.6
    assert ended.height < shown.height * 0.6
    ends = [ended.shown.apply(x, y) for x, y in reading.corners]
    assert all(-1 <= x <= ended.width + 1 and -1 <= y <= ended.height + 1 for x, y in ends)


def test_a_cropped_page_is_read_as_it_lies_without_being_set_upright_anew(tmp_path: Path) -> None:
    picture = np.full((600, 400, 3), 250, np.uint8)
    picture[200:300, 100:300] = 60
    Image.fromarray(picture).save(tmp_path / "page.png")
    whole = whole_of(picture, 180, 0.0)
    crop = Crop(Box(0.1, 0.4, 0.9, 0.8), 180, 3)
    # It would be turned by what it looks like, were it looked at.
    one = reader(Orientation(90, 0.99, 0.99))

    result = one.read(
        tmp_path / "page.png", PageSource(0, "picture", 400, 600, 100.0, cropped=CroppedPage(crop, whole))
    )

    found = result.reading
    assert (found.turn_degrees, found.width, found.height, found.crop) == (180, 320, 240, crop)
    assert Reading.from_bytes(found.to_bytes()) == found
