"""Strips read together: each once, none wider than its batch, in few sizes and little memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.reading.strip_batches import COUNTS, WIDEST, WIDTHS, strip_batches

widths = st.lists(st.integers(1, WIDEST), max_size=60)


@given(widths)
def test_each_strip_is_in_one_batch_that_is_wide_enough(given_widths: list[int]) -> None:
    batches = strip_batches(given_widths)

    assert sorted(place for batch in batches for place in batch.strips) == list(range(len(given_widths)))
    for batch in batches:
        assert 0 < len(batch.strips) <= batch.count
        assert max(given_widths[place] for place in batch.strips) <= batch.width


@given(widths)
def test_sizes_are_few_and_none_is_larger_than_the_widest_strip(given_widths: list[int]) -> None:
    for batch in strip_batches(given_widths):
        assert batch.width in WIDTHS and batch.count in COUNTS
        assert batch.count == 1 or batch.count * batch.width <= WIDEST / 2


def test_lines_of_one_width_share_a_batch() -> None:
    (batch,) = strip_batches([300, 310, 305, 300])

    assert (batch.count, batch.width) == (4, 320)


def test_a_short_line_is_not_filled_up_to_a_long_one() -> None:
    assert {(batch.count, batch.width) for batch in strip_batches([1200, 60])} == {(1, 1280), (1, 64)}


def test_two_lines_of_nearly_one_width_are_cheaper_together() -> None:
    (batch,) = strip_batches([620, 500])

    assert (batch.count, batch.width) == (2, 640)
