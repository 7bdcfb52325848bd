"""API keys 接口密钥: made, each shown once, and revoked."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from dossier import api_keys, departments
from dossier.catalogue.tables import ApiKey
from dossier.errors import NotFound, UsageError
from dossier.viewers import READ, SCOPES, SEARCH, WRITE
from search_api.site import Site, TheSite, TheViewer

SCOPE_WORDS = {READ: "查看（页、图像、文字、进度）", SEARCH: "搜索（含名册）", WRITE: "写入（登记案件、上传文件）"}

router = APIRouter(prefix="/admin/keys", include_in_schema=False)


@router.get("")
def list_keys(request: Request, site: TheSite) -> Response:
    """All keys, and the form that makes one."""
    return _list(request, site)


@router.post("")
def add(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    name: Annotated[str, Form()] = "",
    scopes: Annotated[list[str] | None, Form(alias="scope")] = None,
    theirs: Annotated[list[str] | None, Form(alias="department")] = None,
) -> Response:
    """Make a key, and show it, this once."""
    try:
        if not scopes:
            raise UsageError("请至少选一项用途 / choose what it is for")
        with site.catalogue.writing() as session:
            key, secret = api_keys.add_key(session, name, scopes, theirs or [], viewer.name or viewer.id)
            plain = key.name
    except UsageError as error:
        return _list(request, site, {"name": name, "scopes": scopes or [], "departments": theirs or []}, error.detail)
    context = {
        "title": f"已生成密钥：{plain}", "label": "密钥", "secret": secret, "back": "/admin/keys",
        "advice": "请立即存进要用它的程序：Authorization: Bearer 后面写这个密钥。",
    }  # fmt: skip
    return site.pages.TemplateResponse(request, "admin_once.html", context)


@router.post("/{key_id}/revoke")
def revoke(site: TheSite, viewer: TheViewer, key_id: str) -> Response:
    """Let a key open nothing more."""
    with site.catalogue.writing() as session:
        key = session.get(ApiKey, key_id)
        if key is None:
            raise NotFound(key_id)
        api_keys.revoke_key(session, key, viewer.name or viewer.id)
    return RedirectResponse("/admin/keys", 303)


def _list(request: Request, site: Site, typed: dict[str, Any] | None = None, problem: str = "") -> Response:
    with site.catalogue.reading() as session:
        context = {
            "keys": [_shown(key) for key in api_keys.all_keys(session)],
            "scopes": {scope: SCOPE_WORDS[scope] for scope in SCOPES},
            "known": departments.all_departments(session),
            "typed": typed or {"name": "", "scopes": list(api_keys.DEFAULT_SCOPES), "departments": []},
            "problem": problem,
        }
    return site.pages.TemplateResponse(request, "admin_keys.html", context, 400 if problem else 200)


def _shown(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id, "name": key.name, "scopes": [SCOPE_WORDS[scope] for scope in key.scopes],
        "departments": key.departments, "is_revoked": key.revoked_at is not None, "created_at": key.created_at,
    }  # fmt: skip
