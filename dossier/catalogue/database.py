"""Opening the catalogue, and its two kinds of transaction.

SQLite runs in WAL with `synchronous=FULL`: a commit that returned survives a power cut. Writing transactions begin with
BEGIN IMMEDIATE, so that two writers wait for each other instead of failing half way; they contain no file work.
"""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from dossier.catalogue.commits import Commits
from dossier.catalogue.copies import copy_catalogue
from dossier.errors import CatalogueNewer
from dossier.home import Home
from dossier.vault import to_disk

BUSY_SECONDS = 30
# The site answers in forty threads (anyio's own number), some of which look into the catalogue while they look into it.
# Few connections are kept for good: one costs as long to open as a small question does to answer, and memory.
_KEPT_CONNECTIONS, _MOST_CONNECTIONS = 20, 100
_KEPT_COPIES = 2
_MIGRATIONS = Path(__file__).parent / "migrations"


class Catalogue:
    """A catalogue that is open, at the newest version of its tables."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, home: Home) -> Catalogue:
        """The catalogue of a home; made, or brought to the newest version, where needed.

        Before a catalogue is brought to another version it is copied, to `catalogue-<version>.db` beside it.

        Raises:
            CatalogueNewer: a newer version of the program has written it.
            CatalogueDamaged, MachineFailed: it cannot be copied, and stays as it is.
        """
        engine = create_engine(
            f"sqlite:///{home.catalogue}",
            connect_args={"timeout": BUSY_SECONDS},
            pool_size=_KEPT_CONNECTIONS,
            max_overflow=_MOST_CONNECTIONS - _KEPT_CONNECTIONS,
            # An error's text goes to logs and to the attention list: passwords' hashes and people's words do not.
            hide_parameters=True,
        )
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin)
        catalogue = cls(engine)
        if not catalogue._is_newest():
            with home.hold_waiting("migrate"):
                catalogue._upgrade()
        return catalogue

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that sees one state of the catalogue and changes nothing."""
        with Session(self._engine, autoflush=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that writes: committed when the block ends, rolled back when it raises."""
        engine = self._engine.execution_options(edossier_writes=True)
        with Session(engine) as session, session.begin():
            yield session

    @contextmanager
    def commits(self) -> Iterator[Commits]:
        """What notices that somebody has written, for one who waits for work."""
        commits = Commits(self._engine)
        try:
            yield commits
        finally:
            commits.close()

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    def _is_newest(self) -> bool:
        with self._engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() == _newest_version()

    def _upgrade(self) -> None:
        if self._is_newest():
            return
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        # A table that others refer to is made anew without their losing it; they are checked in the end
        # (https://www.sqlite.org/lang_altertable.html, section 7). The pragma has no effect within a transaction.
        engine = create_engine(self._engine.url, poolclass=NullPool, hide_parameters=True)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "connect", _leave_references)
        event.listen(engine, "begin", _begin)
        with engine.execution_options(edossier_writes=True).begin() as connection:
            # Nobody else can write from here on: the copy is what the migrations begin with.
            version = MigrationContext.configure(connection).get_current_revision()
            if version is not None:
                _refuse_newer(version)
                _keep_copy(Path(str(self._engine.url.database)), version)
            config.attributes["connection"] = connection
            before = _lost_references(connection)
            command.upgrade(config, "head")
            lost = _lost_references(connection) - before
            if lost:
                raise RuntimeError(f"the migration would lose references: {sorted(lost)}")


@contextmanager
def reading_file(file: Path) -> Iterator[Session]:
    """A session on a catalogue's file that nobody writes to, at the newest version; the file stays as it is."""
    address = f"{file.absolute().as_uri()}?mode=ro&immutable=1"
    engine = create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(address, uri=True), poolclass=NullPool, hide_parameters=True
    )
    try:
        with Session(engine, autoflush=False) as session:
            yield session
    finally:
        engine.dispose()


def copies_of_versions(catalogue: Path) -> list[Path]:
    """The copies that were kept of a catalogue before it was brought to other versions, the oldest version first."""
    return sorted(catalogue.parent.glob(f"{catalogue.stem}-[0-9]*{catalogue.suffix}"))


def is_known_version(version: str) -> bool:
    """Whether this program knows a version of the catalogue's tables, and so can bring it to the newest."""
    return any(script.revision == version for script in ScriptDirectory(str(_MIGRATIONS)).walk_revisions())


def _refuse_newer(version: str) -> None:
    if not is_known_version(version):
        raise CatalogueNewer(version)


def _keep_copy(catalogue: Path, version: str) -> None:
    target = catalogue.with_name(f"{catalogue.stem}-{version}{catalogue.suffix}")
    temporary = target.with_name(f".{target.name}.part")
    temporary.unlink(missing_ok=True)
    copy_catalogue(catalogue, temporary)
    temporary.replace(target)
    to_disk(target.parent)
    others = [copy for copy in copies_of_versions(catalogue) if copy != target]
    for older in others[: 1 - _KEPT_COPIES]:
        older.unlink(missing_ok=True)


@functools.cache
def _newest_version() -> str | None:
    return ScriptDirectory(str(_MIGRATIONS)).get_current_head()


def _set_up_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver must not begin transactions on its own: _begin does, in the kind that is wanted.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _leave_references(connection: sqlite3.Connection, _record: Any) -> None:
    connection.execute("PRAGMA foreign_keys=OFF")


def _lost_references(connection: Connection) -> set[tuple[str, str]]:
    """The tables with rows that refer to what is not there, each with the table that they refer to."""
    return {(row[0], row[2]) for row in connection.exec_driver_sql("PRAGMA foreign_key_check")}


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("edossier_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
