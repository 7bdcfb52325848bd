"""The client of docs/client, as whoever copies it has it: one file, loaded from where it lies."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parents[1] / "docs" / "client"


def loaded() -> ModuleType:
    specification = importlib.util.spec_from_file_location("edossier_client", FOLDER / "edossier_client.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
