"""Which way up a scan lies: a four-way classifier, asked from several sides.

The model (PP-LCNet x1.0, PaddleOCR's document orientation) looks at a square of 224 pixels. It is asked about the
middle of the page, and where that is not obvious about squares along the page, each in all four turns: answers that do
not turn with the picture cancel out, and what remains is a confidence that can be trusted on tables, photographs and
nearly empty pages too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.cleaning.upright import Picture
from pipeline.models import MODEL_FILE, ORIENTATION
from pipeline.openvino_runtime import open_network

SURE = 0.6
"""The least confidence with which a page is turned (0.25 is a guess among four)."""

_OBVIOUS = 0.9
"""The confidence of one square at which no other one is asked."""

_SHORT_SIDE = 256
_SQUARE = 224
_LONGEST = 4
"""Times the short side that is looked at; paper is at most 1.5 times as long as wide, a receipt longer."""
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
"""Mean and deviation of ImageNet, with which the model was trained."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a scan lies.

    Attributes:
        degrees: 0, 90, 180 or 270; the scan turned clockwise by it most probably stands upright.
        confidence: 0–1.
        axis_confidence: 0–1, that its lines run as `degrees` says, be it upside down.
    """

    degrees: int
    confidence: float
    axis_confidence: float

    @property
    def uncertain(self) -> bool:
        """Whether a person should look, because the page was left as it lay."""
        return self.confidence < SURE

    @property
    def correction(self) -> int:
        """The degrees to turn by: 0 where the answer is uncertain."""
        return 0 if self.uncertain else self.degrees


class OrientationModel:
    """The classifier, loaded once for a process."""

    def __init__(self, models: Path) -> None:
        self._model = open_network(models / ORIENTATION / MODEL_FILE)

    def measure(self, picture: Picture) -> Orientation:
        """How the scan lies."""
        first, *others = _views(picture)
        answer = self._asked([first])
        return answer if answer.confidence >= _OBVIOUS else self._asked([first, *others])

    def _asked(self, views: list[NDArray[np.float32]]) -> Orientation:
        """The answer to some views of a page, each in all four turns."""
        turned = np.stack([np.rot90(view, turn) for turn in range(4) for view in views])
        answers = self._model(np.ascontiguousarray(turned.transpose(0, 3, 1, 2))).astype(np.float64)
        # A view turned counter-clockwise by one quarter lies one class lower.
        means = answers.reshape(4, len(views), 4).mean(axis=1)
        agreed = np.mean([np.roll(means[turn], turn) for turn in range(4)], axis=0)
        # The model's class 1 ("90") is a page turned clockwise by 90°, which another 270° set upright.
        best = int(np.argmax(agreed))
        axis = float(agreed[best] + agreed[(best + 2) % 4])
        return Orientation((360 - 90 * best) % 360, round(float(agreed[best]), 3), round(axis, 3))


def _views(picture: Picture) -> list[NDArray[np.float32]]:
    """Three squares along the page's long side, the middle one first, normalised for the model."""
    height, width = picture.shape[:2]
    # Of a strip the middle will do: set to the model's height, all of it would be a picture of gigabytes.
    high, wide = min(height, _LONGEST * width), min(width, _LONGEST * height)
    top, left = (height - high) // 2, (width - wide) // 2
    part = picture[top : top + high, left : left + wide]
    scale = _SHORT_SIDE / min(high, wide)
    small = cv2.resize(
        part,
        (max(round(wide * scale), _SHORT_SIDE), max(round(high * scale), _SHORT_SIDE)),
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
    )
    values = (small.astype(np.float32) / 255 - _MEAN) / _DEVIATION
    down, right = values.shape[0] - _SQUARE, values.shape[1] - _SQUARE
    return [values[down * part // 4 :, right * part // 4 :][:_SQUARE, :_SQUARE] for part in (2, 1, 3)]
