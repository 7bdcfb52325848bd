"""Settings as a backup keeps them: `settings.toml` without what must stay secret."""

from __future__ import annotations

import json
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dossier.settings import Settings, secret_settings

# What cannot stand without its secret.
_GO_TOGETHER = {"elasticsearch_password": ("elasticsearch_user",)}
_FIRST_LINE = "# From a backup. What is secret was left out"


def without_secrets(file: Path) -> bytes | None:
    """The settings of a home that differ from the defaults, without the secrets; None where there is no file."""
    if not file.is_file():
        return None
    given = tomllib.loads(file.read_text("utf-8"))
    hidden = [name for name in secret_settings() if given.get(name)]
    left_out = {*secret_settings(), *(other for name in hidden for other in _GO_TOGETHER.get(name, ()))}
    named = [name for name in given if name in left_out and given[name]]
    opening = f"{_FIRST_LINE}{': ' + ', '.join(named) if named else ''}."
    return _written(opening, {name: value for name, value in given.items() if name not in left_out})


def for_another_home(kept: bytes) -> bytes:
    """Kept settings for a home that is restored beside the first: with Elasticsearch, it gets an index of its own, and
    heads of its audit log stay in it.

    In an index that another home feeds, two catalogues would take turns; so would two audit logs in a folder of heads.
    """
    opening = kept.decode("utf-8").partition("\n")[0]
    given = tomllib.loads(kept.decode("utf-8"))
    given.pop("audit_head_folder", None)
    if given.get("search_engine") == "elasticsearch":
        index = given.get("elasticsearch_index", Settings.model_fields["elasticsearch_index"].default)
        given["elasticsearch_index"] = f"{str(index)[:80]}-r{secrets.token_hex(3)}"
    return _written(opening, given)


def _written(opening: str, values: Mapping[str, Any]) -> bytes:
    # A setting is a text, a number or a truth, which JSON and TOML write alike.
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    return "\n".join([opening, *lines, ""]).encode()
