"""The skew of pages drawn line by line at a known angle."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.cleaning.deskew import SMALLEST_CORRECTED, measure_skew

Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom, pixels."""

WIDTH, HEIGHT = 1653, 2339
"""A4 at 200 dpi."""


def drawn(boxes: list[Rectangle], counter_clockwise: float) -> np.ndarray:
    """A white page with black boxes (left, top, right, bottom), the page turned by an angle on the scanner's glass."""
    picture = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    angle = np.deg2rad(counter_clockwise)
    # On a screen, where y grows downward, this matrix turns counter-clockwise.
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    centre = np.array([WIDTH / 2, HEIGHT / 2])
    for left, top, right, bottom in boxes:
        corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) - centre
        placed = corners @ turn.T + centre
        cv2.fillPoly(picture, [np.round(placed * 16).astype(np.int32)], (0, 0, 0), cv2.LINE_AA, shift=4)
    return picture


def print_rows(seed: int = 1, rows: int = 28) -> list[Rectangle]:
    """Characters as boxes of random size in lines, some of them short, as a statement's are."""
    chance = np.random.default_rng(seed)
    boxes: list[Rectangle] = []
    for row in range(rows):
        for place in range(chance.integers(8, 36)):
            x, y = 220 + 33 * place, 240 + 55 * row
            boxes.append((x, y + int(chance.integers(0, 12)), x + int(chance.integers(8, 28)), y + 30))
    return boxes


def columns_of_print(seed: int = 2) -> list[Rectangle]:
    """The same, set vertically."""
    return [(y, x, y2, x2) for x, y, x2, y2 in print_rows(seed, 20)]


@pytest.mark.parametrize("angle", [-5.0, -2.0, -0.73, -0.2, 0.0, 0.31, 1.4, 3.3, 5.0])
def test_rows_of_print_give_their_angle(angle: float) -> None:
    skew = measure_skew(drawn(print_rows(), angle))

    assert skew.degrees == pytest.approx(angle, abs=0.05)
    assert skew.correction == (skew.degrees if abs(angle) > SMALLEST_CORRECTED else 0.0)


@pytest.mark.parametrize("angle", [-3.0, 0.9, 4.2])
def test_vertical_print_gives_its_angle(angle: float) -> None:
    skew = measure_skew(drawn(columns_of_print(), angle))

    assert skew.correction == pytest.approx(angle, abs=0.05)


@pytest.mark.parametrize("angle", [-2.5, 1.2])
def test_a_table_with_hardly_any_print_gives_its_angle(angle: float) -> None:
    across: list[Rectangle] = [(200, y, 1450, y + 3) for y in range(300, 1900, 200)]
    down: list[Rectangle] = [(x, 300, x + 3, 1703) for x in (200, 500, 1000, 1447)]

    assert measure_skew(drawn(across + down, angle)).correction == pytest.approx(angle, abs=0.05)


def test_a_few_lines_are_enough() -> None:
    assert measure_skew(drawn(print_rows(rows=4), 1.0)).correction == pytest.approx(1.0, abs=0.1)


def test_an_angle_too_small_to_matter_is_not_corrected() -> None:
    skew = measure_skew(drawn(print_rows(), 0.06))

    assert abs(skew.degrees) < SMALLEST_CORRECTED
    assert skew.correction == 0.0


def test_shading_and_grain_do_not_mislead() -> None:
    picture = drawn(print_rows(), 1.7).astype(np.float64)
    picture *= np.linspace(0.6, 1.0, WIDTH)[None, :, None]
    picture += np.random.default_rng(3).normal(0, 12, (HEIGHT, WIDTH, 1))

    skew = measure_skew(np.clip(picture, 0, 255).astype(np.uint8))

    assert skew.correction == pytest.approx(1.7, abs=0.05)


def test_the_dark_surroundings_of_a_scanner_do_not_count() -> None:
    picture = drawn(print_rows(), -2.2)
    picture[:60], picture[-40:], picture[:, :90] = 12, 12, 12

    assert measure_skew(picture).correction == pytest.approx(-2.2, abs=0.05)


def test_the_end_of_a_shadow_along_the_fold_does_not_count() -> None:
    picture = drawn(print_rows(rows=8), 1.1)
    # Too light for the scanner's surroundings, darker than what is near, and as straight as the picture's border.
    picture[:, :8] = 120

    assert measure_skew(picture).correction == pytest.approx(1.1, abs=0.05)


def test_bitonal_specks_without_print_are_left_alone() -> None:
    chance = np.random.default_rng(4)
    picture = np.where(chance.random((HEIGHT, WIDTH, 1)) < 0.01, 0, 255).astype(np.uint8).repeat(3, axis=2)

    assert measure_skew(picture).correction == 0.0


def test_a_photograph_is_left_alone() -> None:
    chance = np.random.default_rng(5)
    clouds = cv2.resize(chance.integers(0, 256, (24, 17, 3), np.uint8), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)

    assert measure_skew(clouds).correction == 0.0


def test_an_empty_page_has_no_skew_and_no_confidence() -> None:
    skew = measure_skew(np.full((HEIGHT, WIDTH, 3), 250, np.uint8))

    assert (skew.degrees, skew.confidence, skew.correction) == (0.0, 0.0, 0.0)


def test_a_picture_of_one_pixel_is_left_alone() -> None:
    assert measure_skew(np.zeros((1, 1, 3), np.uint8)).correction == 0.0
