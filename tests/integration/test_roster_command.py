"""`edossier roster` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from openpyxl import load_workbook
from typer.testing import CliRunner

from cli.main import app
from dossier.errors import NotFound, RosterRefused, UsageError
from tests.filed import CASE, Filed


@pytest.fixture
def home(tmp_path: Path) -> Path:
    filed = Filed(tmp_path / "home")
    filed.document(filed.case(), "询问笔录", ["林晓禾说"])
    filed.close()
    (tmp_path / "名册.csv").write_bytes("投资人,手机\n林晓禾,19900001234\n闻人遥,\n".encode("gbk"))
    return tmp_path


def typed(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--home", str(home / "home"), "roster", str(home / "名册.csv"), *arguments])


def test_people_are_printed_with_what_was_found_and_how_much_was_searched(home: Path) -> None:
    result = typed(home, "--case", CASE)

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "共 2 人，1 人未见；可检索 1 / 1 页",
        "  第2行 林晓禾  1 页：询问笔录 1",
        "  第3行 闻人遥  未见",
    ]


def test_somebody_who_could_not_be_searched_is_not_said_to_be_missing(home: Path) -> None:
    (home / "名册.csv").write_bytes("投资人,手机\n林,\n闻人遥,\n".encode("gbk"))

    assert typed(home).stdout.splitlines() == [
        "共 2 人，1 人未见，1 人没有可检索的项目；可检索 1 / 1 页",
        "  第2行 林  没有可检索的项目",
        "      第 2 行“投资人”：只有一个字（林），没有按姓名检索",
        "  第3行 闻人遥  未见",
    ]


def test_the_matrix_is_written_and_standard_output_is_one_json_object(home: Path) -> None:
    result = typed(home, "--out", str(home / "结果.xlsx"), "--json")

    assert [person["pages"] for person in json.loads(result.stdout)["people"]] == [1, 0]
    assert load_workbook(home / "结果.xlsx")["名册"]["B2"].value == "林晓禾"


@pytest.mark.parametrize("out", ["结果.csv", "no-such-folder/结果.xlsx"])
def test_a_place_where_no_workbook_can_be_written_is_refused_at_once(home: Path, out: str) -> None:
    assert isinstance(typed(home, "--out", str(home / out)).exception, UsageError)


def test_a_file_that_is_not_there_or_no_roster_is_wrong_usage(home: Path) -> None:
    (home / "名册.csv").write_bytes(b"\x00\x01")
    assert isinstance(typed(home).exception, RosterRefused)
    (home / "名册.csv").unlink()
    assert isinstance(typed(home).exception, UsageError)


def test_a_case_that_nobody_knows_is_said(home: Path) -> None:
    assert isinstance(typed(home, "--case", "临检起诉受[2031]1号").exception, NotFound)
