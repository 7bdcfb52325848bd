from __future__ import annotations

import html
import random

import pytest

from dossier.reading import Box, Line, Reading
from indexer.highlight import Highlight, Snippet, highlight, may_reach_turn
from indexer.query import understand


def row(text: str, number: int, *, boxes: bool = False) -> Line:
    """A line of cells, each 0.01 wide, beginning at 0.2; rows are 0.02 apart."""
    y0, y1 = 0.2 + 0.02 * number, 0.215 + 0.02 * number
    cells = tuple(Box(0.2 + 0.01 * place, y0, 0.21 + 0.01 * place, y1) for place in range(len(text)))
    return Line(text, Box(0.2, y0, 0.2 + 0.01 * len(text), y1), characters=cells if boxes else ())


def page(*lines: Line) -> Reading:
    return Reading(1654, 2339, 200.0, lines=lines)


def shown(text: str, rung: str, reading: Reading, following: Reading | None = None) -> Highlight:
    return highlight(understand(text), rung, reading, following)


def near(boxes: tuple[Box, ...]) -> list[list[float]]:
    return [pytest.approx(box.as_list()) for box in boxes]


def test_a_match_is_the_union_of_its_characters_boxes() -> None:
    result = shown("小明", "phrase", page(row("证人林小明说", 0, boxes=True)))
    assert near(result.rects) == [[0.23, 0.2, 0.25, 0.215]]


def test_each_match_has_its_own_rectangle() -> None:
    result = shown("甲", "phrase", page(row("甲乙甲", 0, boxes=True)))
    assert near(result.rects) == [[0.2, 0.2, 0.21, 0.215], [0.22, 0.2, 0.23, 0.215]]


def test_matches_that_overlap_are_one_rectangle() -> None:
    result = shown("甲乙甲", "phrase", page(row("甲乙甲乙甲", 0, boxes=True)))
    assert near(result.rects) == [[0.2, 0.2, 0.25, 0.215]]


def test_a_match_over_a_line_break_has_a_rectangle_on_each_line() -> None:
    result = shown("林小明", "phrase", page(row("证人林", 0, boxes=True), row("小明说", 1, boxes=True)))
    assert near(result.rects) == [[0.22, 0.2, 0.23, 0.215], [0.2, 0.22, 0.22, 0.235]]


def test_spaces_and_punctuation_within_a_match_lie_in_its_rectangle() -> None:
    result = shown("林小明", "phrase", page(row("林 小，明", 0, boxes=True)))
    assert near(result.rects) == [[0.2, 0.2, 0.25, 0.215]]


def test_characters_on_an_arc_have_rectangles_of_their_own() -> None:
    rises = (0.30, 0.26, 0.24, 0.24, 0.26, 0.30)
    arc = tuple(Box(0.2 + 0.02 * i, y, 0.22 + 0.02 * i, y + 0.02) for i, y in enumerate(rises))
    line = Line("云屏市公安局", Box(0.2, 0.22, 0.32, 0.24), characters=arc)

    # The two at the top stand in a row.
    assert near(shown("云屏市公安局", "phrase", page(line)).rects) == [
        [0.2, 0.3, 0.22, 0.32],
        [0.22, 0.26, 0.24, 0.28],
        [0.24, 0.24, 0.28, 0.26],
        [0.28, 0.26, 0.3, 0.28],
        [0.3, 0.3, 0.32, 0.32],
    ]


def test_without_character_boxes_the_line_is_shared_by_width() -> None:
    # Two Han of two cells and four digits of one: 8 cells in 0.06.
    line = Line("林某1234", Box(0.2, 0.2, 0.28, 0.215))
    assert near(shown("某", "phrase", page(line)).rects) == [[0.22, 0.2, 0.24, 0.215]]
    assert near(shown("1234", "phrase", page(line)).rects) == [[0.24, 0.2, 0.28, 0.215]]


def test_a_vertical_line_is_shared_from_top_to_bottom() -> None:
    line = Line("甲乙丙丁", Box(0.2, 0.2, 0.22, 0.6), vertical=True)
    assert near(shown("丙", "phrase", page(line)).rects) == [[0.2, 0.4, 0.22, 0.5]]


def test_words_are_marked_each_where_they_stand() -> None:
    result = shown("甲 丙", "words", page(row("甲乙丙", 0, boxes=True)))
    assert near(result.rects) == [[0.2, 0.2, 0.21, 0.215], [0.22, 0.2, 0.23, 0.215]]


def test_an_identifier_is_marked_as_it_is_printed() -> None:
    reading = page(row("电话199-0000-1234", 0, boxes=True))
    assert near(shown("19900001234", "identifier", reading).rects) == [[0.22, 0.2, 0.35, 0.215]]
    assert near(shown("1234", "identifier", reading).rects) == [[0.22, 0.2, 0.35, 0.215]]
    assert shown("19900001235", "identifier", reading).rects == ()


def test_a_case_number_in_other_brackets_is_marked() -> None:
    reading = page(row("见（2020）沪0104刑初1号", 0, boxes=True))
    assert near(shown("[2020]沪0104刑初1号", "identifier", reading).rects) == [[0.21, 0.2, 0.36, 0.215]]


@pytest.mark.parametrize("typed", ["2020-03-05", "2020年3月"])
def test_a_date_is_marked_as_it_is_printed(typed: str) -> None:
    reading = page(row("于二〇二〇年三月", 0, boxes=True), row("五日到案", 1, boxes=True))
    assert near(shown(typed, "identifier", reading).rects) == [[0.21, 0.2, 0.28, 0.215], [0.2, 0.22, 0.22, 0.235]]


def test_an_amount_is_marked_as_it_is_printed() -> None:
    reading = page(row("付叁萬捌仟圓整，3.8元", 0, boxes=True))
    assert near(shown("38,000元", "identifier", reading).rects) == [[0.21, 0.2, 0.27, 0.215]]


def test_traditional_characters_are_marked_in_their_place() -> None:
    assert near(shown("张国荣", "phrase", page(row("證人張國榮說", 0, boxes=True))).rects) == [[0.22, 0.2, 0.25, 0.215]]


@pytest.mark.parametrize(
    ("printed", "start", "end"),
    [
        ("证人林小朋说", 2, 5),  # a look-alike
        ("证人林明说", 2, 4),  # one is missing
    ],
)
def test_a_word_with_a_reading_error_is_marked_whole(printed: str, start: int, end: int) -> None:
    result = shown("林小明", "similar", page(row(printed, 0, boxes=True)))
    assert near(result.rects) == [[0.2 + 0.01 * start, 0.2, 0.2 + 0.01 * end, 0.215]]


@pytest.mark.parametrize("printed", ["提起甲公诉案件", "提起甲诉案件", "提起公，甲诉案件"])
def test_what_stands_between_is_marked_with_it(printed: str) -> None:
    result = shown("提起公诉案件", "similar", page(row(printed, 0, boxes=True)))
    assert near(result.rects) == [[0.2, 0.2, 0.2 + 0.01 * len(printed), 0.215]]


def test_a_word_that_stands_on_the_page_is_not_marked_where_it_is_only_similar() -> None:
    result = shown("己方 林小明", "similar", page(row("己方，已方，林小朋", 0, boxes=True)))
    assert near(result.rects) == [[0.2, 0.2, 0.22, 0.215], [0.26, 0.2, 0.29, 0.215]]


def test_a_long_sentence_is_marked_but_for_the_part_with_the_error() -> None:
    text = "被告人将收取的钱款全部交给同案犯保管后离开"
    result = shown(text, "similar", page(row(text.replace("全", "金"), 0, boxes=True)))
    assert result.rects[0].x0 == pytest.approx(0.2)
    assert result.rects[-1].x1 == pytest.approx(0.2 + 0.01 * len(text))


def test_what_is_excluded_is_not_marked() -> None:
    assert near(shown("甲 -乙", "phrase", page(row("甲丙", 0, boxes=True))).rects) == [[0.2, 0.2, 0.21, 0.215]]


def test_of_alternatives_those_that_stand_there_are_marked() -> None:
    result = shown("甲 OR 乙 OR 丙", "phrase", page(row("甲丁丙", 0, boxes=True)))
    assert near(result.rects) == [[0.2, 0.2, 0.21, 0.215], [0.22, 0.2, 0.23, 0.215]]


def test_words_beside_an_identifier_are_marked_too() -> None:
    reading = page(row("林某，19900001234", 0, boxes=True))
    result = shown("林某 19900001234", "identifier", reading)
    assert near(result.rects) == [[0.2, 0.2, 0.22, 0.215], [0.23, 0.2, 0.34, 0.215]]


def test_a_phrase_over_the_page_turn_is_marked_on_both_pages() -> None:
    foot = Line("— 3 —", Box(0.45, 0.94, 0.55, 0.955))
    first = page(row("交给了林", 0, boxes=True), foot)
    second = page(row("小明，后小明走了", 0, boxes=True))
    result = shown("林小明", "phrase", first, second)
    assert near(result.rects) == [[0.23, 0.2, 0.24, 0.215]]
    assert near(result.next_rects) == [[0.2, 0.2, 0.22, 0.215]]
    assert result.snippet.text == "交给了林— 3 —"
    assert result.snippet.marked("[", "]") == "交给了[林]— 3 —"


def test_what_stands_on_the_next_page_alone_is_not_marked_there() -> None:
    first, second = page(row("小明", 0, boxes=True)), page(row("小明", 0, boxes=True))
    assert shown("小明", "phrase", first, second).next_rects == ()


def test_a_snippet_shows_the_text_around_the_first_match() -> None:
    text = "甲" * 50 + "林小明" + "乙" * 80
    snippet = shown("林小明", "phrase", page(row(text, 0))).snippet
    assert snippet.text == "…" + "甲" * 30 + "林小明" + "乙" * 57 + "…"
    assert snippet.matches == ((31, 34),)


def test_lines_are_joined_without_a_space_beside_han() -> None:
    reading = page(row("甲乙", 0), row("丙", 1), row("Mate", 2), row("Pro", 3))
    assert shown("乙丙", "phrase", reading).snippet.text == "甲乙丙Mate Pro"
    assert shown("pro", "phrase", reading).snippet.marked("[", "]") == "甲乙丙Mate [Pro]"


def test_marks_are_not_escaped_and_the_text_is() -> None:
    snippet = Snippet("a<b>c", ((1, 4),))
    assert snippet.marked("<mark>", "</mark>", html.escape) == "a<mark>&lt;b&gt;</mark>c"


def test_where_nothing_matches_the_snippet_is_the_beginning() -> None:
    result = shown("丙", "phrase", page(row("甲" * 100, 0)))
    assert result.rects == ()
    assert result.snippet == Snippet("甲" * 60 + "…", ())


def test_an_empty_page_has_an_empty_snippet() -> None:
    assert shown("丙", "phrase", page()).snippet == Snippet("", ())


@pytest.mark.parametrize(("text", "rung"), [("日期:2020-03", "words"), ("日期:2020-03 甲", "phrase")])
def test_dates_asked_for_by_their_field_are_marked_on_every_rung(text: str, rung: str) -> None:
    result = shown(text, rung, page(row("2020年3月5日甲", 0), row("2020年4月1日乙", 1)))
    marked = [result.snippet.text[start:end] for start, end in result.snippet.matches]
    assert marked == ["2020年3月5日", *(["甲"] if "甲" in text else [])]
    assert shown(f"乙 -{text.split()[0]}", "phrase", page(row("2020年3月5日乙", 0))).snippet.matches == ((9, 10),)


def test_no_match_over_the_turn_is_missed_by_looking_at_its_own_page_alone() -> None:
    chance, over, spared = random.Random(5), 0, 0
    for _ in range(3000):
        # Few different characters, so that most phrases stand somewhere; heads and feet, alike on both or not.
        first, second = ([_drawn(chance, 6) for _ in range(5)] for _ in range(2))
        rows = [line(text, y) for text, y in zip(first, (0.03, 0.3, 0.5, 0.7, 0.93), strict=True)]
        following = [line(text, y) for text, y in zip(second, (0.03, 0.3, 0.5, 0.7, 0.93), strict=True)]
        if chance.random() < 0.5:
            following[0], following[4] = rows[0], rows[4]
        reading = page(*rows[chance.randrange(2) : 5 - chance.randrange(2)])
        over_turn = chance.choice(rows[2:]).text[-2:] + chance.choice(following[:3]).text[:2]
        query = understand(chance.choice((over_turn, _drawn(chance, 4))))
        reaches = may_reach_turn(query, "phrase", reading)
        goes_on = bool(highlight(query, "phrase", reading, page(*following)).next_rects)
        assert reaches or not goes_on
        over, spared = over + goes_on, spared + (not reaches)
    assert over > 20
    assert spared > 300


def line(text: str, y0: float) -> Line:
    return Line(text, Box(0.2, y0, 0.8, y0 + 0.015))


def _drawn(chance: random.Random, most: int) -> str:
    return "".join(chance.choice("甲乙丙丁戊己庚辛壬癸子丑寅卯") for _ in range(chance.randrange(1, most + 1)))
