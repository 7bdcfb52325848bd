"""A sheet photographed on a desk: whether a picture is one, where the sheet's corners lie, and the sheet seen straight.

Looked for on a small picture: what is lighter than the frame all round, a single convex shape of four straight sides.
Each side is then found again on a finer picture, as the line through the steepest steps from desk to paper. The aspect
of the sheet follows from its corners where the perspective is strong enough to tell (Zhang and He, Whiteboard Scanning
and Image Enhancement, Digital Signal Processing 17, 2007), and is that of A4 where it is close to it.

A scan is never meant: a page that fills the picture has paper at its edges, and a rectangle that stands straight or
slightly askew before a scanner's dark lid is left to the deskew.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dossier.reading import Corners
from pipeline.cleaning.upright import Picture, reduced

Points = NDArray[np.float64]

SURE = 0.8
"""The least confidence with which a sheet is cut out."""

MARGIN = 0.012
"""Of the sheet's long side, kept around it: a corner that is bent, or an edge that bulges, is still on the page."""

LEAST_PERSPECTIVE = 1.5
"""Degrees by which a corner must differ from a right angle: a feeder's skew leaves them right."""

LEAST_BEFORE_BLACK = 3.0
"""The same before an even black ground, which is what a scanner with its lid open sees around a book."""

LEAST_SPIN = 8.0
"""Degrees; a rectangle that lies further askew than the deskew reaches is set straight like a photograph."""

_LONG_SIDE, _FINE_SIDE = 400, 1200
"""Pixels of the picture in which the sheet is looked for, and of that in which its sides are measured."""

_BLACK, _EVEN = 45, 6.0
"""Grey level, and deviation, up to which the ground could be the inside of a scanner."""

_ROUGHLY = 0.8
"""Degrees: how well angles are known from the small picture, a pixel in 200."""

_LEAST_SHARE, _MOST_SHARE = 0.12, 0.93
"""Of the picture that the sheet takes up."""

_LEAST_STEP = 25
"""Grey levels between desk and paper: less may be a shadow."""

_SHEET = math.sqrt(2)
_USUAL_LENS = 1.1
"""Focal length over the picture's long side: between a telephone's (0.75) and a document camera's."""

_NEAR = 0.06
"""How far a measured aspect may be from ISO 216's, of which A4 is the one on desks, to be taken for it."""


@dataclass(frozen=True, slots=True)
class PhotographedSheet:
    """A sheet found on a photograph.

    Attributes:
        corners: of the sheet, as it lies: the first one is at the upper left of the picture.
        confidence: 0–1: the least share of any side that runs along its line.
        aspect: width over height of the paper.
    """

    corners: Corners
    confidence: float
    aspect: float


def find_sheet(picture: Picture) -> PhotographedSheet | None:
    """The sheet on a photograph; None for a scan, and wherever it is not sure.

    Args:
        picture: as decoded.
    """
    height, width = picture.shape[:2]
    small = _grey(picture, _LONG_SIDE)
    if min(small.shape) < _LONG_SIDE // 4:
        return None  # a strip
    ground = _ground(small)
    if ground is None:
        return None
    rough = _outline(small, ground)
    is_black = ground.level <= _BLACK and ground.spread <= _EVEN
    if rough is None or not _is_photographed(rough, is_black=is_black, slack=_ROUGHLY):
        return None
    fine = _grey(picture, _FINE_SIDE)
    found = _measured(fine, rough * (np.array(fine.shape[::-1]) / np.array(small.shape[::-1])))
    if found is None:
        return None
    points, confidence = found
    seen = points * (np.array([width, height]) / np.array(fine.shape[::-1]))
    is_inside = bool((seen >= 0).all() and (seen <= np.array([width, height])).all())
    if confidence < SURE or not is_inside or not _is_photographed(seen, is_black=is_black):
        return None
    return PhotographedSheet(as_corners(seen, width, height), round(confidence, 3), _aspect(seen, width, height))


def as_corners(points: Points, width: float, height: float) -> Corners:
    """Corners in pixels as fractions of a picture of that size."""
    first, second, third, fourth = (
        (round(float(x) / width, 6), round(float(y) / height, 6)) for x, y in np.asarray(points)
    )
    return first, second, third, fourth


def mapped(points: Points, corners: Corners) -> Points:
    """Where points of the page (n, 2), as fractions of it, lie on the photograph, as fractions of that."""
    moved = cv2.perspectiveTransform(np.asarray(points, np.float64)[None], _from_page(corners))
    return np.asarray(moved[0], np.float64)


def page_corners(sheet: PhotographedSheet) -> Corners:
    """Where the corners of the page lie that shows the sheet with its margin; as fractions of the photograph."""
    x, y = _margins(sheet.aspect)
    beyond = np.array([[-x, -y], [1 + x, -y], [1 + x, 1 + y], [-x, 1 + y]])
    return as_corners(mapped(beyond, sheet.corners), 1.0, 1.0)


def page_size(sheet: PhotographedSheet, width: int, height: int, *, margin: bool = True) -> tuple[int, int]:
    """Width and height, in pixels, at which the sheet keeps the detail of its longer sides.

    Args:
        sheet: as found.
        width, height: of the photograph, pixels.
        margin: whether the margin counts too.
    """
    points = np.array(sheet.corners) * np.array([width, height])
    sides = np.linalg.norm(points - np.roll(points, -1, axis=0), axis=1)
    # The nearer side of each pair, whichever shows the paper larger; the other direction follows from the aspect.
    across = max(sides[0], sides[2], max(sides[1], sides[3]) * sheet.aspect)
    # Seen very obliquely, the page would grow without anything more in it.
    across = min(across, math.sqrt(1.5 * width * height * sheet.aspect))
    down = across / sheet.aspect
    x, y = _margins(sheet.aspect) if margin else (0.0, 0.0)
    return max(round(across * (1 + 2 * x)), 1), max(round(down * (1 + 2 * y)), 1)


def seen_straight(picture: Picture, corners: Corners, size: tuple[int, int]) -> Picture:
    """The page that the corners enclose, as if it had been scanned.

    Args:
        picture: the photograph.
        corners: of the page on it; the first one becomes the page's top left.
        size: width and height of the page, pixels.
    """
    height, width = picture.shape[:2]
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])  # pixel centres lie half a pixel inside of the edges
    matrix = np.diag([width, height, 1.0]) @ _from_page(corners) @ np.diag([1 / size[0], 1 / size[1], 1.0])
    straight = cv2.warpPerspective(
        picture,
        np.linalg.inv(half) @ matrix @ half,
        size,
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(straight, np.uint8)


def _margins(aspect: float) -> tuple[float, float]:
    """The margin as fractions of the sheet's width and height: on paper it is equally wide on all sides."""
    longest = max(aspect, 1.0)
    return MARGIN * longest / aspect, MARGIN * longest


def _from_page(corners: Corners) -> NDArray[np.float64]:
    """The homography from fractions of the page to fractions of the photograph."""
    page = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(page, np.array(corners, np.float32)), np.float64)


def _grey(picture: Picture, long_side: int) -> NDArray[np.uint8]:
    """The picture in grey, its long side reduced to that many pixels."""
    # Three in four pixels or more are left out first: to average all of them costs more than the rest together.
    step = max(max(picture.shape[:2]) // (2 * long_side), 1)
    grey = cv2.cvtColor(np.ascontiguousarray(picture[::step, ::step]), cv2.COLOR_RGB2GRAY)
    return reduced(np.asarray(grey, np.uint8), long_side / max(grey.shape))


@dataclass(frozen=True, slots=True)
class _Ground:
    """What lies around the sheet: its grey level, how much it varies, and the level from which on it is paper."""

    level: float
    spread: float
    paper: int


def _ground(small: NDArray[np.uint8]) -> _Ground | None:
    """What is seen along the picture's edges; None where paper reaches them."""
    strip = max(min(small.shape) // 50, 2)
    sides = (small[:strip].ravel(), small[-strip:].ravel(), small[:, :strip].ravel(), small[:, -strip:].ravel())
    # A smooth picture for the threshold, so that print does not make a class of its own.
    smooth = cv2.medianBlur(small, 9)
    paper, _ = cv2.threshold(smooth, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    if any(np.count_nonzero(side > paper) > 0.1 * len(side) for side in sides):
        return None
    edge = np.concatenate(sides)
    level = float(np.median(edge))
    return _Ground(level, float(np.median(np.abs(edge - level))) * 1.48, int(paper))


def _outline(small: NDArray[np.uint8], ground: _Ground) -> Points | None:
    """The four corners of the one light shape, roughly; None where it is none, or not the only one."""
    light = (cv2.medianBlur(small, 3) > ground.paper).astype(np.uint8)
    # Print must not part the sheet: strokes and seals are closed, but no more than the desk between two sheets.
    light = cv2.morphologyEx(light, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    light = cv2.morphologyEx(light, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    contours, _ = cv2.findContours(light, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    areas = [cv2.contourArea(contour) for contour in contours]
    largest = int(np.argmax(areas))
    hull = cv2.convexHull(contours[largest])
    area, whole = cv2.contourArea(hull), small.shape[0] * small.shape[1]
    others = sum(areas) - areas[largest]
    # Something else that is light, a second sheet, a card: what is cut away might be what matters.
    if not _LEAST_SHARE * whole <= area <= _MOST_SHARE * whole or others > 0.01 * area:
        return None
    if areas[largest] < 0.96 * area:
        return None
    length = cv2.arcLength(hull, True)
    quadrilateral = cv2.approxPolyDP(hull, 0.03 * length, True)[:, 0].astype(np.float64)
    if len(quadrilateral) != 4 or cv2.contourArea(quadrilateral.astype(np.float32)) < 0.95 * area:
        return None
    return _in_order(quadrilateral + 0.5)


def _in_order(points: Points) -> Points:
    """Clockwise on screen, beginning at the upper left."""
    angles = np.arctan2(*(points - points.mean(axis=0)).T[::-1])
    clockwise = points[np.argsort(angles)]
    return np.roll(clockwise, -int(np.argmin(clockwise.sum(axis=1))), axis=0)


def _measured(fine: NDArray[np.uint8], rough: Points) -> tuple[Points, float] | None:
    """The corners where the measured sides meet, pixels, and the least share of a side that lies on its line."""
    reach = max(fine.shape) // 70
    soft = cv2.GaussianBlur(fine, (0, 0), 1.2)
    sides = []
    shares = []
    for start, end in zip(rough, np.roll(rough, -1, axis=0), strict=True):
        side = _side(soft, start, end, reach)
        if side is None:
            return None
        sides.append(side[0])
        shares.append(side[1])
    corners = np.array([np.cross(sides[place - 1], sides[place]) for place in range(4)])
    if (np.abs(corners[:, 2]) < 1e-9).any():
        return None
    points = corners[:, :2] / corners[:, 2:]
    if np.abs(points - rough).max() > 2.5 * reach:
        return None
    return points, min(shares)


def _side(soft: NDArray[np.uint8], start: Points, end: Points, reach: int) -> tuple[Points, float] | None:
    """The line of a side as (a, b, c) of ax + by + c = 0, and the share of it that runs along that line."""
    along = (end - start) / np.linalg.norm(end - start)
    inward = np.array([-along[1], along[0]])  # clockwise on screen: the sheet lies to the right of each side
    places = np.linspace(0.04, 0.96, 90)[:, None, None] * (end - start) + start
    steps = np.arange(-reach, reach + 1)[None, :, None] * inward
    samples = (places + steps - 0.5).astype(np.float32)
    levels = cv2.remap(soft, samples, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    # From the mean of three pixels outside to the mean of three inside: lines of a pixel are no edge.
    sums = np.cumsum(np.pad(levels, ((0, 0), (1, 0))), axis=1)
    means = (sums[:, 3:] - sums[:, :-3]) / 3
    rises = means[:, 4:] - means[:, :-4]
    steepest = rises.argmax(axis=1)
    middles = steepest + 3 - reach  # a rise is between the pixels 1 and 5 of its window
    is_edge = rises.max(axis=1) >= _LEAST_STEP
    if np.count_nonzero(is_edge) < 30:
        return None
    edge = places[:, 0] + middles[:, None] * inward
    kept = edge[is_edge]
    tolerance = max(soft.shape) / 400
    for _ in range(3):
        x, y, px, py = (float(v) for v in cv2.fitLine(kept.astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01).ravel())
        distances = np.abs((edge - np.array([px, py])) @ np.array([-y, x]))
        close = is_edge & (distances <= tolerance)
        if np.count_nonzero(close) < 30:
            return None
        kept = edge[close]
    return np.array([-y, x, y * px - x * py]), float(np.mean(close))


def _is_photographed(points: Points, *, is_black: bool, slack: float = 0.0) -> bool:
    """Whether the corners are those of a sheet seen at an angle, and not of one that lay on the glass.

    Args:
        points: clockwise from the upper left, pixels.
        is_black: whether the ground could be a scanner's.
        slack: degrees by which they may be wrong.
    """
    before, after = np.roll(points, 1, axis=0) - points, np.roll(points, -1, axis=0) - points
    cosines = (before * after).sum(axis=1) / (np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1))
    angles = np.degrees(np.arccos(np.clip(cosines, -1, 1)))
    # Seen more obliquely than this, nothing can be read, and what looks like a sheet is none.
    if angles.min() < 50 or angles.max() > 130:
        return False
    off = float(np.abs(angles - 90).max())
    (x, y) = points[1] - points[0]
    spin = abs(math.degrees(math.atan2(y, x)))
    least = LEAST_BEFORE_BLACK if is_black else LEAST_PERSPECTIVE
    return off >= least - slack or spin >= LEAST_SPIN - slack


def _aspect(points: Points, width: int, height: int) -> float:
    """Width over height of the paper."""
    sides = np.linalg.norm(points - np.roll(points, -1, axis=0), axis=1)
    by_sides = float((sides[0] + sides[2]) / (sides[1] + sides[3]))
    by_lens = _aspect_by_lens(points - np.array([width, height]) / 2, max(width, height))
    for paper in (_SHEET, 1 / _SHEET):
        if min(abs(by_lens / paper - 1), abs(by_sides / paper - 1)) <= _NEAR:
            return paper
    # The lens tells more than the sides, but only while it agrees with them roughly.
    return by_lens if 0.75 <= by_lens / by_sides <= 1.33 else by_sides


def _aspect_by_lens(points: Points, long_side: int) -> float:
    """The aspect after Zhang and He: the lens looks at the middle of the picture, where the points count from.

    Sides that are nearly parallel do not tell how far the lens was; then a usual one is assumed.
    """
    # Their numbering: 1 top left, 2 top right, 3 bottom left, 4 bottom right.
    scale = float(np.abs(points).max())
    m1, m2, m4, m3 = (np.array([x / scale, y / scale, 1.0]) for x, y in points)
    k2 = np.cross(m1, m4) @ m3 / (np.cross(m2, m4) @ m3)
    k3 = np.cross(m1, m4) @ m2 / (np.cross(m3, m4) @ m2)
    n2, n3 = k2 * m2 - m1, k3 * m3 - m1
    focal = (_USUAL_LENS * long_side / scale) ** 2
    if min(abs(n2[2]), abs(n3[2])) >= 0.02:
        measured = -(n2[0] * n3[0] + n2[1] * n3[1]) / (n2[2] * n3[2])
        if 0.4 * focal < measured < 10 * focal:
            focal = measured
    across = n2[0] ** 2 / focal + n2[1] ** 2 / focal + n2[2] ** 2
    down = n3[0] ** 2 / focal + n3[1] ** 2 / focal + n3[2] ** 2
    return float(math.sqrt(across / down))
