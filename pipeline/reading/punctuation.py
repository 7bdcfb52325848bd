"""Chinese punctuation told from Latin by the room that it takes.

The recogniser often names the half-wide twin of a full-wide mark: a comma looks the same in both. On paper they differ
in width: a full-wide mark stands in a square of its own, so the characters on its two sides are two squares apart.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from statistics import median

_FULL_WIDTH = {",": "，", ":": "：", ";": "；", "?": "？", "!": "！", "(": "（", ")": "）", ".": "。"}

_APART = 1.7
"""Squares between the middles of a mark's neighbours, from which on it is full-wide: there it is 2, and about 1.4
where the mark is half as wide."""


def full_width(text: str, middles: Sequence[float]) -> str:
    """The text with half-wide marks that stand between Han characters, in a full square, made full-wide.

    Args:
        text: a line.
        middles: for each character, where its middle lies along the line, rising.
    """
    han = [_is_han(character) for character in text]
    steps = [middles[place + 1] - middles[place] for place in range(len(text) - 1) if han[place] and han[place + 1]]
    if not steps:
        return text
    square = median(steps)
    characters = list(text)
    for place in range(1, len(text) - 1):
        mark = _FULL_WIDTH.get(text[place])
        if mark and han[place - 1] and han[place + 1] and middles[place + 1] - middles[place - 1] >= _APART * square:
            characters[place] = mark
    return "".join(characters)


def _is_han(character: str) -> bool:
    return unicodedata.name(character, "").startswith("CJK UNIFIED")
