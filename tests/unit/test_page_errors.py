"""The figures of damaged pages: errors where errors are, places through turn and skew, order, blanks."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.accuracy import main as accuracy_main
from bench.damage_report import figures, lines_of, summary
from bench.page_errors import PageErrors, compare, through, upright_matrix
from bench.press.cast import cast
from bench.press.damage import Scan, damaged
from bench.press.numbering import number_sheet
from bench.press.sheet import Sheet
from bench.text_errors import edit_distance, folded, unpunctuated
from dossier.reading import Box, Line, Reading
from pipeline.cleaning.upright import deskewed, quarter_turned

PEOPLE = cast(random.Random(4))
SUSPECT = PEOPLE.suspects[0]


def sheet_to_read() -> Sheet:
    sheet = Sheet("页", size=(90.0, 110.0))
    sheet.print_line(15, 25, f"姓名：{SUSPECT.name}。", 12)
    sheet.print_line(15, 40, f"电话：{SUSPECT.phone}", 12)
    sheet.print_column(70, 50, "右边一列", 12)
    sheet.print_column(60, 50, "左边一列", 12)
    number_sheet(sheet, "12", random.Random(1))
    return sheet


def scanned(kind: str, seed: int = 1) -> Scan:
    scan = damaged(sheet_to_read(), PEOPLE, kind, random.Random(seed))
    scan.truth["file"] = "0001.jpg"
    return scan


def read_line(one: dict[str, Any], truth: dict[str, Any], text: str | None = None, vertical: bool = False) -> Line:
    """A line as an engine would read it: its text over its box, characters of equal size."""
    text = one["text"] if text is None else text
    x0, y0, x1, y1 = one["box"]
    step_x, step_y = (0.0, (y1 - y0) / len(text)) if vertical else ((x1 - x0) / len(text), 0.0)
    boxes = tuple(
        Box.of_pixels(
            x0 + place * step_x,
            y0 + place * step_y,
            x0 + (place + 1) * step_x if step_x else x1,
            y0 + (place + 1) * step_y if step_y else y1,
            truth["width"],
            truth["height"],
        )
        for place in range(len(text))
    )
    whole = Box.of_pixels(x0, y0, x1, y1, truth["width"], truth["height"])
    return Line(text, whole, characters=boxes, vertical=vertical)


def reading_of(truth: dict[str, Any], *lines: Line, **facts: Any) -> Reading:
    return Reading(truth["width"], truth["height"], truth["dpi"], lines=lines, **facts)


def all_lines(truth: dict[str, Any]) -> list[Line]:
    return [read_line(line, truth, vertical=line["vertical"]) for line in truth["lines"]]


def test_a_perfect_reading_has_no_errors() -> None:
    truth = scanned("clean").truth

    page = compare(truth, reading_of(truth, *all_lines(truth), read_line(truth["label"], truth)), 1.0)

    assert (page.errors, page.errors_words, page.errors_in_order, page.beside) == (0, 0, 0, 0)
    assert page.printed == sum(len(line["text"]) for line in truth["lines"])
    assert (page.lines, page.whole) == (4, 4)
    assert page.items["name"] == [1, 1]
    assert page.label is True
    assert page.skew_left == 0.0
    assert not page.turned_wrongly


def test_nothing_read_is_all_wrong() -> None:
    truth = scanned("clean").truth

    page = compare(truth, reading_of(truth), 1.0)

    assert page.errors == page.errors_in_order == page.printed
    assert page.items["phone"] == [0, 1]
    assert page.label is False


def test_a_wrong_mark_is_an_error_of_punctuation_only() -> None:
    truth = scanned("clean").truth
    lines = all_lines(truth)
    lines[0] = read_line(truth["lines"][0], truth, truth["lines"][0]["text"].replace("。", "！"))
    lines[1] = read_line(truth["lines"][1], truth, truth["lines"][1]["text"].replace("话", "活"))

    page = compare(truth, reading_of(truth, *lines), 1.0)

    assert (page.errors, page.errors_words) == (2, 1)
    assert page.whole == 2


def test_columns_read_from_left_to_right_are_errors_of_order_only() -> None:
    truth = scanned("clean").truth
    first, second, right, left = all_lines(truth)

    page = compare(truth, reading_of(truth, first, second, left, right), 1.0)

    # 右边一列左边一列 read as 左边一列右边一列: the two characters 右 and 左 stand exchanged.
    assert (page.errors, page.errors_in_order) == (0, 2)


def test_what_is_read_beside_print_and_number_is_counted() -> None:
    truth = scanned("clean").truth
    noise = Line("印章", Box(0.1, 0.9, 0.2, 0.95), characters=(Box(0.1, 0.9, 0.15, 0.95), Box(0.15, 0.9, 0.2, 0.95)))

    page = compare(truth, reading_of(truth, *all_lines(truth), read_line(truth["label"], truth), noise), 1.0)

    assert (page.errors, page.beside) == (0, 2)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("kind", "deskew"), [("quarter-turn", 0.0), ("skew", 1.0), ("quarter-turn", -2.5)])
def test_the_matrix_of_a_reading_leads_to_the_ink_of_its_upright_picture(kind: str, deskew: float, seed: int) -> None:
    scan = scanned(kind, seed)
    turn = scan.truth["turn_degrees"]
    picture = deskewed(quarter_turned(np.asarray(scan.picture), turn), deskew)
    reading = Reading(picture.shape[1], picture.shape[0], 200, turn_degrees=turn, deskew_degrees=deskew)
    matrix = upright_matrix(reading, scan.picture.width, scan.picture.height)
    assert matrix is not None
    dark = np.asarray(picture.min(axis=2)) < 110

    for line in scan.truth["lines"]:
        quad = through(line["quad"], matrix)
        middle_x, middle_y = np.mean(quad, axis=0)
        rows, columns = np.nonzero(dark)
        half_x, half_y = (np.ptp([point[axis] for point in quad]) / 2 + 2 for axis in (0, 1))
        near = (abs(columns - middle_x) <= half_x) & (abs(rows - middle_y) <= half_y)
        assert columns[near].min() <= middle_x - half_x + 12
        assert columns[near].max() >= middle_x + half_x - 12 - (30 if line["text"].endswith("。") else 0)


def test_a_page_left_on_its_side_is_turned_wrongly_and_its_skew_is_what_is_left() -> None:
    turned = scanned("quarter-turn", 3)
    askew = scanned("skew", 3)

    on_its_side = compare(turned.truth, Reading(*turned.picture.size, 200), 1.0)
    left_askew = compare(askew.truth, Reading(*askew.picture.size, 200), 1.0)

    assert on_its_side.turned_wrongly
    assert on_its_side.skew_left == pytest.approx(0, abs=0.05)
    assert not left_askew.turned_wrongly
    assert left_askew.skew_left == pytest.approx(abs(askew.truth["skew_degrees"]), abs=0.1)


def test_an_unknown_geometry_is_compared_by_its_text() -> None:
    truth = scanned("clean").truth
    lines = tuple(Line(line["text"], Box(0.1, 0.1, 0.2, 0.2)) for line in truth["lines"][:-1])

    page = compare(truth, Reading(777, 999, 200, lines=lines), 1.0)

    assert not page.placed
    assert page.errors == page.errors_in_order == len("左边一列")


def test_blanks_are_missed_or_falsely_alarmed() -> None:
    empty, printed = scanned("blank").truth, scanned("clean").truth
    pages = [
        compare(empty, reading_of(empty, blank=True), 1.0),
        compare(empty, reading_of(empty), 1.0),
        compare(printed, reading_of(printed, blank=True), 1.0),
        compare(printed, reading_of(printed, *all_lines(printed)), 1.0),
    ]

    total = summary(pages)

    assert (total["blank"], total["blank_missed"], total["blank_false"]) == (2, 1, 1)
    assert total["error"] == 0.5


def test_the_report_has_a_row_for_every_kind_and_document(tmp_path: Path) -> None:
    pages = [
        PageErrors(
            "1.jpg", "clean", {}, "讯问笔录", 200, 1.0, printed=200, printed_words=180, errors=3, errors_words=1
        ),
        PageErrors("2.jpg", "blank", {}, "逮捕证", 200, 2.0, blank=True, read_as_blank=True),
    ]

    measured = figures(pages, {"damage": "all"})
    report = "\n".join(lines_of(measured))

    assert json.loads(json.dumps(measured))["kinds"]["clean"]["error"] == 0.015
    assert measured["total"]["error_of_punctuation_only"] == 0.01
    assert measured["kinds"]["blank"]["error"] is None
    assert all(word in report for word in ("clean", "blank", "讯问笔录", "逮捕证", "1.50%"))


def test_options_of_damage_are_refused_without_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        accuracy_main(["--json", "figures.json"])

    assert "need --damage" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("", "", 0),
        ("", "ab", 2),
        ("ab", "", 2),
        ("kitten", "sitting", 3),
        ("flaw", "lawn", 2),
        ("国" * 70, "国" * 64, 6),
    ],
)
def test_the_edit_distance_is_levenshteins(one: str, other: str, expected: int) -> None:
    assert edit_distance(one, other) == expected


def test_width_look_alike_marks_and_white_space_do_not_count() -> None:
    assert folded("ＡＢ １２　。、“”—") == folded('AB12.,""-')
    assert unpunctuated(folded("甲：乙，（丙）。")) == "甲乙丙"
