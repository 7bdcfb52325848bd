"""Which numbers at a page's edge may be its label."""

from __future__ import annotations

import gzip
import json

import pytest

from dossier.reading import Box, Line, Reading
from pipeline.reading.page_label import MOST_CANDIDATES, label_candidates

A4 = (1654, 2339)
CORNER = (0.9, 0.04)
FOOT = (0.5, 0.96)


def line(text: str, place: tuple[float, float] = CORNER, confidence: float = 0.98, height: float = 0.016) -> Line:
    """A line of half-width characters (a Han character takes two), its middle at a place of an A4 page."""
    step = height * 1.41 * 0.5
    widths = [step if ord(character) < 0x2E80 else 2 * step for character in text]
    x, y = place
    left = min(max(x - sum(widths) / 2, 0.02), 0.98 - sum(widths))
    top, bottom = y - height / 2, y + height / 2
    boxes, at = [], left
    for width in widths:
        boxes.append(Box(at, top, at + width, bottom))
        at += width
    return Line(text, Box(left, top, at, bottom), confidence, tuple(boxes))


def found(*lines: Line) -> list[tuple[str, bool]]:
    return [(candidate.text, candidate.stamped) for candidate in label_candidates(lines, *A4)]


@pytest.mark.parametrize("x", [0.08, 0.92])
@pytest.mark.parametrize("y", [0.03, 0.97])
def test_a_number_alone_in_any_corner_is_a_stamp(x: float, y: float) -> None:
    assert found(line("证人证言", (0.5, 0.3)), line("35", (x, y))) == [("35", True)]


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        ("0035", "0035"), ("000035", "000035"), ("０３５", "035"), ("No.35", "35"), ("N0035", "0035"), ("P35", "35"),
        ("35-1", "35-1"), ("35背", "35背"), ("35反", "35背"), ("O35", "035"), ("l2", "12"), ("0 3 5", "035"),
    ],
)  # fmt: skip
def test_a_stamp_is_taken_as_it_is_printed(printed: str, text: str) -> None:
    assert found(line(printed)) == [(text, True)]


@pytest.mark.parametrize(
    "printed",
    [
        "第3页",
        "第 3 页",
        "第3页 共12页",
        "第3页/共12页",
        "共12页，第3页",
        "- 3 -",
        "—3—",
        "－３－",
        "·3·",
        "3/12",
        "3页",
    ],
)
def test_a_typed_number_is_known_by_what_stands_around_it(printed: str) -> None:
    assert found(line(printed, FOOT)) == [("3", False)]


def test_a_number_alone_at_the_foot_looks_typed() -> None:
    assert found(line("7", FOOT)) == [("7", False)]


@pytest.mark.parametrize(
    "text",
    [
        "2031", "310104203101010015", "2031年7月", "12.50", "〔2031〕35号", "A35", "35人", "0", "19900004021", "12:30",
        "O", "I", "l",
    ],
)  # fmt: skip
def test_years_identities_amounts_and_letters_are_no_labels(text: str) -> None:
    assert found(line(text)) == []


def test_numbers_within_the_page_or_large_as_a_heading_or_hardly_read_are_no_labels() -> None:
    inside = [line("35", (0.9, 0.2)), line("36", (0.2, 0.5))]

    assert found(*inside, line("37", height=0.08), line("38", confidence=0.4)) == []


def test_on_a_page_that_lies_across_corners_are_as_large_as_on_one_that_stands() -> None:
    across = A4[::-1]

    assert [label.stamped for label in label_candidates([line("35", (0.9, 0.15))], *across)] == [True]
    assert [label.stamped for label in label_candidates([line("35", (0.79, 0.04))], *across)] == [False]
    assert label_candidates([line("35", (0.9, 0.18))], *across) == ()


def test_a_stamp_read_as_one_line_with_a_running_head_is_taken_alone() -> None:
    head = "云屏市公安局临溪分局" + " " * 12 + "0035"

    assert found(line(head, (0.6, 0.05))) == [("0035", True)]


@pytest.mark.parametrize(("read", "candidates"), [("900", ["900", "006"]), ("042", ["042"]), ("8", ["8"])])
def test_a_number_on_its_side_may_have_been_read_on_its_head(read: str, candidates: list[str]) -> None:
    lying = Line(read, Box(0.06, 0.07, 0.075, 0.10), 0.98, vertical=len(read) > 1)

    assert [label.text for label in label_candidates([lying], *A4)] == candidates


def test_words_that_only_end_in_a_number_are_left_whole() -> None:
    assert found(line("临溪路 35", (0.9, 0.05))) == []


def test_stamps_come_before_typed_numbers_and_the_outermost_first() -> None:
    page = [line("2", (0.8, 0.09)), line("第4页", FOOT), line("0107", (0.93, 0.03))]

    assert found(*page) == [("0107", True), ("2", True), ("4", False)]


def test_a_table_in_the_corner_leaves_but_a_few_candidates() -> None:
    table = [line(str(row), (0.9, 0.02 + row / 100)) for row in range(1, 10)]

    assert len(label_candidates(table, *A4)) == MOST_CANDIDATES


def test_candidates_are_stored_with_the_reading() -> None:
    lines = (line("0035"), line("- 2 -", FOOT))
    reading = Reading(*A4, 200.0, lines=lines, labels=label_candidates(lines, *A4))

    stored = Reading.from_bytes(reading.to_bytes())

    assert stored == reading
    assert [label.text for label in stored.labels] == ["0035", "2"]


def test_a_reading_stored_before_there_were_labels_has_none() -> None:
    reading = Reading(*A4, 200.0, lines=(line("0035"),))
    document = json.loads(gzip.decompress(reading.to_bytes()))
    del document["labels"]

    assert Reading.from_bytes(gzip.compress(json.dumps(document).encode())) == reading
