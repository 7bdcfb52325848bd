"""The feed: from the catalogue's outbox to the engine, until nothing is left to tell it.

The order makes it safe: the engine has taken a change durably before the outbox forgets it. Killed in between, the feed
hands the same change over again, which does no harm.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from dossier import flags, outbox, reindexing
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Arrival, Case, Document, IndexChange, IndexGeneration, OutboxRow, Page, Volume
from dossier.errors import EdossierError, EngineUnreachable, StoreError
from dossier.outbox import Change
from dossier.reading import Reading
from dossier.readings import following_page, reading_of
from dossier.transcriptions.standing import intact_transcriptions, pages_transcribed
from dossier.transcriptions.transcription import reading_of_transcriptions
from dossier.vault import Vault
from indexer.engine import Engine
from indexer.entry import SEPARATOR, IndexEntry, PagePlace, Removal, entry_of_page
from indexer.pace import Pace

log = logging.getLogger(__name__)

_DAMAGED = "transcription_damaged"


class _Batch(NamedTuple):
    """Changes as the engine takes them; the reasons for those whose reading cannot be had, by page; and the ids of
    transcriptions that are lost or altered, by page.
    """

    entries: list[IndexEntry | Removal]
    unreadable: dict[str, str]
    damaged: dict[str, tuple[str, ...]]


class Feed:
    """Feeds one index from one catalogue.

    Args:
        catalogue, vault: what is fed.
        engine: to whom.
        box: the outbox of its index: `OutboxRow` for the one in service.
    """

    def __init__(self, catalogue: Catalogue, vault: Vault, engine: Engine, box: type[IndexChange] = OutboxRow) -> None:
        self._catalogue, self._vault, self._engine, self._box = catalogue, vault, engine, box
        self.pace = Pace()
        self._has_looked = False

    def step(self) -> int:
        """Hand over one batch of changes; returns how many were looked at.

        Raises:
            EngineUnreachable: nothing was lost, call again when `pace` says.
        """
        try:
            looked_at = self._hand_over()
        except EngineUnreachable:
            self.pace.slow_down()
            raise
        if looked_at:
            self.pace.recover()
        return looked_at

    def _hand_over(self) -> int:
        if self._box is OutboxRow:
            self._notice_new_index()
        with self._catalogue.reading() as session:
            changes = outbox.due(session, self.pace.size, self._box)
            if not changes:
                return 0
            batch = self._entries(session, changes)
            noted = flags.standing_on(session, "page", [change.page_id for change in changes], _DAMAGED)
        unreadable, damaged = batch.unreadable, batch.damaged
        refusals = {refusal.page_id: refusal.reason for refusal in self._engine.apply(batch.entries)}
        refusals.update(unreadable)
        with self._catalogue.writing() as session:
            outbox.delivered(session, [change for change in changes if change.page_id not in refusals], self._box)
            for change in changes:
                if change.page_id in refusals:
                    log.warning("page %s was not indexed: %s", change.page_id, refusals[change.page_id])
                    outbox.refused(session, change, refusals[change.page_id], self._box)
            for page_id, transcriptions in damaged.items():
                log.error("page %s: transcriptions lost or altered: %s", page_id, ", ".join(transcriptions))
                page = session.get_one(Page, page_id)
                flags.raise_flag(session, "page", page_id, page.case_id, _DAMAGED, transcriptions=list(transcriptions))
            for page_id in noted - damaged.keys() - unreadable.keys():
                flags.close_flag(session, "page", page_id, _DAMAGED)
        return len(changes)

    def _notice_new_index(self) -> None:
        """An index that is not the one fed last is to be filled anew: everything is handed over again.

        One that holds what this catalogue does not know was fed from another: a later state of this one, most likely,
        of which an older copy was restored. It is emptied first.
        """
        generation = self._engine.generation()
        with self._catalogue.reading() as session:
            known = session.get(IndexGeneration, self._engine.name)
            is_own = known is not None and known.generation == generation
            is_in_service = known is not None and is_own and reindexing.is_in_service(known)
            if is_in_service and self._has_looked:
                return
            read = select(func.count()).select_from(Page).where(Page.reading_version.is_not(None))
            most = (session.scalar(read) or 0) if is_own else 0
        is_strange = self._engine.count() > most
        self._has_looked = True
        if is_strange:
            log.warning("%s: the index holds pages that the catalogue does not know; it is emptied", self._engine.name)
            self._engine.clear()
            generation = self._engine.generation()
        elif is_in_service:
            return
        with self._catalogue.writing() as session:
            # Only what was fed last counts: an engine that was away meanwhile has missed what came.
            reindexing.retire_others(session, self._engine.name)
            session.merge(IndexGeneration(engine=self._engine.name, generation=generation, filled_at=time.time()))
            session.execute(update(Page).where(Page.state == "searchable").values(state="read", searchable_at=None))
            count = outbox.enqueue_everything(session)
        log.info("%s: a new index, %d pages to fill in", self._engine.name, count)

    def _entries(self, session: Session, changes: Sequence[Change]) -> _Batch:
        """The changes as the engine takes them, and what cannot be had of their pages."""
        batch = _Batch([], {}, {})
        entries, unreadable = batch.entries, batch.unreadable
        known: dict[str, Reading | None] = {}
        transcribed = pages_transcribed(session, [change.page_id for change in changes])
        for change in changes:
            page = session.get(Page, change.page_id)
            if page is None or page.outside is not None:
                entries.append(Removal(change.page_id, change.version))
                continue
            try:
                reading = self._reading(session, page, known)
                if reading is not None:
                    following = self._following(session, page, known)
                    # A page whose transcription is lost is found by what the program read, and said to lack it.
                    human = self._human(session, page, batch.damaged) if page.id in transcribed else None
                    place = self._place(session, page)
                    entries.append(entry_of_page(place, change.version, reading, following, human))
            except SQLAlchemyError:
                raise  # the catalogue is at fault, and would be for every page
            except EdossierError as error:
                unreadable[change.page_id] = f"{error.code}: {error.detail}"
            except Exception as error:  # one page's fault must not keep all others out of the index
                # The class alone: the text may be the page's.
                unreadable[change.page_id] = type(error).__name__
        return batch

    def _human(self, session: Session, page: Page, damaged: dict[str, tuple[str, ...]]) -> Reading | None:
        intact, lost = intact_transcriptions(session, self._vault, page.id)
        if lost:
            damaged[page.id] = lost
        return reading_of_transcriptions(intact, page.width or 1, page.height or 1)

    def _reading(self, session: Session, page: Page, known: dict[str, Reading | None]) -> Reading | None:
        if page.id not in known:
            known[page.id] = reading_of(session, self._vault, page)
        return known[page.id]

    def _following(self, session: Session, page: Page, known: dict[str, Reading | None]) -> Reading | None:
        following = following_page(session, page)
        try:
            return self._reading(session, following, known) if following else None
        except StoreError:
            return None  # its own entry says so

    @staticmethod
    def _place(session: Session, page: Page) -> PagePlace:
        document = session.get_one(Document, page.document_id)
        received = session.get_one(Arrival, page.arrival_id).received_at
        return PagePlace(
            page_id=page.id,
            case_id=page.case_id,
            volume_id=page.volume_id,
            document_id=page.document_id,
            page_number=page.page_number,
            department=session.get_one(Case, page.case_id).department,
            volume_order=session.get_one(Volume, page.volume_id).order_key,
            document_order=f"{document.series:04d}{SEPARATOR}{document.order_key}",
            received=datetime.fromtimestamp(received, UTC).isoformat(timespec="milliseconds"),
        )
