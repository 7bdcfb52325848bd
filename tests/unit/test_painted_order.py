from __future__ import annotations

from pipeline.files.painted_order import in_painted_order
from pipeline.files.text_lines import GlyphLine


def line(text: str, x0: float, y0: float, x1: float, y1: float | None = None, vertical: bool = False) -> GlyphLine:
    return GlyphLine(text, (), (x0, y0, x1, y0 + 10 if y1 is None else y1), vertical, 10.0)


def order(*lines: GlyphLine) -> str:
    return "".join(found.text for found in in_painted_order(lines))


def test_lines_painted_downward_stay_as_they_are() -> None:
    assert order(line("a", 0, 0, 90), line("b", 0, 20, 90), line("c", 0, 40, 90)) == "abc"


def test_a_footer_painted_first_comes_last() -> None:
    assert order(line("f", 40, 200, 60), line("a", 0, 0, 90), line("b", 0, 20, 90)) == "abf"


def test_a_header_painted_last_comes_first() -> None:
    assert order(line("a", 0, 20, 90), line("b", 0, 40, 90), line("h", 0, 0, 90)) == "hab"


def test_a_line_painted_after_the_one_below_it_is_put_in_its_place() -> None:
    assert order(line("a", 0, 0, 90), line("c", 0, 40, 90), line("b", 0, 20, 90)) == "abc"


def test_columns_painted_one_after_the_other_are_read_one_after_the_other() -> None:
    left = [line(text, 0, y, 40) for text, y in (("a", 20), ("b", 40), ("c", 60))]
    right = [line(text, 50, y, 90) for text, y in (("d", 20), ("e", 40), ("f", 60))]
    title, footer = line("t", 0, 0, 90), line("z", 0, 80, 90)
    assert order(title, *left, *right, footer) == "tabcdefz"
    assert order(footer, title, *left, *right) == "tabcdefz"


def test_a_table_painted_row_by_row_is_read_row_by_row() -> None:
    cells = [line(text, x, y, x + 30) for text, x, y in (("a", 0, 0), ("b", 50, 0), ("c", 0, 20), ("d", 50, 20))]
    assert order(*cells) == "abcd"


def test_a_cell_of_two_lines_is_read_whole() -> None:
    assert (
        order(
            line("a", 0, 0, 30), line("b", 0, 12, 30), line("c", 50, 0, 80), line("d", 0, 40, 30), line("e", 50, 40, 80)
        )
        == "abcde"
    )


def test_pieces_of_a_row_painted_from_the_right_are_read_from_the_left() -> None:
    assert order(line("b", 50, 0, 80), line("c", 0, 20, 80), line("a", 0, 1, 30)) == "abc"


def test_vertical_columns_are_read_from_the_right() -> None:
    columns = [line(text, x, 0, x + 10, 100, vertical=True) for text, x in (("c", 0), ("a", 40), ("b", 20))]
    assert order(*columns) == "abc"


def test_a_page_without_lines_has_no_order() -> None:
    assert in_painted_order([]) == []


def test_a_page_number_aside_of_all_lines_comes_last() -> None:
    assert order(line("z", 80, 200, 90), line("a", 0, 0, 40), line("b", 0, 20, 40)) == "abz"
