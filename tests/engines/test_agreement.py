"""Hundreds of generated queries: every engine answers what a search by brute force answers, in the same order."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from printed import place, printed

from indexer.engine import Engine
from indexer.entry import entry_of_page
from indexer.query import ladder, understand
from indexer.sight import Sight

SIDE = 32  # tokens that a phrase may have on each side of the page turn

# Few enough that phrases of two and three often occur, and of every kind of token.
HAN = [*"甲乙丙丁被告人钱〇𠮷𰵧㐂"]
RUNS = ["7", "12", "305", "ab", "qr", "сто"]
PHONES = [f"199{number:08}" for number in (1, 12345678, 87654321, 2345678, 40005678)]
FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


@dataclass(frozen=True)
class Page:
    """A page as the generator knows it: its true tokens, whatever the print looks like."""

    page_id: str
    case_id: str
    department: str
    volume: str
    number: int
    tokens: tuple[str, ...]


def made(chance: random.Random) -> list[list[Page]]:
    """Volumes of pages, in page order."""
    volumes: list[list[Page]] = []
    for case in range(4):
        for volume in range(2):
            pages = [
                Page(
                    page_id=f"p{chance.randrange(10**9):09}",
                    case_id=f"c{case}",
                    department="一部" if case % 2 else "二部",
                    volume=str(volume),
                    number=number,
                    tokens=tuple(
                        chance.choices(
                            [*HAN, *RUNS, *PHONES], [8] * len(HAN) + [3] * len(RUNS) + [1] * len(PHONES), k=size
                        )
                    ),
                )
                for number, size in enumerate((chance.choice((0, 1, 5, 40, 120)) for _ in range(12)), 1)
            ]
            volumes.append(pages)
    return volumes


def print_of(tokens: tuple[str, ...], chance: random.Random) -> list[str]:
    """Lines that say these tokens, with spaces, punctuation, brackets, wide forms and capitals here and there."""
    lines = [""]
    previous = "，"
    for token in tokens:
        if chance.random() < 0.06:
            lines.append("")
        elif not (is_han(token) or is_han(previous)) or chance.random() < 0.15:
            # Two runs of the same kind need something between them; a comma, since a space may join digits.
            lines[-1] += chance.choice(["，", "、", "；", "（", "】", "〔", "——", "·", " ，"])
        elif chance.random() < 0.15:
            lines[-1] += chance.choice([" ", "\u3000"])
        shown = token.translate(FULL_WIDTH) if chance.random() < 0.2 else token
        lines[-1] += shown.upper() if chance.random() < 0.3 else shown
        previous = token
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


def expected(volumes: list[list[Page]], words: list[tuple[str, ...]], in_sight: set[str]) -> list[tuple[str, str]]:
    """The hits of a query of words, by brute force: rungs first, then case, volume and page."""
    phrase = tuple(token for word in words for token in word)
    ranked: list[tuple[int, tuple[str, str, int, str], str]] = []
    for volume in volumes:
        for page, following in zip(volume, [*volume[1:], None], strict=True):
            if page.case_id not in in_sight:
                continue
            digits = [asks_for_number(word, len(words)) for word in words]
            rungs = []
            if any(digits) and all(
                any(token in PHONES and token.endswith(digit) for token in page.tokens)
                if digit
                else says(page, following, word)
                for word, digit in zip(words, digits, strict=True)
            ):
                rungs.append((0, "identifier"))
            if says(page, following, phrase):
                rungs.append((1, "phrase"))
            if all(says(page, following, word) for word in words):
                rungs.append((2, "words" if len(words) > 1 else "phrase"))
            if rungs:
                rank, rung = min(rungs)
                ranked.append((rank, (page.case_id, page.volume, page.number, page.page_id), rung))
    return [(order[3], rung) for _, order, rung in sorted(ranked)]


def asks_for_number(word: tuple[str, ...], words: int) -> str:
    """The digits by which a word asks for a number that ends in them, if it does."""
    (digits, *more) = word
    looks_like_year = len(digits) == 4 and digits[:2] in ("19", "20") and words > 1
    return digits if digits.isdigit() and len(digits) >= 4 and not more and not looks_like_year else ""


def a_query(volumes: list[list[Page]], chance: random.Random) -> list[tuple[str, ...]]:
    """Words cut out of the pages, over their turns too, and some that stand nowhere."""
    words: list[tuple[str, ...]] = []
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3))):
        volume = chance.choice(volumes)
        if chance.random() < 0.15:
            words.append((chance.choice(PHONES)[-chance.choice((4, 5, 8, 11)) :],))
            continue
        place = chance.randrange(len(volume) - 1)
        text = (*volume[place].tokens, *volume[place + 1].tokens)
        if not text:
            continue
        start = chance.randrange(len(text))
        word = text[start : start + chance.choice((1, 1, 2, 2, 3, 4, 8, 70))]
        words.append(tuple(reversed(word)) if chance.random() < 0.1 else word)
    return words or [(HAN[0],)]


def typed(words: list[tuple[str, ...]]) -> str:
    """What somebody types for these words; quotation marks keep a word of several runs together."""
    shown = []
    for word in words:
        text = ""
        for token in word:
            text += token if not text or is_han(token) or is_han(text[-1]) else f" {token}"
        shown.append(f'"{text}"' if len(word) > 1 else text)
    return " ".join(shown)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_engine_answers_as_brute_force_does(engine: Engine, seed: int) -> None:
    chance = random.Random(seed)
    volumes = made(chance)
    changes = []
    for volume in volumes:
        readings = [printed(*print_of(page.tokens, chance)) for page in volume]
        for page, reading, following in zip(volume, readings, [*readings[1:], None], strict=True):
            where = place(page.page_id, page.case_id, page.number, department=page.department, volume=page.volume)
            changes.append(entry_of_page(where, len(changes) + 1, reading, following))
    chance.shuffle(changes)
    for start in range(0, len(changes), 29):
        assert engine.apply(changes[start : start + 29]) == []
    found_something = 0
    for _ in range(150):
        words = a_query(volumes, chance)
        department = chance.choice(("一部", "二部", None))
        sight = Sight(departments=frozenset({department}) if department else None)
        in_sight = {page.case_id for volume in volumes for page in volume if department in (None, page.department)}
        hits = engine.search(ladder(understand(typed(words)), sight), 1000)
        answer = [(hit.page_id, hit.rung) for hit in hits.hits]
        assert expected(volumes, words, in_sight) == answer, typed(words)
        assert hits.total == len(answer)
        found_something += bool(answer)
    assert found_something > 75  # the queries ask for something
