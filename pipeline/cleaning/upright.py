"""Setting a scan upright: turned by quarter turns, then by a small angle, on a canvas grown so that nothing is lost.

The geometry is that of a reading (dossier/reading.py): both angles clockwise as seen on screen, the scan's centre on
the centre of the canvas.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""A picture: uint8 array (height, width, 3), RGB."""

WHITE = (255, 255, 255)
"""The paper of a grown canvas."""

_ROTATIONS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


def reduced(picture: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """A picture made smaller, at least one pixel each way; the picture itself for a scale of 1 or more.

    It is halved by averaging as often as that goes, which takes a tenth of the time of averaging over broken pixels;
    the rest is interpolated, and no pixel is passed over.
    """
    if scale >= 1.0:
        return picture
    height, width = picture.shape[:2]
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    while picture.shape[1] >= 2 * size[0] and picture.shape[0] >= 2 * size[1]:
        half = (picture.shape[1] // 2, picture.shape[0] // 2)
        picture = np.asarray(cv2.resize(picture, half, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def canvas_size(width: int, height: int, turn_degrees: int, deskew_degrees: float) -> tuple[int, int]:
    """Width and height, in pixels, of the upright canvas of a scan of `width` × `height` pixels.

    Raises:
        ValueError: `turn_degrees` is not 0, 90, 180 or 270.
    """
    if turn_degrees not in (0, 90, 180, 270):
        raise ValueError(f"not a quarter turn: {turn_degrees}")
    if turn_degrees in (90, 270):
        width, height = height, width
    cosine, sine = math.cos(math.radians(deskew_degrees)), abs(math.sin(math.radians(deskew_degrees)))
    return math.ceil(width * cosine + height * sine), math.ceil(width * sine + height * cosine)


def quarter_turned(picture: Picture, turn_degrees: int) -> Picture:
    """The picture turned clockwise by 0, 90, 180 or 270 degrees, without loss; the picture itself for 0."""
    if turn_degrees == 0:
        return picture
    return np.asarray(cv2.rotate(picture, _ROTATIONS[turn_degrees]), np.uint8)


def deskewed(picture: Picture, deskew_degrees: float) -> Picture:
    """The picture turned clockwise by a small angle on a grown white canvas; the picture itself if the angle is 0."""
    if deskew_degrees == 0.0:
        return picture
    height, width = picture.shape[:2]
    canvas = canvas_size(width, height, 0, deskew_degrees)
    cosine, sine = math.cos(math.radians(deskew_degrees)), math.sin(math.radians(deskew_degrees))
    # OpenCV counts from pixel centres: the centre of `width` pixels is at (width - 1) / 2.
    from_x, from_y = (width - 1) / 2, (height - 1) / 2
    to_x, to_y = (canvas[0] - 1) / 2, (canvas[1] - 1) / 2
    matrix = np.array(
        [
            [cosine, -sine, to_x - cosine * from_x + sine * from_y],
            [sine, cosine, to_y - sine * from_x - cosine * from_y],
        ]
    )
    turned = cv2.warpAffine(
        picture, matrix, canvas, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=WHITE
    )
    return np.asarray(turned, np.uint8)


def make_upright(picture: Picture, turn_degrees: int, deskew_degrees: float) -> Picture:
    """The scan set upright; its shape is that of `canvas_size`."""
    return deskewed(quarter_turned(picture, turn_degrees), deskew_degrees)
