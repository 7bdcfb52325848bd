"""What the routes of the standing and of volumes in work answer, as the description for machines has it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

_CASE = {"case_id": "c44f4c777c3595fe59461", "case_number": "临检起诉受[2031]99010123306号", "volume": "证据材料卷"}


class ReindexAnswer(BaseModel):
    """How far an index is that is built beside the one in service."""

    engine: str
    state: str
    done: int
    total: int
    seconds_left: float | None
    reason: str


class VolumeStanding(BaseModel):
    """A volume on the board."""

    volume_id: str
    case_id: str
    case_number: str | None
    case_name: str
    case_state: str
    due_on: str | None
    volume: str
    pages: int
    searchable: int
    parked: int
    failed_files: int
    first_page_id: str | None
    reading: int = Field(description="pages that wait to be read or are being read")
    files: int = Field(description="received for it, attachments among them")
    pages_a_minute: float = Field(description="made searchable in the last minutes")
    making: str = Field(description="how far making and checking it is: unmade, making, handed_in, refused, approved")
    unopened: int = Field(description="files that nobody has looked into yet: their pages are not known")


class RemedyAnswer(BaseModel):
    """A call that may answer a question; with an empty address, `page` is to be opened instead."""

    words: str
    address: str
    body: dict[str, Any]
    asks: str
    page: str


class QuestionAnswer(BaseModel):
    """A row of the attention list."""

    code: str
    subject_kind: str
    subject_id: str
    case_id: str | None
    case_number: str | None
    volume: str
    source: str
    message: str
    remedy: str
    page_id: str | None
    since: float = Field(description="seconds since 1970")
    remedies: list[RemedyAnswer]


class StatusAnswer(BaseModel):
    """Where everything stands."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "files": {"received": 0, "reading": 0, "done": 10, "failed": 0},
                "pages": {"waiting": 0, "reading": 0, "read": 0, "searchable": 12, "parked": 0},
                "attachments": 1, "queue": {"assemble": 2}, "outbox": 0, "dead_letters": 0, "engine": "tantivy",
                "reindex": None, "pages_a_minute": 12.8, "seconds_left": None, "questions": 1,
                "volumes": [
                    {
                        "volume_id": "v34df02e1d96c9c512370", **_CASE, "case_name": "闵照屿等3人诈骗案",
                        "case_state": "known", "due_on": "2031-08-04", "pages": 8, "searchable": 8, "parked": 0,
                        "failed_files": 1, "first_page_id": "p5f2e25435ae121a9e03d", "reading": 0, "files": 9,
                        "pages_a_minute": 0.0, "making": "making", "unopened": 0,
                    }
                ],
                "attention": [
                    {
                        "code": "truncated", "subject_kind": "arrival", "subject_id": "fb9a1b0322d92306681cc", **_CASE,
                        "source": "证据材料卷/0002.jpg", "message": "文件不完整，后半部分缺失。",
                        "remedy": "原件已保存，请检查后重新扫描或上传。", "page_id": None, "since": 1956530493.4,
                        "remedies": [],
                    }
                ],
            }
        }
    )  # fmt: skip
    files: dict[str, int] = Field(description="counts by state")
    pages: dict[str, int] = Field(description="counts by state")
    attachments: int
    queue: dict[str, int] = Field(description="work that waits or is being done, by kind")
    outbox: int
    dead_letters: int
    engine: str
    reindex: ReindexAnswer | None
    pages_a_minute: float
    seconds_left: float | None
    questions: int
    volumes: list[VolumeStanding]
    attention: list[QuestionAnswer]


class PlacedPage(BaseModel):
    """A page at its place in the volume."""

    page_id: str
    page_number: int = Field(description="0: outside the order")
    page_label: str | None
    page_label_state: str | None
    document_id: str
    state: str
    blank: bool
    turn_degrees: int | None
    outside: str | None = Field(description="folded, removed or replaced")
    outside_reason: str | None
    replaced_by: str | None


class VolumePagesAnswer(BaseModel):
    """All pages of a volume by place, and the version of its order."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "version": "0f3a9c1b2d4e5f60",
                "pages": [
                    {
                        "page_id": "p5f2e25435ae121a9e03d", "page_number": 1, "page_label": "1",
                        "page_label_state": "read", "document_id": "d4dd3d17be2f009625c6f", "state": "searchable",
                        "blank": False, "turn_degrees": 0, "outside": None, "outside_reason": None,
                        "replaced_by": None,
                    }
                ],
            }
        }
    )  # fmt: skip
    version: str
    pages: list[PlacedPage]


class TitleAnswer(BaseModel):
    """A document's title, and the one that its first page suggests."""

    model_config = ConfigDict(json_schema_extra={"example": {"title": "讯问笔录", "suggestion": "讯问笔录（第1次）"}})
    title: str
    suggestion: str


class DocumentStanding(BaseModel):
    """How much of a document can be searched."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "document_id": "d4dd3d17be2f009625c6f", "volume_id": "v0d7c0e6a5b1f2c3d4e5", "volume": "证据材料卷",
                "title": "讯问笔录", "pages": 3, "searchable": 3, "parked": 0, "refused": 0,
            }
        }
    )  # fmt: skip
    document_id: str
    volume_id: str
    volume: str
    title: str
    pages: int
    searchable: int
    parked: int
    refused: int
