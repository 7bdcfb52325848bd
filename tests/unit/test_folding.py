from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.folding import fold, fold_for_search


@pytest.mark.parametrize(
    ("raw", "folded"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("〔二〕【二】［二］（二）[二](二)", "(二)" * 6),
        ("二○二◯年", "二〇二〇年"),
        ("③㈠Ⅳ㎏", "3(一)ivkg"),
        ("٣٤५", "345"),
        ("12\u200b34\ufeff", "1234"),
        ("葛\U000e0100城", "葛城"),
        ("cafe\u0301", "café"),
        ("\u2f08\uf9d1", "人六"),  # a Kangxi radical and a compatibility ideograph
        ("35—1", "35-1"),
        ("①2020年3②", "1 2020年3 2"),
        ("①②", "1 2"),
        ("⒈2020", "1. 2020"),
        ("3½", "3 1⁄2"),
        ("３４1.5", "341.5"),
        ("Straße", "strasse"),
        ("𠮷𰵧", "𠮷𰵧"),
    ],
)
def test_forms_of_the_same_are_folded_together(raw: str, folded: str) -> None:
    assert fold(raw).text == folded


def test_a_folded_character_knows_its_raw_span() -> None:
    folded = fold("甲③cafe\u0301㎏")
    assert folded.text == "甲3cafékg"
    assert folded.raw_span(0, 1) == (0, 1)
    assert folded.raw_span(1, 2) == (1, 2)
    assert folded.raw_span(5, 6) == (5, 7)  # é was two characters
    assert folded.raw_span(6, 7) == folded.raw_span(7, 8) == (7, 8)  # kg was one
    assert folded.raw_span(2, 6) == (2, 7)


def test_the_space_beside_a_circled_number_has_its_raw_span() -> None:
    folded = fold("①2②")
    assert folded.text == "1 2 2"
    assert [folded.raw_span(at, at + 1) for at in range(5)] == [(0, 1), (0, 1), (1, 2), (2, 3), (2, 3)]


@given(st.text())
def test_spans_lie_in_the_text_and_never_go_back(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.starts) == len(folded.ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(folded.starts, folded.ends, strict=True))
    assert list(folded.starts) == sorted(folded.starts)
    assert list(folded.ends) == sorted(folded.ends)


@pytest.mark.parametrize(
    ("raw", "folded"),
    [
        ("張國榮", "张国荣"),
        ("滬刑訴〔２０２０〕第１號", "沪刑诉(2020)第1号"),
        ("叁萬捌仟圓", "叁万捌仟圆"),
        ("著", "著"),
        ("𠮷𰵧", "𠮷𰵧"),
    ],
)
def test_traditional_characters_are_simplified_for_the_search_only(raw: str, folded: str) -> None:
    assert fold_for_search(raw).text == folded
    assert fold("張國榮").text == "張國榮"


def test_a_character_is_simplified_alike_whatever_stands_beside_it() -> None:
    assert fold_for_search("乾隆").text[0] == fold_for_search("餅乾").text[1]


@given(st.text(alphabet=st.one_of(st.characters(), st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF))))
def test_places_are_the_same_with_simplified_characters(text: str) -> None:
    plain, simple = fold(text), fold_for_search(text)
    assert (plain.starts, plain.ends) == (simple.starts, simple.ends)
    assert fold_for_search(simple.text).text == fold(simple.text).text
