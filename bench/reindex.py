"""What a reindex costs, and whether anybody notices: pages without pictures are put in a home, made searchable, and
indexed anew while two threads search, a tenth of a second after each answer, and pages come in.

    python -m bench.reindex --pages 2000 [--to elasticsearch --url http://127.0.0.1:9200] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from dossier import outbox, reindexing
from dossier.acceptance import Incoming, accept
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Page, ReadingRow, Reindex
from dossier.contents import Contents
from dossier.errors import EdossierError
from dossier.home import Home
from dossier.place import Place
from dossier.reading import Box, Line, Reading
from dossier.settings import Settings
from dossier.vault import Vault
from indexer.engines import Engines, serving_engine
from indexer.feed import Feed
from indexer.search import Searcher
from indexer.upkeep import Upkeep

CASE = "临检起诉受[2031]99010100007号"
COMMON = "账户往来"
LINES, CHARACTERS = 25, 28
_HAN = [chr(code) for code in range(0x4E00, 0x4E00 + 2500)]


@dataclass(frozen=True)
class _Sheet:
    """A page of a file, before it is read."""

    index: int
    kind: str = "picture"
    width: int = 1654
    height: int = 2339
    dpi: float = 200.0
    part: str = "whole"
    cut: float = 0.0


def put_pages(home: Home, catalogue: Catalogue, vault: Vault, count: int, volume: str) -> None:
    """Pages of about 700 characters that were read, in one volume."""
    chance = random.Random(volume)
    scan = home.inbox / volume
    scan.write_text(volume, "utf-8")
    contents = Contents("image/tiff", [_Sheet(index) for index in range(count)])
    place = Place(CASE, volume, "a.tif")
    taken = accept(catalogue, vault, Incoming(scan, place, f"{volume}/a.tif", "watch", contents), "watch")
    with catalogue.reading() as session:
        page_ids = session.scalars(select(Page.id).where(Page.arrival_id == taken.arrival_id)).all()
    stored = []
    for page_id in page_ids:
        texts = [COMMON, *("".join(chance.choices(_HAN, k=CHARACTERS)) for _ in range(LINES))]
        lines = tuple(Line(text, Box(0.1, 0.03 * row, 0.9, 0.03 * row + 0.02)) for row, text in enumerate(texts, 1))
        stored.append((page_id, vault.store_reading(page_id, 1, Reading(1654, 2339, 200.0, lines=lines).to_bytes())))
    with catalogue.writing() as session:
        for page_id, sha256 in stored:
            page = session.get_one(Page, page_id)
            session.add(ReadingRow(page_id=page_id, version=1, sha256=sha256, engine="invented"))
            page.state, page.reading_version = "read", 1
        session.flush()
        outbox.enqueue(session, page_ids)


class Reader(threading.Thread):
    """Somebody who searches all the time and counts what was not as it should be."""

    def __init__(self, searcher: Searcher, least: int) -> None:
        super().__init__()
        self._searcher, self._least = searcher, least
        self._done = threading.Event()
        self.seconds: list[float] = []
        self.failed = self.too_few = 0

    def run(self) -> None:
        """Search until stopped."""
        while not self._done.wait(0.1):
            began = time.perf_counter()
            try:
                self.too_few += self._searcher.search(COMMON, limit=10).total < self._least
            except EdossierError:
                self.failed += 1
            self.seconds.append(time.perf_counter() - began)

    def stop(self) -> None:
        """Stop and wait."""
        self._done.set()
        self.join()


def measure(root: Path, pages: int, to: str, url: str) -> dict[str, object]:
    """A reindex of so many pages: seconds, and what two readers saw meanwhile."""
    home = Home.at(root)
    catalogue, vault = Catalogue.open(home), Vault(home.vault)
    engines = Engines(home, Settings(elasticsearch_url=url, elasticsearch_index="bench-reindex"))
    engine = serving_engine(catalogue, engines)
    searcher = Searcher(catalogue, vault, engine)
    put_pages(home, catalogue, vault, pages, "卷一")
    feed = Feed(catalogue, vault, engine)
    while feed.step():
        pass
    put_pages(home, catalogue, vault, 50, "卷二")  # come in while the new index is built
    readers = [Reader(searcher, pages) for _ in range(2)]
    for reader in readers:
        reader.start()
    began = time.perf_counter()
    with catalogue.writing() as session:
        reindex_id = reindexing.ask(session, to, "bench")

    def is_over() -> bool:
        with catalogue.reading() as session:
            return session.get_one(Reindex, reindex_id).state != "open"

    Upkeep(catalogue, vault, engines).run(is_over)
    seconds = time.perf_counter() - began
    time.sleep(1)
    for reader in readers:
        reader.stop()
    with catalogue.reading() as session:
        state = session.get_one(Reindex, reindex_id).state
    times = sorted(second for reader in readers for second in reader.seconds)
    result = {
        "pages": pages, "to": to, "state": state, "seconds": round(seconds, 2), "searches": len(times),
        "failed": sum(reader.failed for reader in readers), "too_few": sum(reader.too_few for reader in readers),
        "p50_ms": round(times[len(times) // 2] * 1000, 1), "p95_ms": round(times[len(times) * 95 // 100] * 1000, 1),
        "held": engine.count(),
    }  # fmt: skip
    engines.close()
    catalogue.close()
    return result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--to", default="tantivy", choices=["tantivy", "elasticsearch"])
    parser.add_argument("--url", default="http://127.0.0.1:9200")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), options.pages, options.to, options.url)
    text = json.dumps(result, ensure_ascii=False)
    print(text)
    if options.json:
        options.json.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
