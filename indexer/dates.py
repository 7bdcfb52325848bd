"""Dates in page text and in queries, however they are written: 二〇二〇年三月五日, 2020年3月5日, 2020-03-05, 2020.3.5.

A date is known as far as it is written, in the form of ISO 8601: a day (2020-03-05), a month (2020-03), a year (2020).
Dates without a year, and those of years before 1900, are only text.

A span holds the dates that stand between its ends as text. So the span of a month holds the month and its days, that of
a day the day alone; and a month that a page gives without a day is in no span that begins or ends within it.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from dossier.folding import fold_for_search
from dossier.natural_order import chinese_number
from indexer.identifiers import Found, apart_from_identifiers
from indexer.running_text import BORDER, RunningText

_S = "[ \n]?"  # what OCR puts between, and a line's end
_YEAR = r"(?:(?<!\d)(?:19|20)\d\d|(?<![〇零一二三四五六七八九十])[一二][〇零九][〇零一二三四五六七八九]{2})"
_MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY = r"(?:3[01]|[12]\d|0?[1-9]|三十一?|二?十[一二三四五六七八九]?|[一二三四五六七八九])"
_DATE = re.compile(
    rf"(?P<year>{_YEAR}){_S}年(?:{_S}(?P<month>{_MONTH}){_S}月(?:{_S}(?P<day>{_DAY}){_S}[日号])?)?"
    r"|(?<![\d.\-/])(?P<y2>(?:19|20)\d\d)(?P<mark>[-./])(?P<m2>1[0-2]|0?[1-9])(?P=mark)(?P<d2>3[01]|[12]\d|0?[1-9])(?!\d)"
    r"|(?<![\d.\-/])(?P<y3>(?:19|20)\d\d)[-/](?P<m3>1[0-2]|0[1-9])(?![\d.\-/])"
    r"|(?<!\d)(?P<y4>(?:19|20)\d\d)(?P<m4>1[0-2]|0[1-9])(?P<d4>3[01]|[12]\d|0[1-9])(?![\dx])"
)
_PARTS = (("year", "y2", "y3", "y4"), ("month", "m2", "m3", "m4"), ("day", "d2", "d4"))
_LONGEST = 32  # characters of a date and beyond it, more than any has
_BARE_YEAR = re.compile(r"(?:19|20)\d\d")
_EARLIEST, _LATEST = "0000", "9999"
_BETWEEN = re.compile(r"\.{2,}|~|至|到")


@dataclass(frozen=True, slots=True)
class Span:
    """From a day to a day, both included, as text to compare dates with: low ≤ date ≤ high."""

    low: str
    high: str


def find_dates(text: str) -> Iterator[tuple[str, int, int]]:
    """(date, start, end) of all dates in folded text, by place."""
    for match, start in _matches(text):
        year, month, day = (
            next((part for name, part in match.groupdict().items() if part and name in names), "") for names in _PARTS
        )
        value = _iso(year, month, day)
        if value:
            yield value, start, start + len(match.group())


def _matches(text: str) -> Iterator[tuple[re.Match[str], int]]:
    """(match, start) of what looks like a date, also right behind the hyphen between two: 2013.12.3-2014.1.6."""
    at = 0
    while match := _DATE.search(text, at):
        yield match, match.start()
        at = match.end()
        while text.startswith("-", at) and (second := _DATE.match(text[at + 1 : at + 1 + _LONGEST])):
            yield second, at + 1
            at += 1 + second.end()


def dates_in(running: RunningText) -> list[Found]:
    """The dates in the running text of a page, in reading order; none is a part of another number."""
    return apart_from_identifiers(running, _over_line_ends(running.text))


def _over_line_ends(text: str) -> list[tuple[str, int, int]]:
    """As `find_dates`, and those within whose digits a line ends (2031-09-0 / 1).

    Of two that overlap, the longer; but a day that is whole before the line's end stays, beside what the next line may
    make of it: 2020.3.1 / 2. begins a paragraph as often as it ends a date.
    """
    kept = [place for place, character in enumerate(text) if character != "\n"]
    joined = "".join(text[place] for place in kept)
    over = [(value, kept[start], kept[end - 1] + 1) for value, start, end in find_dates(joined)]
    within = list(find_dates(text))
    apart = [found for found in within if len(found[0]) == len("2020-03-05")]
    for found in sorted([*within, *over], key=lambda found: (found[1] - found[2], found[1])):
        _, start, end = found
        in_column = text[start:end].replace("\n", "").isdecimal() and _fills_lines(text, start, end)
        shorter = [(other, there) for _, other, there in apart if start < there and other < end]
        if not in_column and all(_is_whole_within(text, other, (start, end)) for other in shorter):
            apart.append(found)
    return sorted(dict.fromkeys(apart), key=lambda found: found[1:])


def _is_whole_within(text: str, whole: tuple[int, int], longer: tuple[int, int]) -> bool:
    """Whether a span is a part of a longer one, and stands in one line."""
    return longer[0] <= whole[0] and whole[1] <= longer[1] and whole != longer and "\n" not in text[slice(*whole)]


def _fills_lines(text: str, start: int, end: int) -> bool:
    """Whether a span with a line's end in it is the lines as a whole: two numbers in a column."""
    borders = ("", "\n", BORDER)
    return "\n" in text[start:end] and text[max(start - 1, 0) : start] in borders and text[end : end + 1] in borders


def date_of_text(text: str) -> str:
    """The date that a text is, as a whole; empty if it is none."""
    folded = fold_for_search(text).text.strip()
    return next((value for value, start, end in find_dates(folded) if (start, end) == (0, len(folded))), "")


def span_of_date(value: str) -> Span:
    """The days of a date: of a month and a year all of them, and itself."""
    if len(value) == len("2020"):
        return Span(value, f"{value}-12-31")
    if len(value) == len("2020-03"):
        return Span(value, f"{value}-{monthrange(int(value[:4]), int(value[5:]))[1]:02d}")
    return Span(value, value)


def span_of_text(text: str) -> Span | None:
    """The span that a text asks for: a date, or two with .. between them, of which one may be missing; None if none.

    2020-01..2020-06 is from the first day of January to the last of June; which is written first does not matter.
    """
    folded = fold_for_search(text).text
    parts = [part.strip() for part in _BETWEEN.split(folded)]
    ends = [part if _BARE_YEAR.fullmatch(part) else date_of_text(part) for part in parts]
    if len(parts) > 2 or not any(ends) or any(part and not value for part, value in zip(parts, ends, strict=True)):
        return None
    if len(parts) == 1:
        return span_of_date(ends[0])
    first, last = sorted(ends) if all(ends) else ends
    return Span(first or _EARLIEST, span_of_date(last).high if last else _LATEST)


def _iso(year: str, month: str, day: str) -> str:
    """The date in the form of ISO 8601, as far as it is given; empty if the calendar does not have it."""
    numbers = [_number(part) for part in (year, month, day) if part]
    try:
        date(*[*numbers, 1, 1][:3])
    except ValueError:
        return ""
    return "-".join([f"{numbers[0]:04d}", *(f"{number:02d}" for number in numbers[1:])])


def _number(numeral: str) -> int:
    return int(numeral) if numeral.isdecimal() else chinese_number(numeral.replace("零", "〇"))
