"""What the routes of files, uploads and changes answer, as the description for machines has it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

FILE_ID = "f3b0c9e1d2a4f5b6c7d8"


class ErrorAnswer(BaseModel):
    """What went wrong with a file or a page, by a code of docs/errors.md."""

    code: str
    message: str


class ReceivedAnswer(BaseModel):
    """A file that was taken in."""

    model_config = ConfigDict(json_schema_extra={"example": {"id": FILE_ID, "state": "received"}})
    id: str
    state: str


class FileAnswer(BaseModel):
    """What has become of a file."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"id": FILE_ID, "state": "done", "pages": 12, "searchable": 12, "error": None}}
    )
    id: str
    state: str = Field(description="received, reading, done or failed")
    pages: int
    searchable: int
    error: ErrorAnswer | None


class UploadAnswer(BaseModel):
    """How much of an upload is there."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"id": "t1a2b3c4d5e6f70819203", "offset": 4096, "length": 184213, "file_id": None}
        }
    )
    id: str
    offset: int = Field(description="bytes that are there for good")
    length: int = Field(description="bytes")
    file_id: str | None = Field(description="the file that it has become, when it is whole")


class ChangeAnswer(BaseModel):
    """Something that has happened."""

    kind: str = Field(description="received, searchable, attached, failed, approved or reopened")
    at: str
    case_id: str
    case_number: str | None
    volume_id: str | None
    file_id: str | None
    page_id: str | None
    error: ErrorAnswer | None


class ChangesAnswer(BaseModel):
    """Changes in their order, and the cursor behind them."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "changes": [
                    {
                        "kind": "searchable", "at": "2031-04-12T01:22:03.410+00:00",
                        "case_id": "c44f4c777c3595fe59461", "case_number": "临检起诉受[2031]99010123306号",
                        "volume_id": "v0d7c0e6a5b1f2c3d4e5", "file_id": FILE_ID, "page_id": None, "error": None,
                    }
                ],
                "after": "1a4-9b2f3c", "more": False,
            }
        }
    )  # fmt: skip
    changes: list[ChangeAnswer]
    after: str = Field(description="what to ask with next")
    more: bool = Field(description="whether there are more already")
