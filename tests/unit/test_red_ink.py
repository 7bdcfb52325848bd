"""Red ink is taken out; print below it, and everything else, stays."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.cleaning.red_ink import take_out_red


def paper() -> np.ndarray:
    """A sheet with a black bar and a blue one."""
    picture = np.full((1000, 700, 3), (250, 247, 240), np.uint8)
    picture[480:520, 100:600] = (25, 25, 25)
    picture[100:120, 100:300] = (60, 80, 190)
    return picture


def stamped(picture: np.ndarray) -> np.ndarray:
    """A seal over the end of the black bar, its ink multiplied with what is there."""
    seal = np.zeros(picture.shape[:2], np.uint8)
    cv2.circle(seal, (520, 500), 100, 255, 12, cv2.LINE_AA)
    strength = seal[..., None] / 255 * 0.9
    red = picture * (np.array([215, 40, 45]) / 255)
    return (picture * (1 - strength) + red * strength).astype(np.uint8)


def test_a_seal_vanishes_and_the_print_below_it_stays() -> None:
    found = take_out_red(stamped(paper())).cleaned

    # On the ring beside the bar, and where ring and bar cross.
    assert found[400, 520].min() > 180
    assert found[500, 420].max() < 60


def test_what_is_not_red_is_not_changed() -> None:
    picture = stamped(paper())

    found = take_out_red(picture).cleaned

    assert np.array_equal(found[:380], picture[:380])


def test_the_place_of_the_seal_is_told() -> None:
    ((left, top, right, bottom),) = take_out_red(stamped(paper())).regions

    assert left < 415 and top < 395 and right > 625 and bottom > 605
    assert left > 350 and top > 330 and right <= 700 and bottom < 670


def test_a_page_without_red_is_given_back_as_it_is() -> None:
    picture = paper()

    found = take_out_red(picture)

    assert found.cleaned is picture
    assert found.regions == ()


def test_yellowed_paper_is_not_red() -> None:
    assert take_out_red(np.full((300, 200, 3), (236, 216, 170), np.uint8)).regions == ()
