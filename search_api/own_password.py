"""One's own password 改口令: whoever was given one by the administrator makes it one that nobody else knows."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from dossier.errors import UsageError
from dossier.viewers import Viewer
from search_api.session import address_of, with_session
from search_api.site import Site, TheSite, TheViewer

router = APIRouter(prefix="/password", include_in_schema=False)


@router.get("")
def form(request: Request, site: TheSite, viewer: TheViewer, done: bool = False) -> Response:
    """The form; whoever came in by the one-time password has none of their own yet."""
    if viewer.is_at_machine:
        return RedirectResponse("/admin/first", 303)
    return _form(request, site, viewer, done=done)


@router.post("")
def change(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    old: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Change it; all other sessions of theirs end."""
    if new != again:
        return _form(request, site, viewer, "两次输入的新口令不一样，请再输入一次。")
    try:
        token = site.callers.change_password(address_of(request), viewer.name, old, new)
    except UsageError as error:
        return _form(request, site, viewer, error.detail)
    if token is None:
        locked = site.callers.seconds_locked(address_of(request), viewer.name)
        return _form(
            request, site, viewer, f"口令多次不对，请等 {locked} 秒后再试。" if locked else "现在的口令不对，请核对。"
        )  # fmt: skip
    return with_session(request, RedirectResponse("/password?done=true", 303), token)


def _form(request: Request, site: Site, viewer: Viewer, problem: str = "", done: bool = False) -> Response:
    context = {"name": viewer.name, "problem": problem, "done": done}
    return site.pages.TemplateResponse(request, "own_password.html", context, 400 if problem else 200)
