"""The text that runs round a seal: found by the seal's ring, laid out straight, and read as one line.

A round seal carries its office's name on an arc around a star, from the left to the right (国发〔1999〕25号). Detection
breaks it into pieces; in polar coordinates about the ring's centre the arc is a straight strip.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dossier.reading import Box, Line
from pipeline.cleaning.red_ink import red_mask, redness
from pipeline.cleaning.upright_page import UprightPage
from pipeline.reading.text_models import TextModels

_BAND = (0.56, 0.93)
"""Of the ring's radius: between which the name stands."""

_SMALLEST, _LARGEST = 60, 700
"""Pixels: radii that are looked at; of a seal of 38–50 mm at 100 to 600 dpi."""

_LEAST_RING = 0.7
"""Of the circle: how much of the ring must have printed."""

_LEAST_GAP = 0.05
"""Of the circle: the empty part between the name's end and its beginning."""

_LEAST_CONFIDENCE, _LEAST_LENGTH = 0.93, 4

_LONGEST_PIECE = 4
"""Characters of the name that detection finds in one piece, at most."""


@dataclass(frozen=True, slots=True)
class SealText:
    """What stands around a seal.

    Attributes:
        line: the name; a box for each character, and a box over the top of the seal for the line.
        centre: of the ring (x, y), pixels of the page.
        radius: of the ring, pixels.
    """

    line: Line
    centre: tuple[float, float]
    radius: float

    def bears(self, x: float, y: float) -> bool:
        """Whether a point of the page lies where the name stands."""
        return _BAND[0] * self.radius <= math.hypot(x - self.centre[0], y - self.centre[1]) <= self.radius


def read_seal(models: TextModels, page: UprightPage, region: tuple[int, int, int, int]) -> SealText | None:
    """The name on a seal; None if the region holds no round seal whose name can be read.

    Args:
        models: what reads print.
        page: the page.
        region: left, top, right, bottom of red ink, pixels of the page.
    """
    left, top, right, bottom = region
    part = page.drawn(right - left, bottom - top, part=region)
    mask = red_mask(part)
    ring = _ring(mask)
    if ring is None:
        return None
    (x, y), radius = ring
    polar = cv2.warpPolar(mask * np.uint8(255), (round(radius), 360), (x, y), radius, cv2.WARP_POLAR_LINEAR)
    begin = _beginning(polar)
    if begin is None:
        return None
    # Its redness alone is shown, as if printed in black: so the print that crosses it vanishes.
    ink = 255 - cv2.min(2 * redness(part).astype(np.uint16), 255).astype(np.uint8)
    (strip,) = models.recognise([cv2.cvtColor(_straight(ink, (x, y), radius, begin), cv2.COLOR_GRAY2RGB)])
    text = strip.text.strip()
    if len(text) < _LEAST_LENGTH or strip.confidence < _LEAST_CONFIDENCE:
        return None
    first = len(strip.text) - len(strip.text.lstrip())
    middles = strip.middles[first : first + len(text)]
    turns = [begin + middle / _strip_length(radius) * 2 * math.pi for middle in middles]
    centre = (left + x, top + y)
    characters = tuple(_character_box(turn, centre, radius, page) for turn in turns)
    height = radius * (_BAND[1] - _BAND[0])
    box = Box.of_pixels(
        centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] - radius + height, page.width, page.height
    )
    return SealText(Line(text, box, round(strip.confidence, 4), characters), centre, radius)


def _ring(mask: NDArray[np.uint8]) -> tuple[tuple[float, float], float] | None:
    """Centre and radius of the circle that red ink draws, in pixels of the mask."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return None
    largest = max(contours, key=lambda contour: cv2.boundingRect(contour)[2] * cv2.boundingRect(contour)[3])
    (x, y), radius = cv2.minEnclosingCircle(largest)
    if not _SMALLEST <= radius <= _LARGEST:
        return None
    polar = cv2.warpPolar(mask, (100, 360), (x, y), radius * 1.02, cv2.WARP_POLAR_LINEAR)
    if np.count_nonzero(polar[:, 90:].any(axis=1)) < _LEAST_RING * 360:
        return None
    return (float(x), float(y)), float(radius)


def _beginning(polar: NDArray[np.uint8]) -> float | None:
    """The angle, clockwise from the right, in the middle of the widest gap in the name; None if there is no gap."""
    reach = polar.shape[1]
    empty = ~(polar[:, round(_BAND[0] * reach) : round((_BAND[1] - 0.08) * reach)] > 127).any(axis=1)
    best, begin, run = 0, 0, 0
    # Twice round, so that a gap over the starting point is seen whole.
    for degree, is_empty in enumerate(np.concatenate([empty, empty]).tolist()):
        run = run + 1 if is_empty else 0
        if best < run <= 360:
            best, begin = run, degree - run // 2
    return math.radians(begin) if best >= _LEAST_GAP * 360 else None


def _strip_length(radius: float) -> float:
    return 2 * math.pi * radius * sum(_BAND) / 2


def _straight(part: NDArray[np.uint8], centre: tuple[float, float], radius: float, begin: float) -> NDArray[np.uint8]:
    """The band of the name as a strip, from `begin` once round clockwise, the ring's side on top."""
    length, height = round(_strip_length(radius)), round(radius * (_BAND[1] - _BAND[0]))
    turns = begin + (np.arange(length) + 0.5) / length * 2 * math.pi
    radii = radius * (_BAND[1] - (np.arange(height)[:, None] + 0.5) / height * (_BAND[1] - _BAND[0]))
    across = (centre[0] + radii * np.cos(turns)).astype(np.float32)
    down = (centre[1] + radii * np.sin(turns)).astype(np.float32)
    return np.asarray(cv2.remap(part, across, down, cv2.INTER_LINEAR, borderValue=255), np.uint8)


def _character_box(turn: float, centre: tuple[float, float], radius: float, page: UprightPage) -> Box:
    """The upright box around a character in the middle of the band."""
    half = radius * (_BAND[1] - _BAND[0]) / 2
    x = centre[0] + radius * sum(_BAND) / 2 * math.cos(turn)
    y = centre[1] + radius * sum(_BAND) / 2 * math.sin(turn)
    return Box.of_pixels(x - half, y - half, x + half, y + half, page.width, page.height)


def without_pieces(lines: Sequence[Line], seals: Sequence[SealText], page: UprightPage) -> list[Line]:
    """The lines without pieces of names around seals: few characters, all of a name that was read as a whole there."""

    def is_piece(line: Line) -> bool:
        x, y = (line.box.x0 + line.box.x1) / 2 * page.width, (line.box.y0 + line.box.y1) / 2 * page.height
        return len(line.text) <= _LONGEST_PIECE and any(
            seal.bears(x, y) and set(line.text) <= set(seal.line.text) for seal in seals
        )

    return [line for line in lines if not is_piece(line)]
