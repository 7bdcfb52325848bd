"""Whether a scanned side is nothing but paper.

A verdict is only ever a flag: the page stays in the dossier. What is ignored are the things that empty paper brings
along: its own shade, the scanner's frame and edge shadows, punch holes, specks, and faint print that shines through
from the other side. What counts as content is a single mark of the size of a small digit, so that a side with nothing
but a page number, a signature or a seal is not blank.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from pipeline.cleaning.upright import Picture, reduced

_DPI = 100
"""Of the reduced picture that is looked at."""

_CONTRAST = 40
"""Grey levels (of 255) below the paper around it from which on a pixel is ink. Print that shines through office paper
of 80 g/m² stays below; pencil does not."""

_MARGIN = 5.0
"""Millimetres along each edge that are the scanner's, not the page's."""

_HOLE = (4.0, 8.5)
"""Millimetres: smallest and largest diameter of a punched or filed hole (ISO 838: 6 ± 0.5)."""

_HOLE_DISTANCE = 25.0
"""Millimetres from the page's edge within which holes are punched (ISO 838: 12 ± 1 to the centre)."""

_MARK = (1.5, 0.25)
"""Millimetres and square millimetres: the least extent and the least inked area of a mark, a digit of 8 points."""


def is_blank(picture: Picture, dpi: float) -> bool:
    """Whether a page shows nothing but paper.

    Args:
        picture: uint8 array (height, width, 3), RGB; it may lie any way up.
        dpi: its resolution, pixels an inch.
    """
    scale = min(1.0, _DPI / dpi)
    # The darkest channel: blue pencil and red seals are ink too.
    grey = reduced(picture, scale).min(axis=2)
    millimetre = dpi * scale / 25.4
    window = round(12 * millimetre) | 1
    # The paper is what is brightest nearby, smoothed; large dark areas keep their edges and so count as content.
    paper = cv2.blur(cv2.dilate(cv2.medianBlur(grey, 3), np.ones((window, window), np.uint8)), (window, window))
    ink = (paper.astype(np.int16) - grey > _CONTRAST).astype(np.uint8)
    height, width = ink.shape
    margin = round(_MARGIN * millimetre)
    ink[:margin], ink[height - margin :], ink[:, :margin], ink[:, width - margin :] = 0, 0, 0, 0
    # Strokes of one letter that the scan broke apart belong together.
    joined = cv2.dilate(ink, np.ones((3, 3), np.uint8))
    count, labels, found, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    areas = np.bincount(labels[ink > 0], minlength=count) / millimetre**2
    for mark in range(1, count):
        left, top, across, down = (int(value) for value in found[mark][:4])
        extent = (max(across, down) - 2) / millimetre
        if extent < _MARK[0] or areas[mark] < _MARK[1]:
            continue
        edge = min(left, top, width - left - across, height - top - down) / millimetre
        if edge < _HOLE_DISTANCE and _is_hole(across / millimetre, down / millimetre, areas[mark]):
            continue
        # Shadows run along an edge of the sheet: long, thin, and starting in the margin.
        if edge <= _MARGIN + 1 and extent > 15 and min(across, down) / millimetre < 4:
            continue
        return False
    return True


def _is_hole(across: float, down: float, area: float) -> bool:
    """Whether a mark is a filled disc of a hole's size; sizes in millimetres, area in square millimetres."""
    smallest, largest = _HOLE
    round_enough = 0.75 < across / down < 1.33
    disc = math.pi / 4 * across * down
    return smallest <= max(across, down) <= largest and round_enough and area > 0.7 * disc
