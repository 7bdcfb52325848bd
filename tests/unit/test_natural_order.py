from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.natural_order import chinese_number, file_key, natural_key


@pytest.mark.parametrize(
    "in_order",
    [
        ["1.jpg", "2.jpg", "10.jpg"],
        ["0009.jpg", "010.jpg", "0011.jpg"],
        ["卷一", "卷二", "卷三", "卷十", "卷十一", "卷二十"],
        ["第一卷", "第二卷", "第十卷"],
        ["一、拘留证", "二、逮捕证", "十、起诉意见书"],
        ["IMG_2", "img_10"],
        ["扫描9", "扫描１０"],
        ["01拘留证/001", "01拘留证/002", "02讯问笔录/001"],
        ["a/2", "a/10", "b"],
    ],
)
def test_names_sort_as_people_number_them(in_order: list[str]) -> None:
    assert sorted(in_order, key=natural_key) == in_order


@pytest.mark.parametrize("inserted", ["0035-1.jpg", "0035_1.jpg", "0035 (2).jpg", "0035 - 副本.jpg", "0035背.jpg"])
def test_an_inserted_page_comes_right_behind_its_sheet(inserted: str) -> None:
    in_order = ["0034.jpg", "0035.jpg", inserted, "0036.jpg"]

    assert sorted(in_order, key=file_key) == in_order


@pytest.mark.parametrize(
    ("numeral", "value"),
    [("一", 1), ("十", 10), ("十二", 12), ("二十", 20), ("二十一", 21), ("一百零三", 103), ("三百", 300), ("二〇", 20)],
)
def test_chinese_numerals_have_their_value(numeral: str, value: int) -> None:
    assert chinese_number(numeral) == value


def test_a_numeral_within_a_word_is_a_word() -> None:
    assert natural_key("三轮车").startswith("三轮车")


@given(st.text(max_size=40), st.text(max_size=40))
def test_different_names_never_share_a_key(one: str, other: str) -> None:
    assert (natural_key(one) == natural_key(other)) == (one == other)
