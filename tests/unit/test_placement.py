"""Where stored pixels come to lie on the upright page; corners are followed by hand."""

import pytest

from dossier.errors import PageFailed
from pipeline.binding.placement import placement
from pipeline.files.affine import Affine

# A stored picture of 200 × 100 pixels; PDF's unit square has its origin at the bottom left.
TOP_LEFT, TOP_RIGHT, BOTTOM_LEFT = (0, 1), (1, 1), (0, 0)


def corners(*args: object) -> list[tuple[float, float]]:
    """Where top left, top right and bottom left corner lie, from the page's top left, in pixels."""
    matrix = placement((200, 100), *args)  # type: ignore[arg-type]
    height = args[3][1]  # type: ignore[index]
    found = [matrix.apply(*corner) for corner in (TOP_LEFT, TOP_RIGHT, BOTTOM_LEFT)]
    return [(round(x, 3), round(height - y, 3)) for x, y in found]


@pytest.mark.parametrize(
    ("turn", "canvas", "expected"),
    [
        (0, (200, 100), [(0, 0), (200, 0), (0, 100)]),
        (90, (100, 200), [(100, 0), (100, 200), (0, 0)]),
        (180, (200, 100), [(200, 100), (0, 100), (200, 0)]),
        (270, (100, 200), [(0, 200), (0, 0), (100, 200)]),
    ],
)
def test_quarter_turns_are_clockwise(turn: int, canvas: tuple[int, int], expected: list[tuple[float, float]]):
    assert corners(1, turn, 0.0, canvas) == expected


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, [(0, 0), (200, 0), (0, 100)]),
        (2, [(200, 0), (0, 0), (200, 100)]),
        (3, [(200, 100), (0, 100), (200, 0)]),
        (4, [(0, 100), (200, 100), (0, 0)]),
        (5, [(0, 0), (0, 200), (100, 0)]),
        (6, [(100, 0), (100, 200), (0, 0)]),
        (7, [(100, 200), (100, 0), (0, 200)]),
        (8, [(0, 200), (0, 0), (100, 200)]),
    ],
)
def test_exif_orientations_stand_the_picture_as_exif_says(orientation: int, expected: list[tuple[float, float]]):
    canvas = (100, 200) if orientation >= 5 else (200, 100)
    assert corners(orientation, 0, 0.0, canvas) == expected


def test_a_positive_deskew_lowers_the_right_side():
    # cos 30° = 0.8660, sin 30° = 0.5: the canvas is 224 (223.2) by 187 (186.6) pixels.
    top_left, top_right, _ = corners(1, 0, 30.0, (224, 187))
    assert top_right[1] - top_left[1] == pytest.approx(100)
    assert top_right[0] - top_left[0] == pytest.approx(173.205, abs=0.002)


def test_a_reading_made_at_half_the_size_stretches_the_picture_over_it():
    assert corners(1, 90, 0.0, (50, 100)) == [(50, 0), (50, 100), (0, 0)]


def test_a_fax_page_is_stretched_to_where_its_reading_saw_it():
    assert corners(1, 0, 0.0, (200, 208)) == [(0, 0), (200, 0), (0, 208)]


def test_a_canvas_that_cannot_come_from_the_picture_is_refused():
    with pytest.raises(PageFailed, match=r"\(200, 100\).*\(100, 200\)"):
        placement((200, 100), 1, 0, 0.0, (100, 200))


def test_maps_are_done_one_after_the_other():
    twice, shifted = Affine(2, 0, 0, 2, 0, 0), Affine(1, 0, 0, 1, 5, 7)
    assert twice.then(shifted).apply(1, 1) == (7, 9)
    assert shifted.then(twice).apply(1, 1) == (12, 16)
