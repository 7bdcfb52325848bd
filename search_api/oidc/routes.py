"""Signing in by OpenID Connect: to the provider, and back from it (authorization code with PKCE).

Who comes back must be a user here already: the provider says who somebody is, this house what they may. The password
stays beside it, for the day on which the provider is away.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from dossier.errors import NotFound
from dossier.viewers import plain_name
from search_api.oidc.conversation import ProviderSilent
from search_api.oidc.id_token import TokenRefused
from search_api.oidc.provider import CALLBACK_PATH
from search_api.oidc.ticket import GOOD_SECONDS
from search_api.problems import Problem
from search_api.session import address_of, local_target, with_session
from search_api.site import Site, TheSite

COOKIE = "edossier_sign_in"
START_PATH = "/login/oidc"
_LONGEST_NAME = 100
_log = logging.getLogger(__name__)

router = APIRouter(include_in_schema=False)


@router.get(START_PATH)
def start(request: Request, site: TheSite, next: str = "/", moved: bool = False) -> Response:
    """Send the browser to the provider; once, to the site's own name before."""
    if site.provider is None:
        raise NotFound(START_PATH)
    target = local_target(next)
    here = urlsplit(site.settings.site_address()).netloc.casefold()
    if not moved and request.headers.get("host", "").casefold() != here:
        # The cookie must be where the browser comes back to.
        there = f"{site.settings.site_address()}{START_PATH}?moved=true&next={quote(target, safe='')}"
        return RedirectResponse(there, 303)
    ticket, cookie = site.tickets.new(target)
    try:
        where = site.provider.address_to_ask(ticket.state, ticket.nonce, ticket.challenge)
    except ProviderSilent as error:
        raise _silent(error) from error
    answer = RedirectResponse(where, 303)
    # Lax: the browser comes back from another site.
    answer.set_cookie(
        COOKIE, cookie, max_age=int(GOOD_SECONDS), httponly=True, samesite="lax", path=START_PATH,
        secure=site.settings.public_address.startswith("https:"),
    )  # fmt: skip
    return answer


@router.get(CALLBACK_PATH)
def back(
    request: Request,
    site: TheSite,
    code: Annotated[str, Query(max_length=4000)] = "",
    state: Annotated[str, Query(max_length=200)] = "",
    iss: Annotated[str, Query(max_length=1000)] = "",
    error: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    """Open a session for whom the provider names."""
    if site.provider is None:
        raise NotFound(START_PATH)
    ticket = site.tickets.take(request.cookies.get(COOKIE, ""), state)
    if ticket is None:
        raise Problem(
            400, "sign_in_broken", "这次登录已经过期，或者不是从本页面开始的。", "请回到登录页，再点一次统一登录。"
        )
    # RFC 9207: another one's answer, or one that does not say whose it is where the provider says so every time.
    if iss and not hmac.compare_digest(iss.encode(), site.provider.issuer.encode()):
        raise _refused(TokenRefused("the answer is another issuer's"))
    try:
        is_nobodys = not iss and site.provider.endpoints().names_issuer
    except ProviderSilent as silence:
        raise _silent(silence) from silence
    if is_nobodys:
        raise _refused(TokenRefused("the answer does not say whose it is"))
    if error or not code:
        _log.warning("sign-in at the provider ended with %r", error[:60])
        raise Problem(403, "sign_in_refused", "统一登录没有完成。", "请再试一次；总是这样，请告诉管理员。")
    try:
        claims = site.provider.claims_for(code, ticket.verifier, ticket.nonce)
    except ProviderSilent as silence:
        raise _silent(silence) from silence
    except TokenRefused as fault:
        raise _refused(fault) from fault
    return _come_in(request, site, claims, ticket.target)


def _come_in(request: Request, site: Site, claims: Mapping[str, Any], target: str) -> Response:
    name = _name_in(claims, site.settings.oidc_claim)
    if not name:
        _log.error("the ID token has no usable claim %r (setting oidc_claim)", site.settings.oidc_claim)
        raise Problem(
            403, "sign_in_refused", "统一登录没有给出用户名。", "请告诉管理员：设置 oidc_claim 与登录服务不符。"
        )
    token = site.callers.enter_by_provider(address_of(request), name, _role_in(claims, site))
    if token is None:
        raise Problem(
            403, "sign_in_unknown", f"统一登录确认您是“{name}”，但本系统没有这个可用的用户。",
            "请找管理员添加同名的用户，或重新启用。",
        )  # fmt: skip
    # A page, and no redirect: the browser keeps the session's cookie from what another site has led to.
    answer = site.pages.TemplateResponse(request, "signed_in.html", {"target": target})
    answer.delete_cookie(COOKIE, path=START_PATH, httponly=True, samesite="lax")
    return with_session(request, answer, token)


def _name_in(claims: Mapping[str, Any], claim: str) -> str:
    value = claims.get(claim)
    if not isinstance(value, str) or len(value) > _LONGEST_NAME:
        return ""
    # Whoever may write any address into their own account could be anybody.
    if claim == "email" and claims.get("email_verified") is not True:
        return ""
    return plain_name(value)


def _role_in(claims: Mapping[str, Any], site: Site) -> str:
    """The role that the provider gives somebody, by the settings; "" where it gives none."""
    said = claims.get(site.settings.oidc_role_claim) if site.settings.oidc_role_claim else None
    values = said if isinstance(said, list) else [said]
    return next((role for role, value in site.settings.oidc_role_values() if value in values), "")


def _silent(error: ProviderSilent) -> Problem:
    _log.error("the provider of identities: %s", error)
    return Problem(
        503, "sign_in_unavailable", "统一登录暂时用不了。", "请稍后再试；着急的，请用用户名和口令登录。",
        headers={"Retry-After": "30"},
    )  # fmt: skip


def _refused(error: TokenRefused) -> Problem:
    _log.error("the provider's word was not believed: %s", error)
    return Problem(403, "sign_in_refused", "统一登录的结果没有通过核对。", "请再试一次；总是这样，请告诉管理员。")
