"""The gate around the whole site: which requests come in at all, and what every answer carries.

Closed unless opened: a new route is behind the login without anybody thinking of it.
"""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Collection
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from indexer.roster.sheet import MOST_BYTES
from search_api import problems
from search_api.problems import Problem
from search_api.rate_limits import Left, RateLimits, too_many

if TYPE_CHECKING:
    from search_api.callers import Callers

_log = logging.getLogger(__name__)

OPEN_PATHS = ("/login", "/login/oidc", "/login/oidc/back", "/api/v1/health")
OPEN_FOLDER = "/static/"

# Nothing that is offered takes more than a short form, except these.
MOST_BODY_BYTES = 16 * 1024
# Chosen pages are a thousand ids at most.
MOST_EXHIBIT_BYTES = 64 * 1024
LARGER_BODIES = {
    "/api/v1/roster": MOST_BYTES + MOST_BODY_BYTES,
    "/roster": MOST_BYTES + MOST_BODY_BYTES,
    "/api/v1/pdfs": MOST_EXHIBIT_BYTES,
}
# A case may name a thousand suspects.
MOST_CASE_BYTES = 1 << 20
_CASE_PATHS = re.compile(r"/api/v1/cases(/[^/]+(/(numbers|handler|deliveries|proceedings|merge|split))?)?")
# The order of a volume names all its pages, and the choice between two pictures of each side one of every pair.
MOST_ORDER_BYTES = 1 << 20
_ORDER = re.compile(r"/api/v1/volumes/[^/]+/(order|fold|sides)")
# Six hundred volumes with their remarks.
MOST_RECEIPT_BYTES = 1 << 20
_RECEIPT = re.compile(r"/api/v1/receipts(/[^/]+)?")
# A thousand faults, each by its id: with quotes, comma and space twenty-six characters, or what a name of 64 takes.
MOST_FAULTS_BYTES = 80 * 1024
_FAULTS = re.compile(r"/api/v1/volumes/[^/]+/mended")
# Three thousand characters, each as \uXXXX, and a hundred pages.
MOST_EXCERPT_BYTES = 64 * 1024
_EXCERPT = re.compile(r"/api/v1/excerpts(/[^/]+)?")

# These are streamed to the disk and may be as large as the setting says, also where nobody knows beforehand how large.
_UPLOADS = re.compile(r"/api/v1/(cases/[^/]+/files|uploads/[^/]+)")

# Who is not known, may not, or must wait after wrong passwords.
_REFUSALS = {401, 403, 429}
_OVERRIDING = {"PATCH", "PUT", "DELETE"}
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Gate:
    """ASGI middleware: host, size, origin and caller are checked in this order; then the site answers.

    Args:
        app: the site.
        callers: tells who asks; they stand in the request's state as `viewer`.
        hosts: names under which the site is reached besides the loopback ones.
        most_upload_bytes: of a file that is uploaded.
        limits: how much each of them may ask; None: without end.
    """

    def __init__(
        self,
        app: ASGIApp,
        callers: Callers,
        hosts: Collection[str] = (),
        most_upload_bytes: int = 0,
        limits: RateLimits | None = None,
    ) -> None:
        self._app = app
        self._limits = limits
        self._most_upload_bytes = most_upload_bytes
        self._callers = callers
        self._names = {"localhost", *(host.casefold().rstrip(".") for host in hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through to the site, or answer it here; see ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _add_headers(MutableHeaders(scope=message), request)
                if message["status"] in _REFUSALS:
                    self._note_refusal(request, message["status"])
            await send(message)

        try:
            refusal = (
                self._refusal(request)
                or _overridden(request)
                or await run_in_threadpool(self._stranger, request)
                or self._glutton(request)
            )
            if refusal is not None:
                await refusal(scope, receive, send_with_headers)
                return
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            if started:
                raise
            await problems.answer(request, error)(scope, receive, send_with_headers)

    def _refusal(self, request: Request) -> Response | None:
        """Why a request does not come in, as an answer; None when it does."""
        if not self._is_our_host(request.headers.get("host", "")):
            return problems.as_json(
                Problem(400, "host_refused", "这个地址不是本系统的。", "请用启动时显示的地址打开。")
            )
        if request.method not in _SAFE_METHODS:
            if self._body_is_too_large(request):
                return problems.as_json(self._too_large(request))
            if not _is_same_origin(request):
                return problems.as_json(
                    Problem(403, "origin_refused", "请求来自别的网站。", "请从本系统的页面上操作。")
                )
        return None

    def _body_is_too_large(self, request: Request) -> bool:
        length = request.headers.get("content-length", "")
        if _UPLOADS.fullmatch(request.url.path):
            # The rest of the request is a form's few fields.
            most = self._most_upload_bytes + MOST_BODY_BYTES
            return bool(length) and (not length.isdecimal() or int(length) > most)
        if not length:
            return "transfer-encoding" in request.headers
        return not length.isdecimal() or int(length) > _most_bytes(request.url.path)

    def _too_large(self, request: Request) -> Problem:
        if not request.headers.get("content-length", "").isdecimal():
            return Problem(413, "too_large", "请求没有说明长度。", "请在请求中写明 Content-Length。")
        if _UPLOADS.fullmatch(request.url.path):
            return upload_too_large(self._most_upload_bytes)
        if _CASE_PATHS.fullmatch(request.url.path):
            return Problem(413, "too_large", f"案件信息超过 {MOST_CASE_BYTES // 1024} KB。", "请分几次提交。")
        if request.url.path not in LARGER_BODIES:
            return Problem(413, "too_large", "请求太大。", "请从页面上操作。")
        return Problem(413, "too_large", f"文件超过 {MOST_BYTES // 1_000_000} MB。", "请拆分后分别上传。")

    def _stranger(self, request: Request) -> Response | None:
        """What to answer somebody who has not shown who they are; None when they have, or need not."""
        path = request.url.path
        if path in OPEN_PATHS or path.startswith(OPEN_FOLDER):
            return None
        request.state.viewer = self._callers.viewer_of(request)
        if request.state.viewer is not None:
            return None
        if problems.wants_json(request):
            return problems.as_json(
                Problem(
                    401, "not_signed_in", "请先登录。", "请在网页上登录，或在 Authorization 中出示密钥。",
                    headers={"WWW-Authenticate": "Bearer"},
                )
            )  # fmt: skip
        if request.method not in _SAFE_METHODS:
            return RedirectResponse("/login", 303)
        target = path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?next={quote(target, safe='/')}", 303)

    def _glutton(self, request: Request) -> Response | None:
        """What to answer somebody who has asked too much of late; None where they may go on."""
        viewer = getattr(request.state, "viewer", None)
        if self._limits is None or viewer is None:
            return None
        left = self._limits.take(viewer, request.method, request.url.path)
        request.state.left = left
        return problems.answer(request, too_many(left)) if left is not None and left.wait else None

    def _note_refusal(self, request: Request, status: int) -> None:
        """Say in the log who was refused what: who tries doors is seen. Never what was asked, which may be a secret."""
        viewer = getattr(request.state, "viewer", None)
        who = viewer.id if viewer is not None else "nobody"
        address = request.app.state.site.proxies.address_of(request)
        _log.warning("refused %d: %s %s, %s at %s", status, request.method, request.url.path[:200], who, address)

    def _is_our_host(self, header: str) -> bool:
        """Whether the Host header names this site.

        Rebinding a name to another address needs a name: addresses written as numbers are always ours.
        """
        try:
            host = urlsplit(f"//{header}").hostname or ""
        except ValueError:
            return False
        if host.rstrip(".") in self._names:
            return True
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return True


def _overridden(request: Request) -> Response | None:
    """Take a POST to the API for the method that it says it stands for, since old clients can send no other; an answer
    where that is none. All that is checked afterwards is checked of that method; that a POST comes from here, before.
    """
    said = request.headers.get("x-http-method-override")
    if said is None or request.method != "POST" or not request.url.path.startswith("/api/v1/"):
        return None
    if said.upper() not in _OVERRIDING:
        return problems.as_json(
            Problem(400, "method_override", "X-HTTP-Method-Override 不对。", "只能写 PATCH、PUT 或 DELETE。")
        )
    request.scope["method"] = said.upper()
    return None


def _is_same_origin(request: Request) -> bool:
    """Whether a request that changes something comes from a page of this site, or from no browser at all.

    Browsers send Sec-Fetch-Site to trustworthy addresses and Origin with every POST; programs send neither.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc.casefold() == request.headers.get("host", "").casefold()


def upload_too_large(most: int) -> Problem:
    """That a file has more bytes than the setting allows."""
    return Problem(
        413,
        "too_large",
        f"文件超过 {most // 1_000_000} MB。",
        "请拆分后分别上传，或请管理员提高设置 max_upload_bytes。",
    )


def _most_bytes(path: str) -> int:
    if _CASE_PATHS.fullmatch(path):
        return MOST_CASE_BYTES
    if _ORDER.fullmatch(path):
        return MOST_ORDER_BYTES
    if _RECEIPT.fullmatch(path):
        return MOST_RECEIPT_BYTES
    if _FAULTS.fullmatch(path):
        return MOST_FAULTS_BYTES
    if _EXCERPT.fullmatch(path):
        return MOST_EXCERPT_BYTES
    return LARGER_BODIES.get(path, MOST_BODY_BYTES)


def _add_headers(headers: MutableHeaders, request: Request) -> None:
    path = request.url.path
    left: Left | None = getattr(request.state, "left", None)
    if left is not None and path.startswith("/api/"):
        headers.setdefault("RateLimit-Policy", left.policy_header)
        if left.is_low:
            headers.setdefault("RateLimit", left.header)
    for name, value in _HEADERS.items():
        headers[name] = value
    if request.app.state.site.proxies.is_encrypted(request):
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if path.startswith("/api/v1/uploads"):
        headers["Tus-Resumable"] = "1.0.0"
    # Dossiers stay out of the browser's cache, except pictures, which say so themselves.
    headers.setdefault("Cache-Control", "no-cache" if path.startswith(OPEN_FOLDER) else "no-store")
