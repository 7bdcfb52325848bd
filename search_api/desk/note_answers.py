"""What the routes of notes, bookmarks and transcriptions answer, as the description for machines has it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from search_api.rest.search_answers import Rect

_PLACE: dict[str, Any] = {
    "page_id": "p5f2e25435ae121a9e03d", "case_id": "c44f4c777c3595fe59461", "volume_id": "v0d7c0e6a5b1f2c3d4e5",
    "volume": "证据材料卷", "page_number": 3, "citation": "证据卷二P35",
}  # fmt: skip
_NOTE: dict[str, Any] = {
    "id": "n0a1b2c3d4e5f60718293", **_PLACE, "box": None, "text": "与卷三第12页的收条对照", "shared": True,
    "mine": True, "owner": "闵榆", "version": 1, "created_at": 1956530493.4, "updated_at": 1956530493.4,
}  # fmt: skip
_BOOKMARK: dict[str, Any] = {"id": "b0a1b2c3d4e5f60718293", **_PLACE, "name": "第一次讯问", "created_at": 1956530493.4}
_VERSION: dict[str, Any] = {
    "id": "h0a1b2c3d4e5f60718293", "version": 1, "text": "今收到傅溪现金8000元", "box": [0.1, 0.7, 0.5, 0.75],
    "author": "闵榆", "at": 1956530493.4,
}  # fmt: skip
_TRANSCRIPTION: dict[str, Any] = {**_VERSION, "line": 3, "ocr": "今收到傅溪现金3000元"}


class BookmarkAnswer(BaseModel):
    """A bookmark, with its page as it stands now."""

    model_config = ConfigDict(json_schema_extra={"example": _BOOKMARK})
    id: str
    page_id: str
    case_id: str
    volume_id: str
    volume: str
    page_number: int
    citation: str
    name: str
    created_at: float = Field(description="seconds since 1970")


class BookmarksAnswer(BaseModel):
    """Bookmarks, as their pages stand."""

    model_config = ConfigDict(json_schema_extra={"example": {"bookmarks": [_BOOKMARK]}})
    bookmarks: list[BookmarkAnswer]


class NoteAnswer(BaseModel):
    """A note, with its page as it stands now."""

    model_config = ConfigDict(json_schema_extra={"example": _NOTE})
    id: str
    page_id: str
    case_id: str
    volume_id: str
    volume: str
    page_number: int
    citation: str
    box: Rect | None
    text: str
    shared: bool
    mine: bool
    owner: str
    version: int
    created_at: float = Field(description="seconds since 1970")
    updated_at: float = Field(description="seconds since 1970")


class NotesAnswer(BaseModel):
    """Notes, as their pages stand."""

    model_config = ConfigDict(json_schema_extra={"example": {"notes": [_NOTE]}})
    notes: list[NoteAnswer]


class TranscribedAnswer(BaseModel):
    """A version of a transcription."""

    id: str
    version: int
    text: str
    box: Rect
    author: str
    at: float = Field(description="seconds since 1970")


class TranscriptionAnswer(TranscribedAnswer):
    """A transcription as it stands, beside what the program read there."""

    model_config = ConfigDict(json_schema_extra={"example": _TRANSCRIPTION})
    line: int | None = Field(description="of the reading, from 0")
    ocr: str | None


class PageTranscriptionsAnswer(BaseModel):
    """What people have read on a page."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "page_id": _PLACE["page_id"], "reading_version": 1, "transcriptions": [_TRANSCRIPTION], "damaged": [],
            }
        }
    )  # fmt: skip
    page_id: str
    reading_version: int | None
    transcriptions: list[TranscriptionAnswer]
    damaged: list[str] = Field(description="ids of those whose file in the vault is lost or altered")


class CarriedAnswer(BaseModel):
    """Transcriptions of the page that a re-scan has replaced, which wait on the re-scan."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"page_id": _PLACE["page_id"], "carried": [_TRANSCRIPTION]}}
    )  # fmt: skip
    page_id: str
    carried: list[TranscriptionAnswer] = Field(description="`box` and `ocr` are the old page's, `line` this one's")


class CarriedTaken(BaseModel):
    """What became of one: `taken` is the id of what stands on the page now, null where it was left, or before."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"page_id": _PLACE["page_id"], "verdict": "taken", "taken": _VERSION["id"]}
        }
    )  # fmt: skip
    page_id: str
    verdict: str
    taken: str | None


class TranscriptionHistoryAnswer(BaseModel):
    """A transcription with all that it has been."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": _VERSION["id"], "page_id": _PLACE["page_id"], "withdrawn_at": None, "withdrawn_by": None,
                "versions": [_VERSION],
            }
        }
    )  # fmt: skip
    id: str
    page_id: str
    withdrawn_at: float | None
    withdrawn_by: str | None
    versions: list[TranscribedAnswer]
