"""Transcriptions 人工校录 for programs and for the page view: read, added, corrected, withdrawn, with their history."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from dossier import looks
from dossier.catalogue.tables import Page
from dossier.reading import Line
from dossier.transcriptions.carried import Verdict, answer_carried, waiting_on
from dossier.transcriptions.standing import intact_transcriptions, transcription_in_sight, versions_of
from dossier.transcriptions.transcription import Transcription, line_under
from dossier.transcriptions.writing import LONGEST, add_transcription, change_transcription, withdraw_transcription
from search_api.contract import refusals
from search_api.desk.note_answers import (
    CarriedAnswer,
    CarriedTaken,
    PageTranscriptionsAnswer,
    TranscriptionAnswer,
    TranscriptionHistoryAnswer,
)
from search_api.desk.page_facts import PageFacts, facts_of, reading_of
from search_api.idempotency import IDEMPOTENCY_KEY
from search_api.site import Site, TheSite, TheViewer

router = APIRouter()

_Text = Annotated[str, Field(min_length=1, max_length=LONGEST, description="what stands there, as a person reads it")]
_Fraction = Annotated[float, Field(ge=0, le=1)]


class NewTranscription(BaseModel):
    """What a person read in a rectangle of a page."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "今收到傅溪现金8000元", "box": [0.1, 0.7, 0.5, 0.75]}]}
    )

    text: _Text
    box: Annotated[list[_Fraction], Field(min_length=4, max_length=4)] = Field(
        description="[x0, y0, x1, y1], fractions 0–1 of the upright page, origin top left"
    )


class ChangedTranscription(BaseModel):
    """Another text, in place of the version that was seen."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "今收到傅溪现金捌仟元", "version": 1}]}
    )

    text: _Text
    version: int = Field(ge=1, le=1_000_000, description="the version that was seen; 409 where another one stands")


@router.get(
    "/api/v1/pages/{page_id}/transcriptions", response_model=PageTranscriptionsAnswer, responses=refusals("not_found")
)
def page_transcriptions(site: TheSite, viewer: TheViewer, page_id: str) -> Response:
    """What people have read on a page, in reading order; `line`: of which line of the reading, from 0, null for none.

    `ocr` is what the program read in that line; `damaged`: the ids of those whose file in the vault is lost or altered.
    """
    facts = facts_of(site, viewer, page_id)
    lines = _lines(site, viewer, facts)
    with site.catalogue.reading() as session:
        ones, damaged = intact_transcriptions(session, site.vault, page_id)
    site.looks.note(viewer, [page_id], looks.TEXT)
    content = {
        "page_id": page_id,
        "reading_version": facts.page.reading_version,
        "transcriptions": [_shown(one, lines) for one in ones],
        "damaged": list(damaged),
    }
    return JSONResponse(content)


@router.post(
    "/api/v1/pages/{page_id}/transcriptions",
    status_code=201,
    response_model=TranscriptionAnswer,
    responses={
        200: {"model": TranscriptionAnswer, "description": "the key's, added before"},
        **refusals("not_found", "usage", "text_changed", "idempotency_key_reused"),
    },
)
def new_transcription(
    site: TheSite,
    viewer: TheViewer,
    page_id: str,
    asked: NewTranscription,
    key: IDEMPOTENCY_KEY = None,
) -> Response:
    """Add what somebody read on a page; a place that is transcribed already answers 409, with what stands there."""
    one, is_new = add_transcription(site.catalogue, site.vault, viewer, page_id, asked.text, asked.box, key or "")
    lines = _lines(site, viewer, facts_of(site, viewer, page_id))
    return JSONResponse(_shown(one, lines), 201 if is_new else 200)


class CarriedVerdict(BaseModel):
    """What becomes of a transcription of the page that a re-scan has replaced: `taken` over, or `left`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"transcription": "x5f2e25435ae121a9e03d", "verdict": "taken"}]},
    )

    transcription: Annotated[str, Field(max_length=64)]
    verdict: Verdict


@router.get("/api/v1/pages/{page_id}/carried", response_model=CarriedAnswer, responses=refusals("not_found"))
def carried(site: TheSite, viewer: TheViewer, page_id: str) -> Response:
    """The transcriptions of the page that this re-scan has replaced, which wait to be taken over.

    `line`: the one line of the reading, from 0, that says what the old one said; null where none does, or several.
    """
    facts_of(site, viewer, page_id)
    with site.catalogue.reading() as session:
        found = waiting_on(session, site.vault, session.get_one(Page, page_id))
    site.looks.note(viewer, [page_id], looks.TEXT)
    shown = [one.transcription.as_json() | {"ocr": one.ocr or None, "line": one.line} for one in found]
    return JSONResponse({"page_id": page_id, "carried": shown})


@router.post(
    "/api/v1/pages/{page_id}/carried",
    response_model=CarriedTaken,
    responses=refusals("not_found", "deed_refused", "text_changed"),
)
def answer_carried_one(site: TheSite, viewer: TheViewer, page_id: str, asked: CarriedVerdict) -> Response:
    """Take a transcription over to the line that says the same, under one's own name, or leave it."""
    taken = answer_carried(site.catalogue, site.vault, viewer, page_id, asked.transcription, asked.verdict)
    return JSONResponse({"page_id": page_id, "verdict": asked.verdict, "taken": taken.id if taken else None})


@router.get(
    "/api/v1/transcriptions/{transcription_id}",
    response_model=TranscriptionHistoryAnswer,
    responses=refusals("not_found"),
)
def transcription(site: TheSite, viewer: TheViewer, transcription_id: str) -> Response:
    """A transcription with all that it has been, the earliest version first."""
    with site.catalogue.reading() as session:
        row = transcription_in_sight(session, viewer, transcription_id)
        versions = versions_of(session, site.vault, row)
        content = {
            "id": row.id,
            "page_id": row.page_id,
            "withdrawn_at": row.withdrawn_at,
            "withdrawn_by": row.withdrawn_by or None,
            "versions": [version.as_json() for version in versions],
        }
    site.looks.note(viewer, [row.page_id], looks.TEXT)
    return JSONResponse(content)


@router.patch(
    "/api/v1/transcriptions/{transcription_id}",
    response_model=TranscriptionAnswer,
    responses=refusals("not_found", "usage", "text_changed"),
)
def changed_transcription(
    site: TheSite, viewer: TheViewer, transcription_id: str, asked: ChangedTranscription
) -> Response:
    """Correct a transcription; the version before stays in its history."""
    one = change_transcription(site.catalogue, site.vault, viewer, transcription_id, asked.version, asked.text)
    return JSONResponse(_shown(one, _lines(site, viewer, facts_of(site, viewer, one.page_id))))


@router.delete(
    "/api/v1/transcriptions/{transcription_id}", status_code=204, responses=refusals("not_found", "text_changed")
)
def withdrawn_transcription(
    site: TheSite,
    viewer: TheViewer,
    transcription_id: str,
    version: Annotated[int | None, Query(ge=1, le=1_000_000, description="the version that was seen")] = None,
) -> None:
    """Withdraw a transcription: it is not found any more, and stays in its history."""
    withdraw_transcription(site.catalogue, site.vault, viewer, transcription_id, version)


def _lines(site: Site, viewer: TheViewer, facts: PageFacts) -> tuple[Line, ...]:
    reading = reading_of(site, viewer, facts)
    return reading.lines if reading else ()


def _shown(one: Transcription, lines: tuple[Line, ...]) -> dict[str, Any]:
    line = line_under(one.box, lines)
    return one.as_json() | {"line": line, "ocr": None if line is None else lines[line].text}
