"""Nobody is told of a case out of their sight: generated people and queries, between changes of who sees what.

A few hundred here; ten thousand with `python -m tests.leaks`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from dossier.viewers import Viewer
from indexer import question
from indexer.sight import Sight, sight_of
from tests.leaks import World, described, look_for_leaks, open_world

ASKS = 300


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("office") / "home", seed=20310704) as opened:
        yield opened


def test_no_answer_tells_of_a_case_out_of_sight_and_none_is_lost(world: World) -> None:
    report = look_for_leaks(world, ASKS)
    assert report.leaks == (), described(report.leaks)
    assert report.losses == (), described(report.losses)
    assert report.hits > 100, "there was something to find"
    assert report.hidden > 100, "and something to hide"


def without_moves(session: Session, viewer: Viewer) -> Sight:
    return replace(sight_of(session, viewer), moved_cases=frozenset())


def without_seals(session: Session, viewer: Viewer) -> Sight:
    return replace(sight_of(session, viewer), without_cases=frozenset())


def with_everything(_session: Session, _viewer: Viewer) -> Sight:
    return Sight()


@pytest.mark.parametrize("fault", [without_moves, without_seals, with_everything])
def test_a_rule_that_is_not_kept_is_found_out(world: World, monkeypatch: pytest.MonkeyPatch, fault: object) -> None:
    monkeypatch.setattr(question, "sight_of", fault)
    assert look_for_leaks(world, 120).leaks
