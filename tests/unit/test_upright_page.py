"""An upright page shows what a turned copy of the scan would show, wherever one looks."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.cleaning.upright import make_upright
from pipeline.cleaning.upright_page import UprightPage

TURNS = [(0, 0.0), (90, 0.0), (180, 0.0), (270, 0.0), (0, 3.0), (90, -2.0), (270, 4.5)]


def scan() -> np.ndarray:
    """A soft picture without symmetry, 400 × 260 pixels."""
    picture = np.full((260, 400, 3), 245, np.uint8)
    cv2.putText(picture, "Dossier 7/12", (20, 90), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (30, 20, 60), 4, cv2.LINE_AA)
    cv2.rectangle(picture, (40, 150), (150, 230), (200, 60, 40), 6)
    return cv2.GaussianBlur(picture, (0, 0), 1.5)


def difference(one: np.ndarray, other: np.ndarray) -> float:
    assert one.shape == other.shape
    return float(np.abs(one.astype(int) - other).mean())


@pytest.mark.parametrize(("turn", "deskew"), TURNS)
def test_a_page_is_as_large_as_its_upright_copy_and_shows_the_same(turn: int, deskew: float) -> None:
    page, copy = UprightPage(scan(), turn, deskew), make_upright(scan(), turn, deskew)

    assert (page.height, page.width) == copy.shape[:2]
    assert np.array_equal(page.pixels(), copy)
    assert difference(page.drawn(page.width, page.height), copy) < 0.7


@pytest.mark.parametrize(("turn", "deskew"), TURNS)
def test_a_reduced_page_is_the_reduced_copy(turn: int, deskew: float) -> None:
    page, copy = UprightPage(scan(), turn, deskew), make_upright(scan(), turn, deskew)

    reduced = page.reduced(100)

    height, width = reduced.shape[:2]
    assert max(width, height) == 100
    expected = cv2.resize(copy, (width, height), interpolation=cv2.INTER_AREA)
    assert difference(reduced, expected) < 3
    # Moved by one pixel it would differ far more: nothing is shifted.
    assert difference(reduced, np.roll(expected, 1, axis=1)) > 2 * difference(reduced, expected)


@pytest.mark.parametrize(("turn", "deskew"), TURNS)
def test_a_part_is_where_it_is_on_the_copy(turn: int, deskew: float) -> None:
    page, copy = UprightPage(scan(), turn, deskew), make_upright(scan(), turn, deskew)

    part = page.drawn(120, 80, part=(60, 70, 180, 150))

    assert difference(part, copy[70:150, 60:180]) < 1


@pytest.mark.parametrize(("turn", "deskew"), TURNS)
def test_a_line_is_cut_out_of_the_scan_as_from_the_copy(turn: int, deskew: float) -> None:
    page, copy = UprightPage(scan(), turn, deskew), make_upright(scan(), turn, deskew)
    quad = np.array([[60, 70], [200, 70], [200, 110], [60, 110]], np.float32)

    assert difference(page.cut_out(quad), copy[70:110, 60:200]) < 1.5


def test_what_lies_beyond_the_scan_is_white_paper() -> None:
    page = UprightPage(np.zeros((200, 300, 3), np.uint8), 0, -5.0)

    assert page.drawn(page.width, page.height)[0, 0].tolist() == [255, 255, 255]


def test_a_page_is_never_drawn_larger_than_it_is() -> None:
    assert UprightPage(scan()).reduced(5000).shape == (260, 400, 3)


def test_an_angle_that_is_no_quarter_turn_is_refused() -> None:
    with pytest.raises(ValueError, match="45"):
        UprightPage(scan(), 45)
