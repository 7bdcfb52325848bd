"""Looks over what the program stands on: the lock file, the licences of what is installed, and known vulnerabilities.

    python tools/dependency_audit.py [--advisories FOLDER] [--lock FILE]

No network is asked. Advisories are files of the Open Source Vulnerability format (OSV, schema 1.x), one each, as the
public database for PyPI gives them away as one archive: unpack it on a machine that reaches the internet, and carry the
folder over. Without it, that part is not done, and said so. Exit code 0: nothing found; 3: something was; 2: usage.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).parent.parent
_ENTRY = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==(\S+)((?: \\\n(?: {4}).+)*)", re.MULTILINE)
_REFUSED = re.compile(r"\bAGPL|Affero", re.IGNORECASE)
# The Ghostscript and MuPDF families are AGPL whatever their wrapper says.
_REFUSED_NAMES = {"pymupdf", "pymupdfb", "ghostscript", "fitz"}


def locked_packages(lock: str) -> dict[str, str]:
    """The version of every package in a lock file."""
    return {canonicalize_name(found[1]): found[2] for found in _ENTRY.finditer(lock)}


def without_hashes(lock: str) -> list[str]:
    """What a lock file lists without a SHA-256, or without an exact version."""
    wrong = [found[1] for found in _ENTRY.finditer(lock) if "--hash=sha256:" not in found[3]]
    requirements = re.findall(r"^(?![#\s-])(\S+)", lock, re.MULTILINE)
    return wrong + [each for each in requirements if "==" not in each]


def refused_licences() -> list[str]:
    """The installed packages that are under the AGPL, and nothing else by choice."""
    found = []
    for distribution in metadata.distributions():
        facts = distribution.metadata.json
        name = str(facts["name"])
        classifiers = [value for value in facts.get("classifier", []) if value.startswith("License")]
        first_line = str(facts.get("license", "")).strip().partition("\n")[0]
        licence = " ".join([str(facts.get("license_expression", "")), first_line, *classifiers])
        is_refused = _REFUSED.search(licence) and " OR " not in licence
        if is_refused or canonicalize_name(name) in _REFUSED_NAMES:
            found.append(f"{name}: {licence.strip()}")
    return sorted(set(found))


def advisories(folder: Path) -> Iterator[dict[str, Any]]:
    """All advisories in a folder, and in the folders in it."""
    for file in sorted(folder.rglob("*.json")):
        said = json.loads(file.read_text("utf-8"))
        if isinstance(said, dict) and "id" in said and "withdrawn" not in said:
            yield said


def is_affected(version: str, affected: dict[str, Any]) -> bool:
    """Whether a version is among those that an advisory names, one by one or by ranges."""
    if version in affected.get("versions", []):
        return True
    try:
        ours = Version(version)
    except InvalidVersion:
        return False
    for span in affected.get("ranges", []):
        if span.get("type") not in ("ECOSYSTEM", "SEMVER"):
            continue
        is_in = False
        for event in sorted(span.get("events", []), key=_place_of):
            (kind, said), *_ = event.items()
            if kind == "introduced" and (said == "0" or ours >= Version(said)):
                is_in = True
            elif (kind == "fixed" and ours >= Version(said)) or (kind == "last_affected" and ours > Version(said)):
                is_in = False
        if is_in:
            return True
    return False


def _place_of(event: dict[str, str]) -> tuple[Version, bool]:
    ((kind, said), *_) = event.items()
    return Version("0" if said == "0" else said), kind != "introduced"


def known_vulnerabilities(packages: dict[str, str], folder: Path) -> tuple[list[str], int]:
    """What is known of these packages at these versions, and how many advisories were looked at."""
    found, count = [], 0
    for advisory in advisories(folder):
        count += 1
        for affected in advisory.get("affected", []):
            package = affected.get("package", {})
            name = canonicalize_name(str(package.get("name", "")))
            if package.get("ecosystem") == "PyPI" and name in packages and is_affected(packages[name], affected):
                summary = str(advisory.get("summary", "")).splitlines()
                found.append(f"{name} {packages[name]}: {advisory['id']} {summary[0] if summary else ''}".rstrip())
    return sorted(set(found)), count


def main() -> int:
    """Look at all three; say what was found."""
    parser = argparse.ArgumentParser(description="Lock file, licences, known vulnerabilities.")
    parser.add_argument("--advisories", type=Path, help="folder of OSV files, brought over by hand")
    parser.add_argument("--lock", type=Path, default=ROOT / "requirements.lock")
    options = parser.parse_args()
    if options.advisories is not None and not options.advisories.is_dir():
        parser.error(f"{options.advisories}: no folder")
    lock = options.lock.read_text("utf-8")
    packages = locked_packages(lock)
    findings = [f"without hash or exact version: {name}" for name in without_hashes(lock)]
    findings += [f"licence: {each}" for each in refused_licences()]
    print(f"{len(packages)} packages locked")
    if options.advisories is None:
        print("advisories: not looked at (--advisories FOLDER)")
    else:
        known, count = known_vulnerabilities(packages, options.advisories)
        if not count:
            findings.append(f"advisories: none in {options.advisories}")
        findings += [f"vulnerable: {each}" for each in known]
        print(f"advisories: {count} looked at")
    for finding in findings:
        print(finding)
    return 3 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
