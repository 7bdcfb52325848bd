"""The words on the screen: states, rungs, durations, dates and marked text, in plain Chinese."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from markupsafe import Markup, escape

from dossier.quality.making import STATES as MAKING_STATES
from indexer.engine import Grouping, Order

PAGE_STATES = {
    "waiting": "等待识别",
    "reading": "正在识别",
    "read": "正在编入索引",
    "searchable": "可搜索",
    "parked": "需要处理",
}
# Beyond a month people think in dates, not in days.
_FAR_DAYS = 31

RUNGS = {"identifier": "编号", "phrase": "原句", "transcription": "人工校录", "words": "词语", "similar": "形近"}
ORDERS: dict[Order, str] = {"relevance": "相关程度", "page": "卷页顺序", "received": "最新收到"}
GROUPINGS: dict[Grouping | None, str] = {None: "逐页", "document": "按材料", "volume": "按卷", "case": "按案件"}
FACETS = {"case": "案件", "charge": "案由", "department": "部门", "volume_kind": "卷别", "year": "年份"}
CASE_STATES = {"unclaimed": "待认领", "provisional": "未知案件", "known": "", "merged": ""}


def page_state(state: str) -> str:
    """A page's state in Chinese."""
    return PAGE_STATES[state]


def rung(name: str) -> str:
    """Which rung of the ladder found a hit, in Chinese."""
    return RUNGS[name]


def grouping_unit(name: str) -> str:
    """What hits are grouped by, as it is counted: 个案件, 卷, 份材料."""
    return {"case": "个案件", "volume": "卷", "document": "份材料"}[name]


def case_state(state: str) -> str:
    """What an operator must know of a case's state; empty where all is well."""
    return CASE_STATES[state]


def making_state(state: str) -> str:
    """How far making and checking a volume is, in Chinese."""
    return MAKING_STATES[state]


def duration(seconds: float) -> str:
    """A length of time as people say it: 不到 1 分钟, 约 12 分钟, 约 3 小时 20 分."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "不到 1 分钟"
    if minutes < 60:
        return f"约 {minutes} 分钟"
    hours, rest = divmod(minutes, 60)
    return f"约 {hours} 小时 {rest} 分" if rest else f"约 {hours} 小时"


def moment(at: float) -> str:
    """A time in this machine's zone: 14:05 today, otherwise 7月3日 14:05."""
    then = dt.datetime.fromtimestamp(at)
    clock = f"{then:%H:%M}"
    return clock if then.date() == dt.date.today() else f"{then.month}月{then.day}日 {clock}"


def deadline(due_on: str) -> tuple[str, str]:
    """A deadline as people say it, and how near it is: overdue, today, soon (three days) or later."""
    due = dt.date.fromisoformat(due_on)
    days = (due - dt.date.today()).days
    day = f"{due.month}月{due.day}日"
    if days > _FAR_DAYS:
        return f"{due.year}年{day}", "later"
    if days < 0:
        return f"{day} 已超期 {-days} 天", "overdue"
    if days == 0:
        return f"{day} 今天到期", "today"
    return f"{day} 还有 {days} 天", "soon" if days <= 3 else "later"


def place(page_number: int, page_label: str | None) -> str:
    """Where a page is: its place in the volume, and the number on the paper where it is known."""
    if page_number == 0:
        return "不计页"
    return f"图像第 {page_number} 页" + (f" · 页码 {page_label}" if page_label else "")


def file_name(source: str) -> str:
    """A source's last part: what a person looks for in a folder."""
    return source.rpartition("/")[2]


def marked(text: str, ranges: Iterable[tuple[int, int]]) -> Markup:
    """Text with ranges (start, end) in <mark>; everything is escaped, overlapping ranges are joined."""
    parts, at = [], 0
    for start, end in sorted(ranges):
        start, end = max(start, at), min(end, len(text))
        if start < end:
            parts += [escape(text[at:start]), Markup("<mark>"), escape(text[start:end]), Markup("</mark>")]
            at = end
    return Markup("").join([*parts, escape(text[at:])])


def per_cent(fraction: float) -> str:
    """A fraction as whole per cent, rounded down so that 100% means all."""
    return f"{int(fraction * 100 + 1e-9)}%"


FILTERS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        page_state,
        rung,
        grouping_unit,
        case_state,
        making_state,
        duration,
        moment,
        deadline,
        place,
        file_name,
        marked,
        per_cent,
    )
}
