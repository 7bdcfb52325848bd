"""What tests of several folders share: the PDF/A validator."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

_JARS = Path(__file__).parent.parent / "build" / "verapdf"


@dataclass(frozen=True)
class Validation:
    """What veraPDF says of a file; no failures means that it is PDF/A-2u."""

    is_compliant: bool
    failures: tuple[str, ...]


Validator = Callable[[Path], Validation]


@pytest.fixture(scope="session")
def verapdf() -> Validator:
    jar = next(iter(sorted(_JARS.glob("greenfield-apps-*.jar"))), None)
    if jar is None:
        pytest.skip("veraPDF is not installed (sh tests/verapdf/install.sh)")
    if shutil.which("java") is None:
        pytest.skip("veraPDF needs Java (apt-get install default-jre-headless)")

    def validate(path: Path) -> Validation:
        command = ["java", "-cp", str(jar), "org.verapdf.apps.GreenfieldCliWrapper", "-f", "2u", "--format", "json"]
        answer = subprocess.run([*command, str(path)], capture_output=True, text=True, timeout=100)
        (job,) = json.loads(answer.stdout)["report"]["jobs"]
        (result,) = job["validationResult"]
        failures = tuple(
            f"{rule['clause']}-{rule['testNumber']}: {check['errorMessage']} at {check['context']}"
            for rule in result["details"]["ruleSummaries"]
            for check in rule["checks"]
        )
        return Validation(result["compliant"], failures)

    return validate
