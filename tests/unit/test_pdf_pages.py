from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import Image

from dossier.errors import FileRefused, PageUnreadable
from dossier.reading import Box, Line, Reading
from pipeline.files.decode import decode_page
from pipeline.files.formats import inspect
from pipeline.files.pdf_pages import page_picture, text_reading
from tests.made_pdfs import (
    A4,
    FIRST_LINE,
    SECOND_LINE,
    TWO_LINES,
    WHOLE_PAGE,
    Page,
    coded,
    han,
    jpeg_picture,
    pdf_of,
    scan_pixels,
)

JPEG = coded(scan_pixels(), "JPEG", quality=95)


@pytest.fixture
def put(tmp_path: Path) -> Any:
    def write(content: bytes) -> Path:
        path = tmp_path / "page.pdf"
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def read(put: Any) -> Any:
    def reading(content: bytes, **page: Any) -> Reading:
        return text_reading(put(pdf_of(Page(content, **page))), 0)

    return reading


def is_around(box: Box, x0: float, y0: float, x1: float, y1: float, slack: float = 2.5) -> bool:
    """Whether a box is that of points from A4's top left, to a few points: fonts set their ink a little within."""
    found = (box.x0 * A4[0], box.y0 * A4[1], box.x1 * A4[0], box.y1 * A4[1])
    return all(abs(one - other) <= slack for one, other in zip(found, (x0, y0, x1, y1), strict=True))


def test_a_page_of_text_has_its_lines_and_the_shape_of_its_rendering(put: Any) -> None:
    path = put(pdf_of(Page(TWO_LINES)))

    reading = text_reading(path, 0)

    scan = decode_page(path, 0)
    assert [line.text for line in reading.lines] == [FIRST_LINE, SECOND_LINE]
    assert (reading.height, reading.width) == scan.picture.shape[:2]
    assert (reading.dpi, reading.source, reading.engine, reading.confidence) == (scan.dpi, "pdf", "pdf", 1.0)
    assert (reading.turn_degrees, reading.skew_degrees, reading.blank) == (0, 0.0, False)


def test_each_character_has_the_square_in_which_it_is_set(read: Any) -> None:
    # 12 points wide from x = 72 on, on a baseline at y = 700: 842 − 700 = 142 from the top.
    (line,) = read(han("甲乙丙", 72, 700)).lines
    assert len(line.characters) == 3
    for place, box in enumerate(line.characters):
        assert is_around(box, 72 + 12 * place, 131, 84 + 12 * place, 144)
    assert is_around(line.box, 72, 131, 108, 144)


def test_the_ink_of_the_rendering_lies_in_the_boxes(put: Any) -> None:
    path = put(pdf_of(Page(b"BT /Latin 40 Tf 100 500 Td (HHHH) Tj ET")))
    (line,) = text_reading(path, 0).lines
    picture = decode_page(path, 0).picture
    height, width = picture.shape[:2]
    rows, columns = np.nonzero(picture.min(axis=2) < 128)
    assert line.box.x0 * width <= columns.min() and columns.max() <= line.box.x1 * width
    assert line.box.y0 * height <= rows.min() and rows.max() <= line.box.y1 * height
    # Each of the four letters has its own ink.
    for box in line.characters:
        part = picture[int(box.y0 * height) : int(box.y1 * height), int(box.x0 * width) : int(box.x1 * width)]
        assert part.min() < 128


@pytest.mark.parametrize(
    ("rotate", "matrix"),
    [
        (0, b"1 0 0 1 72 700"),
        (90, b"0 1 -1 0 142 72"),
        (180, b"-1 0 0 -1 523 142"),
        (270, b"0 -1 1 0 453 770"),
    ],
)
def test_boxes_are_those_of_the_page_as_displayed(rotate: int, matrix: bytes, put: Any) -> None:
    # Each time the displayed line begins 72 points from the left, with its baseline 142 points from the top.
    words = "甲乙丙".encode("utf-16-be").hex().encode()
    content = b"BT /Han 12 Tf %s Tm <%s> Tj ET" % (matrix, words)
    path = put(pdf_of(Page(content, entries={"Rotate": rotate})))

    (line,) = text_reading(path, 0).lines

    width, height = (842, 595) if rotate in (90, 270) else (595, 842)
    box = line.box
    found = (box.x0 * width, box.y0 * height, box.x1 * width, box.y1 * height)
    assert line.text == "甲乙丙"
    assert found == pytest.approx((72, 131.4, 108, 143.4), abs=1.5)


def test_boxes_are_those_of_what_the_crop_box_shows(read: Any) -> None:
    crop = Array([50, 600, 450, 800])
    (line,) = read(han("甲乙丙", 72, 700) + han("边外", 460, 700), entries={"CropBox": crop}).lines
    assert line.text == "甲乙丙"
    # 22 points into 400; 131 − 42 = 89 points down 200
    assert (line.box.x0, line.box.y0) == pytest.approx((22 / 400, 89.4 / 200), abs=0.01)


def test_what_is_not_seen_is_not_read(read: Any) -> None:
    content = (
        TWO_LINES
        + b"3 Tr "
        + han("隐形文字", 72, 600)
        + b"0 Tr q 1 g "
        + han("白色文字", 72, 580)
        + b"Q q 0 0 20 20 re W n "
        + han("剪掉的文字", 72, 560)
        + b"Q q /Nothing gs "
        + han("透明文字", 72, 540)
        + b"Q "
        + han("页外文字", 700, 520)
    )
    assert [line.text for line in read(content).lines] == [FIRST_LINE, SECOND_LINE]


def test_what_is_blacked_out_in_a_line_is_not_read(read: Any) -> None:
    # The cover lies over the second and third of five characters, each 12 points wide.
    content = han("张某某到案", 72, 700) + han(SECOND_LINE, 72, 660) + b"0 g 84.5 695 23 16 re f"
    assert [line.text for line in read(content).lines] == ["张", "到案", SECOND_LINE]


def test_a_marker_does_not_hide_what_it_marks(read: Any) -> None:
    content = TWO_LINES + b"/Marker gs 1 1 0 rg 60 690 400 60 re f"
    assert [line.text for line in read(content).lines] == [FIRST_LINE, SECOND_LINE]


def test_white_words_on_a_dark_bar_are_read(read: Any) -> None:
    content = b"0 0 0.6 rg 60 690 400 30 re f 1 g " + han("表头文字", 72, 700) + b"0 g " + han("正文", 72, 650)
    assert [line.text for line in read(content).lines] == ["表头文字", "正文"]


def test_a_character_beyond_the_first_plane_is_one_character(put: Any) -> None:
    font = b"""/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange
    2 beginbfchar <0021> <d842dfb7> <0022> <91ce> endbfchar endcmap end"""
    content = b"BT /Rare 12 Tf 72 700 Td <00210022> Tj ET"
    with pikepdf.open(io.BytesIO(pdf_of(Page(content)))) as pdf:
        fonts = pdf.pages[0].obj.Resources.Font
        rare = Dictionary(fonts.Unmapped)
        rare.ToUnicode = pdf.make_stream(font)
        fonts.Rare = pdf.make_indirect(rare)
        buffer = io.BytesIO()
        pdf.save(buffer)
    (line,) = text_reading(put(buffer.getvalue()), 0).lines
    assert line.text == "𠮷野"
    assert len(line.characters) == 2


def test_vertical_writing_is_read_from_right_to_left(read: Any) -> None:
    content = han("起诉意见书", 500, 750, font="Upright") + han("第二列文字", 476, 750, font="Upright")
    lines = read(content).lines
    assert [(line.text, line.vertical) for line in lines] == [("起诉意见书", True), ("第二列文字", True)]
    heights = [box.y1 - box.y0 for box in lines[0].characters]
    assert heights == pytest.approx([12 / 842] * 5, abs=0.002)


def test_lines_painted_in_any_order_are_read_from_the_top(read: Any) -> None:
    content = han("页脚", 280, 40) + han("一行", 72, 700) + han("三行", 72, 660) + han("二行", 72, 680)
    assert [line.text for line in read(content).lines] == ["一行", "二行", "三行", "页脚"]


def test_two_columns_painted_one_after_the_other_stay_apart(read: Any) -> None:
    left = b"".join(han("左栏的一行文字", 72, 700 - 20 * row) for row in range(4))
    right = b"".join(han("右栏的一行文字", 320, 700 - 20 * row) for row in range(4))
    texts = [line.text for line in read(han("标题横跨两栏", 240, 740) + left + right).lines]
    assert texts == ["标题横跨两栏", *["左栏的一行文字"] * 4, *["右栏的一行文字"] * 4]


def test_the_cells_of_a_table_are_lines_of_their_own(read: Any) -> None:
    rules = b"".join(b"%d 640 0.5 40 re f " % x for x in (70, 98, 150))
    row = han("姓名", 72, 660) + han("张三", 100, 660)
    assert [line.text for line in read(rules + row).lines] == ["姓名", "张三"]
    assert [line.text for line in read(row).lines] == ["姓名张三"]


def test_a_page_that_is_not_there_cannot_be_read(put: Any) -> None:
    with pytest.raises(PageUnreadable):
        text_reading(put(pdf_of(Page(TWO_LINES))), 1)


def test_a_reading_of_a_pdf_can_be_stored(read: Any) -> None:
    reading = read(TWO_LINES)
    assert Reading.from_bytes(reading.to_bytes()) == reading
    assert all(isinstance(line, Line) and line.box.x0 < line.box.x1 for line in reading.lines)


# Embedded pictures


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_the_picture_of_a_scanned_page_is_handed_over_as_it_is_stored(rotate: int, put: Any) -> None:
    path = put(pdf_of(Page(WHOLE_PAGE, pictures={"Scan": jpeg_picture(JPEG)}, entries={"Rotate": rotate})))

    found = page_picture(path, 0)

    assert found is not None
    with found.pdf:
        assert found.image.read_raw_bytes() == JPEG
    assert (found.width, found.height, found.turn_degrees, found.dpi) == (595, 842, rotate, 72.0)
    assert (found.page_width, found.page_height) == ((842, 595) if rotate in (90, 270) else (595, 842))
    turned = np.rot90(np.asarray(Image.open(io.BytesIO(JPEG))), k=-found.turn_degrees // 90)
    assert np.array_equal(decode_page(path, 0).picture, turned)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_the_matrix_of_a_picture_draws_the_page_as_it_was_displayed(rotate: int, put: Any) -> None:
    picture = {"Scan": jpeg_picture(JPEG)}
    path = put(pdf_of(Page(WHOLE_PAGE, pictures=picture, entries={"Rotate": rotate})))
    found = page_picture(path, 0)
    assert found is not None
    found.pdf.close()
    displayed = decode_page(path, 0).picture

    m = found.matrix
    content = b"q %f %f %f %f %f %f cm /Scan Do Q" % (m.a, m.b, m.c, m.d, m.e, m.f)
    again = put(pdf_of(Page(content, size=(found.page_width, found.page_height), pictures=picture)))

    assert inspect(again).pages[0].kind == "pdf_picture"
    assert np.array_equal(decode_page(again, 0).picture, displayed)


@pytest.mark.parametrize("content", [TWO_LINES, b"", WHOLE_PAGE + TWO_LINES, b"/Half gs " + WHOLE_PAGE])
def test_a_page_that_is_more_or_less_than_one_picture_has_none_to_hand_over(content: bytes, put: Any) -> None:
    assert page_picture(put(pdf_of(Page(content, pictures={"Scan": jpeg_picture(JPEG)}))), 0) is None


def test_of_several_pictures_the_painted_one_is_handed_over(put: Any) -> None:
    other = coded(255 - scan_pixels(), "JPEG")
    pictures = {"Other": jpeg_picture(other), "Scan": jpeg_picture(JPEG)}
    found = page_picture(put(pdf_of(Page(WHOLE_PAGE, pictures=pictures))), 0)
    assert found is not None
    with found.pdf:
        assert found.image.read_raw_bytes() == JPEG


def test_a_picture_written_into_the_content_is_rendered(put: Any) -> None:
    inline = b"q 595 0 0 842 0 0 cm BI /W 2 /H 3 /BPC 8 /CS /G ID \x00\x40\x80\xc0\xff\x00 EI Q"
    path = put(pdf_of(Page(inline)))
    assert page_picture(path, 0) is None
    assert inspect(path).pages[0].kind == "pdf_drawing"


def test_a_file_that_is_no_pdf_has_no_picture(put: Any) -> None:
    with pytest.raises(FileRefused):
        page_picture(put(b"%PDF-1.7"), 0)


def test_a_layered_picture_has_none_to_hand_over(put: Any) -> None:
    layered = jpeg_picture(JPEG, OC=Dictionary(Type=Name.OCG))
    assert page_picture(put(pdf_of(Page(WHOLE_PAGE, pictures={"Scan": layered}))), 0) is None
