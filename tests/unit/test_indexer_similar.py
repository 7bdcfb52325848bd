from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.folding import fold_for_search
from indexer.look_alikes import LEARNT, MOST, SHAPES, alternatives
from indexer.similar import BUDGET, Variant, variants
from indexer.tokens import tokens_of_text


def of(text: str) -> set[str]:
    """The variants of a word in short: tokens joined, ? where one may stand, … where any number may."""
    return {short(variant) for variant in variants(tokens_of_text(text))}


def short(variant: Variant) -> str:
    between = "" if not variant.right else "…" if variant.between is None else "?" * variant.between
    return f"{''.join(variant.left)}{between}{''.join(variant.right)}"


@pytest.mark.parametrize(
    ("text", "misread"),
    [
        ("己方", "已方"),
        ("巳方", "己方"),
        ("戊戌变法", "戌戌变法"),
        ("期末", "期未"),
        ("二〇二〇年", "二0二〇年"),
        ("8001", "80o1"),
        ("土人", "士入"),
    ],
)
def test_look_alikes_are_tried(text: str, misread: str) -> None:
    assert misread in of(text)


def test_a_letter_within_a_number_divides_it_as_on_the_page() -> None:
    assert Variant(("80", "o", "1")) in variants(["8001"])


def test_one_character_may_be_missing() -> None:
    assert {"甲丙丁", "乙丙丁", "甲乙丁", "甲乙丙"} <= of("甲乙丙丁")
    assert of("甲乙丙") >= {"甲丙"}
    assert not of("甲乙丙") & {"甲乙", "乙丙"}
    assert "1990000123" in of("19900001234")


def test_one_character_may_be_too_many_or_another() -> None:
    assert {"甲乙?丙丁戊", "甲乙丙?丁戊", "甲乙?丁戊"} <= of("甲乙丙丁戊")


def test_another_number_is_not_similar() -> None:
    assert not {"刑初号", "沪刑初?号年", "沪刑初号年"} & of("沪刑初1号年")
    assert "二〇二年" not in of("二〇二〇年")
    assert of("2020") == {text for text in of("2020") if set("oz〇") & set(text)}


def test_long_words_are_looked_for_without_each_of_their_parts() -> None:
    text = "".join(chr(0x4E40 + number) for number in range(40))
    assert text[5:] in of(text)
    assert text[:35] in of(text)
    assert text[:5] + "…" + text[10:] in of(text)


def test_a_single_character_has_no_variants() -> None:
    assert variants(["人"]) == ()


@given(st.lists(st.sampled_from([*"甲乙己日人末〇", "8001", "19900001234", "ab"]), min_size=1, max_size=80))
def test_variants_are_bounded_and_none_is_the_word(tokens: list[str]) -> None:
    found = variants(tokens)
    assert sum(len(variant.left) + len(variant.right) for variant in found) <= BUDGET
    assert len(set(found)) == len(found)
    assert Variant(tuple(tokens)) not in found
    assert all(len(side) > 1 for variant in found if variant.between == 1 for side in (variant.left, variant.right))


def test_the_table_is_folded_and_each_set_holds_both_ways() -> None:
    pairs = {(one, other) for alike in SHAPES.split() for one in alike for other in alike if one != other}
    for character in {one for pair in pairs for one in pair} | {text for pair in LEARNT for text in pair[:2]}:
        assert fold_for_search(character).text == character
        assert unicodedata.category(character)[0] in "LN"
        assert character not in alternatives(character)
        assert len(alternatives(character)) <= MOST
        # One digit for another is another number.
        assert not (character.isdecimal() and any(other.isdecimal() for other in alternatives(character)))
    assert all(len(alike) > 1 and len(set(alike)) == len(alike) for alike in SHAPES.split())
