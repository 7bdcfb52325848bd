"""The boxes of characters along a line."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.reading.line_boxes import character_spans, grown, is_vertical, slices, surrounding

LEVEL = np.array([[100, 50], [300, 50], [300, 90], [100, 90]], np.float32)
UPRIGHT = np.array([[400, 100], [440, 100], [440, 500], [400, 500]], np.float32)


def test_han_characters_meet_halfway_between_their_middles() -> None:
    assert character_spans("起诉书", [20, 60, 100], 40) == [(0, 40), (40, 80), (80, 120)]


def test_a_digit_takes_half_as_much_room_as_a_han_character() -> None:
    # Middles 30 apart, divided 1 : 0.55, so the border lies 19.35 after the first.
    (first_begin, first_end), (second_begin, second_end) = character_spans("年6", [20, 50], 40)

    assert (first_begin, second_end) == pytest.approx((0, 61))
    assert first_end == second_begin == pytest.approx(20 + 30 / 1.55)


def test_a_gap_between_words_belongs_to_neither() -> None:
    (_, end), (begin, _) = character_spans("男女", [20, 220], 40)

    assert (end, begin) == (45, 195)


def test_a_line_stands_vertically_when_it_is_half_as_high_again_as_wide() -> None:
    assert is_vertical(UPRIGHT)
    assert not is_vertical(LEVEL)


def test_a_margin_moves_every_side_outward() -> None:
    expected = [[95, 45], [305, 45], [305, 95], [95, 95]]

    assert grown(LEVEL, 5).tolist() == pytest.approx(np.array(expected))


def test_slices_of_a_level_line_are_fractions_of_the_page() -> None:
    first, second = slices(LEVEL, [(0, 50), (50, 200)], False, 1000, 500)

    assert first.as_list() == pytest.approx([0.1, 0.1, 0.15, 0.18])
    assert second.as_list() == pytest.approx([0.15, 0.1, 0.3, 0.18])


def test_slices_of_a_vertical_line_follow_each_other_downward() -> None:
    first, second = slices(UPRIGHT, [(0, 100), (100, 400)], True, 1000, 1000)

    assert first.as_list() == pytest.approx([0.4, 0.1, 0.44, 0.2])
    assert second.as_list() == pytest.approx([0.4, 0.2, 0.44, 0.5])


def test_a_slice_beyond_the_line_is_cut_to_it_but_never_empty() -> None:
    (box,) = slices(LEVEL, [(240, 260)], False, 1000, 500)

    assert box.x0 < box.x1 <= 0.3


def test_boxes_are_plain_numbers_that_json_can_hold() -> None:
    box = surrounding(LEVEL, 1000, 500)

    assert [type(value) for value in box.as_list()] == [float] * 4
