"""Reading the print of an upright page: PaddleOCR on ONNX Runtime, offline. Nothing else imports PaddleOCR.

Detection and recognition are called apart, not through PaddleOCR's own pipeline: that gives the column of every
character (its pipeline has one box for a whole number), takes red ink out of the way, and looks at small print again.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from dossier.reading import Line
from pipeline.cleaning.red_ink import take_out_red
from pipeline.cleaning.upright import Picture
from pipeline.models import DETECTION, RECOGNITION
from pipeline.onnx_runtime import SESSION_SETTINGS  # before PaddleOCR imports ONNX Runtime
from pipeline.reading.line_boxes import Quad, character_spans, grown, is_vertical, sides, slices, surrounding
from pipeline.reading.reading_order import in_reading_order


class OcrEngine(Protocol):
    """What reads an upright page."""

    @property
    def name(self) -> str:
        """The engine and its models, as a reading records them."""

    def read(self, picture: Picture) -> tuple[Line, ...]:
        """The lines of a page in reading order, with a box for each character.

        Args:
            picture: uint8 array (height, width, 3), RGB, upright.
        """


_SIDE = 1280
"""Pixels of the long side at which lines are looked for: at 960 character ends are clipped, above 1280 only small
print gains."""

_SMALL_PRINT_SIDE = 1920
"""The second look at pages in small print; about 0.9 GB of memory."""

_SMALL_PRINT = 11.0
"""Pixels: median height of the lines, at `_SIDE`, below which the page is looked at again."""

_UNCLIP = 1.1
"""How far DB's answer is grown: so its boxes are as high as the printed lines, measured on pages of known text."""

_MARGIN = 0.15
"""Of a line's height: the paper that the recogniser gets to see beyond the box on every side."""

_LEAST_RED_CONFIDENCE = 0.7
"""Words in red ink count from here: the arcs of seals, read straight, come out as nonsense with less."""


class PaddleEngine:
    """PaddleOCR 3.7 with PP-OCRv6 small models on ONNX Runtime, one thread, no network."""

    def __init__(self, models: Path) -> None:
        """Loads the models, about two seconds.

        Args:
            models: a folder that `pipeline.models.check` accepts.
        """
        paddleocr = import_paddleocr()
        cv2.setNumThreads(1)
        common: dict[str, Any] = {"engine": "onnxruntime", "device": "cpu", "engine_config": SESSION_SETTINGS}
        self._detection = paddleocr.TextDetection(
            model_name=DETECTION, model_dir=str(models / DETECTION), limit_type="max", unclip_ratio=_UNCLIP, **common
        )
        self._recognition = paddleocr.TextRecognition(
            model_name=RECOGNITION, model_dir=str(models / RECOGNITION), **common
        )
        self._name = f"PaddleOCR {paddleocr.__version__}, {DETECTION}, {RECOGNITION}, ONNX Runtime"

    @property
    def name(self) -> str:
        """The engine and its models."""
        return self._name

    def read(self, picture: Picture) -> tuple[Line, ...]:
        """The lines of a page in reading order; see `OcrEngine`."""
        height, width = picture.shape[:2]
        red = take_out_red(picture)
        quads = self._find(red.cleaned, _SIDE)
        scale = _SIDE / max(height, width)
        if quads and scale < 1 and np.median([min(sides(quad)) for quad in quads]) * scale < _SMALL_PRINT:
            quads = self._find(red.cleaned, _SMALL_PRINT_SIDE)
        lines = self._recognise(red.cleaned, quads)
        for region in red.regions:
            lines += self._red_words(picture, region, lines, min(scale, 1.0))
        return in_reading_order(lines, width, height)

    def _find(self, picture: Picture, side: int) -> list[Quad]:
        """The lines of a picture, wherever they are, as quadrilaterals."""
        (found,) = self._detection.predict(np.ascontiguousarray(picture[..., ::-1]), limit_side_len=side)
        return [np.asarray(quad, np.float32) for quad in found["dt_polys"]]

    def _red_words(
        self, picture: Picture, region: tuple[int, int, int, int], known: Sequence[Line], scale: float
    ) -> list[Line]:
        """Words that stand in red ink alone (headings, stamps); print below a seal is known already."""
        left, top, right, bottom = region
        height, width = picture.shape[:2]
        part = picture[top:bottom, left:right]
        side = max(32, round(max(part.shape) * scale))
        quads = [quad + np.array([left, top], np.float32) for quad in self._find(part, side)]
        fresh = [quad for quad in quads if not _covered(quad, known, width, height)]
        return [line for line in self._recognise(picture, fresh) if line.confidence >= _LEAST_RED_CONFIDENCE]

    def _recognise(self, picture: Picture, quads: Iterable[Quad]) -> list[Line]:
        """The text of lines; those in which nothing was read are left out."""
        lines = []
        for quad in quads:
            vertical = is_vertical(quad)
            line = self._read_line(picture, quad, vertical)
            if vertical and sides(quad)[1] < 3 * sides(quad)[0]:
                # A single digit or bracket is as slim as two characters one below the other.
                upright = self._read_line(picture, quad, False)
                line = max(line, upright, key=lambda line: line.confidence if line else 0.0)
            if line is not None:
                lines.append(line)
        return lines

    def _read_line(self, picture: Picture, quad: Quad, vertical: bool) -> Line | None:
        """One line's text; None if there is none."""
        height, width = picture.shape[:2]
        margin = max(_MARGIN * min(sides(quad)), 2.0)
        crop = _cut_out(picture, grown(quad, margin))
        if vertical:
            # Columns are read lying on their side: the recogniser was trained with that.
            crop = np.ascontiguousarray(np.rot90(crop))
        # One line at a time: lines of unlike length in one batch would be padded to the longest.
        (answer,) = self._recognition.predict(crop[..., ::-1], return_word_box=True)
        text, (columns, _, word_columns, _) = answer["rec_text"]
        if not text.strip():
            return None
        column = crop.shape[1] / columns
        middles = [(place + 0.5) * column - margin for word in word_columns for place in word]
        first, last = len(text) - len(text.lstrip()), len(text.rstrip())
        text, middles = text[first:last], middles[first:last]
        spans = character_spans(text, middles, sides(quad)[0 if vertical else 1])
        characters = slices(quad, spans, vertical, width, height)
        return Line(
            text=text,
            box=surrounding(quad, width, height),
            confidence=round(float(answer["rec_score"]), 4),
            characters=characters,
            vertical=vertical and len(text) > 1,
        )


def _cut_out(picture: Picture, quad: Quad) -> Picture:
    """The part of the picture inside a quadrilateral, set straight."""
    across, down = (max(round(side), 1) for side in sides(quad))
    corners = np.array([[0, 0], [across, 0], [across, down], [0, down]], np.float32)
    matrix = cv2.getPerspectiveTransform(quad, corners)
    cut = cv2.warpPerspective(picture, matrix, (across, down), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, np.uint8)


def _covered(quad: Quad, known: Sequence[Line], width: int, height: int) -> bool:
    """Whether a quarter of a quadrilateral's rectangle is lines that were read already."""
    (x0, y0), (x1, y1) = quad.min(axis=0) / [width, height], quad.max(axis=0) / [width, height]
    common = sum(
        max(0.0, min(x1, line.box.x1) - max(x0, line.box.x0)) * max(0.0, min(y1, line.box.y1) - max(y0, line.box.y0))
        for line in known
    )
    return bool(common > 0.25 * (x1 - x0) * (y1 - y0))


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
