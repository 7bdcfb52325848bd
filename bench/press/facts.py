"""Invented places, days and sums. The city, its offices, banks and roads do not exist."""

from __future__ import annotations

import random

from bench.press.cast import Person

CITY = "云屏市"
POLICE = "云屏市公安局临溪分局"
BANKS = ("云屏农商银行", "临溪村镇银行", "澄江银行云屏支行")


def some_day(chance: random.Random, year: int = 2031) -> str:
    """A day of a year, as documents write it."""
    return f"{year}年{chance.randint(1, 12)}月{chance.randint(1, 28)}日"


def some_money(chance: random.Random) -> str:
    """A sum of yuan with its cents."""
    return f"{chance.randrange(800, 9_800_000) / 10:.2f}"


def birth_date(person: Person) -> str:
    """As documents write it."""
    return "{}年{}月{}日".format(*person.born)


def grouped(card: str) -> str:
    """A card's number in groups of four."""
    return " ".join(card[start : start + 4] for start in range(0, len(card), 4))
