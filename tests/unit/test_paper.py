from __future__ import annotations

import pytest

from pipeline.files.paper import resolution


@pytest.mark.parametrize("tagged", [120.0, 200.0, 300.0, 2400.0])
def test_a_scanner_s_own_figure_is_believed(tagged: float) -> None:
    assert resolution(1000, 1400, tagged) == (tagged, True)


@pytest.mark.parametrize("tagged", [None, 0.0, 1.0, 72.0, 96.0, 119.0, 2401.0, 65535.0])
def test_a_figure_that_cannot_be_right_gives_way_to_the_paper(tagged: float | None) -> None:
    # A4 is 8.268 × 11.693 inches: 2480 × 3508 pixels at 300 dpi.
    assert resolution(2480, 3508, tagged) == (300.0, False)


@pytest.mark.parametrize(
    ("width", "height", "dpi"),
    [
        (1654, 2339, 200.0),  # A4
        (2339, 1654, 200.0),  # A4 lying
        (2490, 3500, 300.0),  # A4, cut a little
        (4961, 3508, 300.0),  # A3 lying
        (2173, 3071, 300.0),  # 16开, 184 × 260 mm
        (1011, 638, 300.0),  # identity card, 85.6 × 54 mm
        (9933, 14043, 300.0),  # A0
    ],
)
def test_known_paper_at_a_usual_resolution_is_recognised(width: int, height: int, dpi: float) -> None:
    assert resolution(width, height, None) == (dpi, False)


def test_any_other_picture_is_taken_for_a4_by_its_long_side() -> None:
    # 4000 pixels along 11.693 inches
    dpi, trusted = resolution(3000, 4000, None)
    assert (round(dpi, 1), trusted) == (342.1, False)
