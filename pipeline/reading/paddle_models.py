"""The text models run by PaddleOCR on ONNX Runtime, one thread, offline. Nothing else imports PaddleOCR."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pipeline.cleaning.upright import Picture
from pipeline.models import DETECTION, RECOGNITION
from pipeline.onnx_runtime import SESSION_SETTINGS  # before PaddleOCR imports ONNX Runtime
from pipeline.reading.line_boxes import Quad
from pipeline.reading.text_models import UNCLIP, Strip


class PaddleModels:
    """PaddleOCR 3.7 with PP-OCRv6 small models; see `TextModels`."""

    def __init__(self, models: Path) -> None:
        """Loads the models, about two seconds.

        Args:
            models: a folder that `pipeline.models.check` accepts.
        """
        paddleocr = import_paddleocr()
        cv2.setNumThreads(1)
        common: dict[str, Any] = {"engine": "onnxruntime", "device": "cpu", "engine_config": SESSION_SETTINGS}
        self._detection = paddleocr.TextDetection(
            model_name=DETECTION, model_dir=str(models / DETECTION), limit_type="max", unclip_ratio=UNCLIP, **common
        )
        self._recognition = paddleocr.TextRecognition(
            model_name=RECOGNITION, model_dir=str(models / RECOGNITION), **common
        )
        self._name = f"PaddleOCR {paddleocr.__version__}, {DETECTION}, {RECOGNITION}, ONNX Runtime"

    @property
    def name(self) -> str:
        """The runtime and the models."""
        return self._name

    def find(self, picture: Picture) -> list[Quad]:
        """The lines of a picture; see `TextModels`."""
        side = max(picture.shape[:2])
        (found,) = self._detection.predict(np.ascontiguousarray(picture[..., ::-1]), limit_side_len=side)
        return [np.asarray(quad, np.float32) for quad in found["dt_polys"]]

    def recognise(self, strips: Sequence[Picture]) -> list[Strip]:
        """What lines say; see `TextModels`. One at a time: a batch would be filled up to its longest."""
        return [self._recognised(strip) for strip in strips]

    def _recognised(self, strip: Picture) -> Strip:
        (answer,) = self._recognition.predict(strip[..., ::-1], return_word_box=True)
        text, (columns, _, word_columns, _) = answer["rec_text"]
        column = strip.shape[1] / columns
        middles = tuple((place + 0.5) * column for word in word_columns for place in word)
        return Strip(text, float(answer["rec_score"]), middles)


def import_paddleocr() -> Any:
    """The PaddleOCR package, imported without network, chatter or traces in the user's home."""
    # One thread each also for the libraries below, and none of PaddleX's search for models, plug-ins and GPUs.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
    os.environ["PADDLE_PDX_EAGER_INIT"] = "False"
    os.environ["PADDLEOCR_DISABLE_AUTO_LOGGING_CONFIG"] = "1"
    # On import it makes its cache folders, which may not be possible in a service's home, and never uses them here.
    with tempfile.TemporaryDirectory() as cache:
        os.environ["PADDLE_PDX_CACHE_HOME"] = cache
        import paddleocr
    logging.getLogger("paddlex").setLevel(logging.ERROR)
    return paddleocr
