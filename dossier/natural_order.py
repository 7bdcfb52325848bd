"""The order in which people number things: 2 before 10, 卷二 before 卷十."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

_CHINESE_DIGITS = {**{character: value for value, character in enumerate("〇一二三四五六七八九")}, "零": 0, "两": 2}
# A Chinese numeral counts as a number only where it numbers something; elsewhere (三轮车) it is a word.
_ORDINAL = re.compile(r"(?<=[第卷册])[〇零一二两三四五六七八九十百]+|[〇零一二两三四五六七八九十百]+(?=[、卷册])")
_DIGITS = re.compile(r"\d+")


def chinese_number(numeral: str) -> int:
    """The value of a Chinese numeral below 1,000: 十二 is 12, 一百零三 is 103, 二〇 is 20."""
    if not set(numeral) & {"十", "百"}:
        return int("".join(str(_CHINESE_DIGITS[character]) for character in numeral))
    total, digit = 0, 0
    for character in numeral:
        if character in _CHINESE_DIGITS:
            digit = _CHINESE_DIGITS[character]
        else:
            total += (digit or 1) * {"十": 10, "百": 100}[character]
            digit = 0
    return total + digit


def numeral_of(number: int) -> str:
    """A number from 0 to 9,999 as a Chinese numeral: 12 is 十二, 103 is 一百零三."""
    digits = "零一二三四五六七八九"
    written = ""
    for unit, place in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            written += digits[digit] + place
        elif written and not written.endswith("零"):
            written += "零"
    written = written.rstrip("零") or "零"
    return written[1:] if written.startswith("一十") else written


def natural_key(name: str) -> str:
    """A text whose plain order (by code point) is the natural order of names or of paths.

    Digits are preceded by their count, so that 9 (“19”) comes before 10 (“210”); the folder separator comes before any
    other character, so that a folder's content stays together.
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    folded = _ORDINAL.sub(lambda match: str(chinese_number(match.group())), folded)
    keyed = _DIGITS.sub(lambda match: _digits_key(match.group()), folded)
    return keyed.replace("/", "\x02") + "\x01" + name


def file_key(path: str) -> str:
    """As `natural_key`, for a file's path: its ending does not count, so that 0035.jpg comes before 0035-1.jpg."""
    return natural_key(str(PurePosixPath(path).with_suffix(""))) + path


def _digits_key(digits: str) -> str:
    significant = digits.lstrip("0")
    return f"{len(significant):03d}{significant}"
