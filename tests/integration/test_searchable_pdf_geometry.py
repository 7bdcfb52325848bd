"""The page stands upright in the PDF: turned, deskewed and placed by the matrix, checked by rendering it."""

import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from numpy.typing import NDArray
from PIL import Image

from dossier.reading import Box, Line, Reading
from pipeline.binding.searchable_pdf import PdfInfo, PdfPage, assemble

WIDTH, HEIGHT = 360, 520
# Colour, and centre of a 40-pixel square on the upright paper: nothing here is symmetrical.
MARKS = {"red": ((255, 0, 0), 60, 50), "green": ((0, 160, 0), 300, 90), "blue": ((0, 0, 255), 90, 460)}

# How a scanner or camera stores a picture that its EXIF orientation sets right again (Exif 2.32, tag 274).
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
# Pillow turns counter-clockwise: a scan that must be turned clockwise to stand upright.
TURNED_AWAY = {
    0: None,
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}


def upright_paper() -> Image.Image:
    paper = Image.new("RGB", (WIDTH, HEIGHT), (235, 235, 235))
    for colour, x, y in MARKS.values():
        paper.paste(colour, (x - 20, y - 20, x + 20, y + 20))
    return paper


def scan_of(paper: Image.Image, turn: int, skew: float) -> Image.Image:
    """The paper as it lay in the scanner: counter-clockwise by the skew, then by the quarter turn."""
    skewed = paper.rotate(skew, Image.Resampling.BICUBIC, expand=True, fillcolor="white") if skew else paper
    transpose = TURNED_AWAY[turn]
    return skewed.transpose(transpose) if transpose is not None else skewed


def store(scan: Image.Image, orientation: int, path: Path) -> None:
    transpose = STORED[orientation]
    stored = scan.transpose(transpose) if transpose is not None else scan
    exif = Image.Exif()
    exif[274] = orientation
    options = {"quality": 95, "subsampling": 0} if path.suffix == ".jpg" else {}
    stored.save(path, exif=exif, dpi=(200, 200), **options)


def grown(width: int, height: int, skew: float) -> tuple[int, int]:
    cosine, sine = math.cos(math.radians(abs(skew))), math.sin(math.radians(abs(skew)))
    return math.ceil(width * cosine + height * sine), math.ceil(width * sine + height * cosine)


def assembled(tmp_path: Path, scan: Image.Image, turn: int, skew: float, orientation: int, suffix: str) -> Path:
    original, target = tmp_path / f"scan{suffix}", tmp_path / "page.pdf"
    store(scan, orientation, original)
    size = scan.size if turn in (0, 180) else scan.size[::-1]
    canvas = grown(*size, skew)
    reading = Reading(*canvas, dpi=200, turn_degrees=turn, skew_degrees=skew, deskew_degrees=skew)
    assemble([PdfPage("p1", original, 0, reading, None, None)], PdfInfo("页"), [], target)
    return target


FINER = 4


def rendered_by_pdfium(path: Path) -> NDArray[np.uint8]:
    """The page at its own 200 dpi, by way of a finer one: PDFium sets turned pictures up to two pixels off."""
    document = pypdfium2.PdfDocument(path)
    page = document[0]
    picture = page.render(scale=FINER * 200 / 72).to_pil().convert("RGB")
    page.close()
    document.close()
    return np.array(picture.reduce(FINER))


def rendered_by_poppler(path: Path) -> NDArray[np.uint8]:
    if shutil.which("pdftoppm") is None:
        pytest.skip("poppler is not installed (apt-get install poppler-utils)")
    subprocess.run(["pdftoppm", "-r", "200", "-png", "-singlefile", str(path), str(path.with_suffix(""))], check=True)
    with Image.open(path.with_suffix(".png")) as picture:
        return np.array(picture.convert("RGB"))


RENDERERS = {"pdfium": rendered_by_pdfium, "poppler": rendered_by_poppler}


def centres(pixels: NDArray[np.uint8]) -> dict[str, tuple[float, float]]:
    """The centre of each coloured square, pixels from the top left corner."""
    found = {}
    for name, (colour, _, _) in MARKS.items():
        near = np.abs(pixels.astype(int) - np.array(colour)).max(axis=2) < 90
        rows, columns = np.nonzero(near)
        assert len(rows) > 500, f"no {name} square"
        found[name] = (columns.mean() + 0.5, rows.mean() + 0.5)
    return found


def expected_centres(canvas: tuple[int, int]) -> dict[str, tuple[float, float]]:
    """The paper lies in the middle of the canvas."""
    left, top = (canvas[0] - WIDTH) / 2, (canvas[1] - HEIGHT) / 2
    return {name: (x + left, y + top) for name, (_, x, y) in MARKS.items()}


def assert_upright(pixels: NDArray[np.uint8], slack: float) -> None:
    """Within `slack` pixels; a skew to the wrong side would move the squares by eight and more."""
    expected = expected_centres(pixels.shape[1::-1])
    for name, centre in centres(pixels).items():
        assert centre == pytest.approx(expected[name], abs=slack), name


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("skew", [0.0, 1.7, -2.0])
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_turned_and_skewed_scan_stands_upright(tmp_path: Path, turn: int, skew: float, renderer: str):
    path = assembled(tmp_path, scan_of(upright_paper(), turn, skew), turn, skew, 1, ".jpg")
    assert_upright(RENDERERS[renderer](path), slack=1.5)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_before_turn_and_deskew(tmp_path: Path, orientation: int, suffix: str):
    path = assembled(tmp_path, scan_of(upright_paper(), 90, 1.2), 90, 1.2, orientation, suffix)
    assert_upright(rendered_by_pdfium(path), slack=1.5)


def test_the_page_shows_what_the_reading_was_made_from(tmp_path: Path):
    from pipeline.cleaning import upright

    scan = scan_of(upright_paper(), 270, -1.5)
    path = assembled(tmp_path, scan, 270, -1.5, 1, ".png")
    shown = rendered_by_pdfium(path).astype(int)
    read = upright.make_upright(np.array(scan), 270, -1.5).astype(int)
    assert shown.shape == read.shape
    # Edges are softened differently; nearly all of the page is the same.
    assert (np.abs(shown - read).max(axis=2) > 40).mean() < 0.01


def test_the_corners_that_the_canvas_grew_are_white(tmp_path: Path):
    scan = Image.new("RGB", (WIDTH, HEIGHT), (40, 40, 40))
    pixels = rendered_by_pdfium(assembled(tmp_path, scan, 0, 5.0, 1, ".png"))
    corners = [tuple(pixels[y, x]) for y in (1, -2) for x in (1, -2)]
    assert corners == [(255, 255, 255)] * 4


@pytest.mark.parametrize(("dpi", "size"), [(200.0, (129.6, 187.2)), (300.0, (86.4, 124.8))])
def test_the_page_is_as_large_as_its_paper(tmp_path: Path, dpi: float, size: tuple[float, float]):
    original = tmp_path / "scan.jpg"
    store(upright_paper(), 1, original)
    reading = Reading(WIDTH, HEIGHT, dpi=dpi)
    assemble([PdfPage("p1", original, 0, reading, None, None)], PdfInfo("页"), [], tmp_path / "page.pdf")
    assert page_size(tmp_path / "page.pdf") == pytest.approx(size, abs=0.01)


@pytest.mark.parametrize(
    ("pixels", "dpi", "size"),
    [((1, 1), 300.0, (3.0, 3.0)), ((20_000, 10), 72.0, (14_400.0, 7.2)), ((20_000, 2), 72.0, (14_400.0, 3.0))],
)
def test_pages_beyond_the_limits_of_pdf_are_scaled_into_them(
    tmp_path: Path, pixels: tuple[int, int], dpi: float, size: tuple[float, float]
):
    original = tmp_path / "scan.png"
    Image.new("L", pixels, 200).save(original)
    reading = Reading(*pixels, dpi=dpi)
    assemble([PdfPage("p1", original, 0, reading, None, None)], PdfInfo("页"), [], tmp_path / "page.pdf")
    assert page_size(tmp_path / "page.pdf") == pytest.approx(size, abs=0.01)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_words_are_found_where_they_stand(tmp_path: Path, turn: int):
    original = tmp_path / "scan.jpg"
    store(scan_of(upright_paper(), turn, 0.0), 1, original)
    across = Box(0.1, 0.2, 0.7, 0.25)
    down = Box(0.85, 0.3, 0.92, 0.8)
    lines = (Line("被告人张三丰", across), Line("检察院印", down, vertical=True))
    reading = Reading(WIDTH, HEIGHT, dpi=200, turn_degrees=turn, lines=lines)
    assemble([PdfPage("p1", original, 0, reading, None, None)], PdfInfo("页"), [], tmp_path / "page.pdf")
    for word, box in (("被告人张三丰", across), ("检察院印", down)):
        assert found_at(tmp_path / "page.pdf", word) == pytest.approx(box.as_list(), abs=0.012), word


def page_size(path: Path) -> tuple[float, float]:
    document = pypdfium2.PdfDocument(path)
    size: tuple[float, float] = document.get_page_size(0)
    document.close()
    return size


def found_at(path: Path, word: str) -> list[float]:
    """Where PDFium marks a word that it finds, as fractions of the page."""
    document = pypdfium2.PdfDocument(path)
    page = document[0]
    text = page.get_textpage()
    start, count = text.search(word).get_next()
    boxes = [text.get_charbox(index, loose=True) for index in range(start, start + count)]
    width, height = page.get_size()
    text.close()
    page.close()
    document.close()
    return [
        min(box[0] for box in boxes) / width,
        1 - max(box[3] for box in boxes) / height,
        max(box[2] for box in boxes) / width,
        1 - min(box[1] for box in boxes) / height,
    ]
