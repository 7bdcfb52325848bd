"""The chain of the audit log: what is chained, and what is found out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from dossier import audit
from dossier.audit_chain import BEGINNING, chain_portion, chaining, count_unchained, end_of, hash_of
from dossier.audit_proof import first_fault
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import AuditRow
from dossier.home import Home
from tests.append_only import unlock_audit


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    opened = Catalogue.open(Home.at(tmp_path))
    yield opened
    opened.close()


def deeds(catalogue: Catalogue, *names: str) -> None:
    with catalogue.writing() as session:
        for name in names:
            audit.record(session, name, "case", "c1", "傅溪", before="一部", after=["二部", 3, 0.1, None])


def chain(catalogue: Catalogue, most: int = 500) -> int:
    with catalogue.writing() as session:
        return chain_portion(session, most)


def test_rows_are_chained_in_their_order_each_with_the_hash_of_the_one_before(catalogue: Catalogue) -> None:
    deeds(catalogue, "a", "b", "c")
    assert chain(catalogue, most=2) == 2
    deeds(catalogue, "d")
    assert (chain(catalogue), chain(catalogue)) == (2, 0)
    with catalogue.reading() as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.id)).all()
        assert [row.deed for row in rows] == ["a", "b", "c", "d"]
        previous = "0" * 64
        for place, row in enumerate(rows, start=1):
            # As docs/deployment.md tells whoever wants to check it without this program.
            said = json.dumps(
                [previous, row.id, row.at, row.actor, row.deed, row.subject_kind, row.subject_id, row.details],
                ensure_ascii=False, sort_keys=True, separators=(",", ":"),
            )  # fmt: skip
            assert (row.place, row.previous_hash) == (place, previous)
            assert row.hash == sha256(said.encode()).hexdigest()
            previous = row.hash
        assert end_of(session).hash == previous
        assert (end_of(session).length, count_unchained(session)) == (4, 0)
        assert first_fault(session) is None


def test_an_empty_log_holds(catalogue: Catalogue) -> None:
    with catalogue.reading() as session:
        assert first_fault(session) is None
        assert end_of(session).hash == BEGINNING


def changed(session: Session) -> None:
    session.execute(update(AuditRow).where(AuditRow.deed == "b").values(actor="邬怀青"))


def taken_out(session: Session) -> None:
    session.execute(delete(AuditRow).where(AuditRow.deed == "b"))


def taken_out_and_closed_up(session: Session) -> None:
    taken_out(session)
    for row in session.scalars(select(AuditRow).where(AuditRow.place > 2).order_by(AuditRow.place)).all():
        row.place = (row.place or 0) - 1
        session.flush()


def first_taken_out(session: Session) -> None:
    session.execute(delete(AuditRow).where(AuditRow.deed == "a"))


def exchanged(session: Session) -> None:
    first, second = session.scalars(select(AuditRow).where(AuditRow.deed.in_(("b", "c"))).order_by(AuditRow.id))
    first.deed, second.deed = second.deed, first.deed


def rehashed_alone(session: Session) -> None:
    changed(session)
    row = session.scalars(select(AuditRow).where(AuditRow.deed == "b")).one()
    session.refresh(row)
    row.hash = hash_of(row.previous_hash or "", row)


@pytest.mark.parametrize(
    "fault", [changed, taken_out, taken_out_and_closed_up, first_taken_out, exchanged, rehashed_alone]
)
def test_what_was_tampered_with_is_found_out(catalogue: Catalogue, fault: Callable[[Session], None]) -> None:
    deeds(catalogue, "a", "b", "c", "d")
    chain(catalogue)
    with catalogue.writing() as session:
        unlock_audit(session)
        fault(session)
    with catalogue.reading() as session:
        assert first_fault(session) is not None


def test_what_other_connections_write_is_chained_meanwhile_and_stops_when_told(catalogue: Catalogue) -> None:
    with chaining(catalogue):
        for name in ("a", "b"):
            deeds(catalogue, name)
            until = time.monotonic() + 30
            while time.monotonic() < until:
                with catalogue.reading() as session:
                    if not count_unchained(session):
                        break
                time.sleep(0.05)
    deeds(catalogue, "c")
    with catalogue.reading() as session:
        assert session.scalar(select(func.count()).where(AuditRow.place.is_not(None))) == 2
        assert count_unchained(session) == 1
        assert first_fault(session) is None, "what is not chained yet breaks nothing"
