"""What the route of a person's statements answers, as the description for machines has it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

EXAMPLE: dict[str, Any] = {
    "case_id": "c44f4c777c3595fe59461", "name": "傅溪",
    "coverage": {"searchable": 410, "parked": 1, "pages": 412}, "complete": True,
    "statements": [
        {
            "document_id": "d4dd3d17be2f009625c6f", "document_title": "傅溪讯问笔录（第二次）",
            "volume_id": "v0d7c0e6a5b1f2c3d4e5", "volume": "证据材料卷二", "page_number": 35,
            "page_ids": ["p5f2e25435ae121a9e03d", "p6a1b2c3d4e5f60718293"], "citation": "证据卷二P35-36",
            "kind": "讯问笔录", "person": "傅溪", "ordinal": 2, "began": "2031-03-05T14:20",
            "ended": "2031-03-05T16:05", "why_undated": None, "place": "临江市看守所",
            "questioners": ["苏见川", "段知行"], "recorder": "祝青禾", "doubts": [],
        }
    ],
    "undated": [],
}  # fmt: skip


class CoverageAnswer(BaseModel):
    """Over how much of the case was looked."""

    searchable: int = Field(description="pages that can be found")
    parked: int = Field(description="pages that nothing could be read of")
    pages: int


class StatementAnswer(BaseModel):
    """A record of questioning; read by machine from its first page."""

    document_id: str
    document_title: str
    volume_id: str
    volume: str
    page_number: int = Field(description="place of the first page in the volume, from 1")
    page_ids: list[str]
    citation: str
    kind: str | None = Field(description="讯问笔录 or 询问笔录")
    person: str | None
    ordinal: int | None = Field(description="which time 第N次")
    began: str | None = Field(description="2031-03-05T14:20, or the day alone")
    ended: str | None
    why_undated: str | None
    place: str | None
    questioners: list[str]
    recorder: str | None
    doubts: list[str] = Field(description="what is to be compared with the page")


class StatementsAnswer(BaseModel):
    """A person's statements in a case."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})
    case_id: str
    name: str
    coverage: CoverageAnswer
    complete: bool = Field(description="false: there were more pages to look at than are looked at for one answer")
    statements: list[StatementAnswer] = Field(description="by time")
    undated: list[StatementAnswer] = Field(description="as they stand in the dossier")
