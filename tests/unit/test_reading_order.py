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


LEFT = [f"左栏第{number}行的文字到栏边为止" for number in "一二三四五六七八"]
RIGHT = [f"右栏第{number}行的文字到栏边为止" for number in "一二三四五六七八"]


def two_columns(top: int = 200, offset: int = 0) -> list[Line]:
    """Eight lines beside eight lines, the right ones `offset` pixels lower."""
    left = [line(text, 150, top + 40 * place) for place, text in enumerate(LEFT)]
    return left + [line(text, 520, top + offset + 40 * place) for place, text in enumerate(RIGHT)]


def test_columns_of_running_text_are_read_one_after_the_other_whether_their_lines_stand_level_or_not() -> None:
    for offset in (0, 13, 20):
        assert texts(*two_columns(offset=offset)) == LEFT + RIGHT, offset


def test_what_spans_the_columns_comes_before_or_after_them() -> None:
    page = [line("横跨两栏的一个大标题在此", 300, 100), *two_columns(), line("横跨两栏的一段结尾文字在此", 300, 560)]

    assert texts(*page) == ["横跨两栏的一个大标题在此", *LEFT, *RIGHT, "横跨两栏的一段结尾文字在此"]


def test_a_picture_caption_across_the_columns_divides_them_in_two_pairs() -> None:
    page = [*two_columns(100), line("横跨两栏的图片说明文字在此", 300, 450), *two_columns(500)]

    assert texts(*page) == [*LEFT, *RIGHT, "横跨两栏的图片说明文字在此", *LEFT, *RIGHT]


def test_an_indented_first_line_and_a_short_last_one_stay_in_their_column() -> None:
    page = [
        line("缩进两个字的开头一行文字", 190, 160),
        *two_columns(),
        line("末行。", 150, 520),
        line("完。", 520, 520),
    ]

    assert texts(*page) == ["缩进两个字的开头一行文字", *LEFT, "末行。", *RIGHT, "完。"]


def test_columns_of_short_numbered_paragraphs_are_columns_though_most_lines_are_set_in() -> None:
    # As in small print: seven first lines, set in, of full width; six that fill the column; last lines short.
    def column_of(x: int, name: str) -> list[Line]:
        rows: list[Line] = []
        for number in range(7):
            y = 100 + 90 * number
            rows.append(line(f"{name}栏第{number}条首行缩进两个字", x + 40, y))
            if number:
                rows.append(line(f"{name}栏第{number}条第二行的文字到边为止", x, y + 30))
            rows.append(line(f"{name}条末行。", x, y + 60))
        return rows

    left, right = column_of(100, "左"), column_of(540, "右")

    assert texts(*left, *right) == [one.text for one in left + right]


def test_three_columns_are_read_from_left_to_right() -> None:
    names = [[f"{column}栏{number}行的字" + "满" * 5 for number in "一二三四五六七"] for column in "甲乙丙"]
    page = [line(text, 60 + 310 * x, 100 + 40 * y) for x, rows in enumerate(names) for y, text in enumerate(rows)]

    assert texts(*page) == [text for rows in names for text in rows]


def test_a_table_of_long_numbers_stays_in_rows() -> None:
    rows = [(f"31010119{number:010}", f"622202{number:013}") for number in range(10)]
    page = [line(cell, 100 + 450 * x, 100 + 40 * y) for y, row in enumerate(rows) for x, cell in enumerate(row)]

    assert texts(*page) == [cell for row in rows for cell in row]


def test_a_form_whose_left_cells_are_short_stays_in_rows() -> None:
    rows = [("项目" + number, f"填写的内容第{number}行一直写到边") for number in "一二三四五六七八"]
    page = [line(cell, 100 + 300 * x, 100 + 40 * y) for y, row in enumerate(rows) for x, cell in enumerate(row)]

    assert texts(*page) == [cell for row in rows for cell in row]


def test_a_table_with_two_wide_cells_and_others_beside_them_stays_in_rows() -> None:
    rows = [
        (f"{number}", f"扣押物品名称特征之{number}号", f"{number}件", f"持有人见证人备注{number}处")
        for number in "一二三四五六七八"
    ]
    places = (60, 120, 420, 560)
    page = [line(cell, x, 100 + 40 * y) for y, row in enumerate(rows) for x, cell in zip(places, row, strict=True)]

    assert texts(*page) == [cell for row in rows for cell in row]
