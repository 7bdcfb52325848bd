"""The feed of changes over the API: what has come, can be found, has failed, was approved, is approved no longer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from dossier import changes
from dossier.cases import numbers_of
from dossier.changes import Change, Portion
from dossier.errors import error_of
from dossier.viewers import Viewer
from search_api.contract import refusals
from search_api.rest.file_answers import ChangesAnswer
from search_api.site import Site, TheSite, TheViewer

LONGEST_WAIT_SECONDS = 60.0
# So often it is asked whether whoever waits is still there.
_LOOK_SECONDS = 2.0

router = APIRouter()


@router.get("/api/v1/changes", response_model=ChangesAnswer, responses=refusals("cursor_unknown"))
async def change_feed(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    after: Annotated[str, Query(max_length=100, description="the `after` of the answer before; empty: all")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT_SECONDS, description="seconds, where there is none yet")] = 0.0,
) -> Response:
    """The changes after a place, in the order in which they happened."""
    until = time.monotonic() + wait
    while True:
        seen, answer = await run_in_threadpool(_portion, site, viewer, after, limit)
        after = answer["after"]
        while not answer["changes"]:
            left = until - time.monotonic()
            if left <= 0 or await request.is_disconnected():
                return JSONResponse(answer)
            if await site.latest_change.wait(seen, min(left, _LOOK_SECONDS)):
                break
        else:
            return JSONResponse(answer)


def _portion(site: Site, viewer: Viewer, after: str, limit: int) -> tuple[int, dict[str, Any]]:
    """The number of the latest change, and the answer."""
    with site.catalogue.reading() as session:
        latest = changes.latest(session)
        found = changes.portion(session, viewer, after, limit)
        numbers = numbers_of(session, {change.case_id for change in found.changes})
    return latest, portion_as_json(found, numbers)


def portion_as_json(portion: Portion, numbers: Mapping[str, str]) -> dict[str, Any]:
    """Changes as they are answered and sent; `numbers` are the cases' by their ids."""
    shown = [_as_json(change, numbers.get(change.case_id)) for change in portion.changes]
    return {"changes": shown, "after": portion.after, "more": portion.more}


def _as_json(change: Change, case_number: str | None) -> dict[str, Any]:
    error = error_of(change.error_code) if change.error_code else None
    return {
        "kind": change.kind,
        "at": datetime.fromtimestamp(change.at, UTC).isoformat(timespec="milliseconds"),
        "case_id": change.case_id,
        "case_number": case_number,
        "volume_id": change.volume_id,
        "file_id": change.file_id,
        "page_id": change.page_id,
        "error": {"code": error.code, "message": error.message} if error else None,
    }
