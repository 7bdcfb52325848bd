"""The measurement of rosters finds just what a plain search through all the text finds."""

from __future__ import annotations

import pytest

from bench.roster import main


def test_a_generated_roster_finds_all_that_is_there_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--people", "40", "--pages", "300", "--repeat", "1"])

    told = capsys.readouterr().out
    assert code == 0, told
    assert "missed, wrong                           0, 0" in told
