"""Whether the index holds just the pages that the catalogue calls searchable."""

from __future__ import annotations

from sqlalchemy import func, select

from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import OutboxRow, Page
from dossier.fixity import Fault
from indexer.engine import Engine

_AT_ONCE = 1000


def verify_index(catalogue: Catalogue, engine: Engine) -> list[Fault]:
    """Compare the index with the catalogue, page by page.

    Raises:
        EngineUnreachable: the index cannot be asked.
    """
    # The engine is counted first, the catalogue asked afresh after it: what is indexed meanwhile is no fault.
    held = engine.count()
    with catalogue.reading() as session:
        searchable = session.scalars(select(Page.id).where(Page.state == "searchable").order_by(Page.id)).all()
        on_the_way = set(session.scalars(select(OutboxRow.page_id)))
        read = session.scalar(select(func.count()).select_from(Page).where(Page.reading_version.is_not(None))) or 0
        unsent = session.scalars(
            select(Page.id).where(
                Page.state == "read", Page.outside.is_(None), Page.id.not_in(select(OutboxRow.page_id))
            )
        ).all()
    faults = [Fault("inconsistent", page_id, "read, but not on its way to the index") for page_id in unsent]
    for start in range(0, len(searchable), _AT_ONCE):
        some = searchable[start : start + _AT_ONCE]
        versions = engine.versions(some)
        faults += [
            Fault("missing", page_id, "searchable, but not in the index")
            for page_id in some
            if page_id not in versions and page_id not in on_the_way
        ]
    if held > read:
        faults.append(Fault("unknown", engine.name, f"the index holds {held} pages, the catalogue {read}"))
    return faults
