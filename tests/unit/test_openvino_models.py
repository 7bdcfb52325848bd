"""What stands before and after the networks on OpenVINO: regions out of the detection's answer, text out of CTC's."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.models import shared_folder
from pipeline.reading import openvino_models
from pipeline.reading.openvino_models import OpenVinoModels

REPOSITORY = Path(__file__).parents[2]
CHARACTERS = ["", "甲", "乙", "丙", " "]


def models_answering(columns: list[int], seen: list[tuple[int, ...]]) -> OpenVinoModels:
    """Models whose recogniser is nine tenths sure of one class a column, and notes the sizes that it is shown."""
    others = len(CHARACTERS) - 1
    fits = np.eye(len(CHARACTERS), dtype=np.float32)[columns] * np.float32(math.log(0.9 / (0.1 / others)))

    def answer(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        seen.append(batch.shape)
        return np.stack([fits] * len(batch))

    models = OpenVinoModels.__new__(OpenVinoModels)
    models._recognition = answer
    models._characters = CHARACTERS
    return models


def printed(text: str) -> NDArray[np.uint8]:
    """A strip with a text in black on white, as high as lines are at 300 dpi."""
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 1.5, 3)
    strip = np.full((64, width + 40, 3), 255, np.uint8)
    cv2.putText(strip, text, (20, 48), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (0, 0, 0), 3, cv2.LINE_AA)
    return strip


def test_a_character_seen_in_neighbouring_columns_is_one_and_two_with_a_blank_between() -> None:
    (strip,) = models_answering([0, 1, 1, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], []).recognise(
        [np.zeros((48, 128, 3), np.uint8)]
    )

    assert strip.text == "甲甲乙"
    assert strip.confidence == pytest.approx(0.9)
    assert strip.middles == pytest.approx((1.5 * 8, 4.5 * 8, 5.5 * 8))


def test_places_are_pixels_of_the_strip_as_given_not_of_the_filled_one() -> None:
    seen: list[tuple[int, ...]] = []
    columns = [0] * 20
    columns[10] = 3
    # 96 high and 260 wide: half as large for the network, 130 columns of pixels, filled up to 160.
    (strip,) = models_answering(columns, seen).recognise([np.zeros((96, 260, 3), np.uint8)])

    assert seen == [(1, 3, 48, 160)]
    assert strip.middles == pytest.approx((10.5 * 8 * 2,))


def test_a_strip_in_which_nothing_is_read_is_empty() -> None:
    (strip,) = models_answering([0] * 16, []).recognise([np.zeros((48, 100, 3), np.uint8)])

    assert (strip.text, strip.confidence, strip.middles) == ("", 0.0, ())


def test_strips_read_together_say_what_each_says_alone_in_the_order_given() -> None:
    models = OpenVinoModels(shared_folder())
    strips = [printed(text) for text in ("13800138000", "2020", "ABC 17", "8", "310104 1990 0101", "25")]

    together = models.recognise(strips)

    assert [strip.text.replace(" ", "") for strip in together] == [
        "13800138000", "2020", "ABC17", "8", "310104" "19900101", "25",
    ]  # fmt: skip
    for strip, alone in zip(together, (models.recognise([strip])[0] for strip in strips), strict=True):
        assert strip.text == alone.text
        assert strip.middles == pytest.approx(alone.middles, abs=8)
    assert models.recognise([]) == []


def test_a_region_becomes_its_rectangle_grown_on_every_side() -> None:
    answer = np.zeros((100, 400), np.float32)
    answer[40:60, 50:350] = 0.9

    (quad,) = openvino_models._regions(answer)

    # Differentiable Binarization's distance: area × ratio ÷ perimeter, of the region's 299 × 19 between pixel centres.
    distance = 299 * 19 * 1.1 / (2 * (299 + 19))
    assert quad[0] == pytest.approx([50 - distance, 40 - distance], abs=0.01)
    assert quad[2] == pytest.approx([349 + distance, 59 + distance], abs=0.01)


def test_a_line_that_touches_the_arc_of_a_seal_is_a_line_of_its_own() -> None:
    answer = np.zeros((200, 400), np.float32)
    cv2.ellipse(answer, (200, 120), (110, 100), 0, 190, 350, 0.85, 18)
    answer[110:130, 60:340] = 0.95
    # Where they meet the network is unsure of the gap, but not sure that there is none.
    answer[90:111, 80:110] = np.maximum(answer[90:111, 80:110], 0.4)

    quads = openvino_models._regions(answer)

    line = min(quads, key=lambda quad: abs(quad.mean(axis=0) - (200, 120)).sum())
    assert line[:, 1].min() > 95 and line[:, 1].max() < 145
    assert line[:, 0].min() < 65 and line[:, 0].max() > 335


@pytest.mark.parametrize("strength", [0.2, 0.5])
def test_a_faint_region_is_no_line(strength: float) -> None:
    answer = np.zeros((100, 400), np.float32)
    answer[40:60, 50:350] = strength

    assert openvino_models._regions(answer) == []


@pytest.mark.parametrize("angle", [-30, -3, 0, 3, 30])
def test_corners_run_clockwise_from_the_top_left_however_the_line_leans(angle: float) -> None:
    corners = cv2.boxPoints(((200, 200), (200, 20), angle))
    for shift in range(4):
        top_left, top_right, bottom_right, bottom_left = openvino_models._clockwise(np.roll(corners, shift, axis=0))

        assert top_left[0] < top_right[0] and bottom_left[0] < bottom_right[0]
        assert top_left[1] < bottom_left[1] and top_right[1] < bottom_right[1]


def test_openvino_telemetry_is_never_imported(tmp_path: Path) -> None:
    package = tmp_path / "openvino_telemetry"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('imported')")
    inherited = os.environ.get("PYTHONPATH", "")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{REPOSITORY}:{inherited}"}

    def imports(module: str) -> str:
        program = [sys.executable, "-c", f"import {module}"]
        return subprocess.run(program, env=environment, capture_output=True, text=True, timeout=60).stderr.strip()

    assert imports("openvino") == "imported"
    assert imports("pipeline.openvino_runtime") == ""
