"""Webhooks 变更推送: addresses that changes are sent to, how it goes with them, and adding and removing them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from dossier import api_keys, webhooks
from dossier.catalogue.tables import ApiKey
from dossier.errors import UsageError
from search_api.site import Site, TheSite, TheViewer

DONE = {"removed": "已删除，不再推送。", "revived": "已恢复，立即从停下的地方接着推送。"}

router = APIRouter(prefix="/admin/webhooks", include_in_schema=False)


@router.get("")
def list_webhooks(request: Request, site: TheSite, done: Annotated[str, Query(max_length=20)] = "") -> Response:
    """All addresses, and the form that adds one."""
    return _list(request, site, done=done)


@router.post("")
def add(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    name: Annotated[str, Form(max_length=100)] = "",
    address: Annotated[str, Form(max_length=1000)] = "",
    key: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Send changes there from now on, as a key sees them, and show the secret that signs them, this once."""
    try:
        with site.catalogue.writing() as session:
            sees = session.get(ApiKey, key)
            if sees is None:
                raise UsageError("请选择密钥 / choose a key")
            webhook = webhooks.add_webhook(session, name, address.strip(), sees, viewer.name or viewer.id)
            plain, secret = webhook.name, webhook.secret
    except UsageError as error:
        return _list(request, site, {"name": name, "address": address, "key": key}, error.detail)
    context = {
        "title": f"已登记推送：{plain}", "label": "签名密钥", "secret": secret, "back": "/admin/webhooks",
        "advice": "请立即交给接收推送的程序，用它核对每次推送的 Edossier-Signature。",
    }  # fmt: skip
    return site.pages.TemplateResponse(request, "admin_once.html", context)


@router.post("/{webhook_id}/remove")
def remove(site: TheSite, viewer: TheViewer, webhook_id: str) -> Response:
    """Send nothing more there."""
    with site.catalogue.writing() as session:
        webhooks.remove_webhook(session, webhooks.webhook_named(session, webhook_id), viewer.name or viewer.id)
    return RedirectResponse("/admin/webhooks?done=removed", 303)


@router.post("/{webhook_id}/revive")
def revive(site: TheSite, viewer: TheViewer, webhook_id: str) -> Response:
    """Try again at once, from where it was given up."""
    with site.catalogue.writing() as session:
        webhooks.revive_webhook(session, webhooks.webhook_named(session, webhook_id), viewer.name or viewer.id)
    return RedirectResponse("/admin/webhooks?done=revived", 303)


def _list(
    request: Request, site: Site, typed: dict[str, str] | None = None, problem: str = "", done: str = ""
) -> Response:
    with site.catalogue.reading() as session:
        keys = {key.id: key for key in api_keys.all_keys(session)}
        context: dict[str, Any] = {
            "webhooks": [
                {
                    "id": webhook.id, "name": webhook.name, "address": webhook.address, "error": webhook.error,
                    "attempts": webhook.attempts, "dead": webhook.dead, "key": keys[webhook.key_id].name,
                    "is_revoked": keys[webhook.key_id].revoked_at is not None,
                }
                for webhook in webhooks.all_webhooks(session)
            ],
            "keys": [(key.id, key.name) for key in keys.values() if key.revoked_at is None],
            "typed": typed or {"name": "", "address": "", "key": ""},
            "problem": problem,
            "done": DONE.get(done, ""),
        }  # fmt: skip
    return site.pages.TemplateResponse(request, "admin_webhooks.html", context, 400 if problem else 200)
