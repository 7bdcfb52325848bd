"""Text cut into tokens, once, in Python, so that all engines search the same ones.

A token is one Han character of any plane (also a kana, a hangul syllable, a bopomofo letter), or a run of letters of
other scripts, or a run of digits, all folded (dossier/folding.py). Punctuation and spaces are no tokens: brackets of
any kind are alike because none is searched. A phrase runs over the ends of lines; a run of letters or digits does not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from dossier.folding import HAN, fold_for_search

# Elasticsearch's whitespace analyser cuts what is longer than 255 UTF-16 units. Two tokens of 60, all of them beyond
# the BMP, with the marks between and before them, stay below.
LONGEST_TOKEN = 60

# Kana, bopomofo, hangul, and the radicals that are not folded into ideographs.
_STANDS_ALONE = re.compile(rf"[{HAN}\u2e80-\u2fdf\u3040-\u312f\u31a0-\u31bf\u31f0-\u31ff\uac00-\ud7a3]")


class Token(NamedTuple):
    """A token and its raw place: characters `start` to `end` of line `line`, counted from 0.

    A tuple, since a page has a thousand of them and many pages are looked at for one screen of hits.
    """

    text: str
    line: int
    start: int
    end: int


def tokens_of_lines(lines: Sequence[str]) -> list[Token]:
    """The tokens of a page's raw lines, in reading order."""
    return [token for index, line in enumerate(lines) for token in tokens_of_line(line, index)]


def tokens_of_text(text: str) -> list[str]:
    """The tokens of a text, such as a query or a word of it."""
    return texts_of_tokens(text.splitlines())


def texts_of_tokens(lines: Sequence[str]) -> list[str]:
    """The tokens of raw lines, for whom their places are nothing."""
    return [text for line in lines for text, _, _ in _cut(line)]


def is_han(character: str) -> bool:
    """Whether a folded character is a token by itself."""
    return _kind(character) == "alone"


def tokens_of_line(line: str, index: int) -> Iterator[Token]:
    """The tokens of a raw line, which is the `index`-th of its page."""
    return (Token(text, index, start, end) for text, start, end in _cut(line))


@lru_cache(maxsize=1024)  # as in fold_for_search
def _cut(line: str) -> tuple[tuple[str, int, int], ...]:
    """(token, start, end) of a raw line."""
    folded = fold_for_search(line)
    tokens: list[tuple[str, int, int]] = []
    start = 0
    while start < len(folded.text):
        kind = _kind(folded.text[start])
        end = start + 1
        if kind in ("letter", "digit"):
            while end < len(folded.text) and end - start < LONGEST_TOKEN and _continues(kind, folded.text[end]):
                end += 1
        if kind in ("alone", "letter", "digit"):
            tokens.append((folded.text[start:end], *folded.raw_span(start, end)))
        start = end
    return tuple(tokens)


def _continues(kind: str, character: str) -> bool:
    return _kind(character) == kind or (kind == "letter" and _kind(character) == "mark")


@lru_cache(maxsize=65536)
def _kind(character: str) -> str:
    if _STANDS_ALONE.match(character):
        return "alone"
    if character in "0123456789":
        return "digit"
    return {"L": "letter", "M": "mark"}.get(unicodedata.category(character)[0], "")
