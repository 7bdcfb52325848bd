"""A home with pages that were read, made without scans and without workers; it verifies clean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select, update

from dossier import outbox, permissions
from dossier.catalogue.tables import Arrival, Case, Original, Page, Work
from dossier.fixity import Fault
from dossier.home import Home
from dossier.verify import verify_store
from indexer.agreement import verify_index
from tests.web.scanroom import Scanroom

Volumes = Mapping[str, Sequence[int]]


@contextmanager
def open_room(root: Path) -> Iterator[Scanroom]:
    room = Scanroom(Home.at(root))
    try:
        yield room
    finally:
        room.close()


def store(room: Scanroom, number: str, volumes: Volumes, department: str = "", sealed: bool = False) -> None:
    """Put a case in: volumes by name, each with the numbers of its pages."""
    for volume, pages in volumes.items():
        for page in pages:
            page_id = room.receive(f"{page:04d}.jpg", volume, number)
            room.read(
                page_id, [f"讯问笔录第{page}页", f"证人甲{page}号称钱款已转入账户", "本页内容经核对与本人所述一致"]
            )
    with room.catalogue.writing() as session:
        case = session.scalars(select(Case).where(Case.folder == number)).one()
        permissions.move(session, case, department, "test")
        if sealed:
            permissions.seal(session, case, "test")
        outbox.enqueue(session, list(session.scalars(select(Page.id).where(Page.case_id == case.id))))
        session.execute(update(Arrival).values(state="done"))
        session.execute(update(Work).values(state="done"))
    room.make_searchable()


def store_bytes(room: Scanroom, content: bytes) -> Path:
    """Put an original in that belongs to nothing; where it stands."""
    source = room.home.root / "scan"
    source.write_bytes(content)
    stored = room.vault.store_original(source)
    source.unlink()
    with room.catalogue.writing() as session:
        session.add(Original(sha256=stored.sha256, md5=stored.md5, size=stored.size))
    return room.vault.original_path(stored.sha256)


def faults_of(room: Scanroom) -> list[Fault]:
    """What `edossier verify` finds."""
    with room.catalogue.reading() as session:
        faults = verify_store(session, room.vault)
    return [*faults, *verify_index(room.catalogue, room.engine)]
