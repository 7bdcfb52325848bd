from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.folding import fold_for_search
from dossier.reading import Box, Line, Reading
from indexer.dates import Span, date_of_text, dates_in, find_dates, span_of_date, span_of_text
from indexer.running_text import running_text


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2020年3月5日", "2020-03-05"),
        ("二〇二〇年三月五日", "2020-03-05"),
        ("二○二○年三月五日", "2020-03-05"),
        ("二零二零年十二月三十一日", "2020-12-31"),
        ("一九九九年十月二十日", "1999-10-20"),
        ("2020年03月05日", "2020-03-05"),
        ("2020 年 3 月 5 号", "2020-03-05"),
        ("2020-03-05", "2020-03-05"),
        ("2020.3.5", "2020-03-05"),
        ("２０２０／３／５", "2020-03-05"),
        ("20200305", "2020-03-05"),
        ("二〇二〇年三月", "2020-03"),
        ("2020年3月", "2020-03"),
        ("2020-03", "2020-03"),
        ("2020年", "2020"),
        ("2020年2月30日", ""),
        ("2020", ""),
        ("3月5日", ""),
        ("2019-2020", ""),
        ("12020年3月", ""),
        ("2020-03/05", ""),
    ],
)
def test_a_date_is_known_however_it_is_written(text: str, date: str) -> None:
    assert date_of_text(text) == date


def printed(*rows: str) -> Reading:
    lines = [Line(row, Box(0.2, 0.2 + 0.02 * i, 0.8, 0.215 + 0.02 * i)) for i, row in enumerate(rows)]
    return Reading(1654, 2339, 200.0, lines=tuple(lines))


def test_a_date_over_the_end_of_a_line_is_whole_and_has_a_place_on_each() -> None:
    (found,) = dates_in(running_text(printed("于二〇二〇年三", "月五日到案")))
    assert found.value == "2020-03-05"
    assert [(place.line, place.start, place.end) for place in found.places] == [(0, 1, 7), (1, 0, 3)]


@pytest.mark.parametrize(
    "rows", [("于2031-09-", "01到案"), ("于2031-09-0", "1到案"), ("于203", "1年9月1日"), ("7", "2031年9月1日")]
)
def test_a_date_within_whose_digits_a_line_ends_is_whole(rows: tuple[str, str]) -> None:
    assert [found.value for found in dates_in(running_text(printed(*rows)))] == ["2031-09-01"]


@pytest.mark.parametrize(
    ("rows", "day", "joined"),
    [
        (("于2020.3.1", "2.被告人"), "2020-03-01", "2020-03-12"),
        (("2020-1-1", "2、转账"), "2020-01-01", "2020-01-12"),
        (("2020.1.2", "3月份"), "2020-01-02", "2020-01-23"),
    ],
)
def test_a_whole_day_at_a_lines_end_stays_beside_what_the_next_line_makes_of_it(
    rows: tuple[str, str], day: str, joined: str
) -> None:
    assert [found.value for found in dates_in(running_text(printed(*rows)))] == [day, joined]


def test_two_numbers_in_a_column_are_no_date() -> None:
    assert dates_in(running_text(printed("2020", "0305"))) == []
    assert [found.value for found in dates_in(running_text(printed("于2020", "0305到案")))] == ["2020-03-05"]


def test_lines_that_only_stand_beside_each_other_are_not_joined() -> None:
    cells = [Line("2031-09-0", Box(0.1, 0.2, 0.3, 0.22)), Line("1件", Box(0.5, 0.2, 0.6, 0.22))]
    assert dates_in(running_text(Reading(1654, 2339, 200.0, lines=tuple(cells)))) == []


def test_a_circled_number_is_no_part_of_the_date_after_it() -> None:
    assert [found.value for found in dates_in(running_text(printed("①2020年3月5日", "⒉2020.3.6")))] == [
        "2020-03-05",
        "2020-03-06",
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("2013.12.3", "2013-12-03"), ("2014.1.6", "2014-01-06")),
        (("2020-03-05", "2020-03-05"), ("2020-03-08", "2020-03-08")),
        (("2020年3月5日", "2020-03-05"), ("2020.3.8", "2020-03-08")),
        (("20200305", "2020-03-05"), ("20200308", "2020-03-08")),
    ],
)
def test_both_dates_of_a_range_are_found(first: tuple[str, str], second: tuple[str, str]) -> None:
    text = f"自{first[0]}-{second[0]}止"
    assert [(text[start:end], value) for value, start, end in find_dates(text)] == [first, second]


def test_a_number_behind_a_date_and_a_hyphen_is_none() -> None:
    assert [value for value, _, _ in find_dates("2020.3.5-2")] == ["2020-03-05"]
    assert list(find_dates("2019-2020-3")) == []


def test_the_birthday_within_an_id_number_is_no_date() -> None:
    assert dates_in(running_text(printed("身份证号82000020990101008X"))) == []


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2020-01..2020-06", Span("2020-01", "2020-06-30")),
        ("2020-06～2020-01", Span("2020-01", "2020-06-30")),
        ("2020年1月至2020年2月", Span("2020-01", "2020-02-29")),
        ("2020", Span("2020", "2020-12-31")),
        ("2020-03-05", Span("2020-03-05", "2020-03-05")),
        ("2020-03..", Span("2020-03", "9999")),
        ("..2020-03-05", Span("0000", "2020-03-05")),
        ("..", None),
        ("去年", None),
        ("2020..明年", None),
        ("2020..2021..2022", None),
    ],
)
def test_a_span_has_both_its_ends(text: str, span: Span | None) -> None:
    assert span_of_text(text) == span


def test_a_month_holds_its_days_and_a_day_holds_no_month() -> None:
    month, day = span_of_date("2020-03"), span_of_date("2020-03-05")
    assert all(month.low <= date <= month.high for date in ("2020-03", "2020-03-01", "2020-03-31"))
    assert not any(month.low <= date <= month.high for date in ("2020", "2020-02-29", "2020-04", "2020-04-01"))
    assert not day.low <= "2020-03" <= day.high


@given(st.text(alphabet=st.sampled_from("12034567890年月日号-./一二三十〇零 \n甲")))
def test_any_text_has_dates_at_places_in_it(text: str) -> None:
    folded = fold_for_search(text).text
    places = [(start, end) for _, start, end in find_dates(folded)]
    assert places == sorted(places)
    assert all(0 <= start < end <= len(folded) for start, end in places)
