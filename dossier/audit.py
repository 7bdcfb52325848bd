"""The audit log: who did what, written in the transaction of the deed itself."""

from __future__ import annotations

import getpass
from typing import Any

from sqlalchemy.orm import Session

from dossier.catalogue.tables import AuditRow


def record(session: Session, deed: str, subject_kind: str, subject_id: str, actor: str, **details: Any) -> None:
    """Add an entry to the transaction that does the deed.

    Args:
        session: that transaction.
        deed: what was done, e.g. "accept", "read", "park".
        subject_kind: "case", "arrival", "page", …
        subject_id: its id.
        actor: a person's or key's name, or the part of the program ("watch", "work").
        details: what else to know; never secrets.
    """
    session.add(AuditRow(deed=deed, subject_kind=subject_kind, subject_id=subject_id, actor=actor, details=details))


def person_at_the_keyboard() -> str:
    """The name under which a command's deeds are recorded."""
    return f"cli:{getpass.getuser()}"
