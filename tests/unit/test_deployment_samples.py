"""The samples for systemd and containers: hardened, for an ordinary user, and of commands that there are."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from cli.main import app

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "config" / "systemd").glob("*.service"))
NAMES = [unit.name for unit in UNITS]
SCRIPTS = sorted(path for path in (ROOT / "tools").glob("*.sh"))

HARDENED = {
    "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
    "PrivateDevices": "yes", "CapabilityBoundingSet": "", "RestrictSUIDSGID": "yes", "LockPersonality": "yes",
    "ProtectKernelTunables": "yes", "ProtectKernelModules": "yes", "ProtectControlGroups": "yes", "UMask": "0077",
    "LimitCORE": "0", "Restart": "always", "User": "edossier", "ReadWritePaths": "/srv/edossier",
}  # fmt: skip
MOST_EXPOSED = 2.5  # of 10, by `systemd-analyze security`


def settings_of(unit: Path) -> dict[str, str]:
    pairs = re.findall(r"^(\w+)=(.*)$", unit.read_text("utf-8"), re.MULTILINE)
    return {name: value for name, value in pairs if name != "SystemCallFilter"}


@pytest.mark.parametrize("unit", UNITS, ids=NAMES)
def test_a_unit_is_hardened_bounded_and_starts_a_command_that_there_is(unit: Path) -> None:
    said = settings_of(unit)
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)

    assert {name: said.get(name) for name in HARDENED} == HARDENED
    assert said["MemoryMax"]
    assert said["ExecStart"].split()[-1] in group.commands


@pytest.mark.parametrize("part", ["watch", "work"])
def test_parts_that_decode_foreign_files_have_no_network(part: str) -> None:
    assert settings_of(ROOT / "config" / "systemd" / f"edossier-{part}.service")["PrivateNetwork"] == "yes"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine")
@pytest.mark.parametrize("unit", UNITS, ids=NAMES)
def test_systemd_understands_a_unit_and_rates_it_as_hardened(unit: Path, tmp_path: Path) -> None:
    # What is started need not be here.
    copy = tmp_path / unit.name
    copy.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text("utf-8"), flags=re.MULTILINE))
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True, timeout=60, check=False
    )
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", copy], capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", rated.stdout)

    assert [line for line in verified.stderr.splitlines() if unit.name in line] == []
    assert exposure is not None, rated.stdout[-500:] + rated.stderr
    assert float(exposure[1]) <= MOST_EXPOSED


def test_the_container_has_no_root_and_fetches_nothing() -> None:
    text = (ROOT / "config" / "container" / "Containerfile").read_text("utf-8")
    users = re.findall(r"^USER (\S+)$", text, re.MULTILINE)

    assert users == ["10001:10001"]
    assert "--read-only" in text and "--cap-drop all" in text and "no-new-privileges" in text
    assert re.findall(r"^(?:ADD|RUN .*(?:curl|wget|apt-get|pip install)).*$", text, re.MULTILINE) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.name for script in SCRIPTS])
def test_a_script_is_well_formed(script: Path) -> None:
    assert subprocess.run(["bash", "-n", script], check=False, timeout=30).returncode == 0
