"""Public sample scans of many kinds: each ends as searchable or with a reason."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"


@pytest.mark.ocr
@pytest.mark.timeout(600)
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the folder of sample scans is not on this machine")
def test_every_sample_ends_as_searchable_or_with_a_reason(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cli.main", "--home", str(tmp_path), "ingest", str(SAMPLES), "--json"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=580)

    entries = {entry["source"]: entry for entry in json.loads(answer.stdout)["documents"]}
    assert set(entries) == {path.name for path in SAMPLES.iterdir()}
    for source, entry in entries.items():
        if source == "README.md":
            assert entry["state"] == "attachment" or entry["error"]["code"] == "unknown_format"
        else:
            assert (entry["state"], entry["error"]) == ("searchable", None), entry
