"""Keyed requests: one that comes again with the same Idempotency-Key is answered, not done again.

The row is written in the transaction of the deed, so that either both are there or neither is; whoever comes at the
same time waits for that transaction and is answered as a repeat. Kept is what was answered with, not the answer:
whoever repeats sees it as it stands, and only if it is still within their sight.
"""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import KeyedRequest
from dossier.errors import KeyReused

CASE, EXCERPT, EXHIBIT, FILE, NOTE = "case", "excerpt", "exhibit", "file", "note"
RECEIPT, TRANSCRIPTION = "receipt", "transcription"
KEPT_DAYS = 30
"""Longer than the longest holiday, over which a program may be off with requests of which it does not know."""
_DAY_SECONDS = 24 * 3600.0


def digest_of(*parts: Any) -> str:
    """What tells a request from another: of what was asked, where, with what body."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def find(session: Session, owner_id: str, key: str | None, kind: str, request: str) -> KeyedRequest | None:
    """The request of a person or an API key that came with this key before; None if there was none, or no key.

    Args:
        session: of the deed; a writing one, where the deed may follow.
        owner_id: the viewer's id.
        key: their own name for the request; "" or None: they gave none.
        kind: of what is answered with, e.g. `CASE`.
        request: its digest.

    Raises:
        KeyReused: it was another one.
    """
    known = named(session, owner_id, key, kind)
    if known is not None and not is_same(known, request):
        raise KeyReused(key or "")
    return known


def named(session: Session, owner_id: str, key: str | None, kind: str) -> KeyedRequest | None:
    """As `find`, whatever was asked for.

    Raises:
        KeyReused: something of another kind was answered with.
    """
    if not key:
        return None
    wanted = select(KeyedRequest).where(KeyedRequest.owner_id == owner_id, KeyedRequest.key == key)
    found = {row.kind: row for row in session.scalars(wanted)}
    if found and kind not in found:
        raise KeyReused(key)
    return found.get(kind)


def is_same(known: KeyedRequest, request: str) -> bool:
    """Whether a request is the one that came with the key; of some from before this table, that was not kept."""
    return known.request in ("", request)


def keep(
    session: Session, owner_id: str, key: str | None, kind: str, request: str, subject_id: str, status: int = 200
) -> None:
    """Remember what was done for a key, if there is one."""
    if key:
        session.merge(
            KeyedRequest(
                owner_id=owner_id, key=key, kind=kind, request=request, subject_id=subject_id, status=status,
                at=time.time(),
            )
        )  # fmt: skip


def prune(catalogue: Catalogue, days: float = KEPT_DAYS) -> None:
    """Forget the keys of requests that are older than so many days."""
    with catalogue.writing() as session:
        session.execute(delete(KeyedRequest).where(KeyedRequest.at < time.time() - days * _DAY_SECONDS))
