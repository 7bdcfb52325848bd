"""What the measurements of a page's time rest on."""

from __future__ import annotations

import pytest

from bench.latency import STEPS, table
from bench.stages import Stopwatch


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_stage_does_not_count_the_time_of_the_stages_it_calls() -> None:
    clock = _Clock()
    stopwatch = Stopwatch(clock)

    def pass_time(seconds: float) -> None:
        clock.now += seconds

    def read() -> str:
        pass_time(1)
        stopwatch.around("decode", pass_time)(10)
        pass_time(2)
        stopwatch.around("find", pass_time)(100)
        stopwatch.around("find", pass_time)(200)
        return "text"

    clock.now = 5000.0
    assert stopwatch.around("read", read)() == "text"
    pass_time(4000)  # nobody's

    assert stopwatch.take() == {"read": 3, "decode": 10, "find": 300}
    assert stopwatch.take() == {}


def test_a_stage_that_fails_is_counted_and_over() -> None:
    clock = _Clock()
    stopwatch = Stopwatch(clock)

    def fail() -> None:
        clock.now += 3
        raise ValueError

    with pytest.raises(ValueError):
        stopwatch.around("find", fail)()
    clock.now += 50
    stopwatch.around("decode", lambda: None)()

    assert stopwatch.take() == {"find": 3, "decode": 0}


def test_the_way_s_table_has_the_whole_and_every_step_for_both_ways() -> None:
    lines = table(
        {"closed": [(1.0, 2.0, 3.0, 4.0), (2.0, 2.0, 4.0, 8.0), (1.0, 1.0, 1.0, 1.0)], "renamed": [(0.5,) * 4]}
    )

    assert len(lines) == 2 + len(STEPS)
    assert lines[1].split() == [
        "until",
        "searchable",
        "4.00",
        "/",
        "10.00",
        "/",
        "16.00",
        "2.00",
        "/",
        "2.00",
        "/",
        "2.00",
    ]
    assert lines[-1].split()[1:] == ["1.00", "/", "4.00", "/", "8.00", "0.50", "/", "0.50", "/", "0.50"]
