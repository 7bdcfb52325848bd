"""The audit log in the hands of somebody who has the database file: without the triggers that keep it append-only."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

TRIGGERS = ("audit_rows_stay", "audit_rows_stay_as_they_are")


def unlock_audit(session: Session) -> None:
    """Take the triggers away, for this catalogue and for good."""
    for trigger in TRIGGERS:
        session.execute(text(f"DROP TRIGGER IF EXISTS {trigger}"))
