"""Whether the index holds the pages that the catalogue calls searchable, and none that was taken out.

Whether each entry is the newest of its page is not looked at: the outbox sees to it, and a reindex proves it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import OutboxRow, Page
from dossier.fixity import Fault
from indexer.engine import Engine

_AT_ONCE = 1000
_TAKEN_OUT = Page.outside.is_not(None) & Page.reading_version.is_not(None)


def verify_index(catalogue: Catalogue, engine: Engine) -> list[Fault]:
    """Compare the index with the catalogue, page by page.

    Raises:
        EngineUnreachable: the index cannot be asked.
    """
    # The engine is counted first, the catalogue asked afresh after it: what is indexed meanwhile is no fault.
    held = engine.count()
    with catalogue.reading() as session:
        read = session.scalar(select(func.count()).select_from(Page).where(Page.reading_version.is_not(None))) or 0
        unsent = _settled(session, (Page.state == "read") & Page.outside.is_(None))
    faults = [Fault("inconsistent", page_id, "read, but not on its way to the index") for page_id in unsent]
    faults += [
        Fault("missing", page_id, "searchable, but not in the index")
        for page_id in _wrong(catalogue, engine, Page.state == "searchable", is_wanted=True)
    ]
    faults += [
        Fault("unknown", page_id, "taken out of its volume, but still in the index")
        for page_id in _wrong(catalogue, engine, _TAKEN_OUT, is_wanted=False)
    ]
    if held > read:
        faults.append(Fault("unknown", engine.name, f"the index holds {held} pages, the catalogue {read}"))
    return faults


def _wrong(catalogue: Catalogue, engine: Engine, state: ColumnElement[bool], *, is_wanted: bool) -> list[str]:
    """The pages in a state whose entries are wanted and lack, or are there and not wanted."""
    with catalogue.reading() as session:
        settled = _settled(session, state)
    suspects = _amiss(engine, settled, is_wanted)
    if not suspects:
        return []
    # What has changed since the catalogue was asked is no fault.
    with catalogue.reading() as session:
        still = set(_settled(session, state))
    return _amiss(engine, [page_id for page_id in suspects if page_id in still], is_wanted)


def _settled(session: Session, state: ColumnElement[bool]) -> Sequence[str]:
    """The pages in a state of which nothing is on its way to the index."""
    on_the_way = select(OutboxRow.page_id)
    return session.scalars(select(Page.id).where(state, Page.id.not_in(on_the_way)).order_by(Page.id)).all()


def _amiss(engine: Engine, page_ids: Sequence[str], is_wanted: bool) -> list[str]:
    found: list[str] = []
    for start in range(0, len(page_ids), _AT_ONCE):
        some = page_ids[start : start + _AT_ONCE]
        versions = engine.versions(some)
        found += [page_id for page_id in some if (page_id in versions) != is_wanted]
    return found
