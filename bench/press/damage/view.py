"""Where a point of a sheet lies on a scan: 3 × 3 matrices on continuous pixel coordinates, exact for perspective, too.

Coordinates are edges, not pixel centres: a picture of `width` pixels reaches from 0 to `width`.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
"""A homography: float64 array (3, 3), acting on columns (x, y, 1)."""

Points = NDArray[np.float64]
"""float64 array (n, 2): x and y in pixels."""

Quad = list[list[float]]
"""Four corners [x, y]: top left, top right, bottom right, bottom left of what was printed, wherever they lie now."""


def moved(x: float, y: float) -> Matrix:
    """A move by (x, y) pixels."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def scaled(x: float, y: float) -> Matrix:
    """A stretch about the origin."""
    return np.diag([x, y, 1.0])


def skewed(degrees: float, centre: tuple[float, float]) -> Matrix:
    """A turn about a point, counter-clockwise as seen on screen."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turn = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]], np.float64)
    return moved(*centre) @ turn @ moved(-centre[0], -centre[1])


def quarter(degrees: int, width: float, height: float) -> Matrix:
    """A turn of a whole picture of that size by 0, 90, 180 or 270 degrees counter-clockwise, onto its new canvas."""
    turns: dict[int, list[list[float]]] = {
        0: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        90: [[0, 1, 0], [-1, 0, width], [0, 0, 1]],
        180: [[-1, 0, width], [0, -1, height], [0, 0, 1]],
        270: [[0, -1, height], [1, 0, 0], [0, 0, 1]],
    }
    return np.array(turns[degrees], np.float64)


def perspective(source: Quad, target: Quad) -> Matrix:
    """The homography that takes four points to four others."""
    matrix = cv2.getPerspectiveTransform(np.array(source, np.float32), np.array(target, np.float32))
    return np.asarray(matrix, np.float64)


def corners_of(box: tuple[float, float, float, float]) -> Quad:
    """The corners of a rectangle (x0, y0, x1, y1)."""
    x0, y0, x1, y1 = box
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]


def taken(points: Points, matrix: Matrix) -> Points:
    """Where points come to lie."""
    lying = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return np.asarray(lying[:, :2] / lying[:, 2:], np.float64)


def seen(quad: Quad, matrix: Matrix) -> Quad:
    """Where corners come to lie, rounded to hundredths of a pixel."""
    return [[round(x, 2), round(y, 2)] for x, y in taken(np.array(quad, np.float64), matrix).tolist()]


def box_around(quad: Quad) -> list[float]:
    """The smallest upright rectangle [x0, y0, x1, y1] around points."""
    xs, ys = [point[0] for point in quad], [point[1] for point in quad]
    return [min(xs), min(ys), max(xs), max(ys)]


def warped(
    picture: NDArray[np.uint8], matrix: Matrix, size: tuple[int, int], surround: tuple[int, int, int] | None
) -> NDArray[np.uint8]:
    """A picture seen through a matrix on a canvas of (width, height); what lies outside has the colour `surround`.

    With None for a colour, the picture's own edge goes on.
    """
    # OpenCV counts from pixel centres.
    centred = moved(-0.5, -0.5) @ matrix @ moved(0.5, 0.5)
    mode = cv2.BORDER_REPLICATE if surround is None else cv2.BORDER_CONSTANT
    return np.asarray(
        cv2.warpPerspective(
            picture, centred, size, flags=cv2.INTER_CUBIC, borderMode=mode, borderValue=surround or (0, 0, 0)
        ),
        np.uint8,
    )
