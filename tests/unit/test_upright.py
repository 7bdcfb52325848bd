"""The upright canvas: nothing is lost, and both angles turn clockwise."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.cleaning.upright import canvas_size, make_upright, quarter_turned

WHITE = 255


def page(width: int, height: int, *marks: tuple[int, int]) -> np.ndarray:
    """A white picture with black dots of 5 × 5 pixels around each (x, y)."""
    picture = np.full((height, width, 3), WHITE, np.uint8)
    for x, y in marks:
        picture[y - 2 : y + 3, x - 2 : x + 3] = 0
    return picture


def dark_centre(picture: np.ndarray) -> tuple[float, float]:
    """The centre of what is dark, weighted, in pixels from the top left pixel's centre."""
    darkness = WHITE - picture[..., 0].astype(float)
    rows, columns = np.indices(darkness.shape)
    return (columns * darkness).sum() / darkness.sum(), (rows * darkness).sum() / darkness.sum()


@pytest.mark.parametrize(("turn", "expected"), [(0, (10, 20)), (90, (179, 10)), (180, (89, 179)), (270, (20, 89))])
def test_a_quarter_turn_goes_clockwise(turn: int, expected: tuple[int, int]) -> None:
    turned = quarter_turned(page(100, 200, (10, 20)), turn)

    assert dark_centre(turned) == pytest.approx(expected)


def test_a_page_that_stood_counter_clockwise_is_set_straight_by_a_positive_angle() -> None:
    # The right end of a level line stands 10 / 200 higher: arctan(0.05) = 2.8624 degrees counter-clockwise.
    left, right = page(400, 300, (100, 155)), page(400, 300, (300, 145))

    straight = [dark_centre(make_upright(picture, 0, 2.8624)) for picture in (left, right)]

    assert straight[0][1] == pytest.approx(straight[1][1], abs=0.1)
    assert straight[1][0] - straight[0][0] == pytest.approx((200**2 + 10**2) ** 0.5, abs=0.1)


def test_the_centre_of_the_scan_is_the_centre_of_the_canvas() -> None:
    upright = make_upright(page(301, 201, (150, 100)), 90, 4.0)

    height, width = upright.shape[:2]
    assert dark_centre(upright) == pytest.approx(((width - 1) / 2, (height - 1) / 2), abs=0.05)


def test_no_corner_is_lost_when_the_canvas_grows() -> None:
    corners = page(300, 200, (2, 2), (297, 2), (2, 197), (297, 197))

    upright = make_upright(corners, 0, 5.0)

    assert (WHITE - upright[..., 0].astype(float)).sum() == pytest.approx(4 * 25 * WHITE, rel=0.02)


def test_the_grown_corners_are_white() -> None:
    upright = make_upright(np.zeros((200, 300, 3), np.uint8), 0, -5.0)

    assert [upright[y, x, 0] for y, x in ((0, 0), (0, -1), (-1, 0), (-1, -1))] == [WHITE] * 4


@pytest.mark.parametrize(
    ("turn", "skew", "expected"),
    [
        (0, 0.0, (1653, 2339)),
        (180, 0.0, (1653, 2339)),
        (90, 0.0, (2339, 1653)),
        # cos 2° = 0.9993908, sin 2° = 0.0348995: 1653 cos + 2339 sin = 1733.62, 1653 sin + 2339 cos = 2395.26
        (0, 2.0, (1734, 2396)),
        (0, -2.0, (1734, 2396)),
        (270, 2.0, (2396, 1734)),
    ],
)
def test_the_canvas_is_the_rectangle_around_the_turned_scan(turn: int, skew: float, expected: tuple[int, int]) -> None:
    assert canvas_size(1653, 2339, turn, skew) == expected


@pytest.mark.parametrize(("turn", "skew"), [(0, 0.0), (90, 1.5), (180, -3.3), (270, 0.0)])
def test_the_picture_is_as_large_as_its_canvas(turn: int, skew: float) -> None:
    width, height = canvas_size(123, 87, turn, skew)

    assert make_upright(page(123, 87), turn, skew).shape == (height, width, 3)


def test_an_angle_that_is_no_quarter_turn_is_refused() -> None:
    with pytest.raises(ValueError, match="45"):
        canvas_size(10, 10, 45, 0.0)
