"""The two models that read print: one finds lines on a page, the other says what stands in a line cut out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.cleaning.upright import Picture
from pipeline.reading.line_boxes import Quad


@dataclass(frozen=True, slots=True)
class Strip:
    """What stands in a line that was cut out and set straight.

    Attributes:
        text: as read; may begin or end with spaces, or be empty.
        confidence: 0–1.
        middles: for each character, where its middle lies: pixels from the strip's left edge, rising.
    """

    text: str
    confidence: float
    middles: tuple[float, ...]


class TextModels(Protocol):
    """Detection and recognition on one runtime."""

    @property
    def name(self) -> str:
        """The runtime and the models, as a reading records them."""

    def find(self, picture: Picture) -> list[Quad]:
        """The lines of a picture, wherever they are.

        Args:
            picture: uint8 array (height, width, 3), RGB; both sides multiples of `SIDE_STEP`.
        """

    def recognise(self, strips: Sequence[Picture]) -> list[Strip]:
        """What lines say, one answer for each.

        Args:
            strips: uint8 arrays (height, width, 3), RGB, each line running from left to right.
        """


UNCLIP = 1.1
"""How far DB's answer is grown: so its boxes are as high as the printed lines, measured on pages of known text."""

SIDE_STEP = 32
"""Pixels: the detection network halves its picture five times."""
