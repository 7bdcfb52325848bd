"""Two pages on one picture, an opened book or two sheets side by side: where the gutter runs, and each half of it.

The cut needs something of paper, not of print: a fold, a shadow or a gap that runs from the top of the picture to its
bottom near the middle, and nothing printed that crosses it or comes near. Two columns on one wide sheet are not two
pages, and a ruled line ends before the sheet does. Both halves must bear print in rows: a sheet on its side with the
streak of a dirty glass does not.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from dossier.errors import PageUnreadable
from dossier.reading import Reading
from pipeline.cleaning.perspective import as_corners
from pipeline.cleaning.photograph import turned_back
from pipeline.cleaning.upright import Picture, reduced
from pipeline.files.decode import Scan, decode_page
from pipeline.files.sources import PageSource

_NARROWEST, _WIDEST = 1.15, 1.8
"""Width over height of a picture that may be two pages: A4 side by side are 1.41, two narrow books 1.2."""

_LONG_SIDE = 1000
"""Pixels of the picture that is looked at: a fold is a few of them wide, the letters are still apart."""

_MIDDLE = 0.07
"""Share of the width, to each side of the middle, in which the gutter must lie."""

_BANDS = 40
"""Stripes of the height, in each of which the gutter must show."""

_DEPTH = 6
"""Grey levels by which the gutter is darker than the paper at both its sides."""

_WANDER = 0.012
"""Share of the width by which the gutter may lean or bend, to each side of its mean place."""

_FAINT, _LETTER, _STRIPS = 20, 40, 6
"""Grey levels that print is darker than its surroundings, pixels of its largest letters, strips of a half."""

_LEAST_PRINT = 0.001
"""Share of a half that is print: a line or two."""

_MARGIN = 0.015
"""Share of the width that is free of print to each side of the gutter: 6 mm of two A4 sheets."""

_INK = 35
"""Grey levels below the column's own paper from which on a pixel there is ink."""


def find_gutter(picture: Picture) -> float | None:
    """Where two pages on a picture part, as a fraction of its width; None where they are not surely two.

    Args:
        picture: as decoded.
    """
    height, width = picture.shape[:2]
    if not _NARROWEST <= width / height <= _WIDEST or width < 2 * _BANDS:
        return None
    step = max(width // (2 * _LONG_SIDE), 1)
    grey = cv2.cvtColor(np.ascontiguousarray(picture[::step, ::step]), cv2.COLOR_RGB2GRAY)
    small = reduced(np.asarray(grey, np.uint8), _LONG_SIDE / grey.shape[1])
    middle, reach, wander = small.shape[1] // 2, round(_MIDDLE * small.shape[1]), round(_WANDER * small.shape[1])
    # The paper of each column in each stripe: print covers less than half of any.
    around = 4 * wander
    part = small[:, middle - reach - around : middle + reach + around + 1].astype(np.float32)
    stripes = np.array_split(part, _BANDS)
    paper = np.array([np.percentile(stripe, 75, axis=0) for stripe in stripes])
    depths = _depths(np.median(paper, axis=0), around)[around:-around]
    if depths.max() < _DEPTH:
        return None
    # Of a gap as wide as a finger, the middle of what is nearly as deep.
    place = around + int(np.median(np.nonzero(depths >= 0.9 * depths.max())[0]))
    places = []
    for stripe in paper:
        own = _depths(stripe, around)[place - wander : place + wander + 1]
        if own.max() < _DEPTH / 2:
            return None
        places.append(place - wander + int(own.argmax()))
    margin = round(_MARGIN * small.shape[1])
    if _is_printed(part, stripes, min(places) - margin, max(places) + margin + 1):
        return None
    column = middle - reach - around + place
    if not all(_stands_upright(side) for side in (small[:, : column - margin], small[:, column + margin :])):
        return None
    cut: float = (column + 0.5) / small.shape[1]
    return round(cut, 5)


def _depths(profile: NDArray[np.float32], around: int) -> NDArray[np.float32]:
    """How much darker each place is than the lighter paper to its left and to its right, the lesser of both."""
    left, right = np.zeros_like(profile), np.zeros_like(profile)
    for distance in range(2, around + 1):
        left[distance:] = np.maximum(left[distance:], profile[:-distance])
        right[:-distance] = np.maximum(right[:-distance], profile[distance:])
    return np.asarray(np.minimum(left, right) - profile, np.float32)


def _is_printed(part: NDArray[np.float32], stripes: list[NDArray[np.float32]], start: int, stop: int) -> bool:
    """Whether anything is printed in or close to the gutter: a table's line or a title that crosses it.

    Between the lines of a page that lies on its side there is room for a scanner's streak, but not for two margins.
    """
    own = np.concatenate([np.broadcast_to(np.median(stripe, axis=0), stripe.shape) for stripe in stripes])
    ink = (own - part)[:, start:stop] > _INK
    # A speck of dust in the fold is a few pixels; a line of the thinnest table crosses all columns.
    return bool((ink.mean(axis=1) > 0.5).any() or ink.mean() > 0.004)


def _stands_upright(side: NDArray[np.uint8]) -> bool:
    """Whether a half bears print in rows, as a page does that stands on its feet.

    One sheet on its side has columns, or print in one half only; an empty page beside a printed one stays with it.
    """
    rim = side.shape[1] // 25
    ink = (cv2.subtract(cv2.blur(side, (31, 31)), side) > _FAINT).astype(np.uint8)[rim:-rim, rim:-rim]
    _, labels, found, _ = cv2.connectedComponentsWithStats(ink)
    # Letters, not rules: the lines of a table run both ways.
    letters = (found[:, 2] <= _LETTER) & (found[:, 3] <= _LETTER)
    print_ = letters[labels] & (ink > 0)
    if print_.mean() < _LEAST_PRINT:
        return False
    # In strips, so that a page a little askew still has sharp rows.
    rows = sum(_sharpness(strip.mean(axis=1)) for strip in np.array_split(print_, _STRIPS, axis=1))
    columns = sum(_sharpness(strip.mean(axis=0)) for strip in np.array_split(print_, _STRIPS, axis=0))
    return rows > columns


def _sharpness(profile: NDArray[np.float64]) -> float:
    """Mean squared difference between neighbours, as the deskew scores an angle."""
    return float(np.mean(np.diff(profile) ** 2))


def parted(path: Path, pages: Sequence[PageSource]) -> tuple[PageSource, ...]:
    """The pages of a file, those that are surely two on one picture each as its left and its right half.

    Args:
        path: the file.
        pages: as its format announces them.
    """
    return tuple(itertools.chain.from_iterable(_parts(path, page) for page in pages))


def _parts(path: Path, page: PageSource) -> tuple[PageSource, ...]:
    if page.kind not in ("picture", "pdf_picture") or not _NARROWEST <= page.width / page.height <= _WIDEST:
        return (page,)
    try:
        cut = find_gutter(decode_page(path, page.index).picture)
    except PageUnreadable:
        return (page,)  # its reading will say so
    if cut is None:
        return (page,)
    left = round(cut * page.width)
    return (
        replace(page, width=left, part="left", cut=cut),
        replace(page, width=page.width - left, part="right", cut=cut),
    )


def half(scan: Scan, source: PageSource) -> Scan:
    """The half of a scan that a page is."""
    left, right = _edges(scan.picture.shape[1], source)
    return Scan(np.ascontiguousarray(scan.picture[:, left:right]), scan.dpi, scan.dpi_trusted)


def as_half(reading: Reading, source: PageSource, scan: Scan) -> Reading:
    """What was read on a half, with the corners of the upright page on the whole scan."""
    height, width = scan.picture.shape[:2]
    left, right = _edges(width, source)
    corners = turned_back(reading, (right - left, height)) * np.array([right - left, 1.0]) + np.array([left, 0.0])
    return replace(reading, corners=as_corners(corners, width, 1.0))


def _edges(width: int, source: PageSource) -> tuple[int, int]:
    """First column of the half, and the one behind its last."""
    cut = round(source.cut * width)
    return (0, cut) if source.part == "left" else (cut, width)
