"""The proof of a new index: that it holds as many pages as the catalogue, and answers golden queries.

It is asked for in portions, so that whoever else has work to do is never kept waiting for all of it.
"""

from __future__ import annotations

import logging

from sqlalchemy import func, select

from dossier import reindexing
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Page, SuccessorRow
from dossier.errors import StoreError
from dossier.vault import Vault
from indexer.engine import Engine
from indexer.golden import GoldenQuery, answers, golden_queries

log = logging.getLogger(__name__)

QUERIES_AT_ONCE = 20


class Proof:
    """What is known of one new index, all changes to which have been taken.

    Attributes:
        generation: of the index.
        fault: what it does not hold or answer as it should; "" while nothing is known.
        is_passed: whether all was asked, and nothing was at fault.
    """

    def __init__(self, catalogue: Catalogue, vault: Vault, generation: str) -> None:
        self._catalogue, self._vault = catalogue, vault
        self.generation = generation
        self.fault = ""
        self.is_passed = False
        self._queries: list[GoldenQuery] | None = None
        self._versions: dict[str, int] = {}

    def step(self, engine: Engine) -> None:
        """Ask a portion; where changes that came in leave it open, everything is asked again.

        Args:
            engine: on the index.

        Raises:
            EngineUnreachable: the portion is asked again.
        """
        if self._queries is None:
            self.fault = self._count(engine)
        else:
            self.fault = self._ask(engine, self._queries)

    def _count(self, engine: Engine) -> str:
        with self._catalogue.reading() as session:
            refused = reindexing.refused_anew(session)
            if refused:
                total, kinds = refused.total(), ", ".join(sorted(refused))
                return f"{total} 页被拒绝（{kinds}） / {total} pages were refused ({kinds})"
            read = (
                session.scalar(
                    select(func.count())
                    .select_from(Page)
                    .where(Page.reading_version.is_not(None), Page.outside.is_(None))
                )
                or 0
            )
            dead = session.scalars(select(SuccessorRow.page_id).where(SuccessorRow.dead.is_(True))).all()
            changed = session.scalar(select(func.count()).select_from(SuccessorRow)) or 0
            try:
                queries = golden_queries(session, self._vault)
            except StoreError as error:
                return f"有一页读不出来（{error.code}） / a page cannot be read ({error.code})"
        if changed > len(dead):
            return ""
        expected = read - len(dead) + len(engine.versions(dead))
        held = engine.count()
        if held != expected:
            return (
                f"新索引有 {held} 页，应有 {expected} 页 / the new index holds {held} pages, the catalogue {expected}"
            )
        self._versions = engine.versions({query.page_id for query in queries})
        self._queries = queries
        log.info("the new index holds %d pages", held)
        return ""

    def _ask(self, engine: Engine, queries: list[GoldenQuery]) -> str:
        portion = queries[:QUERIES_AT_ONCE]
        unanswered = [query for query in portion if not answers(engine, query)]
        if unanswered:
            held = engine.versions({query.page_id for query in unanswered})
            with self._catalogue.reading() as session:
                on_the_way = set(session.scalars(select(SuccessorRow.page_id)))
            for query in unanswered:
                # A page that has changed since need not be found by what stood on it.
                is_as_it_was = held.get(query.page_id) == self._versions.get(query.page_id)
                if is_as_it_was and query.page_id not in on_the_way:
                    # Without the words: the attention list is read by people who may not see the page.
                    return (
                        f"按{query.kind_chinese}搜不到页 {query.page_id} / "
                        f"page {query.page_id} is not found by {query.kind}"
                    )
            self._queries = None
            return ""
        del queries[:QUERIES_AT_ONCE]
        self.is_passed = not queries
        return ""
