"""OpenVINO, without its telemetry. Nothing else in the project imports it.

On import it looks for the package `openvino_telemetry`, which writes an identifier into the user's home and can report
to its maker; a procuratorate's machine must not even try. So that package is not installed (requirements.lock leaves it
out), and where it is all the same, it is kept from being imported; OpenVINO then uses its own empty stand-in.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dossier.errors import ModelsMissing

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # makes importing it fail

import openvino  # noqa: E402  # only now

_NATIVE_BFLOAT16 = "BF16"
"""What OpenVINO says of processors that compute bfloat16 by themselves (AMX, AVX512-BF16)."""

_PREPARED_LAYERS = 1000
"""How many layers made ready for one size of input each network keeps: some 25 sizes, of 2 MB each. What is not ready
costs up to 20 ms each time that a size comes again: with 250 a page took 13 % longer. Callers keep to few sizes."""

_EIGHT_BIT_FLAGS = {"avx512_vnni", "avx_vnni", "amx_int8"}
"""Processors that multiply eight-bit numbers into sums of 32 bits. Older ones add up in 16 and may overflow."""

_PROCESSOR = Path("/proc/cpuinfo")

_VALUE_RANGES = Path(__file__).with_name("value_ranges.json")
"""Model, convolution: the least and the largest number that went into it on printed pages (bench/value_ranges.py)."""

_LEVELS = 256

Model = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""A network with one input and one output, both batches."""

Ranges = Mapping[str, tuple[float, float]]


def precision() -> str:
    """What this machine's text networks are computed in: "int8 bf16", "int8 f32", "bf16" or "f32".

    Convolutions in eight bits where the processor has instructions for that; all else in bfloat16 where it computes
    this by itself, else in float32. On printed pages of known text either made no more errors than float32
    (docs/decisions/0012 and 0016). On aarch64, where OpenVINO alone would choose half precision, neither was measured.
    """
    return f"int8 {_floats()}" if _has_eight_bit_sums() else _floats()


def value_ranges(model: str) -> Ranges:
    """What `open_network` needs to compute a model in eight bits; empty where this processor should not."""
    if not _has_eight_bit_sums():
        return {}
    ranges = json.loads(_VALUE_RANGES.read_text("utf-8"))[model]
    return {layer: (low, high) for layer, (low, high) in ranges.items()}


def open_network(path: Path, ranges: Ranges | None = None, last: str = "") -> Model:
    """A model ready to run on the CPU, one thread.

    Not tied to a core: OpenVINO ties the only thread of every process to the same first one, so that workers beside one
    another shared it while the others stood idle.

    Args:
        path: of its ONNX file.
        ranges: the convolutions to compute in eight bits, and between which numbers their input lies.
        last: the type of its last layer ("Softmax", "Sigmoid") to leave out, where what it would make of each number is
            wanted of few of them only.

    Raises:
        ModelsMissing: it has no such convolution or no such last layer.
    """
    core = openvino.Core()
    settings: dict[str, Any] = {
        "INFERENCE_NUM_THREADS": 1,
        "ENABLE_CPU_PINNING": False,
        "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": _floats(),
        "CPU_RUNTIME_CACHE_CAPACITY": _PREPARED_LAYERS,
    }
    model = core.read_model(str(path))
    if last:
        _leave_out(model, last, path)
    if ranges:
        _quantize(model, ranges, path)
    request = core.compile_model(model, "CPU", settings).create_infer_request()

    def answer(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        request.infer([batch])
        return np.asarray(request.get_output_tensor(0).data, np.float32)

    return answer


def _floats() -> str:
    return "bf16" if _NATIVE_BFLOAT16 in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"


def _has_eight_bit_sums() -> bool:
    try:
        lines = _PROCESSOR.read_text("ascii", "replace").splitlines()
    except FileNotFoundError:
        return False
    flags = next((line.partition(":")[2] for line in lines if line.startswith("flags")), "")
    return not _EIGHT_BIT_FLAGS.isdisjoint(flags.split())


def _leave_out(model: Any, last: str, path: Path) -> None:
    (result,) = model.get_results()
    layer = result.input_value(0).get_node()
    if layer.get_type_name() != last:
        raise ModelsMissing(f"{path}: its last layer is no {last}, so it is not the model that was measured")
    result.input(0).replace_source_output(layer.input_value(0))


def _quantize(model: Any, ranges: Ranges, path: Path) -> None:
    """Round what goes into convolutions, and their weights channel by channel, to 256 levels; OpenVINO then computes
    them in eight bits (its "low precision transformations", which look for FakeQuantize before both inputs)."""
    convolutions = {
        node.get_friendly_name(): node for node in model.get_ordered_ops() if node.get_type_name() == "Convolution"
    }
    rounded: dict[tuple[str, int], Any] = {}
    for layer, span in ranges.items():
        if layer not in convolutions:
            raise ModelsMissing(f"{path}: no convolution {layer}, so it is not the model that was measured")
        convolution = convolutions[layer]
        values, weights = convolution.input_value(0), convolution.input_value(1)
        source = values.get_node().get_friendly_name(), values.get_index()
        if source not in rounded:
            low, high = (np.full((1, 1, 1, 1), value, np.float32) for value in _levels_with_zero(*span))
            rounded[source] = _rounded(values, low, high, _LEVELS)
        convolution.input(0).replace_source_output(rounded[source])
        largest = np.abs(weights.get_node().get_data()).max(axis=(1, 2, 3), keepdims=True).astype(np.float32)
        largest[largest == 0] = 1.0
        convolution.input(1).replace_source_output(_rounded(weights, -largest, largest, _LEVELS - 1))
    model.validate_nodes_and_infer_types()


def _rounded(values: Any, low: NDArray[np.float32], high: NDArray[np.float32], levels: int) -> Any:
    limits = [openvino.opset13.constant(limit) for limit in (low, high)]
    return openvino.opset13.fake_quantize(values, *limits, *limits, levels).output(0)


def _levels_with_zero(low: float, high: float) -> tuple[float, float]:
    """A span of 256 levels, of which one is zero: what is nothing must stay nothing."""
    low, high = min(low, 0.0), max(high, 0.0)
    step = (high - low) / (_LEVELS - 1)
    below = round(-low / step)
    return -below * step, (_LEVELS - 1 - below) * step


def version() -> str:
    """The version of OpenVINO."""
    return str(openvino.__version__).split("-")[0]
