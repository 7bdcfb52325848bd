"""How far a page stands askew, from the sharpness of its rows of ink.

The score of an angle is the sum of squared differences between neighbouring rows of the ink's profile, summed along
that angle (the differential square sum of Leptonica's skew.c, after Postl 1986): printed lines that lie along the
rows give full and empty rows in turn. Columns are scored in the same way, for vertical text, and decide where they
are much surer. The page must stand on its feet: quarter turns come first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.cleaning.surroundings import dark_surroundings
from pipeline.cleaning.upright import Picture, reduced

LARGEST = 7.0
"""Degrees; what stands further askew is no sheet from a feeder, and is left alone (Leptonica sweeps as far)."""

SMALLEST_CORRECTED = 0.1
"""Degrees. Below it the page is left alone, as Leptonica does: over the width of A4 it moves a line's end by a third
of a millimetre, which harms neither reading nor eye, while turning would blur every stroke."""

SURE = 2.5
"""The least confidence with which a page is turned."""

_LONG_SIDE = 1400
"""Pixels of the reduced picture: A4 at about 120 dpi; finer ones cost time and gain nothing."""

_EDGE = 0.01
"""Of the long side: so close to the picture's border is no print but the end of a shadow, and as straight as it is."""

_SMOOTHING = np.array([1, 4, 6, 4, 1]) / 16
"""Over neighbouring rows of the profile: without it the pixel grid itself makes 0 degrees look sharpest."""

_MOST_INK = 60_000
"""Ink points that are scored; more add time, not certainty."""

_STEPS = ((0.5, LARGEST), (0.1, 0.5), (0.02, 0.1))
"""Step and reach of each sweep around the best angle so far, degrees."""


@dataclass(frozen=True, slots=True)
class Skew:
    """A measured skew.

    Attributes:
        degrees: clockwise turn that sets the page straight; positive means that it stands counter-clockwise.
        confidence: the best angle's score over the median score of all angles; 1 means that no angle stands out.
    """

    degrees: float
    confidence: float

    @property
    def correction(self) -> float:
        """The degrees to turn by: 0.0 where the measurement is unsure or the skew too small to matter."""
        sure = self.confidence >= SURE and abs(self.degrees) < LARGEST
        return self.degrees if sure and abs(self.degrees) >= SMALLEST_CORRECTED else 0.0


def measure_skew(picture: Picture) -> Skew:
    """The skew of a page that stands on its feet; 0 degrees with confidence 0 where there is no ink."""
    ink = _ink(picture)
    amount = int(np.count_nonzero(ink))
    if amount < 50:
        return Skew(0.0, 0.0)
    # Whole columns are left out, or whole rows: the edges that a profile shows stay as sharp as they are.
    thinning = amount // _MOST_INK + 1
    along_lines = _best_angle(ink[:, ::thinning], thinning)
    # Seen from the side, what stands counter-clockwise leans the other way.
    along_columns = _best_angle(ink[::thinning].T, -thinning)
    # Print in rows makes columns too, by chance and not always straight ones; real columns are much surer.
    return along_columns if along_columns.confidence > 3 * along_lines.confidence else along_lines


def _ink(picture: Picture) -> NDArray[np.bool_]:
    """Where the reduced picture is darker than its surroundings."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    grey = reduced(grey, _LONG_SIDE / max(grey.shape))
    # Compared with what is near: neither shading nor coloured paper nor the inside of a photograph is ink.
    ink = cv2.subtract(cv2.blur(grey, (31, 31)), grey) > 20
    found = np.asarray(ink & ~_frame(grey), bool)
    edge = math.ceil(_EDGE * max(grey.shape))
    found[:edge], found[-edge:], found[:, :edge], found[:, -edge:] = False, False, False, False
    return found


def _frame(grey: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where the scanner's dark surroundings reach into the picture: their straight edge is not the page's."""
    # The surroundings darken the local mean for half its window.
    return np.asarray(cv2.dilate(dark_surroundings(grey), np.ones((33, 33), np.uint8)), bool)


def _best_angle(ink: NDArray[np.bool_], spacing: int) -> Skew:
    """The angle along which ink falls into the sharpest rows; the ink's columns stand `spacing` pixels apart."""
    across, along = np.nonzero(ink)
    rows, distances = across.astype(np.float32), (along * spacing).astype(np.float32)
    best, median = 0.0, math.nan
    for step, reach in _STEPS:
        count = round(reach / step)
        angles = [best + step * place for place in range(-count, count + 1)]
        scores = [_score(rows, distances, angle) for angle in angles]
        if math.isnan(median):
            median = float(np.median(scores))
        best, top = angles[int(np.argmax(scores))], max(scores)
    return Skew(round(best, 2), round(top / median, 2))


def _score(rows: NDArray[np.float32], distances: NDArray[np.float32], angle: float) -> float:
    places = rows + distances * np.float32(math.tan(math.radians(angle)))
    places -= places.min()
    profile = np.convolve(np.bincount(places.astype(np.int32)), _SMOOTHING)
    return float(np.sum(np.diff(profile) ** 2))
