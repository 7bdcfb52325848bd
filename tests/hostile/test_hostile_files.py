"""Each hostile file has an outcome with a reason, soon and in little memory; nothing comes through as what it is not.

A share in every run; all of them, with the slowest and the largest, by `make hostile`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dossier.contents import Contents
from dossier.errors import EdossierError
from pipeline.crew.tasks import InspectTask
from pipeline.crew.worker_process import WorkerProcess, workbench
from pipeline.files.sources import Limits
from tests.hostile.collection import WHOLE, collection, share
from tests.hostile.specimen import ATTACHMENT, PAGES, Specimen

# A quarter of what the settings allow: a look makes few pixels, and must not need more.
MEMORY_BYTES = 2_000_000_000
SECONDS = 120.0


@dataclass(frozen=True)
class Outcome:
    found: str
    seconds: float
    most_bytes: int


@pytest.fixture(scope="module")
def inspector() -> Iterator[WorkerProcess]:
    process = WorkerProcess(Path(), SECONDS, 1_000_000, confinement=workbench(MEMORY_BYTES))
    process.keep_ready(InspectTask)
    yield process
    process.stop()


def look(inspector: WorkerProcess, path: Path, limits: Limits | None = None) -> Outcome:
    _forget_peak(inspector)
    begun = time.monotonic()
    try:
        answer = inspector.perform(InspectTask(path, path.name, limits or Limits()))
    except EdossierError as error:
        found = f"no answer: {error.code} {error.detail}"
    else:
        assert isinstance(answer, Contents)
        found = answer.refusal.code if answer.refusal else PAGES if answer.shapes else ATTACHMENT
    return Outcome(found, time.monotonic() - begun, _peak(inspector))


def _forget_peak(inspector: WorkerProcess) -> None:
    if inspector.pid is not None:
        Path(f"/proc/{inspector.pid}/clear_refs").write_text("5")  # proc(5): resets VmHWM


def _peak(inspector: WorkerProcess) -> int:
    if inspector.pid is None:
        return 0
    status = Path(f"/proc/{inspector.pid}/status").read_text()
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


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
