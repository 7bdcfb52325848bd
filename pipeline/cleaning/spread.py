"""Two pages on one picture, an opened book or two sheets side by side: where the gutter runs, and each half of it.

The cut needs something of paper, not of print: a fold, a shadow or a gap that runs from the top of the picture to its
bottom near the middle, and nothing printed that crosses it. Two columns on one wide sheet are not two pages, and a
ruled line ends before the sheet does.
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

_INK = 35
"""Grey levels below the column's own paper from which on a pixel in the gutter is ink that crosses it."""


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
    if _is_crossed(part, stripes, min(places), max(places)):
        return None
    cut: float = (middle - reach - around + place + 0.5) / small.shape[1]
    return round(cut, 5)


def _depths(profile: NDArray[np.float32], around: int) -> NDArray[np.float32]:
    """How much darker each place is than the lighter paper to its left and to its right, the lesser of both."""
    left, right = np.zeros_like(profile), np.zeros_like(profile)
    for distance in range(2, around + 1):
        left[distance:] = np.maximum(left[distance:], profile[:-distance])
        right[:-distance] = np.maximum(right[:-distance], profile[distance:])
    return np.asarray(np.minimum(left, right) - profile, np.float32)


def _is_crossed(part: NDArray[np.float32], stripes: list[NDArray[np.float32]], first: int, last: int) -> bool:
    """Whether anything is printed where the gutter runs: a table's line, a title set across both pages."""
    start, stop = max(first - 3, 0), last + 4
    own = np.concatenate([np.broadcast_to(np.median(stripe, axis=0), stripe.shape) for stripe in stripes])
    ink = (own - part)[:, start:stop] > _INK
    # A speck of dust in the fold is one or two rows high; a line of the thinnest table crosses all columns.
    return bool((ink.mean(axis=1) > 0.5).any() or ink.mean() > 0.004)


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
