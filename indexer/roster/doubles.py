"""Homonyms 同名 and one ID under two names, within a roster."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from indexer.roster.people import Person, Remark
from indexer.tokens import tokens_of_text

_MOST_NAMED = 5


def with_doubles_marked(people: Sequence[Person]) -> list[Person]:
    """The same people, in the same order, with a remark for each that could be taken for another of them."""
    by_name: dict[str, list[Person]] = defaultdict(list)
    by_id: dict[str, list[Person]] = defaultdict(list)
    for person in people:
        if person.name:
            by_name[plain(person.name)].append(person)
        for number in person.id_numbers:
            by_id[number].append(person)
    told_apart = {name: all(person.id_numbers for person in group) for name, group in by_name.items()}
    marked = []
    for person in people:
        remarks = [*person.remarks]
        name = plain(person.name)
        namesakes = by_name.get(name, [])
        if len(namesakes) > 1:
            told = "证件号码不同" if told_apart[name] else "有人缺证件号码，无法区分"
            remarks.append(Remark("homonym", f"名册中有同名人员：{_others(person, namesakes)}，{told}"))
        for number in person.id_numbers:
            if len(by_id[number]) > 1:
                others = _others(person, by_id[number], with_names=True)
                remarks.append(Remark("id_under_two_names", f"同一证件号码 {number} 另有姓名：{others}"))
        marked.append(replace(person, remarks=tuple(remarks)))
    return marked


def longer_names(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """For each name that is part of others, those others: 王伟 of 王伟明."""
    known: dict[str, set[str]] = defaultdict(set)
    for name in names:
        known[plain(name)].add(name)
    containing: dict[str, set[str]] = defaultdict(set)
    for text, longer in known.items():
        for start in range(len(text)):
            for end in range(start + 1, len(text) + 1):
                if end - start < len(text):
                    for name in known.get(text[start:end], ()):
                        containing[name] |= longer
    return {name: tuple(sorted(longer)) for name, longer in containing.items()}


def plain(name: str) -> str:
    """A name as it is compared: by what is searched of it, however it was typed."""
    return "".join(tokens_of_text(name))


def _others(person: Person, group: Sequence[Person], with_names: bool = False) -> str:
    """The rows of the others in a group, a few of them: a hostile sheet may have thousands of one name."""
    named: list[str] = []
    for other in group:
        if len(named) == _MOST_NAMED:
            break
        if other is not person:
            rows = "第 " + "、".join(map(str, other.rows[:_MOST_NAMED])) + " 行"
            named.append(f"{other.name or '（无姓名）'}（{rows}）" if with_names else rows)
    left = len(group) - 1 - len(named)
    return "、".join(named) + (f" 等，另有 {left} 人" if left else "")
