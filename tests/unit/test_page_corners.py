"""The second look at a page's corners: where it is taken, and where what it finds stands on the page."""

from __future__ import annotations

import numpy as np
import pytest

from dossier.reading import Box, Line
from pipeline.cleaning.upright import Picture
from pipeline.cleaning.upright_page import UprightPage
from pipeline.reading.page_corners import numbers_in_corners

WIDTH, HEIGHT = 1654, 2339  # A4 at 200 dpi


class Looker:
    """A reader that sees a dark mark as a number if it is higher than wide, as digits are."""

    def __init__(self, text: str = "7", confidence: float = 0.95) -> None:
        self.text, self.confidence, self.looks = text, confidence, 0

    def read(self, page: UprightPage) -> tuple[Line, ...]:
        self.looks += 1
        picture = page.pixels()
        height, width = picture.shape[:2]
        rows, columns = np.nonzero(picture.min(axis=2) < 128)
        if not rows.size or np.ptp(columns) >= np.ptp(rows):
            return ()
        box = Box.of_pixels(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1, width, height)
        return (Line(self.text, box, self.confidence),)


def paper(width: int = WIDTH, height: int = HEIGHT) -> Picture:
    return np.full((height, width, 3), 245, np.uint8)


def marked(picture: Picture, box: tuple[int, int, int, int]) -> Box:
    """Ink a rectangle, left, top, right, bottom in pixels; where it is."""
    left, top, right, bottom = box
    picture[top:bottom, left:right] = 40
    return Box.of_pixels(left, top, right, bottom, picture.shape[1], picture.shape[0])


def close_to(box: Box) -> object:
    return pytest.approx(box.as_list(), abs=0.002)


@pytest.mark.parametrize("left", [100, 1530])
@pytest.mark.parametrize("top", [80, 2220])
def test_a_digit_that_was_passed_over_is_found_where_it_stands(left: int, top: int) -> None:
    picture = paper()
    there = marked(picture, (left, top, left + 18, top + 34))

    (number,) = numbers_in_corners(Looker(), UprightPage(picture), ())

    assert number.text == "7"
    assert number.box.as_list() == close_to(there)


@pytest.mark.parametrize("box", [(150, 80, 184, 98), (2150, 80, 2184, 98)])
def test_on_a_page_that_lies_across_a_number_on_its_side_is_found(box: tuple[int, int, int, int]) -> None:
    picture = paper(HEIGHT, WIDTH)
    there = marked(picture, box)

    (number,) = numbers_in_corners(Looker(), UprightPage(picture), ())

    assert number.box.as_list() == close_to(there)


def test_empty_corners_are_not_looked_at() -> None:
    looker, picture = Looker(), paper()
    marked(picture, (800, 1000, 818, 1034))

    assert numbers_in_corners(looker, UprightPage(picture), ()) == ()
    assert looker.looks == 0


def test_what_was_read_already_is_not_looked_at() -> None:
    looker, picture = Looker(), paper()
    there = marked(picture, (100, 80, 118, 114))

    assert numbers_in_corners(looker, UprightPage(picture), [Line("印", there)]) == ()
    assert looker.looks == 0


@pytest.mark.parametrize(
    "box",
    [(0, 0, 60, 2339), (60, 200, 1600, 206), (100, 80, 102, 82), (60, 60, 300, 200)],
    ids=["shadow at the edge", "rule across the page", "speck", "photograph"],
)
def test_what_is_no_digit_is_not_looked_at(box: tuple[int, int, int, int]) -> None:
    looker, picture = Looker(), paper()
    marked(picture, box)

    numbers_in_corners(looker, UprightPage(picture), ())

    assert looker.looks == 0


@pytest.mark.parametrize("looker", [Looker(text="印"), Looker(confidence=0.7)])
def test_words_and_doubtful_digits_are_left_out(looker: Looker) -> None:
    picture = paper()
    marked(picture, (100, 80, 118, 114))

    assert numbers_in_corners(looker, UprightPage(picture), ()) == ()
    assert looker.looks == 1
