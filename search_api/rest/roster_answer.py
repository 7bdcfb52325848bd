"""The roster 人员名册 over the API: a spreadsheet of people goes up, the matrix comes down, as JSON or as XLSX.

Nothing of the spreadsheet is kept: it is searched and forgotten.
"""

from __future__ import annotations

import threading
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import JSONResponse, Response

from indexer.roster.sheet import MOST_BYTES
from indexer.roster.workbook import MEDIA_TYPE, workbook_of
from search_api.contract import ENGINE_PROBLEMS, refusals
from search_api.problems import Problem
from search_api.rest.search_answers import RosterAnswer
from search_api.site import TheSite, TheViewer

RETRY_SECONDS = 10

router = APIRouter()

# Thousands of queries and a process for the file: one at a time, so that those who search by hand do not wait.
one_at_a_time = threading.Lock()


@router.post(
    "/api/v1/roster",
    response_model=RosterAnswer,
    responses={
        200: {
            "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
            "description": "the matrix; as XLSX where the request accepts it",
        },
        **refusals("roster_refused", "roster_busy", "not_found", "number_clash", *ENGINE_PROBLEMS),
    },
)
def roster(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    file: Annotated[UploadFile, File(description="XLSX or CSV with columns 姓名, 身份证号, 手机号, 银行卡号, 金额")],
    case: Annotated[str, Form(max_length=200, description="a case's number, in any brackets, or its id")] = "",
) -> Response:
    """The matrix person × kind of document for everybody in a spreadsheet, as `edossier roster` gives it."""
    assert site.roster is not None  # the route is there only with it
    if not one_at_a_time.acquire(blocking=False):
        raise Problem(
            429,
            "roster_busy",
            "另一份名册正在检索。",
            "请稍候再试。",
            headers={"Retry-After": str(RETRY_SECONDS)},
        )
    try:
        matrix = site.roster(file.file.read(MOST_BYTES + 1), case.strip() or None, viewer=viewer)
        cited = ((page.facts.case_id, page.facts.page_id) for row in matrix.rows for page in row.pages)
        site.looks.note_search(viewer, "（人员名册）", cited)
        if MEDIA_TYPE not in request.headers.get("accept", ""):
            return JSONResponse(matrix.as_json())
        name = quote("名册检索结果.xlsx")
        headers = {"Content-Disposition": f"attachment; filename=\"roster.xlsx\"; filename*=UTF-8''{name}"}
        return Response(workbook_of(matrix), media_type=MEDIA_TYPE, headers=headers)
    finally:
        one_at_a_time.release()
