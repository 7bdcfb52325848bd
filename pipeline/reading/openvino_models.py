"""The text models run by OpenVINO, one thread: the same files as PaddleOCR's, what they answer understood here.

Before and after the networks stands little: detection is Differentiable Binarization (Liao et al., AAAI 2020,
arXiv 1911.08947, section 3.5: regions above a threshold, scored, their rectangles grown by area × ratio ÷ perimeter),
recognition is CTC read greedily (Graves et al., ICML 2006).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from pipeline.cleaning.upright import Picture
from pipeline.models import DETECTION, MODEL_FILE, RECOGNITION
from pipeline.openvino_runtime import open_network, precision, value_ranges, version
from pipeline.reading.line_boxes import Quad
from pipeline.reading.strip_batches import WIDEST, strip_batches
from pipeline.reading.text_models import UNCLIP, Strip

_MEAN = np.array([0.485, 0.456, 0.406], np.float32) * 255
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32) * 255
"""Of ImageNet, for channels in the order in which PaddleOCR's models see them: blue, green, red."""

_INK = 0.3
_LEAST_SCORE = 0.6
"""PP-OCRv6's own thresholds (inference.yml) of a line's pixels and of its mean."""

_INK_STEP, _MOST_INK = 0.2, 0.9
"""By how much, and how far, the threshold rises where lines touch."""

_LEAST_FILLED = 0.7
"""Of a rectangle's area: what a line's own shape fills; a rounded end and a slight bend cost it less."""

_LEAST_SIDE = 3
"""Pixels of the answer: what is thinner is noise."""

_STRIP_HEIGHT = 48
"""Pixels, as PP-OCRv6's recogniser was trained."""

_BLANK = 0

Rectangle = tuple[Sequence[float], Sequence[float], float]
"""As OpenCV has it: middle (x, y), size (across, down), degrees."""


class OpenVinoModels:
    """PP-OCRv6 small models on OpenVINO; see `TextModels`."""

    def __init__(self, models: Path) -> None:
        """Loads the models, about a second.

        Args:
            models: a folder that `pipeline.models.check` accepts.
        """
        cv2.setNumThreads(1)
        self._detection = open_network(models / DETECTION / MODEL_FILE, value_ranges(DETECTION), last="Sigmoid")
        self._recognition = open_network(models / RECOGNITION / MODEL_FILE, value_ranges(RECOGNITION), last="Softmax")
        described = yaml.load((models / RECOGNITION / "inference.yml").read_text("utf-8"), Loader=yaml.CSafeLoader)
        # The network's first class is CTC's blank, its last one a space.
        self._characters = ["", *described["PostProcess"]["character_dict"], " "]
        self._name = f"{DETECTION}, {RECOGNITION}, OpenVINO {version()} {precision()}"

    @property
    def name(self) -> str:
        """The runtime and the models."""
        return self._name

    def find(self, picture: Picture) -> list[Quad]:
        """The lines of a picture; see `TextModels`."""
        height, width = picture.shape[:2]
        batch = np.empty((1, 3, height, width), np.float32)
        # Channel by channel and in place: whole-picture steps would hold four copies at the page's peak of memory.
        for plane, channel, mean, deviation in zip(batch[0], (2, 1, 0), _MEAN, _DEVIATION, strict=True):
            np.subtract(picture[..., channel], mean, out=plane)
            plane /= deviation
        # The sigmoid of the network, in a tenth of the time that it takes there.
        answer = 1 / (1 + np.exp(-self._detection(batch)[0, 0]))
        limits = np.array([width, height], np.float32)
        return [np.clip(quad, 0, limits) for quad in _regions(answer)]

    def recognise(self, strips: Sequence[Picture]) -> list[Strip]:
        """What lines say; see `TextModels`."""
        widths = [min(max(round(strip.shape[1] * _STRIP_HEIGHT / strip.shape[0]), 1), WIDEST) for strip in strips]
        found: dict[int, Strip] = {}
        for batch in strip_batches(widths):
            pixels = np.zeros((batch.count, 3, _STRIP_HEIGHT, batch.width), np.float32)
            for row, place in zip(pixels, batch.strips, strict=False):
                small = cv2.resize(strips[place], (widths[place], _STRIP_HEIGHT))[..., ::-1]
                row[:, :, : widths[place]] = small.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1
            for answer, place in zip(self._recognition(pixels), batch.strips, strict=False):
                column = batch.width / len(answer) * strips[place].shape[1] / widths[place]
                found[place] = self._strip(answer, column)
        return [found[place] for place in range(len(strips))]

    def _strip(self, answer: NDArray[np.float32], column: float) -> Strip:
        """What the recogniser's answer says: for each column how well it fits each class (columns, classes).

        Args:
            answer: before softmax, which changes nothing in which class fits best; only what is named needs it.
            column: width of one, pixels of the strip.
        """
        classes = answer.argmax(axis=1)
        named = (classes != _BLANK) & np.concatenate([[True], classes[1:] != classes[:-1]])
        columns = np.flatnonzero(named)
        if not len(columns):
            return Strip("", 0.0, ())
        text = "".join(self._characters[number] for number in classes[columns])
        fits = answer[columns]
        certain = 1 / np.exp(fits - fits.max(axis=1, keepdims=True)).sum(axis=1)
        middles = tuple((float(place) + 0.5) * column for place in columns)
        return Strip(text, float(certain.mean()), middles)


def _regions(answer: NDArray[np.float32]) -> list[Quad]:
    """Rectangles round the lines in the detection's answer (height, width), corners as `Quad` has them."""
    found = []
    for rectangle in _rectangles(answer, _INK):
        middle, (across, down), angle = rectangle
        grown = 2 * UNCLIP * across * down / (2 * (across + down))
        corners = cv2.boxPoints((middle, (across + grown, down + grown), angle))
        found.append(_clockwise(np.asarray(corners, np.float32)))
    return found


def _rectangles(answer: NDArray[np.float32], ink: float) -> list[Rectangle]:
    """The rectangles round what lies above a threshold.

    What does not fill its rectangle may be lines that touch: print, and the arc of a seal over it. They part at a
    higher threshold, so parts are looked for there.
    """
    contours, _ = cv2.findContours((answer > ink).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for contour in contours:
        rectangle = cv2.minAreaRect(contour)
        if min(rectangle[1]) < _LEAST_SIDE:
            continue
        is_line = _mean_inside(answer, cv2.boxPoints(rectangle)) >= _LEAST_SCORE
        fills = cv2.contourArea(contour) >= _LEAST_FILLED * rectangle[1][0] * rectangle[1][1]
        parts = [] if (is_line and fills) or ink + _INK_STEP > _MOST_INK else _parts(answer, contour, ink + _INK_STEP)
        if len(parts) > 1 or not is_line:
            found += parts
        else:
            found.append(rectangle)
    return found


def _parts(answer: NDArray[np.float32], contour: NDArray[np.int32], ink: float) -> list[Rectangle]:
    """The rectangles inside a contour at another threshold."""
    left, top, across, down = cv2.boundingRect(contour)
    inside = np.zeros((down, across), np.float32)
    cv2.drawContours(inside, [contour], -1, 1.0, cv2.FILLED, offset=(-left, -top))
    part = answer[top : top + down, left : left + across] * inside
    return [((x + left, y + top), size, angle) for (x, y), size, angle in _rectangles(part, ink)]


def _mean_inside(answer: NDArray[np.float32], corners: NDArray[np.float32]) -> float:
    """The mean of the answer inside a quadrilateral."""
    height, width = answer.shape
    low = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, (width - 1, height - 1))
    high = np.clip(np.ceil(corners.max(axis=0)).astype(int), 0, (width - 1, height - 1))
    part = answer[low[1] : high[1] + 1, low[0] : high[0] + 1]
    mask = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(mask, [(corners - low).astype(np.int32)], 1)
    return float(cv2.mean(part, mask)[0])


def _clockwise(corners: Quad) -> Quad:
    """Four corners of a rectangle, from the top left one clockwise, however it leans."""
    left, right = np.split(corners[np.argsort(corners[:, 0], kind="stable")], 2)
    top_left, bottom_left = left[np.argsort(left[:, 1], kind="stable")]
    top_right, bottom_right = right[np.argsort(right[:, 1], kind="stable")]
    return np.array([top_left, top_right, bottom_right, bottom_left], np.float32)
