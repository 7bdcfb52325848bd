"""More documents beside the nine of the sample: what else lies in a dossier, and is harder to read."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.press.cast import Cast, cast
from bench.press.columns import newspaper, vertical_page
from bench.press.letters import accounting_opinion, bank_terms, mixed_latin, red_letterhead, running_text
from bench.press.pictures import chat_screenshots, identity_copies
from bench.press.sheet import Sheet
from bench.press.tables import dense_statement, fund_table, receipt

MORE_DOCUMENTS: tuple[Callable[[Cast, random.Random], Iterator[Sheet]], ...] = (
    accounting_opinion,
    red_letterhead,
    chat_screenshots,
    bank_terms,
    receipt,
    dense_statement,
    fund_table,
    mixed_latin,
    identity_copies,
    newspaper,
    vertical_page,
)

# Every face has these; what else stands in collected texts is mostly broken encoding.
_UNPRINTABLE = re.compile(r"[^一-龥0-9A-Za-z，。；：、？！（）《》“”‘’〔〕【】()\[\].,:;%*+\-/×·…—]")


def corpus_sheets(path: Path, chance: random.Random) -> Iterator[tuple[Cast, Sheet]]:
    """Printed sheets without end from collected texts, in changing faces and sizes; nobody of the cast occurs.

    Args:
        path: JSON lines, each an object with a `text`.
        chance: what chooses texts, faces and sizes.

    Raises:
        ValueError: no text of the file can be printed.
    """
    texts = []
    for line in path.read_text(encoding="utf-8").splitlines():
        text = _UNPRINTABLE.sub("", json.loads(line)["text"]) if line.strip() else ""
        if len(text) > 100:
            texts.append(text)
    if not texts:
        raise ValueError(f"{path}: no text that could be printed")
    while True:
        text = chance.choice(texts)
        face, points = chance.choice(("serif", "ming", "kai", "sans", "hei")), chance.choice((12, 14, 14, 16))
        begin = chance.randrange(max(len(text) - 2500, 1))
        sentences = text[begin : begin + 2500].split("。")[1 if begin else 0 :]
        paragraphs, rest = [], "。".join(sentences)
        while rest:
            cut = rest.find("。", chance.randint(60, 260)) + 1 or len(rest)
            paragraphs.append(rest[:cut][:600])
            rest = rest[cut:]
        sheet, y = Sheet("判决书", face=face), 26.0
        if not begin:
            sheet.print_line(105, 24, "刑事判决书", 22, face="serif bold", middle=True)
            y = 40.0
        people = cast(chance)
        for side, _ in running_text(sheet, y, paragraphs, points):
            yield people, side
