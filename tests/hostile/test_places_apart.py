"""The program refuses to start where its own files could be taken in, written over, or taken for settings (T18)."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import dossier
from cli.main import app
from dossier.errors import SettingsError, UsageError
from dossier.home import Home
from dossier.settings import load_settings


@pytest.mark.parametrize("lies_in", [".", "..", "vault", "logs", "/", "derived/pages"])
def test_an_inbox_that_holds_what_the_program_keeps_is_refused(lies_in: str, tmp_path: Path) -> None:
    root = tmp_path / "home"
    home = Home.at(root)
    (root / "derived" / "pages").mkdir()
    home.inbox.rmdir()
    home.inbox.symlink_to(lies_in)

    with pytest.raises(SettingsError, match=r"重叠 / .*overlap"):
        Home.at(root)

    answer = CliRunner().invoke(app, ["--home", str(root), "status"])
    assert isinstance(answer.exception, SettingsError)  # exit code 2, as docs/errors.md has it


def test_a_vault_in_the_inbox_is_refused(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    home.vault.rmdir()
    (home.inbox / "vault").mkdir()
    home.vault.symlink_to(home.inbox / "vault")

    with pytest.raises(SettingsError, match="overlap"):
        Home.at(home.root)


def test_data_among_the_program_s_own_files_are_refused(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    home.inbox.rmdir()
    home.inbox.symlink_to(Path(dossier.__file__).parent)

    with pytest.raises(SettingsError, match="overlap"):
        Home.at(home.root)


def test_an_inbox_on_a_share_is_not(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    home.inbox.rmdir()
    (tmp_path / "share").mkdir()
    home.inbox.symlink_to(tmp_path / "share")

    assert Home.at(home.root).inbox.is_dir()


@pytest.mark.parametrize("folder", ["inbox", "inbox/案/卷", "vault", "derived", "index"])
def test_nothing_is_exported_into_the_program_s_own_folders(folder: str, tmp_path: Path) -> None:
    out = tmp_path / "home" / folder
    answer = CliRunner().invoke(app, ["--home", str(tmp_path / "home"), "export", "--case", "a", "--out", str(out)])

    assert isinstance(answer.exception, UsageError)
    assert "another folder" in str(answer.exception)
    assert list(out.rglob("*")) == []


@pytest.mark.parametrize("which", ["settings.toml", "."])
def test_settings_that_anybody_may_write_are_refused(which: str, tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    (home.root / "settings.toml").write_text("port = 1000\n")
    (home.root / "settings.toml").chmod(0o644)
    assert load_settings(home.root).port == 1000
    (home.root / which).chmod(0o777)

    with pytest.raises(SettingsError, match="chmod o-w"):
        load_settings(home.root)


@pytest.mark.parametrize("name", ["oidc_client_secret", "elasticsearch_api_key"])
def test_settings_with_a_secret_that_anybody_may_read_are_refused(name: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(f'{name} = "hunter2"\n')
    file.chmod(0o644)

    with pytest.raises(SettingsError, match="chmod o=") as error:
        load_settings(tmp_path)
    assert "hunter2" not in error.value.message

    file.chmod(0o640)
    assert load_settings(tmp_path).port == 8400
    file.write_text(f'{name} = ""\n')
    file.chmod(0o644)
    assert load_settings(tmp_path).port == 8400


@pytest.mark.parametrize("mode", [0o644, 0o602])
def test_a_file_with_a_secret_that_is_open_to_anybody_is_refused(mode: int, tmp_path: Path) -> None:
    file = tmp_path / "oidc-secret"
    file.write_text("hunter2\n")
    file.chmod(mode)
    (tmp_path / "settings.toml").write_text(f'oidc_client_secret_file = "{file}"\n')

    with pytest.raises(SettingsError, match="chmod o=") as error:
        load_settings(tmp_path)
    assert "hunter2" not in error.value.message

    file.chmod(0o640)
    assert load_settings(tmp_path).oidc_secret() == "hunter2"
