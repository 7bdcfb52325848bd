"""What a user types, divided into pieces: words, quoted phrases, fields, and the operators between them.

    张三 转账              both, in any order
    "投资 理财"            just this, side by side
    -李四, NOT 李四        without it
    张三 OR 李四           one of them at least; OR binds tighter than the space: 转账 张三 OR 李四 is 转账 with either
    案号:…, 日期:A..B      fields, at the beginning of a word; a value in quotation marks may have spaces
    "案号:…"               text: a field is never within quotation marks
    -"…", -案号:…, NOT …  both may be excluded

Operators are capitals and stand by themselves; - stands before a word and after a space, so that 021-5555 and 35-1 are
numbers. There are no brackets, which numbers of cases need. Nothing is an error: an operator without its operand, a
field without a value, an unknown field, a quotation mark without its partner are text. What may be an operator by
mistake (甲 OR) is looked for where it stands, but pages without it are found all the same: such pieces are `loose`.

A line of a form (嫌疑人：张三，男) looks like a field: what is typed as one, without quotation marks, is looked for as
text, too, whatever the catalogue says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Literal, TypeAlias

from dossier.folding import fold_for_search
from indexer.amounts import find_amounts
from indexer.dates import find_dates, span_of_text
from indexer.identifiers import find_identifiers
from indexer.tokens import tokens_of_text

FieldName: TypeAlias = Literal["案号", "嫌疑人", "案由", "承办人", "卷", "材料", "日期"]
FIELDS: tuple[FieldName, ...] = ("案号", "嫌疑人", "案由", "承办人", "卷", "材料", "日期")

_QUOTED = re.compile(r'["“”„＂]([^"“”„＂]*)["“”„＂]|「([^」]*)」|『([^』]*)』')
_MINUS = "-－"
_DASHES = "-－‐‑‒–—―−"
_DATE_FIELD = re.compile(r"(?<!\S)-?日期:(?=\S)")
_RUN_END = re.compile(r"(?<=\S)(?=\s|\Z)")
_MOST_RUNS = 16  # of two dates that are written with spaces
_OR, _NOT = ("OR", "ＯＲ"), ("NOT", "ＮＯＴ")


@dataclass(frozen=True, slots=True)
class Piece:
    """A word, a quoted phrase or a field, as typed.

    Attributes:
        text: without operators, quotation marks and the field's name.
        field: its field; None for text.
        quoted: whether it stood in quotation marks.
        excluded: whether pages with it are not wanted.
        loose: whether it is an operator by mistake.
        whole: of a field without quotation marks its name and value as they stand: they may be a line of a form.
    """

    text: str
    field: FieldName | None = None
    quoted: bool = False
    excluded: bool = False
    loose: bool = False
    whole: str = ""


@dataclass(frozen=True, slots=True)
class _Operator:
    """OR or NOT, and how it was typed."""

    sign: Literal["or", "not"]
    text: str


def groups_of(text: str) -> tuple[tuple[Piece, ...], ...]:
    """The pieces of a text in groups: something of each group is asked for. Pieces without a token are left out."""
    groups: list[list[Piece]] = []
    joined = False
    items = _with_exclusions(list(_items(text)))
    for item, following in zip_longest(items, items[1:]):
        if isinstance(item, Piece):
            if joined:
                groups[-1].append(item)
            else:
                groups.append([item])
            joined = False
        elif isinstance(following, _Operator):
            continue  # typed twice
        elif groups and not groups[-1][-1].loose and following is not None and not following.loose:
            joined = True
        else:
            groups.append([Piece(item.text, loose=True)])
    return tuple(tuple(group) for group in groups)


def _with_exclusions(items: list[Piece | _Operator]) -> list[Piece | _Operator]:
    """NOT put on the piece that it stands before, or made text where there is none."""
    done: list[Piece | _Operator] = []
    excluding = ""
    for item in items:
        if excluding and isinstance(item, Piece) and not item.excluded:
            done.append(replace(item, excluded=True))
            excluding = ""
            continue
        if excluding:
            done.append(Piece(excluding, loose=True))
            excluding = ""
        if isinstance(item, _Operator) and item.sign == "not":
            excluding = item.text
        else:
            done.append(item)
    return [*done, Piece(excluding, loose=True)] if excluding else done


def _items(text: str) -> Iterator[Piece | _Operator]:
    past = 0
    for quoted in _QUOTED.finditer(text):
        start = quoted.start()
        prefix = _prefix(text, past, start)
        yield from _runs(text, past, start - len(prefix))
        content = next(group for group in quoted.groups() if group is not None)
        piece = _piece(prefix, content, quoted=True)
        if piece:
            yield piece
        past = quoted.end()
    yield from _runs(text, past, len(text))


def _prefix(text: str, past: int, quote: int) -> str:
    """What stands right before a quotation mark and belongs to it: - or a field or both."""
    start = quote
    while start > past and not text[start - 1].isspace():
        start -= 1
    run = text[start:quote]
    if not run or (start == past and past > 0):
        return ""
    rest = run[1:] if run[0] in _MINUS else run
    named = _field(rest)
    return run if not rest or (named and not named[1]) else ""


def _runs(text: str, past: int, end: int) -> Iterator[Piece | _Operator]:
    """The pieces of text without quotation marks: what spaces divide, but those within a number or a date do not."""
    plain = text[past:end]
    held = _held(plain)
    start = 0
    for place in range(len(plain) + 1):
        if place < len(plain) and (not plain[place].isspace() or any(a < place < b for a, b in held)):
            continue
        run = plain[start:place]
        stands_free = start > 0 or past == 0
        start = place + 1
        if run in _OR or run in _NOT:
            yield _Operator("or" if run in _OR else "not", run)
            continue
        excludes = stands_free and run[:1] in [*_MINUS] and run[1:2] not in ["", *_DASHES]
        piece = _piece(run[:1] if excludes else "", run[1:] if excludes else run)
        if piece:
            yield piece


def _piece(prefix: str, text: str, quoted: bool = False) -> Piece | None:
    """The piece of a run or a quoted phrase, None if it has no token; `prefix` is what belongs to it before it."""
    excluded = prefix[:1] in [*_MINUS] and bool(prefix)
    before = prefix[excluded:]
    # Within quotation marks nothing is a field: they ask for just this.
    named = _field(before) if quoted else _field(before + text)
    if named is None:
        return Piece(text, quoted=quoted, excluded=excluded) if tokens_of_text(text) else None
    name, value = named[0], text if quoted else named[1]
    if not tokens_of_text(value) or (name == "日期" and span_of_text(value) is None):
        return Piece(before + text, loose=True)
    return Piece(value, name, quoted, excluded, whole="" if quoted else before + text)


def _field(run: str) -> tuple[FieldName, str] | None:
    """The field that a run begins with, and its value; None if there is none."""
    folded = fold_for_search(run)
    for name in FIELDS:
        if folded.text.startswith(f"{name}:"):
            return name, run[folded.raw_span(0, len(name) + 1)[1] :]
    return None


def _held(plain: str) -> list[tuple[int, int]]:
    """The places of numbers, of dates and amounts that are words by themselves, and of spans of dates in their field.

    No space in them divides.
    """
    folded = fold_for_search(plain)
    numbers = [folded.raw_span(start, end) for _, start, end in find_identifiers(folded.text)]
    values = [*find_dates(folded.text), *find_amounts(folded.text)]
    alone = [
        (start, end)
        for start, end in (folded.raw_span(start, end) for _, start, end in values)
        if not plain[:start].strip() or plain[start - 1].isspace()
        if not plain[end:].strip() or plain[end].isspace()
    ]
    return [*numbers, *alone, *(folded.raw_span(start, end) for start, end in _spans_of_dates(folded.text))]


def _spans_of_dates(text: str) -> Iterator[tuple[int, int]]:
    """The places of 日期: with two dates and spaces around what is between them."""
    for field in _DATE_FIELD.finditer(text):
        ends = [match.start() for match in _RUN_END.finditer(text, field.end())][:_MOST_RUNS]
        # 至 and 到 may begin another word; .. after a date begins none.
        both = [end for end in ends if text[end - 1] not in "至到" and span_of_text(text[field.end() : end])]
        if both:
            yield field.start(), max(both)
