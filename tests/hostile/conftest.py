from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.crew.tasks import InspectTask
from pipeline.crew.worker_process import WorkerProcess, workbench
from tests.hostile.looking import MEMORY_BYTES, SECONDS


@pytest.fixture(scope="module")
def inspector() -> Iterator[WorkerProcess]:
    process = WorkerProcess(Path(), SECONDS, 1_000_000, confinement=workbench(MEMORY_BYTES))
    process.keep_ready(InspectTask)
    yield process
    process.stop()
