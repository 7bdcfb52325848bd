"""Hundreds of generated queries: every engine answers what a search by brute force answers, in the same order.

The oracle knows the true tokens and values of each page and the tree of each query; it shares no code with the matcher.
"""

from __future__ import annotations

import itertools
import random
import re
from dataclasses import dataclass, field

import pytest
from printed import place, printed

from indexer.clause import OneOf
from indexer.engine import Engine, Search
from indexer.entry import entry_of_page
from indexer.query import ladder, understand
from indexer.sight import Sight

SIDE = 32  # tokens that a phrase may have on each side of the page turn

# Few enough that phrases of two and three often occur, and of every kind of token.
HAN = [*"甲乙丙丁被告人入己已钱〇𠮷𰵧㐂"]
RUNS = ["7", "12", "305", "ab", "qr", "сто"]
PHONES = [f"199{number:08}" for number in (1, 12345678, 87654321, 2345678, 40005678)]
FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
# Which of these look alike; the others have no look-alike among them.
LOOK_ALIKES = {"人": "入", "入": "人", "己": "已", "已": "己"}
# Dates and amounts as printed, with their values.
VALUES = {
    "二〇二〇年三月五日": "2020-03-05",
    "2020年3月5日": "2020-03-05",
    "2020-03-05": "2020-03-05",
    "2020年3月": "2020-03",
    "二〇二〇年四月一日": "2020-04-01",
    "3.8万元": "¥38000",
    "38,000元": "¥38000",
    "叁万捌仟元整": "¥38000",
    "5000.50": "¥5000.5",
    "伍仟元伍角": "¥5000.5",
}
SPANS = {
    "2020-03": ("2020-03", "2020-03-31"),
    "2020-03-05..2020-04": ("2020-03-05", "2020-04-30"),
    "..2020-03": ("0000", "2020-03-31"),
    "2020-04-01..": ("2020-04-01", "9999"),
}


@dataclass(frozen=True)
class Page:
    """A page as the generator knows it: its true tokens and values, whatever the print looks like."""

    page_id: str
    case_id: str
    department: str
    volume: str
    number: int
    parts: tuple[str, ...]  # tokens, and dates and amounts as printed
    tokens: tuple[str, ...]


@dataclass(frozen=True)
class Leaf:
    """What a query asks for at one place, in one of several ways."""

    typed: str
    tokens: tuple[str, ...] = ()
    digits: str = ""  # by which a number is asked for
    value: str = ""  # a date or an amount
    quoted: bool = False
    cases: frozenset[str] = frozenset()  # of a field
    span: tuple[str, str] | None = None
    excluded: bool = False

    @property
    def has_value(self) -> bool:
        return bool(self.digits or self.value)

    @property
    def wanted(self) -> tuple[str, ...]:
        return () if self.excluded else self.tokens


@dataclass(frozen=True)
class Asked:
    """A query: of each group one leaf; and an operator by mistake at its end."""

    groups: list[list[Leaf]]
    slip: tuple[str, ...] = ()
    typed: str = field(default="")


def cut(text: str) -> tuple[str, ...]:
    """The tokens of a printed date or amount."""
    return tuple(re.findall(r"\d+|[^\W\d]", text))


def made(chance: random.Random) -> list[list[Page]]:
    """Volumes of pages, in page order."""
    kinds = [*HAN, *RUNS, *PHONES, *VALUES]
    weights = [8] * len(HAN) + [3] * len(RUNS) + [1] * len(PHONES) + [1] * len(VALUES)
    volumes: list[list[Page]] = []
    for case in range(4):
        for volume in range(2):
            pages = []
            for number, size in enumerate((chance.choice((0, 1, 5, 40, 120)) for _ in range(12)), 1):
                parts = tuple(chance.choices(kinds, weights, k=size))
                tokens = tuple(token for part in parts for token in (cut(part) if part in VALUES else (part,)))
                department = "一部" if case % 2 else "二部"
                page_id = f"p{chance.randrange(10**9):09}"
                pages.append(Page(page_id, f"c{case}", department, str(volume), number, parts, tokens))
            volumes.append(pages)
    return volumes


def print_of(parts: tuple[str, ...], chance: random.Random) -> list[str]:
    """Lines that say these, with spaces, punctuation, brackets, wide forms and capitals here and there."""
    lines = [""]
    previous = "，"
    for part in parts:
        if part in VALUES:
            lines[-1] += f"；{part}；"
            previous = "；"
            continue
        if chance.random() < 0.06:
            lines.append("")
        elif not (is_han(part) or is_han(previous)) or chance.random() < 0.15:
            # Two runs of the same kind need something between them; no space or comma, which may join digits.
            lines[-1] += chance.choice(["、", "；", "（", "】", "〔", "——", "·"])
        elif chance.random() < 0.15:
            lines[-1] += chance.choice([" ", "\u3000", "，"])
        shown = part.translate(FULL_WIDTH) if chance.random() < 0.2 else part
        lines[-1] += shown.upper() if chance.random() < 0.3 else shown
        previous = part
    return lines


def is_han(token: str) -> bool:
    return token in HAN


def sits_in(phrase: tuple[str, ...], tokens: tuple[str, ...]) -> bool:
    return any(tokens[start : start + len(phrase)] == phrase for start in range(len(tokens) - len(phrase) + 1))


def says(page: Page, following: Page | None, phrase: tuple[str, ...]) -> bool:
    """Whether a phrase stands on a page, or begins on it and ends on the next one."""
    if sits_in(phrase, page.tokens):
        return True
    after = following.tokens if following else ()
    return any(
        page.tokens[-cut:] == phrase[:cut] and after[: len(phrase) - cut] == phrase[cut:]
        for cut in range(1, len(phrase))
        if cut <= SIDE and len(phrase) - cut <= SIDE and page.tokens
    )


def has_value(page: Page, leaf: Leaf) -> bool:
    """Whether a page has a leaf's number, date or amount; a month has its days."""
    values = [VALUES[part] for part in page.parts if part in VALUES]
    by_digits = [part for part in page.parts if part in PHONES and leaf.digits and part.endswith(leaf.digits)]
    return bool(by_digits) or any(
        leaf.value and (value == leaf.value or (len(leaf.value) == 7 and value.startswith(f"{leaf.value}-")))
        for value in values
    )


def is_misread(page: Page, word: tuple[str, ...]) -> bool:
    """Whether a word stands on a page with one reading error, or with two look-alikes."""
    return any(has_error(word, page.tokens[start:]) for start in range(len(page.tokens)))


def has_error(word: tuple[str, ...], tokens: tuple[str, ...]) -> bool:
    """Whether tokens begin with a word in which there is an error."""
    size = len(word)
    if size < 2:
        return False
    pairs = list(zip(word, tokens, strict=False))
    alike = all(one == other or LOOK_ALIKES.get(one) == other for one, other in pairs)
    if alike and len(tokens) >= size and sum(one != other for one, other in pairs) <= 2:
        return True
    lost = range(1, 2) if size == 3 else range(size) if size > 3 else ()
    if any(may_be_lost(word[at]) and tokens[: size - 1] == word[:at] + word[at + 1 :] for at in lost):
        return True
    extra = (tokens[:at] == word[:at] and tokens[at + 1 : size + 1] == word[at:] for at in range(2, size - 1))
    other = (
        may_be_lost(word[at]) and tokens[:at] == word[:at] and tokens[at + 1 : size] == word[at + 1 :]
        for at in range(2, size - 2)
    )
    return any(extra) or any(other)


def may_be_lost(token: str) -> bool:
    return len(token) == 1 and not token.isascii() and token not in "〇二三四五一万"


def holds(leaf: Leaf, page: Page, following: Page | None, way: str) -> bool:
    """Whether a leaf holds for a page, in the way of a rung: by value, plainly, or with reading errors."""
    if leaf.span:
        found = any(leaf.span[0] <= VALUES[part] <= leaf.span[1] for part in page.parts if VALUES.get(part, "¥") < "9")
    elif leaf.cases:
        found = page.case_id in leaf.cases
    elif leaf.excluded:
        found = says(page, following, leaf.tokens) or has_value(page, leaf)
    elif way == "value":
        found = has_value(page, leaf) if leaf.has_value else says(page, following, leaf.tokens)
    elif way == "similar":
        plain = says(page, following, leaf.tokens) or has_value(page, leaf)
        found = plain or (not leaf.quoted and is_misread(page, leaf.tokens))
    else:
        found = says(page, following, leaf.tokens)
    return found != leaf.excluded


def rung_of(asked: Asked, page: Page, following: Page | None) -> str:
    """The best rung that finds a page, "" if none does."""

    def every(way: str) -> bool:
        return all(any(holds(leaf, page, following, way) for leaf in group) for group in asked.groups)

    valued = [leaf for group in asked.groups for leaf in group if leaf.has_value and not leaf.excluded]
    if every("value") and any(holds(leaf, page, following, "value") for leaf in valued):
        return "identifier"
    for choices in itertools.product(*asked.groups):
        phrase = tuple(token for leaf in choices for token in leaf.wanted) + asked.slip
        others = [leaf for leaf in choices if not leaf.wanted]
        if phrase and says(page, following, phrase) and all(holds(leaf, page, following, "plain") for leaf in others):
            return "phrase"
    return "words" if every("plain") else "similar" if can_be_similar(asked) and every("similar") else ""


def can_be_similar(asked: Asked) -> bool:
    """Whether there is a word that can be misread: one of several characters, not in quotation marks."""
    return any(
        not leaf.quoted and (len(leaf.tokens) > 1 or len("".join(leaf.tokens)) > 3)
        for group in asked.groups
        for leaf in group
        if leaf.wanted
    )


RUNGS = ("identifier", "phrase", "words", "similar")


def expected(volumes: list[list[Page]], asked: Asked, in_sight: set[str]) -> list[tuple[str, str]]:
    """The hits of a query, by brute force: rungs first, then case, volume and page."""
    ranked: list[tuple[int, tuple[str, str, int, str], str]] = []
    for volume in volumes:
        for page, following in zip(volume, [*volume[1:], None], strict=True):
            rung = rung_of(asked, page, following) if page.case_id in in_sight else ""
            if rung:
                order = (page.case_id, page.volume, page.number, page.page_id)
                ranked.append((RUNGS.index(rung), order, rung))
    return [(order[3], rung) for _, order, rung in sorted(ranked)]


def a_word(volumes: list[list[Page]], chance: random.Random) -> Leaf:
    """A word cut out of the pages, over their turns too, sometimes turned round or misread."""
    text: tuple[str, ...] = ()
    while not text:
        volume = chance.choice(volumes)
        at = chance.randrange(len(volume) - 1)
        text = (*volume[at].tokens, *volume[at + 1].tokens)
    start = chance.randrange(len(text))
    word = text[start : start + chance.choice((1, 1, 2, 2, 3, 4, 5, 8, 70))]
    if chance.random() < 0.1:
        word = tuple(reversed(word))
    if chance.random() < 0.3:
        word = tuple(LOOK_ALIKES.get(token, token) for token in word)
    if len(word) > 3 and chance.random() < 0.3:
        at = chance.randrange(len(word))
        word = (*word[:at], chance.choice(HAN), *word[at + chance.choice((0, 1)) :])
    runs = any(not (is_han(one) or is_han(other)) for one, other in itertools.pairwise(word))
    numbers = any(token.isdigit() and len(token) > 3 for token in word)
    if len(word) == 1 and word[0].isdigit():
        return Leaf(word[0], word, digits=word[0] if len(word[0]) > 3 else "")
    if len(word) <= 5 and not runs and not numbers and set(word) <= {*HAN, *RUNS}:
        return Leaf("".join(word), word)
    shown = ""
    for token in word:
        shown += token if not shown or is_han(token) or is_han(shown[-1]) else f" {token}"
    return Leaf(chance.choice(('"{}"', "“{}”", "「{}」")).format(shown), word, quoted=True)


def a_leaf(volumes: list[list[Page]], chance: random.Random) -> Leaf:
    kind = chance.random()
    if kind < 0.1:
        digits = chance.choice(PHONES)[-chance.choice((4, 5, 8, 11)) :]
        return Leaf(digits, (digits,), digits=digits)
    if kind < 0.2:
        typed = chance.choice(list(VALUES))
        return Leaf(typed, cut(typed), value=VALUES[typed])
    if kind < 0.25:
        typed = chance.choice(list(SPANS))
        return Leaf(f"日期:{typed}", span=SPANS[typed])
    if kind < 0.3:
        names = sorted(chance.sample(["c0", "c1", "c2", "c3"], 2))
        return Leaf(f"案由：{''.join(names)}", cases=frozenset(names))
    return a_word(volumes, chance)


def a_query(volumes: list[list[Page]], chance: random.Random) -> Asked:
    groups: list[list[Leaf]] = []
    shown = []
    words = chance.choice((1, 1, 1, 2, 2, 3))
    while words > 0:
        leaves = [a_leaf(volumes, chance) for _ in range(min(words, chance.choice((1, 1, 1, 2))))]
        words -= len(leaves)
        excluded = [leaf if chance.random() < 0.85 else excluding(leaf, chance) for leaf in leaves]
        groups.append(excluded)
        shown.append(" OR ".join(leaf.typed for leaf in excluded))
    if sum(len(group) for group in groups) > 1:
        groups = [[as_year(leaf) for leaf in group] for group in groups]
    slip = chance.random() < 0.05
    return Asked(groups, ("or",) if slip else (), " ".join([*shown, *(["OR"] if slip else [])]))


def excluding(leaf: Leaf, chance: random.Random) -> Leaf:
    typed = chance.choice(("-", "－", "NOT ")) + leaf.typed
    return Leaf(typed, leaf.tokens, leaf.digits, leaf.value, leaf.quoted, leaf.cases, leaf.span, excluded=True)


def as_year(leaf: Leaf) -> Leaf:
    """Four digits beside other words are a year, if they look like one, and no end of a number."""
    looks_like_year = len(leaf.digits) == 4 and leaf.digits[:2] in ("19", "20")
    return Leaf(leaf.typed, leaf.tokens, excluded=leaf.excluded) if looks_like_year else leaf


def search_of(asked: Asked, department: str | None) -> Search:
    """The search for a query; its charges name their cases."""
    query = understand(asked.typed)
    fields = {
        named: OneOf("case_id", frozenset(re.findall("c[0-3]", named.value)))
        for named in query.fields
        if named.name == "案由"
    }
    return ladder(query, Sight(departments=frozenset({department}) if department else None), fields)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_engine_answers_as_brute_force_does(engine: Engine, seed: int) -> None:
    chance = random.Random(seed)
    volumes = made(chance)
    changes = []
    for volume in volumes:
        readings = [printed(*print_of(page.parts, chance)) for page in volume]
        for page, reading, following in zip(volume, readings, [*readings[1:], None], strict=True):
            where = place(page.page_id, page.case_id, page.number, department=page.department, volume=page.volume)
            changes.append(entry_of_page(where, len(changes) + 1, reading, following))
    chance.shuffle(changes)
    for start in range(0, len(changes), 29):
        assert engine.apply(changes[start : start + 29]) == []
    found_something = 0
    rungs: set[str] = set()
    for _ in range(150):
        asked = a_query(volumes, chance)
        department = chance.choice(("一部", "二部", None))
        in_sight = {page.case_id for volume in volumes for page in volume if department in (None, page.department)}
        hits = engine.search(search_of(asked, department), 1000)
        answer = [(hit.page_id, hit.rung) for hit in hits.hits]
        assert expected(volumes, asked, in_sight) == answer, asked.typed
        rungs.update(rung for _, rung in answer)
        assert hits.total == len(answer)
        found_something += bool(answer)
    assert found_something > 75  # the queries ask for something
    assert rungs == set(RUNGS)
