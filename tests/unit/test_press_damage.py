"""The damaging scanner: repeatable, and its truth lies where the ink lies, whatever was done to the paper."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bench.press.cast import Cast, cast
from bench.press.damage import EMPTY, KINDS, MIX, Scan, damaged
from bench.press.numbering import number_sheet
from bench.press.pages import kinds_in_turn, write_damaged_pages
from bench.press.sheet import Sheet

PEOPLE: Cast = cast(random.Random(3))


def small_sheet() -> Sheet:
    """A sheet of 90 × 120 mm with lines, a vertical one, a name and a phone number, and a stamped page number."""
    sheet = Sheet("小页", size=(90.0, 120.0))
    suspect = PEOPLE.suspects[0]
    y = 28.0
    for text in (f"姓名：{suspect.name}", f"电话：{suspect.phone}", "国国国国国国", "本页用于核对位置"):
        y = sheet.print_line(22, y, text, 14) + 3
    sheet.print_column(65, 58, "国国国国国", 14)
    number_sheet(sheet, "37", random.Random(2))
    return sheet


def scanned(kind: str, seed: int = 1, severity: float | None = None) -> Scan:
    return damaged(small_sheet(), PEOPLE, kind, random.Random(seed), facing=small_sheet(), severity=severity)


def set_straight(scan: Scan, quad: list[list[float]]) -> NDArray[np.uint8]:
    """What lies under a quad, grey, as an upright picture with 20 pixels around it."""
    corners = np.array(quad, np.float32)
    width, height = (round(float(np.linalg.norm(corners[place] - corners[0]))) for place in (1, 3))
    inner = np.array([[20, 20], [20 + width, 20], [20 + width, 20 + height], [20, 20 + height]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, inner)
    grey = np.asarray(scan.picture.convert("L"))
    return np.asarray(cv2.warpPerspective(grey, matrix, (width + 40, height + 40)), np.uint8)


@pytest.mark.parametrize("kind", [MIX, *KINDS])
def test_every_kind_makes_the_same_scan_of_the_same_seed(kind: str) -> None:
    one, other = scanned(kind), scanned(kind)

    assert one.truth == other.truth
    assert one.picture.tobytes() == other.picture.tobytes()
    assert one.truth["kind"] == kind
    assert (one.truth["width"], one.truth["height"]) == one.picture.size


@pytest.mark.parametrize("kind", [MIX, *KINDS])
def test_lines_items_and_label_lie_inside_the_scan(kind: str) -> None:
    truth = scanned(kind).truth

    places = [*truth["lines"], *truth["items"], *([truth["label"]] if truth["label"] else [])]
    assert all(
        -1 <= x <= truth["width"] + 1 and -1 <= y <= truth["height"] + 1 for place in places for x, y in place["quad"]
    )
    if not KINDS.get(kind, KINDS["clean"]).empty:
        halves = 2 if truth["halves"] else 1
        assert [line["text"] for line in truth["lines"]][:5] == [line.text for line in small_sheet().lines]
        assert [line["vertical"] for line in truth["lines"]] == [False, False, False, False, True] * halves
        assert sorted({item["kind"] for item in truth["items"]}) == ["name", "phone"]
        assert truth["label"]["text"] == "37"


@pytest.mark.parametrize(
    "kind",
    ["clean", "skew", "quarter-turn", "black-borders", "spread", "a3-folded", "photograph", "dpi-150", "bitonal"],
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_quad_fits_its_ink_tightly_after_every_geometry(kind: str, seed: int) -> None:
    scan = scanned(kind, seed)
    lines = [line for line in scan.truth["lines"] if set(line["text"]) == {"国"}]

    for line in lines:
        straight = set_straight(scan, line["quad"])
        paper = float(np.median(straight))
        rows, columns = np.nonzero(straight < paper * 0.65)
        height, width = straight.shape
        # 国 fills its square but for a rim of less than a tenth; 14 points are 29 pixels at 150 dpi, 58 at 300.
        rim = (min(height, width) - 40) * 0.14 + 1.5
        assert 20 - 1.5 <= columns.min() <= 20 + rim
        assert 20 - 1.5 <= rows.min() <= 20 + rim
        assert width - 20 - rim <= columns.max() <= width - 20 + 1.5
        assert height - 20 - rim <= rows.max() <= height - 20 + 1.5
    assert len(lines) == (4 if kind in ("spread", "a3-folded") else 2)


def test_a_label_lies_on_its_ink() -> None:
    scan = scanned("clean")

    straight = set_straight(scan, scan.truth["label"]["quad"])

    assert straight[20:-20, 20:-20].min() < 120
    assert straight[:17].min() > 180
    assert straight[-17:].min() > 180


@pytest.mark.parametrize("severity", [0.2, 1.0])
def test_a_skew_is_as_large_as_its_severity_says_of_five_degrees(severity: float) -> None:
    truth = scanned("skew", severity=severity).truth

    (x0, y0), (x1, y1) = truth["lines"][2]["quad"][:2]
    # Pixel rows grow downward: print that rises to the right stands counter-clockwise, which is positive.
    assert np.degrees(np.arctan2(y0 - y1, x1 - x0)) == pytest.approx(truth["skew_degrees"], abs=0.05)
    assert abs(truth["skew_degrees"]) == pytest.approx(5 * severity)


@pytest.mark.parametrize("seed", range(4))
def test_a_turned_scan_stands_upright_after_a_clockwise_turn_by_its_truth(seed: int) -> None:
    truth = scanned("quarter-turn", seed).truth

    first, second = np.array(truth["lines"][2]["quad"][:2])
    direction = np.degrees(np.arctan2(-(second - first)[1], (second - first)[0])) % 360
    assert direction == pytest.approx(truth["turn_degrees"])


def test_a_photographs_tag_is_wrong_and_its_paper_lies_within_the_picture() -> None:
    scan = scanned("photograph")

    assert scan.dpi_tag == scan.truth["dpi_tag"] != scan.truth["dpi"]
    assert all(0 < x < scan.picture.width and 0 < y < scan.picture.height for x, y in scan.truth["corners"])


@pytest.mark.parametrize("kind", EMPTY)
def test_only_paper_without_lines_and_label_is_called_blank(kind: str) -> None:
    truth = scanned(kind).truth

    assert truth["blank"] == kind.startswith("blank")
    if truth["blank"]:
        assert truth["lines"] == truth["items"] == []
        assert truth["label"] is None


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(EMPTY)))
def test_a_printed_page_is_never_called_blank(kind: str) -> None:
    assert not scanned(kind).truth["blank"]


def test_a_mix_is_one_to_three_mild_damages_at_200_dpi_or_more() -> None:
    mixes = [scanned(MIX, seed).truth for seed in range(30)]

    assert {len(truth["damages"]) for truth in mixes} == {1, 2, 3}
    assert all(0.1 <= severity <= 0.5 for truth in mixes for severity in truth["damages"].values())
    assert all(truth["dpi"] >= 200 and truth["turn_degrees"] == 0 and not truth["halves"] for truth in mixes)
    assert not {"pen-strokes", "signature-only", "pencil-note"} & {name for truth in mixes for name in truth["damages"]}


def test_faint_print_is_never_mixed_with_black_and_white() -> None:
    # Of one group a mix takes one damage only: strokes that a threshold drops would still be in the truth.
    assert KINDS["bitonal"].mild == KINDS["low-contrast"].mild == KINDS["carbon-copy"].mild != ""


def test_halves_are_told_from_left_to_right() -> None:
    truth = scanned("spread").truth

    left, right = truth["halves"]
    assert (left["side"], right["side"]) == ("left", "right")
    assert left["lines"] + right["lines"] == truth["lines"]
    assert max(x for line in left["lines"] for x, _ in line["quad"]) < min(
        x for line in right["lines"] for x, _ in line["quad"]
    )


def test_a_sheet_is_not_changed_by_being_scanned() -> None:
    sheet = small_sheet()
    before = sheet.picture.tobytes()

    damaged(sheet, PEOPLE, "red-seal", random.Random(1))
    damaged(sheet, PEOPLE, "staple", random.Random(1))

    assert sheet.picture.tobytes() == before


def a_small_source(chance: random.Random) -> Any:
    while True:
        yield PEOPLE, small_sheet()


def test_pages_are_written_with_their_truth_and_counted_labels(tmp_path: Path) -> None:
    for folder in ("one", "other"):
        write_damaged_pages(tmp_path / folder, 4, 5, "bitonal", first_label=98, source=a_small_source)

    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    truth = json.loads((tmp_path / "one" / "truth.json").read_text(encoding="utf-8"))
    assert files == ["0001.tif", "0002.tif", "0003.tif", "0004.tif", "truth.json"]
    assert [page["label"]["text"] for page in truth["pages"]] == ["98", "99", "100", "101"]
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_kinds_come_in_turn() -> None:
    assert kinds_in_turn("skew,blank") == ("skew", "blank")
    assert kinds_in_turn("all") == tuple(KINDS)
    assert kinds_in_turn("empty,mix") == (*EMPTY, "mix")


def test_an_unknown_kind_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no kind of damage: coffee; there are all, empty, mix, clean"):
        write_damaged_pages(tmp_path, 1, 1, "coffee")
