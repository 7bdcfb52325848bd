"""A page whose look does not tell which way up it lies is read both ways."""

from __future__ import annotations

import numpy as np
import pytest

from dossier.reading import Box, Line
from pipeline.cleaning.orientation import Orientation
from pipeline.cleaning.upright_page import UprightPage
from pipeline.files.decode import Scan
from pipeline.reading.page_reader import PageReader


class Looker:
    """Says of every page what it was told."""

    def __init__(self, answer: Orientation) -> None:
        self.answer = answer

    def measure(self, _: np.ndarray) -> Orientation:
        return self.answer


class Engine:
    """Reads print with certainty where the dark half of a page is on top, and nonsense where it is not."""

    name = "stub"

    def __init__(self, text: str) -> None:
        self.text, self.reads = text, 0

    def read(self, page: UprightPage) -> tuple[Line, ...]:
        self.reads += 1
        picture = page.pixels()
        right = picture[: len(picture) // 2].mean() < picture[len(picture) // 2 :].mean()
        return (Line(self.text, Box(0.1, 0.1, 0.9, 0.2), 0.99 if right else 0.5, ()),)


def reader(answer: Orientation, text: str = "账户交易明细第一页共十笔") -> PageReader:
    one = PageReader.__new__(PageReader)
    one._orientation, one._engine = Looker(answer), Engine(text)  # type: ignore[assignment]
    return one


def scan(dark: slice) -> np.ndarray:
    picture = np.full((300, 200, 3), 250, np.uint8)
    picture[dark] = 60
    return picture


@pytest.mark.parametrize(("dark", "degrees"), [(slice(0, 150), 0), (slice(150, 300), 180)])
@pytest.mark.parametrize("guess", [0, 180])
def test_it_lies_as_it_reads(dark: slice, degrees: int, guess: int) -> None:
    picture = scan(dark)

    found = reader(Orientation(guess, 0.46, 0.9)).orientation_of(picture, picture)

    assert (found.degrees, found.uncertain) == (degrees, False)


def test_what_is_certain_is_not_read() -> None:
    one = reader(Orientation(180, 0.9, 0.95))

    assert one.orientation_of(scan(slice(0, 150)), scan(slice(0, 150))).degrees == 180
    assert one._engine.reads == 0  # type: ignore[attr-defined]


def test_print_on_its_side_is_not_judged_by_reading() -> None:
    # Columns are read on their side: reading would be certain of both.
    one = reader(Orientation(180, 0.4, 0.5))

    assert one.orientation_of(scan(slice(0, 150)), scan(slice(0, 150))).uncertain
    assert one._engine.reads == 0  # type: ignore[attr-defined]


def test_too_little_print_leaves_it_uncertain() -> None:
    found = reader(Orientation(180, 0.5, 0.9), "第1页").orientation_of(scan(slice(0, 150)), scan(slice(0, 150)))

    assert found.uncertain
    assert found.correction == 0


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_lies_as_a_person_has_said_whatever_it_looks_like(turn: int) -> None:
    one = reader(Orientation(180, 0.99, 0.99))
    one._labels = lambda page, lines: ()  # type: ignore[method-assign]

    result = one.read_scan(Scan(scan(slice(0, 150)), 75.0, True), turn)

    assert result.reading.turn_degrees == turn
    assert "turn_uncertain" not in result.reading.flags
    assert (result.page.width > result.page.height) == (turn in (90, 270))
