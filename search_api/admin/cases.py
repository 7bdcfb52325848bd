"""Cases 案件, for whoever manages: which department and handler they are given to, sealing, and who sees one by name.

What is in them is not shown here, and of a sealed case not even its name: dossier/case_register.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from dossier import api_keys, case_deeds, case_metadata, case_register, departments, permissions, users
from dossier.catalogue.tables import Case
from dossier.errors import NotFound, UsageError
from dossier.viewers import plain_name
from search_api.site import Site, TheSite, TheViewer

DONE = {
    "sealed": "已封存，立即生效：此后没有重新授权的人一律看不到。",
    "unsealed": "已解除封存，立即生效。",
    "granted": "已授权，立即生效。",
    "revoked": "已收回授权，立即生效。",
    "moved": "已更改部门和承办人，立即生效。",
}

router = APIRouter(prefix="/admin/cases", include_in_schema=False)


@router.get("")
def list_cases(request: Request, site: TheSite, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """The cases that a number or a name finds; without one, those that are sealed or were opened to somebody."""
    with site.catalogue.reading() as session:
        found = case_register.entries(session, q)
    context = {"asked": q.strip(), "cases": found, "most": case_register.MOST_SHOWN}
    return site.pages.TemplateResponse(request, "admin_cases.html", context)


@router.get("/{case_id}")
def one(request: Request, site: TheSite, case_id: str, done: Annotated[str, Query(max_length=20)] = "") -> Response:
    """One case, with what can be changed."""
    return _one(request, site, case_id, done=done)


@router.post("/{case_id}/seal")
def seal(request: Request, site: TheSite, viewer: TheViewer, case_id: str) -> Response:
    """Hide it from everybody who is not let in afterwards."""
    actor = viewer.name or viewer.id
    return _changed(
        request, site, case_id, "sealed", lambda session, case: permissions.seal(session, case, actor)
    )  # fmt: skip


@router.post("/{case_id}/unseal")
def unseal(request: Request, site: TheSite, viewer: TheViewer, case_id: str) -> Response:
    """Let it be seen again as any other."""
    actor = viewer.name or viewer.id
    return _changed(
        request, site, case_id, "unsealed", lambda session, case: permissions.unseal(session, case, actor)
    )  # fmt: skip


@router.post("/{case_id}/grant")
def grant(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    case_id: str,
    whom: Annotated[str, Form()] = "",
    until: Annotated[str, Form()] = "",
) -> Response:
    """Let somebody see it by name, until a day or for good."""
    actor = viewer.name or viewer.id

    def deed(session: Session, case: Case) -> None:
        if not whom:
            raise UsageError("请选择授权给谁 / choose who is let in")
        try:
            last_day = dt.date.fromisoformat(until) if until.strip() else None
        except ValueError as error:
            raise UsageError(f"{until}：请写成 2031-08-31 这样的日期 / a date such as 2031-08-31") from error
        permissions.grant(session, case, case_register.member(session, whom), actor, last_day)

    return _changed(request, site, case_id, "granted", deed)


@router.post("/{case_id}/revoke")
def revoke(
    request: Request, site: TheSite, viewer: TheViewer, case_id: str, whom: Annotated[str, Form()] = ""
) -> Response:
    """Take that back."""
    actor = viewer.name or viewer.id
    return _changed(
        request, site, case_id, "revoked",
        lambda session, case: permissions.revoke(session, case, case_register.member(session, whom), actor),
    )  # fmt: skip


@router.post("/{case_id}/move")
def move(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    case_id: str,
    department: Annotated[str, Form(max_length=100)] = "",
    handler: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Give it to a department and a handler."""
    actor = viewer.name or viewer.id

    def deed(session: Session, case: Case) -> None:
        case_metadata.change_department(session, case, plain_name(department), actor)
        case_deeds.hand_over(session, case, handler, actor)

    return _changed(request, site, case_id, "moved", deed)


def _changed(request: Request, site: Site, case_id: str, done: str, deed: Callable[[Session, Case], None]) -> Response:
    try:
        with site.catalogue.writing() as session:
            case, _ = case_register.entry(session, case_id)
            deed(session, case)
    except NotFound:
        raise
    except UsageError as error:
        return _one(request, site, case_id, error.detail, status=400)
    return RedirectResponse(f"/admin/cases/{case_id}?done={done}", 303)


def _one(
    request: Request, site: Site, case_id: str, problem: str = "", done: str = "", status: int = 200
) -> Response:  # fmt: skip
    with site.catalogue.reading() as session:
        case, entry = case_register.entry(session, case_id)
        context = {
            "case": entry,
            "members": case_register.members(session, case),
            "users": [(user.id, user.name) for user in users.all_users(session) if user.disabled_at is None],
            "keys": [(key.id, key.name) for key in api_keys.all_keys(session) if key.revoked_at is None],
            "known": departments.all_departments(session),
            "today": dt.date.today().isoformat(),
            "problem": problem,
            "done": DONE.get(done, ""),
        }
    return site.pages.TemplateResponse(request, "admin_case.html", context, status)
