"""The board 进度: how far everything is, what needs a hand, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from search_api.heavy import heavy
from search_api.scanning_room import board_events
from search_api.scanning_room.board_view import SHOWN_BY_STATUS, AskedView, board_context
from search_api.scanning_room.standing_answers import StatusAnswer
from search_api.site import TheSite, TheViewer

router = APIRouter()
router.include_router(board_events.router)


@router.get("/board", include_in_schema=False)
def board(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    view: AskedView,
) -> Response:
    """The board as a page; its script follows /board/events, or asks for it again where that is not to be had."""
    context = board_context(site, viewer, site.standings.latest(viewer), view)
    return site.pages.TemplateResponse(request, "board.html", context)


@router.get("/api/v1/status", response_model=StatusAnswer)
@heavy
def status(site: TheSite, viewer: TheViewer) -> Response:
    """Totals, volumes (with work left first, then by deadline; approved ones last), and what needs a hand (newest
    first)."""
    standing = site.standings.latest(viewer)
    return JSONResponse(
        {
            **asdict(standing.status),
            "volumes": [asdict(volume) for volume in standing.volumes[:SHOWN_BY_STATUS]],
            "attention": [asdict(question) for question in standing.questions],
        }
    )
