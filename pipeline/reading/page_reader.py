"""From one page of an original to its reading and its upright picture: the stages of reading, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dossier.reading import Line, Reading
from pipeline.cleaning.blank import is_blank
from pipeline.cleaning.deskew import measure_skew
from pipeline.cleaning.orientation import OrientationModel
from pipeline.cleaning.perspective import PhotographedSheet, find_sheet
from pipeline.cleaning.photograph import as_photographed, as_scanned, bears_print
from pipeline.cleaning.spread import as_half, half
from pipeline.cleaning.upright import Picture, deskewed, quarter_turned
from pipeline.files.decode import Scan, decode_page
from pipeline.files.pdf_pages import text_reading
from pipeline.files.sources import PageSource
from pipeline.models import check
from pipeline.reading.freed_memory import give_back
from pipeline.reading.ocr import OcrEngine, open_engine

LOW_CONFIDENCE = 0.8
"""Mean confidence of a page below which a person should look. Clean print reads at 0.95 and above."""

_WEAK_LINE = 0.7
_WEAK_SHARE = 0.2
"""Share of characters in weak lines from which on a person should look, whatever the mean is."""

_CERTAIN_WORDS = 0.85
"""Confidence of words that prove a page not to be blank; print that shines through reads as nonsense with less."""


@dataclass(frozen=True, slots=True)
class PageResult:
    """What became of a page.

    Attributes:
        reading: text, boxes and geometry.
        upright: uint8 array (height, width, 3), RGB, as large as the reading says.
    """

    reading: Reading
    upright: Picture


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
            return PageResult(text_reading(path, source.index), scan.picture)
        if source.part != "whole":
            result = self.read_scan(half(scan, source))
            result = PageResult(as_half(result.reading, source, scan), result.upright)
        else:
            sheet = find_sheet(scan.picture) if source.kind != "pdf_drawing" else None
            result = (sheet and self._read_sheet(scan, sheet)) or self.read_scan(scan)
        give_back()
        return result

    def _read_sheet(self, photograph: Scan, sheet: PhotographedSheet) -> PageResult | None:
        """Reads the sheet on a photograph; None where it bears no print: then it is a window, a door, a screen."""
        result = self.read_scan(as_scanned(photograph, sheet))
        if not bears_print(result.reading):
            return None
        return PageResult(as_photographed(result.reading, sheet, photograph), result.upright)

    def read_scan(self, scan: Scan) -> PageResult:
        """Reads a decoded page; one that shows nothing but paper is not turned, and is flagged if OCR agrees."""
        if is_blank(scan.picture, scan.dpi):
            faint = self._engine.read(scan.picture)
            if not any(line.confidence >= _CERTAIN_WORDS and len(line.text) > 1 for line in faint):
                return self._result(scan, scan.picture, (), blank=True)
        orientation = self._orientation.measure(scan.picture)
        turned = quarter_turned(scan.picture, orientation.correction)
        skew = measure_skew(turned)
        picture = deskewed(turned, skew.correction)
        lines = self._engine.read(picture)
        flags = {"turn_uncertain": orientation.uncertain, "low_confidence": is_weak(lines)}
        return self._result(
            scan,
            picture,
            lines,
            turn_degrees=orientation.correction,
            skew_degrees=skew.degrees,
            deskew_degrees=skew.correction,
            flags=tuple(flag for flag, raised in flags.items() if raised),
        )

    def _result(self, scan: Scan, picture: Picture, lines: tuple[Line, ...], **measured: Any) -> PageResult:
        height, width = picture.shape[:2]
        reading = Reading(width=width, height=height, dpi=scan.dpi, engine=self._engine.name, lines=lines, **measured)
        return PageResult(reading, picture)


def is_weak(lines: Sequence[Line]) -> bool:
    """Whether so much of a page was read with little confidence that a person should look at it."""
    total = sum(len(line.text) for line in lines)
    if not total:
        return False
    mean = sum(line.confidence * len(line.text) for line in lines) / total
    weak = sum(len(line.text) for line in lines if line.confidence < _WEAK_LINE)
    return mean < LOW_CONFIDENCE or weak > _WEAK_SHARE * total
