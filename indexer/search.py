"""Search: from a query to pages, with the words' places on the picture.

The engine says which pages; the catalogue says what they are and whether they still are; the readings say where on the
page the words stand. A page that the catalogue no longer shows is left out, whatever the engine says.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import cases, permissions
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Case, Document, Page, Volume
from dossier.errors import StoreError, UsageError
from dossier.reading import Box
from dossier.readings import following_page, reading_of
from dossier.vault import Vault
from dossier.viewers import AT_MACHINE, Viewer
from indexer import engine as engines
from indexer.engine import Engine
from indexer.highlight import Highlight, Snippet, highlight
from indexer.query import SCORES, Query, ladder, understand
from indexer.sight import Sight, sight_of

log = logging.getLogger(__name__)

_NOTHING_TO_SHOW = Highlight((), (), Snippet("", ()))

Rect = tuple[float, float, float, float]


@dataclass(frozen=True)
class NextPage:
    """The rest of a phrase that runs over the turn of the page."""

    page_id: str
    rects: tuple[Rect, ...]


@dataclass(frozen=True)
class Hit:
    """A page that a query finds.

    Attributes:
        page_id … page_label: which page, and where it stands.
        score: what the rung is worth; only the order means something.
        rung: the best rung that found it: identifier, phrase, words.
        snippet: the passage around the first match.
        marks: (start, end) of the matches within the snippet.
        rects: [x0, y0, x1, y1] of each match, fractions 0–1 of the upright page, origin top left.
        next_page: where the match goes on, if it does.
    """

    page_id: str
    case_id: str
    case_number: str | None
    volume: str
    document_id: str
    document_title: str
    page_number: int
    page_label: str | None
    score: float
    rung: str
    snippet: str
    marks: tuple[tuple[int, int], ...]
    rects: tuple[Rect, ...]
    next_page: NextPage | None


@dataclass(frozen=True)
class SearchResult:
    """The exact number of pages found, and the hits asked for, best first."""

    total: int
    hits: tuple[Hit, ...]

    def as_json(self) -> dict[str, Any]:
        """The form of `edossier search --json` and of the API."""
        return {"total": self.total, "hits": [_hit_as_json(hit) for hit in self.hits]}


class Searcher:
    """Searches one home."""

    def __init__(self, catalogue: Catalogue, vault: Vault, engine: Engine) -> None:
        self._catalogue, self._vault, self._engine = catalogue, vault, engine

    def search(
        self, query: str, case: str | None = None, limit: int = 20, offset: int = 0, viewer: Viewer = AT_MACHINE
    ) -> SearchResult:
        """The pages that a query finds, best first.

        Args:
            query: what a user typed; any text is a query.
            case: search only in the case with this number or id.
            limit: most hits to give.
            offset: hits to pass over.
            viewer: who asks; what they do not see is neither given nor counted.

        Raises:
            NotFound: there is no such case within sight.
            NumberClash: the case's number belongs to two cases that are.
            UsageError: the query is longer than a paragraph.
            EngineUnreachable: the engine does not answer.
        """
        understood = understand(query)
        with self._catalogue.reading() as session:
            only = frozenset({permissions.case_in_sight(session, viewer, case).id}) if case else None
            sight = replace(sight_of(session, viewer), only_cases=only)
            try:
                found = self._engine.search(ladder(understood, sight), limit, offset)
            except ValueError as error:
                raise UsageError(str(error)) from error
            return SearchResult(found.total, tuple(self._hits(session, understood, sight, found.hits)))

    def _hits(self, session: Session, query: Query, sight: Sight, found: Sequence[engines.Hit]) -> list[Hit]:
        # Looked at again in the catalogue: the engine may be a moment behind.
        rows = {
            page.id: (page, volume, document)
            for page, volume, document, case in session.execute(
                select(Page, Volume, Document, Case)
                .join(Volume, Volume.id == Page.volume_id)
                .join(Document, Document.id == Page.document_id)
                .join(Case, Case.id == Page.case_id)
                .where(Page.id.in_([hit.page_id for hit in found]))
            )
            if sight.allows(case)
        }
        numbers = cases.numbers_of(session, {page.case_id for page, _, _ in rows.values()})
        hits = []
        for hit in found:
            if hit.page_id not in rows:
                continue
            page, volume, document = rows[hit.page_id]
            shown, following = self._shown(session, query, hit.rung, page)
            hits.append(
                Hit(
                    page_id=page.id,
                    case_id=page.case_id,
                    case_number=numbers.get(page.case_id),
                    volume=volume.name,
                    document_id=document.id,
                    document_title=document.title,
                    page_number=page.page_number,
                    page_label=page.page_label,
                    score=SCORES[hit.rung],
                    rung=hit.rung,
                    snippet=shown.snippet.text,
                    marks=shown.snippet.matches,
                    rects=_rects(shown.rects),
                    next_page=NextPage(following, _rects(shown.next_rects)) if shown.next_rects else None,
                )
            )
        return hits

    def _shown(self, session: Session, query: Query, rung: str, page: Page) -> tuple[Highlight, str]:
        """What to mark on a page, and the id of the page that its sentence goes on to.

        A reading that is lost or altered is the business of `verify`; the page stays found, without marks.
        """
        following = following_page(session, page)
        try:
            reading = reading_of(session, self._vault, page)
            next_reading = reading_of(session, self._vault, following) if following else None
        except StoreError as error:
            log.error("%s", error)
            reading = None
        if reading is None:
            return _NOTHING_TO_SHOW, ""
        return highlight(query, rung, reading, next_reading), following.id if following else ""


def _rects(boxes: Sequence[Box]) -> tuple[Rect, ...]:
    return tuple((box.x0, box.y0, box.x1, box.y1) for box in boxes)


def _hit_as_json(hit: Hit) -> dict[str, Any]:
    next_page = None
    if hit.next_page is not None:
        next_page = {"page_id": hit.next_page.page_id, "rects": [list(rect) for rect in hit.next_page.rects]}
    return {
        "page_id": hit.page_id,
        "case_id": hit.case_id,
        "case_number": hit.case_number,
        "volume": hit.volume,
        "document_id": hit.document_id,
        "document_title": hit.document_title,
        "page_number": hit.page_number,
        "page_label": hit.page_label,
        "score": hit.score,
        "rung": hit.rung,
        "snippet": hit.snippet,
        "rects": [list(rect) for rect in hit.rects],
        "next_page": next_page,
    }
