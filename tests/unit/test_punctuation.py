"""Half-wide marks become full-wide where the paper gave them a full square, and nowhere else."""

from __future__ import annotations

import pytest

from pipeline.reading.punctuation import full_width

SQUARE = 40.0


def middles(widths: list[float]) -> list[float]:
    """Middles of characters that follow one another, from their widths in squares."""
    places, end = [], 0.0
    for width in widths:
        places.append((end + width / 2) * SQUARE)
        end += width
    return places


@pytest.mark.parametrize(("read", "printed"), [(",", "，"), (":", "："), (";", "；"), ("?", "？"), (".", "。")])
def test_a_mark_in_a_square_of_its_own_is_full_wide(read: str, printed: str) -> None:
    assert full_width(f"被告人{read}男方", middles([1] * 6)) == f"被告人{printed}男方"


def test_a_mark_half_as_wide_stays() -> None:
    assert full_width("被告人,男方", middles([1, 1, 1, 0.5, 1, 1])) == "被告人,男方"


def test_marks_between_digits_stay() -> None:
    text = "金额为3,500.00元整"

    assert full_width(text, middles([1] * 3 + [0.5] * 8 + [1, 1])) == text


def test_a_line_without_neighbouring_han_characters_stays() -> None:
    assert full_width("甲:", middles([1, 1])) == "甲:"
    assert full_width("", []) == ""


def test_marks_at_the_ends_of_a_line_stay() -> None:
    assert full_width(",被告人,", middles([1] * 5)) == ",被告人,"
