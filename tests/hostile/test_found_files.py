"""Files that nobody made for this program: the test data of Python itself, broken and odd files among them."""

from __future__ import annotations

import sysconfig
from collections import Counter
from pathlib import Path

import pytest

from pipeline.crew.worker_process import WorkerProcess
from tests.hostile.looking import look
from tests.hostile.specimen import PAGES

FOLDER = Path(sysconfig.get_path("stdlib")) / "test"
PICTURES = {".jpg", ".png", ".bmp", ".tiff", ".webp"}


def test_each_found_file_is_answered_with_pages_or_a_reason(inspector: WorkerProcess) -> None:
    """T12."""
    found = sorted(path for path in FOLDER.rglob("*") if path.is_file() and not path.suffix.startswith(".py"))
    if not found:
        pytest.skip(f"Python's own tests are not installed ({FOLDER})")
    outcomes = {path: look(inspector, path) for path in found}
    slowest = max(outcome.seconds for outcome in outcomes.values())
    print(f"\n{len(outcomes)} files, slowest {slowest:.2f} s", Counter(each.found for each in outcomes.values()))

    assert {path.name: each.found for path, each in outcomes.items() if each.found.startswith("no answer")} == {}
    # Those of the formats that are read, and no others.
    assert {path.name for path, each in outcomes.items() if each.found == PAGES} == {
        path.name for path in found if path.suffix in PICTURES
    }
