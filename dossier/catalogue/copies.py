"""Copies of the catalogue's file, taken while others write to it: one state of it, whole, in a file of its own.

SQLite's online backup (https://www.sqlite.org/backup.html) begins anew when somebody else writes in the middle. Within
a transaction that reads, it goes through one state to its end, and holds nobody up.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from dossier.errors import CatalogueDamaged, MachineFailed
from dossier.vault import to_disk

_PAGES_AT_ONCE = 2000
_BUSY_SECONDS = 30.0


def copy_catalogue(source: Path, target: Path, progress: Callable[[int, int], None] = lambda done, total: None) -> None:
    """Write a copy of a catalogue, in which nothing is left in a journal, and sync it.

    Args:
        source: the catalogue's file; others may be writing to it.
        target: must not be there.
        progress: called with pages of the database: how many are copied, how many there are.

    Raises:
        CatalogueDamaged: SQLite finds the copy damaged, and so the catalogue is; the copy is removed.
        MachineFailed: SQLite could not write it (a full disk), or not read the catalogue.
        OSError: it could not be synced. In all cases what there is of it is removed.
    """
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=_BUSY_SECONDS)) as held,
            closing(sqlite3.connect(target, timeout=_BUSY_SECONDS)) as copy,
        ):
            held.isolation_level = copy.isolation_level = None
            held.execute("BEGIN")
            held.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here on it is this state
            held.backup(copy, pages=_PAGES_AT_ONCE, progress=lambda _, left, total: progress(total - left, total))
            held.execute("ROLLBACK")
            # The copy of a catalogue in WAL would need two more files beside it.
            copy.execute("PRAGMA journal_mode=DELETE")
            (answer,) = copy.execute("PRAGMA quick_check(1)").fetchone()
            if answer != "ok":
                raise CatalogueDamaged(str(answer).splitlines()[0])
        with target.open("rb") as file:
            os.fsync(file.fileno())
        to_disk(target.parent)
    except sqlite3.Error as error:
        target.unlink(missing_ok=True)
        # Extended codes have the plain one in their last byte.
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise CatalogueDamaged(str(error)) from error
        raise MachineFailed(str(error)) from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def version_in(file: Path) -> str | None:
    """The version of the tables in a catalogue's file that nobody writes to; None where there are none."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as catalogue:
        if catalogue.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone() is None:
            return None
        row = catalogue.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else None
