"""What the paper itself says of a volume's pages: where the last entry of its directory 卷内目录 ends, and how many
pages the note at its end 备考表 tells. Both as they were read: a person compares.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Page
from dossier.errors import StoreError
from dossier.reading import Box, Line, Reading
from dossier.readings import readings_of
from dossier.vault import Vault

# A directory lies behind the cover; of two hundred entries, on ten sheets. The note lies before the back cover.
_FIRST_PAGES = 12
_LAST_PAGES = 4

_HEADING = re.compile(r"[一-龥]{0,10}目录表?(\([^)]{1,6}\))?")
_COLUMN = re.compile(r"(起止|所在)?页[次号码]")
# From page to page, or one page. OCR takes a dash for the character 一.
_PAGES = re.compile(r"第?(\d{1,4})页?(?:[-‐–—一~至]+第?(\d{1,4})页?)?")
_TALLY = re.compile(r"本案?卷[一-龥，、：（）()]{0,12}?共[一-龥，、：（）()]{0,12}?(\d{1,4})页")
_TALLY_HEADING = "备考表"


@dataclass(frozen=True)
class Printed:
    """A number of pages that stands on the paper.

    Attributes:
        page_id: on which page.
        pages: the number, of a page label in the directory, of pages in the note.
        is_end: whether the volume ends there; False where the last entry tells only the page on which it begins.
    """

    page_id: str
    pages: int
    is_end: bool = True


@dataclass(frozen=True)
class PaperSays:
    """What was found on a volume's paper; None where there is no such page, or it could not be read."""

    directory: Printed | None = None
    tally: Printed | None = None


def paper_says(session: Session, vault: Vault, volume_id: str) -> PaperSays:
    """What a volume's directory and its note say, by the readings of its first and last pages."""
    in_order = select(Page).where(Page.volume_id == volume_id, Page.outside.is_(None))
    first = session.scalars(in_order.order_by(Page.page_number, Page.id).limit(_FIRST_PAGES)).all()
    last = session.scalars(in_order.order_by(Page.page_number.desc(), Page.id.desc()).limit(_LAST_PAGES)).all()
    found = dict(readings_of(session, vault, {page.id: page for page in (*first, *last)}.values()))

    def read(pages: Iterable[Page]) -> Iterator[tuple[str, Reading]]:
        for page in pages:
            reading = found.get(page.id)
            if reading is not None and not isinstance(reading, StoreError):
                yield page.id, reading

    return PaperSays(directory_end(read(first)), tally_of(read(last)))


def directory_end(pages: Iterable[tuple[str, Reading]]) -> Printed | None:
    """Where the last entry of the directory on these pages ends; None where there is none, or its end is not clear.

    Args:
        pages: id and reading of each, in order.
    """
    end: Printed | None = None
    column: Box | None = None
    before = 0
    for page_id, reading in pages:
        own = _column_of(reading)
        place = own or column
        if place is None or (column is None and not any(_is_heading(line) for line in reading.lines)):
            continue
        # A sheet that continues the table need not repeat its head.
        entries = list(_entries(reading, place, own.y1 if own else 0.0))
        if not entries or (not own and (len(entries) < 2 or entries[0][0] < before)):
            break
        column = place
        (start, stop), previous = entries[-1], entries[-2][0] if len(entries) > 1 else before
        if start < previous:
            return None  # one of the two was misread
        end, before = Printed(page_id, stop or start, stop is not None), start
    return end


def tally_of(pages: Iterable[tuple[str, Reading]]) -> Printed | None:
    """How many pages the note 备考表 on one of these pages tells; None where there is none, or it tells none."""
    for page_id, reading in pages:
        text = "".join(_compact(line.text) for line in reading.lines)
        if _TALLY_HEADING in text and (told := _TALLY.search(text)):
            return Printed(page_id, int(told[1]))
    return None


def _column_of(reading: Reading) -> Box | None:
    """The head of the column of pages, 页次."""
    for line in reading.lines:
        for text, box in ((_compact(line.text), line.box), *_words(line)):
            if _COLUMN.fullmatch(text):
                return box
    return None


def _is_heading(line: Line) -> bool:
    return _HEADING.fullmatch(_compact(line.text)) is not None


def _entries(reading: Reading, column: Box, top: float) -> Iterator[tuple[int, int | None]]:
    """First and last page of each entry below `top`, from top to bottom; the last is None where it is not told."""
    words = [word for line in reading.lines for word in _words(line) if word[1].y0 >= top]
    room = (column.x1 - column.x0) / 2
    for text, box in sorted(words, key=lambda word: word[1].y0):
        found = _PAGES.fullmatch(text)
        if found is None or box.x1 < column.x0 - room or box.x0 > column.x1 + room:
            continue
        height = (box.y0 + box.y1) / 2
        # A number that stands alone is the sheet's own.
        if not any(other.x1 <= box.x0 and other.y0 <= height <= other.y1 for _, other in words):
            continue
        start, stop = int(found[1]), int(found[2]) if found[2] else None
        # 35-1 is one page, put in after 35.
        yield start, stop if stop is None or stop >= start else start


def _words(line: Line) -> Iterator[tuple[str, Box]]:
    """The words of a line and their places: cells of a table may have come as one line."""
    if not line.characters:
        yield _compact(line.text), line.box
        return
    for found in re.finditer(r"\S+", line.text):
        yield _compact(found.group()), line.box_of(found.start(), found.end())


def _compact(text: str) -> str:
    """Without the spaces with which headings are spread, digits and signs in their narrow form."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
