"""Notes 批注 and bookmarks 书签 for programs and for the pages that show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Bookmark, Note, Page
from dossier.cited_pages import cited_pages
from dossier.notes.bookmarks import (
    LONGEST_NAME,
    bookmark_in_sight,
    bookmarks_of,
    remove_bookmark,
    rename_bookmark,
    set_bookmark,
)
from dossier.notes.notes import LONGEST, add_note, change_note, note_in_sight, notes_in_sight, place_of, remove_note
from dossier.permissions import case_in_sight
from dossier.viewers import Viewer
from search_api.asked import CaseName
from search_api.contract import refusals
from search_api.desk.note_answers import BookmarkAnswer, BookmarksAnswer, NoteAnswer, NotesAnswer
from search_api.idempotency import IDEMPOTENCY_KEY
from search_api.site import Site, TheSite, TheViewer

router = APIRouter()

Whose = Literal["all", "mine", "others"]
WhoseNotes = Annotated[Whose, Query(description="mine: the asker's own; others: those that others share")]
NoteText = Annotated[str, Query(max_length=200, description="words of the note")]
_Id = Annotated[str, Query(max_length=100, description="a page's id")]
_Text = Annotated[str, Field(min_length=1, max_length=LONGEST)]
_Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
_Fraction = Annotated[float, Field(ge=0, le=1)]
_Box = Annotated[list[_Fraction], Field(min_length=4, max_length=4)]


class NewNote(BaseModel):
    """A note to add."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"page_id": "p…", "text": "与卷三第12页的收条对照", "shared": True}]},
    )

    page_id: str = Field(max_length=100)
    text: _Text
    box: _Box | None = Field(None, description="of what, on the upright page, fractions 0–1; null: of the whole page")
    shared: bool = Field(False, description="whether all who see the case may read it")


class ChangedNote(BaseModel):
    """What to change of a note; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"shared": True, "version": 1}]})

    text: _Text = "…"
    shared: bool = False
    version: int | None = Field(None, ge=1, le=1_000_000, description="that was seen; 409 where another one stands")


class NewBookmark(BaseModel):
    """A bookmark to set."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"page_id": "p…", "name": "第一次讯问"}]})

    page_id: str = Field(max_length=100)
    name: _Name


class ChangedBookmark(BaseModel):
    """A bookmark's new name."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "第二次讯问"}]})

    name: _Name


def shown_notes(
    session: Session, site: Site, viewer: Viewer, rows: Sequence[tuple[Note, Page]]
) -> list[dict[str, Any]]:
    """Notes in the form of the API, with the citation of their pages as they stand now."""
    places = _places(session, site, [page for _, page in rows])
    shown = []
    for note, page in rows:
        box = place_of(note, page)
        shown.append(
            {
                "id": note.id,
                **places[page.id],
                "box": box.as_list() if box else None,
                "text": note.text,
                "shared": note.shared,
                "mine": note.owner_id == viewer.id,
                "owner": note.owner,
                "version": note.version,
                "created_at": note.created_at,
                "updated_at": note.updated_at,
            }
        )
    return shown


def shown_bookmarks(session: Session, site: Site, rows: Sequence[tuple[Bookmark, Page]]) -> list[dict[str, Any]]:
    """Bookmarks in the form of the API."""
    places = _places(session, site, [page for _, page in rows])
    return [
        {"id": bookmark.id, **places[page.id], "name": bookmark.name, "created_at": bookmark.created_at}
        for bookmark, page in rows
    ]


@router.get("/api/v1/notes", response_model=NotesAnswer, responses=refusals("not_found", "number_clash"))
def notes(
    site: TheSite,
    viewer: TheViewer,
    case: CaseName = "",
    page_id: _Id = "",
    whose: WhoseNotes = "all",
    text: NoteText = "",
) -> Response:
    """The asker's notes and those that others share, of one case or page or of all within sight, as the pages stand."""
    with site.catalogue.reading() as session:
        case_id = case_in_sight(session, viewer, case).id if case else ""
        rows = notes_in_sight(
            session, viewer, case_id=case_id, page_id=page_id, is_mine=is_mine_of(whose), text=text.strip()
        )
        return JSONResponse({"notes": shown_notes(session, site, viewer, rows)})


def is_mine_of(whose: Whose) -> bool | None:
    """Whether notes are to be the asker's own; None: or anybody's."""
    return None if whose == "all" else whose == "mine"


@router.post(
    "/api/v1/notes",
    status_code=201,
    response_model=NoteAnswer,
    responses={
        200: {"model": NoteAnswer, "description": "the key's, added before"},
        **refusals("not_found", "usage", "idempotency_key_reused", "text_changed"),
    },
)
def new_note(site: TheSite, viewer: TheViewer, asked: NewNote, key: IDEMPOTENCY_KEY = None) -> Response:
    """Add a note; with an `Idempotency-Key` once, however often it is asked."""
    with site.catalogue.writing() as session:
        note, is_new = add_note(session, viewer, asked.page_id, asked.text, asked.box, asked.shared, key or "")
        content = _one_note(session, site, viewer, note)
    return JSONResponse(content, 201 if is_new else 200)


@router.get("/api/v1/notes/{note_id}", response_model=NoteAnswer, responses=refusals("not_found"))
def note(site: TheSite, viewer: TheViewer, note_id: str) -> Response:
    """A note that the asker may read."""
    with site.catalogue.reading() as session:
        return JSONResponse(_one_note(session, site, viewer, note_in_sight(session, viewer, note_id)))


@router.patch(
    "/api/v1/notes/{note_id}",
    response_model=NoteAnswer,
    responses=refusals("not_found", "usage", "deed_refused", "text_changed"),
)
def changed_note(site: TheSite, viewer: TheViewer, note_id: str, asked: ChangedNote) -> Response:
    """Change one's own note, or share it."""
    with site.catalogue.writing() as session:
        row = note_in_sight(session, viewer, note_id)
        change_note(session, viewer, row, asked.model_dump(exclude_unset=True, exclude={"version"}), asked.version)
        session.flush()
        content = _one_note(session, site, viewer, row)
    return JSONResponse(content)


@router.delete("/api/v1/notes/{note_id}", status_code=204, responses=refusals("not_found", "deed_refused"))
def removed_note(site: TheSite, viewer: TheViewer, note_id: str) -> None:
    """Take one's own note away."""
    with site.catalogue.writing() as session:
        remove_note(session, viewer, note_in_sight(session, viewer, note_id))


@router.get("/api/v1/bookmarks", response_model=BookmarksAnswer, responses=refusals("not_found", "number_clash"))
def bookmarks(site: TheSite, viewer: TheViewer, case: CaseName = "") -> Response:
    """The asker's own bookmarks, of one case or of all within sight, as the pages stand."""
    with site.catalogue.reading() as session:
        case_id = case_in_sight(session, viewer, case).id if case else ""
        return JSONResponse({"bookmarks": shown_bookmarks(session, site, bookmarks_of(session, viewer, case_id))})


@router.post(
    "/api/v1/bookmarks",
    status_code=201,
    response_model=BookmarkAnswer,
    responses={
        200: {"model": BookmarkAnswer, "description": "the page had one; renamed"},
        **refusals("not_found", "usage"),
    },
)
def new_bookmark(site: TheSite, viewer: TheViewer, asked: NewBookmark) -> Response:
    """Set the asker's bookmark on a page; a page has one, which is renamed."""
    with site.catalogue.writing() as session:
        row, is_new = set_bookmark(session, viewer, asked.page_id, asked.name)
        content = _one_bookmark(session, site, row)
    return JSONResponse(content, 201 if is_new else 200)


@router.patch(
    "/api/v1/bookmarks/{bookmark_id}", response_model=BookmarkAnswer, responses=refusals("not_found", "usage")
)
def changed_bookmark(site: TheSite, viewer: TheViewer, bookmark_id: str, asked: ChangedBookmark) -> Response:
    """Rename a bookmark."""
    with site.catalogue.writing() as session:
        row = bookmark_in_sight(session, viewer, bookmark_id)
        rename_bookmark(session, viewer, row, asked.name)
        content = _one_bookmark(session, site, row)
    return JSONResponse(content)


@router.delete("/api/v1/bookmarks/{bookmark_id}", status_code=204, responses=refusals("not_found"))
def removed_bookmark(site: TheSite, viewer: TheViewer, bookmark_id: str) -> None:
    """Take a bookmark away."""
    with site.catalogue.writing() as session:
        remove_bookmark(session, viewer, bookmark_in_sight(session, viewer, bookmark_id))


def _one_note(session: Session, site: Site, viewer: Viewer, row: Note) -> dict[str, Any]:
    return shown_notes(session, site, viewer, [(row, session.get_one(Page, row.page_id))])[0]


def _one_bookmark(session: Session, site: Site, row: Bookmark) -> dict[str, Any]:
    return shown_bookmarks(session, site, [(row, session.get_one(Page, row.page_id))])[0]


def _places(session: Session, site: Site, pages: Sequence[Page]) -> dict[str, dict[str, Any]]:
    """Where pages stand, by their ids."""
    cited = {one.page_id: one for one in cited_pages(session, {page.id for page in pages})}
    return {
        page.id: {
            "page_id": page.id,
            "case_id": page.case_id,
            "volume_id": page.volume_id,
            "volume": cited[page.id].volume,
            "page_number": page.page_number,
            "citation": site.citations.citation_of([cited[page.id]]),
        }
        for page in pages
    }
