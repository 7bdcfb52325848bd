"""Amounts of money in page text and in queries, however written: 3.8万, 38,000元, 38000.00, 叁万捌仟元整.

An amount is a plain decimal number of yuan: 38000, 12.5. Digits without a unit are an amount only where they stand
apart from words, but for those like 金额 and 计, and are no date and no part of a number; a figure with 万 or 亿 is
none where a word for things comes after it (3万人). Words like 余 and 多 make no difference: 3万余元 is 30000.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from dossier.folding import HAN, fold_for_search
from indexer.dates import find_dates
from indexer.identifiers import Found, apart_from_identifiers
from indexer.running_text import BORDER, RunningText

_ORDINARY = "零〇一二两三四五六七八九"
_FORMAL = "零壹贰叁肆伍陆柒捌玖"
_DIGIT_VALUES = {
    **{digit: value for value, digit in enumerate("零一二三四五六七八九")},
    **{digit: value for value, digit in enumerate(_FORMAL)},
    "〇": 0,
    "两": 2,
    "参": 3,
}
_SMALL_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_LARGE_UNITS = {"万": 10**4, "亿": 10**8}
_LARGEST = 10**15

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_HAN_NUMERAL = "[" + "".join({*_DIGIT_VALUES, *_SMALL_UNITS, *_LARGE_UNITS}) + "]"
_S = "[ \n]?"  # what OCR puts between, and a line's end
# Words for things after 万 and 亿; some only where they do not begin another word (3万起诉 is money).
_THINGS = re.compile(
    "[人名个份件股条页只张辆户家字公平米吨斤亩倍票册本台部套枚粒颗支瓶箱年月日天时笔种瓦克升]"
    "|起(?!诉)|例(?!如)|次(?!日)|位(?!于)|分(?![别两二三几])"
)
_AMOUNT = re.compile(
    rf"(?P<sign>人民币{_S}|rmb{_S}|¥{_S})?(?<![0-9a-z.\-/])"
    rf"(?<![数几](?=[十拾]))"  # 数十万元 is no number
    rf"(?P<number>{_DIGITS}(?:{_S}{_HAN_NUMERAL}+(?:\d+(?={_HAN_NUMERAL}|{_S}[元圆]))?)*|{_HAN_NUMERAL}+)"
    rf"(?:{_S}[余多])?(?P<unit>{_S}(?:[元圆]|块钱))?"
    rf"(?P<rest>(?<=[元圆])零?(?:(?P<jiao>[{_ORDINARY}{_FORMAL}\d])角)?零?(?:(?P<fen>[{_ORDINARY}{_FORMAL}\d])分)?)?"
    r"(?P<whole>[整正])?"
)
_PART = re.compile(rf"{_DIGITS}|{_HAN_NUMERAL}")
# Money without its unit: 38,000 and 38000.00 by their look, 38000 where it stands apart.
_LOOKS_LIKE_MONEY = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d\d)?|\d+\.\d\d")
_BARE = re.compile(r"[1-9]\d{3,7}")
_LIKE_YEAR = re.compile(r"(?:19|20)\d\d")
# Not 邮编200030, 尾号“0074”, 159××××6110; but 金额38000, 共计38000.
_APART_BEFORE = re.compile(rf"(?:(?<=[额款币金计付])|(?<![{HAN}a-z\"'“”‘’「」『』×*#(.\-/,:]))\Z")
_APART_AFTER = re.compile(rf"(?![{HAN}a-z\d%‰×*]|[-/:.,)]\d)")


def find_amounts(text: str) -> Iterator[tuple[str, int, int]]:
    """(amount, start, end) of all amounts in folded text, by place."""
    yield from ((value, match.start(), match.end()) for value, match in _found(text))


def amounts_in(running: RunningText) -> list[Found]:
    """The amounts in the running text of a page, in reading order; none is a date or a part of another number."""
    days = [range(start, end) for _, start, end in find_dates(running.text)]
    amounts = (
        (value, start, end)
        for value, start, end in _over_line_ends(running.text)
        if not any(start < day.stop and day.start < end for day in days)
    )
    return apart_from_identifiers(running, amounts)


def _found(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    for match in _AMOUNT.finditer(text):
        value = _value(re.sub(r"\s", "", match["number"]))
        if value is None or not _is_money(match, text):
            continue
        value += Decimal(_small(match["jiao"])) / 10 + Decimal(_small(match["fen"])) / 100
        if 0 < value < _LARGEST:
            yield _plain(value), match


def _over_line_ends(text: str) -> list[tuple[str, int, int]]:
    """As `find_amounts` of a page, and those within whose digits a line ends (叁万 / 捌仟元, 3 / 8000元).

    What the joined lines say takes the place of its parts; but digits that are money in one line stay beside it, since
    a line may end with another number. Two amounts in a column are two.
    """
    within = [
        (value, *match.span())
        for value, match in _found(text)
        # Han numerals at the page's end go on over the turn.
        if match["unit"] or match["number"][-1].isdecimal() or text[match.end() :].strip(f"\n{BORDER}")
    ]
    kept = [place for place, character in enumerate(text) if character != "\n"]
    over = [
        (value, kept[match.start()], kept[match.end() - 1] + 1)
        for value, match in _found("".join(text[place] for place in kept))
        # In a column of bare figures, any two would be one.
        if match["unit"] or match["sign"] or set(match["number"]) & set(_LARGE_UNITS)
    ]
    whole = {(start, end) for _, start, end in within}
    over = [found for found in over if "\n" in text[slice(*found[1:])] and not _is_column(text, found[1:], whole)]
    stay = [
        found
        for found in within
        if found[1:] not in {other[1:] for other in over}
        if not any(found[1] < end and start < found[2] for _, start, end in over) or _may_stand_alone(text, *found[1:])
    ]
    return sorted([*stay, *over], key=lambda found: found[1:])


def _is_column(text: str, span: tuple[int, int], whole: set[tuple[int, int]]) -> bool:
    """Whether the lines in a span are nothing but amounts."""
    start, end = span
    borders = ("", "\n", BORDER)
    if text[max(start - 1, 0) : start] not in borders or text[end : end + 1] not in borders:
        return False
    lines = re.finditer(r"[^\n]+", text[start:end])
    return all((start + line.start(), start + line.end()) in whole for line in lines)


def _may_stand_alone(text: str, start: int, end: int) -> bool:
    """Whether a part of a longer amount is digits of one line, and not those behind a decimal point."""
    before = text[max(start - 2, 0) : start]
    return text[start].isdecimal() and "\n" not in text[start:end] and before != ".\n"


def amount_of_text(text: str) -> str:
    """The amount that a text is, as a whole; empty if it is none. Four digits and more are one, without a unit."""
    folded = fold_for_search(text).text.strip()
    if _BARE.fullmatch(folded):
        return _plain(Decimal(folded))
    return next((value for value, start, end in find_amounts(folded) if (start, end) == (0, len(folded))), "")


def _is_money(match: re.Match[str], text: str) -> bool:
    number = match["number"]
    if match["unit"] or match["sign"]:
        return True
    if set(number) & set(_LARGE_UNITS) and set(number) & {*_DIGIT_VALUES, *"0123456789"}:
        return not _THINGS.match(text, match.end())
    if set(number) & set(_FORMAL[1:]):
        return bool(set(number) & {*_SMALL_UNITS})
    if _LOOKS_LIKE_MONEY.fullmatch(number):
        return bool(_APART_AFTER.match(text, match.end()))
    return bool(
        _BARE.fullmatch(number)
        and not _LIKE_YEAR.fullmatch(number)
        and _APART_BEFORE.search(text, 0, match.start())
        and _APART_AFTER.match(text, match.end())
    )


def _value(numeral: str) -> Decimal | None:
    """The value of a numeral: 3.8万, 叁万捌仟, 三万八; None if it is none, such as 一二三."""
    total = section = Decimal(0)  # what was closed by 万 or 亿; what is below it
    digit: Decimal | None = None
    last_unit = 0
    parts = _PART.findall(numeral)
    if not parts or (parts[0] not in _DIGIT_VALUES and parts[0] not in "十拾" and not parts[0][0].isdecimal()):
        return None  # a piece of one: 仟元, 万元
    for part in parts:
        if part in _SMALL_UNITS:
            section += (Decimal(1) if digit is None else digit) * _SMALL_UNITS[part]
            last_unit, digit = _SMALL_UNITS[part], None
        elif part in _LARGE_UNITS:
            total = (
                (total + section + (digit or 0)) * _LARGE_UNITS[part]
                if part == "亿"
                else total + (section + (digit or 0)) * _LARGE_UNITS[part]
            )
            section, last_unit, digit = Decimal(0), _LARGE_UNITS[part], None
        else:
            if digit not in (None, 0):
                return None  # digit by digit, as years are
            digit = Decimal(_DIGIT_VALUES[part]) if part in _DIGIT_VALUES else Decimal(part.replace(",", ""))
    if digit is not None:
        # 三万八 is 38000, 三万零八 30008.
        short = last_unit >= 100 and parts[-1] in _DIGIT_VALUES and parts[-2] not in ("零", "〇")
        if short and parts[-1] in _FORMAL:
            return None  # 陆万肆 is never written so, but cut off
        section += digit * (last_unit // 10 if short else 1)
    return total + section


def _small(digit: str | None) -> int:
    return 0 if not digit else int(digit) if digit.isdecimal() else _DIGIT_VALUES[digit]


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
