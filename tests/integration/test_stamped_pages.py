"""Stamped pages read with the real models: digits in several inks and corners on printed documents."""

from __future__ import annotations

import random
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bench.press.pages import sheets
from bench.press.scanner import Feed, scan
from bench.press.sheet import DPI, Sheet, pixels
from bench.press.typefaces import typeface
from dossier.label_chain import LabelPage
from dossier.label_sequence import LabelSequence, label_sequence
from pipeline.files.decode import Scan
from pipeline.models import find
from pipeline.reading.page_reader import PageReader

pytestmark = [pytest.mark.ocr, pytest.mark.timeout(300)]

MODELS = find(Path(__file__).parents[2] / "data")

# As printed, face, ink, points, and the stamp's middle in millimetres from the left and the top of the sheet.
STAMPS = [
    ("0007", "sans", (25, 25, 30), 14, (190, 14)),
    ("8", "serif", (40, 50, 130), 13, (18, 15)),
    ("0009", "sans bold", (200, 40, 50), 13, (190, 280)),
    ("000010", "hei", (110, 50, 130), 12, (186, 13)),
    ("11", "serif", (120, 120, 125), 14, (192, 16)),
    ("12", "sans", (25, 25, 30), 10, (17, 12)),
]


def stamp(
    sheet: Sheet, text: str, face: str, ink: tuple[int, int, int], points: float, at: tuple[float, float]
) -> None:
    """Strike a number on a sheet, slightly askew; ink over ink darkens."""
    mask = Image.new("L", sheet.picture.size, 0)
    middle = pixels(at[0]), pixels(at[1])
    ImageDraw.Draw(mask).text(middle, text, 230, typeface(face, round(points / 72 * DPI)), anchor="mm")
    mask = mask.rotate(2, Image.Resampling.BICUBIC, center=middle)
    inked = np.asarray(sheet.picture, np.float32) * np.array(ink, np.float32) / 255
    sheet.picture.paste(Image.fromarray(inked.astype(np.uint8)), (0, 0), mask)


@pytest.fixture(scope="module")
def sequence() -> LabelSequence:
    """The labels of six stamped pages, each a scan at 200 dpi that lies slightly askew."""
    reader = PageReader(MODELS)
    pages = []
    printed = (sheet for _, sheet in sheets(random.Random(5)) if sheet.size[0] < sheet.size[1])
    for place, (sheet, (text, face, ink, points, at)) in enumerate(zip(islice(printed, 6), STAMPS, strict=True)):
        stamp(sheet, text, face, ink, points, at)
        picture = np.asarray(scan(sheet, Feed(skew_degrees=0.6 * (place - 2), seed=place)).convert("RGB"))
        pages.append(LabelPage(reader.read_scan(Scan(picture, 200.0, True)).reading.labels))
    return label_sequence(pages)


def test_stamped_numbers_are_read_from_printed_pages(sequence: LabelSequence) -> None:
    labels = [label and label[0] for label in sequence.labels]

    assert labels == ["7", "8", "9", "10", "11", "12"]


def test_nearly_all_of_them_were_read_and_not_inferred(sequence: LabelSequence) -> None:
    assert sum(label == "read" for _, label in filter(None, sequence.labels)) >= 5
