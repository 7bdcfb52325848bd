"""ONNX Runtime, with its telemetry off. Nothing else in the project imports it, and PaddleOCR only after this module.

Since 1.29 the official builds for Linux report models, errors and a device identifier to their maker unless this
variable is set before the library starts (microsoft/onnxruntime pull request 27379); a procuratorate's machine must
not even try.
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

SESSION_SETTINGS = {"intra_op_num_threads": 1, "inter_op_num_threads": 1, "enable_cpu_mem_arena": False}
"""One process a core with one thread each reads more pages an hour than threads do; the arena costs 350 MB."""


def open_model(path: Path) -> onnxruntime.InferenceSession:
    """A model ready to run on the CPU, with `SESSION_SETTINGS`."""
    options = onnxruntime.SessionOptions()
    for name, value in SESSION_SETTINGS.items():
        setattr(options, name, value)
    options.log_severity_level = 3  # errors
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def model_metadata(path: Path, key: str) -> str:
    """What a model file says of itself under a key."""
    metadata: dict[str, str] = open_model(path).get_modelmeta().custom_metadata_map
    return metadata[key]
