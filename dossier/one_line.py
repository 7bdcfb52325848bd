"""Foreign text in logs and on terminals: names of files, queries, and what other programs say, as one line that does
nothing.

A name may hold line breaks, which would make a second, invented record of one log line; escape sequences, which a
terminal obeys; and marks that turn the direction of writing, so that `exe.pdf` reads as `fdp.exe`.
"""

from __future__ import annotations

import logging
import unicodedata

# Zero-width and direction marks (Cf), controls (Cc), halves of characters (Cs), line and paragraph separators (Zl, Zp).
_SILENT = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def one_line(text: str) -> str:
    """The text with everything that is not seen, or that does something, written as \\xNN or \\uNNNN."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(written_out(character) if _is_silent(character) else character for character in text)


def lines_apart(text: str) -> str:
    """The same for a text of several lines, such as an answer to a command: its line breaks and tabs stay."""
    return "".join(
        written_out(character) if _is_silent(character) and character not in "\n\t" else character for character in text
    )


class OneLineFormatter(logging.Formatter):
    """Log records of one line each; the trace of an error follows, each line of it marked as such."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text; see `logging.Formatter`."""
        trace = ""
        if record.exc_info:
            trace = self.formatException(record.exc_info)
        elif record.exc_text:
            trace = record.exc_text
        plain = logging.makeLogRecord({**record.__dict__, "exc_info": None, "exc_text": None, "stack_info": None})
        # The trace ends with what the error says, which may be foreign text as well.
        return "\n  | ".join([one_line(super().format(plain)), *map(one_line, trace.splitlines())])


def _is_silent(character: str) -> bool:
    return unicodedata.category(character) in _SILENT


def written_out(character: str) -> str:
    """A character by its number, as \\xNN, \\uNNNN or \\UNNNNNNNN."""
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
