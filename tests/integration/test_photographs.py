"""A photographed sheet from the file to the PDF: the photograph's own bytes, and the text on its print."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pypdfium2
import pytest
from numpy.typing import NDArray
from PIL import Image

from bench.press.camera import Points, Pose, on_photograph, photograph
from bench.press.sheet import Sheet
from dossier.reading import Box, Line, Reading
from pipeline.binding.searchable_pdf import PdfInfo, PdfPage, assemble
from pipeline.cleaning.perspective import find_sheet, mapped
from pipeline.cleaning.photograph import as_photographed, as_scanned
from pipeline.files.decode import decode_page
from pipeline.files.formats import inspect
from pipeline.models import find

REPOSITORY = Path(__file__).parents[2]
WIDTH, HEIGHT = 1600, 2200
SENTENCES = [
    "云屏市公安局临溪分局询问笔录",
    "询问时间二〇三一年五月六日",
    "被询问人陈述涉案账户转账经过",
    "以上笔录我看过与我说的相符",
    "云屏农商银行临溪支行交易明细",
    "收款人账户余额及对手信息表",
]


def printed_sheet() -> Sheet:
    sheet = Sheet("笔录")
    for place, sentence in enumerate(SENTENCES):
        sheet.print_line(32 + 6 * (place % 2), 35 + 40 * place, sentence, 18)
    return sheet


def pose(turn: int) -> Pose:
    """Seen obliquely, on a desk so light that what is dark is ink."""
    return Pose(
        WIDTH, HEIGHT, turn, spin_degrees=5, pitch_degrees=20, yaw_degrees=-12, fill=0.9, desk=(165, 155, 140), grain=4
    )


def corners_of(box: tuple[float, float, float, float]) -> Points:
    x0, y0, x1, y1 = box
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], float)


def stored(folder: Path, sheet: Sheet, how: Pose, orientation: int = 1, suffix: str = ".jpg") -> Path:
    """The photograph as a camera stores it: lying on its side where its EXIF orientation says so."""
    picture = photograph(sheet, how)
    if orientation == 6:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[274] = orientation
    path = folder / f"photograph{suffix}"
    picture.save(path, exif=exif, dpi=(72, 72), **({"quality": 92} if suffix == ".jpg" else {}))
    return path


def known_reading(path: Path, sheet: Sheet, how: Pose) -> Reading:
    """A reading whose boxes are where the lines were printed: what is tested is where they go."""
    scan = decode_page(path, 0)
    found = find_sheet(scan.picture)
    assert found is not None
    page = as_scanned(scan, found)
    height, width = page.picture.shape[:2]
    turn = how.turn_degrees
    size = (width, height) if turn in (0, 180) else (height, width)
    bare = as_photographed(Reading(*size, dpi=page.dpi, turn_degrees=turn), found, scan)
    assert bare.corners is not None
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    back = cv2.getPerspectiveTransform(np.array(bare.corners, np.float32), unit)
    lines = []
    for line in sheet.lines:
        seen = on_photograph(corners_of(line.box), sheet, how) / np.array([how.width, how.height])
        x, y = cv2.perspectiveTransform(seen[None], back)[0].T
        lines.append(Line(line.text, Box(float(x.min()), float(y.min()), float(x.max()), float(y.max()))))
    return as_photographed(Reading(*size, dpi=page.dpi, turn_degrees=turn, lines=tuple(lines)), found, scan)


def bound(folder: Path, path: Path, reading: Reading) -> Path:
    assemble([PdfPage("p1", path, 0, reading, None, None)], PdfInfo("页"), [], folder / "page.pdf")
    return folder / "page.pdf"


def selected(path: Path, word: str, dpi: float) -> NDArray[np.float64]:
    """The rectangles (n, 4) with which PDFium marks a word's characters, pixels from the top left at that dpi."""
    document = pypdfium2.PdfDocument(path)
    page = document[0]
    text = page.get_textpage()
    start, count = text.search(word).get_next()
    boxes = [text.get_charbox(index, loose=True) for index in range(start, start + count)]
    height = page.get_height()
    text.close()
    page.close()
    document.close()
    return np.array([[x0, height - y1, x1, height - y0] for x0, y0, x1, y1 in boxes]) * dpi / 72


def rendered(path: Path, dpi: float) -> NDArray[np.uint8]:
    document = pypdfium2.PdfDocument(path)
    page = document[0]
    picture = np.array(page.render(scale=dpi / 72).to_pil().convert("L"))
    page.close()
    document.close()
    return picture


def assert_marked(pdf: Path) -> None:
    """Every character is marked where its ink is shown, and no ink between the outermost marks is left unmarked."""
    is_ink = rendered(pdf, 100) < 110
    marks = np.concatenate([selected(pdf, sentence, 100) for sentence in SENTENCES])
    assert len(marks) == sum(len(sentence) for sentence in SENTENCES)
    is_marked = np.zeros_like(is_ink)
    for x0, y0, x1, y1 in marks.round().astype(int):
        is_marked[y0 - 1 : y1 + 1, x0 - 1 : x1 + 1] = True
        assert is_ink[y0:y1, x0:x1].any()
    left, top, right, bottom = marks[:, 0].min(), marks[:, 1].min(), marks[:, 2].max(), marks[:, 3].max()
    # Up to a few characters around them there is paper, where ink would be seen that the marks miss.
    around = (slice(round(top) - 8, round(bottom) + 8), slice(round(left) - 30, round(right) + 30))
    assert (is_ink & is_marked)[around].sum() > 0.97 * is_ink[around].sum()
    assert is_marked[around].mean() < 0.4


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_words_are_marked_where_their_ink_is_shown(tmp_path: Path, turn: int) -> None:
    sheet, how = printed_sheet(), pose(turn)
    path = stored(tmp_path, sheet, how)

    assert_marked(bound(tmp_path, path, known_reading(path, sheet, how)))


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_the_exif_orientation_of_a_photograph_is_applied_first(tmp_path: Path, suffix: str) -> None:
    sheet, how = printed_sheet(), pose(0)
    path = stored(tmp_path, sheet, how, 6, suffix)

    assert_marked(bound(tmp_path, path, known_reading(path, sheet, how)))


def test_the_pdf_holds_the_photographs_own_bytes(tmp_path: Path) -> None:
    sheet, how = printed_sheet(), pose(90)
    path = stored(tmp_path, sheet, how)
    with pikepdf.open(bound(tmp_path, path, known_reading(path, sheet, how))) as pdf:
        assert pdf.pages[0].Resources.XObject.Im0.read_raw_bytes() == path.read_bytes()


def test_the_whole_photograph_is_shown(tmp_path: Path) -> None:
    sheet, how = printed_sheet(), pose(0)
    picture = np.array(photograph(sheet, how))
    # Something on the desk, in the corner farthest from the sheet, of the desk's own lightness.
    picture[-60:, -60:] = (150, 20, 20)
    path = tmp_path / "photograph.png"
    Image.fromarray(picture).save(path)
    pdf = bound(tmp_path, path, known_reading(path, sheet, how))
    document = pypdfium2.PdfDocument(pdf)
    page = np.array(document[0].render(scale=1).to_pil().convert("RGB")).astype(int)
    document.close()
    red = (page[..., 0] > 110) & (page[..., 1] < 60)
    assert red.sum() > 60


def test_letters_on_the_sheet_have_their_true_size(tmp_path: Path) -> None:
    sheet, how = printed_sheet(), pose(0)
    path = stored(tmp_path, sheet, how)
    pdf = bound(tmp_path, path, known_reading(path, sheet, how))
    # The third line, near the middle, is 14 characters of 18 points long.
    marks = selected(pdf, SENTENCES[2], 72)
    assert marks[:, 2].max() - marks[:, 0].min() == pytest.approx(14 * 18, rel=0.08)


def test_poppler_extracts_every_character_in_its_order(tmp_path: Path) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler is not installed (apt-get install poppler-utils)")
    sheet, how = printed_sheet(), pose(0)
    path = stored(tmp_path, sheet, how)
    pdf = bound(tmp_path, path, known_reading(path, sheet, how))
    said = subprocess.run(["pdftotext", "-raw", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    # It breaks a line that slopes by more than half its height: that is known, and searching there suffers.
    assert "".join(said.split()) == "".join(SENTENCES)


@pytest.mark.ocr
@pytest.mark.timeout(300)
def test_a_photograph_is_read_and_its_lines_lie_on_their_print(tmp_path: Path) -> None:
    from pipeline.reading.page_reader import PageReader

    sheet, how = printed_sheet(), pose(90)
    path = stored(tmp_path, sheet, how)
    result = PageReader(find(REPOSITORY / "data")).read(path, inspect(path).pages[0])
    reading = result.reading

    assert reading.corners is not None
    assert (reading.turn_degrees, reading.blank) == (90, False)
    assert result.page.pixels().shape == (reading.height, reading.width, 3)
    assert reading.height / reading.dpi * 25.4 == pytest.approx(297 * 1.024, rel=0.02)
    read = {line.text.replace(" ", ""): line for line in reading.lines}
    for line in sheet.lines:
        assert line.text in read
        box = read[line.text].box
        seen = mapped(corners_of((box.x0, box.y0, box.x1, box.y1)), reading.corners)
        truth = on_photograph(corners_of(line.box), sheet, how)
        assert overlap(seen * np.array([WIDTH, HEIGHT]), truth) >= 0.5, line.text


@pytest.mark.ocr
@pytest.mark.timeout(300)
def test_what_bears_no_print_is_not_cut_out(tmp_path: Path) -> None:
    from pipeline.reading.page_reader import PageReader

    path = stored(tmp_path, Sheet("白板"), pose(0))
    result = PageReader(find(REPOSITORY / "data")).read(path, inspect(path).pages[0])

    assert find_sheet(decode_page(path, 0).picture) is not None
    assert result.reading.corners is None
    height, width = result.page.height, result.page.width
    assert height >= HEIGHT and width >= WIDTH


def overlap(one: Points, other: Points) -> float:
    """Intersection over union of two convex shapes."""
    one, other = one.astype(np.float32), other.astype(np.float32)
    common, _ = cv2.intersectConvexConvex(one, other)
    return float(common / (cv2.contourArea(one) + cv2.contourArea(other) - common))
