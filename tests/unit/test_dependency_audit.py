"""The look over what the program stands on: what it must find, and that our own lock file holds."""

from __future__ import annotations

import json
import sys
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = util.spec_from_file_location("dependency_audit", ROOT / "tools" / "dependency_audit.py")
    assert spec is not None and spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_package_is_locked_by_version_and_hash(audit: ModuleType, name: str) -> None:
    lock = (ROOT / name).read_text("utf-8")

    assert len(audit.locked_packages(lock)) > 50
    assert audit.without_hashes(lock) == []


@pytest.mark.parametrize(
    "lock", ["a==1\n", "a==1 \\\n    --hash=md5:00\n", "a>=1 \\\n    --hash=sha256:00\n", "git+https://a.example/b\n"]
)
def test_what_is_not_locked_is_found(audit: ModuleType, lock: str) -> None:
    assert audit.without_hashes(f"b==2 \\\n    --hash=sha256:11\n    # via x\n{lock}") != []


def test_nothing_that_is_installed_is_agpl(audit: ModuleType) -> None:
    assert audit.refused_licences() == []


def spans(*events: dict[str, str]) -> dict[str, Any]:
    return {"ranges": [{"type": "ECOSYSTEM", "events": list(events)}]}


@pytest.mark.parametrize(
    ("version", "affected", "is_affected"),
    [
        ("1.2", {"versions": ["1.2"]}, True),
        ("1.2", {"versions": ["1.20"]}, False),
        ("1.2", spans({"introduced": "0"}), True),
        ("1.2", spans({"introduced": "0"}, {"fixed": "1.3"}), True),
        ("1.3", spans({"introduced": "0"}, {"fixed": "1.3"}), False),
        ("1.10", spans({"introduced": "0"}, {"fixed": "1.9"}), False),
        ("1.2", spans({"introduced": "1.3"}), False),
        ("1.3", spans({"introduced": "1.0"}, {"last_affected": "1.3"}), True),
        ("1.4", spans({"introduced": "1.0"}, {"last_affected": "1.3"}), False),
        ("3.1", spans({"introduced": "1.0"}, {"fixed": "1.5"}, {"introduced": "3.0"}, {"fixed": "3.2"}), True),
        ("2.0", spans({"introduced": "1.0"}, {"fixed": "1.5"}, {"introduced": "3.0"}, {"fixed": "3.2"}), False),
        ("1.2", {"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}, False),
    ],
)
def test_a_version_is_affected_as_the_format_says(
    audit: ModuleType, version: str, affected: dict[str, Any], is_affected: bool
) -> None:
    assert audit.is_affected(version, affected) == is_affected


def test_what_is_known_of_a_locked_package_is_told(audit: ModuleType, tmp_path: Path, capsys: Any) -> None:
    def write(name: str, package: str, **more: Any) -> None:
        affected = [{"package": {"ecosystem": "PyPI", "name": package}, **spans({"introduced": "0"})}]
        said = {"id": name, "summary": "invented", "affected": affected, **more}
        (tmp_path / f"{name}.json").write_text(json.dumps(said))

    write("X-1", "Some_Package")
    write("X-2", "elsewhere")
    write("X-3", "some-package", withdrawn="2031-01-01T00:00:00Z")
    found, count = audit.known_vulnerabilities({"some-package": "1.0"}, tmp_path)

    assert found == ["some-package 1.0: X-1 invented"]
    assert count == 2


def test_a_folder_without_advisories_is_no_clean_bill(
    audit: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["dependency_audit.py", "--advisories", str(tmp_path)])

    assert audit.main() == 3
