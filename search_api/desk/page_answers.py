"""What the routes of pages, volumes and excerpts answer, as the description for machines has it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from search_api.rest.file_answers import ErrorAnswer
from search_api.rest.search_answers import Rect

PAGE_ID = "p5f2e25435ae121a9e03d"


class PageAnswer(BaseModel):
    """Where a page stands and how it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "page_id": PAGE_ID, "case_id": "c44f4c777c3595fe59461",
                "case_number": "临检起诉受[2031]99010123306号", "volume_id": "v0d7c0e6a5b1f2c3d4e5",
                "volume": "证据材料卷", "document_id": "d4dd3d17be2f009625c6f", "document_title": "讯问笔录",
                "file_id": "f3b0c9e1d2a4f5b6c7d8", "source": "证据材料卷/0026.jpg", "page_number": 1,
                "pages_in_volume": 212, "page_label": "1", "page_label_state": "confirmed", "state": "searchable",
                "error": None, "confidence": 0.9953, "blank": False, "skew_degrees": 0.6, "turn_degrees": 0,
                "crop": None, "cropped_by": None,
                "width": 1678, "height": 2357, "dpi": 200.0, "reading_version": 1, "before": None,
                "after": "p6a1b2c3d4e5f60718293",
            }
        }
    )  # fmt: skip
    page_id: str
    case_id: str
    case_number: str | None
    volume_id: str
    volume: str
    document_id: str
    document_title: str
    file_id: str
    source: str
    page_number: int = Field(description="place in the volume from 1; 0: outside the order")
    pages_in_volume: int
    page_label: str | None = Field(description="the number on the paper")
    page_label_state: str | None = Field(description="read, proposed or confirmed")
    state: str = Field(description="waiting, reading, read, searchable or parked")
    error: ErrorAnswer | None
    confidence: float | None = Field(description="0–1")
    blank: bool
    skew_degrees: float | None
    turn_degrees: int | None
    crop: list[float] | None
    cropped_by: str | None
    width: int | None = Field(description="pixels, of the upright page once it was read")
    height: int | None = Field(description="pixels")
    dpi: float | None
    reading_version: int | None
    before: str | None
    after: str | None


class LineAnswer(BaseModel):
    """A line as it was read."""

    text: str
    box: Rect
    confidence: float
    marks: list[tuple[int, int]] = Field([], description="with a query: the parts (start, end) of its text")


class TextAnswer(BaseModel):
    """What was read on a page."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "page_id": PAGE_ID, "page_number": 1, "page_label": "1", "page_label_state": "confirmed",
                "citation": "证据卷P1", "state": "searchable", "reading_version": 1, "confidence": 0.9953,
                "text": "受案登记表",
                "lines": [{"text": "受案登记表", "box": [0.4118, 0.09291, 0.58462, 0.11243], "confidence": 1.0}],
            }
        }
    )  # fmt: skip
    page_id: str
    page_number: int
    page_label: str | None
    page_label_state: str | None
    citation: str
    state: str
    reading_version: int | None
    confidence: float | None
    text: str | None = Field(description="lines in reading order joined by \\n; null before it was read")
    lines: list[LineAnswer]
    rects: list[Rect] = Field([], description="with a query: its words on the picture, as fractions 0–1 of the page")


class CitationAnswer(BaseModel):
    """A page as the office cites it."""

    model_config = ConfigDict(json_schema_extra={"example": {"page_id": PAGE_ID, "citation": "证据卷二P35"}})
    page_id: str
    citation: str
    text: str = Field("", description="with lines: what they say, joined by \\n")
    rects: list[Rect] = Field([], description="with lines: their rectangles, as fractions 0–1 of the page")


class OutlineDocument(BaseModel):
    """A document of the volume, by its places."""

    document_id: str
    title: str
    first: int
    last: int


class OutlinePages(BaseModel):
    """Lists of equal length: place n is that of page_number n + 1."""

    page_ids: list[str]
    widths: list[int | None]
    heights: list[int | None]
    labels: list[str | None]
    label_states: list[str | None]
    readings: list[int | None]


class OutlineAnswer(BaseModel):
    """A volume's directory and the shape of its pages."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "volume_id": "v0d7c0e6a5b1f2c3d4e5", "volume": "证据材料卷",
                "documents": [
                    {"document_id": "d4dd3d17be2f009625c6f", "title": "讯问笔录", "first": 1, "last": 1}
                ],
                "pages": {
                    "page_ids": [PAGE_ID], "widths": [1678], "heights": [2357], "labels": ["1"],
                    "label_states": ["read"], "readings": [1],
                },
            }
        }
    )  # fmt: skip
    volume_id: str
    volume: str
    documents: list[OutlineDocument]
    pages: OutlinePages


class VolumeHitsAnswer(BaseModel):
    """The places of the pages that a query finds in a volume."""

    model_config = ConfigDict(json_schema_extra={"example": {"total": 2, "page_numbers": [3, 17]}})
    total: int
    page_numbers: list[int]


EXCERPT: dict[str, Any] = {
    "page_ids": [PAGE_ID], "quotation": "问：……\n答：……", "fact": "事实一", "evidence_kind": "被害人陈述",
    "provider": "林晓禾", "interrogation": None, "moment": "2031年7月4日", "location": "", "proves": "转账经过",
}  # fmt: skip
_EXCERPT = {
    **EXCERPT, "id": "e0a1b2c3d4e5f60718293", "case_id": "c44f4c777c3595fe59461", "citation": "证据卷二P35",
    "created_at": 1956530493.4, "updated_at": 1956530493.4,
}  # fmt: skip


class ExcerptAnswer(BaseModel):
    """An excerpt with its citation as of now."""

    model_config = ConfigDict(json_schema_extra={"example": _EXCERPT})
    id: str
    case_id: str
    fact: str
    evidence_kind: str
    provider: str
    interrogation: int | None
    moment: str
    location: str
    page_ids: list[str]
    citation: str
    quotation: str
    proves: str
    created_at: float = Field(description="seconds since 1970")
    updated_at: float = Field(description="seconds since 1970")


class ExcerptsAnswer(BaseModel):
    """Excerpts, each case's in its order."""

    model_config = ConfigDict(json_schema_extra={"example": {"excerpts": [_EXCERPT]}})
    excerpts: list[ExcerptAnswer]
