"""The press: its numbers have right check digits, its scans lie as its truth says, and the sample belongs to it."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.press.cast import cast, id_check_digit, luhn_digit
from bench.press.scanner import Feed, printed_items, scan, upright_box
from bench.press.sheet import Sheet
from bench.press.truth import wanted_items

SAMPLE = Path(__file__).parents[2] / "cli" / "sample_dossier"


def sheet_with_a_mark(x: float, y: float) -> Sheet:
    """A sheet of 100 × 150 mm with a black square of 2 mm around (x, y) millimetres."""
    sheet = Sheet("mark", size=(100.0, 150.0))
    dots = 300 / 25.4
    box = [round((x - 1) * dots), round((y - 1) * dots), round((x + 1) * dots), round((y + 1) * dots)]
    sheet.picture.paste("black", (box[0], box[1], box[2], box[3]))
    return sheet


def dark_centre(picture: Image.Image) -> tuple[float, float]:
    """Where the mark lies, as fractions of the picture."""
    darkness = np.asarray(picture.convert("L")) < 110
    rows, columns = np.nonzero(darkness)
    return columns.mean() / picture.width, rows.mean() / picture.height


def test_the_check_digit_of_an_identity_number_is_that_of_the_standard() -> None:
    # The example of GB 11643-1999: 11010519491231002X.
    assert id_check_digit("11010519491231002") == "X"


def test_the_check_digit_of_a_card_is_luhns() -> None:
    # The usual example: 79927398713.
    assert luhn_digit("7992739871") == "3"


def test_invented_people_cannot_be_taken_for_real_ones() -> None:
    everyone = cast(random.Random(5)).everyone

    assert all(one.id_number.startswith("990101") for one in everyone)
    assert all(one.phone.startswith("1990000") and len(one.phone) == 11 for one in everyone)
    assert all(one.card.startswith("999001") and len(one.card) == 19 for one in everyone)
    assert len({one.name for one in everyone}) == len(everyone) == 13


def test_a_positive_skew_stands_counter_clockwise() -> None:
    # Right of the centre by 40 mm of 100; turned counter-clockwise by 5°, 40 sin 5° = 3.49 mm of 150 higher.
    _, y = dark_centre(scan(sheet_with_a_mark(90, 75), Feed(skew_degrees=5.0, noise=0)))

    assert y == pytest.approx(0.5 - 3.486 / 150, abs=0.002)


def test_a_scan_turned_clockwise_by_its_truth_stands_upright() -> None:
    # A mark at the top left; a scan that needs 90° clockwise has it at the bottom left.
    x, y = dark_centre(scan(sheet_with_a_mark(10, 15), Feed(turn_degrees=90, noise=0)))

    assert (x, y) == pytest.approx((0.1, 0.9), abs=0.005)


def test_the_upright_box_counts_the_grown_canvas() -> None:
    sheet = Sheet("box", size=(100.0, 150.0))
    width, height = sheet.picture.size

    whole = upright_box((0, 0, width, height), sheet, Feed(skew_degrees=-2.0))

    # 100 cos 2° + 150 sin 2° = 105.174 mm wide, 100 sin 2° + 150 cos 2° = 153.399 mm high.
    left, top = (105.174 - 100) / 2 / 105.174, (153.399 - 150) / 2 / 153.399
    assert whole == pytest.approx([left, top, 1 - left, 1 - top], abs=1e-4)


def test_a_card_printed_in_groups_is_still_the_card() -> None:
    people = cast(random.Random(6))
    card = people.suspects[0].card
    sheet = Sheet("groups")
    sheet.print_line(20, 20, f"账号 {card[:4]} {card[4:8]} {card[8:]}", 12)

    ((kind, text, box),) = printed_items(sheet.lines[0], wanted_items(people))

    assert (kind, text) == ("card", card)
    assert box[0] == pytest.approx(sheet.lines[0].edges[3])
    assert box[2] == pytest.approx(sheet.lines[0].edges[-1])


def sample_truth() -> dict[str, Any]:
    truth: dict[str, Any] = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    return truth


def test_the_sample_is_an_inbox_with_one_case_and_two_volumes() -> None:
    (case_folder,) = (SAMPLE / "inbox").iterdir()
    files = sorted(path.relative_to(case_folder).as_posix() for path in case_folder.rglob("*") if path.is_file())

    pictures = [f"证据材料卷/{number:04}.jpg" for number in range(1, 9)]
    assert files == sorted(["case.json", *pictures, "诉讼文书卷/起诉意见书等.tif"])
    assert case_folder.name.startswith(sample_truth()["case_number"])


def test_the_sample_is_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()) <= 3_000_000


def test_the_samples_truth_names_every_page_and_keeps_to_two_degrees() -> None:
    pages = sample_truth()["pages"]

    assert [(page["volume"], page["page_number"]) for page in pages] == [
        *(("证据材料卷", number) for number in range(1, 9)),
        *(("诉讼文书卷", number) for number in range(1, 5)),
    ]
    assert all(abs(page["skew_degrees"]) <= 2.0 for page in pages)
    assert [page["turn_degrees"] for page in pages].count(0) == 11
    assert {item["kind"] for page in pages for item in page["items"]} == {"name", "phone", "card", "id_number"}
