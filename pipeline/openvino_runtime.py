"""OpenVINO, without its telemetry. Nothing else in the project imports it.

On import it looks for the package `openvino_telemetry`, which writes an identifier into the user's home and can report
to its maker; a procuratorate's machine must not even try. So that package is not installed (requirements.lock leaves it
out), and where it is all the same, it is kept from being imported; OpenVINO then uses its own empty stand-in.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # makes importing it fail

import openvino  # noqa: E402  # only now

_NATIVE_BFLOAT16 = "BF16"
"""What OpenVINO says of processors that compute bfloat16 by themselves (AMX, AVX512-BF16)."""

_PREPARED_SIZES = 50
"""How many layers made ready for one size of input each network keeps. OpenVINO's own figure, 5000, let a process grow
by 28 MB a page; with none it works 14 % longer. Callers keep to few sizes."""

Model = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""A network with one input and one output, both batches."""


def precision() -> str:
    """What this machine's networks are computed in: "bf16" where the processor does so by itself, else "f32".

    On printed pages of known text bfloat16 made the same errors once punctuation is folded (docs/decisions/0012), in
    half the time. Half precision on aarch64, which OpenVINO alone would choose there, was not measured: f32.
    """
    return "bf16" if _NATIVE_BFLOAT16 in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"


def open_network(path: Path) -> Model:
    """A model ready to run on the CPU, one thread.

    Not tied to a core: OpenVINO ties the only thread of every process to the same first one, so that workers beside one
    another shared it while the others stood idle.
    """
    core = openvino.Core()
    settings: dict[str, Any] = {
        "INFERENCE_NUM_THREADS": 1,
        "ENABLE_CPU_PINNING": False,
        "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": precision(),
        "CPU_RUNTIME_CACHE_CAPACITY": _PREPARED_SIZES,
    }
    request = core.compile_model(str(path), "CPU", settings).create_infer_request()

    def answer(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        request.infer([batch])
        return np.asarray(request.get_output_tensor(0).data, np.float32)

    return answer


def version() -> str:
    """The version of OpenVINO."""
    return str(openvino.__version__).split("-")[0]
