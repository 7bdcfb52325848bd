"""Each hostile file has an outcome with a reason, soon and in little memory; nothing comes through as what it is not.

A share in every run; all of them, with the slowest and the largest, by `make hostile`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.crew.worker_process import WorkerProcess
from tests.hostile.collection import WHOLE, collection, share
from tests.hostile.looking import Outcome, look
from tests.hostile.specimen import Specimen


@pytest.mark.timeout(3600 if WHOLE else 300)
def test_each_hostile_file_is_answered_with_pages_or_a_reason(inspector: WorkerProcess, tmp_path: Path) -> None:
    """T12, T13, T15, T16."""
    specimens = collection() if WHOLE else share(9)
    outcomes: dict[str, Outcome] = {}
    for each in specimens:
        path = tmp_path / each.name
        path.write_bytes(each.make())
        outcomes[each.name] = look(inspector, path)
        path.unlink()
    if WHOLE:
        _report(specimens, outcomes)
        assert len(specimens) >= 300

    assert {
        each.name: outcomes[each.name].found for each in specimens if outcomes[each.name].found not in each.outcomes
    } == {}


@pytest.mark.parametrize("each", [each for each in collection() if "-xfa" in each.name], ids=lambda each: each.name)
def test_a_form_that_only_adobe_shows_is_told_from_one_that_is_shown(
    each: Specimen, inspector: WorkerProcess, tmp_path: Path
) -> None:
    """T15."""
    path = tmp_path / each.name
    path.write_bytes(each.make())

    assert {look(inspector, path).found} == each.outcomes


def _report(specimens: list[Specimen], outcomes: dict[str, Outcome]) -> None:
    found = [outcomes[each.name] for each in specimens]
    print(f"\n{len(specimens)} files, {sum(outcome.seconds for outcome in found):.0f} s")
    for code in sorted({outcome.found for outcome in found}):
        print(f"  {code}: {sum(outcome.found == code for outcome in found)}")
    slowest = sorted(outcomes, key=lambda name: -outcomes[name].seconds)[:10]
    print("slowest:", *(f"{name} {outcomes[name].seconds:.1f} s" for name in slowest), sep="\n  ")
    largest = sorted(outcomes, key=lambda name: -outcomes[name].most_bytes)[:10]
    print("most memory:", *(f"{name} {outcomes[name].most_bytes / 1e6:.0f} MB" for name in largest), sep="\n  ")


def test_each_specimen_has_a_name_of_its_own() -> None:
    names = [each.name for each in collection()]

    assert len(names) == len(set(names))
