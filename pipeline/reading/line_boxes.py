"""The places of a line's characters, from the columns in which the recogniser saw them.

A detected line is a quadrilateral whose corners run clockwise from the top left (from the line's beginning); the
recogniser names, for each character, the column of its answer (eight pixels of a line 48 high) where it was surest,
which lies near the character's middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dossier.reading import Box

Quad = NDArray[np.float32]
"""Four corners (x, y) in pixels, clockwise from the line's beginning at its top."""


def is_vertical(quad: Quad) -> bool:
    """Whether the line is so much higher than wide that its characters must stand one below the other."""
    across, down = sides(quad)
    return down >= 1.5 * across


def sides(quad: Quad) -> tuple[float, float]:
    """Mean length, in pixels, of the quadrilateral's upper and lower sides, and of its left and right ones."""
    top_left, top_right, bottom_right, bottom_left = quad
    across = (np.linalg.norm(top_right - top_left) + np.linalg.norm(bottom_right - bottom_left)) / 2
    down = (np.linalg.norm(bottom_left - top_left) + np.linalg.norm(bottom_right - top_right)) / 2
    return float(across), float(down)


def grown(quad: Quad, margin: float) -> Quad:
    """The quadrilateral with each side moved outward by `margin` pixels."""
    across, down = sides(quad)
    right = (quad[1] + quad[2] - quad[0] - quad[3]) / 2 / max(across, 1.0) * margin
    below = (quad[2] + quad[3] - quad[0] - quad[1]) / 2 / max(down, 1.0) * margin
    return np.asarray(
        [quad[0] - right - below, quad[1] + right - below, quad[2] + right + below, quad[3] - right + below], np.float32
    )


def character_spans(text: str, middles: Sequence[float], height: float) -> list[tuple[float, float]]:
    """Where each character begins and ends along its line.

    Neighbours meet between their middles, divided by their usual widths (a Han character is as wide as high, Latin
    letters, digits and spaces are half as wide); no character gets much wider than usual, so that gaps stay gaps.

    Args:
        text: the line, at least one character.
        middles: for each character, where its middle lies along the line, rising.
        height: of the line, in the same unit.
    """
    usual = [height * (0.55 if ord(character) < 0x2E80 else 1.0) for character in text]
    widest = [1.25 * width / 2 for width in usual]
    begins = [middle - width / 2 for middle, width in zip(middles, usual, strict=True)]
    ends = [middle + width / 2 for middle, width in zip(middles, usual, strict=True)]
    for place in range(len(text) - 1):
        share = usual[place] / (usual[place] + usual[place + 1])
        border = middles[place] + share * (middles[place + 1] - middles[place])
        ends[place] = min(border, middles[place] + widest[place])
        begins[place + 1] = max(border, middles[place + 1] - widest[place + 1])
    return list(zip(begins, ends, strict=True))


def surrounding(corners: NDArray[np.floating[Any]], width: int, height: int) -> Box:
    """The upright box around points of a picture of `width` × `height` pixels, at least a pixel in each direction."""
    (x0, y0), (x1, y1) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    return Box.of_pixels(x0, y0, max(x1, x0 + 1), max(y1, y0 + 1), width, height)


def slices(
    quad: Quad, spans: Sequence[tuple[float, float]], vertical: bool, width: int, height: int
) -> tuple[Box, ...]:
    """The upright boxes around slices of a line.

    Args:
        quad: the line.
        spans: begin and end of each slice along the line, pixels from its beginning.
        vertical: whether the line runs from top to bottom.
        width, height: of the picture, pixels.
    """
    begin_near, begin_far, end_near, end_far = quad[[0, 1, 3, 2]] if vertical else quad[[0, 3, 1, 2]]
    length = max(sides(quad)[1 if vertical else 0], 1.0)
    boxes = []
    for begin, end in spans:
        # At least a pixel wide, and inside the line.
        first = min(max(begin / length, 0.0), 1.0 - 1.0 / max(length, 2.0))
        last = min(max(end / length, first + 1.0 / max(length, 2.0)), 1.0)
        corners = np.array(
            [
                near + part * (far - near)
                for near, far in ((begin_near, end_near), (begin_far, end_far))
                for part in (first, last)
            ]
        )
        boxes.append(surrounding(corners, width, height))
    return tuple(boxes)
