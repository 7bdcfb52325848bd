"""Pages for measurements: any number of them, all kinds of documents in turn, damaged at random but repeatably."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from bench.press.cast import Cast, cast
from bench.press.damage import EMPTY, KINDS, MIX, damaged
from bench.press.documents import DOCUMENTS
from bench.press.more_documents import MORE_DOCUMENTS, corpus_sheets
from bench.press.numbering import number_sheet
from bench.press.scanner import random_feed, scan
from bench.press.sheet import Sheet
from bench.press.truth import page_truth

Document = Callable[[Cast, random.Random], Iterator[Sheet]]
Source = Callable[[random.Random], Iterator[tuple[Cast, Sheet]]]
"""What gives printed sheets without end."""

ALL = "all"
"""Every kind of damage in turn."""

EMPTIES = "empty"
"""Every kind of empty page in turn."""

_PAIRS = ("spread", "a3-folded")


def sheets(chance: random.Random, documents: Sequence[Document] = DOCUMENTS) -> Iterator[tuple[Cast, Sheet]]:
    """Printed sheets without end: one case after another, every kind of document in each."""
    while True:
        people = cast(chance)
        for document in documents:
            for sheet in document(people, chance):
                yield people, sheet


def write_pages(folder: Path, count: int, seed: int, largest_skew: float = 3.0, dpi: int | None = None) -> int:
    """Writes `count` scans as 0001.jpg … and their truth.json into a folder; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)
    truth = []
    for number, (people, sheet) in zip(range(1, count + 1), sheets(chance), strict=False):
        feed = random_feed(chance, largest_skew, dpi)
        name = f"{number:04}.jpg"
        scan(sheet, feed).save(folder / name, quality=feed.quality, dpi=(feed.dpi, feed.dpi))
        truth.append({"file": name, **page_truth(sheet, feed, people)})
    (folder / "truth.json").write_text(json.dumps({"pages": truth}, ensure_ascii=False, indent=1), encoding="utf-8")
    return count


def source_of(documents: Sequence[str] = ("case",), texts: Path | None = None) -> Source:
    """What prints the documents of those names: "case", "more", "all" or single ones; or collected texts.

    Raises:
        ValueError: there is no such document.
    """
    if texts:
        return partial(corpus_sheets, texts)
    single = {document.__name__: (document,) for document in (*DOCUMENTS, *MORE_DOCUMENTS)}
    groups = {"case": DOCUMENTS, "more": MORE_DOCUMENTS, "all": DOCUMENTS + MORE_DOCUMENTS, **single}
    unknown = sorted(set(documents) - set(groups))
    if unknown:
        raise ValueError(f"no document: {', '.join(unknown)}; there are {', '.join(groups)}")
    return partial(sheets, documents=tuple(document for name in documents for document in groups[name]))


def kinds_in_turn(kind: str) -> tuple[str, ...]:
    """The kinds of damage that a word of the command line stands for: some with commas, all of them, or the empty ones.

    Raises:
        ValueError: there is no such kind.
    """
    groups = {ALL: tuple(KINDS), EMPTIES: EMPTY, MIX: (MIX,)}
    for name in kind.split(","):
        if name not in groups and name not in KINDS:
            raise ValueError(f"no kind of damage: {name}; there are {', '.join((*groups, *KINDS))}")
    return tuple(one for name in kind.split(",") for one in groups.get(name, (name,)))


def write_damaged_pages(
    folder: Path, count: int, seed: int, kind: str, first_label: int | None = None, source: Source = sheets
) -> int:
    """Writes `count` damaged scans as 0001.jpg (or .tif) … and their truth.json into a folder; returns how many.

    The same seed prints the same sheets whatever the damage, but for the pages that two sheets make together.

    Args:
        folder: where to.
        count: how many scans.
        seed: of sheets and damages.
        kind: a name in `KINDS`, `MIX`, `ALL` or `EMPTIES`, or several in turn, with commas.
        first_label: the page number stamped on the first sheet, the next ones counting on; None for none.
        source: what gives the sheets.

    Raises:
        ValueError: there is no such kind.
    """
    kinds = kinds_in_turn(kind)
    folder.mkdir(parents=True, exist_ok=True)
    printed = source(random.Random(seed))
    label = first_label
    before: Sheet | None = None
    truth = []
    for number in range(1, count + 1):
        chance = random.Random(f"{seed}/{number}")
        one = kinds[(number - 1) % len(kinds)]
        people, sheet = next(printed)
        facing = before
        if one in _PAIRS:
            while sheet.size[0] > sheet.size[1]:
                people, sheet = next(printed)
            facing = sheet
            while facing is sheet or facing.size != sheet.size:
                _, facing = next(printed)
        for stamped in (sheet, facing) if one in _PAIRS else (sheet,):
            if label is not None and stamped is not None:
                left = stamped is sheet if one in _PAIRS else label % 2 == 0
                number_sheet(stamped, str(label), chance, verso=left)
                label += 1
        scanned = damaged(sheet, people, one, chance, facing)
        name = f"{number:04}{scanned.suffix}"
        scanned.save(folder / name)
        truth.append({"file": name, **scanned.truth})
        before = sheet
    document = {"seed": seed, "damage": kind, "pages": truth}
    (folder / "truth.json").write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    return count
