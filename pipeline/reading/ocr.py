"""Reading the print of an upright page: lines found and read one by one, red ink taken out of the way.

Detection and recognition are called apart, not through PaddleOCR's own pipeline: that gives the column of every
character (its pipeline has one box for a whole number), sets red ink aside, and looks at small print again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dossier.reading import Line
from pipeline.cleaning.red_ink import RedInk, take_out_red, without_red
from pipeline.cleaning.upright import Picture
from pipeline.cleaning.upright_page import UprightPage
from pipeline.reading.line_boxes import Quad, character_spans, grown, is_vertical, sides, slices, surrounding
from pipeline.reading.punctuation import full_width
from pipeline.reading.reading_order import in_reading_order
from pipeline.reading.seal_text import read_seal, without_pieces
from pipeline.reading.text_models import SIDE_STEP, Strip, TextModels


class OcrEngine(Protocol):
    """What reads an upright page."""

    @property
    def name(self) -> str:
        """The engine and its models, as a reading records them."""

    def read(self, page: UprightPage) -> tuple[Line, ...]:
        """The lines of a page in reading order, with a box for each character."""


_SIDE = 1280
"""Pixels of the long side at which lines are looked for: at 960 character ends are clipped, above 1280 only small
print gains."""

_SMALL_PRINT_SIDE = 1920
"""The second look at pages in small print."""

_OVERLAP = 0.03
"""Of the page's height, on either side of the middle: two lines of larger print."""

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

    def read(self, page: UprightPage) -> tuple[Line, ...]:
        """The lines of a page in reading order; see `OcrEngine`."""
        red, quads = self._look(page, _SIDE)
        scale = _SIDE / max(page.width, page.height)
        if quads and scale < 1 and np.median([min(sides(quad)) for quad in quads]) * scale < _SMALL_PRINT:
            quads = self._look_closer(page, quads)
        lines = self._recognise(page, quads, red)
        red_words: list[Line] = []
        for region in red.regions:
            red_words += self._red_words(page, region, [*lines, *red_words], min(scale, 1.0))
        seals = [seal for region in red.regions if (seal := read_seal(self._models, page, region)) is not None]
        lines = without_pieces([*lines, *red_words], seals, page)
        # Last: the name on a seal is no part of the text around it.
        return (*in_reading_order(lines, page.width, page.height), *(seal.line for seal in seals))

    def _look(
        self, page: UprightPage, side: int, part: tuple[int, int, int, int] | None = None
    ) -> tuple[_RedOnPage, list[Quad]]:
        """What is red on a page reduced to a long side of `side` pixels, or on a part of it, and where its other lines
        are; all in pixels of the page."""
        left, top, right, bottom = part or (0, 0, page.width, page.height)
        scale = min(side / max(page.width, page.height), 1.0)
        picture = page.drawn(_steps((right - left) * scale), _steps((bottom - top) * scale), part)
        red = take_out_red(picture)
        enlarged = np.array([(right - left) / picture.shape[1], (bottom - top) / picture.shape[0]], np.float32)
        corner = np.array([left, top], np.float32)
        quads = [np.rint(quad * enlarged) + corner for quad in self._models.find(red.cleaned)]
        return _RedOnPage(red, enlarged), quads

    def _look_closer(self, page: UprightPage, known: Sequence[Quad]) -> list[Quad]:
        """The lines of a page in small print, seen larger: its upper and its lower half, which takes half the memory.

        The halves overlap, so that a line at their border is whole in one of them; columns across it are not, and such
        pages are seen in one piece.
        """
        middle, shared = page.height / 2, round(_OVERLAP * page.height)
        if any(is_vertical(quad) and quad[:, 1].min() < middle < quad[:, 1].max() for quad in known):
            return self._look(page, _SMALL_PRINT_SIDE)[1]
        halves = (0, 0, page.width, round(middle) + shared), (0, round(middle) - shared, page.width, page.height)
        (_, upper), (_, lower) = (self._look(page, _SMALL_PRINT_SIDE, half) for half in halves)
        return [quad for quad in upper if quad[:, 1].mean() < middle] + [
            quad for quad in lower if quad[:, 1].mean() >= middle
        ]

    def _red_words(
        self, page: UprightPage, region: tuple[int, int, int, int], known: Sequence[Line], scale: float
    ) -> list[Line]:
        """Words that stand in red ink alone (headings, stamps); print below a seal is known already."""
        left, top, right, bottom = region
        size = _steps((right - left) * scale), _steps((bottom - top) * scale)
        part = page.drawn(*size, part=region)
        enlarged = np.array([(right - left) / size[0], (bottom - top) / size[1]], np.float32)
        corner = np.array([left, top], np.float32)
        quads = [np.rint(quad * enlarged) + corner for quad in self._models.find(part)]
        fresh = [quad for quad in quads if not _covered(quad, known, page.width, page.height)]
        return [line for line in self._recognise(page, fresh, None) if line.confidence >= _LEAST_RED_CONFIDENCE]

    def _recognise(self, page: UprightPage, quads: Sequence[Quad], red: _RedOnPage | None) -> list[Line]:
        """The text of lines, red ink left out if told where; those in which nothing was read are left out."""
        # A single digit or bracket is as slim as two characters one below the other: it is read both ways.
        ways = [(quad, upright) for quad in quads for upright in _ways(quad)]
        crops = [_crop(page, quad, upright, red) for quad, upright in ways]
        lines: list[Line] = []
        known: Quad | None = None
        for (quad, upright), strip in zip(ways, self._models.recognise(crops), strict=True):
            line = _line(page, quad, upright, strip)
            if line is None:
                continue
            if known is quad:
                lines[-1] = max(lines[-1], line, key=lambda line: line.confidence)
            else:
                lines.append(line)
            known = quad
        return lines


def _ways(quad: Quad) -> tuple[bool, ...]:
    """Whether a line is read upright (from left to right), or as a column, or first so and then so."""
    if not is_vertical(quad):
        return (True,)
    return (False, True) if sides(quad)[1] < 3 * sides(quad)[0] else (False,)


def _margin(quad: Quad) -> float:
    return max(_MARGIN * min(sides(quad)), 2.0)


def _crop(page: UprightPage, quad: Quad, upright: bool, red: _RedOnPage | None) -> Picture:
    """A line cut out with its margin, as the recogniser takes it."""
    crop = page.cut_out(grown(quad, _margin(quad)))
    if red is not None and red.touches(quad):
        crop = without_red(crop)
    # Columns are read lying on their side: the recogniser was trained with that.
    return crop if upright else np.ascontiguousarray(np.rot90(crop))


def _line(page: UprightPage, quad: Quad, upright: bool, strip: Strip) -> Line | None:
    """What was read of a line, with its places on the page; None if there is nothing."""
    text, middles = strip.text, [middle - _margin(quad) for middle in strip.middles]
    if not text.strip():
        return None
    first, last = len(text) - len(text.lstrip()), len(text.rstrip())
    text, middles = full_width(text[first:last], middles[first:last]), middles[first:last]
    spans = character_spans(text, middles, sides(quad)[1 if upright else 0])
    characters = slices(quad, spans, not upright, page.width, page.height)
    return Line(
        text=text,
        box=surrounding(quad, page.width, page.height),
        confidence=round(strip.confidence, 4),
        characters=characters,
        vertical=not upright and len(text) > 1,
    )


class _RedOnPage:
    """Red ink as it was seen on a reduced page, asked about places on the page itself."""

    def __init__(self, ink: RedInk, enlarged: NDArray[np.float32]) -> None:
        self._mask, self._enlarged = ink.mask, enlarged
        across, down = enlarged.tolist()
        self.regions = tuple(
            (int(left * across), int(top * down), math.ceil(right * across), math.ceil(bottom * down))
            for left, top, right, bottom in ink.regions
        )

    def touches(self, quad: Quad) -> bool:
        """Whether a line bears red ink."""
        if self._mask is None:
            return False
        left, top = np.floor(quad.min(axis=0) / self._enlarged).astype(int)
        right, bottom = np.ceil(quad.max(axis=0) / self._enlarged).astype(int)
        return bool(self._mask[max(top, 0) : bottom, max(left, 0) : right].any())


def _steps(length: float) -> int:
    """The nearest length that the detection network takes."""
    return max(round(length / SIDE_STEP), 1) * SIDE_STEP


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
