"""Pages whose text is known exactly: judgments cut into pages, invented prose full of numbers, and printed sheets.

Judgments and prose are set in lines of 35 characters, 20 a page, so that sentences run over the ends of lines and
pages. As printers do, short numbers are never parted; long ones are at a line's end, not at a page's.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.finding.spellings import CASE_NUMBERS, amount_forms, card_forms, date_forms, invented_id, phone_forms
from bench.press.cast import cast
from bench.press.pages import sheets
from dossier.reading import Box, Line, Reading
from indexer.entry import IndexEntry, PagePlace, entry_of_page

_ACROSS, _DOWN = 35, 20
_LONG_NUMBER = 9
_SENTENCES = (
    "经查，{name}于{date}持卡{card}在云屏农商银行取款{amount}。",
    "{name}供称，其手机号码为{phone}，身份证号码{id}，住云屏市临溪路。",
    "本案案号为{number}，由云屏市临溪区人民法院于{date}立案。",
    "{date}，{name}向账户{card}转账{amount}，备注“货款”。",
    "上述事实，有{number}刑事判决书、{name}的证言及银行流水在案佐证，足以认定。",
    "联系人{name}（电话{phone}）称，涉案款项{amount}已退还。",
    "被害人{name}陈述，对方自称姓阙，约其在临溪茶楼见面，随后将其带至仓库清点货物。",
    "侦查人员于{date}扣押手机一部、银行卡（{card}）一张、现金{amount}。",
)


@dataclass(frozen=True)
class ExactPage:
    """A page and the one after it, if its text goes on there."""

    place: PagePlace
    reading: Reading
    following: Reading | None
    invented: bool

    def entry(self, version: int) -> IndexEntry:
        """What the index holds of it."""
        return entry_of_page(self.place, version, self.reading, self.following)


@dataclass(frozen=True)
class Printed:
    """What invented prose says, by kind: each value once."""

    values: dict[str, list[str]]


def judgments(corpus: Path) -> Iterator[ExactPage]:
    """Published judgments, one a volume."""
    for line in corpus.read_text("utf-8").splitlines():
        one = json.loads(line)
        yield from _volume(f"j{one['id']}", one["text"], invented=False)


def prose(volumes: int, seed: int) -> tuple[list[ExactPage], Printed]:
    """Invented prose, and the numbers, names, days and sums in it."""
    chance = random.Random(seed)
    values: dict[str, list[str]] = {kind: [] for kind in ("name", "phone", "card", "id", "number", "date", "amount")}
    made: list[ExactPage] = []
    for volume in range(volumes):
        people = cast(chance).everyone
        ids = {person.name: invented_id(chance) for person in people}
        text = ""
        while len(text) < _ACROSS * _DOWN * 10:
            person = chance.choice(people)
            said = {
                "name": person.name,
                "phone": person.phone,
                "card": person.card,
                "id": ids[person.name],
                "number": chance.choice(CASE_NUMBERS)(chance),
                "date": "-".join(map(str, (2031, chance.randint(1, 12), chance.randint(1, 28)))),
                "amount": str(chance.choice((chance.randrange(1, 99) * 1000, chance.randrange(100, 99_999)))),
            }
            sentence = chance.choice(_SENTENCES)
            for kind, value in said.items():
                if f"{{{kind}}}" in sentence:
                    values[kind].append(value)
            text += sentence.format(
                **{
                    **said,
                    "phone": chance.choice(phone_forms(said["phone"])),
                    "card": chance.choice(card_forms(said["card"])),
                    "date": chance.choice(date_forms(said["date"])),
                    "amount": chance.choice(amount_forms(int(said["amount"]))),
                }
            )
        made += _volume(f"p{volume}", text, invented=True)
    return made, Printed({kind: list(dict.fromkeys(found)) for kind, found in values.items()})


def printed_sheets(count: int, seed: int) -> list[ExactPage]:
    """Sheets of invented cases as they were set, each alone: forms, tables, statements."""
    made = []
    for number, (_, sheet) in zip(range(count), sheets(random.Random(seed)), strict=False):
        width, height = sheet.picture.size
        lines = tuple(
            Line(line.text, Box.of_pixels(*line.box, width, height), vertical=line.vertical) for line in sheet.lines
        )
        place = PagePlace(f"s{number:04}", f"cs{number // 40}", f"vs{number}", f"ds{number}", 1, "", f"{number:04}")
        made.append(ExactPage(place, Reading(width, height, 300.0, lines=lines), None, True))
    return made


def _volume(name: str, text: str, invented: bool) -> Iterator[ExactPage]:
    readings = [_set(lines) for lines in _pages_of(text)]
    for number, (reading, following) in enumerate(zip(readings, [*readings[1:], None], strict=True), 1):
        place = PagePlace(f"{name}-{number:03}", f"c{name}", f"v{name}", f"d{name}", number, "", "0001")
        yield ExactPage(place, reading, following, invented)


def _pages_of(text: str) -> Iterator[list[str]]:
    lines: list[str] = []
    while text:
        cut = _cut(text, last=len(lines) == _DOWN - 1)
        lines.append(text[:cut].strip())  # as OCR gives them
        text = text[cut:]
        if len(lines) == _DOWN or not text:
            yield lines
            lines = []


def _cut(text: str, last: bool) -> int:
    """Where a line ends: not within a short number or word, before a point or behind one in a number."""
    cut = min(_ACROSS, len(text))
    while 1 < cut < len(text) and _holds_together(text, cut, last):
        cut -= 1
    return cut


def _holds_together(text: str, cut: int, last: bool) -> bool:
    before, after = text[cut - 1], text[cut]
    if before in ".," or after in ".,":
        return text[cut - 2].isdigit() or before.isdigit()
    if not (_alphanumeric(before) and _alphanumeric(after)):
        return last and _in_groups(before) and _in_groups(after)
    start, end = cut, cut
    while start and _alphanumeric(text[start - 1]):
        start -= 1
    while end < len(text) and _alphanumeric(text[end]):
        end += 1
    return last or end - start < _LONG_NUMBER


def _alphanumeric(character: str) -> bool:
    return character.isdigit() or (character.isascii() and character.isalpha())


def _in_groups(character: str) -> bool:
    return _alphanumeric(character) or character in " -"


def _set(lines: list[str]) -> Reading:
    return Reading(
        1654,
        2339,
        200.0,
        lines=tuple(
            Line(text, Box(0.15, 0.15 + 0.035 * row, 0.15 + 0.02 * max(len(text), 1), 0.17 + 0.035 * row))
            for row, text in enumerate(lines)
        ),
    )
