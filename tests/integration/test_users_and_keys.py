"""`edossier user`, `key` and `sight`, as an administrator calls them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from cli.main import app
from dossier import api_keys, passwords, users
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import AuditRow, Case
from dossier.errors import EdossierError, NotFound, UsageError
from dossier.home import Home
from tests.integration.test_command_examples import COMMANDS, fields

PASSWORD = "麦田-4821-风筝"


class Office:
    """A home, spoken to through the command line."""

    def __init__(self, root: Path) -> None:
        self.home = Home.at(root)

    def __call__(self, *arguments: str, typed: str = "") -> str:
        result = CliRunner().invoke(app, ["--home", str(self.home.root), *arguments], input=typed)
        if isinstance(result.exception, EdossierError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *arguments: str, typed: str = "") -> Any:
        return json.loads(self(*arguments, "--json", typed=typed))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "home")


def example(command: str) -> Any:
    """The example in a command's section."""
    section = COMMANDS.split(f"\n## `{command}`\n")[1].split("\n## ")[0]
    return json.loads(section.split("```json\n")[1].split("```")[0])


def test_a_user_is_added_listed_disabled_and_let_in_again(office: Office) -> None:
    added = office.json(
        "user", "add", "傅溪", "--role", "operator", "--department", "一部", "--department", "二部",
        typed=f"{PASSWORD}\nsecond line\n",
    )  # fmt: skip
    assert fields(added) == fields(example("user"))
    assert (added["name"], added["role"], added["departments"], added["disabled"]) == (
        "傅溪", "operator", ["一部", "二部"], False,
    )  # fmt: skip
    assert office.json("user", "list") == {"users": [added]}
    assert office.json("user", "disable", "傅溪")["disabled"] is True
    assert office.json("user", "password", "傅溪", typed="another-one\n")["disabled"] is False

    catalogue = Catalogue.open(office.home)
    with catalogue.reading() as session:
        stored = users.user_named(session, "傅溪").password
        deeds = list(session.scalars(select(AuditRow.deed).order_by(AuditRow.id)))
        assert not any(
            PASSWORD in str(row.details) or stored in str(row.details) for row in session.scalars(select(AuditRow))
        )
    catalogue.close()
    assert passwords.matches("another-one", stored)
    assert not passwords.matches(PASSWORD, stored)
    assert deeds == ["add_user", "disable_user", "set_password"]


def test_a_role_and_departments_are_changed_by_name(office: Office) -> None:
    office("user", "add", "傅溪", "--role", "operator", "--department", "一部", typed=f"{PASSWORD}\n")
    assert office.json("user", "role", "傅溪", "head")["role"] == "head"
    assert office.json("user", "departments", "傅溪", "二部", "三部")["departments"] == ["三部", "二部"]
    assert office.json("user", "departments", "傅溪")["departments"] == []
    with pytest.raises(UsageError):
        office("user", "role", "傅溪", "machine")
    assert office.json("user", "list")["users"][0]["role"] == "head"


def test_a_home_without_users_says_how_one_comes_in(office: Office) -> None:
    assert "一次性口令" in office("user", "list")


@pytest.mark.parametrize(
    ("arguments", "typed"),
    [
        (("傅溪", "--role", "prosecutor"), "short\n"),
        (("傅溪", "--role", "prosecutor"), ""),
        (("傅溪", "--role", "root"), f"{PASSWORD}\n"),
        ((" ", "--role", "admin"), f"{PASSWORD}\n"),
    ],
)
def test_a_user_that_cannot_be_is_refused(office: Office, arguments: tuple[str, ...], typed: str) -> None:
    with pytest.raises(UsageError) as refusal:
        office("user", "add", *arguments, typed=typed)
    assert refusal.value.exit_code == 2
    assert office.json("user", "list") == {"users": []}


def test_a_key_is_shown_once_and_revoked(office: Office) -> None:
    shown = office.json("key", "add", "办案系统", "--scope", "write", "--scope", "search", "--department", "一部")
    assert fields(shown) == fields(example("key")) == {"id", "key"}
    (listed,) = office.json("key", "list")["keys"]
    assert (listed["id"], listed["scopes"], listed["departments"]) == (shown["id"], ["search", "write"], ["一部"])
    assert shown["key"] not in office("key", "list")

    catalogue = Catalogue.open(office.home)
    with catalogue.reading() as session:
        assert api_keys.viewer_of_secret(session, shown["key"]) is not None
    assert office.json("key", "revoke", "办案系统")["revoked"] is True
    with catalogue.reading() as session:
        assert api_keys.viewer_of_secret(session, shown["key"]) is None
    catalogue.close()
    with pytest.raises(NotFound):
        office("key", "revoke", "办案系统")
    assert office("key", "add", "a").splitlines()[0].startswith("edossier_")


def test_of_two_keys_of_a_name_the_id_tells_which(office: Office) -> None:
    first, _ = office.json("key", "add", "a"), office.json("key", "add", "a")
    with pytest.raises(UsageError):
        office("key", "revoke", "a")
    office("key", "revoke", first["id"])
    assert [key["revoked"] for key in office.json("key", "list")["keys"]] == [True, False]


def test_a_case_is_sealed_and_somebody_admitted(office: Office) -> None:
    office("user", "add", "傅溪", "--role", "prosecutor", typed=f"{PASSWORD}\n")
    key = office.json("key", "add", "办案系统")
    catalogue = Catalogue.open(office.home)
    with catalogue.writing() as session:
        session.add(Case(id="c1", state="known", department="一部", handler="傅溪"))
    catalogue.close()

    office("sight", "grant", "--case", "c1", "--user", "傅溪")
    sealed = office.json("sight", "seal", "--case", "c1")
    assert fields(sealed) == fields(example("sight"))
    assert (sealed["sealed"], [member["sees"] for member in sealed["members"]]) == (True, [False])
    admitted = office.json("sight", "grant", "--case", "c1", "--key", key["id"])
    assert {member["name"]: member["sees"] for member in admitted["members"]} == {"傅溪": False, "办案系统": True}
    assert "办案系统  可看" in office("sight", "show", "--case", "c1")
    assert office.json("sight", "revoke", "--case", "c1", "--key", key["id"])["members"] == sealed["members"]
    assert office.json("sight", "unseal", "--case", "c1")["sealed"] is False
    assert "部门 一部  承办人 傅溪" in office("sight", "show", "--case", "c1")


@pytest.mark.parametrize("arguments", [(), ("--user", "a", "--key", "b")])
def test_one_user_or_one_key_must_be_named(office: Office, arguments: tuple[str, ...]) -> None:
    catalogue = Catalogue.open(office.home)
    with catalogue.writing() as session:
        session.add(Case(id="c1", state="known"))
    catalogue.close()
    with pytest.raises(UsageError, match="give either --user or --key, and one of them"):
        office("sight", "grant", "--case", "c1", *arguments)
    with pytest.raises(NotFound):
        office("sight", "grant", "--case", "c1", "--user", "无此人")
