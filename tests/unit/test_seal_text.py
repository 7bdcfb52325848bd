"""The name on a seal is laid out straight from its beginning, and its characters stand on the arc."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from dossier.reading import Box, Line
from pipeline.cleaning.upright_page import UprightPage
from pipeline.reading.line_boxes import Quad
from pipeline.reading.seal_text import SealText, read_seal, without_pieces
from pipeline.reading.text_models import Strip

RED = (205, 30, 40)
CENTRE, RADIUS = (400, 300), 200
REGION = (180, 80, 620, 520)
BLOBS = 5


class Models:
    """A recogniser that names the dark blobs of a strip one by one."""

    name = "blobs"

    def __init__(self, confidence: float = 0.99) -> None:
        self.confidence = confidence

    def find(self, picture: np.ndarray) -> list[Quad]:
        raise AssertionError("a seal is laid out, not searched")

    def recognise(self, strips: list[np.ndarray]) -> list[Strip]:
        return [self.recognised(strip) for strip in strips]

    def recognised(self, strip: np.ndarray) -> Strip:
        inked = (strip[..., 1] < 128).any(axis=0)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], inked.astype(int), [0]])))
        middles = tuple(float(begin + end) / 2 for begin, end in zip(edges[::2], edges[1::2], strict=True))
        return Strip("甲乙丙丁戊己庚辛"[: len(middles)], self.confidence, middles)


def seal(first_degrees: float = 180.0, ring: bool = True) -> np.ndarray:
    """A ring with five blobs over its top, 45 degrees apart, the first one at an angle clockwise from the right."""
    picture = np.full((600, 800, 3), 245, np.uint8)
    if ring:
        cv2.circle(picture, CENTRE, RADIUS - 5, RED, 10, cv2.LINE_AA)
    for number in range(BLOBS):
        cv2.circle(picture, blob(first_degrees, number), 18, RED, -1, cv2.LINE_AA)
    return picture


def blob(first_degrees: float, number: int) -> tuple[int, int]:
    turn = math.radians(first_degrees + 45 * number)
    return round(CENTRE[0] + 150 * math.cos(turn)), round(CENTRE[1] + 150 * math.sin(turn))


@pytest.mark.parametrize("first_degrees", [180.0, 150.0, 230.0, 20.0])
def test_the_name_begins_after_the_gap_however_the_seal_was_stamped(first_degrees: float) -> None:
    found = read_seal(Models(), UprightPage(seal(first_degrees)), REGION)

    assert found is not None
    assert found.line.text == "甲乙丙丁戊"
    for number, box in enumerate(found.line.characters):
        x, y = (box.x0 + box.x1) / 2 * 800, (box.y0 + box.y1) / 2 * 600
        assert math.dist((x, y), blob(first_degrees, number)) < 12


def test_red_that_is_no_ring_is_no_seal() -> None:
    assert read_seal(Models(), UprightPage(seal(ring=False)), REGION) is None
    assert read_seal(Models(), UprightPage(np.full((600, 800, 3), 245, np.uint8)), REGION) is None


def test_a_doubtful_name_is_left_out() -> None:
    assert read_seal(Models(0.8), UprightPage(seal()), REGION) is None


def test_pieces_of_a_name_go_and_print_over_the_seal_stays() -> None:
    page = UprightPage(seal())
    whole = Line("云屏市公安局", Box(0.2, 0.1, 0.8, 0.2), 0.99, ())
    text = SealText(whole, CENTRE, RADIUS)
    on_arc = Box.of_pixels(380, 130, 420, 170, 800, 600)
    piece, stranger = Line("公安", on_arc, 0.9, ()), Line("签名", on_arc, 0.9, ())
    in_the_middle = Line("公安", Box.of_pixels(380, 290, 420, 310, 800, 600), 0.9, ())

    assert without_pieces([piece, stranger, in_the_middle], [text], page) == [stranger, in_the_middle]
