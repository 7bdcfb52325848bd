"""Known items: what somebody looks for, and the pages that are right, told by the oracle."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.finding.exact_pages import ExactPage, Printed
from bench.finding.oracle import OraclePage, number_pattern, sum_of, tokens, where
from bench.finding.spellings import FULL_WIDTH, card_forms, date_forms, other_form, phone_forms
from bench.finding.spellings import amount_forms as sums_of

_CASE_NUMBER = re.compile(r"[（〔［【\[(﹝](?:19|20)\d\d[）〕］】\])﹞][一-鿿]\d{2,4}[一-鿿]{1,4}\d+号")


@dataclass(frozen=True)
class Item:
    """One query.

    Attributes:
        kind: of what is looked for.
        query: what is typed.
        expected: pages that must be found.
        allowed: pages that are right to find, the expected ones and others.
    """

    kind: str
    query: str
    expected: frozenset[str]
    allowed: frozenset[str]


def items_of(
    made: Sequence[ExactPage], pages: Sequence[OraclePage], printed: Printed, each: int, seed: int
) -> list[Item]:
    """Known items of every kind, at most `each` of a kind."""
    chance = random.Random(seed)
    flowing = [page for page in made if page.following is not None]
    items: list[Item] = []

    def phrases(kind: str, queries: Sequence[str]) -> None:
        for query in queries:
            said = tokens(query)
            found = where(pages, lambda page, said=said: page.says(said))  # type: ignore[misc]
            # What is a sum, too, may be found by its value.
            value = sum_of(query)
            equal = where(pages, lambda page, value=value: value in page.sums_perhaps)  # type: ignore[misc]
            items.append(Item(kind, query, found, found | equal))

    for length in (1, 2, 3, 4, 6, 8):
        kind = "one character" if length == 1 else f"{length} characters"
        phrases(kind, [_cut(chance.choice(made).reading.text, length, chance) for _ in range(each)])
    phrases("over a line's end", [_over_line(chance.choice(made), chance) for _ in range(each)])
    phrases("over the page turn", [_over_turn(chance.choice(flowing), chance) for _ in range(each)])
    phrases("name", _some(printed.values["name"], each, chance))

    def numbers(kind: str, values: Sequence[str], typed: Callable[[str], str]) -> None:
        for value in values:
            pattern = number_pattern(value)
            found = where(pages, lambda page, pattern=pattern: page.matches(pattern))  # type: ignore[misc]
            items.append(Item(kind, typed(value), found, found))

    own = _some(printed.values["number"], each, chance)
    numbers("case number as printed", own, str)
    numbers("case number in another form", own, lambda number: other_form(number, chance))
    published = list(dict.fromkeys(found for page in made for found in _CASE_NUMBER.findall(page.reading.text)))
    numbers(
        "published case number in another form",
        _some(published, each, chance),
        lambda number: other_form(number, chance),
    )
    numbers("ID number", _some(printed.values["id"], each, chance), str)
    numbers("phone", _some(printed.values["phone"], each, chance), lambda phone: chance.choice(phone_forms(phone)))
    numbers("card", _some(printed.values["card"], each, chance), lambda card: chance.choice(card_forms(card)))

    known = [*printed.values["phone"], *printed.values["card"], *printed.values["id"]]
    for kind, length in (("phone", 4), ("card", 4), ("id", 4), ("phone", 8)):
        for value in _some(printed.values[kind], each // 2, chance):
            tail = value[-length:]
            alike = [number_pattern(number) for number in known if number.endswith(tail)]
            whole = where(pages, lambda page, alike=alike: any(map(page.matches, alike)))  # type: ignore[misc]
            ends = number_pattern(tail, ending=True)
            value = int(re.sub(r"\D", "", tail))
            right = where(
                pages,
                lambda page, ends=ends, value=value: page.matches(ends) or value in page.sums_perhaps,  # type: ignore[misc]
            )
            items.append(Item(f"last {length} digits", tail, whole, whole | right))

    for day in _some(printed.values["date"], each, chance):
        same = where(pages, lambda page, day=day: day in page.days)  # type: ignore[misc]
        perhaps = where(pages, lambda page, day=day: day in page.days_perhaps)  # type: ignore[misc]
        for spelling, query in zip(("digits", "Han"), date_forms(day), strict=False):
            said = tokens(query)
            exact = where(pages, lambda page, said=said: page.says(said))  # type: ignore[misc]
            items.append(Item("date as typed", query, exact, exact | perhaps))
            items.append(Item(f"date in any spelling, typed in {spelling}", query, same, exact | perhaps))
    for amount in _some(printed.values["amount"], each, chance):
        same = where(pages, lambda page, amount=int(amount): amount in page.sums)  # type: ignore[misc]
        perhaps = where(pages, lambda page, amount=int(amount): amount in page.sums_perhaps)  # type: ignore[misc]
        for query in sums_of(int(amount)):
            said = tokens(query.removeprefix("人民币").removesuffix("整"))
            exact = where(pages, lambda page, said=said: page.says(said))  # type: ignore[misc]
            typed = query.removeprefix("人民币").removesuffix("整")
            items.append(Item("amount as typed", typed, exact, exact | perhaps))
            items.append(Item("amount in any spelling", typed, same, exact | perhaps))
    wide = [item for item in items if item.kind == "phone"][: each // 2]
    items += [
        Item("number in full width", item.query.translate(FULL_WIDTH), item.expected, item.allowed) for item in wide
    ]
    return [item for item in items if item.expected or item.kind.endswith("as typed")]


def _some(values: Sequence[str], count: int, chance: random.Random) -> list[str]:
    return chance.sample(list(values), min(count, len(values)))


def _is_han(text: str) -> bool:
    return all("\u4e00" <= character <= "\u9fff" for character in text)


def _cut(text: str, length: int, chance: random.Random) -> str:
    """Han characters that stand together in a line; one character of those that are there, if there is no such run."""
    lines = text.split("\n")
    for _ in range(1000):
        line = chance.choice(lines)
        start = chance.randrange(max(len(line) - length, 0) + 1)
        cut = line[start : start + length]
        if len(cut) == length and _is_han(cut):
            return cut
    return "的"


def _over_line(page: ExactPage, chance: random.Random) -> str:
    lines = page.reading.text.split("\n")
    for _ in range(1000):
        row = chance.randrange(max(len(lines) - 1, 1))
        cut = lines[row][-chance.randint(1, 4) :] + "".join(lines[row + 1 : row + 2])[: chance.randint(1, 4)]
        if len(cut) > 1 and len(lines) > 1 and _is_han(cut):
            return cut
    return _cut(page.reading.text, 2, chance)


def _over_turn(page: ExactPage, chance: random.Random) -> str:
    assert page.following is not None
    before, after = page.reading.lines[-1].text, page.following.lines[0].text
    cuts = [before[-left:] + after[:right] for left in range(1, 5) for right in range(1, 5)]
    together = [cut for cut in cuts if _is_han(cut)]
    return chance.choice(together) if together else before[-4:] + after[:4]
