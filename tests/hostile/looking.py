"""Looking into a file as intake does: in a confined process, with the time and memory that it took."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from dossier.contents import Contents
from dossier.errors import EdossierError
from pipeline.crew.tasks import InspectTask
from pipeline.crew.worker_process import WorkerProcess
from pipeline.files.sources import Limits
from tests.hostile.specimen import ATTACHMENT, DYNAMIC_FORM, PAGES

# A quarter of what the settings allow: a look makes few pixels, and must not need more.
MEMORY_BYTES = 2_000_000_000
SECONDS = 120.0


@dataclass(frozen=True)
class Outcome:
    found: str
    seconds: float
    most_bytes: int


def look(inspector: WorkerProcess, path: Path, limits: Limits | None = None) -> Outcome:
    _forget_peak(inspector)
    begun = time.monotonic()
    try:
        answer = inspector.perform(InspectTask(path, path.name, limits or Limits()))
    except EdossierError as error:
        found = f"no answer: {error.code} {error.detail}"
    else:
        assert isinstance(answer, Contents)
        of_pages = DYNAMIC_FORM if answer.is_dynamic_form else PAGES
        found = answer.refusal.code if answer.refusal else of_pages if answer.shapes else ATTACHMENT
    return Outcome(found, time.monotonic() - begun, _peak(inspector))


def _forget_peak(inspector: WorkerProcess) -> None:
    if inspector.pid is not None:
        try:
            Path(f"/proc/{inspector.pid}/clear_refs").write_text("5")  # proc(5): resets VmHWM
        except PermissionError:
            inspector.stop()  # closed to all but root: the next one begins at nothing


def _peak(inspector: WorkerProcess) -> int:
    if inspector.pid is None:
        return 0
    status = Path(f"/proc/{inspector.pid}/status").read_text()
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)
