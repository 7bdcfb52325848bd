"""The board 进度: how far everything is, what needs a hand, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from search_api.scanning_room.standing_answers import StatusAnswer
from search_api.site import TheSite, TheViewer

router = APIRouter()


@router.get("/board", include_in_schema=False)
def board(request: Request, site: TheSite, viewer: TheViewer) -> Response:
    """The board as a page; its script asks for it again every two seconds and shows what has changed."""
    standing = site.standings.latest(viewer)
    at_work = [volume for volume in standing.volumes if volume.searchable + volume.parked < volume.pages]
    settled = [volume for volume in standing.volumes if volume.searchable + volume.parked >= volume.pages]
    context = {
        "status": standing.status,
        "received": sum(standing.status.files.values()),
        "viewable": sum(standing.status.pages.values()),
        "at_work": at_work,
        "settled": settled,
        "questions": standing.questions,
        "inbox": site.home.inbox,
        "may_change": viewer.prepares,
    }
    return site.pages.TemplateResponse(request, "board.html", context)


@router.get("/api/v1/status", response_model=StatusAnswer)
def status(site: TheSite, viewer: TheViewer) -> Response:
    """Totals, volumes (deadline first), and what needs a hand (newest first)."""
    standing = site.standings.latest(viewer)
    return JSONResponse(
        {
            **asdict(standing.status),
            "volumes": [asdict(volume) for volume in standing.volumes],
            "attention": [asdict(question) for question in standing.questions],
        }
    )
