"""Networks on OpenVINO: on any core, and in eight bits where the processor can add them up without overflow."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dossier.errors import ModelsMissing
from pipeline import openvino_runtime
from pipeline.models import DETECTION, MODEL_FILE, RECOGNITION, shared_folder
from pipeline.openvino_runtime import open_network, precision, value_ranges

RECOGNISER = shared_folder() / RECOGNITION / MODEL_FILE


@pytest.fixture
def processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    described = tmp_path / "cpuinfo"
    monkeypatch.setattr(openvino_runtime, "_PROCESSOR", described)
    return described


def a_number() -> NDArray[np.float32]:
    strip = np.full((48, 512, 3), 255, np.uint8)
    cv2.putText(strip, "13800138000", (20, 36), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (0, 0, 0), 2, cv2.LINE_AA)
    return strip.transpose(2, 0, 1)[None].astype(np.float32) / 127.5 - 1


def text_of(answer: NDArray[np.float32]) -> list[int]:
    classes = answer[0].argmax(axis=1)
    return [int(now) for before, now in zip([0, *classes], classes, strict=False) if now not in (0, before)]


def test_a_network_runs_on_any_core() -> None:
    network = open_network(RECOGNISER)
    strip = np.zeros((1, 3, 48, 640), np.float32)
    cores, thread, seen = os.sched_getaffinity(0), threading.get_native_id(), set()
    is_done = threading.Event()

    def watch() -> None:
        while not is_done.is_set():
            seen.add(frozenset(os.sched_getaffinity(thread)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(20):
        network(strip)
    is_done.set()
    watcher.join()

    assert seen == {frozenset(cores)}


def test_eight_bits_read_what_floats_read() -> None:
    ranges = json.loads(Path(openvino_runtime._VALUE_RANGES).read_text("utf-8"))[RECOGNITION]
    strip = a_number()

    in_floats, in_eight_bits = open_network(RECOGNISER)(strip), open_network(RECOGNISER, ranges)(strip)

    assert len(text_of(in_floats)) == len("13800138000")
    assert text_of(in_eight_bits) == text_of(in_floats)
    assert (in_eight_bits != in_floats).any()


@pytest.mark.parametrize("model", [DETECTION, RECOGNITION])
def test_the_measured_layers_are_those_of_the_models(model: str, processor: Path) -> None:
    processor.write_text("flags\t\t: fpu avx512_vnni\n")

    assert value_ranges(model)
    open_network(shared_folder() / model / MODEL_FILE, value_ranges(model))


def test_ranges_of_another_model_are_refused() -> None:
    with pytest.raises(ModelsMissing, match="no convolution nowhere"):
        open_network(RECOGNISER, {"nowhere": (0.0, 1.0)})


def test_without_its_last_layer_a_network_names_the_same_characters() -> None:
    strip = a_number()

    whole, before = open_network(RECOGNISER)(strip), open_network(RECOGNISER, last="Softmax")(strip)

    assert whole.max() <= 1 < before.max()
    assert text_of(before) == text_of(whole)


def test_a_network_that_ends_otherwise_is_refused() -> None:
    with pytest.raises(ModelsMissing, match="Sigmoid"):
        open_network(RECOGNISER, last="Sigmoid")


@pytest.mark.parametrize("flags", ["fpu avx2 avx512f", "", "xavx_vnni"])
def test_processors_that_would_overflow_compute_in_floats(flags: str, processor: Path) -> None:
    processor.write_text(f"model name\t: any\nflags\t\t: {flags}\n")

    assert value_ranges(RECOGNITION) == {}
    assert "int8" not in precision()


@pytest.mark.parametrize("flag", ["avx_vnni", "avx512_vnni", "amx_int8"])
def test_processors_with_eight_bit_sums_use_them(flag: str, processor: Path) -> None:
    processor.write_text(f"processor\t: 0\nflags\t\t: fpu {flag} sse2\nprocessor\t: 1\n")

    assert precision().startswith("int8 ")


def test_a_processor_that_says_nothing_computes_in_floats(processor: Path) -> None:
    assert value_ranges(RECOGNITION) == {}


@given(st.floats(-100, 0), st.floats(0.01, 100))
def test_nothing_stays_nothing(low: float, high: float) -> None:
    below, above = openvino_runtime._levels_with_zero(low, high)
    step = (above - below) / 255

    assert np.isclose(below / step, round(below / step), atol=1e-6)
    assert abs(below - low) <= step / 2 + 1e-9 and abs(above - high) <= step / 2 + 1e-9
