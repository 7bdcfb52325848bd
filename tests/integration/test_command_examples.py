"""The JSON examples of docs/commands.md have just the fields that the commands give."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from cli.ingest import report_on
from cli.main import app
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Arrival
from dossier.home import Home
from dossier.vault import Vault
from tests.house import CASE, encoded, open_house
from tests.recorded import print_page

COMMANDS = (Path(__file__).parents[2] / "docs" / "commands.md").read_text("utf-8")

# Objects whose fields are not fixed: one for each kind of work that waits, and one for each kind of document.
FREE = {"queue", "people[].kinds"}


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a page that was read, an attachment, and a file that was refused."""
    root = tmp_path_factory.mktemp("furnished") / "home"
    with open_house(root) as house:
        page = encoded(print_page(1), ".png")
        house.drop(f"{CASE}/证据材料卷/0001.png", page)
        house.drop(f"{CASE}/证据材料卷/0002.png", page[: len(page) // 2])
        house.drop(f"{CASE}/证据材料卷/流水.csv", "日期,金额\n2031-05-18,300\n".encode())
        house.take_in_and_work()
    return root


@pytest.fixture
def home(furnished: Path, tmp_path: Path) -> Home:
    """A copy of it."""
    shutil.copytree(furnished, tmp_path / "home")
    return Home.at(tmp_path / "home")


def example(command: str) -> Any:
    """The example in a command's section."""
    section = COMMANDS.split(f"\n## `{command}`\n")[1].split("\n## ")[0]
    (block,) = re.findall(r"^```json\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return json.loads(block)


def fields(value: Any, path: str = "") -> set[str]:
    """The paths of all fields in a JSON value; the entries of a list are taken together."""
    if isinstance(value, list):
        return {found for entry in value for found in fields(entry, f"{path}[]")}
    if not isinstance(value, dict) or path in FREE:
        return set()
    return {f"{path}.{name}".lstrip(".") for name in value} | {
        found for name, inner in value.items() for found in fields(inner, f"{path}.{name}".lstrip("."))
    }


def answer(home: Home, *arguments: str) -> Any:
    """What a command prints with `--json`, whatever its exit code is."""
    result = CliRunner().invoke(app, ["--home", str(home.root), *arguments, "--json"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return json.loads(result.stdout)


@pytest.mark.parametrize("arguments", [("status",), ("search", "证人甲1号"), ("pages", "--case", CASE), ("settings",)])
def test_the_example_of_a_command_has_its_fields(home: Home, arguments: tuple[str, ...]) -> None:
    assert fields(answer(home, *arguments)) == fields(example(arguments[0]))


def test_the_example_of_roster_has_its_fields(home: Home, tmp_path: Path) -> None:
    (tmp_path / "名册.csv").write_text("姓名,住址\n证人甲,\n证人甲,\n", "utf-8")

    assert fields(answer(home, "roster", str(tmp_path / "名册.csv"))) == fields(example("roster"))


def test_the_example_of_ingest_has_its_fields(home: Home) -> None:
    with Catalogue.open(home).reading() as session:
        report = report_on(session, list(session.scalars(select(Arrival.id))))

    assert fields(report) == fields(example("ingest"))


def test_the_example_of_export_has_its_fields(home: Home, tmp_path: Path) -> None:
    assert fields(answer(home, "export", "--case", CASE, "--out", str(tmp_path))) == fields(example("export"))


def test_the_example_of_retry_has_its_fields(home: Home) -> None:
    assert answer(home, "retry").keys() == example("retry").keys()


def test_the_example_of_reindex_has_its_fields(home: Home) -> None:
    assert answer(home, "reindex").keys() == example("reindex").keys()


def test_the_documents_of_a_case_are_as_the_commands_page_says(home: Home) -> None:
    section = COMMANDS.split("\n## `status`\n")[1].split("\n## ")[0]
    (listed,) = re.findall(r"`documents`, a list of `\{(.*)\}`", section)

    (document,) = answer(home, "status", "--case", CASE)["documents"]

    assert document.keys() == set(re.findall(r'"(\w+)"', listed))
    assert (document["searchable"], document["pages"]) == (1, 1)


def test_the_example_of_doctor_has_its_fields(home: Home) -> None:
    assert fields(answer(home, "doctor")) == fields(example("doctor"))


def test_the_examples_of_backup_and_restore_have_their_fields(home: Home, tmp_path: Path) -> None:
    next(Vault(home.vault).originals()).unlink()
    folder, new = str(tmp_path / "backup"), str(tmp_path / "new")
    answer(home, "backup", folder)

    taken = answer(home, "backup", folder, "--keep", "1")
    again = answer(home, "backup", folder, "--keep", "1")

    assert fields({**taken, "removed": again["removed"]}) == fields(example("backup"))
    assert fields(answer(home, "restore", folder, "--home", new, "--no-index")) == fields(example("restore"))


def test_the_example_of_verify_has_its_fields(home: Home) -> None:
    original = next(Vault(home.vault).originals())
    original.chmod(0o644)
    original.write_bytes(b"altered")

    found = answer(home, "verify")

    assert [fault["kind"] for fault in found["faults"]] == ["changed"]
    assert fields(found) == fields(example("verify"))
