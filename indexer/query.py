"""From what a user types to the ladder: identifier, phrase, words; best rung first.

Words are divided by spaces; what stands in quotation marks is one word. There is no syntax to get wrong: any other sign
is text, and a mark without its partner is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from dossier.errors import UsageError
from indexer.clause import AllOf, AnyOf, Clause, Phrase, Prefix, Term
from indexer.engine import Rung, Search
from indexer.entry import pairs_of, pairs_over_turn
from indexer.identifiers import SHORTEST_TAIL, identifiers_of_text
from indexer.sight import Sight
from indexer.tokens import tokens_of_text
from indexer.turn import LONGEST as LONGEST_BESIDE_TURN

IDENTIFIER, PHRASE, WORDS = "identifier", "phrase", "words"
# What a rung is worth in a hit's `score`; only the order among them means something.
SCORES = {IDENTIFIER: 1.0, PHRASE: 0.8, WORDS: 0.5}

# A paragraph. Each token is up to one clause for the engine, and Elasticsearch takes 1,024 on the smallest server.
LONGEST = 500

_QUOTED = re.compile(r'["“”„＂]([^"“”„＂]*)["“”„＂]|「([^」]*)」|『([^』]*)』')
_TAIL = re.compile(rf"\d{{{SHORTEST_TAIL - 1},}}[\dX]")
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class Word:
    """A part of a query that must stand together on the page.

    Attributes:
        tokens: its tokens, at least one.
        identifier: its canonical form, if it is an identifier.
        tail: its digits (with an ID's X), if these may be an identifier of digits or the last ones of any.
    """

    tokens: tuple[str, ...]
    identifier: str = ""
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, understood.

    Attributes:
        words: in the order in which they were typed; none, if there is nothing that could be found.
    """

    words: tuple[Word, ...]

    @property
    def phrase(self) -> tuple[str, ...]:
        """The tokens of all words, one after the other."""
        return tuple(token for word in self.words for token in word.tokens)


def understand(text: str) -> Query:
    """What a user's text asks for; any text is a query, if it is not too long.

    Raises:
        UsageError: the text has more than `LONGEST` tokens.
    """
    words: list[Word] = []
    past = 0
    for quoted in _QUOTED.finditer(text):
        words += _plain_words(text[past : quoted.start()])
        words += _word(next(group for group in quoted.groups() if group is not None))
        past = quoted.end()
    words += _plain_words(text[past:])
    if sum(len(word.tokens) for word in words) > LONGEST:
        raise UsageError(f"a query has at most {LONGEST} characters and numbers")
    if len(words) > 1:
        # Four digits beside other words are a year, if they look like one.
        words = [replace(word, tail="") if _YEAR.fullmatch(word.tail) else word for word in words]
    return Query(tuple(words))


def ladder(query: Query, sight: Sight) -> Search:
    """The search for a query within sight; without rungs, if nothing could be found."""
    rungs: list[Rung] = []
    if any(word.identifier or word.tail for word in query.words):
        rungs.append(Rung(IDENTIFIER, AllOf(tuple(_identifier_clause(word) for word in query.words))))
    if query.words:
        rungs.append(Rung(PHRASE, phrase_clause(query.phrase)))
    if len(query.words) > 1:
        rungs.append(Rung(WORDS, AllOf(tuple(phrase_clause(word.tokens) for word in query.words))))
    return Search(tuple(rungs), sight.clause)


def phrase_clause(tokens: tuple[str, ...]) -> Clause:
    """Pages that have these tokens, at least one, one directly after the other, on themselves or over their end.

    Over the turn to the next page a phrase may be divided at any place; each division has a token on either side, so
    that it cannot be the phrase as it stands on one page.
    """
    if len(tokens) == 1:
        return Term("singles", tokens[0])
    divisions = (
        pairs_over_turn(tokens[:place], tokens[place:])
        for place in range(1, len(tokens))
        if place <= LONGEST_BESIDE_TURN and len(tokens) - place <= LONGEST_BESIDE_TURN
    )
    over_turn = (_pairs_clause("turn", pairs) for pairs in divisions)
    return AnyOf((_pairs_clause("pairs", pairs_of(tokens)), *over_turn))


def _identifier_clause(word: Word) -> Clause:
    if word.tail:
        return Prefix("tails", word.tail[::-1])
    if word.identifier:
        # In a sentence a case number may be taken with a word too many before it; as a phrase it is found all the same.
        return AnyOf((Term("identifiers", word.identifier), phrase_clause(word.tokens)))
    return phrase_clause(word.tokens)


def _pairs_clause(field: Literal["pairs", "turn"], pairs: tuple[str, ...]) -> Clause:
    return Term(field, pairs[0]) if len(pairs) == 1 else Phrase(field, pairs)


def _plain_words(text: str) -> Iterator[Word]:
    """The words of a text without quotation marks: its identifiers, and what spaces divide between them."""
    past = 0
    for identifier in identifiers_of_text(text):
        start, end = identifier.places[0].start, identifier.places[0].end
        yield from _divided(text[past:start])
        tokens = tuple(tokens_of_text(text[start:end]))
        canonical = identifier.canonical
        yield Word(tokens, canonical, canonical if _TAIL.fullmatch(canonical) else "")
        past = end
    yield from _divided(text[past:])


def _divided(text: str) -> Iterator[Word]:
    for part in text.split():
        yield from _word(part)


def _word(text: str) -> Iterator[Word]:
    tokens = tuple(tokens_of_text(text))
    digits = "".join(tokens).upper() if len(tokens) <= 2 else ""
    if tokens:
        yield Word(tokens, tail=digits if _TAIL.fullmatch(digits) else "")
