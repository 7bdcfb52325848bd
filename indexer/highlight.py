"""Where on the page the words of a query stand, and the passage around them.

Computed from the reading's own tokens and character boxes, never from an engine's offsets: what is shown is what was
matched, whatever engine found the page.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from dossier.reading import Box, Line, Reading
from indexer.amounts import amounts_in
from indexer.dates import Span, dates_in, span_of_date
from indexer.identifiers import identifiers_in
from indexer.query import IDENTIFIER, PHRASE, SIMILAR, TRANSCRIPTION, Query, Word, variants_of
from indexer.running_text import Place, running_text
from indexer.similar import Variant
from indexer.tokens import Token, is_han, tokens_of_lines
from indexer.turn import last_tokens, turn_between

_BEFORE, _AFTER = 30, 60  # characters of a snippet around its first match


_THICKEST = 1.6
"""Times a character's height (width, in vertical lines): what a row of them may rise or fall."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A passage of the page.

    Attributes:
        text: the passage, lines joined, with … where the page goes on.
        matches: (start, end) of what was matched in `text`, in order, without overlap.
    """

    text: str
    matches: tuple[tuple[int, int], ...]

    def marked(self, before: str, after: str, escape: Callable[[str], str] = str) -> str:
        """The passage with marks around the matches.

        Args:
            before: put before each match, such as `<mark>`.
            after: put after each match.
            escape: applied to the text itself, such as `html.escape`.
        """
        pieces: list[str] = []
        past = 0
        for start, end in self.matches:
            pieces += [escape(self.text[past:start]), before, escape(self.text[start:end]), after]
            past = end
        return "".join([*pieces, escape(self.text[past:])])


@dataclass(frozen=True, slots=True)
class Highlight:
    """What to show of a hit.

    Attributes:
        rects: on the page, one for each match and line.
        next_rects: on the page after it, for phrases over the turn; empty if there are none.
        snippet: the passage around the first match; the beginning of the page, where nothing is to be marked.
    """

    rects: tuple[Box, ...]
    next_rects: tuple[Box, ...]
    snippet: Snippet


def highlight(query: Query, rung: str, reading: Reading, following: Reading | None) -> Highlight:
    """What to show of a page that a rung of a query's ladder found.

    Args:
        query: as it was understood.
        rung: the name of the rung.
        reading: of the page.
        following: of the page after it, as it was when the page was indexed; None if there was none.
    """
    tokens = tokens_of_lines([line.text for line in reading.lines])
    turn = turn_between(reading, following)
    here: list[Place] = []
    there: list[Place] = []
    for phrase in _phrases(query, rung):
        here += _places_of_phrase(tokens, phrase)
        before, after = _places_over_turn(turn.before, turn.after, phrase)
        here += before
        there += after
    if rung == SIMILAR:
        here += _places_of_variants(tokens, query)
    by_value = rung in (IDENTIFIER, SIMILAR, TRANSCRIPTION)
    words = tuple(word for word in query.words if by_value and word.has_value)
    if words or query.spans:
        here += _places_of_values(reading, words, query.spans)
    here, there = _without_overlap(here), _without_overlap(there)
    return Highlight(
        rects=_boxes(reading, here),
        next_rects=_boxes(following, there) if following else (),
        snippet=_snippet([line.text for line in reading.lines], here),
    )


def may_reach_turn(query: Query, rung: str, reading: Reading) -> bool:
    """Whether a match of a query may run over the end of a page; if not, `highlight` needs no page after it."""
    phrases = [phrase for phrase in _phrases(query, rung) if len(phrase) > 1]
    if not phrases:
        return False
    last = last_tokens(reading, max(map(len, phrases)) - 1)
    return any(phrase[0] in last for phrase in phrases)


def highlight_human(query: Query, human: Reading, reading: Reading | None) -> Highlight:
    """What to show of a page that was found in what people have read there 人工校录.

    Args:
        query: as it was understood.
        human: what people have read on the page.
        reading: what the program has; words that stand there alone are marked, too. None where it has not been read.
    """
    shown = highlight(query, TRANSCRIPTION, human, None)
    if reading is None:
        return shown
    besides = [
        box
        for box in highlight(query, TRANSCRIPTION, reading, None).rects
        if not any(_holds_centre(line.box, box) for line in human.lines)
    ]
    return Highlight((*shown.rects, *besides), (), shown.snippet)


def _holds_centre(outer: Box, inner: Box) -> bool:
    x, y = (inner.x0 + inner.x1) / 2, (inner.y0 + inner.y1) / 2
    return outer.x0 <= x <= outer.x1 and outer.y0 <= y <= outer.y1


def _places_of_variants(tokens: Sequence[Token], query: Query) -> list[Place]:
    """Where words stand with a reading error; those that stand on the page as they are, are marked as such alone."""
    texts = [token.text for token in tokens]
    places: list[Place] = []
    for word, variants in variants_of(query).items():
        if _starts(texts, word.tokens):
            continue
        for variant in variants:
            for start, end in _places_of_variant(texts, variant):
                places += _places_of_tokens(tokens[start:end])
    return places


def _places_of_variant(texts: Sequence[str], variant: Variant) -> list[tuple[int, int]]:
    """(first, one past the last) of the tokens of each place; both sides have their own where any number is between."""
    left, right = len(variant.left), len(variant.right)
    lefts = _starts(texts, variant.left)
    if not right:
        return [(start, start + left) for start in lefts]
    rights = _starts(texts, variant.right)
    if variant.between is None:
        both = lefts and rights
        return [(start, start + size) for starts, size in ((lefts, left), (rights, right)) for start in starts if both]
    beyond = left + variant.between
    return [(start, start + beyond + right) for start in lefts if start + beyond in rights]


def _phrases(query: Query, rung: str) -> Sequence[tuple[str, ...]]:
    """The token sequences that a rung matched. What is matched by its value is marked by its value."""
    if rung == PHRASE:
        return query.phrases
    by_value = rung == IDENTIFIER
    if rung == TRANSCRIPTION:
        return [*(word.tokens for word in query.words), *query.phrases]
    return [word.tokens for word in query.words if not by_value or not (word.tail or word.date or word.amount)]


def _places_of_phrase(tokens: Sequence[Token], phrase: Sequence[str]) -> list[Place]:
    places: list[Place] = []
    for start in _starts([token.text for token in tokens], phrase):
        places += _places_of_tokens(tokens[start : start + len(phrase)])
    return places


def _places_over_turn(
    before: Sequence[Token], after: Sequence[Token], phrase: Sequence[str]
) -> tuple[list[Place], list[Place]]:
    both = [*before, *after]
    here: list[Place] = []
    there: list[Place] = []
    for start in _starts([token.text for token in both], phrase):
        end = start + len(phrase)
        if start < len(before) < end:
            here += _places_of_tokens(both[start : len(before)])
            there += _places_of_tokens(both[len(before) : end])
    return here, there


def _starts(texts: Sequence[str], phrase: Sequence[str]) -> list[int]:
    """The places in a sequence at which a phrase begins."""
    length = len(phrase)
    return [
        start
        for start in range(len(texts) - length + 1)
        if texts[start] == phrase[0] and list(texts[start : start + length]) == list(phrase)
    ]


def _places_of_values(reading: Reading, words: Sequence[Word], asked: Sequence[Span]) -> list[Place]:
    """Where the values of words stand, and dates within the spans asked for."""
    running = running_text(reading)
    spans = [*asked, *(span_of_date(word.date) for word in words if word.date)]
    amounts = {word.amount for word in words if word.amount}
    found = [
        *(
            identifier.places
            for identifier in identifiers_in(running)
            if any(_asks_for(word, identifier.canonical, identifier.tail) for word in words)
        ),
        *(day.places for day in dates_in(running) if any(span.low <= day.value <= span.high for span in spans)),
        *(amount.places for amount in amounts_in(running) if amount.value in amounts),
    ]
    return [place for places in found for place in places]


def _asks_for(word: Word, canonical: str, tail: str) -> bool:
    if word.tail:
        return tail.endswith(word.tail)
    return bool(word.identifier) and canonical == word.identifier


def _places_of_tokens(tokens: Iterable[Token]) -> list[Place]:
    """One place a line, from the first to the last of the tokens there."""
    lines: dict[int, Place] = {}
    for token in tokens:
        so_far = lines.get(token.line)
        lines[token.line] = Place(token.line, so_far.start if so_far else token.start, token.end)
    return list(lines.values())


def _without_overlap(places: Iterable[Place]) -> list[Place]:
    """The places in reading order; those that overlap become one."""
    apart: list[Place] = []
    for place in sorted(places, key=lambda place: (place.line, place.start, place.end)):
        last = apart[-1] if apart else None
        if last and last.line == place.line and place.start < last.end:
            apart[-1] = Place(last.line, last.start, max(last.end, place.end))
        else:
            apart.append(place)
    return apart


def _boxes(reading: Reading, places: Iterable[Place]) -> tuple[Box, ...]:
    return tuple(box for place in places for box in _boxes_in_line(reading.lines[place.line], place))


def _boxes_in_line(line: Line, place: Place) -> list[Box]:
    """One box round neighbouring characters; more where they stand on an arc, as the name around a seal does."""
    boxes = line.characters[place.start : place.end]
    if boxes:
        whole: list[Box] = []
        for box in boxes:
            joined = whole[-1].union(box) if whole else box
            if whole and not _is_bent(joined, boxes, line.vertical):
                whole[-1] = joined
            else:
                whole.append(box)
        return whole
    # Only the line's box is known: share it among the characters, Han twice as wide as letters and digits.
    widths = [2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line.text]
    edges = [0, *accumulate(widths)]
    first, last = edges[place.start] / edges[-1], edges[place.end] / edges[-1]
    width, height = line.box.x1 - line.box.x0, line.box.y1 - line.box.y0
    if line.vertical:
        return [Box(line.box.x0, line.box.y0 + height * first, line.box.x1, line.box.y0 + height * last)]
    return [Box(line.box.x0 + width * first, line.box.y0, line.box.x0 + width * last, line.box.y1)]


def _is_bent(joined: Box, boxes: Sequence[Box], vertical: bool) -> bool:
    """Whether a box is much thicker than the characters: then they do not stand in one row."""
    if vertical:
        return joined.x1 - joined.x0 > _THICKEST * max(box.x1 - box.x0 for box in boxes)
    return joined.y1 - joined.y0 > _THICKEST * max(box.y1 - box.y0 for box in boxes)


def _snippet(lines: Sequence[str], places: Sequence[Place]) -> Snippet:
    joined, starts = _joined(lines)
    matches = [(starts[place.line] + place.start, starts[place.line] + place.end) for place in places]
    first = matches[0][0] if matches else 0
    begin = max(first - _BEFORE, 0)
    end = min(first + _AFTER, len(joined))
    opening = "…" if begin else ""
    closing = "…" if end < len(joined) else ""
    shift = len(opening) - begin
    inside = tuple((start + shift, min(stop, end) + shift) for start, stop in matches if start < end)
    return Snippet(f"{opening}{joined[begin:end]}{closing}", inside)


def _joined(lines: Sequence[str]) -> tuple[str, list[int]]:
    """The lines as one text, and where each starts: a space between them, but none beside Han."""
    joined = ""
    starts: list[int] = []
    for line in lines:
        if joined and line and not (is_han(joined[-1]) or is_han(line[0])):
            joined += " "
        starts.append(len(joined))
        joined += line
    return joined, starts
