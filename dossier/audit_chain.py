"""The chain of the audit log: each row bears the hash of itself and of the row chained before it, so that a row that is
changed, taken out or put in between later is found out (audit_proof).

Rows are written by many processes, each in the transaction of its deed, and chained by one, within seconds. What is not
chained yet is not proved yet. Whoever can write to the catalogue could also make the whole chain anew, or cut off its
end: so the last place and its hash are exported each day, signed, to be kept elsewhere (audit_heads).
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import AuditRow
from dossier.errors import EdossierError

# What stands before the first row.
BEGINNING = "0" * 64
# More than this behind, and nobody seems to chain.
MOST_BEHIND = 1000
_A_PORTION = 500
_REST_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 10.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ChainEnd:
    """The last link: how many rows are chained, the id of the last of them (None: there is none), and its hash."""

    length: int
    row_id: int | None
    hash: str


def hash_of(previous: str, row: AuditRow) -> str:
    """The hash of a row after the one whose hash is given: SHA-256 of all that the row says, as canonical JSON."""
    said = [previous, row.id, row.at, row.actor, row.deed, row.subject_kind, row.subject_id, row.details]
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def chain_portion(session: Session, most: int = _A_PORTION) -> int:
    """Chain the rows that are not yet, the earliest first; returns how many there were. One process alone may do it."""
    rows = session.scalars(
        select(AuditRow).where(AuditRow.place.is_(None)).order_by(AuditRow.id).limit(most)
    ).all()  # fmt: skip
    if not rows:
        return 0
    end = end_of(session)
    place, previous = end.length, end.hash
    for row in rows:
        place += 1
        row.place, row.previous_hash, row.hash = place, previous, hash_of(previous, row)
        previous = row.hash
    return len(rows)


def end_of(session: Session) -> ChainEnd:
    """The last link of the chain."""
    last = session.scalars(
        select(AuditRow).where(AuditRow.place.is_not(None)).order_by(AuditRow.place.desc()).limit(1)
    ).first()  # fmt: skip
    if last is None or last.place is None or last.hash is None:
        return ChainEnd(0, None, BEGINNING)
    return ChainEnd(last.place, last.id, last.hash)


def count_unchained(session: Session) -> int:
    """How many rows are not chained yet."""
    return session.scalar(select(func.count()).select_from(AuditRow).where(AuditRow.place.is_(None))) or 0


def chain_all(catalogue: Catalogue) -> None:
    """Chain whatever is not yet. The caller sees to it that nobody else does."""
    while _chain_what_is_there(catalogue):
        pass


@contextmanager
def chaining(catalogue: Catalogue, export: Callable[[], object] | None = None) -> Iterator[None]:
    """Chain what is written, in a thread, until the block ends. The caller sees to it that there is one alone.

    Args:
        catalogue: the catalogue.
        export: is called again and again when all is chained; writes a head of the chain where one is due.
    """
    stop = threading.Event()
    thread = threading.Thread(target=_chain, args=(catalogue, export, stop), name="audit-chain", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _chain(catalogue: Catalogue, export: Callable[[], object] | None, stop: threading.Event) -> None:
    with catalogue.commits() as commits:
        while not stop.wait(_REST_SECONDS):
            try:
                while _chain_what_is_there(catalogue) and not stop.is_set():
                    pass
                if export is not None:
                    export()
            except SQLAlchemyError as error:
                # A full or busy disk: the rows wait, and say so on the administrator's page.
                _log.warning("audit chain: %s", str(error).splitlines()[0])
            except (OSError, EdossierError) as error:
                # The folder of the heads is away: the next round tries again.
                _log.warning("audit head: %s", error)
            waited = 0.0
            while not commits.are_new() and not stop.wait(_REST_SECONDS) and waited < _LONGEST_WAIT_SECONDS:
                waited += _REST_SECONDS


def _chain_what_is_there(catalogue: Catalogue) -> int:
    with catalogue.reading() as session:
        if not count_unchained(session):
            return 0
    with catalogue.writing() as session:
        return chain_portion(session)
