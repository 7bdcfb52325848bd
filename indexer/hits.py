"""Hits: the pages that an engine found, with what the catalogue says of them and where on them the words stand."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import cases
from dossier.catalogue.tables import Case, Document, Page, Volume
from dossier.errors import StoreError
from dossier.reading import Box, Reading
from dossier.readings import following_page, reading_of, readings_of
from dossier.transcriptions.standing import transcribed_reading
from dossier.vault import Vault
from indexer import engine
from indexer.highlight import Highlight, Snippet, highlight, highlight_human, may_reach_turn
from indexer.query import SCORES, TRANSCRIPTION, Query
from indexer.sight import Sight

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
        rung: the best rung that found it: identifier, phrase, transcription (in what people have read), words, similar.
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

    def as_json(self) -> dict[str, Any]:
        """The form of `edossier search --json` and of the API."""
        next_page = None
        if self.next_page is not None:
            next_page = {"page_id": self.next_page.page_id, "rects": [list(rect) for rect in self.next_page.rects]}
        return {
            "page_id": self.page_id,
            "case_id": self.case_id,
            "case_number": self.case_number,
            "volume": self.volume,
            "document_id": self.document_id,
            "document_title": self.document_title,
            "page_number": self.page_number,
            "page_label": self.page_label,
            "score": self.score,
            "rung": self.rung,
            "snippet": self.snippet,
            "rects": [list(rect) for rect in self.rects],
            "next_page": next_page,
        }


def hits_shown(session: Session, vault: Vault, query: Query, sight: Sight, found: Sequence[engine.Hit]) -> list[Hit]:
    """The pages that an engine found, as they are shown; what is out of sight or gone by now is left out."""
    # Looked at again in the catalogue: the engine may be a moment behind.
    rows = {
        page.id: (page, volume, document)
        for page, volume, document, case in session.execute(
            select(Page, Volume, Document, Case)
            .join(Volume, Volume.id == Page.volume_id)
            .join(Document, Document.id == Page.document_id)
            .join(Case, Case.id == Page.case_id)
            .where(Page.id.in_([hit.page_id for hit in found]), Page.outside.is_(None))
        )
        if sight.allows(case)
    }
    numbers = cases.numbers_of(session, {page.case_id for page, _, _ in rows.values()})
    readings = dict(readings_of(session, vault, [page for page, _, _ in rows.values()]))
    hits = []
    for hit in found:
        if hit.page_id not in rows:
            continue
        page, volume, document = rows[hit.page_id]
        shown, following = _shown(session, vault, query, hit.rung, page, readings.get(page.id))
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


def _shown(
    session: Session, vault: Vault, query: Query, rung: str, page: Page, reading: Reading | StoreError | None
) -> tuple[Highlight, str]:
    """What to mark on a page, and the id of the page that its sentence goes on to.

    A reading that is lost or altered is the business of `verify`; the page stays found, without marks.
    """
    next_reading = following = None
    try:
        if isinstance(reading, StoreError):
            raise reading
        # Few matches come near the end of their page: the next one is looked for, and read, for these alone.
        if reading is not None and may_reach_turn(query, rung, reading):
            following = following_page(session, page)
            next_reading = reading_of(session, vault, following) if following else None
    except StoreError as error:
        log.error("%s", error)
        reading = None
    if rung == TRANSCRIPTION:
        return _human_shown(session, vault, query, page, reading), ""
    if reading is None or isinstance(reading, StoreError):
        return _NOTHING_TO_SHOW, ""
    return highlight(query, rung, reading, next_reading), following.id if following else ""


def _human_shown(session: Session, vault: Vault, query: Query, page: Page, reading: Reading | None) -> Highlight:
    human = transcribed_reading(session, vault, page)
    return highlight_human(query, human, reading) if human else _NOTHING_TO_SHOW


def _rects(boxes: Sequence[Box]) -> tuple[Rect, ...]:
    return tuple((box.x0, box.y0, box.x1, box.y1) for box in boxes)
