"""Access: what each route is for, and so which keys and which people may ask it. A route that is not listed here is
closed to programs, and to people who read no content.

Which case, volume or page somebody sees is another matter, decided in the route by dossier/permissions.py: what is out
of sight answers as what does not exist.
"""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request
from fastapi.responses import Response
from starlette.routing import compile_path

from dossier.viewers import READ, SEARCH, WRITE, Viewer
from search_api import problems
from search_api.problems import Problem

OPEN = "open"  # to everybody, signed in or not
ANY_KEY = "any key"  # tells of the asker alone: to whoever shows a key or has signed in
OWN = "own"  # what one writes for oneself: for keys with `write`, and for all who read content
# What people read on a page, for all who see it: keys with `write`, who prepares and who works with cases.
TRANSCRIBE = "transcribe"
# The others are for people who have signed in, and for no key.
EVERYBODY = "everybody"
PEOPLE = "people"  # who read content: whoever has to do with cases
PREPARERS = "preparers"  # who take volumes in and put them in order
CHECKERS = "checkers"  # who approve them
MANAGERS = "managers"
AUDITORS = "auditors"


def _reads_content(viewer: Viewer) -> bool:
    return viewer.reads_content


# What programs need `write` for is for people who take volumes in and put them in order. All that is not here is for
# people who read content.
_DUTIES: dict[str, Callable[[Viewer], bool]] = {
    OPEN: lambda _: True,
    ANY_KEY: lambda _: True,
    EVERYBODY: lambda _: True,
    WRITE: lambda viewer: viewer.prepares,
    TRANSCRIBE: lambda viewer: viewer.transcribes,
    PREPARERS: lambda viewer: viewer.prepares,
    CHECKERS: lambda viewer: viewer.checks,
    MANAGERS: lambda viewer: viewer.manages,
    AUDITORS: lambda viewer: viewer.audits,
}

ACCESS: dict[tuple[str, str], str] = {
    ("GET", "/login"): OPEN,
    ("POST", "/login"): OPEN,
    ("GET", "/login/oidc"): OPEN,
    ("GET", "/login/oidc/back"): OPEN,
    ("GET", "/api/v1/health"): OPEN,
    ("POST", "/logout"): EVERYBODY,
    ("GET", "/password"): EVERYBODY,
    ("POST", "/password"): EVERYBODY,
    # Leads those who read no content to what they do.
    ("GET", "/"): EVERYBODY,
    ("GET", "/board"): PEOPLE,
    ("GET", "/board/events"): PEOPLE,
    ("GET", "/pages/{page_id}"): PEOPLE,
    ("GET", "/pages/{page_id}/crop"): PREPARERS,
    ("GET", "/volumes/{volume_id}/sides"): PREPARERS,
    ("GET", "/upload"): PREPARERS,
    ("GET", "/upload/cases"): PREPARERS,
    ("POST", "/upload/case"): PREPARERS,
    ("POST", "/upload/folders"): PREPARERS,
    ("POST", "/upload/outcomes"): PREPARERS,
    ("GET", "/volumes/{volume_id}"): PEOPLE,
    ("GET", "/volumes/{volume_id}/page"): PEOPLE,
    ("GET", "/volumes/{volume_id}/read"): PEOPLE,
    ("GET", "/volumes/{volume_id}/check"): PEOPLE,
    ("GET", "/volumes/{volume_id}/flip"): PEOPLE,
    ("GET", "/quality"): PEOPLE,
    ("GET", "/ledger"): PEOPLE,
    ("GET", "/ledger.xlsx"): PEOPLE,
    ("GET", "/excerpts"): PEOPLE,
    ("GET", "/notes"): PEOPLE,
    ("GET", "/cases/{case_id}/excerpts"): PEOPLE,
    ("GET", "/cases/{case_id}/statements"): PEOPLE,
    ("GET", "/chosen"): PEOPLE,
    ("GET", "/roster"): PEOPLE,
    ("POST", "/roster"): PEOPLE,
    ("GET", "/roster/{roster_id}"): PEOPLE,
    ("GET", "/roster/{roster_id}/progress"): PEOPLE,
    ("GET", "/roster/{roster_id}/people/{place}"): PEOPLE,
    ("GET", "/roster/{roster_id}/xlsx"): PEOPLE,
    ("POST", "/roster/{roster_id}/forget"): PEOPLE,
    ("GET", "/receipts"): PEOPLE,
    ("GET", "/receipts/new"): PREPARERS,
    ("GET", "/receipts/{receipt_id}"): PEOPLE,
    ("GET", "/receipts/{receipt_id}/correct"): PREPARERS,
    ("GET", "/receipts/{receipt_id}/print"): PREPARERS,
    ("GET", "/admin"): MANAGERS,
    ("GET", "/admin/audit"): AUDITORS,
    ("GET", "/admin/cases"): MANAGERS,
    ("GET", "/admin/cases/{case_id}"): MANAGERS,
    ("POST", "/admin/cases/{case_id}/grant"): MANAGERS,
    ("POST", "/admin/cases/{case_id}/move"): MANAGERS,
    ("POST", "/admin/cases/{case_id}/revoke"): MANAGERS,
    ("POST", "/admin/cases/{case_id}/seal"): MANAGERS,
    ("POST", "/admin/cases/{case_id}/unseal"): MANAGERS,
    ("GET", "/admin/departments"): MANAGERS,
    ("GET", "/admin/first"): MANAGERS,
    ("POST", "/admin/first"): MANAGERS,
    ("GET", "/admin/keys"): MANAGERS,
    ("POST", "/admin/keys"): MANAGERS,
    ("POST", "/admin/keys/{key_id}/revoke"): MANAGERS,
    ("POST", "/admin/retry"): MANAGERS,
    ("GET", "/admin/settings"): MANAGERS,
    ("GET", "/admin/statistics"): MANAGERS,
    ("GET", "/admin/users"): MANAGERS,
    ("POST", "/admin/users"): MANAGERS,
    ("GET", "/admin/users/{user_id}"): MANAGERS,
    ("POST", "/admin/users/{user_id}/departments"): MANAGERS,
    ("POST", "/admin/users/{user_id}/disable"): MANAGERS,
    ("POST", "/admin/users/{user_id}/password"): MANAGERS,
    ("POST", "/admin/users/{user_id}/role"): MANAGERS,
    ("GET", "/admin/webhooks"): MANAGERS,
    ("POST", "/admin/webhooks"): MANAGERS,
    ("POST", "/admin/webhooks/{webhook_id}/remove"): MANAGERS,
    ("POST", "/admin/webhooks/{webhook_id}/revive"): MANAGERS,
    ("GET", "/api/v1/openapi.json"): ANY_KEY,
    ("GET", "/api/v1/cases"): READ,
    ("POST", "/api/v1/cases"): WRITE,
    ("GET", "/api/v1/cases/{case_id}"): READ,
    ("PATCH", "/api/v1/cases/{case_id}"): WRITE,
    ("POST", "/api/v1/cases/{case_id}/numbers"): WRITE,
    ("POST", "/api/v1/cases/{case_id}/handler"): WRITE,
    ("POST", "/api/v1/cases/{case_id}/deliveries"): WRITE,
    ("POST", "/api/v1/cases/{case_id}/proceedings"): WRITE,
    ("POST", "/api/v1/cases/{case_id}/merge"): WRITE,
    ("POST", "/api/v1/cases/{case_id}/split"): WRITE,
    ("GET", "/api/v1/cases/{case_id}/directory"): READ,
    ("POST", "/api/v1/cases/{case_id}/files"): WRITE,
    ("GET", "/api/v1/receipts"): READ,
    ("POST", "/api/v1/receipts"): WRITE,
    ("GET", "/api/v1/receipts/{receipt_id}"): READ,
    ("PATCH", "/api/v1/receipts/{receipt_id}"): WRITE,
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
    ("GET", "/api/v1/pages/{page_id}/citation"): READ,
    ("GET", "/api/v1/volumes/{volume_id}/outline"): READ,
    ("GET", "/api/v1/volumes/{volume_id}/hits"): SEARCH,
    ("GET", "/api/v1/excerpts"): READ,
    ("GET", "/api/v1/excerpts.docx"): READ,
    ("POST", "/api/v1/excerpts"): OWN,
    ("GET", "/api/v1/excerpts/{excerpt_id}"): READ,
    ("PATCH", "/api/v1/excerpts/{excerpt_id}"): OWN,
    ("DELETE", "/api/v1/excerpts/{excerpt_id}"): OWN,
    ("GET", "/api/v1/pages/{page_id}/transcriptions"): READ,
    ("POST", "/api/v1/pages/{page_id}/transcriptions"): TRANSCRIBE,
    ("GET", "/api/v1/pages/{page_id}/carried"): READ,
    ("POST", "/api/v1/pages/{page_id}/carried"): TRANSCRIBE,
    ("GET", "/api/v1/transcriptions/{transcription_id}"): READ,
    ("PATCH", "/api/v1/transcriptions/{transcription_id}"): TRANSCRIBE,
    ("DELETE", "/api/v1/transcriptions/{transcription_id}"): TRANSCRIBE,
    ("GET", "/api/v1/notes"): READ,
    ("POST", "/api/v1/notes"): OWN,
    ("GET", "/api/v1/notes/{note_id}"): READ,
    ("PATCH", "/api/v1/notes/{note_id}"): OWN,
    ("DELETE", "/api/v1/notes/{note_id}"): OWN,
    ("GET", "/api/v1/bookmarks"): READ,
    ("POST", "/api/v1/bookmarks"): OWN,
    ("PATCH", "/api/v1/bookmarks/{bookmark_id}"): OWN,
    ("DELETE", "/api/v1/bookmarks/{bookmark_id}"): OWN,
    ("GET", "/api/v1/search"): SEARCH,
    ("GET", "/api/v1/search/facets"): SEARCH,
    ("GET", "/api/v1/search/neighbours"): SEARCH,
    ("POST", "/api/v1/roster"): SEARCH,
    ("GET", "/api/v1/cases/{case_id}.pdf"): READ,
    ("GET", "/api/v1/cases/{case_id}/statements"): READ,
    ("POST", "/api/v1/pdfs"): OWN,
    ("GET", "/api/v1/pdfs/{exhibit_id}.pdf"): READ,
    ("GET", "/api/v1/status"): READ,
    ("GET", "/api/v1/volumes/{volume_id}/pages"): READ,
    ("GET", "/api/v1/documents/{document_id}/title"): READ,
    ("POST", "/api/v1/pages/{page_id}/turn"): WRITE,
    ("POST", "/api/v1/pages/{page_id}/read-again"): WRITE,
    ("POST", "/api/v1/pages/{page_id}/blank"): WRITE,
    ("POST", "/api/v1/pages/{page_id}/crop"): WRITE,
    ("POST", "/api/v1/pages/{page_id}/label"): WRITE,
    ("POST", "/api/v1/pages/{page_id}/remove"): WRITE,
    ("POST", "/api/v1/pages/{page_id}/restore"): WRITE,
    ("POST", "/api/v1/pages/{page_id}/move"): WRITE,
    ("POST", "/api/v1/pages/{page_id}/insert"): WRITE,
    ("POST", "/api/v1/pages/{page_id}/double"): WRITE,
    ("POST", "/api/v1/volumes/{volume_id}/known-gap"): WRITE,
    ("POST", "/api/v1/documents/{document_id}/known-file-gap"): WRITE,
    ("POST", "/api/v1/pages/{page_id}/replace"): WRITE,
    ("POST", "/api/v1/pages/{page_id}/volume"): WRITE,
    ("POST", "/api/v1/volumes/{volume_id}/order"): WRITE,
    ("POST", "/api/v1/volumes/{volume_id}/fold"): WRITE,
    ("POST", "/api/v1/volumes/{volume_id}/sides"): WRITE,
    ("POST", "/api/v1/volumes/{volume_id}/claim"): WRITE,
    ("POST", "/api/v1/cases/{case_id}/claim"): WRITE,
    ("GET", "/api/v1/volumes/{volume_id}/quality"): READ,
    ("POST", "/api/v1/volumes/{volume_id}/hand-in"): WRITE,
    ("POST", "/api/v1/volumes/{volume_id}/take-back"): WRITE,
    ("POST", "/api/v1/volumes/{volume_id}/approve"): CHECKERS,
    ("POST", "/api/v1/volumes/{volume_id}/refuse"): CHECKERS,
    ("POST", "/api/v1/volumes/{volume_id}/faults"): CHECKERS,
    ("POST", "/api/v1/volumes/{volume_id}/withdraw-fault"): CHECKERS,
    ("POST", "/api/v1/volumes/{volume_id}/unshown"): CHECKERS,
    ("POST", "/api/v1/volumes/{volume_id}/mended"): WRITE,
    ("GET", "/api/v1/volumes/{volume_id}/seen"): READ,
    ("POST", "/api/v1/volumes/{volume_id}/seen"): OWN,
    ("POST", "/api/v1/volumes/{volume_id}/return"): WRITE,
    ("POST", "/api/v1/volumes/{volume_id}/undo-return"): WRITE,
    ("POST", "/api/v1/documents/{document_id}/title"): WRITE,
    ("POST", "/api/v1/documents/{document_id}/insert"): WRITE,
    ("POST", "/api/v1/files/{file_id}/insert"): WRITE,
    ("POST", "/api/v1/documents/{document_id}/replace-earlier"): WRITE,
    ("POST", "/api/v1/documents/{document_id}/divide"): WRITE,
    ("POST", "/api/v1/documents/{document_id}/merge"): WRITE,
    ("POST", "/api/v1/documents/{document_id}/claim"): WRITE,
}


def scope_of(wanted: str) -> str:
    """The scope that a program's key needs for what a route is for."""
    return WRITE if wanted in (OWN, TRANSCRIBE) else wanted


async def check_access(request: Request) -> None:
    """Let a program through to a route that one of its key's scopes is for, and a person to one that they have to do
    with.

    Raises:
        Problem: this one is not for them.
    """
    viewer: Viewer | None = getattr(request.state, "viewer", None)
    if viewer is None:
        return
    wanted = ACCESS.get((request.method, request.scope["route"].path), PEOPLE)
    if viewer.scopes is None:
        if not _DUTIES.get(wanted, _reads_content)(viewer):
            raise Problem(403, "role_missing", "您的角色不能进行这项操作。", "需要时请找管理员调整角色。")
    elif wanted not in (OPEN, ANY_KEY) and scope_of(wanted) not in viewer.scopes:
        raise Problem(403, "scope_missing", "这个密钥不能用于此操作。", "请换用范围足够的密钥。", scope_of(wanted))


async def method_not_allowed(request: Request, error: Exception) -> Response:
    """Answer that an address does not take this method, and name those that it takes (RFC 9110, 15.5.6).

    The framework names those of one route alone.
    """
    taken = {method for (method, path) in ACCESS if compile_path(path)[0].fullmatch(request.url.path)}
    answer = problems.answer(request, error)
    if taken:
        answer.headers["Allow"] = ", ".join(sorted(taken))
    return answer


def start_of(viewer: Viewer) -> str:
    """Where somebody begins: those who see cases with the search, the others with what they look after."""
    if viewer.reads_content:
        return "/"
    return "/admin" if viewer.manages else "/admin/audit"
