from __future__ import annotations

from pathlib import Path

import pytest

from dossier.errors import SettingsError
from dossier.settings import load_settings

OIDC = 'oidc_issuer = "https://login.example"\noidc_client_id = "a"\npublic_address = "https://a.example"\n'


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
        ('elasticsearch_url = "http://user:hunter2@127.0.0.1:9200"', "elasticsearch_url"),
        ('elasticsearch_url = "127.0.0.1:9200"', "elasticsearch_url"),
        ('elasticsearch_url = "http://127.0.0.1:9200, http://"', "elasticsearch_url"),
        ('elasticsearch_url = "http://127.0.0.1:99999"', "elasticsearch_url"),
        ('elasticsearch_ca_file = "missing.pem"\nelasticsearch_url = "https://a.example"', "elasticsearch_ca_file"),
        ('elasticsearch_ca_file = "settings.toml"\nelasticsearch_url = "https://a.example"', "elasticsearch_ca_file"),
        ('elasticsearch_api_key = "hunter2 "', "elasticsearch_api_key"),
        ('elasticsearch_api_key = "hunter2"\nelasticsearch_user = "a"\nelasticsearch_password = "hunter2"', "api_key"),
        ('elasticsearch_user = "a"', "elasticsearch_password"),
        ('elasticsearch_password = "hunter2"', "elasticsearch_user"),
        ('trusted_proxies = "proxy.example"', "trusted_proxies"),
        ('sign_in_header = "X-Remote-User"', "trusted_proxies"),
        ('sign_in_header = "X Remote"\ntrusted_proxies = "127.0.0.1"', "sign_in_header"),
        ('public_address = "dossier.example"', "public_address"),
        ('public_address = "https://dossier.example/x"', "public_address"),
        ('public_address = "https://user:hunter2@dossier.example"', "public_address"),
        ('oidc_issuer = "http://login.example"', "oidc_issuer"),
        ('oidc_issuer = "https://login.example?x=1"', "oidc_issuer"),
        ('oidc_issuer = "https://user:hunter2@login.example"', "oidc_issuer"),
        ('oidc_issuer = "https://login.example"\npublic_address = "https://a.example"', "oidc_client_id"),
        ('oidc_issuer = "https://login.example"\noidc_client_id = "a"', "public_address"),
        ('oidc_client_secret = "hunter2\\n"', "oidc_client_secret"),
        ('oidc_client_secret_file = "missing"', "oidc_client_secret_file"),
        ('oidc_client_secret_file = "settings.toml"\n# hunter2', "oidc_client_secret_file"),
        ('oidc_claim = ""', "oidc_claim"),
        ('oidc_roles = "admin=all"', "oidc_roles"),
        ('oidc_roles = "operator"', "oidc_roles"),
        (OIDC + 'oidc_client_secret = "hunter2"\noidc_client_secret_file = "one-line"', "oidc_client_secret_file"),
        (OIDC + 'oidc_role_claim = "groups"', "oidc_roles"),
        ('oidc_ca_file = "missing.pem"', "oidc_ca_file"),
        ("elasticsearch_shards = 0", "elasticsearch_shards"),
        ("elasticsearch_replicas = 21", "elasticsearch_replicas"),
        ('elasticsearch_replicas = "many"', "elasticsearch_replicas"),
        ("elasticsearch_timeout_seconds = 0", "elasticsearch_timeout_seconds"),
    ],
)
def test_a_wrong_setting_is_named_with_the_remedy_and_without_its_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("settings.toml", content), ("one-line", "hunter2\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)

    with pytest.raises(SettingsError) as error:
        load_settings(tmp_path)

    assert named in error.value.message
    assert "config/settings.toml" in error.value.message
    assert "hunter2" not in error.value.message


def test_the_secret_of_openid_connect_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2\n")
    (tmp_path / "secret").chmod(0o600)
    (tmp_path / "settings.toml").write_text(f'{OIDC}oidc_client_secret_file = "{tmp_path / "secret"}"')

    settings = load_settings(tmp_path)

    assert settings.oidc_secret() == "hunter2"
    assert "hunter2" not in repr(settings)


def test_several_addresses_are_separated_by_commas(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('elasticsearch_url = "https://a.example:9200,  http://10.1.2.3"')

    assert load_settings(tmp_path).elasticsearch_addresses() == ("https://a.example:9200", "http://10.1.2.3")


def test_replicas_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDOSSIER_ELASTICSEARCH_REPLICAS", "2")

    assert load_settings(tmp_path).elasticsearch_replicas == 2


def test_secrets_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDOSSIER_ELASTICSEARCH_USER", "index")
    monkeypatch.setenv("EDOSSIER_ELASTICSEARCH_PASSWORD", "hunter2")

    assert "hunter2" not in repr(load_settings(tmp_path))
