"""Forms of the routes of cases: what is sent to them, and what they answer."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from dossier.case_deeds import Come, Delivered
from dossier.case_metadata import STORABLE, CaseMetadata, Day, Details, NumberGiven

# Not required by the framework, whose refusal would be 422; the route answers 428.
IF_MATCH: dict[str, Any] = {
    "parameters": [
        {
            "name": "If-Match",
            "in": "header",
            "required": True,
            "schema": {"type": "string", "minLength": 1},
            "description": "the ETag that came with the case; * for whatever it is",
            "example": '"3f0c2a4e8d9b4a6f9d0c1b2a3e4f5a6b"',
        }
    ]
}
ETAG_HEADER = {"ETag": {"description": "tells the states of a case apart", "schema": {"type": "string"}}}

UNKNOWN_ID = "c44f4c777c3595fe59461"
NUMBER = {"system": "", "kind": "acceptance", "number": "临检起诉受[2031]99010123306号"}
CASE_EXAMPLE: dict[str, Any] = {
    "numbers": [NUMBER],
    "name": "闵照屿等3人诈骗案",
    "charge": "诈骗罪",
    "suspects": [{"name": "闵照屿"}, {"name": "傅溪"}],
    "department": "第一检察部",
    "handler": "苏见川",
    "accepted_on": "2031-03-04",
    "due_on": "2031-04-18",
}
FOREIGN_EXAMPLE: dict[str, Any] = {
    "BMSAH": NUMBER["number"], "AJMC": "闵照屿等3人诈骗案", "YSAY": "诈骗罪", "XYR": "闵照屿、傅溪",
    "CBBM": "第一检察部", "CBR": "苏见川", "SLRQ": "2031-03-04 00:00:00", "DQRQ": "2031-04-18 00:00:00",
}  # fmt: skip
ANSWER_EXAMPLE: dict[str, Any] = {
    **CASE_EXAMPLE,
    "id": "c44f4c777c3595fe59461",
    "state": "known",
    "sealed": False,
    "merged": [],
    "proceedings": [],
    "deliveries": [
        {"id": "l0a9b8c7d6e5f40312345", "kind": "first", "number": 1, "arrived_on": "2031-03-04", "details": {}}
    ],
    "volumes": 2,
    "details": {},
    "created_at": "2031-03-04T01:02:03Z",
    "updated_at": "2031-03-04T01:02:03Z",
}


_ORIGINAL: dict[str, Any] = {
    "file_id": "f0a1b2c3d4e5f60718293", "path": "讯问笔录.pdf", "media_type": "application/pdf", "size": 184213,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "md5": "098f6bcd4621d373cade4e832627b4f6",
}  # fmt: skip
DIRECTORY_EXAMPLE: dict[str, Any] = {
    "case_id": UNKNOWN_ID,
    "case_number": NUMBER["number"],
    "volumes": [
        {
            "id": "v1f2e3d4c5b6a79808172", "name": "证据材料卷三", "kind": "证据材料卷", "number": 1, "version": 1,
            "state": "open", "delivery_id": None, "supersedes_id": None, "pages": 3, "searchable": 3,
            "documents": [
                {
                    "id": "d4dd3d17be2f009625c6f", "title": "讯问笔录", "first_page": 1, "last_page": 3,
                    "first_label": "2", "last_label": "4", "pages": 3, "searchable": 3, "originals": [_ORIGINAL],
                }
            ],
            "attachments": [], "refused": [], "waiting": 0,
        }
    ],
}  # fmt: skip


def _whole(value: Any) -> Any:
    """A whole number as JSON Schema has it: 2 and 2.0, but neither "2" nor true."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a whole number")
    return value


Whole = Annotated[int, BeforeValidator(_whole)]


class NumberAnswer(BaseModel):
    """A number of a case."""

    system: str
    kind: str
    number: str


class SuspectAnswer(BaseModel):
    """A suspect, with whatever else was given of them."""

    model_config = ConfigDict(extra="allow")
    name: str


class ProceedingAnswer(BaseModel):
    """A coming of the case 件."""

    id: str
    number: str
    kind: str
    department: str
    handler: str
    accepted_on: str | None
    due_on: str | None
    state: str


class DeliveryAnswer(BaseModel):
    """What came together 移送批次."""

    id: str
    kind: str
    number: int
    arrived_on: str | None
    details: dict[str, Any]


class CaseAnswer(BaseModel):
    """A case as it stands."""

    model_config = ConfigDict(json_schema_extra={"example": ANSWER_EXAMPLE})
    id: str
    state: str = Field(description="known, provisional (a number that nobody knows yet), unclaimed")
    numbers: list[NumberAnswer]
    name: str
    charge: str
    suspects: list[SuspectAnswer]
    department: str
    handler: str
    accepted_on: str | None
    due_on: str | None
    sealed: bool
    merged: list[str] = Field(description="ids of the cases that have become part of it; they lead here")
    proceedings: list[ProceedingAnswer]
    deliveries: list[DeliveryAnswer]
    volumes: int
    details: dict[str, Any]
    created_at: str
    updated_at: str


class HandlerForm(BaseModel):
    """Who is to handle the case; "" for nobody."""

    handler: str = Field(max_length=200, examples=["苏见川"], pattern=STORABLE)


class MergeForm(BaseModel):
    """Which case is to become part of the one in the address."""

    case: str = Field(min_length=1, max_length=200, description="its id, or a number of it", examples=[UNKNOWN_ID])


class SplitForm(BaseModel):
    """Which volumes are to go, and the case to which they go: with its numbers, and what else is known of it."""

    volumes: list[str] = Field(min_length=1, max_length=10_000, examples=[["v1f2e3d4c5b6a79808172"]])
    case: CaseMetadata = Field(examples=[{"numbers": [NUMBER], "name": "傅溪诈骗案", "suspects": [{"name": "傅溪"}]}])


class DeliveryForm(BaseModel):
    """What came together; told apart within the case by kind and number."""

    kind: str = Field(
        "first", min_length=1, max_length=50, pattern=STORABLE, examples=["first", "return"],
        description="first (first transfer), return (退补), …",
    )  # fmt: skip
    number: Whole = Field(1, ge=1, le=10_000, description="二退: kind return, number 2")
    arrived_on: Day | None = None
    details: Details = {}

    def as_delivered(self) -> Delivered:
        """What the deed takes."""
        return Delivered(self.kind, self.number, self.arrived_on, self.details)


class ProceedingForm(BaseModel):
    """A coming of the case; told apart by its number."""

    number: NumberGiven = Field(examples=[NUMBER])
    kind: str | None = Field(default=None, max_length=50, pattern=STORABLE, examples=["审查起诉"])
    department: str | None = Field(default=None, max_length=200, pattern=STORABLE)
    handler: str | None = Field(default=None, max_length=200, pattern=STORABLE)
    accepted_on: Day | None = None
    due_on: Day | None = None
    state: str | None = Field(default=None, max_length=50, pattern=STORABLE, examples=["open", "closed"])

    def as_come(self) -> Come:
        """What the deed takes."""
        return Come(self.number, self.kind, self.department, self.handler, self.accepted_on, self.due_on, self.state)


class OriginalAnswer(BaseModel):
    """A file as it came; the bytes are in the vault."""

    file_id: str
    path: str = Field(description="within its volume")
    media_type: str
    size: int = Field(description="bytes")
    sha256: str
    md5: str


class DocumentAnswer(BaseModel):
    """An entry of the directory 材料."""

    id: str
    title: str
    first_page: int = Field(description="place in the volume, from 1; 0 where no page is left")
    last_page: int
    first_label: str | None = Field(description="the number on the paper, where it was read")
    last_label: str | None
    pages: int
    searchable: int
    originals: list[OriginalAnswer]


class AttachmentAnswer(OriginalAnswer):
    """What is not pages: audio, video, spreadsheets."""

    id: str
    name: str


class RefusedAnswer(OriginalAnswer):
    """A file that could not become pages; it is kept."""

    error: str | None


class VolumeAnswer(BaseModel):
    """A volume 卷."""

    id: str
    name: str
    kind: str
    number: int | None
    version: int
    state: str
    delivery_id: str | None
    supersedes_id: str | None
    pages: int
    searchable: int
    documents: list[DocumentAnswer]
    attachments: list[AttachmentAnswer]
    refused: list[RefusedAnswer]
    waiting: int = Field(description="files whose pages are not known yet")


class DirectoryAnswer(BaseModel):
    """The directory of a case."""

    model_config = ConfigDict(json_schema_extra={"example": DIRECTORY_EXAMPLE})
    case_id: str
    case_number: str | None
    volumes: list[VolumeAnswer]
