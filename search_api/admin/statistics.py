"""Statistics 统计: pages a day, time to searchable, faults, as charts drawn here as SVG, and as a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from dossier.statistics import days_until
from search_api.site import TheSite

PERIODS = (7, 30, 90)

WIDTH, HEIGHT = 1040, 120
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 4, 12, 20
_LABELS = 10

router = APIRouter(prefix="/admin/statistics", include_in_schema=False)


@dataclass(frozen=True)
class Bar:
    """A bar of a chart, in the chart's units; `label` stands under it where there is room."""

    x: float
    y: float
    width: float
    height: float
    title: str
    label: str


@dataclass(frozen=True)
class Chart:
    """A bar chart: `lines` are the heights of its scale, each with the number that stands there."""

    name: str
    kind: str
    summary: str
    bars: tuple[Bar, ...]
    lines: tuple[tuple[float, str], ...]


@router.get("")
def statistics(request: Request, site: TheSite, days: Annotated[int, Query(ge=1, le=366)] = 30) -> Response:
    """The last days."""
    today = dt.date.today()
    with site.catalogue.reading() as session:
        found = days_until(session, today, days)
    dates = [day.date for day in found]
    pages, faults = [day.pages for day in found], [day.faults for day in found]
    minutes = [round((day.median_seconds or 0) / 60, 1) for day in found]
    longest = max(minutes, default=0)
    charts = [
        chart("每天变为可搜索的页", "pages", f"共 {sum(pages)} 页", dates, pages, "页"),
        chart("从收到到可搜索（每天的中位数）", "time", f"最长的一天 {longest:g} 分钟", dates, minutes, "分钟"),
        chart("故障（搁置的页和没收成的文件）", "faults", f"共 {sum(faults)} 起", dates, faults, "起"),
    ]
    context = {
        "charts": charts, "days": list(reversed(found)), "period": days, "periods": PERIODS,
        "width": WIDTH, "height": HEIGHT, "left": _LEFT, "right": WIDTH - _RIGHT,
    }  # fmt: skip
    return site.pages.TemplateResponse(request, "admin_statistics.html", context)


def chart(
    name: str, kind: str, summary: str, dates: Sequence[dt.date], values: Sequence[float], unit: str
) -> Chart:  # fmt: skip
    """A bar for each day, on a scale that begins at 0 and ends at a round number."""
    top = round_top(max(values, default=0))
    tall = HEIGHT - _TOP - _BOTTOM
    step = (WIDTH - _LEFT - _RIGHT) / max(len(values), 1)
    every = -(-len(values) // _LABELS)
    bars = []
    for at, (date, value) in enumerate(zip(dates, values, strict=True)):
        height = tall * value / top
        day = f"{date.month}月{date.day}日"
        # Counted from the end, so that today bears its date.
        label = day if (len(values) - 1 - at) % every == 0 else ""
        bars.append(
            Bar(
                round(_LEFT + at * step + step * 0.15, 2), round(_TOP + tall - height, 2), round(step * 0.7, 2),
                round(height, 2), f"{day} {value:g} {unit}", label,
            )
        )  # fmt: skip
    lines = tuple((round(_TOP + tall * (1 - part), 2), f"{top * part:g}") for part in (0, 0.5, 1))
    return Chart(name, kind, summary, tuple(bars), lines)


def round_top(most: float) -> float:
    """The least of 2, 4, 10, 20, 40, 100, … that is not below a number: half of it is whole, too."""
    top = 2.0
    while top < most:
        top *= 2.5 if f"{top:g}".startswith("4") else 2
    return top
