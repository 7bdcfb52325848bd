"""Keyed requests: what a key answers, how long it is kept, and what becomes of the keys of a catalogue from before."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from filed import Filed
from sqlalchemy import create_engine, text

from dossier import keyed_requests
from dossier.catalogue import database
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Arrival, Exhibit, KeyedRequest, Page, ReceiptVolume, TranscriptionVersion, Upload
from dossier.errors import KeyReused
from dossier.home import Home
from dossier.keyed_requests import CASE, EXCERPT, EXHIBIT, FILE, KEPT_DAYS, NOTE, RECEIPT, TRANSCRIPTION, find, keep

DAY_SECONDS = 24 * 3600.0


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    filed = Filed(tmp_path)
    yield filed.catalogue
    filed.close()


def test_a_key_answers_its_own_request_and_no_other(catalogue: Catalogue) -> None:
    with catalogue.writing() as session:
        keep(session, "u1", "k", CASE, "asked", "c1", 201)
    with catalogue.reading() as session:
        known = find(session, "u1", "k", CASE, "asked")
        assert known is not None
        assert (known.subject_id, known.status) == ("c1", 201)
        assert find(session, "u2", "k", CASE, "something else") is None, "keys are everybody's own"
        for kind, request in ((CASE, "something else"), (NOTE, "asked")):
            with pytest.raises(KeyReused):
                find(session, "u1", "k", kind, request)


@pytest.mark.parametrize("key", ["", None])
def test_without_a_key_nothing_is_kept(catalogue: Catalogue, key: str | None) -> None:
    with catalogue.writing() as session:
        keep(session, "u1", key, CASE, "asked", "c1")
        assert session.query(KeyedRequest).count() == 0
        assert find(session, "u1", key, CASE, "asked") is None


def test_a_deed_that_fails_leaves_its_key_free(catalogue: Catalogue) -> None:
    def fail() -> None:
        with catalogue.writing() as session:
            keep(session, "u1", "k", CASE, "asked", "c1")
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with catalogue.reading() as session:
        assert find(session, "u1", "k", CASE, "something else") is None


def test_a_key_is_forgotten_after_its_time_and_not_before(catalogue: Catalogue) -> None:
    with catalogue.writing() as session:
        for key, days in (("new", 0.0), ("kept", KEPT_DAYS - 0.1), ("old", KEPT_DAYS + 0.1)):
            keep(session, "u1", key, CASE, "asked", "c1")
            session.get_one(KeyedRequest, ("u1", key, CASE)).at = time.time() - days * DAY_SECONDS
    keyed_requests.prune(catalogue)
    with catalogue.reading() as session:
        assert {row.key for row in session.query(KeyedRequest)} == {"new", "kept"}


def of_version(path: Path, version: str, statements: list[tuple[str, dict[str, object]]]) -> Home:
    """A home whose catalogue is of an earlier version; only what a statement gives is checked by it."""
    home = Home.at(path)
    engine = create_engine(f"sqlite:///{home.catalogue}")
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        for table, values in statements:
            columns = connection.execute(text(f"PRAGMA table_info({table})")).all()
            # What must be there and is not given: nothing, in the column's type.
            zero = {"FLOAT": 0, "INTEGER": 0, "BOOLEAN": 0, "JSON": "[]", "VARCHAR": ""}
            given = {name: zero[kind] for _, name, kind, needed, default, _ in columns if needed and default is None}
            given |= values
            connection.execute(
                text(f"INSERT INTO {table} ({', '.join(given)}) VALUES ({', '.join(f':{name}' for name in given)})"),
                given,
            )
    engine.dispose()
    return home


def test_the_keys_of_a_catalogue_of_the_version_before_are_known(tmp_path: Path) -> None:
    keyed = hashlib.sha256(json.dumps(["k7"]).encode()).hexdigest()
    home = of_version(
        tmp_path, "0019",
        [
            ("cases", {"id": "c1"}),
            ("volumes", {"id": "v1", "case_id": "c1"}),
            ("originals", {"sha256": "s1"}),
            ("arrivals", {"id": "f1", "case_id": "c1", "volume_id": "v1", "sha256": "s1", "path": "1.pdf"}),
            ("documents", {"id": "d1", "case_id": "c1", "volume_id": "v1"}),
            ("pages", {"id": "p1", "case_id": "c1", "volume_id": "v1", "document_id": "d1", "arrival_id": "f1"}),
            ("repeats", {"viewer_id": "k1", "key": "a", "request": "of a", "status": 201, "case_id": "c1", "at": 5}),
            ("idempotency_keys", {"key": "k1:a:b", "request": "of a:b", "arrival_id": "f1", "at": 6}),
            ("uploads", {"id": "t1", "viewer_id": "k1", "case_id": "c1", "idempotency_key": "k1:x:y"}),
            ("uploads", {"id": "t2", "viewer_id": "k1", "case_id": "c1"}),
            ("excerpts", {"id": "e1", "owner_id": "u1", "case_id": "c1", "idempotency_key": "k3", "created_at": 7}),
            ("excerpts", {"id": "e2", "owner_id": "u1", "case_id": "c1"}),
            ("notes", {"id": "n1", "owner_id": "u1", "page_id": "p1", "idempotency_key": "k4", "created_at": 8}),
            ("receipts", {"id": "r1", "owner_id": "u1", "case_id": "c1", "idempotency_key": "k5", "request": "of k5"}),
            ("receipt_volumes", {"receipt_id": "r1", "volume_id": "v1"}),
            ("transcriptions", {"id": "x1", "page_id": "p1", "idempotency_key": "u1 k6"}),
            ("transcription_versions", {"transcription_id": "x1", "version": 1}),
            ("exhibits", {"id": "h1", "owner_id": "u1", "title": "示证", "groups": '[["", ["p1"]]]', "digest": keyed}),
        ],
    )  # fmt: skip
    catalogue = Catalogue.open(home)
    with catalogue.reading() as session:
        rows = {(row.owner_id, row.key, row.kind, row.request, row.subject_id) for row in session.query(KeyedRequest)}
        assert rows == {
            ("k1", "a", CASE, "of a", "c1"), ("k1", "a:b", FILE, "of a:b", "f1"), ("u1", "k3", EXCERPT, "", "e1"),
            ("u1", "k4", NOTE, "", "n1"), ("u1", "k5", RECEIPT, "of k5", "r1"), ("u1", "k6", TRANSCRIPTION, "", "x1"),
        }  # fmt: skip
        assert session.get_one(KeyedRequest, ("k1", "a", CASE)).status == 201
        assert {row.id: row.idempotency_key for row in session.query(Upload)} == {"t1": "x:y", "t2": None}
        for table in (Arrival, Page, ReceiptVolume, TranscriptionVersion):
            assert session.query(table).count() == 1, "what refers to a table that was made anew is still there"
        asked = json.dumps(["示证", [["", ["p1"]]], ""], ensure_ascii=False)
        assert session.query(Exhibit).one().digest == hashlib.sha256(asked.encode()).hexdigest()
        assert find(session, "u1", "k3", EXCERPT, "whatever") is not None
        with pytest.raises(KeyReused):
            find(session, "u1", "k3", EXHIBIT, "x")
    catalogue.close()
