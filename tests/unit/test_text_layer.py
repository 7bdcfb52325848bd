"""The invisible text of a page: what is written, where, and how far it is stretched."""

import re

import pytest

from dossier.reading import Box, Line, Reading
from pipeline.binding.glyphless_font import GlyphlessFont
from pipeline.binding.text_layer import layer_lines, layer_text, text_operators

PATTERN = re.compile(
    rb"BT 3 Tr /F0 (?P<size>\S+) Tf (?P<stretch>\S+) Tz (?P<matrix>(?:\S+ ){6})Tm <(?P<codes>[0-9A-F]*)> Tj ET"
)


def operators(*lines: Line, width: float = 600.0, height: float = 800.0) -> list[dict[str, list[float]]]:
    reading = Reading(width=1200, height=1600, dpi=144, lines=lines)
    written = text_operators(layer_lines(reading), width, height, GlyphlessFont())
    rows = written.split(b"\n") if written else []
    found = []
    for row in rows:
        match = PATTERN.fullmatch(row)
        assert match, row
        found.append({name: [float(n) for n in match[name].split()] for name in ("size", "stretch", "matrix")})
    return found


def test_a_line_is_one_operator_as_high_and_long_as_its_box():
    (line,) = operators(Line("人民检察院", Box(0.1, 0.2, 0.6, 0.25)))
    # 0.05 × 800 = 40 high; five Han are 200 long at that size and have 0.5 × 600 = 300 of room.
    assert line["size"] == [40.0]
    assert line["stretch"] == [150.0]
    # The em box hangs 12 % below the baseline: 800 − 0.25 × 800 + 0.12 × 40.
    assert line["matrix"] == [1, 0, 0, 1, 60.0, pytest.approx(604.8)]


def test_letters_count_half_when_a_line_is_fitted():
    (line,) = operators(Line("AB12", Box(0, 0, 0.1, 0.05)))
    # Four halves at 40 are 80; the room is 60.
    assert line["stretch"] == [75.0]


def test_a_vertical_line_runs_downward_from_the_top_of_its_box():
    (line,) = operators(Line("竖排文字", Box(0.5, 0.25, 0.55, 0.5), vertical=True))
    # 0.05 × 600 = 30 wide, 0.25 × 800 = 200 long, 4 × 30 = 120 unstretched.
    assert line["size"] == [30.0]
    assert line["stretch"] == [pytest.approx(200 / 120 * 100, abs=0.001)]
    assert line["matrix"] == [0, -1, 1, 0, pytest.approx(303.6), 600.0]


def test_a_long_text_in_a_short_box_gets_smaller_before_it_is_squeezed_below_half():
    (line,) = operators(Line("人民检察院起诉", Box(0, 0, 0.1, 0.1)))
    # 60 of room for seven Han; at half width each they are 60 / 3.5 high, not 80.
    assert line["size"] == [pytest.approx(60 / 3.5, abs=0.001)]
    assert line["stretch"] == [50.0]


def test_a_box_without_extent_still_gives_a_line_with_a_place():
    (line,) = operators(Line("印", Box(0.5, 0.5, 0.5, 0.5)))
    assert line["size"][0] > 0
    assert line["stretch"][0] > 0


def test_lines_keep_their_order_and_empty_ones_are_left_out():
    reading = Reading(
        width=100,
        height=100,
        dpi=72,
        lines=tuple(Line(text, Box(0, i / 10, 1, i / 10 + 0.05)) for i, text in enumerate(["乙", "  ", "甲", ""])),
    )
    assert [text for text, _ in layer_lines(reading)] == ["乙", "甲"]


def test_a_line_printed_twice_at_one_place_is_written_once_and_elsewhere_again():
    box = Box(0.1, 0.1, 0.3, 0.15)
    shifted = Box(0.101, 0.101, 0.301, 0.151)
    elsewhere = Box(0.1, 0.5, 0.3, 0.55)
    reading = Reading(
        width=100, height=100, dpi=72, lines=(Line("同上", box), Line("同上", shifted), Line("同上", elsewhere))
    )
    assert [line.box for _, line in layer_lines(reading)] == [box, elsewhere]


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("张三\t 李四\u3000王五\n", "张三 李四 王五"),
        ("甲\x00乙\x07丙", "甲乙丙"),
        ("甲\ufeff乙\ufffe丙\uffff", "甲乙丙"),
        ("甲\ud800乙", "甲乙"),
        ("甲\x00 \x00乙", "甲 乙"),
        ("甲 \x07 乙", "甲 乙"),
        ("𠮷\U0001f600", "𠮷\U0001f600"),
        (" \x00 ", ""),
    ],
)
def test_what_pdf_forbids_is_left_out_and_gaps_become_one_space(given: str, written: str):
    assert layer_text(given) == written


def test_a_page_that_was_not_read_has_no_lines():
    assert layer_lines(None) == []
