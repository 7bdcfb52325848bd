"""Statements that each database spells in its own dialect."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Table


def insert_or_update(session: Session, table: type[Table]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can be given ON CONFLICT; SQLite and PostgreSQL share its form."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
