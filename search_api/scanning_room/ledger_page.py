"""The ledger 制作台账: a page with filters that stay in its address, for screen and print, and as a workbook."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from dossier.quality import ledger_workbook
from dossier.quality.ledger import MOST_ROWS, Wanted, choices, ledger
from dossier.quality.making import STATES
from search_api.problems import Problem
from search_api.site import TheSite, TheViewer

STATE_CHOICES = {**STATES, "overdue": "已超期"}

router = APIRouter(include_in_schema=False)

Day = Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
Name = Annotated[str, Query(max_length=100)]


def _wanted(
    since: Day = "", until: Day = "", department: Name = "", unit: Name = "", state: Name = "", maker: Name = ""
) -> Wanted:
    """What the address asks for."""
    for day in filter(None, (since, until)):
        try:
            dt.date.fromisoformat(day)
        except ValueError:
            raise Problem(422, "invalid_request", "请求中的参数不对。", "请改正后再试。", day) from None
    return Wanted(since, until, department, unit, state if state in STATE_CHOICES else "", maker)


TheWanted = Annotated[Wanted, Depends(_wanted)]


@router.get("/ledger")
def ledger_page(request: Request, site: TheSite, viewer: TheViewer, wanted: TheWanted) -> Response:
    """The ledger as a page."""
    with site.catalogue.reading() as session:
        rows = ledger(session, viewer, wanted, limit=MOST_ROWS + 1)
        departments, units, makers = choices(session, viewer)
    today = dt.date.today()
    asked = {name: value for name, value in asdict(wanted).items() if value}
    context = {
        "rows": [(row, row.days_left(today)) for row in rows[:MOST_ROWS]],
        "when": ledger_workbook.moment_of,
        "more": len(rows) > MOST_ROWS,
        "most": MOST_ROWS,
        "wanted": wanted,
        "states": STATE_CHOICES,
        "departments": departments,
        "units": units,
        "makers": makers,
        "workbook": "/ledger.xlsx" + (f"?{urlencode(asked)}" if asked else ""),
        "today": today.isoformat(),
    }
    return site.pages.TemplateResponse(request, "ledger.html", context)


@router.get("/ledger.xlsx")
def ledger_file(site: TheSite, viewer: TheViewer, wanted: TheWanted) -> Response:
    """The same as a workbook."""
    with site.catalogue.reading() as session:
        rows = ledger(session, viewer, wanted)
    today = dt.date.today()
    return Response(
        ledger_workbook.workbook_of(rows, today),
        media_type=ledger_workbook.MEDIA_TYPE,
        headers={"Content-Disposition": f'attachment; filename="ledger-{today.isoformat()}.xlsx"'},
    )
