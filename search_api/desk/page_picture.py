"""A page's picture: sent as it stands in derived/, or asked for and waited for where it is not there yet."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import looks, work
from dossier.catalogue.tables import Page, Work
from dossier.derived import PICTURE_RECIPE, THUMBNAIL, smaller_picture
from dossier.errors import NotFound, error_of
from dossier.permissions import sees
from dossier.viewers import Viewer
from search_api.contract import PAGE_PROBLEMS, refusals
from search_api.problems import Problem
from search_api.site import Site, TheSite, TheViewer

# Thumbnail, beside the text, for reading; anything larger is the picture itself. Few sizes, so that browsers find them
# in their cache again. These are kept beside the picture, of any other width nothing is: the disk would fill with what
# one caller asks for once.
WIDTHS = (THUMBNAIL, 800, 1600)
WIDEST = 100_000
LONGEST_WAIT_SECONDS = 15.0
_POLL_SECONDS = 0.1
# A page may be read while its scan's picture is awaited: look which picture is wanted so often.
_ASK_AGAIN_SECONDS = 1.0
_QUALITY = 82
_END_OF_JPEG = b"\xff\xd9"
# A picture that is hardly wider than asked is sent as it is: making it narrower costs time and sharpness.
_NEARLY = 1.2
# No longer than an hour: a desk is shared, and pictures must not outlive their reader in its cache.
_FOR_AN_HOUR = "private, max-age=3600, immutable"
_ASK_FIRST = "private, no-cache"

_log = logging.getLogger(__name__)

router = APIRouter()


@dataclass(frozen=True)
class _Wanted:
    path: Path
    version: str


@dataclass(frozen=True)
class _Size:
    width: int | None
    nearly: bool


def picture_address(page_id: str, reading_version: int | None, width: int | None) -> str:
    """Where a browser finds a page's picture; the address changes with the reading, so that it can be kept.

    Thumbnails do not wait to be made: a browser has six connections, and a grid of them would take them all.
    """
    size = "" if width is None else f"width={width}&nearly=1&"
    if width == THUMBNAIL:
        size += "wait=0&"
    return f"/api/v1/pages/{page_id}/image?{size}reading={_version_name(reading_version)}"


@router.get(
    "/api/v1/pages/{page_id}/image",
    response_class=Response,
    responses={
        200: {
            "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
            "description": "the picture",
            "headers": {"ETag": {"schema": {"type": "string"}, "description": "the reading and the width"}},
        },
        304: {"description": "it is as If-None-Match says"},
        **refusals("not_found", "picture_pending", *PAGE_PROBLEMS),
    },
)
async def page_image(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    page_id: str,
    width: Annotated[
        int | None,
        Query(ge=1, le=WIDEST, description="pixels; a picture that is not wider is sent as it is", examples=[640]),
    ] = None,
    nearly: Annotated[
        bool, Query(description=f"quicker: the next of {WIDTHS}, or up to a fifth wider where the picture itself is")
    ] = False,
    reading: Annotated[str, Query(description="the reading that the caller knows of")] = "",
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT_SECONDS, description="seconds")] = LONGEST_WAIT_SECONDS,
) -> Response:
    """The page's picture as JPEG: upright once it has been read, as scanned before."""
    size = _Size(snapped_width(width) if nearly else width, nearly)
    known = request.headers.get("if-none-match", "")
    wanted, content = await run_in_threadpool(_at_once, site, viewer, page_id, size, known)
    if content is not None:
        return Response(content, media_type="image/jpeg", headers=_caching(wanted, size, reading))
    if known == _entity_tag(wanted, size):
        site.looks.note(viewer, [page_id], looks.PICTURE)
        return Response(status_code=304, headers=_caching(wanted, size, reading))
    until = time.monotonic() + wait
    priority = work.SOON if size.width == THUMBNAIL else work.URGENT
    while True:
        wanted = await _when_there(request, site, viewer, page_id, wanted, until, priority)
        # Before it is shown: what cannot be put on record is not.
        site.looks.note(viewer, [page_id], looks.PICTURE)
        try:
            content = await run_in_threadpool(_at_width, wanted.path, size)
        except FileNotFoundError:
            # derived/ may be emptied at any moment: then it is made once more.
            continue
        return Response(content, media_type="image/jpeg", headers=_caching(wanted, size, reading))


def snapped_width(width: int | None) -> int | None:
    """The smallest of the sizes on offer that is as wide as asked; None for the picture as it is."""
    return next((size for size in WIDTHS if width is not None and width <= size), None)


async def _when_there(
    request: Request, site: Site, viewer: Viewer, page_id: str, wanted: _Wanted, until: float, priority: int
) -> _Wanted:
    """Wait until the picture stands in derived/.

    Raises:
        Problem: it does not yet, it is being made; or whoever asked has gone.
        EdossierError: it cannot be made.
    """
    ask_at = time.monotonic()
    while not wanted.path.is_file():
        now = time.monotonic()
        if now >= ask_at:
            await run_in_threadpool(_ask_for, site, page_id, priority)
            wanted = await run_in_threadpool(_wanted, site, viewer, page_id)
            ask_at = now + _ASK_AGAIN_SECONDS
        # Nobody waits for an answer that nobody will get: the server could not stop meanwhile.
        if now >= until or await request.is_disconnected():
            raise Problem(
                503, "picture_pending", "图像正在生成。", "请稍候，页面会自动重试。", page_id, {"Retry-After": "2"}
            )
        await asyncio.sleep(_POLL_SECONDS)
    return wanted


def _at_once(site: Site, viewer: Viewer, page_id: str, size: _Size, known: str) -> tuple[_Wanted, bytes | None]:
    """Which picture is wanted, and its bytes where it stands there and is not `known` to who asks.

    In one go: to hand each step to a thread of its own takes longer than the step.
    """
    wanted = _wanted(site, viewer, page_id)
    if known == _entity_tag(wanted, size) or not wanted.path.is_file():
        return wanted, None
    # Before it is shown: what cannot be put on record is not.
    site.looks.note(viewer, [page_id], looks.PICTURE)
    with contextlib.suppress(FileNotFoundError):
        return wanted, _at_width(wanted.path, size)
    return wanted, None


def _wanted(site: Site, viewer: Viewer, page_id: str) -> _Wanted:
    with site.catalogue.reading() as session:
        page = session.get(Page, page_id)
        if page is None or not sees(session, viewer, page.case_id):
            raise NotFound(page_id)
        version = page.reading_version
    return _Wanted(site.derived.page_picture(page_id, version), _version_name(version))


def _ask_for(site: Site, page_id: str, priority: int) -> None:
    """Ask for the picture, once: most callers find that somebody has asked already, and write nothing."""
    with site.catalogue.reading() as session:
        standing = _standing_work(session, page_id)
        if standing is not None and standing.state == "failed":
            raise error_of(standing.error_code or "", standing.error_detail)
    if standing is None or standing.state == "done" or standing.priority > priority:
        with site.catalogue.writing() as session:
            work.request(session, work.PICTURE, [page_id], priority=priority)


def _standing_work(session: Session, page_id: str) -> Work | None:
    return session.scalars(select(Work).where(Work.kind == work.PICTURE, Work.subject_id == page_id)).first()


def _at_width(path: Path, size_asked: _Size) -> bytes:
    """The JPEG bytes of a picture, made narrower where it is wider than asked; of `WIDTHS` once, then it is kept."""
    width = size_asked.width
    if width is None:
        return path.read_bytes()
    taken = path.stat().st_mtime_ns
    if width in WIDTHS:
        content = _kept(smaller_picture(path, width), taken)
        if content is not None:
            return content
    with Image.open(path) as picture:
        is_near = picture.width <= width * _NEARLY
        if picture.width <= width or (is_near and size_asked.nearly):
            return path.read_bytes()
        size = (width, max(1, round(picture.height * width / picture.width)))
        # Decodes at an eighth, a quarter or half of the size where that is still large enough.
        picture.draft(None, (size[0] * 2, size[1] * 2))
        smaller = picture.resize(size, Image.Resampling.BOX if width == THUMBNAIL else Image.Resampling.LANCZOS)
    encoded = io.BytesIO()
    smaller.save(encoded, "JPEG", quality=_QUALITY)
    # Otherwise whoever asks for nearly this width would be sent the one or the other.
    if width in WIDTHS and not is_near:
        _keep(encoded.getvalue(), smaller_picture(path, width), taken)
    return encoded.getvalue()


def _kept(path: Path, taken: int) -> bytes | None:
    """A smaller picture, if there is one that was made of the picture of this time (nanoseconds)."""
    with contextlib.suppress(FileNotFoundError, IsADirectoryError):
        content = path.read_bytes()
        # After a power cut it may be there without all of its bytes: nobody waited for the disk.
        if content.endswith(_END_OF_JPEG) and path.stat().st_mtime_ns == taken:
            return content
    return None


def _keep(content: bytes, target: Path, taken: int) -> None:
    """Keep a smaller picture for the next who asks, if the disk has room: it can be made again."""
    temporary = target.with_name(f".{secrets.token_hex(6)}.{target.name}")
    try:
        temporary.write_bytes(content)
        os.utime(temporary, ns=(taken, taken))
        temporary.replace(target)
    except OSError as error:
        _log.warning("%s: %s", target, error)
        temporary.unlink(missing_ok=True)


def _version_name(reading_version: int | None) -> str:
    return "scan" if reading_version is None else str(reading_version)


def _entity_tag(wanted: _Wanted, size: _Size) -> str:
    return f'"{wanted.version}-{PICTURE_RECIPE}-{"nearly-" if size.nearly else ""}{size.width or "full"}"'


def _caching(wanted: _Wanted, size: _Size, reading: str) -> dict[str, str]:
    return {
        "ETag": _entity_tag(wanted, size),
        # At a shared desk, what one has seen is not given to the next out of the browser's cache.
        "Vary": "Authorization, Cookie",
        "Cache-Control": _FOR_AN_HOUR if reading == wanted.version else _ASK_FIRST,
    }
