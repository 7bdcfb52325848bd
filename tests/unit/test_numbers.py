from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dossier.numbers import Kind, canonical, find_numbers, folded, is_well_formed


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("某某等3人盗窃案 沪徐检起诉受[2020]31010400012号", Kind.ACCEPTANCE, "沪徐检起诉受(2020)31010400012号"),
        ("山东省院起诉受[2017]37000000095号", Kind.ACCEPTANCE, "山东省院起诉受(2017)37000000095号"),
        ("密检不捕核受【２０１６】37078500026号", Kind.ACCEPTANCE, "密检不捕核受(2016)37078500026号"),
        ("沪徐检起诉受[2020]31010400012", Kind.ACCEPTANCE, "沪徐检起诉受(2020)31010400012号"),
        ("37078520150084600", Kind.UNIFIED, "37078520150084600"),
        ("（2020）沪0104刑初1号", Kind.COURT, "(2020)沪0104刑初1号"),
        ("(2020)沪刑终 12 号", Kind.COURT, "(2020)沪刑终12号"),
        ("〔2019〕最高法刑核3号", Kind.COURT, "(2019)最高法刑核3号"),
        ("（2020）兵0102刑初5号之一", Kind.COURT, "(2020)兵0102刑初5号之一"),
        ("（2012）徐刑初字第0012号", Kind.COURT, "(2012)徐刑初字第0012号"),
        ("a3101040000002020010001", Kind.POLICE, "A3101040000002020010001"),
        ("沪徐检刑诉〔2020〕417号", Kind.DOCUMENT, "沪徐检刑诉(2020)417号"),
        ("沪公（徐）受案字〔2020〕123号", Kind.DOCUMENT, "沪公(徐)受案字(2020)123号"),
    ],
)
def test_a_number_is_recognised_and_made_canonical(text: str, kind: Kind, number: str) -> None:
    (found,) = find_numbers(text)
    assert (found.kind, found.canonical) == (kind, number)
    assert text[found.start : found.end] == found.as_given
    assert canonical(found.as_given) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("检察院以沪徐检刑诉〔2020〕417号起诉书指控", "沪徐检刑诉(2020)417号"),
        ("依据沪徐检刑诉〔2020〕417号起诉书", "沪徐检刑诉(2020)417号"),
        ("某某盗窃案沪徐检起诉受[2020]31010400012号", "沪徐检起诉受(2020)31010400012号"),
        ("上海市徐汇区人民检察院起诉书沪徐检刑诉〔2020〕417号", "沪徐检刑诉(2020)417号"),
        ("徐公立案字〔2020〕12号", "徐公立案字(2020)12号"),
    ],
)
def test_the_sentence_around_a_number_is_no_part_of_it(text: str, number: str) -> None:
    assert [found.canonical for found in find_numbers(text)] == [number]


def test_an_acceptance_number_is_tried_before_a_document_number() -> None:
    numbers = find_numbers("沪徐检刑诉〔2020〕417号 沪徐检起诉受[2020]31010400012号")
    assert [number.kind for number in numbers] == [Kind.ACCEPTANCE, Kind.DOCUMENT]


@pytest.mark.parametrize(
    "text",
    [
        "新建文件夹 (2)",
        "第二卷",
        "20200305",
        "2020年第1号",
        "13800000000",
        "99078520150084600",  # no such region
        "820000209901010087",  # 18 digits
        "82000020200101008X",  # an ID card's
        "(2020)",
        "",
    ],
)
def test_what_is_no_number_is_not_taken_for_one(text: str) -> None:
    assert find_numbers(text) == []
    assert not is_well_formed(text)


def test_only_a_number_as_a_whole_is_well_formed() -> None:
    assert is_well_formed(" （2020）沪0104刑初1号 ")
    assert not is_well_formed("某某盗窃案（2020）沪0104刑初1号")
    assert not is_well_formed("（2020）沪0104刑初1号 副本")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("（2012）徐刑初字第0012号", "(2012)徐刑初字第12号"),
        ("沪徐检刑诉〔2020〕0417号", "沪徐检刑诉〔2020〕417号"),
        ("沪徐检刑诉〔2020〕第417号", "沪徐检刑诉〔2020〕417号"),
    ],
)
def test_numbers_that_differ_in_leading_zeros_are_suggested_and_not_merged(one: str, other: str) -> None:
    assert folded(one) == folded(other)
    assert canonical(one) != canonical(other)


def test_zeros_that_are_no_leading_ones_are_kept() -> None:
    assert folded("（2020）沪0104刑初100号") == "(2020)沪0104刑初100号"
    assert folded("沪徐检刑诉〔2020〕10号") != folded("沪徐检刑诉〔2020〕1号")


BRACKETS = st.sampled_from(["()", "（）", "[]", "［］", "〔〕", "【】", "﹝﹞", "〖〗"])
SPACE = st.sampled_from(["", " ", "\u3000"])


@given(
    brackets=BRACKETS,
    space=SPACE,
    wide=st.booleans(),
    year=st.integers(1990, 2035),
    serial=st.integers(1, 99999),
)
def test_brackets_widths_and_spaces_make_no_difference(
    brackets: str, space: str, wide: bool, year: int, serial: int
) -> None:
    text = f"{brackets[0]}{year}{brackets[1]}{space}沪0104{space}刑初{space}{serial}{space}号"
    if wide:
        text = text.translate({ord("0") + digit: ord("０") + digit for digit in range(10)})
    (number,) = find_numbers(f"某某案 {text}")
    assert number.canonical == canonical(text) == f"({year})沪0104刑初{serial}号"
    assert number.kind == Kind.COURT


@given(st.text())
@example("ı\u02db")
def test_the_canonical_form_is_final(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)


@given(st.text(alphabet="沪徐检起诉受刑初字第号以案[]（）〔〕0123456789 2020"))
def test_found_numbers_stand_where_they_say_and_do_not_overlap(text: str) -> None:
    numbers = sorted(find_numbers(text), key=lambda number: number.start)
    assert all(text[number.start : number.end] == number.as_given for number in numbers)
    assert all(one.end <= other.start for one, other in pairwise(numbers))


def test_a_circled_number_changes_no_canonical_form() -> None:
    assert canonical("（2020）沪0104刑初1②号") == canonical("（2020）沪0104刑初12号")
    assert [number.canonical for number in find_numbers("①（2020）沪0104刑初12号")] == ["(2020)沪0104刑初12号"]
