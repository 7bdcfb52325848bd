"""Between which numbers the inputs of the text models' convolutions lie on printed pages, for computing in eight bits.

    python -m bench.value_ranges [--count 16] [--seed 77] [--out pipeline/value_ranges.json]

Written anew only when a model is exchanged. The pages are printed for this alone, damaged as scans are; no page on
which errors are counted is among them, as long as the seeds differ. Convolutions that see one value a channel (what
squeeze-and-excitation makes of a whole picture) are left as they are: they cost nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from bench.press.pages import source_of, write_damaged_pages
from pipeline import openvino_runtime
from pipeline.files.formats import inspect
from pipeline.models import DETECTION, RECOGNITION, shared_folder
from pipeline.reading import openvino_models
from pipeline.reading.page_reader import PageReader

_LEFT_IN_FLOATS = {DETECTION: {"Conv.3"}}
"""Rearranging its input for eight bits takes twice as long as computing it: 187 ms a page with it, 170 without."""

_LEAST_VALUES = 8
"""A channel, of any page or line: what has fewer is pooled."""


class Observer:
    """A text network that also notes what goes into its convolutions.

    Args:
        path: of its ONNX file.
        last: its last layer, to be left out.
    """

    def __init__(self, path: Path, last: str) -> None:
        openvino = openvino_runtime.openvino
        core = openvino.Core()
        model = core.read_model(str(path))
        convolutions = [node for node in model.get_ordered_ops() if node.get_type_name() == "Convolution"]
        self._layers = [node.get_friendly_name() for node in convolutions]
        inputs = [openvino.opset13.result(node.input_value(0)) for node in convolutions]
        inside = openvino.Model(inputs, model.get_parameters(), "inputs of convolutions")
        self._request = core.compile_model(inside, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
        self._answer = openvino_runtime.open_network(path, last=last)
        self._spans: dict[str, tuple[float, float]] = {}
        self._pooled: set[str] = set()

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """The network's answer."""
        self._request.infer([batch])
        for place, layer in enumerate(self._layers):
            values = self._request.get_output_tensor(place).data
            low, high = self._spans.get(layer, (np.inf, -np.inf))
            self._spans[layer] = min(low, float(values.min())), max(high, float(values.max()))
            if values[0, 0].size <= _LEAST_VALUES:
                self._pooled.add(layer)
        return self._answer(batch)

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Least and largest value by convolution, rounded outwards to three digits."""
        return {
            layer: (_outwards(low, np.floor), _outwards(high, np.ceil))
            for layer, (low, high) in self._spans.items()
            if layer not in self._pooled
        }


def measure(folder: Path) -> dict[str, dict[str, tuple[float, float]]]:
    """The ranges of both text models on the pages of a folder that `write_damaged_pages` wrote."""
    observers: dict[str, Observer] = {}

    def observed(path: Path, _: Any, last: str) -> Observer:
        return observers.setdefault(path.parent.name, Observer(path, last))

    with (
        patch.object(openvino_models, "open_network", observed),
        patch.object(openvino_models, "value_ranges", lambda model: {}),
    ):
        reader = PageReader(shared_folder())
    for truth in json.loads((folder / "truth.json").read_text("utf-8"))["pages"]:
        path = folder / truth["file"]
        reader.read(path, inspect(path).pages[0])
    return {
        model: {
            layer: span
            for layer, span in observers[model].ranges.items()
            if layer not in _LEFT_IN_FLOATS.get(model, set())
        }
        for model in (DETECTION, RECOGNITION)
    }


def _outwards(value: float, rounded: Callable[[float], float]) -> float:
    if value == 0:
        return 0.0
    step = 10.0 ** (np.floor(np.log10(abs(value))) - 2)
    return round(float(rounded(value / step) * step), 6)


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.value_ranges")
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--out", type=Path, default=Path("pipeline/value_ranges.json"))
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        write_damaged_pages(Path(folder), chosen.count, chosen.seed, "mix", None, source_of(["all"], None))
        ranges = measure(Path(folder))
    lines = [
        f' "{model}": {{\n'
        + ",\n".join(f'  "{layer}": [{low}, {high}]' for layer, (low, high) in layers.items())
        + "\n }"
        for model, layers in ranges.items()
    ]
    chosen.out.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    print(f"{chosen.out}: {sum(map(len, ranges.values()))} convolutions")
    return 0


if __name__ == "__main__":
    sys.exit(main())
