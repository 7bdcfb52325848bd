"""What the fields of a query mean: looked up in the catalogue when it is asked, so that a change of it acts at once.

    案号     cases with this number in any form and bracket, with or without leading zeros, and those of whose number
             it is a part (whole runs of digits) or the last digits, from four
    嫌疑人   cases with a suspect whose name has this in it
    案由     cases whose charge has it
    承办人   cases, or proceedings of cases, whose handler's name has it
    卷       volumes of this number and kind as people write them (卷二, 第二卷, 证据卷2, 2), or with this in their name
    材料     documents with it in their title

Texts are compared folded as the search folds them, without spaces and punctuation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from dossier.catalogue.tables import Case, CaseNumber, Document, Person, Proceeding, Volume
from dossier.folding import fold_for_search
from dossier.numbers import canonical, folded
from dossier.place import volume_kind_and_number
from indexer.clause import Clause, OneOf
from indexer.identifiers import SHORTEST_TAIL
from indexer.query import Asked, Query
from indexer.syntax import FieldName
from indexer.tokens import tokens_of_text

_NUMERAL = re.compile(r"\d{1,4}|[〇零一二三四五六七八九十百]{1,5}")
_AT_ONCE = 500  # names in a statement
_LAST_DIGITS = re.compile(r"\d+(?=\D*$)")


def fields_of(session: Session, query: Query) -> dict[Asked, Clause]:
    """The clause of each field that a query asks for, but 日期, which pages tell by themselves."""
    return {asked: _LOOKED_UP[asked.name](session, asked.value) for asked in query.fields if asked.name in _LOOKED_UP}


def _by_number(session: Session, value: str) -> Clause:
    # All that fit, whether or not one fits best: that there is such a case out of sight must make no difference.
    asked, bare = _canonical(value), _without_zeros(value)
    rows = session.execute(select(CaseNumber.case_id, CaseNumber.canonical))
    fits = {
        case_id
        for case_id, number in rows
        if _canonical(number) == asked or _without_zeros(number) == bare or _is_part(value, number)
    }
    return _cases(session, fits)


def _by_suspect(session: Session, value: str) -> Clause:
    rows = session.execute(select(Person.case_id, Person.name).where(Person.role == "suspect"))
    return _cases(session, {case_id for case_id, name in rows if _has(name, value)})


def _by_charge(session: Session, value: str) -> Clause:
    rows = session.execute(select(Case.id, Case.charge).where(Case.charge != ""))
    return _cases(session, {case_id for case_id, charge in rows if _has(charge, value)})


def _by_handler(session: Session, value: str) -> Clause:
    of_cases = session.execute(select(Case.id, Case.handler).where(Case.handler != ""))
    of_proceedings = session.execute(select(Proceeding.case_id, Proceeding.handler).where(Proceeding.handler != ""))
    rows = [*of_cases, *of_proceedings]
    return _cases(session, {case_id for case_id, handler in rows if _has(handler, value)})


def _by_volume(session: Session, value: str) -> Clause:
    compact = _compact(value)
    kind, number = volume_kind_and_number(f"第{compact}卷" if _NUMERAL.fullmatch(compact) else compact)

    def fits(name: str) -> bool:
        its_kind, its_number = volume_kind_and_number(_compact(name))
        if number is None:
            # 证据卷 is short for 证据材料卷; with more than that (补充侦查卷张三) it is a name.
            return kind == its_kind if kind and set(compact) <= set(kind) else _has(name, value)
        return its_number == number and kind in ("", its_kind)

    return OneOf("volume_id", _of_names(session, Volume.id, Volume.name, fits))


def _by_document(session: Session, value: str) -> Clause:
    return OneOf("document_id", _of_names(session, Document.id, Document.title, lambda title: _has(title, value)))


_LOOKED_UP: Mapping[FieldName, Callable[[Session, str], Clause]] = {
    "案号": _by_number,
    "嫌疑人": _by_suspect,
    "案由": _by_charge,
    "承办人": _by_handler,
    "卷": _by_volume,
    "材料": _by_document,
}


def _cases(session: Session, found: Iterable[str]) -> OneOf:
    """These cases, and those that they have become part of."""
    into = dict(session.execute(select(Case.id, Case.merged_into).where(Case.merged_into.is_not(None))).all())
    ids = set(found)
    ahead = list(ids)
    while ahead:
        target = into.get(ahead.pop())
        if target is not None and target not in ids:
            ids.add(target)
            ahead.append(target)
    return OneOf("case_id", frozenset(ids))


def _of_names(
    session: Session,
    identity: InstrumentedAttribute[str],
    name: InstrumentedAttribute[str],
    fits: Callable[[str], bool],
) -> frozenset[str]:
    """The ids of the rows whose name fits; names are few, rows are many."""
    names = [each for each in session.scalars(select(name).distinct()) if fits(each)]
    ids: set[str] = set()
    for start in range(0, len(names), _AT_ONCE):
        ids |= set(session.scalars(select(identity).where(name.in_(names[start : start + _AT_ONCE]))))
    return frozenset(ids)


@lru_cache(maxsize=65536)
def _canonical(number: str) -> str:
    return canonical(fold_for_search(number).text)


@lru_cache(maxsize=65536)
def _without_zeros(number: str) -> str:
    return folded(fold_for_search(number).text)


def _is_part(value: str, number: str) -> bool:
    """Whether a value's tokens stand in a number side by side, or are the last digits of it."""
    asked, tokens = _tokens(value), _tokens(number)
    if any(tokens[start : start + len(asked)] == asked for start in range(len(tokens) - len(asked) + 1)):
        return True
    digits = "".join(asked)
    last = _LAST_DIGITS.search(_compact(number))
    return bool(last and digits.isdecimal() and len(digits) >= SHORTEST_TAIL and last.group().endswith(digits))


def _has(text: str, value: str) -> bool:
    return _compact(value) in _compact(text)


def _compact(text: str) -> str:
    return "".join(_tokens(text))


@lru_cache(maxsize=65536)
def _tokens(text: str) -> Sequence[str]:
    return tuple(tokens_of_text(text))
