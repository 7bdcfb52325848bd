"""What the description for machines says of refusals: every status that a route may answer with, in its one shape."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from search_api.problems import MEDIA_TYPE


class ProblemAnswer(BaseModel):
    """Problem details (RFC 9457)."""

    type: str = Field(examples=["urn:edossier:problem:not_found"])
    title: str = Field(examples=["没有找到。"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["c44f4c777c3595fe59461"])
    code: str = Field(examples=["not_found"], description="stable; what programs look at")
    remedy: str = Field(examples=["请核对编号。"])
    cases: list[str] | None = Field(None, description="the ids of the cases that a number names")


_MEANINGS = {
    400: "the request is for another site, or cannot be read",
    401: "no key and no session, or a key that opens nothing",
    403: "the key's scope or the person's role is not for this",
    404: "there is no such thing within the caller's sight",
    409: "a number names two cases, another case, or none that could be opened; or the deed cannot be done like this",
    412: "the case has changed since it was fetched",
    413: "the body is too large, or its length is not said",
    422: "a parameter or field has an impossible value",
    428: "If-Match is missing",
    429: "the caller has asked too much of late; Retry-After says when to go on",
    503: "the catalogue is not reachable",
}
_ALWAYS = (400, 401, 403, 422, 429, 503)
_SCHEMA = ProblemAnswer.model_json_schema()


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals that a route documents: those of every route, and these."""
    return {
        status: {"description": _MEANINGS[status], "content": {MEDIA_TYPE: {"schema": _SCHEMA}}}
        for status in sorted({*_ALWAYS, *statuses})
    }
