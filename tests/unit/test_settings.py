from __future__ import annotations

from pathlib import Path

import pytest

from dossier.errors import SettingsError
from dossier.settings import load_settings


def test_defaults_need_no_file(tmp_path: Path) -> None:
    assert load_settings(tmp_path).port == 8400


def test_the_environment_outranks_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "settings.toml").write_text("port = 1000\nworkers = 3\n")
    monkeypatch.setenv("EDOSSIER_PORT", "2000")

    settings = load_settings(tmp_path)

    assert (settings.port, settings.workers, settings.worker_count()) == (2000, 3, 3)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("prot = 1", "prot"),
        ("port = 70000", "port"),
        ('search_engine = "lucene"', "search_engine"),
        ('elasticsearch_index = "Upper"', "elasticsearch_index"),
        ("port = ", "settings.toml"),
        ('elasticsearch_url = "http://user:secret@127.0.0.1:9200"', "elasticsearch_url"),
    ],
)
def test_a_wrong_setting_is_named_with_the_remedy(tmp_path: Path, content: str, named: str) -> None:
    (tmp_path / "settings.toml").write_text(content)

    with pytest.raises(SettingsError) as error:
        load_settings(tmp_path)

    assert named in error.value.message
    assert "config/settings.toml" in error.value.message


def test_secrets_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDOSSIER_ELASTICSEARCH_PASSWORD", "hunter2")

    assert "hunter2" not in repr(load_settings(tmp_path))
