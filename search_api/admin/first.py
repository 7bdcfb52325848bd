"""The first administrator: made by whoever came in with the one-time password, who then signs in by name."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from dossier import passwords, users
from dossier.errors import UsageError
from search_api.problems import Problem
from search_api.session import COOKIE
from search_api.site import Site, TheSite, TheViewer

router = APIRouter(include_in_schema=False)


@router.get("/admin/first")
def form(request: Request, site: TheSite) -> Response:
    """The form, as long as there are no users."""
    _check_that_nobody_is_there(site)
    return site.pages.TemplateResponse(request, "admin_first.html", {"name": "", "problem": ""})


@router.post("/admin/first")
def make(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Make the administrator; with that, the one-time password and this session open nothing any more."""
    _check_that_nobody_is_there(site)
    try:
        if password != again:
            raise UsageError("两次输入的口令不一样 / the passwords differ")
        stored = passwords.hash_of(password)
        with site.catalogue.writing() as session:
            users.add_first_administrator(session, name, stored, viewer.name or viewer.id)
    except UsageError as error:
        context = {"name": name, "problem": error.detail}
        return site.pages.TemplateResponse(request, "admin_first.html", context, 400)
    site.doorkeeper.leave(request.cookies.get(COOKIE, ""))
    return RedirectResponse("/login?next=/admin/users", 303)


def _check_that_nobody_is_there(site: Site) -> None:
    if site.callers.has_users():
        raise Problem(409, "not_the_first", "已经有用户了。", "请到“管理 → 用户”添加其他用户。")
