"""Invented people with invented numbers: recognisable as such, yet with right check digits.

ID numbers begin with 990101 (no such area), phones with 1990000, cards with 999001 (no such bank); years lie in the
2030s. Nobody is meant.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

_FAMILY = "阙邬洪简温祝蓝谷柏岑卞蔺闵傅冷"
_GIVEN = "叙采若知青望听怀映照砚棠禾渡舟溪岚微澈屿榆芷"
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK = "10X98765432"


@dataclass(frozen=True, slots=True)
class Person:
    """An invented person."""

    name: str
    woman: bool
    born: tuple[int, int, int]
    id_number: str
    phone: str
    card: str

    @property
    def sex(self) -> str:
        """As forms write it."""
        return "女" if self.woman else "男"


def id_check_digit(first_seventeen: str) -> str:
    """The check digit of a resident identity number (GB 11643-1999, ISO 7064 MOD 11-2)."""
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, first_seventeen, strict=True))
    return _ID_CHECK[total % 11]


def luhn_digit(digits: str) -> str:
    """The check digit that makes a card number valid (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def person(chance: random.Random) -> Person:
    """Somebody who does not exist."""
    woman = chance.random() < 0.5
    born = (chance.randint(1960, 2004), chance.randint(1, 12), chance.randint(1, 28))
    serial = chance.randrange(50) * 2 + (0 if woman else 1)
    first = f"990101{born[0]}{born[1]:02}{born[2]:02}{chance.randrange(10)}{serial:02}"
    card = "999001" + "".join(str(chance.randrange(10)) for _ in range(12))
    name = chance.choice(_FAMILY) + "".join(chance.sample(_GIVEN, chance.choice((1, 2, 2, 2))))
    return Person(
        name=name,
        woman=woman,
        born=born,
        id_number=first + id_check_digit(first),
        phone=f"1990000{chance.randrange(10000):04}",
        card=card + luhn_digit(card),
    )


@dataclass(frozen=True, slots=True)
class Cast:
    """The people of one case: three suspects, victims, two investigators."""

    number: str
    suspects: tuple[Person, ...]
    victims: tuple[Person, ...]
    police: tuple[Person, ...]

    @property
    def everyone(self) -> tuple[Person, ...]:
        """All of them."""
        return self.suspects + self.victims + self.police


def cast(chance: random.Random) -> Cast:
    """A whole cast with names that differ from one another."""
    people: dict[str, Person] = {}
    while len(people) < 13:
        somebody = person(chance)
        people.setdefault(somebody.name, somebody)
    everyone = tuple(people.values())
    number = f"临检起诉受[2031]990101{chance.randint(1, 99999):05}号"
    return Cast(number, everyone[:3], everyone[3:11], everyone[11:])
