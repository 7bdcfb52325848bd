"""Resumable uploads by the protocol tus 1.0.0 (https://tus.io/protocols/resumable-upload): core, creation, checksum,
termination and expiration.
"""

from __future__ import annotations

import base64
import binascii
import logging
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Header, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from dossier import keyed_requests, uploads
from dossier.catalogue.tables import Upload
from dossier.errors import NotFound
from dossier.permissions import case_in_sight
from dossier.viewers import Viewer
from search_api.background import repeating
from search_api.contract import refusals
from search_api.gate import upload_too_large
from search_api.idempotency import IDEMPOTENCY_KEY
from search_api.problems import Problem
from search_api.rest.file_answers import UploadAnswer
from search_api.rest.file_routes import actor_of, case_to_take_in, has_room, of_machine, place_named, require_room
from search_api.rest.multipart import portions
from search_api.site import Site, TheSite, TheViewer

VERSION = "1.0.0"
EXTENSIONS = "creation,checksum,termination,expiration"
PART = "application/offset+octet-stream"
_TIDY_SECONDS = 3600.0

router = APIRouter()
_log = logging.getLogger(__name__)

_BODY = {"required": True, "content": {PART: {"schema": {"type": "string", "format": "binary"}}}}
_HELD = ("not_found", "tus_version", "upload_busy", "idempotency_key_reused")
_HEADERS: dict[str, Any] = {
    "Upload-Offset": {"schema": {"type": "integer"}, "description": "bytes that are there for good"},
    "Upload-Length": {"schema": {"type": "integer"}, "description": "bytes"},
    "Upload-Expires": {"schema": {"type": "string"}, "description": "when it is removed if it is not continued"},
    "Upload-File": {"schema": {"type": "string"}, "description": "the file that it has become, when it is whole"},
}
_RESUMABLE = Header(alias="Tus-Resumable", description="1.0.0")
_Resumable = Annotated[str | None, _RESUMABLE]


@router.options("/api/v1/uploads", status_code=204)
def offered(site: TheSite) -> Response:
    """What of tus is offered here."""
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(site.settings.max_upload_bytes),
        "Tus-Checksum-Algorithm": ",".join(uploads.CHECKSUMS),
    }
    return Response(status_code=204, headers=headers)


@router.post(
    "/api/v1/uploads",
    status_code=201,
    response_class=Response,
    responses={
        201: {"headers": {"Location": {"schema": {"type": "string"}, "description": "where its parts go"}, **_HEADERS}},
        **refusals(*_HELD, "number_clash", "place_refused", "upload_broken", "disk_full"),
    },
)
def begin(
    site: TheSite,
    viewer: TheViewer,
    upload_length: Annotated[int, Header(ge=0, description="bytes")],
    upload_metadata: Annotated[str, Header(max_length=8000, description="`case`, `volume`, `path` (or `filename`)")],
    tus_resumable: _Resumable = None,
    key: IDEMPOTENCY_KEY = None,
) -> Response:
    """Open an upload; `Location` is where its parts go. With the key of one that is open already, it is that one."""
    _check_version(tus_resumable)
    if upload_length > site.settings.max_upload_bytes:
        raise upload_too_large(site.settings.max_upload_bytes)
    told = _metadata(upload_metadata)
    case_id = case_to_take_in(site, viewer, told.get("case", ""))
    place = place_named(case_id, told.get("volume", ""), told.get("path") or told.get("filename", ""))
    try:
        upload = uploads.begin(
            site.catalogue, site.vault, viewer.id, actor_of(viewer), place, upload_length, key,
            lambda size: require_room(site, size),
        )  # fmt: skip
        if not upload_length:
            uploads.finish(site.catalogue, site.vault, upload.id)
    except OSError as error:
        raise of_machine(error) from error
    headers = {"Location": f"/api/v1/uploads/{upload.id}", **_headers(site, _upload(site, viewer, upload.id))}
    return Response(status_code=201, headers=headers)


@router.head(
    "/api/v1/uploads/{upload_id}",
    status_code=200,
    response_class=Response,
    responses={200: {"headers": _HEADERS}, **refusals(*_HELD)},
)
def offset(site: TheSite, viewer: TheViewer, upload_id: str, tus_resumable: _Resumable = None) -> Response:
    """How much of an upload is there."""
    _check_version(tus_resumable)
    return Response(status_code=200, headers=_headers(site, _finished(site, viewer, upload_id)))


@router.get("/api/v1/uploads/{upload_id}", response_model=UploadAnswer, responses=refusals(*_HELD))
def upload_state(site: TheSite, viewer: TheViewer, upload_id: str) -> Response:
    """How much of an upload is there, and the file that it has become."""
    upload = _finished(site, viewer, upload_id)
    return JSONResponse(
        {"id": upload.id, "offset": upload.received, "length": upload.size, "file_id": upload.arrival_id}
    )


@router.patch(
    "/api/v1/uploads/{upload_id}",
    status_code=204,
    openapi_extra={"requestBody": _BODY},
    responses={
        204: {"headers": _HEADERS},
        **refusals(*_HELD, "upload_type", "upload_offset", "checksum_mismatch", "upload_broken", "disk_full"),
    },
)
async def part(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    upload_id: str,
    upload_offset: Annotated[int, Header(ge=0, description="bytes that are there already")],
    upload_checksum: Annotated[str | None, Header(max_length=200, description="algorithm and Base64")] = None,
    tus_resumable: _Resumable = None,
) -> Response:
    """Append to an upload; with its last byte it becomes a file."""
    _check_version(tus_resumable)
    if request.headers.get("content-type", "").partition(";")[0].strip() != PART:
        raise Problem(415, "upload_type", "分段上传的格式不对。", f"请用 Content-Type: {PART}。")
    algorithm, expected = _checksum(upload_checksum)
    upload = await run_in_threadpool(_upload, site, viewer, upload_id)
    try:
        if upload.arrival_id is None:
            await _append(request, site, upload_id, upload_offset, algorithm, expected)
        elif upload_offset != upload.size:
            raise _wrong_offset(upload.size)
        upload = await run_in_threadpool(_finished, site, viewer, upload_id)
        if upload.received == upload.size and upload.arrival_id is None:
            require_room(site, upload.size)
    except FileNotFoundError as error:
        raise NotFound(upload_id) from error
    except OSError as error:
        raise of_machine(error) from error
    return Response(status_code=204, headers=_headers(site, upload))


@router.delete("/api/v1/uploads/{upload_id}", status_code=204, responses=refusals(*_HELD))
def end(site: TheSite, viewer: TheViewer, upload_id: str, tus_resumable: _Resumable = None) -> Response:
    """Give an upload up; a file that it has become stays."""
    _check_version(tus_resumable)
    _upload(site, viewer, upload_id)
    uploads.drop(site.catalogue, site.vault, upload_id)
    return Response(status_code=204)


def tidying(app: FastAPI) -> AbstractAsyncContextManager[None]:
    """While the site is served, look after uploads once an hour, and forget the keys of old requests."""

    def tidy() -> float:
        site: Site = app.state.site
        uploads.tidy(site.catalogue, site.vault, site.settings.upload_days, lambda size: has_room(site, size))
        keyed_requests.prune(site.catalogue)
        return _TIDY_SECONDS

    return repeating(tidy, _TIDY_SECONDS, _log)


async def _append(
    request: Request, site: Site, upload_id: str, offset: int, algorithm: str | None, expected: bytes
) -> None:
    with uploads.writing(site.catalogue, site.vault, upload_id, algorithm) as (upload, writer):
        if offset != upload.received:
            raise _wrong_offset(upload.received)
        try:
            async for portion in portions(request):
                if len(portion) > writer.left:
                    raise Problem(413, "too_large", "内容超过声明的长度。", "请核对 Upload-Length。")
                require_room(site, writer.needed)
                await run_in_threadpool(writer.append, portion)
        except Problem:
            # What came before the line was lost is kept, unless it can only be checked as a whole.
            if algorithm is None:
                await run_in_threadpool(writer.save)
            raise
        if algorithm is not None and writer.digest() != expected:
            raise Problem(460, "checksum_mismatch", "校验和不符。", "请重发这一段。")
        await run_in_threadpool(writer.save)


def _upload(site: Site, viewer: Viewer, upload_id: str) -> Upload:
    """An upload of the viewer's own, to a case that they still see.

    Raises:
        NotFound: there is none.
    """
    with site.catalogue.reading() as session:
        upload = session.get(Upload, upload_id)
        if upload is None or upload.viewer_id != viewer.id:
            raise NotFound(upload_id)
        case_in_sight(session, viewer, upload.case_id)
        return upload


def _finished(site: Site, viewer: Viewer, upload_id: str) -> Upload:
    """An upload; where it is whole and whoever took its last byte was killed, it becomes a file now, if it has room."""
    upload = _upload(site, viewer, upload_id)
    if upload.received == upload.size and upload.arrival_id is None and has_room(site, upload.size):
        uploads.finish(site.catalogue, site.vault, upload_id)
        upload = _upload(site, viewer, upload_id)
    return upload


def _headers(site: Site, upload: Upload) -> dict[str, str]:
    headers = {"Upload-Offset": str(upload.received), "Upload-Length": str(upload.size), "Cache-Control": "no-store"}
    if upload.arrival_id is not None:
        headers["Upload-File"] = upload.arrival_id
    expires = datetime.fromtimestamp(upload.updated_at + site.settings.upload_days * 24 * 3600, UTC)
    headers["Upload-Expires"] = format_datetime(expires, usegmt=True)
    return headers


def _check_version(version: str | None) -> None:
    if version not in (None, VERSION):
        raise Problem(
            412, "tus_version", "不支持这个 tus 版本。", f"请用 tus {VERSION}。", headers={"Tus-Version": VERSION}
        )


def _metadata(header: str) -> dict[str, str]:
    """The pairs of `Upload-Metadata`: names, each with its value in Base64."""
    told: dict[str, str] = {}
    for pair in header.split(","):
        name, _, value = pair.strip().partition(" ")
        try:
            told[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise Problem(400, "upload_broken", "Upload-Metadata 的格式不对。", "请按 tus 协议编码。", name) from error
    return told


def _checksum(header: str | None) -> tuple[str | None, bytes]:
    if header is None:
        return None, b""
    algorithm, _, value = header.partition(" ")
    try:
        if algorithm not in uploads.CHECKSUMS:
            raise ValueError(algorithm)
        return algorithm, base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        supported = "、".join(uploads.CHECKSUMS)
        raise Problem(400, "upload_broken", "Upload-Checksum 的格式不对。", f"可用的算法：{supported}。") from error


def _wrong_offset(received: int) -> Problem:
    return Problem(
        409, "upload_offset", "续传位置不对。", "请先用 HEAD 查询已收到的长度。", str(received),
        {"Upload-Offset": str(received)},
    )  # fmt: skip
