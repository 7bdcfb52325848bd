"""Sending webhooks: a task of the site that brings changes to the addresses that want them."""

from __future__ import annotations

import contextlib
import json
import logging
import time
import urllib.error
import urllib.request
from contextlib import AbstractAsyncContextManager
from email.message import Message
from http.client import HTTPException
from typing import IO

from fastapi import FastAPI

from dossier import webhooks
from dossier.cases import numbers_of
from dossier.errors import HomeBusy
from dossier.webhooks import Delivery
from search_api.background import repeating
from search_api.rest.change_routes import portion_as_json
from search_api.site import Site

_log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10.0
_LOOK_SECONDS = 1.0


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """What is sent is for the address that was given, and for no other."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())


def sending(app: FastAPI) -> AbstractAsyncContextManager[None]:
    """While the site is served, bring changes to their addresses."""

    def send() -> float:
        return 0.0 if send_due(app.state.site) else _LOOK_SECONDS

    return repeating(send, _LOOK_SECONDS, _log)


def send_due(site: Site) -> bool:
    """Send what is due, one portion to each address; whether there is more to send at once."""
    with site.catalogue.reading() as session:
        deliveries = webhooks.due(session)
        numbers = numbers_of(session, {change.case_id for item in deliveries for change in item.portion.changes})
    if not deliveries:
        return False
    is_more = False
    # Of several sites over one home, one sends.
    with contextlib.suppress(HomeBusy), site.home.hold("webhooks"):
        for delivery in deliveries:
            reason = _send(delivery, portion_as_json(delivery.portion, numbers)) if delivery.portion.changes else ""
            with site.catalogue.writing() as session:
                if reason:
                    _log.warning("webhook %s: %s", delivery.webhook_id, reason)
                    webhooks.failed(session, delivery, reason)
                else:
                    webhooks.delivered(session, delivery)
                    is_more = is_more or delivery.portion.more
    return is_more


def _send(delivery: Delivery, content: dict[str, object]) -> str:
    """Send a portion; returns why it was not taken, empty where it was."""
    body = json.dumps(content, ensure_ascii=False).encode()
    request = urllib.request.Request(  # noqa: S310 -- http and https alone, by an administrator's word
        delivery.address,
        data=body,
        method="POST",
        headers={
            "Content-Type": "application/json; charset=utf-8",
            "Edossier-Webhook": delivery.webhook_id,
            "Edossier-Signature": webhooks.signature(delivery.secret, int(time.time()), body),
        },
    )
    try:
        with _opener.open(request, timeout=TIMEOUT_SECONDS):
            return ""
    except urllib.error.HTTPError as error:
        with error:
            return f"HTTP {error.code}"
    except (OSError, HTTPException) as error:
        return f"{type(error).__name__}: {error}"
