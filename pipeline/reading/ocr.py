"""Reading the print of an upright page: lines found and read one by one, red ink taken out of the way.

Detection and recognition are called apart, not through PaddleOCR's own pipeline: that gives the column of every
character (its pipeline has one box for a whole number), sets red ink aside, and looks at small print again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from dossier.reading import Line
from pipeline.cleaning.red_ink import take_out_red
from pipeline.cleaning.upright import Picture
from pipeline.reading.line_boxes import Quad, character_spans, grown, is_vertical, sides, slices, surrounding
from pipeline.reading.reading_order import in_reading_order
from pipeline.reading.text_models import TextModels


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

_MARGIN = 0.15
"""Of a line's height: the paper that the recogniser gets to see beyond the box on every side."""

_LEAST_RED_CONFIDENCE = 0.7
"""Words in red ink count from here: the arcs of seals, read straight, come out as nonsense with less."""


class TextReader:
    """The reading of a page with either runtime's models; an `OcrEngine`."""

    def __init__(self, models: TextModels) -> None:
        self._models = models

    @property
    def name(self) -> str:
        """The runtime and its models."""
        return self._models.name

    def read(self, picture: Picture) -> tuple[Line, ...]:
        """The lines of a page in reading order; see `OcrEngine`."""
        height, width = picture.shape[:2]
        red = take_out_red(picture)
        quads = self._models.find(red.cleaned, _SIDE)
        scale = _SIDE / max(height, width)
        if quads and scale < 1 and np.median([min(sides(quad)) for quad in quads]) * scale < _SMALL_PRINT:
            quads = self._models.find(red.cleaned, _SMALL_PRINT_SIDE)
        lines = self._recognise(red.cleaned, quads)
        for region in red.regions:
            lines += self._red_words(picture, region, lines, min(scale, 1.0))
        return in_reading_order(lines, width, height)

    def _red_words(
        self, picture: Picture, region: tuple[int, int, int, int], known: Sequence[Line], scale: float
    ) -> list[Line]:
        """Words that stand in red ink alone (headings, stamps); print below a seal is known already."""
        left, top, right, bottom = region
        height, width = picture.shape[:2]
        part = picture[top:bottom, left:right]
        side = max(32, round(max(part.shape) * scale))
        quads = [quad + np.array([left, top], np.float32) for quad in self._models.find(part, side)]
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
        # One line at a time: a batch would be padded to its longest, and on one thread it saves nothing.
        strip = self._models.recognise(crop)
        text, middles = strip.text, [middle - margin for middle in strip.middles]
        if not text.strip():
            return None
        first, last = len(text) - len(text.lstrip()), len(text.rstrip())
        text, middles = text[first:last], middles[first:last]
        spans = character_spans(text, middles, sides(quad)[0 if vertical else 1])
        characters = slices(quad, spans, vertical, width, height)
        return Line(
            text=text,
            box=surrounding(quad, width, height),
            confidence=round(strip.confidence, 4),
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


def open_engine(models: Path, name: str = "openvino") -> OcrEngine:
    """The engine of a name as the setting `ocr_engine` has it: "openvino" or "paddleocr"; loads its models."""
    # Imported here: a process needs one of the two runtimes, and each takes time and memory.
    if name == "paddleocr":
        from pipeline.reading.paddle_models import PaddleModels

        return TextReader(PaddleModels(models))
    from pipeline.reading.openvino_models import OpenVinoModels

    return TextReader(OpenVinoModels(models))
