"""Index entries of any number of pages, made from the sentences of judgments in new order, with numbers of their own.

A page is shuffled sentences, one a line, and a last line with a case number and a phone that no other page has.
Sentences are cut into tokens once; a page's entry is put together from theirs, and is what `entry_of_page` gives for it
(tests/unit/test_bench_finding.py). Any case of 500 pages can be made without those before it.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path

from dossier.reading import Box, Line, Reading
from indexer.entry import PAIR_MARK, IndexEntry, PagePlace, entry_of_page, pairs_over_turn
from indexer.tokens import tokens_of_text
from indexer.turn import LONGEST

PAGE = 700  # characters
CASE, _VOLUME = 500, 100  # pages
_SENTENCE = re.compile(r"[^。；]+[。；]")
_NOWHERE = PagePlace("", "", "", "", 1)
_SHORTEST, _LONGEST = 8, 120  # characters of a sentence
_TUPLES = [one.name for one in fields(IndexEntry) if one.name not in ("place", "version", "pairs", "turn")]


@dataclass(frozen=True)
class Sentence:
    """A line of a page, cut into tokens."""

    text: str

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """Its tokens."""
        return tuple(tokens_of_text(self.text))

    @cached_property
    def entry(self) -> IndexEntry:
        """The entry of a page that has nothing but this line."""
        return entry_of_page(_NOWHERE, 0, reading_of_lines([self.text]), None)


@dataclass(frozen=True)
class MadePage:
    """A page: where it stands, and what stands on it."""

    place: PagePlace
    sentences: tuple[Sentence, ...]

    @property
    def reading(self) -> Reading:
        """As if it had been read."""
        return reading_of_lines([sentence.text for sentence in self.sentences])


def reading_of_lines(lines: Sequence[str]) -> Reading:
    """A reading of these lines in the body of a page, below one another."""
    step = 0.7 / max(len(lines), 1)
    return Reading(
        1654,
        2339,
        200.0,
        lines=tuple(
            Line(text, Box(0.15, 0.15 + step * row, 0.85, 0.15 + step * row + 0.6 * step))
            for row, text in enumerate(lines)
        ),
    )


def sentences_of(corpus: Path) -> list[Sentence]:
    """The sentences of collected judgments, each once."""
    texts = (json.loads(line)["text"] for line in corpus.read_text("utf-8").splitlines())
    found = dict.fromkeys(chain.from_iterable(_SENTENCE.findall(text) for text in texts))
    return [Sentence(text) for text in found if _SHORTEST <= len(text) <= _LONGEST]


def pages(sentences: Sequence[Sentence], count: int, seed: int, first: int = 0) -> Iterator[MadePage]:
    """Pages, case after case; the same seed gives the same ones.

    Args:
        sentences: of which they are made.
        count: the number of the page at which to stop.
        seed: of all cases.
        first: the number of the first page, from 0; a case's first one.
    """
    for case in range(first // CASE, -(-count // CASE)):
        chance = random.Random(f"{seed}/{case}")
        for number in range(case * CASE, min((case + 1) * CASE, count)):
            volume = number % CASE // _VOLUME
            place = PagePlace(
                page_id=f"p{chance.getrandbits(80):020x}",
                case_id=f"c{case:07}",
                volume_id=f"v{case:07}{volume}",
                document_id=f"d{case:07}{number % CASE // 10:02}",
                page_number=number % _VOLUME + 1,
                department=f"第{case % 8 + 1}检察部",
                volume_order=f"{volume:04}",
                document_order=f"{number % CASE // 10:04}",
                received=f"2031-{case % 12 + 1:02}-{case // 12 % 28 + 1:02}T08:{volume:02}:00+00:00",
            )
            yield MadePage(place, (*_drawn(sentences, chance), OwnLine(_OWN.format(*_numbers(number)), number)))


@dataclass(frozen=True)
class OwnLine(Sentence):
    """A line that is on no other page; its entry is that of page 0 with other numbers."""

    number: int

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """Its tokens."""
        return tuple(map(self._own, _first_own().tokens))

    @cached_property
    def entry(self) -> IndexEntry:
        """The entry of a page that has nothing but this line."""
        model = _first_own().entry
        changed = {name: tuple(map(self._own, getattr(model, name))) for name in ("pairs", *_TUPLES)}
        return replace(model, **changed)

    def _own(self, value: str) -> str:
        for old, new in zip(_numbers(0), _numbers(self.number), strict=True):
            value = value.replace(old, new).replace(old[::-1], new[::-1])
        return value


_OWN = "（2031）云{}刑初{}号，联系电话{}。"


def _numbers(number: int) -> tuple[str, str, str]:
    # None of page 0's is a part of another one, forwards or backwards, nor of the line.
    return str(number % 8999 + 1000), str(number + 7_000_000), f"199{number:08}"


@lru_cache(maxsize=1)
def _first_own() -> Sentence:
    return Sentence(_OWN.format(*_numbers(0)))


def _drawn(sentences: Sequence[Sentence], chance: random.Random) -> list[Sentence]:
    drawn: list[Sentence] = []
    length = 0
    while length < PAGE:
        drawn.append(sentences[int(chance.random() * len(sentences))])
        length += len(drawn[-1].text)
    return drawn


def entries(made: Iterator[MadePage], first_version: int = 1) -> Iterator[IndexEntry]:
    """The entries of pages, in their order; a volume's pages must come one after the other."""
    page = next(made, None)
    version = first_version
    while page is not None:
        following = next(made, None)
        goes_on = following is not None and following.place.volume_id == page.place.volume_id
        yield entry_of_made(page, version, following if goes_on else None)
        page, version = following, version + 1


def entry_of_made(page: MadePage, version: int, following: MadePage | None) -> IndexEntry:
    """What `entry_of_page` gives, from what it gave for each sentence."""
    parts = [sentence.entry for sentence in page.sentences]
    merged = {
        name: tuple(dict.fromkeys(chain.from_iterable(getattr(part, name) for part in parts))) for name in _TUPLES
    }
    pairs: list[str] = []
    last = ""
    for sentence, part in zip(page.sentences, parts, strict=True):
        if last:
            pairs.append(f"{last}{PAIR_MARK}{sentence.tokens[0]}")
        pairs.extend(part.pairs)
        last = sentence.tokens[-1]
    turn: tuple[str, ...] = ()
    if following is not None:
        turn = pairs_over_turn(_last_tokens(page), _first_tokens(following))
    return replace(parts[0], place=page.place, version=version, pairs=tuple(pairs), turn=turn, **merged)


def _last_tokens(page: MadePage) -> list[str]:
    tokens: list[str] = []
    for sentence in reversed(page.sentences):
        tokens = [*sentence.tokens, *tokens]
        if len(tokens) >= LONGEST:
            break
    return tokens[-LONGEST:]


def _first_tokens(page: MadePage) -> list[str]:
    tokens: list[str] = []
    for sentence in page.sentences:
        tokens += sentence.tokens
        if len(tokens) >= LONGEST:
            break
    return tokens[:LONGEST]
