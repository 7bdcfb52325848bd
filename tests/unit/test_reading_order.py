"""Reading order and the joining of pieces, on a page of 1000 × 1000 pixels."""

from __future__ import annotations

from dossier.reading import Box, Line
from pipeline.reading.reading_order import in_reading_order


def line(text: str, x: int, y: int, size: int = 20, confidence: float = 1.0) -> Line:
    """A level line of square characters, its top left corner at (x, y) pixels."""
    characters = tuple(
        Box.of_pixels(x + size * place, y, x + size * (place + 1), y + size, 1000, 1000) for place in range(len(text))
    )
    return Line(text, characters[0].union(characters[-1]), confidence, characters)


def column(text: str, x: int, y: int, size: int = 20) -> Line:
    """A vertical line."""
    characters = tuple(
        Box.of_pixels(x, y + size * place, x + size, y + size * (place + 1), 1000, 1000) for place in range(len(text))
    )
    return Line(text, characters[0].union(characters[-1]), 1.0, characters, vertical=True)


def texts(*lines: Line) -> list[str]:
    return [found.text for found in in_reading_order(lines, 1000, 1000)]


def test_lines_come_from_top_to_bottom() -> None:
    assert texts(line("第三行", 100, 300), line("第一行", 400, 100), line("第二行", 100, 200)) == [
        "第一行",
        "第二行",
        "第三行",
    ]


def test_a_table_comes_row_by_row() -> None:
    cells = [line("乙", 500, 101), line("名称", 100, 60), line("数量", 500, 63), line("甲", 100, 104)]

    assert texts(*cells) == ["名称", "数量", "甲", "乙"]


def test_a_row_that_rises_over_the_page_stays_one_row() -> None:
    rising = [line("左", 100, 112), line("中", 450, 106), line("右", 800, 100), line("下", 100, 142)]

    assert texts(*rising) == ["左", "中", "右", "下"]


def test_a_small_gap_in_one_line_is_closed() -> None:
    (joined,) = in_reading_order([line("涉嫌诈骗", 100, 100), line("罪一案", 190, 102)], 1000, 1000)

    assert joined.text == "涉嫌诈骗罪一案"
    assert len(joined.characters) == 7
    assert joined.box.as_list() == [0.1, 0.1, 0.25, 0.122]


def test_a_wide_gap_leaves_two_lines() -> None:
    assert texts(line("姓名", 100, 100), line("性别", 160, 100)) == ["姓名", "性别"]


def test_lines_of_unlike_size_are_not_joined() -> None:
    assert texts(line("通知", 100, 100, 30), line("附注", 165, 106, 18)) == ["通知", "附注"]


def test_lines_that_are_out_of_line_are_not_joined() -> None:
    assert texts(line("甲乙", 100, 100), line("丙丁", 145, 107)) == ["甲乙", "丙丁"]


def test_words_of_letters_keep_a_space_between_them() -> None:
    (joined,) = in_reading_order([line("PING", 100, 100), line("AN", 188, 100)], 1000, 1000)

    assert joined.text == "PING AN"
    assert joined.characters[4].as_list() == [0.18, 0.1, 0.188, 0.12]


def test_joined_confidence_counts_characters() -> None:
    pieces = [line("甲乙丙", 100, 100, confidence=0.9), line("丁", 165, 100, confidence=0.5)]

    assert in_reading_order(pieces, 1000, 1000)[0].confidence == 0.8


def test_a_page_of_vertical_text_comes_in_columns_from_the_right() -> None:
    columns = [column("歸來見天子", 500, 100), column("將軍百戰死", 700, 100), column("壯士十年歸", 700, 240)]

    assert texts(*columns) == ["將軍百戰死", "壯士十年歸", "歸來見天子"]


def test_a_vertical_heading_beside_a_table_joins_no_row() -> None:
    cells = [column("备注", 60, 100), line("甲", 100, 100), line("乙", 300, 100), line("丙", 100, 130)]

    assert sorted(texts(*cells)) == sorted(["备注", "甲", "乙", "丙"])
    assert [text for text in texts(*cells) if text != "备注"] == ["甲", "乙", "丙"]


def test_a_page_without_lines_stays_empty() -> None:
    assert in_reading_order([], 1000, 1000) == ()
