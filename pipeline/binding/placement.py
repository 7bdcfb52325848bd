"""Where a stored picture lies on the upright page, as the matrix that a PDF draws it with.

The picture's bytes are not touched: EXIF orientation, quarter turn and deskew are one affine map. It follows the
geometry of a reading: the stored picture stands as its EXIF orientation says, is turned clockwise by quarter turns,
then clockwise by the deskew angle about its centre, and the canvas grows so that no corner is lost.
"""

from __future__ import annotations

import math

from dossier.errors import PageFailed
from dossier.reading import Corners
from pipeline.cleaning.upright import canvas_size
from pipeline.files.affine import Affine

MOST_SQUEEZE = 2.2
"""How far the axes may differ: fax pages have 204 by 98 dots an inch (ITU-T T.4), all else the same in both."""

FLAT = 1e-5
"""Of a picture's side by which the corners of a flat page may be off: they are kept with six decimals."""

# EXIF orientations 1–8 (Exif 2.32, tag 274): stored unit square → oriented unit square, y downward.
_ORIENTED = {
    1: Affine(1, 0, 0, 1, 0, 0),
    2: Affine(-1, 0, 0, 1, 1, 0),
    3: Affine(-1, 0, 0, -1, 1, 1),
    4: Affine(1, 0, 0, -1, 0, 1),
    5: Affine(0, 1, 1, 0, 0, 0),
    6: Affine(0, 1, -1, 0, 1, 0),
    7: Affine(0, -1, -1, 0, 1, 1),
    8: Affine(0, -1, 1, 0, 0, 1),
}


def placement(
    stored: tuple[int, int],
    orientation: int,
    turn_degrees: int,
    deskew_degrees: float,
    canvas: tuple[int, int],
) -> Affine:
    """Where the stored picture lies on the upright page.

    A reading may have been made from the picture at another resolution, or at another for each axis, as faxes have; the
    picture is then stretched to where the reading saw it.

    Args:
        stored: width and height of the stored picture, pixels.
        orientation: its EXIF orientation, 1–8.
        turn_degrees, deskew_degrees: clockwise.
        canvas: width and height of the upright page, pixels.

    Returns:
        The map from PDF's unit square of an image (origin bottom left) to the pixels of the upright page, with PDF's
        origin bottom left too.

    Raises:
        PageFailed: a canvas of that size cannot come from the picture.
    """
    oriented = (stored[1], stored[0]) if orientation >= 5 else stored
    width, height = _seen_size(oriented, turn_degrees, deskew_degrees, canvas)
    downward = Affine(1, 0, 0, -1, 0, 1)  # from a unit square with its origin at the bottom to one at the top
    centred = Affine(width, 0, 0, height, -width / 2, -height / 2)
    cosine, sine = _turn(turn_degrees, deskew_degrees)
    clockwise = Affine(cosine, sine, -sine, cosine, 0, 0)  # y downward: positive angles are clockwise on screen
    on_page = Affine(1, 0, 0, -1, canvas[0] / 2, canvas[1] / 2)
    return downward.then(_ORIENTED[orientation]).then(centred).then(clockwise).then(on_page)


def is_flat(corners: Corners) -> bool:
    """Whether a page's corners are those of a rectangle that lies flat, however turned: no perspective."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = corners
    return max(abs(ax - bx + cx - dx), abs(ay - by + cy - dy)) <= FLAT


def half_placement(corners: Corners, orientation: int, canvas: tuple[int, int]) -> Affine:
    """Where a stored picture lies on the upright page that is half of it; the other half lies beyond the page.

    Args:
        corners: of the page on the picture: a rectangle, however turned.
        orientation: the picture's EXIF orientation, 1–8.
        canvas: width and height of the upright page, pixels.

    Returns:
        As `placement`.
    """
    (x, y), (right_x, right_y), _, (down_x, down_y) = corners
    across, down = (right_x - x, right_y - y), (down_x - x, down_y - y)
    determinant = across[0] * down[1] - across[1] * down[0]
    # The inverse of the map from fractions of the page to fractions of the picture.
    a, b, c, d = (value / determinant for value in (down[1], -across[1], -down[0], across[0]))
    on_fractions = Affine(a, b, c, d, -(a * x + c * y), -(b * x + d * y))
    on_page = Affine(canvas[0], 0, 0, -canvas[1], 0, canvas[1])
    return Affine(1, 0, 0, -1, 0, 1).then(_ORIENTED[orientation]).then(on_fractions).then(on_page)


def _turn(turn_degrees: int, deskew_degrees: float) -> tuple[float, float]:
    """Cosine and sine of both angles together; quarter turns are exact, so that straight pages get whole numbers."""
    angle = math.radians(deskew_degrees)
    cosine, sine = math.cos(angle), math.sin(angle)
    return ((cosine, sine), (-sine, cosine), (-cosine, -sine), (sine, -cosine))[turn_degrees // 90]


def _seen_size(
    oriented: tuple[int, int], turn_degrees: int, deskew_degrees: float, canvas: tuple[int, int]
) -> tuple[float, float]:
    """The size, in pixels of the canvas, that the oriented picture had when the canvas was made from it."""
    expected = canvas_size(*oriented, turn_degrees, deskew_degrees)
    if max(abs(expected[0] - canvas[0]), abs(expected[1] - canvas[1])) <= 1:
        return oriented
    # canvas width = w·|cos| + h·|sin| and height = w·|sin| + h·|cos|, solved for w and h.
    cosine, sine = map(abs, _turn(turn_degrees, deskew_degrees))
    determinant = cosine**2 - sine**2
    width = (canvas[0] * cosine - canvas[1] * sine) / determinant
    height = (canvas[1] * cosine - canvas[0] * sine) / determinant
    squeeze = (width / oriented[0]) / (height / oriented[1]) if min(width, height) > 0 else 0.0
    if not 1 / MOST_SQUEEZE <= squeeze <= MOST_SQUEEZE:
        raise PageFailed(f"a picture of {oriented} pixels does not make a page of {canvas}")
    return width, height
