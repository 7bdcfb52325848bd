"""Clauses for what people have read on pages 人工校录: it stands in the fields of what the program read, marked."""

from __future__ import annotations

from dataclasses import replace

from indexer.clause import NOTHING, AllOf, AnyOf, Apart, Clause, Not, Phrase, Prefix, Range, Term
from indexer.entry import HUMAN_MARK

_OF_TEXT = frozenset({"singles", "pairs", "identifiers", "tails", "dates", "amounts"})


def of_human_text(clause: Clause) -> Clause:
    """What a clause finds of the program's reading, found of people's instead; a turn of the page they have none."""
    match clause:
        case AllOf(clauses):
            return AllOf(tuple(map(of_human_text, clauses)))
        case AnyOf(clauses):
            found = tuple(human for human in map(of_human_text, clauses) if human != NOTHING)
            return found[0] if len(found) == 1 else AnyOf(found)
        case Not(inner):
            return Not(of_human_text(inner))
        case Term(field, value) | Prefix(field, value):
            return replace(clause, value=_marked(value)) if field in _OF_TEXT else NOTHING
        case Phrase(field, values):
            return Phrase(field, tuple(map(_marked, values))) if field in _OF_TEXT else NOTHING
        case Range(field, low, high):
            return Range(field, _marked(low), _marked(high))
        case Apart(field, left, gap, right):
            return Apart(field, tuple(map(_marked, left)), gap, tuple(map(_marked, right)))
    return NOTHING


def of_either(clause: Clause) -> Clause:
    """What a clause finds, each part of it read by the program or by people."""
    match clause:
        case AllOf(clauses):
            return AllOf(tuple(map(of_either, clauses)))
        case AnyOf(clauses):
            return AnyOf(tuple(map(of_either, clauses)))
        case Not(inner):
            return Not(of_either(inner))
    human = of_human_text(clause)
    return clause if human == NOTHING else AnyOf((clause, human))


def excluding_either(clause: Clause) -> Clause:
    """A clause, of which what is excluded is excluded where people have read it, too."""
    match clause:
        case AllOf(clauses):
            return AllOf(tuple(map(excluding_either, clauses)))
        case AnyOf(clauses):
            return AnyOf(tuple(map(excluding_either, clauses)))
        case Not(inner):
            return Not(of_either(inner))
    return clause


def _marked(value: str) -> str:
    return f"{HUMAN_MARK}{value}"
