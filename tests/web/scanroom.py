"""A scanning room for tests: it does to a home what watcher, workers and feed do, with invented pages."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw
from sqlalchemy import select

from dossier import outbox, work
from dossier.acceptance import Incoming, accept
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Arrival, Page, ReadingRow, Volume, Work
from dossier.contents import Contents
from dossier.derived import Derived, written_whole
from dossier.home import Home
from dossier.place import Place
from dossier.reading import Box, Line, Reading
from dossier.vault import Vault
from indexer.feed import Feed
from indexer.search import Searcher
from indexer.tantivy_engine import TantivyEngine

CASE = "沪东检诉受[2031]31011500077号"
WIDTH, HEIGHT = 1000, 1400

# A character's cell, in fractions of the page: line k begins at (LEFT, TOP + k * LEADING).
LEFT, TOP, ADVANCE, TALL, LEADING = 0.1, 0.1, 0.04, 0.03, 0.06


@dataclass(frozen=True)
class Shape:
    """A page of a file, before it is read."""

    index: int = 0
    kind: str = "picture"
    width: int = WIDTH
    height: int = HEIGHT
    dpi: float = 120.0
    part: str = "whole"
    cut: float = 0.0


def cell(line: int, character: int) -> Box:
    """Where a character of the invented pages stands."""
    x, y = LEFT + character * ADVANCE, TOP + line * LEADING
    return Box(round(x, 5), round(y, 5), round(x + ADVANCE, 5), round(y + TALL, 5))


def reading_of_lines(lines: Sequence[str], confidence: float = 0.97) -> Reading:
    """A reading with a box for every character."""
    read = []
    for number, text in enumerate(lines):
        cells = tuple(cell(number, at) for at in range(len(text)))
        read.append(Line(text, cells[0].union(cells[-1]), confidence, cells))
    return Reading(width=WIDTH, height=HEIGHT, dpi=120.0, engine="invented", lines=tuple(read))


def picture_of_lines(lines: Sequence[str]) -> bytes:
    """A page on which every character is a black block in the middle of its cell."""
    page = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(page)
    for number, text in enumerate(lines):
        for at, _ in enumerate(text):
            box = cell(number, at)
            inset = 0.006
            pen.rectangle(
                [
                    (box.x0 + inset) * WIDTH, (box.y0 + inset) * HEIGHT,
                    (box.x1 - inset) * WIDTH, (box.y1 - inset) * HEIGHT,
                ],
                fill="black",
            )  # fmt: skip
    encoded = io.BytesIO()
    page.save(encoded, "JPEG", quality=90)
    return encoded.getvalue()


class Scanroom:
    """Does to a home what watcher, workers and feed do: takes pages in, reads them, makes them searchable."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.catalogue = Catalogue.open(home)
        self.vault = Vault(home.vault)
        self.derived = Derived(home.derived)
        self.engine = TantivyEngine(home.index)
        self.searcher = Searcher(self.catalogue, self.vault, self.engine)
        self.feed = Feed(self.catalogue, self.vault, self.engine)
        self._taken = 0

    def receive(
        self, name: str, volume: str = "证据材料卷一", case: str = CASE, contents: Contents | None = None
    ) -> str:
        """Take a file in; returns its first page's id, or the arrival's where it has no page."""
        self._taken += 1
        path = self.home.inbox / f"scan-{self._taken}"
        path.write_bytes(f"scan {self._taken} {name}".encode())
        found = contents or Contents("image/jpeg", [Shape()], is_single_picture=True)
        place = Place(case, volume, name)
        accepted = accept(
            self.catalogue, self.vault, Incoming(path, place, f"{case}/{volume}/{name}", "watch", found), "watch"
        )
        with self.catalogue.reading() as session:
            page_id = session.scalars(
                select(Page.id).where(Page.arrival_id == accepted.arrival_id).order_by(Page.index_in_file)
            ).first()
        return page_id or accepted.arrival_id

    def put_picture(self, page_id: str, lines: Sequence[str], version: int | None) -> None:
        with written_whole(self.derived.page_picture(page_id, version)) as target:
            target.write_bytes(picture_of_lines(lines))

    def read(self, page_id: str, lines: Sequence[str], reading: Reading | None = None) -> None:
        """Store what was read on a page, with its upright picture."""
        found = reading or reading_of_lines(lines)
        self.put_picture(page_id, lines, 1)
        sha256 = self.vault.store_reading(page_id, 1, found.to_bytes())
        with self.catalogue.writing() as session:
            page = session.get_one(Page, page_id)
            session.add(ReadingRow(page_id=page_id, version=1, sha256=sha256, engine=found.engine))
            page.state, page.reading_version = "read", 1
            page.width, page.height, page.confidence = found.width, found.height, found.confidence
            session.flush()
            outbox.enqueue(session, [page_id])

    def reading_path(self, page_id: str) -> Path:
        """Where the vault keeps what was read on a page."""
        with self.catalogue.reading() as session:
            sha256 = session.get_one(ReadingRow, (page_id, 1)).sha256
        return self.vault.reading_path(page_id, 1, sha256)

    def make_searchable(self) -> None:
        while self.feed.step():
            pass

    def page(self, page_id: str) -> Page:
        with self.catalogue.reading() as session:
            return session.get_one(Page, page_id)

    def volume_id(self, name: str = "证据材料卷一") -> str:
        with self.catalogue.reading() as session:
            return session.scalars(select(Volume.id).where(Volume.name == name)).one()

    def park(self, page_id: str, code: str) -> None:
        with self.catalogue.writing() as session:
            page = session.get_one(Page, page_id)
            page.state, page.error_code = "parked", code

    def finish_work(self, kind: str, subject_id: str, state: str = "done", error_code: str | None = None) -> None:
        with self.catalogue.writing() as session:
            row = session.scalars(select(Work).where(Work.kind == kind, Work.subject_id == subject_id)).one()
            row.state, row.error_code = state, error_code

    def spoil_picture(self, page_id: str, error_code: str = "page_unreadable") -> None:
        """Its picture is gone, and to make it again was tried in vain."""
        self.derived.page_picture(page_id, self.page(page_id).reading_version).unlink(missing_ok=True)
        with self.catalogue.writing() as session:
            work.request(session, work.PICTURE, [page_id])
        self.finish_work(work.PICTURE, page_id, "failed", error_code)

    def requested(self, kind: str) -> list[Work]:
        with self.catalogue.reading() as session:
            return list(session.scalars(select(Work).where(Work.kind == kind)))

    def arrival(self, arrival_id: str) -> Arrival:
        with self.catalogue.reading() as session:
            return session.get_one(Arrival, arrival_id)

    def close(self) -> None:
        self.engine.close()
        self.catalogue.close()
