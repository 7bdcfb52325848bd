"""What a route may answer with besides what was asked: the problems, by their codes, as the description for machines
has them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, Field

from dossier.errors import PageFailed, every_error
from search_api.problems import MEDIA_TYPE, status_of_error

# Of the web alone: status, and what it means, as docs/errors.md has it.
WEB_PROBLEMS: dict[str, tuple[int, str]] = {
    "not_signed_in": (
        401,
        "the request has no session and shows no key; sign in, or send `Authorization: Bearer KEY`",
    ),
    "key_refused": (401, "the key is unknown or revoked"),
    "not_the_first": (409, "the first administrator can be made only while there are no users"),
    "role_missing": (
        403,
        "the role of whoever has signed in has nothing to do with this: an administrator reads no content, a checker "
        "or prosecutor changes no dossier, others do not manage",
    ),
    "scope_missing": (403, "the key has not the scope that `detail` names"),
    "origin_refused": (403, "the request comes from another site's page"),
    "host_refused": (
        400,
        "the site was asked for under a name that is not its own; use the address printed at start, or figures",
    ),
    "too_large": (
        413,
        "the request's body is larger than any form of the site, a roster larger than 10 MB, or an upload larger than "
        "the setting `max_upload_bytes`",
    ),
    "place_refused": (422, "`volume` or `path` of an upload is no place in a volume; `detail` says why"),
    "upload_broken": (
        400,
        "the request ended before its file did, paused for too long, or is not in the form asked for; nothing was "
        "taken: repeat it",
    ),
    "upload_type": (415, "a part of an upload is not `application/offset+octet-stream`"),
    "upload_offset": (
        409,
        "a part of an upload begins elsewhere than the bytes end that are there; `detail` says where that is",
    ),
    "checksum_mismatch": (460, "a part of an upload is not what its `Upload-Checksum` says; nothing of it was kept"),
    "tus_version": (412, "another version of tus than 1.0.0"),
    "disk_full": (507, "the disk has no room for the upload"),
    "rate_limited": (
        429,
        "more was asked than `requests_a_minute` allows; ask again after `Retry-After` seconds, and more slowly",
    ),
    "method_override": (400, "`X-HTTP-Method-Override` of a POST is none of PATCH, PUT, DELETE"),
    "roster_busy": (429, "another roster is being searched; ask again after `Retry-After` seconds"),
    "precondition_failed": (412, "the case has changed since it was fetched; fetch it again and decide anew"),
    "precondition_missing": (428, "`If-Match` is missing; send the `ETag` that came with the case"),
    "invalid_request": (422, "a parameter is missing or has an impossible value; `detail` names it"),
    "picture_pending": (503, "the page's picture is being made; ask again after `Retry-After` seconds"),
    "body_unreadable": (400, "the body is not in the format or encoding (UTF-8) that the address takes"),
    "method_not_allowed": (405, "the address does not take this method"),
}

# What befalls a page, a PDF or a file of the vault, as it comes.
PAGE_PROBLEMS = tuple(sorted(code for code, kind in every_error().items() if issubclass(kind, PageFailed)))
STORE_PROBLEMS = tuple(sorted(code for code, kind in every_error().items() if status_of_error(kind) == 500))
SERVICE_PROBLEMS = ("home_busy", "machine", "unreachable")
ENGINE_PROBLEMS = ("engine_busy", "engine_unreachable", "index_damaged")

CODES = "x-codes"
"""Where `refusals` leaves the codes of a status for search_api/description.py."""


class Problem(BaseModel):
    """Problem details (RFC 9457)."""

    type: str = Field(description="urn:edossier:problem: and the code")
    title: str = Field(description="what is wrong, for people, in Chinese")
    status: int
    detail: str = Field(description="what exactly is concerned; may be empty")
    code: str = Field(description="stable; what programs look at")
    remedy: str = Field(description="what to do next, for people, in Chinese")
    current: dict[str, Any] | None = Field(None, description="with text_changed: what stands there now")
    cases: list[str] | None = Field(None, description="with number_clash: the ids of the cases that the number names")


def status_of(code: str) -> int:
    """The status of the answers with a code."""
    return WEB_PROBLEMS[code][0] if code in WEB_PROBLEMS else status_of_error(every_error()[code])


def statuses_of(codes: Iterable[str]) -> dict[int, list[str]]:
    """Codes by their statuses, both in order."""
    found: dict[int, list[str]] = {}
    for code in sorted(set(codes)):
        found.setdefault(status_of(code), []).append(code)
    return dict(sorted(found.items()))


def refusals(*codes: str | int) -> dict[int | str, dict[str, Any]]:
    """The problems that a route may answer with, by their codes; those of every route come by themselves.

    A status in place of a code stands for any code with it.
    """
    named = statuses_of(code for code in codes if isinstance(code, str))
    named |= {code: [] for code in codes if isinstance(code, int)}
    return {
        status: {"description": "refused", "content": {MEDIA_TYPE: {}}, CODES: of_status}
        for status, of_status in sorted(named.items())
    }
