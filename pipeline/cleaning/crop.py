"""A cropped page on its way through reading: the part of the whole page that a person has called the page.

The whole page stays as it was set upright when the person drew on it: it is neither turned nor deskewed anew, unless
they say how it lies. So what was drawn on the whole page lies on the part by shifting and stretching alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dossier.reading import Corners, Reading
from pipeline.cleaning.perspective import as_corners, mapped, seen_straight
from pipeline.cleaning.photograph import turned_back
from pipeline.files.decode import Scan
from pipeline.files.sources import CroppedPage


def turn_of(cropped: CroppedPage, turn: int | None) -> int:
    """How the scan is turned for a cropped page: as it was when it was cropped, unless a person says otherwise."""
    return cropped.whole.turn_degrees if turn is None else turn


def part_of(scan: Scan, cropped: CroppedPage, turn: int | None) -> Scan:
    """The part of a scan that is the page, upright.

    Args:
        scan: as decoded, all of it.
        cropped: which part.
        turn: by how many degrees, clockwise, the scan stands upright, where a person has said so.
    """
    whole, box = cropped.whole, cropped.crop.box
    size = (
        max(round((box.x1 - box.x0) * whole.width), 1),
        max(round((box.y1 - box.y0) * whole.height), 1),
    )
    if (turn_of(cropped, turn) - whole.turn_degrees) % 180:
        size = size[::-1]
    straight = seen_straight(scan.picture, _corners(scan, cropped, turn), size)
    return Scan(straight, whole.dpi, scan.dpi_trusted)


def as_cropped(reading: Reading, scan: Scan, cropped: CroppedPage, turn: int | None) -> Reading:
    """What was read on the part, with the turn and skew of the whole page, and the part's corners on the scan."""
    return replace(
        reading,
        turn_degrees=turn_of(cropped, turn),
        skew_degrees=cropped.whole.skew_degrees,
        deskew_degrees=cropped.whole.deskew_degrees,
        corners=_corners(scan, cropped, turn),
        crop=cropped.crop,
    )


def _corners(scan: Scan, cropped: CroppedPage, turn: int | None) -> Corners:
    height, width = scan.picture.shape[:2]
    whole, box = cropped.whole, cropped.crop.box
    page = whole.corners or as_corners(turned_back(whole, (width, height)), 1.0, 1.0)
    ends = np.array([[box.x0, box.y0], [box.x1, box.y0], [box.x1, box.y1], [box.x0, box.y1]])
    quarters = (turn_of(cropped, turn) - whole.turn_degrees) // 90 % 4
    return as_corners(np.roll(mapped(ends, page), quarters, axis=0), 1.0, 1.0)
