"""What the documents say, held against the code."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import typer
from pydantic import SecretStr
from typer.core import TyperGroup, TyperOption

from cli.main import app
from dossier.errors import EdossierError, FileRefused, PageFailed, every_error
from dossier.flags import SENTENCES
from dossier.settings import Settings
from dossier.status import ARRIVAL_STATES, PAGE_STATES
from dossier.viewers import SCOPES
from indexer.query import SCORES
from search_api.access import ACCESS, scope_of

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
SETTINGS_FILE = ROOT / "config" / "settings.toml"
PACKAGES = ("dossier", "pipeline", "indexer", "search_api", "cli")

# Addresses that stand for the reader's own machine and mirror; documents of an offline system name no others.
EXAMPLE_HOSTS = {"127.0.0.1", "10.1.2.3"}
EXAMPLE_DOMAIN = ".example"

# What an operator reads there: the beginnings of the flags' sentences, and those of the errors of files and pages.
ON_THE_ATTENTION_LIST = {re.split("[：（]", message)[0] for message, _ in SENTENCES.values()} | {
    error.chinese.rstrip("。")
    for error in every_error().values()
    if issubclass(error, FileRefused | PageFailed) and error is not FileRefused
}


def named(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def sections(text: str, level: int) -> dict[str, str]:
    """The parts of a document under its headings of a level, by heading."""
    pieces = re.split(rf"^{'#' * level} (.+)$", text, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def table_rows(text: str) -> list[list[str]]:
    """The cells of every table row of a document, without headings' rules."""
    rows = [line.strip("|").split(" | ") for line in text.splitlines() if re.fullmatch(r"\|.+\|", line)]
    return [[cell.strip() for cell in row] for row in rows if not set(row[0]) <= set("-| ")]


def code_rows(text: str) -> dict[str, list[str]]:
    """The rows of tables whose first cell is a code, by that code."""
    return {row[0].strip("`"): row[1:] for row in table_rows(text) if re.fullmatch(r"`[a-z_]+`", row[0])}


def anchors(text: str) -> set[str]:
    """The anchors that headings get: lower case, without punctuation, spaces as hyphens."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {
        "".join(
            character
            for character in heading.lower().replace(" ", "-")
            if character in "-_" or unicodedata.category(character)[0] in "LN"
        )
        for heading in headings
    }


def commands() -> dict[str, Any]:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return dict(group.commands)


def options_of(command: Any) -> Iterator[str]:
    """The long names of a command's options, those of its own commands among them."""
    for part in command.commands.values() if isinstance(command, TyperGroup) else ():
        yield from options_of(part)
    for parameter in command.params:
        if isinstance(parameter, TyperOption):
            yield from (name for name in parameter.opts if name.startswith("--"))


# Settings


def test_the_settings_file_has_every_setting_at_its_default() -> None:
    defaults = {
        name: field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
        for name, field in Settings.model_fields.items()
    }

    assert tomllib.loads(SETTINGS_FILE.read_text("utf-8")) == defaults


def test_every_setting_in_the_settings_file_has_a_comment_of_its_own_or_shares_one() -> None:
    blocks = SETTINGS_FILE.read_text("utf-8").strip().split("\n\n")

    assert [block for block in blocks if not block.startswith("# ")] == []


# Commands


def test_every_command_has_a_section_and_every_section_a_command() -> None:
    headings = {heading.strip("`") for heading in sections(text_of("docs/commands.md"), 2)}

    assert headings == set(commands())


@pytest.mark.parametrize("name", sorted(commands()))
def test_the_section_of_a_command_names_its_options_and_no_others(name: str) -> None:
    section = sections(text_of("docs/commands.md"), 2)[f"`{name}`"]
    rows = [row[0] for row in table_rows(section)]

    assert set(re.findall(r"--[a-z-]+", " ".join(rows))) == set(options_of(commands()[name]))


def test_the_exit_codes_of_errors_are_those_that_the_commands_page_lists() -> None:
    listed = {int(row[0]) for row in table_rows(text_of("docs/commands.md")) if row[0].isdecimal()}

    assert {error.exit_code for error in every_error().values()} | {0} == listed


def test_the_changelog_and_the_manual_name_only_commands_that_exist() -> None:
    text = text_of("CHANGELOG.md") + text_of("docs/操作手册.md") + text_of("docs/deployment.md") + text_of("README.md")
    used = set(re.findall(r"edossier(?: --home \S+)? ([a-z]+)", text)) - {"export"}

    assert used - set(commands()) - {"and"} == set()


# Errors and flags


@pytest.mark.parametrize("code", sorted(every_error()))
def test_an_error_is_documented_with_its_exit_code_sentences_and_remedies(code: str) -> None:
    error: type[EdossierError] = every_error()[code]
    rows = code_rows(sections(text_of("docs/errors.md"), 2)["Errors"])

    assert rows[code] == [
        str(error.exit_code),
        error.chinese + error.remedy_chinese,
        f"{error.english} {error.remedy_english}",
    ]


def test_no_error_is_documented_that_does_not_exist() -> None:
    assert set(code_rows(sections(text_of("docs/errors.md"), 2)["Errors"])) == set(every_error())


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_a_flag_is_documented_with_its_sentence_in_chinese_and_in_english(code: str) -> None:
    message, remedy = SENTENCES[code]
    chinese, english = code_rows(sections(text_of("docs/errors.md"), 2)["Flags"])[code]

    assert chinese == f"{message}。{remedy}。"
    assert re.match(r"[A-Z`][^一-鿿]+\.$", english)


def test_no_flag_is_documented_that_does_not_exist() -> None:
    assert set(code_rows(sections(text_of("docs/errors.md"), 2)["Flags"])) == set(SENTENCES)


def test_the_problems_of_the_web_alone_are_documented() -> None:
    source = "".join(path.read_text("utf-8") for path in sorted((ROOT / "search_api").rglob("*.py")))
    raised = set(re.findall(r'Problem\(\s*\d{3},\s*"([a-z_]+)"', source))
    documented = set(code_rows(sections(text_of("docs/errors.md"), 2)["Of the web alone"]))

    assert raised - documented == set()


@pytest.mark.parametrize("scope", SCOPES)
def test_the_api_page_lists_the_addresses_of_a_scope_and_no_others(scope: str) -> None:
    rows = {row[0].strip(" `"): row[1] for row in table_rows(sections(text_of("docs/api.md"), 2)["Who asks"])}
    addresses = {re.sub(r"/\{.*", "/…", path) for (_, path), wanted in ACCESS.items() if scope_of(wanted) == scope}

    assert set(re.findall(r"`(/[^`]+)`", rows[scope])) == addresses


@pytest.mark.parametrize("sentence", sorted(ON_THE_ATTENTION_LIST))
def test_the_operators_manual_explains_what_the_attention_list_says(sentence: str) -> None:
    assert sentence in sections(text_of("docs/操作手册.md"), 2)["需要处理的事项"]


# Architecture


def test_the_architecture_names_every_module_and_no_other() -> None:
    listed = set()
    for folder, part in sections(sections(text_of("docs/architecture.md"), 2)["Modules"], 3).items():
        named_here = [name for _, names in table_rows(part)[1:] for name in re.findall(r"`(\w+)`", names)]
        listed |= {f"{folder.strip('`')}{name}.py" for name in named_here}
    modules = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path.name != "__init__.py" and "migrations" not in path.parts
    }

    assert listed == modules


def test_every_folder_with_modules_is_a_package_and_so_in_what_is_installed() -> None:
    folders = {path.parent for package in PACKAGES for path in (ROOT / package).rglob("*.py")}

    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_the_architecture_draws_every_state_and_rung() -> None:
    text = text_of("docs/architecture.md")
    states = sections(text, 2)["States"]

    assert [state for state in (*ARRIVAL_STATES, *PAGE_STATES) if not re.search(rf"\b{state}\b", states)] == []
    assert [rung for rung in SCORES if f"`{rung}`" not in text] == []


# Decisions and dependencies


def test_every_decision_has_a_number_of_its_own_in_its_name_and_title() -> None:
    numbers = [path.name[:4] for path in DECISIONS]

    assert numbers == sorted(set(numbers))
    assert [path.name for path in DECISIONS if not path.read_text("utf-8").startswith(f"# {path.name[:4]} ")] == []


@pytest.mark.parametrize("name", named(DECISIONS))
def test_a_decision_says_context_choice_and_what_would_change_it(name: str) -> None:
    parts = re.findall(r"^\*\*(Context|Choice|What would change it)\.\*\*", text_of(name), re.MULTILINE)

    assert parts == ["Context", "Choice", "What would change it"]


def declared(*groups: str) -> set[str]:
    """The names of the packages that pyproject.toml asks for, in itself or in groups of it."""
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    asked = [*project["dependencies"]] if not groups else []
    for group in groups:
        asked += project["optional-dependencies"][group]
    return {re.split(r"[=<>\[ ]", requirement)[0] for requirement in asked}


def test_every_dependency_has_its_reason_and_licence_and_no_other_is_listed() -> None:
    rows = [row for row in table_rows(text_of("docs/decisions/0002-dependencies.md")) if row[0] != "package"]

    assert {row[0] for row in rows} == declared()
    assert [row[0] for row in rows if len(row) != 4 or not all(row)] == []


def test_every_package_for_tests_and_building_is_named_with_its_licence() -> None:
    text = text_of("docs/decisions/0002-dependencies.md")

    assert [name for name in sorted(declared("dev", "build")) if not re.search(rf"\b{name}\b", text)] == []


def test_no_installed_dependency_is_under_gpl_or_agpl() -> None:
    locked = re.findall(r"^([a-z0-9][a-z0-9._-]*)==", text_of("requirements.lock"), re.MULTILINE)
    assert len(locked) > 20
    copyleft = []
    for name in locked:
        try:
            facts = metadata.metadata(name).json
        except metadata.PackageNotFoundError:
            continue  # only for other platforms
        classifiers = [value for value in facts.get("classifier", []) if value.startswith("License")]
        # An older field may hold a name, or the whole text of a licence, of which the first line is enough.
        first_line = str(facts.get("license", "")).strip().partition("\n")[0]
        licence = " ".join([str(facts.get("license_expression", "")), first_line, *classifiers])
        # Some offer it as one of several: what counts is whether anything else is left.
        if re.search(r"\b(AGPL|GPL)|(Affero|GNU General Public)", licence) and " OR " not in licence:
            copyleft.append(f"{name}: {licence}")

    assert copyleft == []


# All documents


def link_targets(text: str) -> list[str]:
    return re.findall(r"!?\[[^\]]*\]\(([^)\s]+)\)", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("name", named(DOCUMENTS))
def test_the_links_of_a_document_lead_somewhere(name: str) -> None:
    text, folder = text_of(name), (ROOT / name).parent
    broken = []
    for target in link_targets(text):
        parts = urlsplit(unquote(target))
        if parts.scheme:
            continue
        path = (folder / parts.path) if parts.path else ROOT / name
        if not path.exists() or (parts.fragment and parts.fragment not in anchors(path.read_text("utf-8"))):
            broken.append(target)

    assert broken == []


@pytest.mark.parametrize("name", named(DOCUMENTS))
def test_a_document_names_no_machine_and_no_address_but_examples(name: str) -> None:
    text = text_of(name)
    hosts = {urlsplit(address).hostname or "" for address in re.findall(r"https?://[^\s`)|\"]+", text)}

    assert re.findall(r"(?<![\w.])/(?:work|tmp|root|home|Users|mnt)/\S*", text) == []
    assert {host for host in hosts if host not in EXAMPLE_HOSTS and not host.endswith(EXAMPLE_DOMAIN)} == set()


@pytest.mark.parametrize("name", named(DOCUMENTS))
def test_the_make_targets_that_a_document_names_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    used = re.findall(r"(?:`|^ {4}|simple |wheels )make ([a-z-]+)", text_of(name), re.MULTILINE)

    assert set(used) - targets == set()


@pytest.mark.parametrize("name", named(DOCUMENTS))
def test_the_files_that_a_document_names_exist(name: str) -> None:
    roots = "|".join((*PACKAGES, "tests", "config", "docs", "bench", "tools"))
    paths = re.findall(rf"`((?:{roots})/[\w./-]*\w)`", text_of(name))

    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_documents_that_the_code_names_exist() -> None:
    sources = [path for package in (*PACKAGES, "tests", "bench") for path in (ROOT / package).rglob("*.py")]
    used = {
        name
        for path in [*sources, ROOT / "pyproject.toml", SETTINGS_FILE]
        for name in re.findall(r"\bdocs/[\w./-]+\.md\b", path.read_text("utf-8"))
    }
    assert used

    assert {name for name in used if not (ROOT / name).is_file()} == set()


def test_every_picture_of_the_documents_is_shown_somewhere() -> None:
    shown = {
        ((ROOT / name).parent / target).resolve() for name in named(DOCUMENTS) for target in link_targets(text_of(name))
    }

    assert {picture for picture in (ROOT / "docs" / "pictures").iterdir() if picture.resolve() not in shown} == set()
