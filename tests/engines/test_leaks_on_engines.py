"""Nobody is told of a case out of their sight, whichever engine answers; tests/integration/test_leaks.py asks more."""

from __future__ import annotations

from pathlib import Path

from indexer.engine import Engine
from tests.leaks import described, look_for_leaks, open_world

ASKS = 25


def test_no_engine_tells_of_a_case_out_of_sight(engine: Engine, tmp_path: Path) -> None:
    with open_world(tmp_path / "home", seed=8, engine=engine, case_count=8) as world:
        report = look_for_leaks(world, ASKS)
    assert report.leaks == (), described(report.leaks)
    assert report.losses == (), described(report.losses)
    assert report.hits > 5
    assert report.hidden > 5
