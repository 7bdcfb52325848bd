"""What a word may have become by a reading error: the variants that the rung `similar` looks for.

A variant differs from the word by one error: a character taken for a look-alike, a character that the page lacks, or
one that it has too many or quite another in its place; or by two look-alikes. Numbers are changed only by look-alikes,
and long ones by a lost digit, because another number is not a similar one. A word of one Han character, or of less
than four letters or digits, has no variants.

An engine pays for each variant, so that their number is bounded: they are tried in the order in which they are named
above, the likeliest look-alikes first, until `budget` tokens are reached. In words of more than `LONGEST_WHOLE` tokens
one part after the other is left out instead, wherever the error may be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from indexer.look_alikes import alternatives
from indexer.tokens import is_han, tokens_of_text

LONGEST_WHOLE = 12
BUDGET = 600
"""Tokens of all variants in a query; of what an engine takes, the other rungs need a part, too."""

_NUMERAL = re.compile("[〇零一二三四五六七八九十百千万亿]")
_SHORTEST_RUN = 4  # characters of a word that is a single run; a shorter one is many others, but for a character
_PARTS = 8  # into which a long word is divided, at most
_LONG_NUMBER = 8  # digits, of which one may be lost


@dataclass(frozen=True, slots=True)
class Variant:
    """Tokens to look for.

    Attributes:
        left: side by side.
        right: side by side, after those; empty if there are only those.
        between: how many tokens, whatever they are, stand between both; None if any number may.
        beside: numbers that must be on the page, too.
    """

    left: tuple[str, ...]
    right: tuple[str, ...] = ()
    between: int | None = 0
    beside: tuple[str, ...] = ()


def variants(word: Sequence[str], budget: int = BUDGET) -> tuple[Variant, ...]:
    """The variants of a word's tokens, in the order in which they are tried, without the word itself."""
    tokens = tuple(word)
    kept: dict[Variant, None] = {}
    for variant in _all(tokens) if len(tokens) <= LONGEST_WHOLE else _without_a_part(tokens, budget):
        size = len(variant.left) + len(variant.right) + len(variant.beside)
        if size > budget:
            break
        if variant not in kept and variant != Variant(tokens):
            kept[variant] = None
            budget -= size
    return tuple(kept)


def _all(tokens: tuple[str, ...]) -> Iterator[Variant]:
    if len(tokens) == 1 and len(tokens[0]) < _SHORTEST_RUN:
        return
    changes = sorted(_changes(tokens), key=lambda change: change[0])
    for _, place, offset, other in changes:
        yield Variant(_changed(tokens, {(place, offset): other}))
    yield from _with_one_lost(tokens)
    yield from _with_one_between(tokens)
    likeliest = [change for change in changes if change[0] == 0]
    for (_, place, offset, other), (_, place2, offset2, other2) in combinations(likeliest, 2):
        yield Variant(_changed(tokens, {(place, offset): other, (place2, offset2): other2}))


def _changes(tokens: Sequence[str]) -> Iterator[tuple[int, int, int, str]]:
    """(rank, token, character in it, look-alike) of all changes of one character."""
    for place, token in enumerate(tokens):
        for offset, character in enumerate(token):
            yield from ((rank, place, offset, other) for rank, other in enumerate(alternatives(character)))


def _changed(tokens: Sequence[str], changes: dict[tuple[int, int], str]) -> tuple[str, ...]:
    """The tokens of the changed text: a digit that became a letter divides a number, a letter may join a word."""
    texts = [
        "".join(changes.get((place, offset), character) for offset, character in enumerate(token))
        for place, token in enumerate(tokens)
    ]
    text = ""
    for place, part in enumerate(texts):
        # Runs that were two stay two.
        divided = place and not is_han(tokens[place - 1][-1]) and not is_han(tokens[place][0])
        text += f" {part}" if divided else part
    return tuple(tokens_of_text(text))


def _with_one_lost(tokens: tuple[str, ...]) -> Iterator[Variant]:
    if len(tokens) >= 3:
        # Of three, the ends are needed: 林小明 without one of them is any 小明.
        inner = range(1, len(tokens) - 1) if len(tokens) == 3 else range(len(tokens))
        yield from (Variant(tokens[:place] + tokens[place + 1 :]) for place in inner if _is_word(tokens[place]))
    for place, token in enumerate(tokens):
        if token.isdecimal() and len(token) >= _LONG_NUMBER:
            for offset in range(len(token)):
                lost = token[:offset] + token[offset + 1 :]
                yield Variant((*tokens[:place], lost, *tokens[place + 1 :]))


def _with_one_between(tokens: tuple[str, ...]) -> Iterator[Variant]:
    """One token too many, and one that is another: both sides have two tokens, which pairs can tell."""
    for place in range(2, len(tokens) - 1):
        yield Variant(tokens[:place], tokens[place:], 1)
    for place in range(2, len(tokens) - 2):
        if _is_word(tokens[place]):
            yield Variant(tokens[:place], tokens[place + 1 :], 1)


def _is_word(token: str) -> bool:
    """Whether a token is no number and no part of one."""
    return len(token) == 1 and is_han(token) and not _NUMERAL.fullmatch(token)


def _without_a_part(tokens: tuple[str, ...], budget: int) -> Iterator[Variant]:
    """A long word without each of its parts, but for the numbers there: what is left is enough to know it by."""
    parts = min(_PARTS, budget // len(tokens))
    if parts < 2:
        return
    size = -(-len(tokens) // parts)
    for start in range(0, len(tokens), size):
        left, right = tokens[:start], tokens[start + size :]
        numbers = tuple(token for token in tokens[start : start + size] if not _is_word(token))
        yield Variant(left or right, right if left else (), None if left and right else 0, numbers)
