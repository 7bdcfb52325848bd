"""Looks: who was shown which page's picture or text, and who searched for what, appended to the audit log in batches.

A look must not wait for the disk, and a thousand pages an hour must not be a thousand commits. So looks are noted in
memory, and a thread writes them within a second; they are written to the end when the process stops. One that is killed
loses those of its last second. Where they cannot be written for long, nobody is shown anything more. Only who is shown
hundreds of pages at once, as a PDF, waits until that is written.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import AuditRow
from dossier.errors import MachineFailed
from dossier.viewers import Viewer

PICTURE, TEXT = "picture", "text"
DEED, SEARCH_DEED = "look", "search"

FLUSH_SECONDS = 0.5
MOST_WAITING = 10_000
# As many at once are written before whoever asked is answered: a volume's PDF shows thousands of pages, which would
# leave no room for anybody else's looks.
_MANY = 500
_REST_AFTER_FAILURE_SECONDS = 2.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Look:
    actor: str
    deed: str
    subject_kind: str
    subject_id: str
    details: str  # as JSON, which can be compared


class Looks:
    """The looks of one process at the pages of a home; may be noted from several threads.

    Args:
        catalogue: whose audit log they go to.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()
        # What the same person is shown of the same page within a batch is one look; it counts from its first moment.
        self._waiting: dict[_Look, float] = {}
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    def note(self, viewer: Viewer, page_ids: Iterable[str], what: str) -> None:
        """Note that somebody is shown pages; to be called before they are.

        Args:
            viewer: who.
            page_ids: which pages.
            what: `PICTURE` or `TEXT`.

        Raises:
            MachineFailed: too many wait to be written, or so many at once cannot be.
        """
        details = json.dumps({"what": what, "viewer": viewer.id})
        self._note(_Look(viewer.name or viewer.id, DEED, "page", page_id, details) for page_id in page_ids)

    def note_search(self, viewer: Viewer, query: str, found: Iterable[tuple[str, str]] | None) -> None:
        """Note that somebody searched, and is shown passages: once for each case; to be called before they are.

        Args:
            viewer: who.
            query: what they typed.
            found: case and page of each passage; None where counts or places alone are shown.

        Raises:
            MachineFailed: too many wait to be written.
        """
        shown: dict[str, dict[str, None]] = {}
        for case_id, page_id in found or ():
            shown.setdefault(case_id, {})[page_id] = None
        actor = viewer.name or viewer.id

        def look(kind: str, subject: str, **more: object) -> _Look:
            details = json.dumps({"q": query, **more, "viewer": viewer.id}, ensure_ascii=False)
            return _Look(actor, SEARCH_DEED, kind, subject, details)

        self._note(
            [look("case", case_id, hits=len(pages), page_ids=list(pages)) for case_id, pages in shown.items()]
            or [look("search", "") if found is None else look("search", "", hits=0)]
        )

    def _note(self, seen: Iterable[_Look]) -> None:
        now = time.time()
        looks = dict.fromkeys(seen, now)
        if len(looks) > _MANY:
            self._write_at_once(looks)
            return
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                raise MachineFailed("audit: looks cannot be written")
            for look, at in looks.items():
                self._waiting.setdefault(look, at)
            if self._thread is None and not self._closing.is_set():
                self._thread = threading.Thread(target=self._run, name="looks", daemon=True)
                self._thread.start()
        if self._closing.is_set():
            self.flush()

    def _write_at_once(self, looks: dict[_Look, float]) -> None:
        batch = list(looks.items())
        try:
            # In parts, so that others get to write in between.
            for start in range(0, len(batch), _MANY):
                self._write(batch[start : start + _MANY])
        except SQLAlchemyError as error:
            raise MachineFailed("audit: looks cannot be written") from error

    def _write(self, batch: Iterable[tuple[_Look, float]]) -> None:
        with self._catalogue.writing() as session:
            session.add_all(
                AuditRow(
                    at=at, actor=look.actor, deed=look.deed, subject_kind=look.subject_kind,
                    subject_id=look.subject_id, details=json.loads(look.details),
                )
                for look, at in batch
            )  # fmt: skip

    def flush(self) -> None:
        """Write what waits.

        Raises:
            SQLAlchemyError: it cannot be written; it goes on waiting.
        """
        with self._writing:
            with self._lock:
                batch = dict(self._waiting)
            if not batch:
                return
            self._write(batch.items())
            with self._lock:
                for look in batch:
                    del self._waiting[look]

    def close(self) -> None:
        """Write what waits, and end the thread; what is noted after that is written at once."""
        self._closing.set()
        thread = self._thread
        if thread is not None:
            thread.join()
        try:
            self.flush()
        except SQLAlchemyError as error:
            _log.error("%s looks are lost: %s", len(self._waiting), str(error).splitlines()[0])

    def _run(self) -> None:
        """Write batch after batch, as long as there are looks."""
        pause = FLUSH_SECONDS
        while not self._closing.wait(pause):
            try:
                self.flush()
                pause = FLUSH_SECONDS
            except SQLAlchemyError as error:
                _log.warning("looks wait to be written: %s", str(error).splitlines()[0])
                pause = _REST_AFTER_FAILURE_SECONDS
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
