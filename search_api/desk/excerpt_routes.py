"""Excerpts for programs and for the page that edits them: read, added, changed, moved, taken away, as DOCX."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from dossier import looks
from dossier.cases import number_of
from dossier.catalogue.tables import Case, Excerpt
from dossier.cited_pages import cited_pages
from dossier.excerpts import (
    LONGEST_PROVES,
    LONGEST_QUOTATION,
    LONGEST_WORD,
    MOST_INTERROGATIONS,
    MOST_PAGES,
    add_excerpt,
    change_excerpt,
    excerpt_in_sight,
    excerpted_cases,
    excerpts_of,
    move_excerpt,
    pages_in_sight,
    remove_excerpt,
)
from dossier.excerpts_document import ExcerptGrouping, WrittenExcerpt, document_of
from dossier.permissions import case_in_sight
from dossier.viewers import Viewer
from search_api.asked import CaseName
from search_api.contract import refusals
from search_api.desk.page_answers import EXCERPT, ExcerptAnswer, ExcerptsAnswer
from search_api.idempotency import IDEMPOTENCY_KEY
from search_api.site import Site, TheSite, TheViewer

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

_Word = Annotated[str, Field(max_length=LONGEST_WORD)]
_PageIds = Annotated[list[Annotated[str, Field(max_length=LONGEST_WORD)]], Field(min_length=1, max_length=MOST_PAGES)]
_Interrogation = Annotated[int, Field(ge=1, le=MOST_INTERROGATIONS)]

router = APIRouter()


class ExcerptChange(BaseModel):
    """What to change of an excerpt; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    page_ids: _PageIds = Field(default=["…"], description="the source's pages, of the excerpt's case")
    quotation: str = Field("", max_length=LONGEST_QUOTATION)
    fact: _Word = Field("", description="事实: what it is about")
    evidence_kind: _Word = Field("", description="证据种类: one of the law's eight, or empty")
    provider: _Word = Field("", description="提供人")
    interrogation: _Interrogation | None = Field(None, description="which one: 第N次")
    moment: _Word = Field("", description="时间, in any form")
    location: _Word = Field("", description="地点")
    proves: str = Field("", max_length=LONGEST_PROVES, description="证明内容")

    def given(self) -> dict[str, Any]:
        """The values that were sent."""
        return self.model_dump(exclude_unset=True)


class NewExcerpt(ExcerptChange):
    """An excerpt to add; kind of evidence and interrogation, left out, are those that the document's title tells."""

    page_ids: _PageIds = Field(description="the source's pages, of one case", examples=[EXCERPT["page_ids"]])
    quotation: str = Field(min_length=1, max_length=LONGEST_QUOTATION, examples=[EXCERPT["quotation"]])


class MovedExcerpt(ExcerptChange):
    """What to change of an excerpt, and where to put it."""

    before: str | None = Field(None, max_length=LONGEST_WORD, description="id of the one to come before; null: last")


@dataclass(frozen=True)
class ShownExcerpt:
    """An excerpt with what its source is now: pages out of sight are left out of citation and ids."""

    excerpt: Excerpt
    page_ids: list[str]
    citation: str

    def as_json(self) -> dict[str, Any]:
        """The form of the API."""
        row = self.excerpt
        return {
            "id": row.id,
            "case_id": row.case_id,
            "fact": row.fact,
            "evidence_kind": row.evidence_kind,
            "provider": row.provider,
            "interrogation": row.interrogation,
            "moment": row.moment,
            "location": row.location,
            "page_ids": self.page_ids,
            "citation": self.citation,
            "quotation": row.quotation,
            "proves": row.proves,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
        }


def shown_excerpts(session: Session, site: Site, viewer: Viewer, rows: Sequence[Excerpt]) -> list[ShownExcerpt]:
    """Excerpts with their citations, as the pages stand now."""
    in_sight = pages_in_sight(session, viewer, {page_id for row in rows for page_id in row.page_ids})
    cited = {page.page_id: page for page in cited_pages(session, in_sight)}
    order = {page_id: at for at, page_id in enumerate(cited)}
    shown = []
    for row in rows:
        page_ids = sorted((page_id for page_id in row.page_ids if page_id in cited), key=order.__getitem__)
        shown.append(ShownExcerpt(row, page_ids, site.citations.citation_of([cited[page_id] for page_id in page_ids])))
    return shown


def note_excerpts(site: Site, viewer: Viewer, shown: Sequence[ShownExcerpt]) -> None:
    """Put on record that somebody is shown what stands on the pages of excerpts; to be called before they are."""
    site.looks.note(viewer, dict.fromkeys(page_id for one in shown for page_id in one.page_ids), looks.TEXT)


@router.get("/api/v1/excerpts", response_model=ExcerptsAnswer, responses=refusals("not_found", "number_clash"))
def excerpts(site: TheSite, viewer: TheViewer, case: CaseName = "") -> Response:
    """The asker's own excerpts, of one case or of all within sight, each case's in its order."""
    with site.catalogue.reading() as session:
        wanted = (
            [case_in_sight(session, viewer, case)] if case else [one for one, _ in excerpted_cases(session, viewer)]
        )
        rows = [row for one in wanted for row in excerpts_of(session, viewer, one.id)]
        found = shown_excerpts(session, site, viewer, rows)
    note_excerpts(site, viewer, found)
    return JSONResponse({"excerpts": [shown.as_json() for shown in found]})


@router.post(
    "/api/v1/excerpts",
    status_code=201,
    response_model=ExcerptAnswer,
    responses={
        200: {"model": ExcerptAnswer, "description": "the key's, added before"},
        **refusals("not_found", "usage", "idempotency_key_reused"),
    },
)
def new_excerpt(
    site: TheSite,
    viewer: TheViewer,
    excerpt: NewExcerpt,
    key: IDEMPOTENCY_KEY = None,
) -> Response:
    """Add an excerpt, behind the others of its case; with an `Idempotency-Key` once, however often it is asked."""
    given = excerpt.given()
    page_ids = given.pop("page_ids")
    with site.catalogue.writing() as session:
        row, is_new = add_excerpt(session, viewer, page_ids, given, key or "")
        content = shown_excerpts(session, site, viewer, [row])[0].as_json()
    return JSONResponse(content, 201 if is_new else 200)


@router.get(
    "/api/v1/excerpts.docx",
    response_class=Response,
    responses={
        200: {"content": {DOCX: {"schema": {"type": "string", "format": "binary"}}}},
        **refusals("not_found", "number_clash"),
    },
)
def excerpts_document(
    site: TheSite,
    viewer: TheViewer,
    case: Annotated[str, Query(min_length=1, max_length=200, description="a case's number, or its id")],
    by: Annotated[ExcerptGrouping, Query(description="fact: 按事实; kind: 按证据种类")] = "fact",
) -> Response:
    """The asker's excerpts of a case as a DOCX."""
    with site.catalogue.reading() as session:
        found = case_in_sight(session, viewer, case)
        number, name = number_of(session, found) or "", found.name
        rows = shown_excerpts(session, site, viewer, excerpts_of(session, viewer, found.id))
    note_excerpts(site, viewer, rows)
    heading = name or "案件"
    content = document_of(heading, number, [_written(shown) for shown in rows], by, viewer.name, dt.date.today())
    file_name = quote(f"{heading}证据摘录.docx", safe="")
    return Response(
        content,
        media_type=DOCX,
        headers={"Content-Disposition": f"attachment; filename=\"excerpts.docx\"; filename*=UTF-8''{file_name}"},
    )


@router.get("/api/v1/excerpts/{excerpt_id}", response_model=ExcerptAnswer, responses=refusals("not_found"))
def excerpt(site: TheSite, viewer: TheViewer, excerpt_id: str) -> Response:
    """One of the asker's excerpts."""
    with site.catalogue.reading() as session:
        found = shown_excerpts(session, site, viewer, [excerpt_in_sight(session, viewer, excerpt_id)])
    note_excerpts(site, viewer, found)
    return JSONResponse(found[0].as_json())


@router.patch("/api/v1/excerpts/{excerpt_id}", response_model=ExcerptAnswer, responses=refusals("not_found", "usage"))
def changed_excerpt(site: TheSite, viewer: TheViewer, excerpt_id: str, change: MovedExcerpt) -> Response:
    """Change an excerpt, or, with `before`, its place among the case's."""
    given = change.given()
    with site.catalogue.writing() as session:
        row = excerpt_in_sight(session, viewer, excerpt_id)
        if "before" in given:
            move_excerpt(session, viewer, row, given.pop("before"))
        change_excerpt(session, viewer, row, given)
        session.flush()
        content = shown_excerpts(session, site, viewer, [row])[0].as_json()
    return JSONResponse(content)


@router.delete("/api/v1/excerpts/{excerpt_id}", status_code=204, responses=refusals("not_found"))
def removed_excerpt(site: TheSite, viewer: TheViewer, excerpt_id: str) -> None:
    """Take an excerpt away."""
    with site.catalogue.writing() as session:
        remove_excerpt(session, viewer, excerpt_in_sight(session, viewer, excerpt_id))


def _written(shown: ShownExcerpt) -> WrittenExcerpt:
    row = shown.excerpt
    return WrittenExcerpt(
        citation=shown.citation or "出处已不可见", quotation=row.quotation, fact=row.fact,
        evidence_kind=row.evidence_kind, provider=row.provider, interrogation=row.interrogation, moment=row.moment,
        location=row.location, proves=row.proves,
    )  # fmt: skip


def case_heading(session: Session, case: Case) -> str:
    """A case as people know it: its name, else its number."""
    return case.name or number_of(session, case) or "待认领"
