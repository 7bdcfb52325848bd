"""A bundle of paper for the tests of deeds: pages taken in and read, without scans, workers and engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, select

from dossier.acceptance import Incoming, accept
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Arrival, AuditRow, OutboxRow, Page, ReadingRow, Volume, Work
from dossier.contents import Contents
from dossier.home import Home
from dossier.page_labels import candidates_as_json
from dossier.place import Place
from dossier.reading import Box, LabelCandidate, Line, Reading
from dossier.vault import Vault

CASE = "临检起诉受[2031]99010100031号"
VOLUME = "证据材料卷一"


@dataclass(frozen=True)
class Shape:
    """A page of a file, before it is read."""

    index: int = 0
    kind: str = "picture"
    width: int = 1000
    height: int = 1400
    dpi: float = 120.0
    part: str = "whole"
    cut: float = 0.0


class Bundle:
    """Takes files in and has them read."""

    def __init__(self, root: Path) -> None:
        self.home = Home.at(root)
        self.catalogue = Catalogue.open(self.home)
        self.vault = Vault(self.home.vault)
        self._taken = 0

    def receive(
        self,
        path: str,
        volume: str = VOLUME,
        case: str = CASE,
        shapes: Sequence[Shape] = (Shape(),),
        *,
        is_dynamic_form: bool = False,
    ) -> list[str]:
        """Take a file in; returns its pages' ids."""
        self._taken += 1
        source = self.home.inbox / f"scan-{self._taken}"
        source.write_bytes(f"scan {self._taken}".encode())
        contents = Contents(
            "image/jpeg", shapes, is_single_picture=len(shapes) == 1, is_dynamic_form=is_dynamic_form
        )  # fmt: skip
        incoming = Incoming(source, Place(case, volume, path), path, "watch", contents)
        arrival = accept(self.catalogue, self.vault, incoming, "watch").arrival_id
        with self.catalogue.reading() as session:
            return list(session.scalars(select(Page.id).where(Page.arrival_id == arrival).order_by(Page.index_in_file)))

    def read(self, page_id: str, *lines: str, blank: bool = False, stamp: str = "") -> None:
        """Store what was read on a page."""
        placed = tuple(Line(text, Box(0.1, 0.1 + 0.05 * at, 0.9, 0.13 + 0.05 * at)) for at, text in enumerate(lines))
        reading = Reading(1000, 1400, 120.0, blank=blank, lines=placed)
        sha256 = self.vault.store_reading(page_id, 1, reading.to_bytes())
        with self.catalogue.writing() as session:
            page = session.get_one(Page, page_id)
            session.add(ReadingRow(page_id=page_id, version=1, sha256=sha256, engine="invented"))
            page.state, page.reading_version, page.blank = "searchable", 1, blank
            if stamp:
                page.label_candidates = candidates_as_json((LabelCandidate(stamp, Box(0.88, 0.02, 0.94, 0.04)),))
            for work in session.scalars(select(Work).where(Work.subject_id == page_id)):
                work.state = "done"
            session.flush()
            if not session.scalars(
                select(Page.id).where(Page.arrival_id == page.arrival_id, Page.state == "waiting").limit(1)
            ).first():
                session.get_one(Arrival, page.arrival_id).state = "done"

    def settle(self) -> None:
        """The index has taken everything."""
        with self.catalogue.writing() as session:
            session.execute(delete(OutboxRow))

    def pages(self, volume: str = VOLUME) -> list[Page]:
        """A volume's pages by place."""
        with self.catalogue.reading() as session:
            named = select(Volume.id).where(Volume.name == volume)
            return list(session.scalars(select(Page).where(Page.volume_id.in_(named)).order_by(Page.place)))

    def order(self, volume: str = VOLUME) -> list[str]:
        """The ids of a volume's pages in the order."""
        standing = [page for page in self.pages(volume) if page.outside is None]
        return [page.id for page in sorted(standing, key=lambda page: page.page_number)]

    def page(self, page_id: str) -> Page:
        with self.catalogue.reading() as session:
            return session.get_one(Page, page_id)

    def volume_id(self, volume: str = VOLUME) -> str:
        with self.catalogue.reading() as session:
            return session.scalars(select(Volume.id).where(Volume.name == volume)).one()

    def waiting_for_index(self) -> set[str]:
        with self.catalogue.reading() as session:
            return set(session.scalars(select(OutboxRow.page_id)))

    def requested(self, kind: str) -> set[str]:
        with self.catalogue.reading() as session:
            return set(session.scalars(select(Work.subject_id).where(Work.kind == kind, Work.state == "waiting")))

    def audited(self, deed: str) -> list[AuditRow]:
        with self.catalogue.reading() as session:
            return list(session.scalars(select(AuditRow).where(AuditRow.deed == deed)))

    def close(self) -> None:
        self.catalogue.close()
