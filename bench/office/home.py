"""Builds the home of an office: catalogue, readings, pictures and index, as if 100,000 pages had been read.

The rows are those that taking in, reading and indexing leave behind, written in bulk; readings have a box for every
character. Scans are a few printed pages that all pages share: their bytes stand in the vault once, their pictures in
derived/ as further names of the same files. The index is filled through the engine's own `apply`.
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
import os
import random
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import insert

from bench.finding.many_pages import MadePage, entries
from bench.office import dossiers
from bench.office.dossiers import DEPARTMENTS, VOLUME_PAGES, VOLUMES, MadeDocument
from bench.press.pages import write_pages
from dossier import passwords, work
from dossier.audit_chain import BEGINNING, hash_of
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import (
    Arrival,
    AuditRow,
    Case,
    CaseNumber,
    ChangeRow,
    Counter,
    Document,
    Flag,
    IndexGeneration,
    Original,
    Page,
    Person,
    ReadingRow,
    User,
    Volume,
    Work,
    new_id,
)
from dossier.derived import THUMBNAIL, Derived, smaller_picture
from dossier.home import Home
from dossier.numbers import canonical, folded
from dossier.outbox import COUNTER
from dossier.vault import Vault
from dossier.viewers import ADMIN, AUDITOR, OPERATOR, PROSECUTOR
from indexer.engine import Engine
from indexer.entry import SCHEMA_VERSION, PagePlace
from indexer.tantivy_engine import TantivyEngine
from pipeline.crew.tasks import PictureTask
from pipeline.crew.worker import Worker
from pipeline.files.formats import inspect

FOLDER = Path("build/bench/office")
PAGES = 100_000
PEOPLE = 50
PASSWORD = "麦田-4821-风筝"
DOSSIER_CASE = "阙叙采等三人非法吸收公众存款案"
SCANS = 12
WIDTH, HEIGHT, DPI = 1654, 2339, 200.0
_RECIPE = 2  # raised with any change to what is built
_SEED = 31
_BATCH = 2000
_LINE_STEP = 0.02
_DAY = 86400.0
_LOOKS_A_PAGE = 1
_Thing = TypeVar("_Thing")


@dataclass
class _Rows:
    """Rows that wait to be written, by table, and entries for the index."""

    by_table: dict[type, list[dict[str, Any]]] = field(default_factory=dict)
    pages: list[MadePage] = field(default_factory=list)
    audit: list[AuditRow] = field(default_factory=list)
    chained: str = BEGINNING
    written: int = 0
    changes: int = 0

    def add(self, table: type, **values: Any) -> None:
        """Remember a row."""
        self.by_table.setdefault(table, []).append(values)

    def note(self, at: float, actor: str, deed: str, kind: str, subject: str, **details: Any) -> None:
        """Remember a row of the audit log, with its place in the chain."""
        self.written += 1
        row = AuditRow(
            id=self.written, at=at, actor=actor, deed=deed, subject_kind=kind, subject_id=subject, details=details
        )
        link = hash_of(self.chained, row)
        self.add(
            AuditRow, id=row.id, at=at, actor=actor, deed=deed, subject_kind=kind, subject_id=subject, details=details,
            place=row.id, previous_hash=self.chained, hash=link,
        )  # fmt: skip
        self.chained = link

    def change(self, kind: str, file_id: str, at: float) -> None:
        """Remember a row of the feed of changes."""
        self.changes += 1
        self.add(ChangeRow, number=self.changes, kind=kind, file_id=file_id, at=at)


# Parents before their children.
_ORDER = (
    Case, CaseNumber, Person, Volume, Document, Original, Arrival, Page, ReadingRow, Work, Flag, AuditRow, ChangeRow,
    User, Counter, IndexGeneration,
)  # fmt: skip


def folder_of(pages: int) -> Path:
    """Where the home of so many pages is."""
    return FOLDER / f"home-{pages}-r{_RECIPE}-v{SCHEMA_VERSION}"


def build(pages: int = PAGES) -> Path:
    """The home of so many pages; built, with progress, where it is not there whole."""
    root = folder_of(pages)
    if (root / "built.json").exists():
        return root
    started = time.monotonic()
    home = Home.at(root)
    home.catalogue.unlink(missing_ok=True)
    catalogue, engine = Catalogue.open(home), TantivyEngine(home.index)
    engine.clear()
    builder = _Builder(home, catalogue, engine)
    builder.fill(pages)
    engine.close()
    catalogue.close()
    facts = {"pages": pages, "seconds": round(time.monotonic() - started)}
    (root / "built.json").write_text(json.dumps(facts), encoding="utf-8")
    print(f"{pages} pages in {root}: {facts['seconds']} s", file=sys.stderr)
    return root


class _Builder:
    def __init__(self, home: Home, catalogue: Catalogue, engine: Engine) -> None:
        self._catalogue, self._engine = catalogue, engine
        self._vault, self._derived = Vault(home.vault), Derived(home.derived)
        self._chance = random.Random(_SEED)
        self._rows = _Rows()
        self._now = time.time()
        self._originals: list[tuple[str, Path]] = []
        self._filed = 0

    def fill(self, pages: int) -> None:
        """Build everything."""
        self._scans()
        self._users()
        cast = dossiers.people(dossiers.INVESTORS, self._chance)
        started = time.monotonic()
        for case_number, (name, volumes, volume_pages) in enumerate(_cases(pages)):
            self._case(case_number, name, volumes, volume_pages, cast)
            self._write()
            left = (time.monotonic() - started) / self._filed * (pages - self._filed)
            print(f"\r  {self._filed} of {pages} pages, {left:.0f} s left ", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        self._rows.add(Counter, name=COUNTER, value=self._filed)
        self._rows.add(Counter, name="changes", value=self._rows.changes)
        self._rows.add(IndexGeneration, engine=self._engine.name, generation=self._engine.generation(), filled_at=1.0)
        self._write()

    def _scans(self) -> None:
        """Print the scans that all pages share, and make their pictures as the program does."""
        folder = FOLDER / "scans"
        pictures = FOLDER / "pictures"
        pictures.mkdir(parents=True, exist_ok=True)
        if len(list(folder.glob("*.jpg"))) < SCANS:
            write_pages(folder, SCANS, seed=_SEED, dpi=200)
        worker = Worker(Path())
        for scan in sorted(folder.glob("*.jpg"))[:SCANS]:
            stored = self._vault.store_original(scan)
            picture = pictures / f"{scan.stem}.jpg"
            if not smaller_picture(picture, THUMBNAIL).exists():
                worker.perform(PictureTask(scan, inspect(scan).pages[0], None, picture))
            self._rows.add(Original, sha256=stored.sha256, md5=stored.md5, size=stored.size, stored_at=self._now)
            self._originals.append((stored.sha256, picture))

    def _users(self) -> None:
        stored = passwords.hash_of(PASSWORD)
        people = [(name_of(number), PROSECUTOR, [DEPARTMENTS[number % 8], DEPARTMENTS[3]]) for number in range(PEOPLE)]
        people += [("制作人", OPERATOR, list(DEPARTMENTS)), ("管理员", ADMIN, []), ("审计员", AUDITOR, [])]
        for name, role, departments in people:
            self._rows.add(
                User, id=new_id("u"), name=name, role=role, departments=departments, password=stored,
                created_at=self._now,
            )  # fmt: skip

    def _case(self, number: int, name: str, volumes: int, volume_pages: int, cast: Sequence[Any]) -> None:
        chance, rows = random.Random(f"{_SEED}/{number}"), self._rows
        case_id = new_id("c")
        department = DEPARTMENTS[3] if number == 0 else DEPARTMENTS[number % 8]
        received = self._now - _DAY * chance.randrange(1, 300)
        as_given = f"临检起诉受[2031]990101{number + 1:05}号"
        rows.add(
            Case, id=case_id, state="known" if number % 20 != 5 else "provisional", name=name, charge=name[-8:-1],
            department=department, handler=name_of(number % PEOPLE), folder=as_given, sealed=number % 50 == 7,
            due_on=str(dt.date(2031, 1, 1) + dt.timedelta(days=number)) if number % 3 == 0 else None,
            created_at=received, updated_at=received,
        )  # fmt: skip
        rows.add(
            CaseNumber, case_id=case_id, kind="department", as_given=as_given, canonical=canonical(as_given),
            folded=folded(as_given),
        )  # fmt: skip
        suspects = [chance.choice(cast) for _ in range(3)]
        for suspect in suspects:
            rows.add(Person, case_id=case_id, role="suspect", name=suspect.name)
        some = cast if number == 0 else [*suspects, *(chance.choice(cast) for _ in range(6))]
        for volume in range(volumes):
            self._volume(case_id, department, volume, list(dossiers.documents(volume_pages, some, chance)), received)

    def _volume(
        self, case_id: str, department: str, number: int, documents: Sequence[MadeDocument], received: float
    ) -> None:
        rows, volume_id = self._rows, new_id("v")
        order_key = f"{number:04}"
        rows.add(
            Volume, id=volume_id, case_id=case_id, name=f"证据材料卷{number + 1}", kind="证据材料卷", number=number + 1,
            order_key=order_key, created_at=received,
        )  # fmt: skip
        place = 0
        for at, document in enumerate(documents):
            document_id = new_id("d")
            folder = f"{at + 1:03}{document.title}"
            rows.add(
                Document, id=document_id, case_id=case_id, volume_id=volume_id, path=folder, title=document.title,
                order_key=f"{at:04}", settled=True, created_at=received,
            )  # fmt: skip
            rows.add(
                Work, kind=work.ASSEMBLE, subject_id=document_id, state="done", created_at=received, updated_at=received
            )
            for index, sentences in enumerate(document.pages):
                place += 1
                where = PagePlace(
                    new_id("p"), case_id, volume_id, document_id, place, department, order_key, f"{at:04}",
                    dt.datetime.fromtimestamp(received, dt.UTC).isoformat(timespec="seconds"),
                )  # fmt: skip
                self._page(MadePage(where, sentences), f"{folder}/{index + 1:04}.jpg", received)
            if at % 200 == 50:
                rows.add(
                    Flag, subject_kind="document", subject_id=document_id, case_id=case_id, code="gap",
                    details={"missing": ["0007"]}, created_at=received,
                )  # fmt: skip
        if number % 10 == 3:
            rows.add(
                Flag, subject_kind="volume", subject_id=volume_id, case_id=case_id, code="label_gap",
                details={"missing": ["12"], "page_id": rows.pages[-1].place.page_id}, created_at=received,
            )  # fmt: skip

    def _page(self, page: MadePage, path: str, received: float) -> None:
        rows, where = self._rows, page.place
        self._filed += 1
        number, arrival_id = self._filed, new_id("f")
        sha256, picture = self._originals[number % SCANS]
        rows.pages.append(page)
        rows.add(
            Arrival, id=arrival_id, case_id=where.case_id, volume_id=where.volume_id, document_id=where.document_id,
            sha256=sha256, path=path, source=f"证据材料卷/{path}", origin="watch", media_type="image/jpeg",
            state="done", received_at=received, done_at=received,
        )  # fmt: skip
        content = stored_reading([sentence.text for sentence in page.sentences])
        digest = hashlib.sha256(content).hexdigest()
        target = self._vault.reading_path(where.page_id, 1, digest)  # as `store_reading`, which waits for the disk
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        shown = self._derived.page_picture(where.page_id, 1)
        shown.parent.mkdir(parents=True, exist_ok=True)
        os.link(picture, shown)
        os.link(smaller_picture(picture, THUMBNAIL), smaller_picture(shown, THUMBNAIL))
        low = number % 250 == 0
        rows.add(
            Page, id=where.page_id, case_id=where.case_id, volume_id=where.volume_id, document_id=where.document_id,
            arrival_id=arrival_id, index_in_file=0, source_kind="picture", order_key=path, place=where.page_number,
            page_number=where.page_number, page_label=str(where.page_number), page_label_state="read",
            state="searchable", width=WIDTH, height=HEIGHT, dpi=DPI, confidence=0.6 if low else 0.98,
            reading_version=1, created_at=received, searchable_at=received + 60,
            label_candidates=[
                {"text": str(where.page_number), "box": [0.9, 0.02, 0.95, 0.04], "confidence": 0.97, "stamped": True}
            ],
        )  # fmt: skip
        rows.add(ReadingRow, page_id=where.page_id, version=1, sha256=digest, engine="recorded", made_at=received)
        rows.add(Work, kind=work.READ, subject_id=where.page_id, state="done", created_at=received, updated_at=received)
        if low:
            rows.add(
                Flag, subject_kind="page", subject_id=where.page_id, case_id=where.case_id, code="low_confidence",
                created_at=received,
            )  # fmt: skip
        rows.note(received, "watch", "accept", "arrival", arrival_id, source=path, sha256=sha256, state="done")
        rows.note(received + 30, "work", "read", "page", where.page_id, version=1)
        for look in range(_LOOKS_A_PAGE):
            name = name_of((number + look) % PEOPLE)
            rows.note(received + 1000, name, "look", "page", where.page_id, what="picture", viewer=name)
        rows.change("received", arrival_id, received)
        rows.change("searchable", arrival_id, received + 60)

    def _write(self) -> None:
        """Write what waits to the catalogue and the index."""
        rows = self._rows
        with self._catalogue.writing() as session:
            for table in _ORDER:
                waiting = rows.by_table.pop(table, [])
                for portion in _portions(waiting, _BATCH):
                    session.execute(insert(table), portion)
        first = self._filed - len(rows.pages) + 1
        for entry_portion in _portions(entries(iter(rows.pages), first), _BATCH):
            if refused := self._engine.apply(entry_portion):
                raise RuntimeError(f"refused: {refused[0]}")
        rows.pages.clear()


def name_of(number: int) -> str:
    """The name of a prosecutor of the office."""
    return f"检察官{number + 1:02}"


def _cases(pages: int) -> Iterator[tuple[str, int, int]]:
    """Name, volumes, and pages of a volume, of each case until there are so many pages."""
    # The first one has 60 × 200 of 100,000, and less where there are fewer in all.
    volume_pages = max(1, min(VOLUME_PAGES, pages * VOLUME_PAGES // PAGES))
    yield DOSSIER_CASE, VOLUMES, volume_pages
    left = pages - VOLUMES * volume_pages
    a_case = dossiers.OTHER_VOLUMES * dossiers.OTHER_VOLUME_PAGES
    while left > 0:
        volume_pages = -(-min(left, a_case) // dossiers.OTHER_VOLUMES)
        yield "邬若知等人诈骗案", dossiers.OTHER_VOLUMES, volume_pages
        left -= dossiers.OTHER_VOLUMES * volume_pages


def stored_reading(lines: Sequence[str]) -> bytes:
    """A stored reading with a box for every character, as `Reading.to_bytes` makes them but faster."""
    read = ",".join(
        f'{{"text":{json.dumps(text, ensure_ascii=False)},"box":[0.1,{_top(row)},{round(0.1 + 0.02 * len(text), 4)},'
        f'{_bottom(row)}],"confidence":0.98,"characters":{_boxes(row, len(text))},"vertical":false}}'
        for row, text in enumerate(lines)
    )
    facts = (
        f'{{"format":1,"width":{WIDTH},"height":{HEIGHT},"dpi":{DPI},"turn_degrees":0,"skew_degrees":0.4,'
        f'"deskew_degrees":0.4,"blank":false,"source":"ocr","engine":"recorded","lines":[{read}],"flags":[],'
        '"labels":[]}'
    )
    return gzip.compress(facts.encode(), 1, mtime=0)


def _top(row: int) -> float:
    return round(0.1 + _LINE_STEP * row, 4)


def _bottom(row: int) -> float:
    return round(0.115 + _LINE_STEP * row, 4)


@lru_cache(maxsize=10_000)
def _boxes(row: int, length: int) -> str:
    boxes = [[round(0.1 + 0.02 * at, 4), _top(row), round(0.12 + 0.02 * at, 4), _bottom(row)] for at in range(length)]
    return json.dumps(boxes, separators=(",", ":"))


def _portions(things: Iterable[_Thing], size: int) -> Iterator[list[_Thing]]:
    waiting = iter(things)
    while portion := list(islice(waiting, size)):
        yield portion
