"""Repeats: a request that comes again with the same Idempotency-Key is answered, not done again.

The row is written in the transaction of the deed, so that either both are there or neither is. Kept is which case was
answered with, not the answer: whoever repeats sees the case as it stands, and only if it is still within their sight.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy.orm import Session

from dossier.catalogue.tables import Case, Repeat
from dossier.errors import KeyReused
from dossier.viewers import Viewer


def digest_of(*parts: Any) -> str:
    """What tells a request from another: of what was asked, where, with what body."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def find(session: Session, viewer: Viewer, key: str, request: str) -> Repeat | None:
    """The request that came with this key before; None if there was none.

    Raises:
        KeyReused: it was another one.
    """
    known = session.get(Repeat, (viewer.id, key))
    if known is not None and known.request != request:
        raise KeyReused(key)
    return known


def keep(session: Session, viewer: Viewer, key: str, request: str, status: int, case: Case) -> None:
    """Remember what was done for a key."""
    session.add(Repeat(viewer_id=viewer.id, key=key, request=request, status=status, case_id=case.id))
