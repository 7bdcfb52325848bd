"""A photographed sheet on its way through reading: as a scan before it, and with its place on the photograph after it.

The reading's boxes are fractions of the sheet seen straight, like those of any upright page; its corners say where that
page lies on the photograph.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from dossier.reading import Reading
from pipeline.cleaning.perspective import (
    PhotographedSheet,
    Points,
    as_corners,
    mapped,
    page_corners,
    page_size,
    seen_straight,
)
from pipeline.cleaning.upright import Picture
from pipeline.cleaning.upright_page import UprightPage
from pipeline.files.decode import Scan
from pipeline.files.paper import a4_dpi

_CERTAIN, _LEAST_PRINT = 0.8, 8
"""Confidence of a line, and characters in such lines, that prove print."""


def as_scanned(photograph: Scan, sheet: PhotographedSheet) -> Scan:
    """The sheet as if it had been scanned, with a little of the desk around it.

    Its dpi is that of an A4 sheet: what a camera writes there says nothing about the paper.
    """
    height, width = photograph.picture.shape[:2]
    straight = seen_straight(photograph.picture, page_corners(sheet), page_size(sheet, width, height))
    return Scan(straight, a4_dpi(max(page_size(sheet, width, height, margin=False))), dpi_trusted=False)


def bears_print(reading: Reading) -> bool:
    """Whether what was read proves the sheet to be one: light quadrilaterals are in photographs of rooms, too.

    Cut out of such a picture, a window would be all that screens show of it. An empty sheet is left on its desk.
    """
    return sum(len(line.text) for line in reading.lines if line.confidence >= _CERTAIN) >= _LEAST_PRINT


def as_photographed(reading: Reading, sheet: PhotographedSheet, photograph: Scan) -> Reading:
    """What was read on the sheet seen straight, with the corners of the upright page on the photograph."""
    height, width = photograph.picture.shape[:2]
    corners = turned_back(reading, page_size(sheet, width, height))
    return replace(reading, corners=as_corners(mapped(corners, page_corners(sheet)), 1.0, 1.0))


def turned_back(reading: Reading, size: tuple[int, int]) -> Points:
    """Where the corners of the upright page lay before turn and deskew, as fractions of the picture then.

    Args:
        reading: made of it.
        size: width and height of the picture before, pixels.
    """
    ends = (np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) - 0.5) * np.array([reading.width, reading.height])
    angle = math.radians(reading.turn_degrees + reading.deskew_degrees)
    cosine, sine = math.cos(angle), math.sin(angle)
    # The page was turned clockwise about its centre; points are rows here, so this turns them back.
    return np.asarray(ends @ np.array([[cosine, -sine], [sine, cosine]]) / np.array(size) + 0.5, np.float64)


def upright_page(picture: Picture, reading: Reading) -> UprightPage:
    """The page as its reading saw it: cut out of a photograph, or turned and deskewed.

    Args:
        picture: as decoded.
        reading: of that picture.
    """
    if reading.corners is not None:
        return UprightPage(seen_straight(picture, reading.corners, (reading.width, reading.height)))
    return UprightPage(picture, reading.turn_degrees, reading.deskew_degrees)
