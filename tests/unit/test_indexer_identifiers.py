from __future__ import annotations

import pytest

from dossier.reading import Box, Line, Reading
from indexer.identifiers import (
    Place,
    identifiers_of_reading,
    identifiers_of_text,
    is_card_number,
    is_id_number,
)

# 8·7 + 2·9 + 2·2 + 9·6 + 9·3 + 1·9 + 1·5 + 8·2 = 189 = 17·11 + 2, and 2 stands for X.
ID_WITH_X = "82000020990101008X"
# The same with 009: 191 = 17·11 + 4, and 4 stands for 8.
ID = "820000209901010098"
CARD = "6222000000000000012"  # Luhn: 2 + 2·1 + 2·2 + 2 + 2·2 + 6 = 20


def forms(text: str) -> list[str]:
    return [identifier.canonical for identifier in identifiers_of_text(text)]


def test_a_circled_number_is_no_part_of_the_number_after_it() -> None:
    assert forms("②19900001234") == ["19900001234"]
    assert forms("账号①99900100000①") == ["99900100000"]


def test_an_id_number_needs_a_region_a_date_and_its_check_digit() -> None:
    assert is_id_number(ID_WITH_X)
    assert is_id_number(ID)
    assert not is_id_number("820000209901010097")
    assert not is_id_number("990000" + ID[6:])
    assert not is_id_number("820000209913010098")
    assert not is_id_number(ID[:17])


def test_a_card_number_needs_its_luhn_digit() -> None:
    assert is_card_number(CARD)
    assert not is_card_number("6222000000000000011")
    assert not is_card_number("1" + CARD[1:])


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("电话19900001234。", "19900001234"),
        ("199 0000 1234", "19900001234"),
        ("199-0000-1234", "19900001234"),
        ("＋８６ 19900001234", "19900001234"),
        ("8619900001234", "19900001234"),
        ("021-60000001", "02160000001"),
        ("6222 0000 0000 0000 012", CARD),
        ("6222-0000-0000-0000-012", CARD),
        (f"身份证{ID_WITH_X.lower()}号", ID_WITH_X),
        ("820000 20990101 0098", ID),
        ("账号1234567890", "1234567890"),
        ("见（2020）沪0104刑初1号", "(2020)沪0104刑初1号"),
        ("820000209901010097", "820000209901010097"),  # a wrong check digit is still a long number
    ],
)
def test_an_identifier_is_put_together(text: str, form: str) -> None:
    assert forms(text) == [form]


@pytest.mark.parametrize("text", ["20200305", "12345678", "1234 5678", "5 19900 001234", "19900001234.5元"[:5], "甲乙"])
def test_short_numbers_and_dates_are_no_identifiers(text: str) -> None:
    assert forms(text) == []


def test_numbers_side_by_side_stay_apart() -> None:
    assert forms("3 19900001234 2020") == ["19900001234"]
    assert forms("19900001234 19900001235") == ["19900001234", "19900001235"]
    assert forms(f"{CARD} 19900001234") == [CARD, "19900001234"]


def test_the_tail_is_the_last_run_of_digits() -> None:
    (id_card, court, short) = identifiers_of_text(f"{ID_WITH_X}，沪徐检刑诉〔2020〕00417号，（2020）沪0104刑初1号")
    assert (id_card.tail, court.tail, short.tail) == (ID_WITH_X, "00417", "")


def line(text: str, x0: float, y0: float, x1: float) -> Line:
    return Line(text, Box(x0, y0, x1, y0 + 0.015))


def found(*lines: Line) -> list[tuple[str, tuple[Place, ...]]]:
    reading = Reading(1654, 2339, 200.0, lines=lines)
    return [(identifier.canonical, identifier.places) for identifier in identifiers_of_reading(reading)]


def test_a_number_broken_at_the_end_of_a_line_is_whole() -> None:
    upper, lower = line("他的电话是1990000", 0.15, 0.2, 0.85), line("1234，常用。", 0.15, 0.22, 0.4)
    assert found(upper, lower) == [("19900001234", (Place(0, 5, 12), Place(1, 0, 4)))]


@pytest.mark.parametrize(
    ("upper", "lower", "form"),
    [
        ("卡号9990 0177", "7741 2154 723，", "9990017777412154723"),  # between two groups
        ("卡号9990 0177 77", "41 2154 723，", "9990017777412154723"),  # within one
        ("电话199-0000-", "7396，", "19900007396"),
        ("电话199", "-0000-8384，", "19900008384"),
        ("身份证号53010220970812753", "3，住", "530102209708127533"),
        ("身份证号53010220970812018", "X，住", "53010220970812018X"),
    ],
)
def test_a_number_in_groups_is_whole_wherever_its_line_ends(upper: str, lower: str, form: str) -> None:
    assert [one for one, _ in found(line(upper, 0.15, 0.2, 0.85), line(lower, 0.15, 0.22, 0.4))] == [form]


def test_a_number_of_17_digits_is_none_of_18_cut_short() -> None:
    # 统一受案号; the line below begins with another number.
    upper, lower = line("统一受案号53010220310012753", 0.15, 0.2, 0.85), line("3月5日受理", 0.15, 0.22, 0.4)
    assert [one for one, _ in found(upper, lower)] == ["53010220310012753"]


def test_a_case_number_broken_at_the_end_of_a_line_is_whole() -> None:
    upper, lower = line("判决书（2020）沪0104", 0.15, 0.2, 0.85), line("刑初12号", 0.15, 0.22, 0.4)
    assert [form for form, _ in found(upper, lower)] == ["(2020)沪0104刑初12号"]


def test_cells_of_a_table_row_are_not_put_together() -> None:
    # 150 and 20200305 together look like a phone.
    assert found(line("150", 0.1, 0.2, 0.2), line("20200305", 0.3, 0.2, 0.5)) == []


def test_the_last_cell_of_a_row_and_the_first_of_the_next_are_not_put_together() -> None:
    assert found(line("150", 0.8, 0.2, 0.9), line("20200305", 0.1, 0.22, 0.3)) == []


def test_lines_far_apart_are_not_put_together() -> None:
    assert found(line("150", 0.1, 0.2, 0.3), line("20200305", 0.1, 0.4, 0.3)) == []
