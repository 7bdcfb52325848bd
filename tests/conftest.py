"""What tests of several folders share: an empty catalogue, and the PDF/A validator."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

from dossier.catalogue.database import Catalogue
from dossier.home import Home

_JARS = Path(__file__).parent.parent / "build" / "verapdf"


@dataclass(frozen=True)
class Validation:
    """What veraPDF says of a file; no failures means that it is PDF/A-2u."""

    is_compliant: bool
    failures: tuple[str, ...]


Validator = Callable[[Path], Validation]


class _ByFile(LoadFileScheduling):
    """Tests of a file stay in one process, as they share its fixtures.

    Those at an Elasticsearch node stay together by its version instead, of whatever file: it is started once.
    pytest-xdist 3.8 has marks for that, which do nothing with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        node = re.search(r"\[(elasticsearch-[\d.]+)", nodeid)
        return node[1] if node else str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """How tests are shared out among several processes (`-n`)."""
    return _ByFile(config, log)


@pytest.fixture(scope="session", autouse=True)
def empty_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The migrations run once: each new catalogue of this process begins as a copy of what they made.

    Catalogues of other processes, and those that are not new, are brought to the newest version as always.
    """
    upgrade = Catalogue._upgrade
    home = Home.at(tmp_path_factory.mktemp("empty") / "home")
    Catalogue.open(home).close()

    def upgraded(catalogue: Catalogue) -> None:
        with closing(catalogue._engine.raw_connection()) as connection:
            target = connection.driver_connection
            assert isinstance(target, sqlite3.Connection)
            if target.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
                with closing(sqlite3.connect(home.catalogue)) as source:
                    source.backup(target)
        upgrade(catalogue)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Catalogue, "_upgrade", upgraded)
        yield


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
