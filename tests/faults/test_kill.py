"""`kill -9` of any process at any moment loses and doubles nothing."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cli.demo import drop

SAMPLE = Path(__file__).parents[2] / "cli" / "sample_dossier"
KILLS = int(os.environ.get("EDOSSIER_TEST_OCR_KILLS", "20"))
PAGES = [f"{number:04d}.jpg" for number in range(1, 9)] + ["起诉意见书等.tif"] * 4


def edossier(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli.main", "--home", str(home), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def pages_of(home: Path, case_number: str) -> list[dict[str, Any]]:
    answer = edossier(home, "pages", "--case", case_number, "--json")
    pages: list[dict[str, Any]] = json.loads(answer.stdout).get("pages", [])
    return pages


def processes_below(pid: int) -> list[int]:
    """A process and all that it started, as /proc tells."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def start(home: Path) -> subprocess.Popen[bytes]:
    settings = {"EDOSSIER_SETTLE_SECONDS": "0.2", "EDOSSIER_SCAN_INTERVAL_SECONDS": "1"}
    command = [sys.executable, "-m", "cli.main", "--home", str(home), "run", "--port", "0"]
    return subprocess.Popen(
        command, env={**os.environ, **settings}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@pytest.mark.ocr
@pytest.mark.timeout(900)
def test_twenty_kills_at_random_moments_lose_and_double_no_page(tmp_path: Path) -> None:
    chance = random.Random(20261123)
    truth = json.loads((SAMPLE / "truth.json").read_text("utf-8"))
    drop(SAMPLE / "inbox", tmp_path / "inbox")
    process = start(tmp_path)
    try:
        kills = 0
        while kills < KILLS:
            time.sleep(chance.uniform(0.2, 4.0))
            family = processes_below(process.pid)
            victim = family[0] if kills % 4 == 0 else chance.choice(family)
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                continue
            kills += 1
            if victim == process.pid:
                process.wait()
                process = start(tmp_path)
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            pages = pages_of(tmp_path, truth["case_number"])
            if len(pages) == len(PAGES) and all(page["state"] == "searchable" for page in pages):
                break
            time.sleep(2)
    finally:
        process.terminate()
        process.wait(30)

    pages = pages_of(tmp_path, truth["case_number"])
    assert sorted(Path(page["source"]).name for page in pages) == sorted(PAGES)
    assert {page["state"] for page in pages} == {"searchable"}
    assert sorted((page["volume"], page["page_number"]) for page in pages) == sorted(
        (page["volume"], page["page_number"]) for page in truth["pages"]
    )
    verified = edossier(tmp_path, "verify", "--json")
    assert json.loads(verified.stdout)["faults"] == []
    assert verified.returncode == 0
    assert not [path for path in (tmp_path / "inbox").rglob("*") if path.is_file()]
