"""From one page of an original to its reading and its upright picture: the stages of reading, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dossier.reading import LabelCandidate, Line, Reading
from pipeline.cleaning.blank import PRINT, is_blank
from pipeline.cleaning.crop import as_cropped, part_of
from pipeline.cleaning.deskew import Skew, measure_skew
from pipeline.cleaning.orientation import SURE, Orientation, OrientationModel
from pipeline.cleaning.perspective import PhotographedSheet, find_sheet
from pipeline.cleaning.photograph import as_photographed, as_scanned, bears_print
from pipeline.cleaning.spread import as_half, half
from pipeline.cleaning.upright import Picture, quarter_turned, reduced
from pipeline.cleaning.upright_page import UprightPage
from pipeline.files.decode import Scan, decode_page
from pipeline.files.pdf_pages import text_reading
from pipeline.files.sources import PageSource
from pipeline.models import check
from pipeline.reading.freed_memory import give_back
from pipeline.reading.ocr import OcrEngine, open_engine
from pipeline.reading.page_corners import numbers_in_corners
from pipeline.reading.page_label import label_candidates

LOW_CONFIDENCE = 0.8
"""Mean confidence of a page below which a person should look. Clean print reads at 0.95 and above."""

_WEAK_LINE = 0.7
_WEAK_SHARE = 0.2
"""Share of characters in weak lines from which on a person should look, whatever the mean is."""

_OVERVIEW_DPI = 150
"""The least that clean-up needs to see."""

_CERTAIN_WORDS = 0.85
"""Confidence of words that prove a page not to be blank; print that shines through reads as nonsense with less."""

_CERTAIN_PRINT = 0.95
"""Confidence of print read the right way round; read in a mirror it may seem certain up to 0.92."""

_LEAST_PRINT = 10
"""Characters read with certainty that tell how a page lies."""

_MIRRORED_PRINT, _TIMES_SURER = 7, 5
"""Characters that must be certain in the mirror, and times as many as are certain without it."""


@dataclass(frozen=True, slots=True)
class PageResult:
    """What became of a page.

    Attributes:
        reading: text, boxes and geometry.
        page: the upright page, as large as the reading says.
    """

    reading: Reading
    page: UprightPage


class PageReader:
    """Reads pages; holds the models, so that a process loads them once."""

    def __init__(self, models: Path, engine: OcrEngine | None = None) -> None:
        """Checks and loads the models.

        Args:
            models: the models folder (pipeline/models.py).
            engine: what reads the print; by default what `open_engine` opens by default.

        Raises:
            ModelsMissing: the folder does not hold the expected models.
        """
        check(models)
        self._orientation = OrientationModel(models)
        self._engine: OcrEngine = engine or open_engine(models)

    def read(self, path: Path, source: PageSource) -> PageResult:
        """Reads one page of a file.

        Args:
            path: the original.
            source: which page, and what kind of page it is.

        Raises:
            PageUnreadable: the page cannot be decoded.
        """
        scan = decode_page(path, source.index)
        if source.kind == "pdf_text":
            typed = text_reading(path, source.index)
            labels = label_candidates(typed.lines, typed.width, typed.height)
            return PageResult(replace(typed, labels=labels), UprightPage(scan.picture))
        if source.cropped is not None:
            result = self.read_scan(part_of(scan, source.cropped, source.turn_degrees), 0, is_level=True)
            reading = as_cropped(result.reading, scan, source.cropped, source.turn_degrees)
            result = PageResult(reading, result.page)
        elif source.part != "whole":
            result = self.read_scan(half(scan, source), source.turn_degrees)
            result = PageResult(as_half(result.reading, source, scan), result.page)
        else:
            sheet = find_sheet(scan.picture) if source.kind != "pdf_drawing" else None
            result = (sheet and self._read_sheet(scan, sheet, source.turn_degrees)) or self.read_scan(
                scan, source.turn_degrees
            )
        give_back()
        return result

    def _read_sheet(self, photograph: Scan, sheet: PhotographedSheet, turn: int | None) -> PageResult | None:
        """Reads the sheet on a photograph; None where it bears no print: then it is a window, a door, a screen."""
        result = self.read_scan(as_scanned(photograph, sheet), turn)
        if not bears_print(result.reading):
            return None
        return PageResult(as_photographed(result.reading, sheet, photograph), result.page)

    def read_scan(self, scan: Scan, turn: int | None = None, *, is_level: bool = False) -> PageResult:
        """Reads a decoded page; one that shows nothing but paper is not turned, and is flagged if OCR agrees.

        Args:
            scan: the page.
            turn: by how many degrees, clockwise, it stands upright, where a person has said so.
            is_level: whether it has been deskewed already.
        """
        overview, dpi = overview_of(scan)
        is_faint = is_blank(overview, dpi, PRINT)
        if (
            is_faint
            and is_blank(overview, dpi)
            and not _certain(self._engine.read(UprightPage(scan.picture, turn or 0)), _CERTAIN_WORDS)
        ):
            return self._blank(scan, turn)
        page, orientation, skew = self._set_upright(scan.picture, overview, turn, is_level=is_level)
        lines = self._engine.read(page)
        if is_faint and self._shines_through(scan, lines):
            return self._blank(scan, turn)
        flags = {"turn_uncertain": orientation.uncertain, "low_confidence": is_weak(lines)}
        return self._result(
            scan,
            page,
            lines,
            turn_degrees=orientation.correction,
            skew_degrees=skew.degrees,
            deskew_degrees=skew.correction,
            flags=tuple(flag for flag, raised in flags.items() if raised),
        )

    def _blank(self, scan: Scan, turn: int | None) -> PageResult:
        turn_degrees = turn or 0
        return self._result(scan, UprightPage(scan.picture, turn_degrees), (), blank=True, turn_degrees=turn_degrees)

    def _set_upright(
        self, picture: Picture, overview: Picture, turn: int | None = None, *, is_level: bool = False
    ) -> tuple[UprightPage, Orientation, Skew]:
        """The upright page of a scan, from what is seen on the scan reduced, unless a person has said how it lies."""
        said = None if turn is None else Orientation(turn, 1.0, 1.0)
        orientation = said or self.orientation_of(picture, overview)
        skew = Skew(0.0, 0.0) if is_level else measure_skew(quarter_turned(overview, orientation.correction))
        return UprightPage(picture, orientation.correction, skew.correction), orientation, skew

    def orientation_of(self, picture: Picture, overview: Picture) -> Orientation:
        """How a scan lies.

        Args:
            picture: the scan, uint8 array (height, width, 3), RGB.
            overview: the same, reduced; see `overview_of`.
        """
        orientation = self._orientation.measure(overview)
        if orientation.uncertain and orientation.axis_confidence >= SURE:
            return self._read_both_ways(picture, orientation)
        return orientation

    def _read_both_ways(self, picture: Picture, unsure: Orientation) -> Orientation:
        """Which way up a page lies whose look does not tell: as its middle reads better, if that tells.

        Only whether it lies upside down: print on its side reads well, too, since columns are read so.
        """
        height, width = picture.shape[:2]
        middle = np.ascontiguousarray(picture[height // 3 : height - height // 3, width // 4 : width - width // 4])
        ways = (unsure.degrees, (unsure.degrees + 180) % 360)
        read = {way: _certain(self._engine.read(UprightPage(middle, way)), _CERTAIN_PRINT) for way in ways}
        best, most = max(read, key=lambda way: read[way]), max(read.values())
        if most < _LEAST_PRINT:
            return unsure
        return replace(unsure, degrees=best, confidence=round(most / sum(read.values()), 3))

    def _shines_through(self, scan: Scan, lines: Sequence[Line]) -> bool:
        """Whether all print of a faint page is the other side's: it reads well in a mirror, and only there."""
        if lines and not is_weak(lines):
            return False
        mirrored = Scan(np.ascontiguousarray(scan.picture[:, ::-1]), scan.dpi, scan.dpi_trusted)
        page, _, _ = self._set_upright(mirrored.picture, overview_of(mirrored)[0])
        in_mirror = _certain(self._engine.read(page), _CERTAIN_PRINT)
        return in_mirror > max(_MIRRORED_PRINT, _TIMES_SURER * _certain(lines, _CERTAIN_PRINT))

    def _result(self, scan: Scan, page: UprightPage, lines: tuple[Line, ...], **measured: Any) -> PageResult:
        reading = Reading(
            width=page.width, height=page.height, dpi=scan.dpi, engine=self._engine.name, lines=lines,
            labels=self._labels(page, lines), **measured,
        )  # fmt: skip
        return PageResult(reading, page)

    def _labels(self, page: UprightPage, lines: tuple[Line, ...]) -> tuple[LabelCandidate, ...]:
        """The numbers that may be the page's label; where no stamp was read, corners are looked at again."""
        labels = label_candidates(lines, page.width, page.height)
        # A page that lies across has its stamp on its side; what looks like one is a table's row.
        if lines and (page.width > page.height or not any(label.stamped for label in labels)):
            numbers = numbers_in_corners(self._engine, page, lines)
            return label_candidates((*lines, *numbers), page.width, page.height)
        return labels


def overview_of(scan: Scan) -> tuple[Picture, float]:
    """The scan at half its resolution, and that resolution; clean-up sees as much there, in a quarter of the time."""
    if scan.dpi < 2 * _OVERVIEW_DPI:
        return scan.picture, scan.dpi
    return reduced(scan.picture, 0.5), scan.dpi / 2


def _certain(lines: Sequence[Line], least: float) -> int:
    """How many characters stand in words read with at least that confidence."""
    return sum(len(line.text) for line in lines if line.confidence >= least and len(line.text) > 1)


def is_weak(lines: Sequence[Line]) -> bool:
    """Whether so much of a page was read with little confidence that a person should look at it."""
    total = sum(len(line.text) for line in lines)
    if not total:
        return False
    mean = sum(line.confidence * len(line.text) for line in lines) / total
    weak = sum(len(line.text) for line in lines if line.confidence < _WEAK_LINE)
    return mean < LOW_CONFIDENCE or weak > _WEAK_SHARE * total
