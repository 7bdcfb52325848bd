"""T25: a catalogue of every earlier version, with rows in every table, is brought to the newest, and nothing is lost.

Each is made by the migrations up to its version and filled by what the database says of its tables, so that a table or
column of which nobody thinks any more is filled, too.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine, insert, select, text
from sqlalchemy import Table as SchemaTable

from dossier.audit_chain import chain_portion
from dossier.audit_proof import first_fault
from dossier.catalogue import database
from dossier.catalogue.copies import version_in
from dossier.catalogue.database import Catalogue, copies_of_versions
from dossier.catalogue.tables import Page, Table
from dossier.errors import CatalogueNewer, MachineFailed
from dossier.home import Home
from dossier.vault import Vault
from dossier.verify import verify_store
from dossier.viewers import AT_MACHINE
from indexer.feed import Feed
from indexer.search import Searcher
from indexer.tantivy_engine import TantivyEngine
from tests.filed import reading

MIGRATIONS = Path(database.__file__).parent / "migrations"
VERSIONS = sorted(script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions())
NEWEST = VERSIONS[-1]
ROWS = 2
# At full size (`make faults`) all versions are cut short, and all homes of earlier programs opened.
KILLS = int(os.environ.get("EDOSSIER_TEST_UPGRADE_KILLS", "4"))

# Tables whose rows went into another one.
GONE_INTO = {"repeats": "keyed_requests", "idempotency_keys": "keyed_requests"}
# Columns that were taken out on purpose, or are worked out anew. Keys went into keyed_requests, but those of arrivals,
# which nobody has ever written.
GONE = {
    "arrivals": {"idempotency_key"},
    "excerpts": {"idempotency_key"},
    "notes": {"idempotency_key"},
    "receipts": {"idempotency_key", "request"},
    "transcriptions": {"idempotency_key"},
    "exhibits": {"digest"},
    "uploads": {"idempotency_key"},
}


def connected(home: Home) -> Connection:
    return create_engine(f"sqlite:///{home.catalogue}").connect()


# The files of empty catalogues, by their version.
_empty: dict[str, bytes] = {}


def migrated(home: Home, version: str) -> None:
    """Make an empty catalogue of a version, out of the nearest one before it that was made already."""
    before = max((known for known in _empty if known <= version), default=None)
    if before is not None:
        home.catalogue.write_bytes(_empty[before])
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with connected(home) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, version)
    _empty[version] = home.catalogue.read_bytes()


class Filling:
    """Rows for every table of a catalogue, row i of each referring to row i of the others.

    What the program checks by sense is given here: so each volume has one page, read and searchable.
    """

    def __init__(self, home: Home) -> None:
        self._vault = Vault(home.vault)
        self._keys: dict[tuple[str, str], list[Any]] = {}

    def fill(self, connection: Connection) -> dict[str, int]:
        metadata = MetaData()
        metadata.reflect(connection)
        filled = {}
        for table in metadata.sorted_tables:
            if table.name == "alembic_version":
                continue
            for number in range(1, ROWS + 1):
                row = {column.name: self._value(table, column, number) for column in table.columns}
                row.update(self._sense(table.name, number, row))
                connection.execute(insert(table).values({name: row[name] for name in row if name in table.columns}))
            for column in table.columns:
                self._keys[table.name, column.name] = list(connection.scalars(select(column).order_by(text("rowid"))))
            filled[table.name] = ROWS
        return filled

    def _value(self, table: SchemaTable, column: Any, number: int) -> Any:
        for key in column.foreign_keys:
            target = (key.column.table.name, key.column.name)
            if target[0] == table.name:
                return None  # of itself: of nothing
            return self._keys[target][number - 1]
        kind = column.type.python_type if not _is_json(column) else None
        if kind is None:
            return {"of": f"{table.name}.{column.name}.{number}"} if _is_dict(table.name, column.name) else []
        if kind is bool:
            return False
        if kind is int:
            return number
        if kind is float:
            return 1000.0 + number
        return f"{table.name}.{column.name}.{number}"

    def _sense(self, table: str, number: int, row: dict[str, Any]) -> dict[str, Any]:
        prefix = f"{number:02x}"
        match table:
            case "cases":
                return {
                    "id": f"c{prefix}",
                    "state": "known",
                    "sealed": False,
                    "merged_into": None,
                    "name": f"案{number}",
                }
            case "volumes":
                return {"id": f"v{prefix}", "version": 1, "supersedes_id": None, "known_gaps": []}
            case "documents":
                return {"id": f"d{prefix}", "series": 1, "settled": True}
            case "originals":
                source = self._vault.root / f"scan-{number}"
                source.write_bytes(f"scan {number}".encode())
                stored = self._vault.store_original(source)
                source.unlink()
                return {"sha256": stored.sha256, "md5": stored.md5, "size": stored.size}
            case "arrivals":
                return {"id": f"f{prefix}", "state": "done", "answered_by": None, "split_from": None}
            case "pages":
                return {
                    "id": f"p{prefix}", "index_in_file": 0, "page_number": 1, "place": 1, "outside": None,
                    "state": "searchable", "reading_version": 1, "turn_degrees": 0, "width": 1654, "height": 2339,
                    "dpi": 200.0, "picture_in_file": None, "part": "whole", "cut": 0.0, "turn_by_hand": None,
                    "blank_by_hand": None, "crop_by_hand": None, "crop": None, "sheet_code": None, "sheet_state": None,
                    "sorted_by": None, "label_candidates": [], "replaced_by": None, "skew_degrees": 0.0,
                }  # fmt: skip
            case "readings":
                content = reading([f"证人甲{number}号的陈述"]).to_bytes()
                return {"version": 1, "sha256": self._vault.store_reading(str(row["page_id"]), 1, content)}
            case "transcriptions":
                return {
                    "id": f"x{prefix}",
                    "version": 1,
                    "withdrawn_at": None,
                    "idempotency_key": f"u{number} k{number}",
                }
            case "transcription_versions":
                sha256 = self._vault.store_transcription(
                    f"p{prefix}", str(row["transcription_id"]), 1, json.dumps({"of": number}).encode()
                )
                return {"version": 1, "sha256": sha256, "box": [0.1, 0.1, 0.2, 0.2], "turn_degrees": 0}
            case "work":
                return {"state": "done"}
            case "audit":
                return {"place": None, "previous_hash": None, "hash": None}
            case "outbox" | "successor_outbox":
                return {"page_id": f"p{prefix}", "version": 100 + number, "dead": False, "not_before": 0.0}
            case "index_generations":
                return {"filled_at": 0.0}
            case "reindexes":
                return {"state": "done"}
            case "flags":
                return {"closed_at": 1.0}
            case "idempotency_keys":
                return {"key": f"k{number}:a:b"}
            case "notes" | "exhibits" | "excerpts":
                return {name: [] for name in ("groups", "page_ids") if name in row} | (
                    {"box": [0.1, 0.1, 0.2, 0.2]} if table == "notes" else {}
                )
            case "counters":
                return {"value": 1000 + number, "name": "index_version" if number == 1 else "changes"}
        return {}


def _is_json(column: Any) -> bool:
    return str(column.type).upper() == "JSON"


def _is_dict(table: str, column: str) -> bool:
    """Whether a JSON column holds an object, by its default in the newest version."""
    known = Table.metadata.tables.get(table)
    if known is None or column not in known.columns:
        return True
    default = known.columns[column].default
    return default is None or (default.is_callable and default.arg({}) == {})


def contents(home: Home) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables."""
    with closing(sqlite3.connect(home.catalogue)) as connection:
        connection.row_factory = sqlite3.Row
        names = [
            row["name"]
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if not row["name"].startswith("sqlite_") and row["name"] != "alembic_version"
        ]
        return {
            name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}" ORDER BY rowid')] for name in names
        }


def lost_of(before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]) -> list[str]:
    """What the rows before an upgrade said, and those after it do not."""
    lost = []
    for table, rows in before.items():
        if table in GONE_INTO:
            if len(after[GONE_INTO[table]]) < len(rows):
                lost.append(f"{table}: rows")
            continue
        if table not in after:
            lost.append(f"{table}: the table")
            continue
        if table not in ("arrivals", "uploads"):
            keys = {row["idempotency_key"] for row in rows if row.get("idempotency_key")} if table in GONE else set()
            known = [row["key"] for row in after["keyed_requests"]]
            lost += [f"{table}: key {key}" for key in keys if not any(key.endswith(one) for one in known if one)]
        kept = [{name: row[name] for name in rows[0] if name in row} for row in after[table]] if rows else []
        for row in rows:
            said = {name: value for name, value in row.items() if name not in GONE.get(table, ())}
            gone = set(said) - set(after[table][0]) if after[table] else set(said)
            if gone:
                lost.append(f"{table}: columns {sorted(gone)}")
            elif not any(all(other[name] == value for name, value in said.items()) for other in kept):
                lost.append(f"{table}: {said}")
    return lost


def of_version(root: Path, version: str) -> Home:
    """A home whose catalogue is of a version, with rows in every table."""
    home = Home.at(root)
    migrated(home, version)
    with connected(home) as connection, connection.begin():
        filled = Filling(home).fill(connection)
        assert set(filled.values()) == {ROWS}
    return home


@pytest.mark.parametrize("version", VERSIONS)
def test_an_earlier_catalogue_with_rows_in_every_table_is_upgraded_and_nothing_is_lost(
    version: str, tmp_path: Path
) -> None:
    home = of_version(tmp_path / "home", version)
    before = contents(home)
    assert all(len(rows) == ROWS for rows in before.values())

    catalogue = Catalogue.open(home)
    try:
        assert lost_of(before, contents(home)) == []
        with closing(sqlite3.connect(home.catalogue)) as connection:
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(NEWEST,)]
        with catalogue.writing() as session:
            chain_portion(session)
        with catalogue.reading() as session:
            assert verify_store(session, Vault(home.vault)) == []
            assert first_fault(session) is None
        if version in VERSIONS[::6]:
            assert _found(home, catalogue, "陈述") == {"p01", "p02"}
    finally:
        catalogue.close()


def _found(home: Home, catalogue: Catalogue, query: str) -> set[str]:
    engine = TantivyEngine(home.index)
    feed = Feed(catalogue, Vault(home.vault), engine)
    while feed.step():
        pass
    found = Searcher(catalogue, Vault(home.vault), engine).search(query, viewer=AT_MACHINE)
    engine.close()
    return {hit.page_id for hit in found.hits}


def test_the_tables_after_all_upgrades_are_those_that_the_program_means(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    migrated(home, NEWEST)
    metadata = MetaData()
    with connected(home) as connection:
        metadata.reflect(connection)
    for name, table in Table.metadata.tables.items():
        made = metadata.tables[name]
        assert {(column.name, column.nullable) for column in made.columns} == {
            (column.name, bool(column.nullable)) for column in table.columns
        }, name
        assert {key.target_fullname for column in made.columns for key in column.foreign_keys} == {
            key.target_fullname for column in table.columns for key in column.foreign_keys
        }, name


# Homes that programs of that time have made: two cases, four pages, read and searchable (`Scanroom` of the commit at
# which the version was the newest, without index and pictures). Versions that no commit had as its newest have none.
EARLIER = sorted((Path(__file__).parent / "earlier").glob("*.tar.gz"))


@pytest.mark.parametrize("archive", EARLIER[::3] if KILLS < 20 else EARLIER, ids=lambda path: path.name[:4])
def test_a_home_that_an_earlier_program_made_is_opened_verified_and_searched(archive: Path, tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    with tarfile.open(archive) as packed:
        packed.extractall(home.root, filter="data")
    assert version_in(home.catalogue) == archive.name[:4]
    before = contents(home)

    catalogue = Catalogue.open(home)
    try:
        assert lost_of(before, contents(home)) == []
        with catalogue.reading() as session:
            assert verify_store(session, Vault(home.vault)) == []
            pages = set(session.scalars(select(Page.id)))
        assert len(pages) == 4
        if archive in EARLIER[::6]:
            assert _found(home, catalogue, "证人甲") | _found(home, catalogue, "证人乙") == pages
    finally:
        catalogue.close()


# The copy before


def test_a_copy_of_the_catalogue_before_is_kept_and_only_two_of_them(tmp_path: Path) -> None:
    home = of_version(tmp_path / "home", "0012")
    before = contents(home)
    for older in ("0003", "0007"):
        home.catalogue.with_name(f"catalogue-{older}.db").write_bytes(b"an older copy")
    Catalogue.open(home).close()

    assert [copy.name for copy in copies_of_versions(home.catalogue)] == ["catalogue-0007.db", "catalogue-0012.db"]
    kept = home.catalogue.with_name("catalogue-0012.db")
    assert version_in(kept) == "0012"
    home.catalogue.unlink()
    kept.rename(home.catalogue)
    assert contents(home) == before


def test_a_new_catalogue_and_one_of_the_newest_version_are_not_copied(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    for _ in range(2):
        Catalogue.open(home).close()

    assert copies_of_versions(home.catalogue) == []


def test_without_room_for_the_copy_nothing_is_upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = of_version(tmp_path / "home", "0012")
    before = contents(home)

    def full(*_arguments: Any) -> None:
        raise MachineFailed("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(database, "copy_catalogue", full)
        with pytest.raises(MachineFailed):
            Catalogue.open(home)
    assert contents(home) == before
    assert version_in(home.catalogue) == "0012"


def test_a_catalogue_of_a_newer_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    home = of_version(tmp_path / "home", NEWEST)
    with closing(sqlite3.connect(home.catalogue)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = contents(home)

    with pytest.raises(CatalogueNewer):
        Catalogue.open(home)
    assert contents(home) == before


# Cut short


def upgraded_until(home: Home, statement: int) -> bool:
    """Upgrade in a process that is killed before its n-th statement; returns whether it was."""
    child = os.fork()
    if child == 0:
        left = statement

        def count(_sql: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        real = sqlite3.connect

        def watched(*arguments: Any, **named: Any) -> sqlite3.Connection:
            connection = real(*arguments, **named)
            connection.set_trace_callback(count)
            return connection

        sqlite3.connect = sqlite3.dbapi2.connect = watched  # type: ignore[assignment]
        Catalogue.open(home).close()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("version", VERSIONS[:-1:8] if KILLS < 20 else VERSIONS[:-1])
def test_an_upgrade_that_is_killed_is_rolled_back_and_made_when_opened_again(version: str, tmp_path: Path) -> None:
    statements = _statements_of(version, tmp_path / "counted")
    assert statements > 20
    home = of_version(tmp_path / "home", version)
    before = contents(home)
    kills = 0
    for number in range(1, KILLS + 1):
        at = max(1, statements * number // (KILLS + 1))
        if not upgraded_until(home, at):
            break
        kills += 1
        assert contents(home) == before, f"killed before statement {at} of {statements}"
        assert version_in(home.catalogue) == version
    assert kills == KILLS
    Catalogue.open(home).close()
    assert lost_of(before, contents(home)) == []
    assert version_in(home.catalogue) == NEWEST


def _statements_of(version: str, root: Path) -> int:
    """How many statements an upgrade takes, up to its commit."""
    home = of_version(root, version)
    counted: list[str] = []
    real = sqlite3.connect

    def watched(*arguments: Any, **named: Any) -> sqlite3.Connection:
        connection = real(*arguments, **named)
        connection.set_trace_callback(counted.append)
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", watched)
        patch.setattr(sqlite3.dbapi2, "connect", watched)
        Catalogue.open(home).close()
    return max(number for number, sql in enumerate(counted, start=1) if sql == "COMMIT")
