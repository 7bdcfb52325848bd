"""Sheets with nothing, or next to nothing, on them."""

from __future__ import annotations

import random

from bench.press.cast import Cast
from bench.press.numbering import number_sheet
from bench.press.sheet import Sheet


def blank(sheet: Sheet, people: Cast, chance: random.Random) -> Sheet:
    """Paper only."""
    return Sheet(sheet.title, size=sheet.size)


def numbered(sheet: Sheet, people: Cast, chance: random.Random) -> Sheet:
    """A stamped page number."""
    empty = Sheet(sheet.title, size=sheet.size)
    label = sheet.label.text if sheet.label else str(chance.randint(1, 999))
    number_sheet(empty, label, chance, verso=chance.random() < 0.5)
    return empty


def sealed(sheet: Sheet, people: Cast, chance: random.Random) -> Sheet:
    """A red seal, as over the joint between two sheets."""
    empty = Sheet(sheet.title, size=sheet.size)
    width, height = sheet.size
    empty.stamp(chance.uniform(0.3, 0.7) * width, chance.uniform(0.3, 0.8) * height, "云屏市公安局临溪分局")
    return empty


def signed(sheet: Sheet, people: Cast, chance: random.Random) -> Sheet:
    """A name at the foot."""
    empty = Sheet(sheet.title, size=sheet.size)
    name = chance.choice(people.suspects).name
    empty.print_line(chance.uniform(0.5, 0.65) * sheet.size[0], sheet.size[1] - 30, name, 20, face="kai")
    return empty


def pencilled(sheet: Sheet, people: Cast, chance: random.Random) -> Sheet:
    """A few faint words in pencil."""
    empty = Sheet(sheet.title, size=sheet.size)
    text = chance.choice(("已核对", "此页补充", f"见第{chance.randint(2, 90)}页", "原件存卷", "待补签"))
    x, y = chance.uniform(0.2, 0.6) * sheet.size[0], chance.uniform(0.15, 0.8) * sheet.size[1]
    empty.print_line(x, y, text, 18, face="kai", colour=chance.choice(("#8a8a8a", "#9c9c9c", "#aaaaaa")))
    return empty
