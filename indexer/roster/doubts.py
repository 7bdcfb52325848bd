"""Doubts: pages on which a person's name was found and no number of theirs, and which may be about somebody else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache

from indexer.roster.doubles import plain
from indexer.roster.headings import CARD, ID_NUMBER, NAME, PHONE
from indexer.roster.matrix import NAMESAKE, OTHER_ID, PART_OF_NAME
from indexer.roster.passages import Passage, spaced
from indexer.roster.people import Person

_NUMBERS = {ID_NUMBER, PHONE, CARD}
"""What tells a person from all others; a sum does not."""

Found = dict[str, set[str]]
"""The details found of a person, by page id."""

Doubts = dict[str, tuple[str, str]]
"""(doubt, what was seen) by page id."""

Texts = Callable[[Sequence[str]], Iterable[tuple[str, tuple[str, ...]]]]
"""From page ids to (page id, lines)."""


def doubts_of(
    people: Sequence[Person],
    found: Sequence[Found],
    pages_of_longer: Mapping[str, Mapping[str, Collection[str]]],
    texts: Texts,
) -> list[Doubts]:
    """For each person the doubts about pages on which their name was found and no number of theirs.

    Args:
        people: the people of the roster.
        found: what was found of each.
        pages_of_longer: by name the longer names that contain it, and by these the pages on which they stand.
        texts: gives the lines of pages; those that cannot be had are left out, and then not in doubt.
    """
    plain_once, spaced_once = cache(plain), cache(spaced)
    doubts: list[Doubts] = [{} for _ in people]
    by_page: dict[str, list[int]] = defaultdict(list)
    for place, pages in enumerate(found):
        for page_id, details in pages.items():
            if NAME in details:
                by_page[page_id].append(place)
    asked: dict[str, list[int]] = {}
    for page_id, places in by_page.items():
        # Whose number is on the page is on it; who has the name alone may be that one.
        told = {plain_once(people[place].name): place for place in places if found[place][page_id] & _NUMBERS}
        for place in places:
            person = people[place]
            if found[place][page_id] & _NUMBERS:
                continue
            namesake = told.get(plain_once(person.name))
            if namesake is not None:
                doubts[place][page_id] = (NAMESAKE, f"第 {people[namesake].rows[0]} 行")
            elif person.id_numbers or _longer(pages_of_longer, person.name, page_id):
                asked.setdefault(page_id, []).append(place)
    for page_id, lines in texts(sorted(asked)):
        passage = Passage(lines)
        here = {spaced_once(people[place].name) for place in by_page[page_id]}
        for place in asked[page_id]:
            person = people[place]
            name = spaced_once(person.name)
            longer = {spaced_once(one): one for one in _longer(pages_of_longer, person.name, page_id)}
            if within := passage.part_of(name, longer):
                doubts[place][page_id] = (PART_OF_NAME, longer[within])
            elif person.id_numbers:
                number = passage.id_after(name, here - {name})
                if number and number not in person.id_numbers:
                    doubts[place][page_id] = (OTHER_ID, number + _likeness(number, person.id_numbers))
    return doubts


def _longer(pages_of_longer: Mapping[str, Mapping[str, Collection[str]]], name: str, page_id: str) -> list[str]:
    """The longer names on a page that contain a name."""
    return [longer for longer, pages in pages_of_longer.get(name, {}).items() if page_id in pages]


def _likeness(number: str, own: Iterable[str]) -> str:
    """A remark where a number is so like a person's own that it may be misread."""
    fewest = min(
        (sum(a != b for a, b in zip(number, mine, strict=True)) for mine in own if len(mine) == len(number)), default=18
    )
    return f"（与名册号码只差 {fewest} 位，可能是识别或填写有误）" if fewest <= 2 else ""
