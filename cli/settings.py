"""`edossier settings`: every setting, its value and where that comes from."""

from __future__ import annotations

import os

import typer
from pydantic import SecretStr
from rich.table import Table
from rich.text import Text

from cli.context import JsonOption, context_of, people, print_json
from dossier.settings import Settings


def settings(
    typer_context: typer.Context,
    as_json: JsonOption = False,
) -> None:
    """Show every setting with its value and meaning; secrets are not shown. 查看设置。"""
    current = context_of(typer_context).settings
    rows = []
    for name, field in Settings.model_fields.items():
        value = getattr(current, name)
        shown = ("***" if value.get_secret_value() else "") if isinstance(value, SecretStr) else value
        default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
        is_default = (value.get_secret_value() if isinstance(value, SecretStr) else value) == default
        source = "environment" if f"EDOSSIER_{name.upper()}" in os.environ else "default" if is_default else "file"
        rows.append({"name": name, "value": shown, "source": source, "help": field.description})
    if as_json:
        print_json({"settings": rows})
        return
    table = Table("name", "value", "from", "meaning")
    for row in rows:
        table.add_row(*(Text(str(row[key])) for key in ("name", "value", "source", "help")))
    people.print(table)
