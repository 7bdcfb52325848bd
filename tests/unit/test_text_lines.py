from __future__ import annotations

from pipeline.files.text_lines import Glyph, glyph_lines


def row(text: str, x: float, y: float, em: float = 10.0, width: float = 1.0, step: float | None = None) -> list[Glyph]:
    """Characters set beside each other, each `width` ems wide, `step` points apart."""
    step = width * em if step is None else step
    return [
        Glyph(character, (x + place * step, y, x + place * step + width * em, y + em), 0.0, em)
        for place, character in enumerate(text)
    ]


def texts(glyphs: list[Glyph], rules: tuple[tuple[float, float, float, float], ...] = ()) -> list[str]:
    return [line.text for line in glyph_lines(glyphs, rules)]


def test_characters_side_by_side_are_a_line() -> None:
    (line,) = glyph_lines(row("起诉书", 100, 50))
    assert line.text == "起诉书"
    assert line.box == (100, 50, 130, 60)
    assert line.boxes == ((100, 50, 110, 60), (110, 50, 120, 60), (120, 50, 130, 60))


def test_a_line_is_as_high_as_its_highest_character_for_each_of_them() -> None:
    low = Glyph("，", (110, 57, 114, 60), 0.0, 10.0)
    (line,) = glyph_lines([*row("甲", 100, 50), low])
    assert line.boxes == ((100, 50, 110, 60), (110, 50, 114, 60))


def test_lines_under_each_other_stay_apart() -> None:
    assert texts(row("第一行", 100, 50) + row("第二行", 100, 65)) == ["第一行", "第二行"]


def test_words_are_parted_where_the_file_leaves_a_gap_and_no_space() -> None:
    # Half an em for each letter; the second word begins a quarter of an em behind the first.
    assert texts(row("case", 0, 0, width=0.5) + row("file", 22.5, 0, width=0.5)) == ["case file"]


def test_letters_a_little_apart_are_one_word() -> None:
    assert texts(row("case", 0, 0, width=0.5, step=5.8)) == ["case"]


def test_han_and_digits_need_a_wide_gap_to_be_parted() -> None:
    assert texts(row("电话", 0, 0) + row("138", 22.5, 0, width=0.5)) == ["电话138"]
    assert texts(row("电话", 0, 0) + row("138", 29, 0, width=0.5)) == ["电话 138"]


def test_spaces_are_kept_once_and_never_at_the_ends() -> None:
    (line,) = glyph_lines(row("  a  b  ", 0, 0, width=0.5))
    assert line.text == "a b"
    assert len(line.boxes) == 3


def test_pieces_far_apart_are_lines_of_their_own() -> None:
    assert texts(row("姓名", 0, 0) + row("性别", 45, 0)) == ["姓名", "性别"]


def test_a_rule_between_characters_parts_them() -> None:
    cells = row("姓名", 0, 0) + row("张三", 22, 0)
    assert texts(cells) == ["姓名张三"]
    assert texts(cells, ((21, -5, 21, 15),)) == ["姓名", "张三"]
    assert texts(cells, ((21, 12, 21, 40),)) == ["姓名张三"]


def test_a_number_filled_in_later_joins_its_line() -> None:
    frame = row("卷号", 0, 0) + row("下一行", 0, 20)
    assert texts(frame + row("17", 20, 0, width=0.5)) == ["卷号17", "下一行"]


def test_a_superscript_stays_in_its_line() -> None:
    raised = Glyph("2", (20, -2, 23, 4), 0.0, 6.0)
    assert texts([*row("面积", 0, 0), raised]) == ["面积2"]


def test_what_is_painted_twice_to_look_bold_is_read_once() -> None:
    assert texts(row("判决书", 0, 0) + row("判决书", 0.4, 0)) == ["判决书"]


def test_a_doubled_letter_is_read_twice() -> None:
    assert texts(row("illegal", 0, 0, em=5, width=0.22)) == ["illegal"]


def test_han_characters_under_each_other_are_a_vertical_line() -> None:
    column = [
        Glyph(character, (50, y, 60, y + 10), 0.0, 10.0) for character, y in zip("起诉书", (0, 10, 20), strict=True)
    ]
    (line,) = glyph_lines(column)
    assert (line.text, line.vertical) == ("起诉书", True)
    assert line.boxes == ((50, 0, 60, 10), (50, 10, 60, 20), (50, 20, 60, 30))


def test_numbers_under_each_other_are_lines_of_their_own() -> None:
    column = [Glyph(character, (50, y, 55, y + 10), 0.0, 10.0) for character, y in zip("123", (0, 10, 20), strict=True)]
    assert texts(column) == ["1", "2", "3"]


def test_a_slanted_stamp_is_one_line() -> None:
    # 45 degrees clockwise: each step goes as far down as to the right.
    stamp = [
        Glyph(character, (place * 8, place * 8, place * 8 + 10, place * 8 + 10), 45.0, 10.0)
        for place, character in enumerate("仅供查阅")
    ]
    assert texts(stamp) == ["仅供查阅"]


def test_nothing_but_spaces_is_no_line() -> None:
    assert texts(row("   ", 0, 0)) == []
    assert texts([]) == []
