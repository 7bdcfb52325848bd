"""`edossier settings`: every setting, its value and where that comes from."""

from __future__ import annotations

import typer
from pydantic import SecretStr
from rich.table import Table
from rich.text import Text

from cli.context import JsonOption, context_of, people, print_json
from dossier.settings import Settings, source_of


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
        rows.append(
            {"name": name, "value": shown, "source": source_of(current, name), "help": field.description}
        )  # fmt: skip
    if as_json:
        print_json({"settings": rows})
        return
    table = Table("name", "value", "from", "meaning")
    for row in rows:
        table.add_row(*(Text(str(row[key])) for key in ("name", "value", "source", "help")))
    people.print(table)
