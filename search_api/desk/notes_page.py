"""The page of notes 批注 and bookmarks 书签: the viewer's own and what others share, as its address narrows them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from dossier.catalogue.tables import Case
from dossier.errors import NotFound
from dossier.notes.bookmarks import bookmarks_of
from dossier.notes.notes import notes_in_sight
from dossier.permissions import case_in_sight
from search_api.asked import CaseName
from search_api.desk.excerpt_routes import case_heading
from search_api.desk.note_routes import NoteText, WhoseNotes, is_mine_of, shown_bookmarks, shown_notes
from search_api.site import TheSite, TheViewer

router = APIRouter(include_in_schema=False)

_KINDS = (("all", "批注和书签"), ("notes", "批注"), ("bookmarks", "书签"))
_OWNERS = (("all", "所有看得到的"), ("mine", "我写的"), ("others", "别人共享的"))


@router.get("/notes")
def notes_page(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    kind: Annotated[Literal["all", "notes", "bookmarks"], Query()] = "all",
    whose: WhoseNotes = "all",
    case: CaseName = "",
    text: NoteText = "",
) -> Response:
    """Notes and bookmarks by case, in the order of the dossier; bookmarks have no words and no other owner."""
    words, name = text.strip(), case.strip()
    with site.catalogue.reading() as session:
        try:
            case_id = case_in_sight(session, viewer, name).id if name else ""
            is_known = True
        except NotFound:
            case_id, is_known = "", False
        notes: list[dict[str, Any]] = []
        marks: list[dict[str, Any]] = []
        if is_known and kind != "bookmarks":
            rows = notes_in_sight(session, viewer, case_id=case_id, is_mine=is_mine_of(whose), text=words)
            notes = shown_notes(session, site, viewer, rows)
        if is_known and kind != "notes" and whose != "others" and not words:
            marks = shown_bookmarks(session, site, bookmarks_of(session, viewer, case_id))
        case_ids = dict.fromkeys(one["case_id"] for one in (*marks, *notes))
        context = {
            "cases": [
                (
                    case_heading(session, session.get_one(Case, each)),
                    each,
                    [mark for mark in marks if mark["case_id"] == each],
                    [note for note in notes if note["case_id"] == each],
                )
                for each in case_ids
            ],
            "kinds": _KINDS, "kind": kind, "owners": _OWNERS, "whose": whose, "case": name, "text": words,
            "is_narrowed": bool(name or words or kind != "all" or whose != "all"),
        }  # fmt: skip
    return site.pages.TemplateResponse(request, "notes.html", context)
