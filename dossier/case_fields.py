"""The field names of public case-system schemas, translated to ours; the table is data (case_fields.toml)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_TABLE_FILE = Path(__file__).with_name("case_fields.toml")
_NAME_MARKS = re.compile(r"[、,，;；\s]+")


def _table() -> dict[str, dict[str, str]]:
    return tomllib.loads(_TABLE_FILE.read_text("utf-8"))


FIELDS: Mapping[str, Mapping[str, str]] = _table()


def translated(document: Mapping[str, Any]) -> dict[str, Any]:
    """A case's metadata with foreign field names (BMSAH, AJMC, …, in any case) replaced by ours.

    A field under our own name outranks its translation. Foreign fields that are null or empty count as not given.
    """
    ours = {name: value for name, value in document.items() if name.upper() not in FIELDS}
    numbers: list[Any] = []
    for name, value in document.items():
        meaning = FIELDS.get(name.upper())
        if meaning is None or value is None or value == "":
            continue
        if "number" in meaning:
            numbers.append({"kind": meaning["number"], "number": str(value) if isinstance(value, int) else value})
        elif "field" in meaning:
            ours.setdefault(meaning["field"], _suspects(value) if meaning["field"] == "suspects" else value)
        else:
            ours.setdefault(meaning["further"], value)
    if numbers:
        given = ours.get("numbers") or []
        ours["numbers"] = [*given, *numbers] if isinstance(given, list) else given
    return ours


def _suspects(value: Any) -> Any:
    """Names in one text, as 甲、乙, one by one; a list of names or of objects as it is."""
    if isinstance(value, str):
        value = [name for name in _NAME_MARKS.split(value) if name]
    if isinstance(value, list):
        return [{"name": each} if isinstance(each, str) else each for each in value]
    return value
