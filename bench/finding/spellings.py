"""One number in the ways in which people write it; all of them invented."""

from __future__ import annotations

import random
from collections.abc import Callable

from bench.press.cast import id_check_digit

BRACKETS = ("（）", "〔〕", "［］", "【】", "[]", "()", "﹝﹞")
_DIGITS = "〇一二三四五六七八九"
_CAPITALS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def _in_brackets(year: int, chance: random.Random) -> str:
    before, after = chance.choice(BRACKETS)
    return f"{before}{year}{after}"


def _court(chance: random.Random) -> str:
    return f"{_in_brackets(2031, chance)}云0104刑初{chance.randrange(1, 4000)}号"


def _old_court(chance: random.Random) -> str:
    return f"{_in_brackets(2011, chance)}临刑初字第{chance.randrange(1, 4000):04}号"


def _document(chance: random.Random) -> str:
    return f"云临检刑诉{_in_brackets(2031, chance)}{chance.randrange(1, 4000)}号"


def _acceptance(chance: random.Random) -> str:
    return f"云临检起诉受{_in_brackets(2031, chance)}990101{chance.randrange(100_000):05}号"


CASE_NUMBERS: tuple[Callable[[random.Random], str], ...] = (_court, _old_court, _document, _acceptance)


def other_form(number: str, chance: random.Random) -> str:
    """A case number in other brackets, full-width digits, or with spaces."""
    before, after = chance.choice(BRACKETS)
    changed = "".join(
        before if character in "（〔［【[(﹝" else after if character in "）〕］】])﹞" else character
        for character in number
    )
    match chance.randrange(3):
        case 0:
            return changed.translate(FULL_WIDTH)
        case 1:
            return changed.replace(after, f"{after} ")
        case _:
            return changed


def invented_id(chance: random.Random) -> str:
    """An ID number with a right check digit, of somebody not yet born."""
    first = f"53010220{chance.randint(90, 99)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"
    first += f"{chance.randrange(1000):03}"
    return first + id_check_digit(first)


def phone_forms(phone: str) -> tuple[str, ...]:
    """A phone number: whole, in groups, full width."""
    groups = (phone[:3], phone[3:7], phone[7:])
    return phone, " ".join(groups), "-".join(groups), phone.translate(FULL_WIDTH)


def card_forms(card: str) -> tuple[str, ...]:
    """A card's number: whole, in fours."""
    return card, " ".join(card[start : start + 4] for start in range(0, len(card), 4))


def date_forms(day: str) -> tuple[str, ...]:
    """A day, given as 2031-3-5, in its spellings."""
    year, month, date = map(int, day.split("-"))
    han = f"{''.join(_DIGITS[int(one)] for one in str(year))}年{_below_hundred(month)}月{_below_hundred(date)}日"
    return f"{year}年{month}月{date}日", han, f"{year}-{month:02}-{date:02}", f"{year}.{month}.{date}"


def _below_hundred(value: int) -> str:
    tens, ones = divmod(value, 10)
    return f"{'' if tens < 2 else _DIGITS[tens]}{'十' if tens else ''}{_DIGITS[ones] if ones else ''}"


def amount_forms(yuan: int) -> tuple[str, ...]:
    """A sum below a hundred thousand yuan in its spellings."""
    forms = [f"{yuan}元", f"{yuan:,}元", f"人民币{_capital(yuan)}元整"]
    if yuan % 100 == 0:
        forms.append(f"{yuan / 10_000:g}万元")
    return tuple(forms)


def _capital(value: int) -> str:
    """A sum in the capital numerals of banks, below a hundred million."""
    if value >= 10_000:
        rest = value % 10_000
        return f"{_capital(value // 10_000)}万{'零' if 0 < rest < 1000 else ''}{_capital(rest) if rest else ''}"
    said, gap = "", False
    for place, digit in zip(range(len(str(value)) - 1, -1, -1), str(value), strict=True):
        if digit == "0":
            gap = True
            continue
        said += ("零" if gap and said else "") + _CAPITALS[int(digit)] + _PLACES[place]
        gap = False
    return said
