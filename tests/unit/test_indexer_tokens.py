from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.tokens import LONGEST_TOKEN, Token, tokens_of_lines, tokens_of_text


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("被告人", ["被", "告", "人"]),
        ("赵𰵧文", ["赵", "𰵧", "文"]),
        ("Mate40Pro", ["mate", "40", "pro"]),
        ("人民币１，２３４元", ["人", "民", "币", "1", "234", "元"]),
        ("二〇二○", ["二", "〇", "二", "〇"]),
        ("张 三", ["张", "三"]),
        ("〔2020〕1号", ["2020", "1", "号"]),
        ("阿卜杜·热合曼", ["阿", "卜", "杜", "热", "合", "曼"]),
        ("Дело №5", ["дело", "no", "5"]),
        ("한글 かな", ["한", "글", "か", "な"]),
        ("——……", []),
        ("\ud800甲", ["甲"]),
    ],
)
def test_text_is_cut_into_characters_and_runs(text: str, tokens: list[str]) -> None:
    assert tokens_of_text(text) == tokens


def test_tokens_know_their_raw_places() -> None:
    assert tokens_of_lines(["（ＡＢ） 丙", "", "𠮷1２"]) == [
        Token("ab", 0, 1, 3),
        Token("丙", 0, 5, 6),
        Token("𠮷", 2, 0, 1),
        Token("12", 2, 1, 3),
    ]


def test_runs_end_with_their_line() -> None:
    assert tokens_of_text("12\n34ab\ncd") == ["12", "34", "ab", "cd"]


def test_a_long_run_is_cut_alike_wherever_it_stands() -> None:
    run = "7" * (2 * LONGEST_TOKEN + 1)
    assert tokens_of_text(f"甲{run}") == ["甲", "7" * LONGEST_TOKEN, "7" * LONGEST_TOKEN, "7"]
    # Elasticsearch cuts what is longer than 255 UTF-16 units; a marked pair of the longest tokens is not.
    widest = tokens_of_text("\U0001e900" * 200)[0]
    assert len(f">{widest}_>{widest}".encode("utf-16-le")) // 2 <= 255


@given(st.lists(st.text()))
def test_a_token_says_what_stands_at_its_place(lines: list[str]) -> None:
    for token in tokens_of_lines(lines):
        assert token.text
        assert not any(character.isspace() or character in "_>" for character in token.text)
        # Cut out alone, the place gives the token (or more, where one raw character is several tokens).
        assert token.text in "".join(tokens_of_text(lines[token.line][token.start : token.end]))
