"""The page turn: the last words of a page and the first of the next, so that a phrase across them is found.

Running heads and page numbers stand between the two on paper, but not in the sentence; they are left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dossier.folding import fold_for_search
from dossier.reading import Line, Reading
from indexer.tokens import Token, texts_of_tokens, tokens_of_line

LONGEST = 32  # tokens on each side; a longer part of a phrase over the turn is not found

# Where heads and feet are: 2.5 cm of an A4 page is the least margin of GB/T 9704, and scans are shifted.
_MARGIN = 0.12
_SAME_PLACE = 0.03
# 35, — 35 —, 第3页 共5页, 3/5, 35-1, 35背, P35; every run of other signs is one space.
_PAGE_NUMBER = re.compile(r"(?:第 ?|p ?)?\d{1,4} ?[页背反]?(?: ?(?:共|of)? ?\d{1,4} ?页?)?")


@dataclass(frozen=True, slots=True)
class Turn:
    """The two sides of a page turn: tokens at the end of a page, and at the beginning of the next."""

    before: tuple[Token, ...]
    after: tuple[Token, ...]


def turn_between(reading: Reading, following: Reading | None) -> Turn:
    """The turn from a page to the next; without a next page it is empty.

    The tokens' places are in the lines of their own page.
    """
    if following is None:
        return Turn((), ())
    after = _first_body_tokens(following, reading)
    before = _last_body_tokens(reading, following) if after else []
    return Turn(tuple(before), tuple(after)) if before else Turn((), ())


def last_tokens(reading: Reading, count: int) -> set[str]:
    """What may be among the last `count` tokens before the turn, whatever page comes next.

    Which lines at the edges are heads and feet, the next page says: so all of theirs may be.
    """
    last: set[str] = set()
    found = 0
    for line in reversed(reading.lines):
        is_at_edge = _is_at_edge(line)
        if is_at_edge or found < count:
            tokens = texts_of_tokens([line.text])
            last.update(tokens)
            found += 0 if is_at_edge else len(tokens)
    return last


def _is_at_edge(line: Line) -> bool:
    return line.box.y1 <= _MARGIN or line.box.y0 >= 1 - _MARGIN


def _first_body_tokens(reading: Reading, neighbour: Reading) -> list[Token]:
    """The first `LONGEST` tokens of a page without what is furniture beside its neighbour."""
    first: list[Token] = []
    for index, line in enumerate(reading.lines):
        if len(first) >= LONGEST:
            break
        if not _is_furniture(line, neighbour):
            first += tokens_of_line(line.text, index)
    return first[:LONGEST]


def _last_body_tokens(reading: Reading, neighbour: Reading) -> list[Token]:
    """The last `LONGEST` tokens of a page without what is furniture beside its neighbour."""
    last: list[Token] = []
    for index in reversed(range(len(reading.lines))):
        if len(last) >= LONGEST:
            break
        line = reading.lines[index]
        if not _is_furniture(line, neighbour):
            last[:0] = tokens_of_line(line.text, index)
    return last[-LONGEST:]


def _is_furniture(line: Line, neighbour: Reading) -> bool:
    """Whether a line is a page number, or a head or foot that stands at the same place on the neighbour."""
    if not _is_at_edge(line):
        return False
    if _PAGE_NUMBER.fullmatch(re.sub(r"\W+", " ", fold_for_search(line.text).text).strip()):
        return True
    return any(
        abs(line.box.y0 - other.box.y0) < _SAME_PLACE and _without_numbers(line) == _without_numbers(other)
        for other in neighbour.lines
    )


def _without_numbers(line: Line) -> str:
    return re.sub(r"[\d\s]+", "0", fold_for_search(line.text).text)
