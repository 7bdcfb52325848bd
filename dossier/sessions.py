"""Sessions of people who have signed in, kept so that a restart asks nobody for their password again.

Of a token only its SHA-256 is kept: it is random, and long enough. A session ends with the password that it was opened
with, with its user, and when it has not been used for long.
"""

from __future__ import annotations

import hashlib
import time

from sqlalchemy import delete
from sqlalchemy.orm import Session

from dossier.catalogue.tables import SessionRow


def keep_session(session: Session, token: str, user_id: str, mark: str, idle_seconds: float) -> None:
    """Keep a new session, and strike out those that nobody has used for so many seconds.

    Args:
        session: the transaction.
        token: whoever shows it has the session.
        user_id: whose it is.
        mark: of the password as it is stored now (`passwords.mark_of`).
        idle_seconds: how long a session lasts unused.
    """
    session.execute(delete(SessionRow).where(SessionRow.used_at < time.time() - idle_seconds))
    session.add(SessionRow(sha256=_hash(token), user_id=user_id, stored=mark))


def find_session(session: Session, token: str) -> SessionRow | None:
    """The session of a token, if it was kept; whether it still counts is for the caller to say."""
    return session.get(SessionRow, _hash(token))


def note_use(session: Session, token: str) -> None:
    """Say that a session is in use now."""
    row = find_session(session, token)
    if row is not None:
        row.used_at = time.time()


def end_session(session: Session, token: str) -> None:
    """Let a token open nothing more."""
    session.execute(delete(SessionRow).where(SessionRow.sha256 == _hash(token)))


def end_sessions_of(session: Session, user_id: str) -> None:
    """Let none of a user's tokens open anything more."""
    session.execute(delete(SessionRow).where(SessionRow.user_id == user_id))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
