"""Did you mean 您是不是要找: names known in the catalogue that are one character away from what was typed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from dossier.catalogue.tables import Case, Person
from dossier.folding import HAN, fold_for_search
from indexer.look_alikes import alternatives
from indexer.sight import Sight
from indexer.syntax import FieldName, groups_of

_NAME = re.compile(rf"(?<![{HAN}])[{HAN}]{{2,4}}(?![{HAN}])")
# SQLite takes expressions no deeper than 1,000, and each alternative is one deeper (sqlite.org/limits.html).
_FORMS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Proposal:
    """A query with a name in place of a word that finds little.

    Attributes:
        query: what to ask instead.
        name: the name that is known.
        total: how many pages that finds, exactly.
    """

    query: str
    name: str
    total: int

    def as_json(self) -> dict[str, Any]:
        """The form of `edossier search --json` and of the API."""
        return {"query": self.query, "name": self.name, "total": self.total}


def near_names(word: str, names: Iterable[str]) -> list[str]:
    """The names of two to four Han that are one character away, the nearest first.

    One character away: one is another, one is missing, or one is too many. Of two names of two Han, the surname must
    be the same or look alike: otherwise everybody is near to everybody. Nearest are names that differ in a look-alike,
    then those of the same length, then those that agree longer from the beginning.

    Args:
        word: what was typed, two to four Han.
        names: those that may be proposed.
    """
    asked = _folded(word)
    near = {name: _folded(name) for name in names if _NAME.fullmatch(name) and _is_near(asked, _folded(name))}

    def distance(name: str) -> tuple[bool, bool, int, str]:
        folded = near[name]
        return not _looks_alike(asked, folded), len(folded) != len(asked), -_common_start(asked, folded), name

    return sorted(near, key=distance)


def proposed_queries(query: str, names: Iterable[str]) -> list[tuple[str, str]]:
    """(query, name) with one word of a query replaced by a name near to it, the nearest of each word first.

    Only words that pages are to have: what is excluded and the names of fields stay.
    """
    known = list(names)
    fixed = _fixed(query)
    proposed = [
        (query[: word.start()] + name + query[word.end() :], name)
        for word in _NAME.finditer(query)
        for name in near_names(word[0], known)
    ]
    return [(text, name) for text, name in proposed if _fixed(text) == fixed]


def _fixed(query: str) -> list[tuple[FieldName | None, str]]:
    """What of a query a proposal leaves as it is: its fields, and what it excludes."""
    pieces = (piece for group in groups_of(query) for piece in group)
    return [(piece.field, piece.text if piece.excluded else "") for piece in pieces]


def names_in_sight(session: Session, query: str, sight: Sight) -> set[str]:
    """The names of suspects and handlers, in cases within sight, that may be near to a word of a query."""
    forms = sorted({form for word in _NAME.finditer(query) for form in _forms(word[0])})
    suspects = select(Person.name, Case).join(Case, Case.id == Person.case_id)
    handlers = select(Case.handler, Case)
    return {
        name
        for start in range(0, len(forms), _FORMS_AT_ONCE)
        for rows in (
            session.execute(suspects.where(_is_like(Person.name, forms[start : start + _FORMS_AT_ONCE]))),
            session.execute(handlers.where(_is_like(Case.handler, forms[start : start + _FORMS_AT_ONCE]))),
        )
        for name, case in rows
        if sight.allows(case)
    }


def _is_like(column: InstrumentedAttribute[str], forms: list[str]) -> ColumnElement[bool]:
    return or_(*(column.like(form) for form in forms))


def _forms(word: str) -> set[str]:
    """The patterns of SQL's LIKE of all that is one character away, as typed and as folded."""
    return {
        form
        for typed in {word, _folded(word)}
        for at in range(len(typed) + 1)
        for form in (f"{typed[:at]}_{typed[at + 1 :]}", typed[:at] + typed[at + 1 :], f"{typed[:at]}_{typed[at:]}")
    }


@lru_cache(maxsize=65536)
def _folded(name: str) -> str:
    return fold_for_search(name).text


def _is_near(one: str, other: str) -> bool:
    start = _common_start(one, other)
    if len(one) == len(other):
        is_one_away = one != other and one[start + 1 :] == other[start + 1 :]
        return is_one_away and (start > 0 or len(one) > 2 or _looks_alike(one, other))
    shorter, longer = sorted((one, other), key=len)
    return len(longer) - len(shorter) == 1 and shorter[start:] == longer[start + 1 :]


def _looks_alike(one: str, other: str) -> bool:
    """Whether two names one character away differ in characters that are taken for each other."""
    start = _common_start(one, other)
    return len(one) == len(other) and other[start : start + 1] in alternatives(one[start : start + 1])


def _common_start(one: str, other: str) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
