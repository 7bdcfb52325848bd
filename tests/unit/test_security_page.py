"""The page about security: no requirement of the standard's level 2 is left out, and what proves it is there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")

# OWASP ASVS 5.0.0: how many requirements of level 1 and 2 each section has; they are numbered from 1.
SECTIONS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4,
    "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5,
    "7.5": 2, "7.6": 2, "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3, "9.2": 4, "10.1": 2, "10.2": 2, "10.3": 4,
    "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3, "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3, "17.1": 1, "17.2": 4,
    "17.3": 2,
}  # fmt: skip
WANTED = {f"V{section}.{number}" for section, count in SECTIONS.items() for number in range(1, count + 1)}
GAPS = PAGE.split("## Gaps")[1].split("## What does not apply")[0]


def rows() -> list[list[str]]:
    cells = [line.strip("|").split(" | ") for line in PAGE.splitlines() if line.startswith("| V")]
    return [[cell.strip() for cell in row] for row in cells]


def test_the_standard_has_253_requirements_of_both_levels() -> None:
    assert len(WANTED) == 253


def test_every_requirement_stands_in_one_row_and_no_other_does() -> None:
    named = Counter(each for row in rows() for each in re.findall(r"V[\d.]+\d", row[0]))

    assert set(named) == WANTED
    assert [each for each, count in named.items() if count > 1] == []


def test_what_is_not_or_partly_kept_is_told_among_the_gaps() -> None:
    verdicts = {each: row[2] for row in rows() if len(row) == 4 for each in re.findall(r"V[\d.]+\d", row[0])}
    assert set(verdicts.values()) == {"yes", "house", "part", "no"}
    open_ones = {each for each, verdict in verdicts.items() if verdict in ("part", "no")}

    assert open_ones <= set(re.findall(r"V[\d.]+\d", GAPS))


def test_every_test_that_is_named_exists() -> None:
    tests = "".join(path.read_text("utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py")))
    named = set(re.findall(r"`(test_\w+)`", PAGE))

    assert len(named) > 30
    assert {name for name in named if f"def {name}(" not in tests} == set()
