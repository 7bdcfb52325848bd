"""Access: what each route is for, and so which keys may ask it. A route that is not listed here is closed to programs.

Which case, volume or page somebody sees is another matter, decided in the route by dossier/permissions.py: what is out
of sight answers as what does not exist.
"""

from __future__ import annotations

from fastapi import Request

from dossier.viewers import READ, SEARCH, WRITE
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
    ("GET", "/api/v1/documents/{document_id}"): READ,
    ("GET", "/api/v1/pages/{page_id}/image"): READ,
    ("GET", "/api/v1/pages/{page_id}/text"): READ,
    ("GET", "/api/v1/search"): SEARCH,
    ("GET", "/api/v1/search/facets"): SEARCH,
    ("GET", "/api/v1/search/neighbours"): SEARCH,
    ("POST", "/api/v1/roster"): SEARCH,
    ("GET", "/api/v1/status"): READ,
    ("GET", "/api/v1/volumes/{volume_id}/pages"): READ,
    ("GET", "/api/v1/documents/{document_id}/title"): READ,
    ("POST", "/api/v1/pages/{page_id}/turn"): WRITE,
    ("POST", "/api/v1/pages/{page_id}/read-again"): WRITE,
    ("POST", "/api/v1/pages/{page_id}/blank"): WRITE,
    ("POST", "/api/v1/pages/{page_id}/label"): WRITE,
    ("POST", "/api/v1/pages/{page_id}/remove"): WRITE,
    ("POST", "/api/v1/pages/{page_id}/restore"): WRITE,
    ("POST", "/api/v1/pages/{page_id}/move"): WRITE,
    ("POST", "/api/v1/pages/{page_id}/replace"): WRITE,
    ("POST", "/api/v1/volumes/{volume_id}/order"): WRITE,
    ("POST", "/api/v1/volumes/{volume_id}/fold"): WRITE,
    ("POST", "/api/v1/volumes/{volume_id}/claim"): WRITE,
    ("POST", "/api/v1/documents/{document_id}/title"): WRITE,
    ("POST", "/api/v1/documents/{document_id}/replace-earlier"): WRITE,
    ("POST", "/api/v1/documents/{document_id}/divide"): WRITE,
    ("POST", "/api/v1/documents/{document_id}/merge"): WRITE,
    ("POST", "/api/v1/documents/{document_id}/claim"): WRITE,
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
