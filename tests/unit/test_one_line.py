"""T21: foreign text in logs and on terminals is one line that does nothing."""

from __future__ import annotations

import io
import logging
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table

from cli.context import _Terminal
from dossier.one_line import OneLineFormatter, lines_apart, one_line

# A second record, a cleared screen, a window title, a bell, C1 controls, a reversed extension, a BOM, half a character.
ODD = (
    "a\n2031-01-01 INFO accepted",
    "a\r\nb",
    "\x1b[2J\x1b[1;1Hgone",
    "\x1b]0;title\x07",
    "\x9b31m",
    "x\u202efdp.exe",
    "a\u2028b\u2029c\x85d",
    "\ufeffname",
    "\ud800",
    "\x00",
    "\U000e0041",
)


def is_harmless(text: str, but: str = "") -> bool:
    return all(unicodedata.category(each) not in ("Cc", "Cf", "Cs", "Zl", "Zp") or each in but for each in text)


@pytest.mark.parametrize("text", ODD)
def test_what_is_not_seen_is_written_out(text: str) -> None:
    assert is_harmless(one_line(text))
    assert "\\" in one_line(text)


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_any_text_becomes_one_line_and_letters_stay(text: str) -> None:
    shown = one_line(text)

    assert is_harmless(shown)
    assert len(shown.splitlines()) <= 1
    assert "".join(each for each in text if is_harmless(each)) == shown or not is_harmless(text)


@pytest.mark.parametrize("text", ["证据材料卷二 P35-37", "𠮷野家（2031）0001号.pdf", "résumé – 50 % “x”"])
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert one_line(text) == lines_apart(text) == text


@pytest.mark.parametrize("text", ODD)
def test_a_record_is_one_line_whatever_it_is_about(text: str) -> None:
    record = logging.LogRecord("x", logging.INFO, "", 1, "%s: accepted", (text,), None)

    assert len(OneLineFormatter("%(levelname)s %(message)s").format(record).splitlines()) == 1


@pytest.mark.parametrize("text", ODD)
def test_the_trace_of_an_error_cannot_be_taken_for_records(text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "", 1, "failed", (), sys.exc_info())
    first, *trace = OneLineFormatter("2031 %(levelname)s %(message)s").format(record).splitlines()

    assert first == "2031 ERROR failed"
    assert trace
    assert [line for line in trace if not line.startswith("  | ")] == []
    assert is_harmless("".join(trace))


@pytest.mark.parametrize("text", ODD)
def test_a_terminal_obeys_no_name(text: str) -> None:
    written = io.StringIO()
    terminal = _Terminal(file=written, width=200, color_system=None)
    table = Table(text)
    table.add_row(text)
    terminal.print(text, markup=False)
    terminal.print(table)

    assert is_harmless(written.getvalue().encode("utf-8", "backslashreplace").decode(), but="\n\t")
