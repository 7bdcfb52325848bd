"""From what a user types to the ladder: identifier, phrase, words, similar; best rung first.

A query is a tree of a fixed shape: groups, of each of which one choice must hold; a choice is a word (or the words
that a number divides), a field, or one of these excluded (indexer/syntax.py has the language). Each rung translates
the words, one by one, and leaves the tree as it is:

    identifier  numbers, dates and amounts by their value, other words as they stand; one of the former at least
    phrase      all words of the query joined, in the order in which they were typed; or all of it, fields as text
    transcription  each word by value or as it stands, on the page or in what people have read there 人工校录, and one
                of them at least in the latter; only where people have transcribed anything (`ladder`)
    words       each word as it stands, anywhere on the page
    similar     each word by value, as it stands or with a reading error, unless it is in quotation marks; asked for
                only where the others find little (`settled`)

What is excluded is excluded on every rung alike: by the word as it stands, and by its value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from math import prod
from typing import Literal

from dossier.errors import UsageError
from indexer.amounts import amount_of_text
from indexer.clause import NOTHING, AllOf, AnyOf, Apart, Clause, Not, Phrase, Prefix, Range, Term, leaves
from indexer.dates import Span, date_of_text, span_of_date, span_of_text
from indexer.engine import Engine, Hits, Rung, Search
from indexer.entry import pairs_of, pairs_over_turn
from indexer.human import excluding_either, of_either, of_human_text
from indexer.identifiers import SHORTEST_TAIL, identifiers_of_text
from indexer.sight import Sight
from indexer.similar import BUDGET, Variant, variants
from indexer.syntax import FieldName, Piece, groups_of
from indexer.tokens import tokens_of_text
from indexer.turn import LONGEST as LONGEST_BESIDE_TURN

IDENTIFIER, PHRASE, TRANSCRIPTION, WORDS, SIMILAR = "identifier", "phrase", "transcription", "words", "similar"
# What a rung is worth in a hit's `score`; only the order among them means something.
SCORES = {IDENTIFIER: 1.0, PHRASE: 0.8, TRANSCRIPTION: 0.6, WORDS: 0.5, SIMILAR: 0.2}

LONGEST = 500  # tokens: a paragraph
# Elasticsearch takes 1,024 clauses on the smallest server; some are left for sight, filters and fields.
MOST_CLAUSES = 1000
_TOO_LONG = (
    f"搜索内容太长：最多 {LONGEST} 个字和号码，号码多时更少 / "
    f"a query has at most {LONGEST} characters and numbers, fewer with many numbers"
)
# Of alternatives (甲 OR 乙) (丙 OR 丁) each combination is a phrase; beyond this many, there is no rung for phrases.
MOST_COMBINATIONS = 16
# So many pages that nobody looks for one more among those with reading errors.
ENOUGH = 200

_TAIL = re.compile(rf"\d{{{SHORTEST_TAIL - 1},}}[\dX]")
_YEAR = re.compile(r"(?:19|20)\d\d")
_AROUND = "，。、；：！？,;:!?()（）[]［］【】〔〕<>《》"  # what may stand around a date or an amount


@dataclass(frozen=True, slots=True)
class Word:
    """A part of a query that must stand together on the page.

    Attributes:
        tokens: its tokens, at least one.
        identifier: its canonical form, if it is an identifier.
        tail: its digits (with an ID's X), if these may be an identifier of digits or the last ones of any.
        date: in the form of ISO 8601, if it is a day or a month.
        amount: a plain decimal number of yuan, if it is one.
        quoted: whether just this was asked for.
    """

    tokens: tuple[str, ...]
    identifier: str = ""
    tail: str = ""
    date: str = ""
    amount: str = ""
    quoted: bool = False

    @property
    def has_value(self) -> bool:
        """Whether it can be found by what it means, too."""
        return bool(self.identifier or self.tail or self.date or self.amount)


@dataclass(frozen=True, slots=True)
class Asked:
    """A field and the value asked for, as typed."""

    name: FieldName
    value: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What one part of a query asks for: words that stand each together, or a field.

    Attributes:
        words: at least one, or none if it is a field.
        field: the field.
        excluded: whether pages with it are not wanted.
        loose: whether it is looked for only in the phrase.
        as_text: the tokens of a field that may be a line of a form, its name and its value; empty if it is none.
    """

    words: tuple[Word, ...]
    field: Asked | None = None
    excluded: bool = False
    loose: bool = False
    as_text: tuple[str, ...] = ()

    @property
    def wanted(self) -> tuple[Word, ...]:
        """The words that pages are to have."""
        return () if self.excluded else self.words


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, understood.

    Attributes:
        groups: of each one choice must hold; none, if there is nothing that could be found.
    """

    groups: tuple[tuple[Choice, ...], ...]

    @property
    def words(self) -> tuple[Word, ...]:
        """All words that are wanted, in the order in which they were typed."""
        return tuple(word for group in self.groups for choice in group for word in choice.wanted)

    @property
    def fields(self) -> frozenset[Asked]:
        """The fields asked for; their clauses come from the catalogue (indexer/fields.py), that of 日期 from itself."""
        return frozenset(choice.field for group in self.groups for choice in group if choice.field)

    @property
    def spans(self) -> tuple[Span, ...]:
        """The spans of dates that pages are to have, by the field 日期."""
        wanted = [choice.field for group in self.groups for choice in group if choice.field and not choice.excluded]
        spans = (span_of_text(asked.value) for asked in wanted if asked.name == "日期")
        return tuple(span for span in spans if span)

    @property
    def combinations(self) -> tuple[tuple[Choice, ...], ...]:
        """One choice of each group, in all ways; none, if these are too many."""
        if not self.groups or prod(map(len, self.groups)) > MOST_COMBINATIONS:
            return ()
        return tuple(product(*self.groups))

    @property
    def phrases(self) -> tuple[tuple[str, ...], ...]:
        """The tokens of each combination's words, one after the other; also with its fields as text between them."""
        both = (phrase for choices in self.combinations for phrase in (_joined(choices), _joined_as_text(choices)))
        return tuple(dict.fromkeys(filter(None, both)))


def understand(text: str) -> Query:
    """What a user's text asks for; any text is a query, if it is not too long.

    Raises:
        UsageError: the text has more than `LONGEST` tokens.
    """
    groups = [[_choice(piece) for piece in group] for group in groups_of(text)]
    choices = [choice for group in groups for choice in group]
    words = [word for choice in choices for word in choice.words]
    if sum(len(word.tokens) for word in words) + sum(len(choice.as_text) for choice in choices) > LONGEST:
        raise UsageError(_TOO_LONG)
    if len(words) > 1:
        # Four digits beside other words are a year, if they look like one.
        groups = [
            [replace(choice, words=tuple(map(_not_by_year, choice.words))) for choice in group] for group in groups
        ]
    if all(choice.loose for choice in choices):
        groups = [[replace(choice, loose=False) for choice in group] for group in groups]
    return Query(tuple(tuple(group) for group in groups))


def ladder(
    query: Query, sight: Sight, fields: Mapping[Asked, Clause] | None = None, transcribed: bool = False
) -> Search:
    """The search for a query within sight; without rungs, if nothing could be found.

    Args:
        query: as it was understood.
        sight: what the user sees, and where they search.
        fields: the clause of each field asked for; those that are not there find nothing.
        transcribed: whether there is anything that people have read; without it, a search costs nothing more.

    Raises:
        UsageError: no engine takes so many words with so many forms.
    """
    known = {**_dates_of(query), **(fields or {})}
    rungs: list[Rung] = []
    required = [group for group in query.groups if not any(choice.loose for choice in group)]
    if any(word.has_value for word in query.words):
        rungs.append(Rung(IDENTIFIER, _identifier_rung(required, known)))
    phrases = [
        clause
        for choices in query.combinations
        for clause in (_phrase_of_combination(choices, known), _phrase_as_text(choices))
        if clause
    ]
    if phrases:
        rungs.append(Rung(PHRASE, _any_of(phrases)))
    human = _human_rung(query, required, known) if transcribed else None
    if human:
        rungs.append(Rung(TRANSCRIPTION, human))
    if query.groups and not (phrases and all(_is_one_word(choices) for choices in query.combinations)):
        clauses = [_any_of([_choice_clause(choice, known, _as_it_stands) for choice in group]) for group in required]
        rungs.append(Rung(WORDS, _all_of(clauses)))
    misread = variants_of(query)
    if misread:
        clauses = [
            _any_of([_choice_clause(choice, known, partial(_misread, misread)) for choice in group])
            for group in required
        ]
        rungs.append(Rung(SIMILAR, _all_of(clauses)))
    if transcribed:
        rungs = [rung if rung.name == TRANSCRIPTION else _excluding_either(rung) for rung in rungs]
    return Search(_bounded(rungs), sight.clause)


def _excluding_either(rung: Rung) -> Rung:
    return Rung(rung.name, excluding_either(rung.clause))


def _human_rung(query: Query, groups: Sequence[Sequence[Choice]], fields: Mapping[Asked, Clause]) -> Clause | None:
    """What people have read, alone or with what the program has; None where the query has no words and no dates."""
    everywhere = _all_of(
        [_any_of([_choice_clause(choice, fields, _in_any_form) for choice in group]) for group in groups]
    )
    spans = [
        fields[choice.field]
        for group in groups
        for choice in group
        if choice.field and not choice.excluded and choice.field.name == "日期" and choice.field in fields
    ]
    words = [of_human_text(_in_any_form(word)) for word in query.words] + [of_human_text(span) for span in spans]
    ways: list[Clause] = [AllOf((of_either(everywhere), _any_of(words)))] if words and groups else []
    for choices in query.combinations:
        # What is looked for in a phrase alone: fields as text, and what is loose.
        unwanted = [choice for choice in choices if choice.excluded]
        fields_too = [choice for choice in choices if not choice.wanted]
        loose = _joined(choices) if any(choice.loose for choice in choices) else ()
        for tokens, others in ((_joined_as_text(choices), unwanted), (loose, fields_too)):
            if tokens:
                besides = [of_either(_choice_clause(choice, fields, _as_it_stands)) for choice in others]
                ways.append(_all_of([of_human_text(phrase_clause(tokens)), *besides]))
    return _any_of(ways) if ways else None


def _bounded(rungs: Sequence[Rung]) -> tuple[Rung, ...]:
    """The rungs without those that an engine has no room for: first reading errors, then what people have read, then
    phrases, of which the words are found all the same."""
    sizes = {rung.name: leaves(rung.clause) for rung in rungs}
    for name in (SIMILAR, TRANSCRIPTION, PHRASE):
        if sum(sizes.values()) > MOST_CLAUSES and (name != PHRASE or WORDS in sizes):
            sizes.pop(name, None)
    if sum(sizes.values()) > MOST_CLAUSES:
        raise UsageError(_TOO_LONG)
    return tuple(rung for rung in rungs if rung.name in sizes)


def settled(engine: Engine, search: Search) -> Search:
    """A search without its rung `similar` where the better ones find `ENOUGH` pages.

    Reading errors matter where little is found; words that are on many pages have many look-alikes, too, and those
    would cost more than all other rungs together. Asked once for a search, so that hits, counts and groups agree.
    """
    return settled_hits(engine, search, 0)[0]


def settled_hits(engine: Engine, search: Search, limit: int, offset: int = 0) -> tuple[Search, Hits]:
    """A search as it is `settled`, and its hits; where the better rungs find `ENOUGH`, the engine is asked once.

    Raises:
        ValueError, EngineUnreachable: as of `Engine.search`.
    """
    better = replace(search, rungs=tuple(rung for rung in search.rungs if rung.name != SIMILAR))
    if better.rungs and better != search:
        found = engine.search(better, limit, offset)
        if found.total >= ENOUGH:
            return better, found
    return search, engine.search(search, limit, offset)


def variants_of(query: Query) -> dict[Word, tuple[Variant, ...]]:
    """The reading errors that the rung `similar` allows for in each word; words without any are not in it."""
    words = dict.fromkeys(
        word
        for group in query.groups
        for choice in group
        if not choice.loose
        for word in choice.wanted
        if not word.quoted
    )
    found = {word: variants(word.tokens, BUDGET // len(words)) for word in words}
    return {word: of_word for word, of_word in found.items() if of_word}


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


def value_clause(word: Word) -> Clause:
    """Pages that have a word's number, date or amount, however it is written there."""
    clauses: list[Clause] = []
    if word.tail:
        clauses.append(Prefix("tails", word.tail[::-1]))
    elif word.identifier:
        # In a sentence a case number may be taken with a word too many before it; as a phrase it is found all the same.
        clauses += [Term("identifiers", word.identifier), phrase_clause(word.tokens)]
    if word.date:
        clauses.append(_span_clause(word.date))
    if word.amount:
        clauses.append(Term("amounts", word.amount))
    return _any_of(clauses)


def _identifier_rung(groups: Sequence[Sequence[Choice]], fields: Mapping[Asked, Clause]) -> Clause:
    """Each group by value where it has one; and of all those that have one, one at least."""
    by_value = [[_choice_clause(choice, fields, _by_value) for choice in group] for group in groups]
    valued = [
        clause
        for group, clauses in zip(groups, by_value, strict=True)
        for choice, clause in zip(group, clauses, strict=True)
        if any(word.has_value for word in choice.wanted)
    ]
    every = [_any_of(clauses) for clauses in by_value]
    if any(all(clause in valued for clause in clauses) for clauses in by_value):
        return _all_of(every)
    return _all_of([*every, _any_of(valued)])


def _phrase_of_combination(choices: Sequence[Choice], fields: Mapping[Asked, Clause]) -> Clause | None:
    tokens = _joined(choices)
    if not tokens:
        return None
    others = [_choice_clause(choice, fields, _as_it_stands) for choice in choices if not choice.wanted]
    return _all_of([phrase_clause(tokens), *others])


def _phrase_as_text(choices: Sequence[Choice]) -> Clause | None:
    """All as one phrase, fields as they were typed: the catalogue has no say in it."""
    tokens = _joined_as_text(choices)
    if not tokens:
        return None
    excluded = [_choice_clause(choice, {}, _as_it_stands) for choice in choices if choice.excluded]
    return _all_of([phrase_clause(tokens), *excluded])


def _choice_clause(choice: Choice, fields: Mapping[Asked, Clause], word_clause: Callable[[Word], Clause]) -> Clause:
    if choice.field:
        clause = fields.get(choice.field, NOTHING)
    elif choice.excluded:
        clause = _all_of([_in_any_form(word) for word in choice.words])
    else:
        clause = _all_of([word_clause(word) for word in choice.words])
    return Not(clause) if choice.excluded else clause


def _as_it_stands(word: Word) -> Clause:
    return phrase_clause(word.tokens)


def _by_value(word: Word) -> Clause:
    return value_clause(word) if word.has_value else phrase_clause(word.tokens)


def _in_any_form(word: Word) -> Clause:
    return _any_of([phrase_clause(word.tokens), value_clause(word)]) if word.has_value else phrase_clause(word.tokens)


def _misread(misread: Mapping[Word, tuple[Variant, ...]], word: Word) -> Clause:
    return _any_of([_in_any_form(word), *map(_variant_clause, misread.get(word, ()))])


def _variant_clause(variant: Variant) -> Clause:
    if not variant.right or variant.between is None:
        parts = [_side_by_side(part) for part in (variant.left, variant.right) if part]
        return _all_of([*parts, *(Term("singles", number) for number in variant.beside)])
    # A token between lies in two pairs.
    return Apart("pairs", pairs_of(variant.left), variant.between + 1, pairs_of(variant.right))


def _side_by_side(tokens: tuple[str, ...]) -> Clause:
    """As `phrase_clause`, but not over the turn of the page: reading errors are looked for on one page only."""
    return Term("singles", tokens[0]) if len(tokens) == 1 else _pairs_clause("pairs", pairs_of(tokens))


def _joined(choices: Sequence[Choice]) -> tuple[str, ...]:
    return tuple(token for choice in choices for word in choice.wanted for token in word.tokens)


def _joined_as_text(choices: Sequence[Choice]) -> tuple[str, ...]:
    """As `_joined`, with fields as they were typed; empty if there are none to be text."""
    if not any(choice.as_text for choice in choices):
        return ()
    return tuple(
        token
        for choice in choices
        for token in (*choice.as_text, *(token for word in choice.wanted for token in word.tokens))
    )


def _is_one_word(choices: Sequence[Choice]) -> bool:
    """Whether the words rung finds nothing of these that the phrase does not."""
    return sum(len(choice.wanted) for choice in choices) == 1 and not any(choice.loose for choice in choices)


def _dates_of(query: Query) -> dict[Asked, Clause]:
    spans = {asked: span_of_text(asked.value) for asked in query.fields if asked.name == "日期"}
    return {asked: Range("dates", span.low, span.high) for asked, span in spans.items() if span}


def _span_clause(value: str) -> Clause:
    span = span_of_date(value)
    return Term("dates", value) if span.low == span.high else Range("dates", span.low, span.high)


def _all_of(clauses: Sequence[Clause]) -> Clause:
    return clauses[0] if len(clauses) == 1 else AllOf(tuple(clauses))


def _any_of(clauses: Sequence[Clause]) -> Clause:
    return clauses[0] if len(clauses) == 1 else AnyOf(tuple(clauses))


def _pairs_clause(field: Literal["pairs", "turn"], pairs: tuple[str, ...]) -> Clause:
    return Term(field, pairs[0]) if len(pairs) == 1 else Phrase(field, pairs)


def _choice(piece: Piece) -> Choice:
    if piece.field:
        as_text = () if piece.excluded else tuple(tokens_of_text(piece.whole))
        return Choice((), Asked(piece.field, piece.text), piece.excluded, as_text=as_text)
    words = (_word(piece.text, quoted=True),) if piece.quoted else tuple(_words(piece.text))
    return Choice(words, excluded=piece.excluded, loose=piece.loose)


def _words(text: str) -> Iterator[Word]:
    """The words of a text without quotation marks: its identifiers, and what stands before, between and after them."""
    past = 0
    for identifier in identifiers_of_text(text):
        start, end = identifier.places[0].start, identifier.places[0].end
        if tokens_of_text(text[past:start]):
            yield _word(text[past:start])
        canonical = identifier.canonical
        yield Word(tuple(tokens_of_text(text[start:end])), canonical, canonical if _TAIL.fullmatch(canonical) else "")
        past = end
    if tokens_of_text(text[past:]):
        yield _word(text[past:])


def _word(text: str, quoted: bool = False) -> Word:
    tokens = tuple(tokens_of_text(text))
    if quoted:
        return Word(tokens, quoted=True)
    bare = text.strip(_AROUND)
    day_or_month = date_of_text(bare)
    digits = "".join(tokens).upper() if len(tokens) <= 2 else ""
    tail = digits if _TAIL.fullmatch(digits) else ""
    # A year alone is too many dates to be worth more than the words beside it; 日期:2020 asks for it.
    return Word(tokens, tail=tail, date=day_or_month if len(day_or_month) > 4 else "", amount=amount_of_text(bare))


def _not_by_year(word: Word) -> Word:
    return replace(word, tail="", amount="") if _YEAR.fullmatch(word.tail) else word
