"""The board as it moves: server-sent events with the sections that have changed.

https://html.spec.whatwg.org/multipage/server-sent-events.html. What stands is counted once for all who see the same
(`Standings`), and drawn once for all who look at the same part. Every stream begins with the whole, so that whatever
was missed does not matter.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from dossier.viewers import Viewer
from search_api.problems import Problem
from search_api.scanning_room.board_view import AskedView, BoardView, board_context
from search_api.site import Site, TheSite, TheViewer
from search_api.standing import Standing

MOST_STREAMS = 100
RETRY_MILLISECONDS = 3000
HEARTBEAT_SECONDS = 15.0
_LOOK_SECONDS = 1.0
_STOP_SECONDS = 0.2
_MOST_KEPT = 200

_SECTION = re.compile(r'^<section id="([a-z-]+)" data-live.*?^</section>$', re.MULTILINE | re.DOTALL)

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Drawn:
    """The board as HTML: its title, and its sections by name; `version` is another one when anything is."""

    title: str
    sections: dict[str, str]
    version: str


class BoardFeed:
    """Draws the board once for all who look at the same, and counts who looks.

    Args:
        site: whose board it is.
        is_stopping: whether the server is about to end; then every stream ends.
    """

    def __init__(self, site: Site, is_stopping: Callable[[], bool]) -> None:
        self.is_stopping = is_stopping
        self.open_streams = 0
        self._site = site
        self._lock = threading.Lock()
        self._kept: dict[tuple[Viewer, BoardView], tuple[Standing, Drawn]] = {}

    def drawn(self, viewer: Viewer, view: BoardView) -> Drawn:
        """What a viewer sees of the board now."""
        standing = self._site.standings.latest(viewer)
        with self._lock:
            kept = self._kept.get((viewer, view))
        if kept is not None and kept[0] is standing:
            return kept[1]
        context = board_context(self._site, viewer, standing, view)
        html = self._site.pages.get_template("board_sections.html").render(context)
        sections = {found.group(1): found.group(0) for found in _SECTION.finditer(html)}
        version = hashlib.sha256(html.encode()).hexdigest()[:16]
        drawn = Drawn(f"{context['title']} · 电子卷宗", sections, version)
        with self._lock:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[viewer, view] = (standing, drawn)
        return drawn


def feed_of(app: FastAPI) -> BoardFeed:
    """The feed of a site; its server may set `app.state.is_stopping`, which says when it is about to end."""
    feed: BoardFeed | None = getattr(app.state, "board_feed", None)
    if feed is None:
        feed = app.state.board_feed = BoardFeed(app.state.site, lambda: _is_stopping(app))
    return feed


def _is_stopping(app: FastAPI) -> bool:
    says: Callable[[], bool] = getattr(app.state, "is_stopping", lambda: False)
    return says()


@router.get("/board/events")
async def board_events(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    view: AskedView,
) -> StreamingResponse:
    """The sections of the board as they change, until whoever looks goes away."""
    feed = feed_of(request.app)
    if feed.open_streams >= MOST_STREAMS:
        raise Problem(
            503, "too_many_streams", "同时看进度的人太多。", "页面会改为定时刷新。", headers={"Retry-After": "30"}
        )
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(request, site, feed, viewer, view), 200, headers, "text/event-stream")


async def _stream(request: Request, site: Site, feed: BoardFeed, viewer: Viewer, view: BoardView) -> AsyncIterator[str]:
    feed.open_streams += 1
    try:
        yield f"retry: {RETRY_MILLISECONDS}\n\n"
        sent: dict[str, str] = {}
        version, spoken_at = "", time.monotonic()
        while True:
            drawn = await run_in_threadpool(feed.drawn, viewer, view)
            now = time.monotonic()
            if drawn.version != version or now - spoken_at >= HEARTBEAT_SECONDS:
                # Who may look, and at what, may have changed since the stream was opened.
                current = await run_in_threadpool(site.callers.viewer_of, request)
                if current is None or not current.reads_content:
                    return
                if current != viewer:
                    viewer = current
                    continue
                yield _event(drawn, sent) if drawn.version != version else "event: beat\ndata: 1\n\n"
                sent, version, spoken_at = drawn.sections, drawn.version, now
            until = now + _LOOK_SECONDS
            while time.monotonic() < until:
                if feed.is_stopping():
                    return
                await asyncio.sleep(_STOP_SECONDS)
    finally:
        feed.open_streams -= 1


def _event(drawn: Drawn, sent: dict[str, str]) -> str:
    changed = {name: html for name, html in drawn.sections.items() if sent.get(name) != html}
    content: dict[str, Any] = {"title": drawn.title, "sections": changed}
    return f"id: {drawn.version}\nevent: board\ndata: {json.dumps(content, ensure_ascii=False)}\n\n"
