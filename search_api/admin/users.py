"""Users 用户: added, given roles and departments, disabled, and given new passwords, each shown once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from dossier import departments, passwords, users
from dossier.catalogue.tables import User
from dossier.errors import NotFound, UsageError
from dossier.viewers import ROLES
from search_api.site import Site, TheSite, TheViewer

# People part names by any of these; a name itself may have a space.
_BETWEEN_NAMES = re.compile(r"[、，,;；\n]+")

DONE = {
    "role": "已更改角色，立即生效。",
    "departments": "已更改部门，立即生效。",
    "disabled": "已停用，打开着的网页也立即退出。",
}

router = APIRouter(prefix="/admin/users", include_in_schema=False)


@router.get("")
def list_users(request: Request, site: TheSite) -> Response:
    """All users, and the form that adds one."""
    return _list(request, site)


@router.post("")
def add(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    name: Annotated[str, Form()] = "",
    role: Annotated[str, Form()] = "",
    chosen: Annotated[list[str] | None, Form(alias="department")] = None,
    others: Annotated[str, Form()] = "",
) -> Response:
    """Add a user, and show the password to begin with, this once."""
    password = passwords.new_password()
    stored = passwords.hash_of(password)
    theirs = _departments(chosen, others)
    try:
        with site.catalogue.writing() as session:
            user = users.add_user(session, name, role, theirs, stored, viewer.name or viewer.id)
            user_id, plain = user.id, user.name
    except UsageError as error:
        typed = {"name": name, "role": role, "departments": theirs}
        return _list(request, site, typed, error.detail, 400)
    return _shown_once(request, site, user_id, plain, password, "已添加用户")


@router.get("/{user_id}")
def one(
    request: Request, site: TheSite, user_id: str, done: Annotated[str, Query(max_length=20)] = ""
) -> Response:  # fmt: skip
    """One user, with what can be changed."""
    return _one(request, site, user_id, done=done)


@router.post("/{user_id}/role")
def change_role(
    request: Request, site: TheSite, viewer: TheViewer, user_id: str, role: Annotated[str, Form()] = ""
) -> Response:
    """Give the user another role."""
    actor = viewer.name or viewer.id
    return _changed(
        request, site, user_id, "role", lambda session, user: users.set_role(session, user, role, actor)
    )  # fmt: skip


@router.post("/{user_id}/departments")
def change_departments(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    user_id: str,
    chosen: Annotated[list[str] | None, Form(alias="department")] = None,
    others: Annotated[str, Form()] = "",
) -> Response:
    """Say whose cases the user sees."""
    actor, theirs = viewer.name or viewer.id, _departments(chosen, others)
    return _changed(
        request, site, user_id, "departments",
        lambda session, user: users.set_departments(session, user, theirs, actor),
    )  # fmt: skip


@router.post("/{user_id}/disable")
def disable(request: Request, site: TheSite, viewer: TheViewer, user_id: str) -> Response:
    """Let the user in no more."""
    actor = viewer.name or viewer.id
    return _changed(
        request, site, user_id, "disabled", lambda session, user: users.disable_user(session, user, actor)
    )  # fmt: skip


@router.post("/{user_id}/password")
def new_password(request: Request, site: TheSite, viewer: TheViewer, user_id: str) -> Response:
    """Give the user a new password, and show it, this once; a disabled one is let in again."""
    password = passwords.new_password()
    stored = passwords.hash_of(password)
    with site.catalogue.writing() as session:
        user = _user(session, user_id)
        was_disabled = user.disabled_at is not None
        users.set_password(session, user, stored, viewer.name or viewer.id)
        name = user.name
    return _shown_once(request, site, user_id, name, password, "已启用，新口令" if was_disabled else "已重设口令")


def _changed(
    request: Request, site: Site, user_id: str, done: str, deed: Callable[[Session, User], None]
) -> Response:  # fmt: skip
    try:
        with site.catalogue.writing() as session:
            deed(session, _user(session, user_id))
    except NotFound:
        raise
    except UsageError as error:
        return _one(request, site, user_id, error.detail, status=400)
    return RedirectResponse(f"/admin/users/{user_id}?done={done}", 303)


def _list(
    request: Request, site: Site, typed: dict[str, Any] | None = None, problem: str = "", status: int = 200
) -> Response:
    with site.catalogue.reading() as session:
        context = {
            "users": [_shown(user) for user in users.all_users(session)],
            "roles": ROLES,
            "known": departments.all_departments(session),
            "typed": typed or {"name": "", "role": "", "departments": []},
            "problem": problem,
        }
    return site.pages.TemplateResponse(request, "admin_users.html", context, status)


def _one(
    request: Request, site: Site, user_id: str, problem: str = "", done: str = "", status: int = 200
) -> Response:  # fmt: skip
    with site.catalogue.reading() as session:
        context = {
            "user": _shown(_user(session, user_id)),
            "roles": ROLES,
            "known": departments.all_departments(session),
            "problem": problem,
            "done": DONE.get(done, ""),
        }
    return site.pages.TemplateResponse(request, "admin_user.html", context, status)


def _shown_once(request: Request, site: Site, user_id: str, name: str, password: str, what: str) -> Response:
    context = {
        "title": f"{what}：{name}", "label": "口令", "secret": password, "back": f"/admin/users/{user_id}",
        "advice": "请抄给本人，或当面告诉他。",
    }  # fmt: skip
    return site.pages.TemplateResponse(request, "admin_once.html", context)


def _shown(user: User) -> dict[str, Any]:
    return {
        "id": user.id, "name": user.name, "role": user.role, "role_name": ROLES.get(user.role, user.role),
        "departments": user.departments, "is_disabled": user.disabled_at is not None, "created_at": user.created_at,
    }  # fmt: skip


def _user(session: Session, user_id: str) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFound(user_id)
    return user


def _departments(chosen: list[str] | None, others: str) -> list[str]:
    return [*(chosen or []), *_BETWEEN_NAMES.split(others)]
