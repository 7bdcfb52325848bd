"""Access: what each route is for, and so which keys may ask it. A route that is not listed here is closed to programs.

Which case, volume or page somebody sees is another matter, decided in the route by dossier/permissions.py: what is out
of sight answers as what does not exist.
"""

from __future__ import annotations

from fastapi import Request

from dossier.viewers import ADMIN, READ, SEARCH, WRITE, Viewer
from search_api.problems import Problem

OPEN = "open"  # to everybody, signed in or not
PEOPLE = "people"  # to people who have signed in; to no key
ANY_KEY = "any key"  # tells of the program alone

ACCESS: dict[tuple[str, str], str] = {
    ("GET", "/login"): OPEN,
    ("POST", "/login"): OPEN,
    ("GET", "/api/v1/health"): OPEN,
    ("POST", "/logout"): PEOPLE,
    ("GET", "/"): PEOPLE,
    ("GET", "/board"): PEOPLE,
    ("GET", "/pages/{page_id}"): PEOPLE,
    ("GET", "/volumes/{volume_id}"): PEOPLE,
    ("GET", "/volumes/{volume_id}/page"): PEOPLE,
    ("GET", "/api/v1/openapi.json"): ANY_KEY,
    ("POST", "/api/v1/cases/{case_id}/files"): WRITE,
    ("OPTIONS", "/api/v1/uploads"): WRITE,
    ("POST", "/api/v1/uploads"): WRITE,
    ("HEAD", "/api/v1/uploads/{upload_id}"): WRITE,
    ("GET", "/api/v1/uploads/{upload_id}"): WRITE,
    ("PATCH", "/api/v1/uploads/{upload_id}"): WRITE,
    ("DELETE", "/api/v1/uploads/{upload_id}"): WRITE,
    ("GET", "/api/v1/files/{file_id}"): READ,
    ("GET", "/api/v1/changes"): READ,
    ("GET", "/api/v1/metrics"): READ,
    ("GET", "/api/v1/documents/{document_id}.pdf"): READ,
    ("GET", "/api/v1/documents/{document_id}"): READ,
    ("GET", "/api/v1/volumes/{volume_id}.pdf"): READ,
    ("GET", "/api/v1/pages/{page_id}"): READ,
    ("GET", "/api/v1/pages/{page_id}/image"): READ,
    ("GET", "/api/v1/pages/{page_id}/text"): READ,
    ("GET", "/api/v1/search"): SEARCH,
    ("GET", "/api/v1/search/facets"): SEARCH,
    ("GET", "/api/v1/search/neighbours"): SEARCH,
    ("POST", "/api/v1/roster"): SEARCH,
    ("GET", "/api/v1/status"): READ,
}


def check_scope(request: Request) -> None:
    """Let a program through to a route that one of its key's scopes is for; people are not limited so.

    Raises:
        Problem: none is.
    """
    viewer = getattr(request.state, "viewer", None)
    if viewer is None or viewer.scopes is None:
        return
    wanted = ACCESS.get((request.method, request.scope["route"].path), PEOPLE)
    if wanted not in (OPEN, ANY_KEY) and wanted not in viewer.scopes:
        raise Problem(403, "scope_missing", "这个密钥不能用于此操作。", "请换用范围足够的密钥。", wanted)


def check_may_take_in(viewer: Viewer) -> None:
    """Let a person go on who may take files in: the scanning room and administrators. Programs need a key for it.

    Raises:
        Problem: they may not.
    """
    if viewer.scopes is None and not viewer.is_of_scanning_room and ADMIN not in viewer.roles:
        raise Problem(403, "not_allowed", "您的角色不能收卷。", "请交给扫描室，或请管理员调整角色。")
