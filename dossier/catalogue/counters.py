"""Counters: numbers that follow each other in the order of commits, for the whole catalogue.

A transaction that takes numbers holds the counter's row until it ends: on SQLite because it is the only writer, on
PostgreSQL because the row is locked. So whoever sees a number sees all smaller ones that there will ever be, which a
sequence does not promise.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from dossier.catalogue.statements import insert_or_update
from dossier.catalogue.tables import Counter


def reserve(session: Session, name: str, count: int) -> int:
    """Take `count` numbers; returns the first. To be done late in a transaction: others wait for its end."""
    statement = insert_or_update(session, Counter).values(name=name, value=count)
    statement = statement.on_conflict_do_update(index_elements=[Counter.name], set_={"value": Counter.value + count})
    # The column, not the row: an object that the session knows already would keep its old value.
    return session.execute(statement.returning(Counter.value)).scalar_one() - count + 1
