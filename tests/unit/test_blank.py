"""What counts as nothing but paper, at 200 dpi (7.87 pixels a millimetre)."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.cleaning.blank import is_blank

DPI = 200
WIDTH, HEIGHT = 1653, 2339


def millimetres(value: float) -> int:
    return round(value / 25.4 * DPI)


def paper(tint: tuple[int, int, int] = (250, 248, 242)) -> np.ndarray:
    """An empty sheet with a scanner's grain."""
    grain = np.random.default_rng(1).normal(0, 4, (HEIGHT, WIDTH, 1))
    return np.clip(np.array(tint) + grain, 0, 255).astype(np.uint8)


def write(picture: np.ndarray, text: str, x: float, y: float, height: float, colour: int = 30) -> None:
    """Writes Latin text with its baseline at (x, y), capitals of `height`, all in millimetres."""
    scale = millimetres(height) / 22
    thickness = max(1, round(millimetres(height) / 9))
    place = (millimetres(x), millimetres(y))
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, (colour,) * 3, thickness, cv2.LINE_AA)


def test_empty_paper_is_blank() -> None:
    assert is_blank(paper(), DPI)


def test_coloured_paper_is_blank() -> None:
    assert is_blank(paper((247, 214, 165)), DPI)


def test_paper_that_darkens_to_one_side_is_blank() -> None:
    picture = paper() * np.linspace(0.7, 1.0, WIDTH)[None, :, None]

    assert is_blank(picture.astype(np.uint8), DPI)


def test_punch_holes_and_specks_are_blank() -> None:
    picture = paper()
    for y in (108, 188):
        cv2.circle(picture, (millimetres(12), millimetres(y)), millimetres(3), (20, 20, 20), -1, cv2.LINE_AA)
    chance = np.random.default_rng(2)
    for _ in range(60):
        x, y = chance.integers(0, WIDTH), chance.integers(0, HEIGHT)
        cv2.circle(picture, (int(x), int(y)), 2, (40, 40, 40), -1)

    assert is_blank(picture, DPI)


def test_the_rims_of_holes_over_a_white_backing_are_blank() -> None:
    picture = paper()
    for y in (108, 188):
        axes = (millimetres(3), millimetres(3))
        cv2.ellipse(picture, (millimetres(12), millimetres(y)), axes, 0, 180, 350, (90, 90, 90), 6, cv2.LINE_AA)

    assert is_blank(picture, DPI)


def test_a_single_letter_where_holes_are_punched_is_content() -> None:
    picture = paper()
    axes = (millimetres(3), millimetres(3))
    cv2.ellipse(picture, (millimetres(12), millimetres(150)), axes, 0, 60, 300, (90, 90, 90), 6, cv2.LINE_AA)

    assert not is_blank(picture, DPI)


def test_a_shadow_that_falls_off_slowly_from_the_fold_is_blank() -> None:
    fall = np.clip(np.arange(WIDTH) / millimetres(28), 0.25, 1.0)
    picture = paper() * fall[None, :, None]

    assert is_blank(picture.astype(np.uint8), DPI)


def test_dark_surroundings_on_two_sides_are_blank() -> None:
    picture = paper()
    picture[: millimetres(14)] = 12
    cv2.fillPoly(picture, [np.array([[WIDTH, 0], [WIDTH, HEIGHT], [WIDTH - 120, HEIGHT], [WIDTH - 60, 0]])], (12,) * 3)

    assert is_blank(picture, DPI)


def test_a_photograph_printed_to_the_edge_is_content() -> None:
    picture = paper()
    picture[: HEIGHT // 2, : WIDTH // 2] = 40

    assert not is_blank(picture, DPI)


def test_a_note_beside_a_shadow_is_content() -> None:
    fall = np.clip(np.arange(WIDTH) / millimetres(28), 0.25, 1.0)
    picture = (paper() * fall[None, :, None]).astype(np.uint8)
    write(picture, "7", 180, 280, 3)

    assert not is_blank(picture, DPI)


def test_the_scanners_dark_edges_are_blank() -> None:
    picture = paper()
    picture[: millimetres(4)], picture[:, -millimetres(3) :] = 10, 25
    # A shadow along the book's fold, three millimetres wide.
    picture[:, millimetres(4) : millimetres(7)] = 120

    assert is_blank(picture, DPI)


def test_print_that_shines_through_is_blank() -> None:
    picture = paper()
    for line in range(20):
        write(picture, "mirrored print of the other side", 25, 40 + 9 * line, 4, colour=224)

    assert is_blank(picture[:, ::-1], DPI)


def test_a_page_number_alone_is_not_blank() -> None:
    picture = paper()
    write(picture, "35", 190, 15, 2.6)

    assert not is_blank(picture, DPI)


def test_a_single_digit_alone_is_not_blank() -> None:
    picture = paper()
    write(picture, "1", 104, 285, 2.6)

    assert not is_blank(picture, DPI)


def test_a_seal_alone_is_not_blank() -> None:
    picture = paper()
    cv2.circle(
        picture, (millimetres(150), millimetres(220)), millimetres(20), (215, 60, 60), millimetres(1), cv2.LINE_AA
    )

    assert not is_blank(picture, DPI)


def test_a_pencilled_note_is_not_blank() -> None:
    picture = paper()
    write(picture, "see p. 12", 60, 120, 4, colour=165)

    assert not is_blank(picture, DPI)


def test_a_photograph_is_not_blank() -> None:
    picture = paper()
    photograph = np.random.default_rng(3).integers(0, 200, (12, 16, 3), np.uint8)
    area = picture[millimetres(60) : millimetres(150), millimetres(40) : millimetres(160)]
    area[:] = cv2.resize(photograph, area.shape[1::-1], interpolation=cv2.INTER_CUBIC)

    assert not is_blank(picture, DPI)


def test_an_evenly_black_picture_is_not_blank() -> None:
    picture = paper()
    picture[millimetres(60) : millimetres(150), millimetres(40) : millimetres(160)] = 15

    assert not is_blank(picture, DPI)


@pytest.mark.parametrize("dpi", [75, 100, 300, 600])
def test_the_verdict_does_not_depend_on_the_resolution(dpi: int) -> None:
    numbered = paper()
    write(numbered, "35", 190, 15, 2.6)
    size = (round(WIDTH * dpi / DPI), round(HEIGHT * dpi / DPI))

    assert is_blank(cv2.resize(paper(), size, interpolation=cv2.INTER_AREA), dpi)
    assert not is_blank(cv2.resize(numbered, size, interpolation=cv2.INTER_AREA), dpi)
