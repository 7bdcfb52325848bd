"""Upright rectangles on a page, y downward."""

from __future__ import annotations

from typing import TypeAlias

from pipeline.files.affine import Affine

Rectangle: TypeAlias = tuple[float, float, float, float]
"""x0, y0, x1, y1; not empty where x0 ≤ x1 and y0 ≤ y1, so that a line without thickness is one."""


def placed(matrix: Affine, left: float, bottom: float, right: float, top: float) -> Rectangle:
    """The upright box around a rectangle after `matrix`."""
    corners = [matrix.apply(x, y) for x in (left, right) for y in (bottom, top)]
    across, down = [x for x, _ in corners], [y for _, y in corners]
    return min(across), min(down), max(across), max(down)


def meet(one: Rectangle, other: Rectangle) -> Rectangle:
    """What two rectangles share; x1 < x0 or y1 < y0 where that is nothing."""
    return max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])


def around(one: Rectangle, other: Rectangle) -> Rectangle:
    """The smallest rectangle around two."""
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def is_there(box: Rectangle) -> bool:
    """Whether a rectangle is not empty; a line without thickness is there."""
    return box[0] <= box[2] and box[1] <= box[3]


def area(box: Rectangle) -> float:
    """Its area; 0.0 where it is empty."""
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)
