"""What a search must find, by brute force: written apart from the search itself, and slow.

A phrase stands on a page where its tokens do, one directly after the other, punctuation and spaces dropped, runs of
digits and of letters whole; or where it begins on the page and ends on the next. A number stands where its characters
do, with at most a space, a hyphen or the end of a line between two of them, and no digit beside them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise

import opencc

_ZERO = str.maketrans("○◯", "〇〇")
_simple = opencc.OpenCC("t2s")


def folded(text: str) -> str:
    """NFKC, no capitals, simplified character by character, one kind of Chinese zero."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_ZERO)
    return "".join(map(_simplified, plain))


@lru_cache(maxsize=20_000)
def _simplified(character: str) -> str:
    return character if character.isascii() else str(_simple.convert(character))


def tokens(text: str) -> list[str]:
    """Runs of digits, runs of Latin letters, and every other letter alone."""
    return re.findall(r"[0-9]+|[a-z]+|[^\W0-9_a-z]", folded(text))


class OraclePage:
    """A page's text, and that of the page after it.

    Args:
        page_id: of the page.
        text: its lines in order.
        following: those of the next page, "" if there is none.
    """

    def __init__(self, page_id: str, text: str, following: str) -> None:
        self.page_id, self._text, self._following = page_id, text, following

    @cached_property
    def flat(self) -> str:
        """The text, folded."""
        return folded(self._text)

    @cached_property
    def _joined(self) -> tuple[str, str]:
        """The page's tokens and the next one's with a bar before and behind each."""
        return _barred(tokens(self._text)), _barred(tokens(self._following)[:64])

    def says(self, phrase: Sequence[str]) -> bool:
        """Whether a phrase begins on the page, as tokens."""
        here, there = self._joined
        wanted = _barred(phrase)
        if wanted in here:
            return True
        if len(phrase) < 2 or not there:
            return False
        return any(
            here.endswith(_barred(phrase[:cut])) and there.startswith(_barred(phrase[cut:]))
            for cut in range(1, len(phrase))
        )

    def matches(self, pattern: re.Pattern[str]) -> bool:
        """Whether a pattern is in the folded text."""
        return pattern.search(self.flat) is not None

    @cached_property
    def days(self) -> frozenset[str]:
        """The days on the page as 2031-3-5, however they are written: those there with its line ends and without."""
        return frozenset.intersection(*self._days)

    @cached_property
    def days_perhaps(self) -> frozenset[str]:
        """The days on the page, if a line's end divides a day or if it does not."""
        return frozenset.union(*self._days)

    @cached_property
    def sums(self) -> frozenset[int]:
        """The sums of whole yuan on the page, however they are written: those there with its line ends and without."""
        return frozenset.intersection(*self._sums)

    @cached_property
    def sums_perhaps(self) -> frozenset[int]:
        """The sums of whole yuan on the page, if a line's end divides a sum or if it does not; and 75000余元."""
        return frozenset.union(*self._sums, *(frozenset(_about(text)) for text in self._texts))

    @cached_property
    def _days(self) -> list[frozenset[str]]:
        return [frozenset(_days(text)) for text in self._texts]

    @cached_property
    def _sums(self) -> list[frozenset[int]]:
        return [frozenset(_sums(text)) for text in self._texts]

    @cached_property
    def _texts(self) -> tuple[str, str]:
        """The text with its line ends, and without: whether what they divide is one, nobody can tell for certain."""
        return self.flat, self.flat.replace("\n", "")


def _barred(some: Sequence[str]) -> str:
    # A bar on either side of each, so that a part of a token is no token.
    return "".join(f"|{token}|" for token in some)


def number_pattern(number: str, ending: bool = False) -> re.Pattern[str]:
    """Where a number stands in folded text.

    Args:
        number: digits, or a case number in any form.
        ending: whether it may be the end of a longer number.
    """
    characters = [one for one in folded(number) if one.isalnum()]
    pieces = [re.escape(characters[0])]
    for before, after in pairwise(characters):
        # Between digits a gap as print makes it; elsewhere, brackets too.
        pieces.append(r"[ -]?\n?[ -]?" if before.isdigit() and after.isdigit() else r"[^\w]{0,3}")
        pieces.append(re.escape(after))
    before = "" if ending or not characters[0].isdigit() else r"(?<![0-9])"
    return re.compile(before + "".join(pieces) + (r"(?![0-9])" if characters[-1].isdigit() else ""))


_HAN_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}
_CAPITALS = {digit: value for value, digit in enumerate("零壹贰叁肆伍陆柒捌玖")}
_SAID_SUM = (
    "[零壹贰叁肆伍陆柒捌玖拾〇一二三四五六七八九十两][零壹贰叁肆伍陆柒捌玖拾佰仟万〇一二三四五六七八九十百千两]*"
)
_SAID, _SAID_ABOUT = re.compile(f"{_SAID_SUM}(?=[元圆])"), re.compile(f"{_SAID_SUM}(?=[余多][元圆])")
_FROM_TO = re.compile("[一二三四五六七八九两]{2}")  # 一两万元 is from one to two
_AS_CAPITALS = str.maketrans("〇一二三四五六七八九十百千两", "零壹贰叁肆伍陆柒捌玖拾佰仟贰")
_DAYS = (
    re.compile(r"(?<![0-9])([0-9]{4}) ?年 ?([0-9]{1,2}) ?月 ?([0-9]{1,2}) ?[日号]"),
    re.compile(r"(?<![0-9])([0-9]{4})[-./]([0-9]{1,2})[-./]([0-9]{1,2})(?![0-9])"),
    re.compile(r"([〇零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})[日号]"),
)


def _small(text: str) -> int:
    """A year digit by digit, or a number below a hundred, in digits or Han."""
    if text.isascii():
        return int(text)
    if "十" in text:
        tens, _, ones = text.partition("十")
        return 10 * (_HAN_DIGITS[tens] if tens else 1) + (_HAN_DIGITS[ones] if ones else 0)
    return int("".join(str(_HAN_DIGITS[one]) for one in text))


def sum_of(text: str) -> int | None:
    """The sum of yuan that a text is, with or without its unit; None if it is none."""
    found = list(_sums(folded(text).removesuffix("元") + "元"))
    return found[0] if found else None


def _days(text: str) -> Iterator[str]:
    for pattern in _DAYS:
        for parts in pattern.findall(text):
            yield "-".join(str(_small(one)) for one in parts)


def _about(text: str) -> Iterator[int]:
    """The sums with 余 or 多 before 元: the search takes them for what they are without it, whoever asks for just that
    may not."""
    for digits, unit in re.findall(r"(?<![0-9.,])([0-9][0-9,]*(?:\.[0-9]+)?) ?([万亿])?[余多]元", text):
        value = float(digits.replace(",", "")) * {"": 1, "万": 10_000, "亿": 100_000_000}[unit]
        if abs(value - round(value)) < 1e-6:
            yield round(value)
    for said in _SAID_ABOUT.findall(text):
        yield _said(said.translate(_AS_CAPITALS))


def _sums(dense: str) -> Iterator[int]:
    for digits, ten_thousands in re.findall(r"(?<![0-9.,])([0-9][0-9,]*(?:\.[0-9]+)?) ?(万)?元", dense):
        value = float(digits.replace(",", "")) * (10_000 if ten_thousands else 1)
        if abs(value - round(value)) < 1e-6:
            yield round(value)
    for said in _SAID.findall(dense):
        if not _FROM_TO.search(said):
            yield _said(said.translate(_AS_CAPITALS))


def _said(text: str) -> int:
    total, part, digit = 0, 0, 0
    for one in text:
        if one in _CAPITALS:
            digit = _CAPITALS[one]
        elif one == "万":
            total, part, digit = (part + digit) * 10_000, 0, 0
        else:
            part, digit = part + (digit or 1) * {"拾": 10, "佰": 100, "仟": 1000}[one], 0
    return total + part + digit


def where(pages: Sequence[OraclePage], stands: Callable[[OraclePage], bool]) -> frozenset[str]:
    """The ids of the pages of which something is true."""
    return frozenset(page.page_id for page in pages if stands(page))
