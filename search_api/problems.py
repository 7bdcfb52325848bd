"""Problems: every error answer of the site, as problem details (RFC 9457) for programs and as a page for people.

One shape for all: `type`, `title`, `status`, `detail`, and our own `code` (stable, what programs should look at) and
`remedy` (what to do next). Everything that goes wrong in a route comes here; nothing else writes error answers.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from dossier.errors import (
    CaseDeedRefused,
    CaseOutOfReach,
    CursorUnknown,
    DeedRefused,
    EdossierError,
    FileRefused,
    KeyReused,
    NotFound,
    NumberClash,
    NumberInsufficient,
    NumberTaken,
    OrderChanged,
    PageFailed,
    ReceiptChanged,
    RosterRefused,
    SecrecyRefused,
    ServiceUnreachable,
    StoreError,
    TextChanged,
    UploadBusy,
    UsageError,
)

MEDIA_TYPE = "application/problem+json"

_log = logging.getLogger(__name__)

# The nearest class up the tree counts.
_STATUSES: dict[type[EdossierError], int] = {
    EdossierError: 500,
    UsageError: 400,
    NotFound: 404,
    NumberClash: 409,
    NumberTaken: 409,
    NumberInsufficient: 409,
    CaseOutOfReach: 403,
    CaseDeedRefused: 409,
    KeyReused: 409,
    DeedRefused: 409,
    OrderChanged: 409,
    TextChanged: 409,
    ReceiptChanged: 409,
    SecrecyRefused: 422,
    CursorUnknown: 410,
    RosterRefused: 422,
    FileRefused: 422,
    PageFailed: 422,
    StoreError: 500,
    ServiceUnreachable: 503,
    UploadBusy: 423,
}

# What the web framework itself refuses, by status: code, title, remedy.
_FRAMEWORK: dict[int, tuple[str, str, str]] = {
    400: ("body_unreadable", "请求正文无法读取。", "请按接口说明的格式和编码（UTF-8）发送。"),
    404: ("not_found", "没有这个页面。", "请核对地址，或从搜索页重新进入。"),
    405: ("method_not_allowed", "这个地址不支持这种操作。", "请从页面上操作。"),
}


class Problem(Exception):
    """A refusal that belongs to the web alone: not signed in, a foreign origin, a picture still being made.

    Args:
        status: of the HTTP answer.
        code: stable, for programs.
        title: the sentence for people, in Chinese.
        remedy: what to do next, in Chinese.
        detail: what exactly is concerned.
        headers: of the HTTP answer, e.g. Retry-After.
        case_ids: of the cases between which somebody has to decide.
        current: what another person has written meanwhile.
    """

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        remedy: str,
        detail: str = "",
        headers: Mapping[str, str] | None = None,
        case_ids: Sequence[str] = (),
        current: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.title = title
        self.remedy = remedy
        self.detail = detail
        self.headers = dict(headers or {})
        self.case_ids = tuple(case_ids)
        self.current = current


def status_of_error(kind: type[EdossierError]) -> int:
    """The status of the answers that tell of an error."""
    return next(_STATUSES[parent] for parent in kind.__mro__ if parent in _STATUSES)


def problem_of(error: Exception) -> Problem:
    """The problem that an exception stands for.

    What was not foreseen, and what is wrong with a service, tells the user nothing of the inside.
    """
    if isinstance(error, Problem):
        return error
    if isinstance(error, EdossierError):
        status = status_of_error(type(error))
        detail = error.detail
        if isinstance(error, ServiceUnreachable):
            # Folders, servers and what these say: for whoever looks after the machine.
            _log.error("%s", error)
            detail = ""
        case_ids = error.case_ids if isinstance(error, NumberClash) else ()
        current = error.current if isinstance(error, TextChanged) else None
        return Problem(
            status, error.code, error.chinese, error.remedy_chinese, detail, case_ids=case_ids, current=current
        )
    if isinstance(error, RequestValidationError):
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'][1:])}: {fault['msg']}" for fault in error.errors()
        )
        return Problem(422, "invalid_request", "请求中的参数不对。", "请改正后再试。", faults)
    if isinstance(error, HTTPException):
        code, title, remedy = _FRAMEWORK.get(error.status_code, ("refused", "请求无法处理。", "请返回上一页再试。"))
        return Problem(error.status_code, code, title, remedy, headers=error.headers)
    return Problem(500, EdossierError.code, EdossierError.chinese, EdossierError.remedy_chinese)


def as_content(problem: Problem) -> dict[str, Any]:
    """The problem as problem details."""
    return {
        "type": f"urn:edossier:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "remedy": problem.remedy,
        **({"cases": list(problem.case_ids)} if problem.case_ids else {}),
        **({"current": dict(problem.current)} if problem.current else {}),
    }


def as_json(problem: Problem) -> Response:
    """The answer that tells a program of a problem."""
    return JSONResponse(as_content(problem), problem.status, problem.headers, MEDIA_TYPE)


def wants_json(request: Request) -> bool:
    """Whether a program asks: anything under /api/, or a caller that accepts JSON and does not ask for a page."""
    accepted = request.headers.get("accept", "")
    return request.url.path.startswith("/api/") or ("json" in accepted and "text/html" not in accepted)


def answer(request: Request, error: Exception) -> Response:
    """The one answer to an exception, as JSON or as a page; what was not foreseen goes to the log with its trace."""
    problem = problem_of(error)
    if problem.status >= 500 and problem.code == EdossierError.code:
        _log.error("%s %s", request.method, request.url.path, exc_info=error)
    if wants_json(request):
        return as_json(problem)
    page: Response = request.app.state.site.pages.TemplateResponse(
        request, "problem.html", {"problem": problem}, problem.status, problem.headers
    )
    return page


async def _answer(request: Request, error: Exception) -> Response:
    return answer(request, error)


def install(app: FastAPI) -> None:
    """Let every exception of the site's routes end in `answer`.

    What no route foresaw is answered by the gate, which stands around all of them.
    """
    for kind in (Problem, EdossierError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _answer)
