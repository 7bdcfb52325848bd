"""The numbers that name a case: recognised, made canonical, compared.

Forms:
    部门受案号  沪徐检起诉受[2020]31010400012号
    统一受案号  17 digits: six of the unit, four of the year, seven of the serial
    案号        （2020）沪0104刑初1号 (最高人民法院, 法〔2015〕137号, amended by 法〔2018〕335号); before 2016
                （2012）徐刑初字第0012号
    police     A and 22 digits
    文号        沪徐检刑诉〔2020〕417号; it names one document of a case and is therefore tried last
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from string import ascii_lowercase, ascii_uppercase

from dossier.folding import HAN, fold


class Kind(StrEnum):
    """What a number is a number of, in the order in which they name a case best."""

    ACCEPTANCE = "acceptance"  # 部门受案号
    UNIFIED = "unified"  # 统一受案号
    COURT = "court"  # 案号
    POLICE = "police"  # 警综案件编号
    DOCUMENT = "document"  # 文号


@dataclass(frozen=True, slots=True)
class Number:
    """A number found in a text.

    Attributes:
        kind: what it is a number of.
        as_given: as it stands in the text.
        canonical: the form by which numbers are compared.
        folded: the canonical form without leading zeros; numbers that agree only in this are suggested as equal.
        start, end: its place in the text, in characters.
    """

    kind: Kind
    as_given: str
    canonical: str
    folded: str
    start: int
    end: int


# The first two digits of an administrative code (GB/T 2260).
PROVINCE_CODES = "1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|81|82"
_YEAR = r"\(\s*(?:19|20)\d\d\s*\)"
_SUFFIX = r"(?:\s*之\s*(?:[一二三四五六七八九十]+|\d+))?"
# 内 for Inner Mongolia, 兵 for the Xinjiang corps, 军 for military courts; 最高法 has no code.
_PROVINCES = "京津冀晋内辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新兵军"


def _digits(least: int, most: int) -> str:
    """`least` to `most` digits, between which OCR may have put a space."""
    return rf"\d(?:\s?\d){{{least - 1},{most - 1}}}"


_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        Kind.ACCEPTANCE,
        re.compile(rf"(?P<office>[{HAN}]{{0,30}}受)\s*{_YEAR}\s*第?\s*(?:{_digits(5, 20)}\s*号|\d{{5,20}}(?!\d))"),
    ),
    (
        Kind.COURT,
        re.compile(
            rf"{_YEAR}\s*(?:最高法|[{_PROVINCES}]\s*(?:\d{{2,4}}(?!\d))?)\s*[{HAN}]{{1,6}}"
            rf"\s*{_digits(1, 8)}\s*号{_SUFFIX}"
            rf"|{_YEAR}\s*[{HAN}]{{1,12}}字\s*第\s*{_digits(1, 8)}(?:-\d{{1,3}})?\s*号{_SUFFIX}"
        ),
    ),
    (Kind.POLICE, re.compile(r"(?<![0-9a-z])a\d{22}(?!\d)")),
    # Not the first 17 of an ID card's 18 characters, of which the last may be X and stand in the next line.
    (Kind.UNIFIED, re.compile(rf"(?<!\d)(?:{PROVINCE_CODES})\d{{4}}20\d{{2}}\d{{7}}(?![\dx]|\n[\dx](?![\da-z]))")),
    (
        Kind.DOCUMENT,
        re.compile(
            rf"(?P<office>[{HAN}]{{1,30}}(?:\(\s*[{HAN}]{{1,8}}\s*\)[{HAN}]{{0,12}})?)"
            rf"\s*{_YEAR}\s*第?\s*{_digits(1, 7)}\s*号"
        ),
    ),
)

# Words that stand before an office's abbreviation in running text (以沪徐检刑诉〔2020〕417号起诉书指控…, 盗窃案沪徐检…)
# and are part of none; 案 only where it is not the police's own 立案字, 受案字 and the like.
_LEADING_WORDS = re.compile(r".*(?:[以据由号的与及为至到了即]|(?<![立受撤破销结并])案)(?=.)", re.DOTALL)
_OFFICE = re.compile(rf"[{_PROVINCES}蒙][{HAN}]{{0,4}}[检公法]")
_LONGEST_OFFICE = 8  # 沪徐检审查起诉受, 鄂黄冈检未检刑诉


# ASCII only: the capital of a letter like ı is another letter, which joins the marks after it.
_CAPITALS = str.maketrans(ascii_lowercase, ascii_uppercase)


def canonical(text: str) -> str:
    """The form by which numbers are compared: NFKC, all brackets alike, ASCII capitals, no spaces.

    A 部门受案号 written without its closing 号 gets it.
    """
    # Twice, because a mark that stood alone joins the letter before it once the space between them is gone.
    bare = _without_spaces(_without_spaces(text)).translate(_CAPITALS)
    if not bare.endswith("号") and dict(_PATTERNS)[Kind.ACCEPTANCE].fullmatch(bare.lower()):
        return f"{bare}号"
    return bare


def folded(number: str) -> str:
    """The canonical form without 第 and leading zeros of its serial, for suggesting numbers that may be equal."""
    return re.sub(r"第?0*(\d+)(?=\D*$)", r"\1", canonical(number), count=1)


def is_well_formed(text: str) -> bool:
    """Whether a text is, as a whole, a number of a known form."""
    bare = fold(text.strip()).text
    return any((start, end) == (0, len(bare)) for _, start, end in spans(bare))


def find_numbers(text: str) -> list[Number]:
    """All numbers in a text, such as the name of a folder: those that name a case best first, then by place."""
    whole = fold(text)
    found = []
    for kind, start, end in spans(whole.text):
        raw_start, raw_end = whole.raw_span(start, end)
        as_given = text[raw_start:raw_end]
        found.append(Number(kind, as_given, canonical(as_given), folded(as_given), raw_start, raw_end))
    return found


def spans(folded_text: str) -> list[tuple[Kind, int, int]]:
    """The places of all numbers in folded text, as (kind, start, end); the order is that of `find_numbers`.

    No two overlap: what an earlier kind has taken is not looked at again.
    """
    found: list[tuple[Kind, int, int]] = []
    for kind, pattern in _PATTERNS:
        for gap_start, gap_end in _gaps([(start, end) for _, start, end in found], len(folded_text)):
            for match in pattern.finditer(folded_text, gap_start, gap_end):
                office = match.groupdict().get("office")
                found.append((kind, match.start() + (_leading_words(office) if office else 0), match.end()))
    return found


def _without_spaces(text: str) -> str:
    return "".join(fold(text).text.split())


def _gaps(taken: list[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    borders = [(0, 0), *sorted(taken), (length, length)]
    return [(end, start) for (_, end), (start, _) in pairwise(borders) if end < start]


def _leading_words(office: str) -> int:
    """How many characters before the office's abbreviation belong to the sentence around it."""
    match = _LEADING_WORDS.match(office)
    start = match.end() if match else 0
    if len(office) - start > _LONGEST_OFFICE:
        abbreviation = _OFFICE.search(office, start)
        if abbreviation:
            return abbreviation.start()
    return start
