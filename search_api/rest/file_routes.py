"""Files over the API: one goes up, and whoever sent it can ask what has become of it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from dossier import uploads
from dossier.acceptance import Incoming, accept
from dossier.catalogue.tables import Arrival
from dossier.errors import MachineFailed, NotFound, is_machine_fault
from dossier.files import file_status
from dossier.permissions import case_in_sight, sees
from dossier.place import Place, place_of_upload
from dossier.room import room_of
from dossier.viewers import Viewer
from dossier.volume_moves import case_called
from search_api.contract import refusals
from search_api.idempotency import IDEMPOTENCY_KEY
from search_api.problems import Problem
from search_api.rest.file_answers import FileAnswer, ReceivedAnswer
from search_api.rest.multipart import Form, broken, receive_form
from search_api.site import Site, TheSite, TheViewer

router = APIRouter()

_FORM = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {"type": "string", "format": "binary"},
                    "volume": {"type": "string", "maxLength": 200, "description": "empty: 未分卷"},
                    "path": {"type": "string", "description": "within the volume; without it, the file's own name"},
                },
            },
        },
    },
}  # fmt: skip


@router.post(
    "/api/v1/cases/{case_id}/files",
    status_code=202,
    openapi_extra={"requestBody": _FORM},
    response_model=ReceivedAnswer,
    responses={
        202: {"description": "it is in the vault and in the catalogue"},
        **refusals(
            "not_found", "number_clash", "place_refused", "upload_broken", "idempotency_key_reused", "disk_full"
        ),
    },
)
async def upload(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    case_id: str,
    key: IDEMPOTENCY_KEY = None,
) -> JSONResponse:
    """Take a file in, as if it had been dropped in the inbox; what is in it, a worker finds out."""
    taking_case_id = await run_in_threadpool(case_to_take_in, site, viewer, case_id)
    told = _length_told(request)
    require_room(site, uploads.needed(told))
    with site.vault.receiving() as path:
        try:
            form = await receive_form(
                request, path, site.settings.max_upload_bytes,
                lambda received, portion: require_room(site, _still_needed(told, received, portion)),
            )  # fmt: skip
            require_room(site, form.size)
            place = place_named(case_id, form.fields.get("volume", ""), _path_in(form))
            incoming = Incoming(
                path, place, place.source, "upload", case=taking_case_id, owner_id=viewer.id, idempotency_key=key,
            )  # fmt: skip
            accepted = await run_in_threadpool(accept, site.catalogue, site.vault, incoming, actor_of(viewer))
        except OSError as error:
            raise of_machine(error) from error
    state = await run_in_threadpool(_state, site, accepted.arrival_id)
    return JSONResponse(
        {"id": accepted.arrival_id, "state": state}, 202, {"Location": f"/api/v1/files/{accepted.arrival_id}"}
    )


@router.get("/api/v1/files/{file_id}", response_model=FileAnswer, responses=refusals("not_found"))
def file(site: TheSite, viewer: TheViewer, file_id: str) -> Response:
    """What has become of a file: `searchable` of its `pages`, and why not, where something went wrong."""
    with site.catalogue.reading() as session:
        arrival = session.get(Arrival, file_id)
        if arrival is None or not sees(session, viewer, arrival.case_id):
            raise NotFound(file_id)
        status = file_status(session, arrival)
    error = status.error
    return JSONResponse(
        {
            "id": file_id,
            "state": status.state,
            "pages": status.pages,
            "searchable": status.searchable,
            "error": {"code": error.code, "message": error.message} if error else None,
        }
    )


def case_to_take_in(site: Site, viewer: Viewer, name: str) -> str:
    """The id of the case that somebody names who wants to give it a file; of a merged one its own, so that the file
    finds the volume that came from there.

    Raises:
        NotFound: they see none.
        NumberClash: the number names two.
    """
    with site.catalogue.reading() as session:
        return case_called(session, case_in_sight(session, viewer, name), name)


def place_named(case_id: str, volume: str, path: str) -> Place:
    """The place that a caller names.

    Raises:
        Problem: it is none.
    """
    try:
        return place_of_upload(case_id, volume, path)
    except ValueError as error:
        raise Problem(422, "place_refused", "卷名或路径不能用。", "请改正后再上传。", str(error)) from error


def actor_of(viewer: Viewer) -> str:
    """Under which name a deed is recorded."""
    return viewer.name or viewer.id


def has_room(site: Site, size: int) -> bool:
    """Whether so many bytes more leave the disk its floor."""
    return room_of(site.home, site.settings.disk_floor_bytes).holds(size)


def require_room(site: Site, size: int = 0) -> None:
    """See to it that so many bytes more leave the disk its floor.

    Raises:
        Problem: they would not (507).
    """
    if not has_room(site, size):
        raise Problem(507, "disk_full", "磁盘空间不够。", "请联系管理员清理磁盘后再上传。")


def _still_needed(told: int, received: int, portion: int) -> int:
    """How many bytes a form of `told` bytes still takes of the disk, of which so many have come, before a portion."""
    return uploads.needed(max(told, received + portion), received)


def of_machine(error: OSError) -> Exception:
    """What to answer where the disk does not take a file."""
    return MachineFailed(error.strerror or "") if is_machine_fault(error) else error


def _length_told(request: Request) -> int:
    """How many bytes a request says that it has; 0 where it says nothing, which is seen when they come."""
    told = request.headers.get("content-length", "")
    return int(told) if told.isascii() and told.isdigit() else 0


def _path_in(form: Form) -> str:
    if form.file_name is None:
        raise broken("file: 缺少 / missing")
    return form.fields.get("path", "").strip() or form.file_name


def _state(site: Site, arrival_id: str) -> str:
    with site.catalogue.reading() as session:
        return session.get_one(Arrival, arrival_id).state
