"""What the board shows: volumes under their cases, deadline first, in portions, opened and closed by the address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query

from dossier.status import VolumeStatus
from dossier.viewers import Viewer
from search_api.site import Site
from search_api.standing import Standing

PORTION = 40
"""Cases at a time."""

MOST_OPEN = 60
"""Volumes that are shown without being asked for."""

SHOWN_BY_STATUS = 500


@dataclass(frozen=True)
class BoardView:
    """Which part of the board somebody looks at, as the address says.

    Attributes:
        opened, shut: ids of cases whose volumes are shown, or not, whatever is usual.
        page, settled_page: portions of the cases at work, and of those that are settled, from 1.
    """

    opened: frozenset[str] = frozenset()
    shut: frozenset[str] = frozenset()
    page: int = 1
    settled_page: int = 1

    def toggled(self, case_id: str, is_open: bool) -> BoardView:
        """The view in which a case is the other way round."""
        opened, shut = self.opened - {case_id}, self.shut - {case_id}
        return replace(self, opened=opened, shut=shut | {case_id}) if is_open else replace(
            self, opened=opened | {case_id}, shut=shut
        )  # fmt: skip

    @property
    def query(self) -> str:
        """This view as an address, with its question mark."""
        pairs = [("open", each) for each in sorted(self.opened)] + [("shut", each) for each in sorted(self.shut)]
        if self.page > 1:
            pairs.append(("page", str(self.page)))
        if self.settled_page > 1:
            pairs.append(("settled", str(self.settled_page)))
        return "?" + urlencode(pairs)


async def _asked(
    opened: Annotated[list[str] | None, Query(alias="open", max_length=200)] = None,
    shut: Annotated[list[str] | None, Query(max_length=200)] = None,
    page: Annotated[int, Query(ge=1)] = 1,
    settled: Annotated[int, Query(ge=1)] = 1,
) -> BoardView:
    return BoardView(frozenset(opened or ()), frozenset(shut or ()), page, settled)


AskedView = Annotated[BoardView, Depends(_asked)]
"""The view that the address of a request asks for."""


@dataclass(frozen=True)
class CaseRow:
    """A case on the board: the sums of its volumes.

    Attributes:
        first: its first volume, which says what the case is.
        seconds_left: until all of it is searchable, those before it included; None where there is no speed yet.
        toggle: the address that shows or hides its volumes.
    """

    first: VolumeStatus
    volumes: tuple[VolumeStatus, ...]
    seconds_left: float | None
    is_open: bool
    toggle: str

    def sum_of(self, name: str) -> Any:
        """The sum of a number over the volumes."""
        return sum(getattr(volume, name) for volume in self.volumes)


@dataclass(frozen=True)
class Part:
    """A portion of cases: those of one section, with how many there are in all, and the ways to the other portions."""

    cases: tuple[CaseRow, ...]
    volumes: int
    all_cases: int
    before: str
    after: str


def board_context(site: Site, viewer: Viewer, standing: Standing, view: BoardView) -> dict[str, Any]:
    """What the board's templates need."""
    at_work: list[tuple[VolumeStatus, ...]] = []
    settled: list[tuple[VolumeStatus, ...]] = []
    for volumes in _by_case(standing.volumes):
        (at_work if any(_left(volume) or volume.unopened for volume in volumes) else settled).append(volumes)
    status = standing.status
    viewable = sum(status.pages.values())
    return {
        "title": f"{status.pages['searchable']}/{viewable} 进度" if status.open_pages else "进度",
        "status": status,
        "received": sum(status.files.values()),
        "viewable": viewable,
        "at_work": _part(at_work, view, "page", status.pages_a_minute),
        "settled": _part(settled, view, "settled_page", 0.0),
        "questions": standing.questions,
        "inbox": site.home.inbox,
        "may_change": viewer.prepares,
    }


def _by_case(volumes: Sequence[VolumeStatus]) -> Iterator[tuple[VolumeStatus, ...]]:
    for _, of_case in groupby(volumes, key=lambda volume: volume.case_id):
        yield tuple(of_case)


def _left(volume: VolumeStatus) -> int:
    return volume.pages - volume.searchable - volume.parked


def _part(cases: list[tuple[VolumeStatus, ...]], view: BoardView, name: str, pace: float) -> Part:
    portions = max(1, -(-len(cases) // PORTION))
    number = min(max(getattr(view, name), 1), portions)
    shown = cases[(number - 1) * PORTION : number * PORTION]
    opens = sum(map(len, shown)) <= MOST_OPEN
    ahead = sum(_left(volume) for volumes in cases[: (number - 1) * PORTION] for volume in volumes)
    rows = []
    for volumes in shown:
        case_id = volumes[0].case_id
        ahead += sum(map(_left, volumes))
        is_open = case_id in view.opened or (opens and case_id not in view.shut)
        left = ahead / pace * 60 if pace and any(map(_left, volumes)) else None
        rows.append(CaseRow(volumes[0], volumes, left, is_open, view.toggled(case_id, is_open).query))
    return Part(
        tuple(rows), sum(map(len, cases)), len(cases),
        replace(view, **{name: number - 1}).query if number > 1 else "",
        replace(view, **{name: number + 1}).query if number < portions else "",
    )  # fmt: skip
