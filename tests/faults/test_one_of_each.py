"""One watcher and one `run` a home: a second is refused, and says so; when the first is killed, another may begin."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dossier.errors import HomeBusy
from dossier.home import Home


def edossier(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli.main", "--home", str(home.root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_a_second_watcher_is_refused_and_a_killed_one_is_in_nobodys_way(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    command = [sys.executable, "-m", "cli.main", "--home", str(home.root), "watch"]
    for is_after_kill in (False, True):
        first = subprocess.Popen(command)
        try:
            deadline = time.monotonic() + 60
            while not home.is_held("watch"):
                assert time.monotonic() < deadline and first.poll() is None
                time.sleep(0.1)
            if is_after_kill:
                continue
            second = edossier(home, "watch")
            assert second.returncode == HomeBusy.exit_code
            assert f"{HomeBusy.english.rstrip('.')} (watch)" in second.stderr
            assert first.poll() is None
        finally:
            first.send_signal(signal.SIGKILL)
            first.wait(30)


@pytest.mark.parametrize("part", ["run", "watch", "work", "index"])
def test_each_part_of_a_home_is_held_by_one(tmp_path: Path, part: str) -> None:
    home = Home.at(tmp_path / "home")
    with home.hold(part), pytest.raises(HomeBusy, match=part), home.hold(part):
        pass


def test_a_second_run_is_refused_before_it_starts_anything(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    with home.hold("run"):
        second = edossier(home, "run", "--port", "0")
        assert second.returncode == HomeBusy.exit_code
        assert not any(home.is_held(part) for part in ("watch", "work", "index"))
        assert "收件箱" not in second.stdout
