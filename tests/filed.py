"""A home filled by hand: pages with given text in the catalogue, the vault and a real index, without scans."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Arrival, Case, CaseNumber, Document, Original, Page, Person, ReadingRow, Volume
from dossier.home import Home
from dossier.numbers import canonical, folded
from dossier.reading import Box, Line, Reading
from dossier.vault import Vault
from dossier.viewers import AT_MACHINE, Viewer
from indexer.engine import Engine
from indexer.entry import PagePlace, entry_of_page
from indexer.roster.matrix import Matrix
from indexer.roster.search import RosterSearcher
from indexer.tantivy_engine import TantivyEngine

CASE = "临检起诉受[2031]99010100007号"


class RosterSearcherAtMachine(RosterSearcher):
    """Searches as whoever works at the machine: what most tests are not about."""

    def search(self, *arguments: Any, viewer: Viewer = AT_MACHINE, **more: Any) -> Matrix:
        return super().search(*arguments, viewer=viewer, **more)


class Filed:
    """A home to which documents are added whole."""

    def __init__(self, root: Path, engine: Engine | None = None) -> None:
        self.home = Home.at(root)
        self.catalogue = Catalogue.open(self.home)
        self.vault = Vault(self.home.vault)
        self.engine = engine or TantivyEngine(self.home.index)
        self.searcher = RosterSearcherAtMachine(self.catalogue, self.vault, self.engine)
        self._version = 0

    def case(self, number: str = CASE, suspects: Sequence[str] = (), sealed: bool = False) -> str:
        with self.catalogue.writing() as session:
            case = Case(state="known", name="某某案", sealed=sealed)
            session.add(case)
            session.flush()
            session.add(
                CaseNumber(
                    case_id=case.id,
                    kind="department",
                    as_given=number,
                    canonical=canonical(number),
                    folded=folded(number),
                )
            )
            session.add_all(Person(case_id=case.id, name=name) for name in suspects)
            return case.id

    def document(
        self,
        case_id: str,
        title: str,
        *pages: Sequence[str],
        volume: str = "证据材料卷一",
        labels: Sequence[str | None] = (),
        states: Sequence[str] = (),
    ) -> list[str]:
        """Add a document whose pages have these lines; `labels` are confirmed ones.

        Returns:
            The pages' ids.
        """
        page_ids, entries = [], []
        with self.catalogue.writing() as session:
            of_name = select(Volume).where(Volume.case_id == case_id, Volume.name == volume)
            held = session.scalars(of_name).first()
            if held is None:
                count = session.scalar(select(func.count()).select_from(Volume)) or 0
                held = Volume(case_id=case_id, name=volume, order_key=f"{count:04}")
                session.add(held)
                session.flush()
            number = session.scalar(select(func.count()).select_from(Page).where(Page.volume_id == held.id)) or 0
            document = Document(
                case_id=case_id, volume_id=held.id, path=f"{number}/{title}", title=title, order_key=f"{number:04}"
            )
            sha256 = f"{case_id}{held.id}{number}"
            session.add_all([document, Original(sha256=sha256, md5="", size=1)])
            session.flush()
            arrival = Arrival(
                case_id=case_id, volume_id=held.id, document_id=document.id, sha256=sha256, path=document.path,
                source=title, origin="test", state="done",
            )  # fmt: skip
            session.add(arrival)
            session.flush()
            for index, lines in enumerate(pages):
                state = states[index] if index < len(states) else "searchable"
                label = labels[index] if index < len(labels) else None
                page = Page(
                    case_id=case_id, volume_id=held.id, document_id=document.id, arrival_id=arrival.id,
                    index_in_file=index, source_kind="picture", order_key=f"{number + index:04}",
                    place=number + index + 1,
                    page_number=number + index + 1, page_label=label, page_label_state="confirmed" if label else None,
                    state=state, width=1654, height=2339, dpi=200.0,
                    reading_version=1 if state == "searchable" else None,
                )  # fmt: skip
                session.add(page)
                session.flush()
                page_ids.append(page.id)
                if state != "searchable":
                    continue
                read = reading(lines)
                digest = self.vault.store_reading(page.id, 1, read.to_bytes())
                session.add(ReadingRow(page_id=page.id, version=1, sha256=digest, engine="invented"))
                self._version += 1
                place = PagePlace(page.id, case_id, held.id, document.id, page.page_number, "", held.order_key)
                entries.append(entry_of_page(place, self._version, read, None))
            self.engine.apply(entries)
        return page_ids

    def close(self) -> None:
        self.engine.close()
        self.catalogue.close()


def reading(lines: Sequence[str]) -> Reading:
    """A page with these lines, one below the other."""
    placed = [Line(text, Box(0.15, 0.15 + 0.02 * row, 0.85, 0.165 + 0.02 * row)) for row, text in enumerate(lines)]
    return Reading(1654, 2339, 200.0, lines=tuple(placed))
