"""Text folded for comparing: what a page says and what somebody types become the same characters.

Unicode compatibility forms (full-width digits, circled numbers, compatibility ideographs), letter case, bracket kinds,
dashes and invisible characters make no difference to what is meant, and OCR and keyboards mix them freely. Every
folded character knows the span of raw characters that it came from.

For the search, traditional characters are their simplified ones, too, one character for one: the words around decide
nothing, so that a character is the same in a page, in a query and in a name. The catalogue keeps them apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from opencc import OpenCC

# For use inside a regular expression's [...]: ideographs of all planes, the zero 〇, the repetition mark 々, and the
# private areas, where older systems keep rare characters of people's names.
HAN = r"\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd\ue000-\uf8ff\U000f0000-\U0010fffd"

_OPENING = "([{〔【〖〘〚〈⟨❲⦗⟦"
_CLOSING = ")]}〕】〗〙〛〉⟩❳⦘⟧"
_DASHES = "‐‑‒–—―−"
_ZEROS = "○◯"  # what keyboards and OCR give for 〇 in 二〇二〇年
_ALIKE = {
    **{ord(bracket): "(" for bracket in _OPENING},
    **{ord(bracket): ")" for bracket in _CLOSING},
    **{ord(dash): "-" for dash in _DASHES},
    **{ord(zero): "〇" for zero in _ZEROS},
}
_DIGITS = frozenset("0123456789")
_BEFORE_DIGITS = _DIGITS | {"."}  # ⒈ is 1 and a full stop
_SIMPLE = OpenCC("t2s")
_IDEOGRAPH = re.compile(f"[{HAN}]")


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text with a way back.

    Attributes:
        text: the folded characters.
        starts: for each folded character, where its raw characters start.
        ends: and where they end; one raw character may give several folded ones, or several give one.
    """

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """The raw span that a non-empty span of folded characters came from."""
        return self.starts[start], self.ends[end - 1]


def fold(text: str) -> Folded:
    """Fold a text: NFKC, case folded, decimal digits of any script as 0–9, brackets, dashes and zeros alike, invisible
    characters dropped, a space between a circled or raised number and digits beside it.

    A character and the marks that follow it are folded together, so that é is one character however it was encoded.
    """
    return _fold(text, _folded)


@lru_cache(maxsize=1024)  # the lines of a page are asked for several times, for tokens, numbers and both turns
def fold_for_search(text: str) -> Folded:
    """Fold a text as `fold` does, and traditional characters to simplified ones."""
    return _fold(text, _folded_for_search)


def _fold(text: str, folded: Callable[[str], str]) -> Folded:
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and _belongs_to_the_one_before(text[end]):
            end += 1
        cluster = folded(text[start:end])
        if characters and cluster and characters[-1] in _BEFORE_DIGITS and cluster[0] in _DIGITS:
            # A circled number is a number by itself: ①2020年 is not the year 12020.
            bordering = next((raw for raw in (starts[-1], start) if _is_other_number(text[raw])), None)
            if bordering is not None:
                characters.append(" ")
                starts.append(bordering)
                ends.append(end if bordering == start else ends[-1])
        for character in cluster:
            characters.append(character)
            starts.append(start)
            ends.append(end)
        start = end
    return Folded("".join(characters), tuple(starts), tuple(ends))


@lru_cache(maxsize=65536)
def _folded(cluster: str) -> str:
    composed = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", cluster).casefold())
    return "".join(_digit(character) for character in composed.translate(_ALIKE) if not _is_invisible(character))


@lru_cache(maxsize=65536)
def _folded_for_search(cluster: str) -> str:
    return "".join(_simplified(character) for character in _folded(cluster))


@lru_cache(maxsize=65536)
def _simplified(character: str) -> str:
    # Only ideographs: half a surrogate pair cannot be handed over.
    return _SIMPLE.convert(character) if _IDEOGRAPH.match(character) else character


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


def _is_other_number(character: str) -> bool:
    """Whether a character is a number, but no decimal digit: ①, ², ½, ⒈."""
    return character > "\u00b1" and unicodedata.category(character) == "No"


@lru_cache(maxsize=65536)
def _belongs_to_the_one_before(character: str) -> bool:
    return character >= "\u00ad" and (unicodedata.category(character).startswith("M") or _is_invisible(character))


def _is_invisible(character: str) -> bool:
    # Format characters (zero-width spaces, byte order marks, soft hyphens) and variation selectors.
    return (
        unicodedata.category(character) == "Cf"
        or "\ufe00" <= character <= "\ufe0f"
        or "\U000e0100" <= character <= "\U000e01ef"
    )
