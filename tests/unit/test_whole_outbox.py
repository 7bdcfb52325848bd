"""Whole volumes and cases in the outbox: every page that has been read, once, at a version newer than any before."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from dossier import outbox
from dossier.catalogue.tables import OutboxRow, Page, Reindex, SuccessorRow
from tests.filed import Filed


@pytest.mark.parametrize("has_successor", [False, True])
def test_a_whole_case_is_enqueued_as_its_pages_one_by_one(tmp_path: Path, has_successor: bool) -> None:
    filed = Filed(tmp_path)
    mine, other = filed.case(), filed.case("临检起诉受[2031]99010100008号")
    pages = filed.document(mine, "讯问笔录", ["甲"], ["乙"], ["丙"], states=["searchable", "waiting", "searchable"])
    theirs = filed.document(other, "讯问笔录", ["丁"])
    with filed.catalogue.writing() as session:
        if has_successor:
            session.add(Reindex(engine="tantivy", asked_by="test", generation="g"))
            session.flush()
        outbox.enqueue(session, [pages[0], *theirs])
        before = dict(session.execute(select(OutboxRow.page_id, OutboxRow.version)).all())
        session.execute(OutboxRow.__table__.update().values(dead=True, attempts=9))
        outbox.enqueue_whole(session, Page.case_id == mine)
        session.expire_all()
        rows = {row.page_id: (row.version, row.dead, row.attempts) for row in session.scalars(select(OutboxRow))}
        successors = dict(session.execute(select(SuccessorRow.page_id, SuccessorRow.version)).all())
    assert set(rows) == {pages[0], pages[2], *theirs}
    assert rows[theirs[0]] == (before[theirs[0]], True, 9)
    first, third = rows[pages[0]], rows[pages[2]]
    assert min(first[0], third[0]) > max(before.values())
    assert first[1:] == third[1:] == (False, 0)
    assert successors == ({page_id: row[0] for page_id, row in rows.items()} if has_successor else {})
    filed.close()
