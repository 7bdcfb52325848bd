"""Taking in what is there already waits until an index that was lost is whole again: who waits for whom."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cli import engine_room
from cli.engine_room import EngineRoom
from indexer.upkeep import Upkeep


class Rounds:
    """A feed whose first round is long in coming."""

    def __init__(self) -> None:
        self.taken = 0

    def step(self) -> int:
        self.taken += 1
        return 0


def test_the_index_counts_as_looked_at_once_a_round_of_the_feed_has_ended() -> None:
    upkeep = Upkeep.__new__(Upkeep)
    upkeep.has_looked, upkeep._is_said = False, False
    feed: Any = Rounds()
    upkeep._feed = feed

    assert not upkeep.has_looked
    upkeep._feed_step()
    assert upkeep.has_looked and feed.taken == 1


@pytest.mark.parametrize(
    ("runs_here", "has_looked", "expected"), [(False, False, True), (True, False, False), (True, True, True)]
)
def test_only_an_index_that_is_kept_here_is_waited_for(runs_here: bool, has_looked: bool, expected: bool) -> None:
    context: Any = SimpleNamespace()
    room = EngineRoom(context)
    upkeep: Any = SimpleNamespace(has_looked=has_looked)
    if runs_here:
        room._threads["index"] = engine_room.threading.Thread()
        room._upkeep = upkeep

    assert room.has_looked_at_index is expected
