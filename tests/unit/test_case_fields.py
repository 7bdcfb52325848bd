"""The field names of public case-system schemas, and what the documents say of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dossier.case_fields import FIELDS, translated
from dossier.case_metadata import CaseMetadata
from dossier.numbers import Kind

API_PAGE = Path(__file__).parents[2] / "docs" / "api.md"


def test_the_api_page_has_the_table_of_fields() -> None:
    rows = re.findall(r"^\| `([A-Z]+)` \| (\S+) \| (.+) \|$", API_PAGE.read_text("utf-8"), re.MULTILINE)
    said = {name: (chinese, re.findall(r"`([\w.]+)`", becomes)) for name, chinese, becomes in rows}
    meant = {
        name: (
            meaning["chinese"],
            [meaning.get("number") or meaning.get("field") or f"details.{meaning['further']}"],
        )
        for name, meaning in FIELDS.items()
    }
    assert said == meant


def test_every_field_becomes_something_that_there_is() -> None:
    assert {meaning["number"] for meaning in FIELDS.values() if "number" in meaning} <= set(Kind)
    assert {meaning["field"] for meaning in FIELDS.values() if "field" in meaning} <= set(CaseMetadata.model_fields)
    further = [meaning["further"] for meaning in FIELDS.values() if "further" in meaning]
    assert not set(further) & set(CaseMetadata.model_fields)


def test_our_own_name_outranks_a_foreign_one_and_empty_ones_say_nothing() -> None:
    document = {
        "name": "甲案",
        "AJMC": "乙案",
        "cbr": "傅溪",
        "CBBM": "",
        "DQRQ": None,
        "numbers": [{"number": "1"}],
        "TYSAH": 7,
    }
    assert translated(document) == {
        "name": "甲案",
        "handler": "傅溪",
        "numbers": [{"number": "1"}, {"kind": "unified", "number": "7"}],
    }


@pytest.mark.parametrize("value", ["闵照屿、傅溪", "闵照屿,傅溪", "闵照屿 傅溪；", ["闵照屿", {"name": "傅溪"}]])
def test_suspects_come_as_a_text_or_as_a_list(value: object) -> None:
    assert translated({"XYR": value}) == {"suspects": [{"name": "闵照屿"}, {"name": "傅溪"}]}


@pytest.mark.parametrize(
    "given",
    ["2031-03-04", "2031/3/4", "2031.03.04", "20310304", "2031-03-04T08:30:00", "2031-03-04 08:30", "2031年3月4日"],
)
def test_a_day_is_understood_as_case_systems_write_it(given: str) -> None:
    day = CaseMetadata.model_validate({"due_on": given}).due_on
    assert day is not None and day.isoformat() == "2031-03-04"


@pytest.mark.parametrize("given", ["2031-02-30", "2031-3", "203134", "31-03-04", "2031-03/04", "", 20310304, True])
def test_what_is_no_day_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match="due_on"):
        CaseMetadata.model_validate({"due_on": given})
