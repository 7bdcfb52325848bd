"""A whole house for tests: intake, workers, feed and search over one home folder, with recorded reading."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import func, select, update

from dossier.attention import Question, questions
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Arrival, Document, OutboxRow, Page, Volume, Work
from dossier.derived import Derived
from dossier.home import Home
from dossier.settings import Settings
from dossier.vault import Vault
from dossier.verify import Fault, verify_store
from dossier.viewers import AT_MACHINE, Viewer
from indexer.agreement import verify_index
from indexer.engines import open_engine
from indexer.feed import Feed
from indexer.results import SearchResult
from indexer.search import Searcher
from pipeline.crew.crew import Crew
from pipeline.crew.worker_process import WorkerProcess
from pipeline.intake.inbox import ROUND_SECONDS, Intake
from pipeline.intake.watch import watch
from tests.recorded import print_page, recorded_reader

CASE = "临检起诉受[2031]99010100007号"
_PATIENCE_SECONDS = 60.0


class SearcherAtMachine(Searcher):
    """Searches as whoever works at the machine: what most tests are not about."""

    def search(self, *arguments: Any, viewer: Viewer = AT_MACHINE, **more: Any) -> SearchResult:
        return super().search(*arguments, viewer=viewer, **more)


class House:
    """Everything of one home, driven by hand."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self.home = Home.at(root)
        self.settings = settings
        self.catalogue = Catalogue.open(self.home)
        self.vault = Vault(self.home.vault)
        self.derived = Derived(self.home.derived)
        self.engine = open_engine(self.home, settings)
        self.inspector = WorkerProcess(Path(), 30.0, 1000)
        self.intake = Intake(self.home.inbox, self.catalogue, self.vault, settings, self.inspector)
        self.feed = Feed(self.catalogue, self.vault, self.engine)
        self.searcher = SearcherAtMachine(self.catalogue, self.vault, self.engine)

    def drop(self, path: str, content: bytes | Image.Image) -> Path:
        """Put a file in the inbox, whole at once."""
        target = self.home.inbox / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else encoded(content, target.suffix))
        return target

    def drop_pages(self, folder: str, numbers: list[int], first_name: int = 1) -> None:
        """Put single-page pictures in a folder: 0001.png shows page `numbers[0]`, and so on."""
        for offset, number in enumerate(numbers):
            self.drop(f"{folder}/{first_name + offset:04d}.png", print_page(number))

    def take_in(self) -> None:
        """Accept what is complete, without working on it."""
        self.intake.scan()
        begun = time.monotonic()
        # A round that ran out of its time may not have come to every file.
        while self.intake.take_complete() or time.monotonic() - begun > ROUND_SECONDS:
            begun = time.monotonic()
            if self.intake.wants_scan:
                self.intake.scan()

    def work(self, is_over: Callable[[], bool] | None = None, feeds: bool = True) -> None:
        """Read, index (if it `feeds`) and assemble until nothing is left to do."""
        crew = Crew(self.catalogue, self.vault, self.derived, self.settings, Path(), recorded_reader)
        deadline = time.monotonic() + _PATIENCE_SECONDS

        def should_stop() -> bool:
            assert time.monotonic() < deadline, "the work does not come to an end"
            if feeds:
                self.feed.step()
            with self.catalogue.writing() as session:  # PDFs wait for late pages; here there are none
                session.execute(update(Work).where(Work.kind == "assemble").values(not_before=0.0))
            return is_over() if is_over else self.is_idle()

        crew.run(should_stop)

    def take_in_and_work(self) -> None:
        """The whole way, until the inbox is empty and everything is searchable."""
        self.take_in()
        self.work()

    def is_idle(self) -> bool:
        with self.catalogue.reading() as session:
            open_work = session.scalar(select(func.count()).where(Work.state.in_(("waiting", "leased"))))
            outbox = session.scalar(select(func.count()).select_from(OutboxRow).where(OutboxRow.dead.is_(False)))
        return not open_work and not outbox

    def order(self) -> list[tuple[str, int, str]]:
        """(volume, page number, source) of all pages, in order."""
        with self.catalogue.reading() as session:
            rows = session.execute(
                select(Volume.name, Page.page_number, Arrival.path)
                .join(Page, Page.volume_id == Volume.id)
                .join(Arrival, Arrival.id == Page.arrival_id)
                .order_by(Volume.order_key, Page.page_number)
            )
            return [(volume, number, path) for volume, number, path in rows]

    def documents(self) -> list[tuple[str, str, int]]:
        """(volume, title, pages) of all documents, in order."""
        with self.catalogue.reading() as session:
            rows = session.execute(
                select(Volume.name, Document.title, func.count(Page.id))
                .join(Document, Document.volume_id == Volume.id)
                .join(Page, Page.document_id == Document.id)
                .group_by(Document.id)
                .order_by(Volume.order_key, func.min(Page.page_number))
            )
            return [(volume, title, pages) for volume, title, pages in rows]

    def questions(self) -> list[Question]:
        with self.catalogue.reading() as session:
            return questions(session)

    def faults(self) -> list[Fault]:
        with self.catalogue.reading() as session:
            faults = verify_store(session, self.vault)
        return [*faults, *verify_index(self.catalogue, self.engine)]

    def in_inbox(self) -> list[str]:
        """Files that still lie in the inbox, hidden ones too."""
        inbox = self.home.inbox
        return sorted(str(path.relative_to(inbox)) for path in inbox.rglob("*") if path.is_file())

    def close(self) -> None:
        self.inspector.stop()
        self.engine.close()
        self.catalogue.close()


def quick_settings(**changes: object) -> Settings:
    """Settings with the waits left out, for tests that put whole files in place."""
    values: dict[str, object] = {"settle_seconds": 0, "incomplete_after_seconds": 0, "workers": 1}
    return Settings(**{**values, **changes})  # type: ignore[arg-type]


@contextmanager
def open_house(root: Path, **settings: object) -> Iterator[House]:
    house = House(root, quick_settings(**settings))
    try:
        yield house
    finally:
        house.close()


def encoded(image: Image.Image, suffix: str) -> bytes:
    """A picture's bytes in the format that a name's ending stands for, at its paper's size (A4 at 75 dpi)."""
    formats = {".png": "PNG", ".jpg": "JPEG", ".tif": "TIFF", ".webp": "WEBP", ".bmp": "BMP", ".pdf": "PDF"}
    buffer = BytesIO()
    image.save(buffer, formats[suffix.lower()], dpi=(75, 75))
    return buffer.getvalue()


def tiff_of_pages(numbers: list[int]) -> bytes:
    """A TIFF of several pages."""
    images = [print_page(number) for number in numbers]
    buffer = BytesIO()
    images[0].save(buffer, "TIFF", save_all=True, append_images=images[1:], compression="tiff_lzw", dpi=(75, 75))
    return buffer.getvalue()


@contextmanager
def watched(house: House) -> Iterator[None]:
    """The inbox is watched until the block ends."""
    stop = threading.Event()
    arguments = (house.home.inbox, house.intake, house.settings, stop.is_set)
    watcher = threading.Thread(target=watch, args=arguments, name="watch")
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join(30)
        assert not watcher.is_alive()


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
