"""A scan seen upright: quarter turn and deskew are a map that is followed only where somebody looks.

Turning a whole page takes longer than anything else before OCR, and most of the turned pixels would never be used: the
text models need the page at a third of its size, screens at two thirds, and the recogniser its lines one by one. Each
of them is taken from the scan directly, so that every pixel is interpolated once.
"""

from __future__ import annotations

import math
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.cleaning.upright import WHITE, Picture, canvas_size, make_upright, reduced

Matrix = NDArray[np.float64]
"""3 × 3, maps points (x, y, 1); pixels are counted from their corners: the first one's centre is at 0.5."""


class UprightPage:
    """An upright page, drawn when asked for.

    Attributes:
        width, height: of the upright canvas, pixels.
    """

    def __init__(self, scan: Picture, turn_degrees: int = 0, deskew_degrees: float = 0.0) -> None:
        """Draws nothing yet.

        Args:
            scan: uint8 array (height, width, 3), RGB.
            turn_degrees: 0, 90, 180 or 270, clockwise.
            deskew_degrees: clockwise, after the quarter turn.

        Raises:
            ValueError: `turn_degrees` is none of these.
        """
        height, width = scan.shape[:2]
        self._scan = scan
        self._turn, self._deskew = turn_degrees, deskew_degrees
        self.width, self.height = canvas_size(width, height, turn_degrees, deskew_degrees)
        self._to_scan = _to_scan((self.width, self.height), (width, height), turn_degrees, deskew_degrees)

    @cached_property
    def _halved(self) -> tuple[Picture, ...]:
        """The scan, and the scan halved once and twice: what a smaller picture is drawn from, so that no thin stroke
        falls between its pixels."""
        half = reduced(self._scan, 0.5)
        return self._scan, half, reduced(half, 0.5)

    def pixels(self) -> Picture:
        """The whole page at the scan's resolution."""
        return make_upright(self._scan, self._turn, self._deskew)

    def reduced(self, side: int) -> Picture:
        """The page with its long side of at most `side` pixels."""
        scale = min(side / max(self.width, self.height), 1.0)
        return self.drawn(max(round(self.width * scale), 1), max(round(self.height * scale), 1))

    def drawn(self, width: int, height: int, part: tuple[int, int, int, int] | None = None) -> Picture:
        """The page, or a rectangle of it, as a picture of a given size.

        Args:
            width, height: of the picture, pixels.
            part: left, top, right, bottom in pixels of the upright page; by default all of it.
        """
        left, top, right, bottom = part or (0, 0, self.width, self.height)
        across, down = (right - left) / width, (bottom - top) / height
        level = min(max(int(math.log2(max(min(across, down), 1.0))), 0), len(self._halved) - 1)
        source = self._halved[level]
        to_page = np.array([[across, 0, left], [0, down, top], [0, 0, 1]])
        scan_height, scan_width = self._scan.shape[:2]
        to_source = np.diag([source.shape[1] / scan_width, source.shape[0] / scan_height, 1.0])
        if self._turn == 0 and self._deskew == 0.0 and part is None:
            return np.asarray(cv2.resize(source, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
        matrix = _from_centres(to_source @ self._to_scan @ to_page)
        drawn = cv2.warpAffine(
            source,
            matrix[:2],
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=WHITE,
        )
        return np.asarray(drawn, np.uint8)

    def cut_out(self, quad: NDArray[np.float32]) -> Picture:
        """The part of the page inside a quadrilateral, set straight, at the scan's resolution.

        Args:
            quad: four corners (x, y) in pixels of the upright page, clockwise from the part's top left.
        """
        top, right, bottom, left = (float(np.linalg.norm(quad[i] - quad[(i + 1) % 4])) for i in range(4))
        across, down = max(round((top + bottom) / 2), 1), max(round((right + left) / 2), 1)
        corners = np.array([[0, 0], [across, 0], [across, down], [0, down]], np.float32)
        to_page = cv2.getPerspectiveTransform(corners, quad.astype(np.float32))
        cut = cv2.warpPerspective(
            self._scan,
            _from_centres(self._to_scan @ to_page),
            (across, down),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(cut, np.uint8)


def _to_scan(canvas: tuple[int, int], scan: tuple[int, int], turn_degrees: int, deskew_degrees: float) -> Matrix:
    """Maps points of the upright page to points of the scan; the centre stays the centre."""
    angle = math.radians(deskew_degrees)
    cosine, sine = math.cos(angle), math.sin(angle)
    # Exact for quarter turns alone, so that straight pages keep their pixels.
    across, down = ((cosine, sine), (-sine, cosine), (-cosine, -sine), (sine, -cosine))[turn_degrees // 90]
    from_x, from_y = canvas[0] / 2, canvas[1] / 2
    to_x, to_y = scan[0] / 2, scan[1] / 2
    # y runs downward: the scan turned clockwise is the page; back again is counter-clockwise.
    return np.array(
        [
            [across, down, to_x - across * from_x - down * from_y],
            [-down, across, to_y + down * from_x - across * from_y],
            [0, 0, 1],
        ]
    )


def _from_centres(matrix: Matrix) -> Matrix:
    """The same map for OpenCV, which counts pixels from their centres."""
    to_corners = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    to_centres = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    return np.asarray(to_centres @ matrix @ to_corners, np.float64)
