"""Recorded reading: pages whose text is known, printed so that a stand-in for the OCR engine can tell them apart.

A page carries its number as a row of black and white cells at its top. The stand-in reads the number and gives the
lines recorded for it. Everything else is the real thing: decoding, turning, deskewing, storing, indexing, PDF.

A page may bear a stamped number, too: the label goes with its number.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from dossier.reading import Box, Line, Reading
from pipeline.cleaning.crop import as_cropped, part_of
from pipeline.cleaning.spread import as_half, half
from pipeline.cleaning.upright_page import UprightPage
from pipeline.files.decode import Scan, decode_page
from pipeline.files.sources import CroppedPage, PageSource
from pipeline.reading.page_label import label_candidates
from pipeline.reading.page_reader import PageResult

WIDTH, HEIGHT, DPI = 620, 877, 75
_CELL = 24
_BITS = 20
_STAMP = 1000
"""Pages from here on are stamped: their number is 1000 times the stamp's, and then the page's own."""


def stamped(number: int, label: int) -> int:
    """The number of a page that is like page `number` and bears a stamped label; both below 1000."""
    return label * _STAMP + number


def print_page(number: int) -> Image.Image:
    """A page that bears its number, and grey lines where its text would be."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    for bit in range(_BITS):
        shade = "black" if number >> bit & 1 else "silver"
        draw.rectangle((40 + bit * _CELL, 30, 40 + (bit + 1) * _CELL - 4, 50), fill=shade)
    for row in range(len(lines_of(number))):
        draw.rectangle((60, 100 + row * 40, 560, 110 + row * 40), fill="dimgray")
    return image


def text_of(number: int) -> str:
    """The page's text, as it will be read."""
    return "\n".join(line.text for line in lines_of(number))


def lines_of(number: int) -> tuple[Line, ...]:
    """The recorded lines of a page: invented people, one sentence of its own, and one that all pages share."""
    label, number = divmod(number, _STAMP)
    texts = (f"讯问笔录第{number}页", f"证人甲{number}号称钱款已转入账户", "本页内容经核对与本人所述一致")
    stamp = (Line(f"{label:04}", Box(0.88, 0.02, 0.95, 0.03), 0.98),) if label else ()
    return (*stamp, *(_line(text, row) for row, text in enumerate(texts)))


def recorded_reader(_models_dir: Path) -> RecordedReader:
    """A factory for worker processes."""
    return RecordedReader()


class RecordedReader:
    """Reads pages made by `print_page`; takes no time and no models."""

    def read(self, path: Path, source: PageSource) -> PageResult:
        scan = decode_page(path, source.index)
        if source.cropped is not None:
            return self._cropped(scan, source.cropped, source.turn_degrees)
        picture = scan.picture if source.part == "whole" else half(scan, source).picture
        lines = lines_of(number_of(picture))
        height, width = picture.shape[:2]
        labels = label_candidates(lines, width, height)
        reading = Reading(width, height, source.dpi, engine="recorded", lines=lines, labels=labels)
        turn = source.turn_degrees or 0
        page = UprightPage(picture, turn)
        reading = replace(reading, turn_degrees=turn, width=page.width, height=page.height)
        return PageResult(reading if source.part == "whole" else as_half(reading, source, scan), page)

    def _cropped(self, scan: Scan, cropped: CroppedPage, turn: int | None) -> PageResult:
        """The lines that stand whole within the part."""
        part = part_of(scan, cropped, turn)
        page, box = UprightPage(part.picture), cropped.crop.box
        wide, high = box.x1 - box.x0, box.y1 - box.y0

        def within(at: Box) -> Box:
            return Box(
                (at.x0 - box.x0) / wide, (at.y0 - box.y0) / high, (at.x1 - box.x0) / wide, (at.y1 - box.y0) / high
            )

        lines = tuple(
            replace(line, box=within(line.box), characters=tuple(map(within, line.characters)))
            for line in lines_of(number_of(scan.picture))
            if box.x0 <= line.box.x0 and line.box.x1 <= box.x1 and box.y0 <= line.box.y0 and line.box.y1 <= box.y1
        )
        reading = Reading(page.width, page.height, part.dpi, engine="recorded", lines=lines)
        return PageResult(as_cropped(reading, scan, cropped, turn), page)


def number_of(picture: NDArray[np.uint8]) -> int:
    """The number on a page."""
    row = picture[40, :, 0]
    cells = [int(row[40 + bit * _CELL + 10]) for bit in range(_BITS)]
    return sum(1 << bit for bit, shade in enumerate(cells) if shade < 96)


def _line(text: str, row: int) -> Line:
    top, bottom = (100 + row * 40) / HEIGHT, (110 + row * 40) / HEIGHT
    left, right = 60 / WIDTH, 560 / WIDTH
    step = (right - left) / len(text)
    characters = tuple(Box(left + i * step, top, left + (i + 1) * step, bottom) for i in range(len(text)))
    return Line(text, Box(left, top, right, bottom), 0.99, characters)
