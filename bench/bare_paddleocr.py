"""PaddleOCR as it comes, with this project's models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.models import DETECTION, RECOGNITION


def bare_paddleocr(models: Path, threads: int | None) -> Any:
    """PaddleOCR's own pipeline with its defaults, for upright pages; `threads` None leaves their number to it, too."""
    from pipeline.reading.paddle_models import import_paddleocr

    settings = {} if threads is None else {"intra_op_num_threads": threads, "inter_op_num_threads": threads}
    return import_paddleocr().PaddleOCR(
        text_detection_model_name=DETECTION,
        text_detection_model_dir=str(models / DETECTION),
        text_recognition_model_name=RECOGNITION,
        text_recognition_model_dir=str(models / RECOGNITION),
        use_doc_orientation_classify=False,
        use_doc_unwarping=False,
        use_textline_orientation=False,
        engine="onnxruntime",
        device="cpu",
        engine_config=settings,
    )
