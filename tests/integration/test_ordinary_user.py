"""The program runs as an ordinary user: from a file to a hit, in a home of its own, without any right of root."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from pipeline.models import find
from tests.made_pdfs import Page, han, pdf_of

NOBODY = 65534
ROOT = Path(__file__).parents[2]
CASE = "临检起诉受[2031]99010100012号"


def interpreter() -> str | None:
    """A Python of this version that nobody may run: this one, where it does not lie in a closed folder."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for path in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        try:
            subprocess.run([path, "-c", ""], user=NOBODY, group=NOBODY, extra_groups=(), cwd="/", check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return path
    return None


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder of nobody's; pytest's own folders are closed to others."""
    folder = Path(tempfile.mkdtemp())
    os.chown(folder, NOBODY, NOBODY)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can become somebody else; everybody else is tested by the rest"
)
def test_an_ordinary_user_takes_in_reads_and_searches_in_a_home_of_their_own(place: Path) -> None:
    python = interpreter()
    if python is None:
        pytest.skip("this Python lies in a folder that others may not enter")
    packages = Path(str(find_spec("sqlalchemy").origin)).parents[1]  # type: ignore[union-attr]
    source = place / "笔录.pdf"
    source.write_bytes(pdf_of(Page(han("询问笔录 被询问人林晓禾", 72, 700))))
    source.chmod(0o644)
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": str(place), "PYTHONPATH": f"{ROOT}:{packages}", "LANG": "C.UTF-8",
        "EDOSSIER_MODELS_DIR": str(find(place)), "EDOSSIER_WORKERS": "1", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip

    def run(*arguments: str) -> Any:
        done = subprocess.run(
            [python, "-m", "cli.main", "--home", str(place / "home"), *arguments, "--json"], env=environment,
            user=NOBODY, group=NOBODY, extra_groups=(), cwd=place, capture_output=True, text=True, timeout=110,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    taken = run("ingest", str(source), "--case", CASE, "--volume", "证据材料卷一")
    found = run("search", "林晓禾")

    assert (taken["files"], taken["pages"], taken["failed"]) == (1, 1, 0), taken
    assert found["total"] == 1
    assert {path.stat().st_uid for path in (place / "home").rglob("*")} == {NOBODY}
