"""Identifiers in page text and in queries: case numbers, ID cards, phones, bank cards, other long numbers.

OCR and print put spaces and hyphens into long numbers and break them at line ends; here they are put together again.
What an identifier is a number of decides only how it is recognised; for the search its canonical form counts, and its
last digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from dossier.folding import Folded, fold_for_search
from dossier.numbers import PROVINCE_CODES, canonical, spans
from dossier.reading import Reading
from indexer.running_text import Place, RunningText, running_text

SHORTEST_TAIL = 4
_SHORTEST_OTHER = 9  # one more than a date like 20200305
_LONGEST = 32

_DIGITS = re.compile(r"\d+")
# Money of nine digits and more: 500000000元, 123456789.00元, 人民币500000000.
_MONEY_BEFORE = re.compile(r"(?:人民币|rmb|¥)[ \n]?\Z")
_MONEY_AFTER = re.compile(r"(?:\.\d+)?[ \n]?[万亿]?[余多]?[ \n]?(?:[元圆]|块钱)")
_PHONE_GROUPS = {(11,), (3, 4, 4), (13,), (2, 11), (2, 3, 4, 4)}
_LANDLINE_GROUPS = {(3, 7), (3, 8), (4, 7), (4, 8)}

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999, annex A
_ID_CHECKS = "10X98765432"


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier and where it stands.

    Attributes:
        canonical: the form by which it is searched.
        places: one for each line that it touches.
    """

    canonical: str
    places: tuple[Place, ...]

    @property
    def tail(self) -> str:
        """Its last run of digits (with an ID's X), by the end of which it can be searched; empty if that is short."""
        match = re.search(r"\d+X?(?=\D*$)", self.canonical)
        return match.group() if match and len(match.group()) >= SHORTEST_TAIL else ""


def identifiers_of_reading(reading: Reading) -> list[Identifier]:
    """The identifiers on a page, in reading order; those broken at a line's end are whole."""
    return identifiers_in(running_text(reading))


def identifiers_in(running: RunningText) -> list[Identifier]:
    """The identifiers in the running text of a page, in reading order."""
    return [Identifier(form, running.places(start, end)) for form, start, end in _found(running.text)]


@dataclass(frozen=True, slots=True)
class Found:
    """A date or an amount on a page: its canonical value, and its places, one for each line that it touches."""

    value: str
    places: tuple[Place, ...]


def apart_from_identifiers(running: RunningText, values: Iterable[tuple[str, int, int]]) -> list[Found]:
    """Of (value, start, end) in a running text those that are no part of an identifier."""
    taken = [range(start, end) for _, start, end in _found(running.text)]
    return [
        Found(value, running.places(start, end))
        for value, start, end in values
        if not any(start < span.stop and span.start < end for span in taken)
    ]


def identifiers_of_text(text: str) -> list[Identifier]:
    """The identifiers in a query; their places are in line 0."""
    folded: Folded = fold_for_search(text)
    return [
        Identifier(form, (Place(0, *folded.raw_span(start, end)),))
        for form, start, end in find_identifiers(folded.text)
    ]


def is_id_number(digits: str) -> bool:
    """Whether 18 characters are an ID card's number: region, date of birth and check digit are right."""
    if not re.fullmatch(rf"(?:{PROVINCE_CODES})\d{{15}}[\dX]", digits):
        return False
    try:
        date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits[:17], _ID_WEIGHTS, strict=True))
    return _ID_CHECKS[total % 11] == digits[17]


def is_card_number(digits: str) -> bool:
    """Whether 16 to 19 digits can be a bank card's number: it starts as cards do and its Luhn digit is right."""
    if not re.fullmatch(r"[34569]\d{15,18}", digits):
        return False
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


@lru_cache(maxsize=4)  # of a page they are asked for with its dates and with its amounts, too
def _found(text: str) -> tuple[tuple[str, int, int], ...]:
    return tuple(find_identifiers(text))


def find_identifiers(text: str) -> Iterator[tuple[str, int, int]]:
    """(canonical form, start, end) of all identifiers in folded text, by place."""
    case_numbers = [(canonical(text[start:end]), start, end) for _, start, end in spans(text)]
    taken = [range(start, end) for _, start, end in case_numbers]
    others = [
        (form, start, end)
        for form, start, end in _long_numbers(text)
        if not any(start < span.stop and span.start < end for span in taken)
    ]
    yield from sorted([*case_numbers, *others], key=lambda found: found[1:])


def _long_numbers(text: str) -> Iterator[tuple[str, int, int]]:
    past = 0
    for run in _DIGITS.finditer(text):
        if run.start() < past:
            continue
        # The longest that is recognised: a card of 19 digits begins with 16 that may pass for a card, too.
        for form, end in reversed(list(_candidates(text, run.start()))):
            is_run = form == text[run.start() : end]
            if form and not (is_run and not _named([form]) and _is_money(text, run.start(), end)):
                yield form, run.start(), end
                past = end
                break


def _is_money(text: str, start: int, end: int) -> bool:
    """Whether what stands around digits makes them a sum of money."""
    return bool(_MONEY_BEFORE.search(text, max(start - 4, 0), start) or _MONEY_AFTER.match(text, end))


# Between two groups of a number: a space or a hyphen, the end of a line, or one of the former at the end of a line.
_BETWEEN = re.compile(r"(?:[ -]?\n[ -]?|[ -])(?=\d)")
_CHECK_X = re.compile(r"\n?x(?![0-9a-z])")


def _candidates(text: str, start: int) -> Iterator[tuple[str, int]]:
    """For each end that a number starting here may have: its canonical form ("" if it is none) and the end."""
    # A line may end between two groups or within one; which it is only the sizes of the groups tell.
    within: list[str] = []
    apart: list[str] = []
    gap, breaks = "", 0
    end = start
    while match := _DIGITS.match(text, end):
        apart.append(match.group())
        if gap == "\n":
            within[-1] += match.group()
        else:
            within.append(match.group())
        end = match.end()
        if sum(map(len, apart)) > _LONGEST:
            return
        yield _recognised(within, breaks) or _recognised(apart, breaks), end
        if check := _CHECK_X.match(text, end):
            yield _recognised([*within[:-1], within[-1] + "X"], breaks + ("\n" in check.group())), check.end()
        between = _BETWEEN.match(text, end)
        if not between:
            return
        gap = between.group()
        breaks += "\n" in gap
        end = between.end()


def _recognised(groups: list[str], breaks: int) -> str:
    """The canonical form of digits in groups, "" if they are no identifier; `breaks` line ends were between them."""
    if breaks > 1:
        return ""
    # Others: accounts, orders, chat names; also IDs and cards whose check digit is wrong, on paper or by OCR.
    is_other = len(groups[0]) >= _SHORTEST_OTHER and len(groups) == 1 and not breaks
    return _named(groups) or (groups[0] if is_other else "")


def _named(groups: list[str]) -> str:
    """The canonical form of digits in groups that are an ID's, a phone's or a card's number; "" if they are none."""
    digits = "".join(groups)
    sizes = tuple(map(len, groups))
    if is_id_number(digits):
        return digits
    if re.fullmatch(r"(?:86)?1[3-9]\d{9}", digits) and sizes in _PHONE_GROUPS:
        return digits[-11:]
    if is_card_number(digits) and (len(sizes) == 1 or (set(sizes[:-1]) == {4} and sizes[-1] <= 4)):
        return digits
    return digits if sizes in _LANDLINE_GROUPS and digits.startswith("0") else ""
