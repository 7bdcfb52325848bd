from __future__ import annotations

from itertools import pairwise

from indexer.pace import LEAST, MOST, Pace


def test_a_busy_engine_is_given_half_as_much_after_twice_the_rest() -> None:
    pace = Pace()

    seen = []
    for _ in range(3):
        pace.slow_down()
        seen.append((pace.size, pace.rest))

    assert seen == [(MOST // 2, 0.5), (MOST // 4, 1.0), (MOST // 8, 2.0)]


def test_there_is_an_end_to_slowing_down() -> None:
    pace = Pace()

    for _ in range(100):
        pace.slow_down()

    assert (pace.size, pace.rest) == (LEAST, 30.0)


def test_the_pace_comes_back_step_by_step_to_where_it_was() -> None:
    pace = Pace()
    for _ in range(100):
        pace.slow_down()

    seen = []
    while (pace.size, pace.rest) != (MOST, 0.0):
        pace.recover()
        seen.append((pace.size, pace.rest))

    assert all(size - before <= MOST // 10 for (before, _), (size, _) in pairwise(seen))
    assert [rest for _, rest in seen][:3] == [15.0, 7.5, 3.75]
    assert len(seen) == 10
