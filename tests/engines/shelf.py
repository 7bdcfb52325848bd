"""A shelf of pages for tests of the index: a home whose pages were read already, as many as wanted."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from printed import printed
from sqlalchemy import select

from dossier import outbox
from dossier.acceptance import Incoming, accept
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Page, ReadingRow
from dossier.contents import Contents
from dossier.home import Home
from dossier.place import Place
from dossier.settings import Settings
from dossier.vault import Vault
from dossier.verify import Fault
from dossier.viewers import AT_MACHINE
from indexer.agreement import verify_index
from indexer.engines import Engines, serving_engine
from indexer.feed import Feed
from indexer.search import Searcher
from indexer.successor import Successor
from tests.house import CASE, quick_settings
from tests.web.scanroom import Shape

_HAN = [chr(code) for code in range(0x4E00, 0x4E00 + 600)]
# On every page, so that a search for it counts the pages that are found.
COMMON = "账户往来"


class Shelf:
    """Catalogue, vault, engines, and what keeps the index true, driven by hand."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self.home = Home.at(root)
        self.catalogue = Catalogue.open(self.home)
        self.vault = Vault(self.home.vault)
        self.engines = Engines(self.home, settings)
        self.engine = serving_engine(self.catalogue, self.engines)
        self.searcher = Searcher(self.catalogue, self.vault, self.engine)
        self.feed = Feed(self.catalogue, self.vault, self.engine)
        self.successor = Successor(self.catalogue, self.vault, self.engines)

    def put(self, count: int, volume: str = "卷一", seed: int = 0) -> list[str]:
        """Put pages on the shelf that were read, in one file; returns their ids."""
        chance = random.Random(f"{volume} {seed}")
        path = self.home.inbox / f"{volume}-{seed}"
        path.write_bytes(f"{volume} {seed}".encode())
        contents = Contents("image/tiff", [Shape(index) for index in range(count)])
        place = Place(CASE, volume, f"{seed}.tif")
        taken = accept(self.catalogue, self.vault, Incoming(path, place, f"{seed}", "watch", contents), "watch")
        with self.catalogue.reading() as session:
            page_ids = session.scalars(
                select(Page.id).where(Page.arrival_id == taken.arrival_id).order_by(Page.index_in_file)
            ).all()
        stored = []
        for page_id in page_ids:
            lines = ["".join(chance.choices(_HAN, k=30)) for _ in range(3)]
            reading = printed(COMMON, f"电话199{chance.randrange(10**8):08}", *lines)
            stored.append((page_id, self.vault.store_reading(page_id, 1, reading.to_bytes()), reading))
        with self.catalogue.writing() as session:
            for page_id, sha256, reading in stored:
                page = session.get_one(Page, page_id)
                session.add(ReadingRow(page_id=page_id, version=1, sha256=sha256, engine=reading.engine))
                page.state, page.reading_version = "read", 1
            session.flush()
            outbox.enqueue(session, page_ids)
        return list(page_ids)

    def make_searchable(self) -> None:
        while self.feed.step():
            pass

    def found(self) -> int:
        """How many pages a search finds."""
        return self.searcher.search(COMMON, limit=1, viewer=AT_MACHINE).total

    def faults(self) -> list[Fault]:
        return verify_index(self.catalogue, self.engine)

    def close(self) -> None:
        self.engines.close()
        self.catalogue.close()


@contextmanager
def open_shelf(root: Path, **settings: object) -> Iterator[Shelf]:
    shelf = Shelf(root, quick_settings(**settings))
    try:
        yield shelf
    finally:
        shelf.close()
