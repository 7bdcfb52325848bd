from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.errors import UsageError
from indexer.clause import leaves
from indexer.query import LONGEST, MOST_CLAUSES, Word, ladder, understand
from indexer.sight import Sight

PAIRS = [("子", "丑"), ("寅", "卯"), ("辰", "巳"), ("午", "未")]


def words(text: str) -> list[tuple[str, str, str]]:
    """(tokens joined, identifier, tail) of each word."""
    return [("".join(word.tokens), word.identifier, word.tail) for word in understand(text).words]


def rungs(text: str) -> list[str]:
    return [rung.name for rung in ladder(understand(text), Sight()).rungs]


def test_spaces_of_any_width_divide_words() -> None:
    assert words("甲乙 丙\u3000丁\t戊\n己") == [(word, "", "") for word in ("甲乙", "丙", "丁", "戊", "己")]


@pytest.mark.parametrize("text", ['"甲 乙"', "“甲 乙”", "„甲 乙”", "「甲 乙」", "『甲 乙』", "＂甲 乙＂", "“甲 乙“"])
def test_quotation_marks_of_any_kind_keep_words_together(text: str) -> None:
    assert understand(text).words == (Word(("甲", "乙"), quoted=True),)


def test_a_mark_without_its_partner_is_ignored() -> None:
    assert words('甲 "乙 丙') == [("甲", "", ""), ("乙", "", ""), ("丙", "", "")]
    assert words("「甲") == [("甲", "", "")]
    assert words('""') == []


def test_an_identifier_is_a_word_wherever_it_stands() -> None:
    assert words("林某19900001234报案") == [
        ("林某", "", ""),
        ("19900001234", "19900001234", "19900001234"),
        ("报案", "", ""),
    ]
    assert words("[2020]沪0104刑初1号") == [("2020沪0104刑初1号", "(2020)沪0104刑初1号", "")]


@pytest.mark.parametrize("text", ["3.8 万元", "38,000 元", "3.8万元"])
def test_a_sum_with_a_space_before_its_unit_is_one_word(text: str) -> None:
    assert [word.amount for word in understand(f"{text} 转账").words] == ["38000", ""]


def test_quoted_numbers_are_text() -> None:
    assert words('"19900001234"')[0][1] == ""


@pytest.mark.parametrize(
    ("text", "tail"), [("8001", "8001"), ("008x", "008X"), ("801", ""), ("8001号", ""), ("x008", "")]
)
def test_four_digits_may_be_the_last_of_a_number(text: str, tail: str) -> None:
    assert [word.tail for word in understand(text).words] == [tail]


def test_a_year_beside_other_words_is_no_tail() -> None:
    assert "identifier" in rungs("2020")
    assert "identifier" not in rungs("林某 2020")
    assert "identifier" in rungs("林某 8001")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("——", []),
        ("人", ["phrase"]),
        ("林某 供述", ["phrase", "words", "similar"]),
        ("19900001234", ["identifier", "phrase", "similar"]),
        ("甲 乙", ["phrase", "words"]),  # single characters have no look-alikes that could be told from any other
        ('"林小明"', ["phrase"]),
        ("2020年3月5日", ["identifier", "phrase", "similar"]),
        ("甲 OR 乙", ["phrase"]),
        ("-甲", ["words"]),
        ("案由:盗窃", ["phrase", "words"]),
        ("-案由:盗窃", ["words"]),
        ("NOT 案由:盗窃", ["words"]),
        ('案由:"盗窃"', ["words"]),
        ("案由:盗窃 甲", ["phrase"]),
        ("甲 OR 案由:盗窃", ["phrase", "words"]),
    ],
)
def test_the_ladder_has_the_rungs_that_make_sense(text: str, names: list[str]) -> None:
    assert rungs(text) == names


def test_a_query_of_the_greatest_length_is_taken_and_a_longer_one_refused() -> None:
    assert [len(phrase) for phrase in understand("甲" * LONGEST).phrases] == [LONGEST]
    for text in ("甲" * (LONGEST + 1), "案由:" + "甲" * (LONGEST - 1)):
        with pytest.raises(UsageError, match=rf"最多 {LONGEST} .* / .* at most {LONGEST} "):
            understand(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (" ".join(str(8000 + number) for number in range(50)), ["identifier", "phrase", "words", "similar"]),
        (" ".join(str(8000 + number) for number in range(200)), ["identifier", "phrase", "words"]),
        (" ".join(f"甲{chr(0x4E00 + number)}" for number in range(250)), ["phrase", "words"]),
        (" ".join(" OR ".join(f"{one}甲乙丙丁戊己庚" for one in pair) for pair in PAIRS) + " 案由:盗窃", ["words"]),
        ("甲" * 20, ["phrase", "similar"]),
    ],
)
def test_a_search_has_no_more_clauses_than_an_engine_takes(text: str, names: list[str]) -> None:
    search = ladder(understand(text), Sight())
    assert [rung.name for rung in search.rungs] == names
    assert sum(leaves(rung.clause) for rung in search.rungs) <= MOST_CLAUSES


def test_more_values_than_an_engine_takes_are_refused() -> None:
    with pytest.raises(UsageError, match=str(LONGEST)):
        ladder(understand(" ".join(str(20200000 + number) for number in range(101, 601))), Sight())


@given(st.text(max_size=LONGEST))
def test_any_text_is_a_query(text: str) -> None:
    query = understand(text)
    assert all(word.tokens for word in query.words)
    assert bool(ladder(query, Sight()).rungs) == bool(query.groups)


LANGUAGE = [
    *'甲乙 -－"“”「」:：8021年月日元万.',
    " ",
    " OR ",
    " NOT ",
    "案号:",
    "日期：",
    "2020",
    "2020年3月5日",
    "19900001234",
]


@given(st.lists(st.sampled_from(LANGUAGE), max_size=40).map("".join))
def test_any_mixture_of_operators_is_a_query(text: str) -> None:
    query = understand(text)
    assert all(word.tokens for word in query.words)
    assert bool(ladder(query, Sight()).rungs) == bool(query.groups)
    assert not any(choice.loose for group in query.groups if len(group) > 1 for choice in group)
