"""Looks: who was shown which page's picture or text, appended to the audit log in batches.

A look must not wait for the disk, and a thousand pages an hour must not be a thousand commits. So looks are noted in
memory, and a thread writes them within a second; they are written to the end when the process stops. One that is killed
loses those of its last second. Where they cannot be written for long, nobody is shown anything more.
"""

from __future__ import annotations

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
DEED = "look"

FLUSH_SECONDS = 0.5
MOST_WAITING = 10_000
_REST_AFTER_FAILURE_SECONDS = 2.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Look:
    viewer_id: str
    actor: str
    page_id: str
    what: str


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
            MachineFailed: too many wait to be written.
        """
        now = time.time()
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                raise MachineFailed("audit: looks cannot be written")
            for page_id in page_ids:
                self._waiting.setdefault(_Look(viewer.id, viewer.name or viewer.id, page_id, what), now)
            if self._thread is None and not self._closing.is_set():
                self._thread = threading.Thread(target=self._run, name="looks", daemon=True)
                self._thread.start()
        if self._closing.is_set():
            self.flush()

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
            with self._catalogue.writing() as session:
                session.add_all(
                    AuditRow(
                        at=at, actor=look.actor, deed=DEED, subject_kind="page", subject_id=look.page_id,
                        details={"what": look.what, "viewer": look.viewer_id},
                    )
                    for look, at in batch.items()
                )  # fmt: skip
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
