"""Fifty people who search, page and look, while two workers read pages: how long they wait, and whether anything fails.

On this machine alone, and over by itself: after so many seconds, or so many requests. Each person has a session and
signs in with a password, searches, looks at the results' pictures, opens hits, and pages through a volume, with the
rests of somebody who reads. The pages that are read meanwhile are scans of the office, read again with the real OCR.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from sqlalchemy import func, select, update

from bench.office.home import PASSWORD, PEOPLE, name_of
from bench.office.served import served
from bench.office.views import SCREEN, Dossier, dossier_of
from dossier import work
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Page, ReadingRow, Work
from dossier.home import Home
from search_api.desk.page_picture import picture_address

MOST_P95 = 500.0
"""Milliseconds that nineteen answers of twenty may take at most."""
RUNS, SECONDS, MOST_REQUESTS = 3, 60.0, 60_000
COMING_SECONDS = 30.0
"""Within which they all begin to work. What they are told is counted from then on: fifty people who press the same key
in the same second are not what an office is like."""

_AGAIN = 400  # pages that wait to be read
_PHRASES = (
    "年化收益百分之十二", "还本付息", "加盖公章", "营业部", "邻居", "澄江银行", "转账记录", "风险告知书", "派出所",
    "流水单", "按了指印", "书面答复",
)  # fmt: skip
_PICTURE = re.compile(r'<img[^>]* src="(/api/v1/pages/[^"]+)"')
_HIT = re.compile(r'href="(/pages/[^"]+)"')
_ID = re.compile(r"/api/v1/pages/[^/?]+|/volumes/[^/?]+|/pages/[^/?]+")


@dataclass
class Told:
    """What people have seen: milliseconds by kind of request, and how many answers had which status."""

    times: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    requests: int = 0


@dataclass
class Person:
    """Somebody at a screen, and what their browser has in its cache."""

    client: httpx.AsyncClient
    told: Told
    chance: random.Random
    coming: float
    since: float
    until: float
    kept: set[str] = field(default_factory=set)

    async def get(self, place: str, kind: str) -> httpx.Response | None:
        """Ask, and note how long it took; None where it failed, or all is over."""
        if time.monotonic() > self.until or self.told.requests >= MOST_REQUESTS:
            return None
        self.told.requests += 1
        asked_at, begun = time.monotonic(), time.perf_counter()
        try:
            answer = await self.client.get(place)
        except httpx.HTTPError as error:
            self.told.errors[f"{kind}: {type(error).__name__}"] += 1
            return None
        if asked_at >= self.since:
            self.told.times.setdefault(kind, []).append(1000 * (time.perf_counter() - begun))
        self.told.statuses[answer.status_code] += 1
        if answer.status_code >= 400:
            self.told.errors[f"{kind}: {answer.status_code}"] += 1
            return None
        return answer

    async def pictures(self, places: list[str]) -> None:
        """Fetch those that the browser does not have."""
        wanted = [place for place in dict.fromkeys(places) if place not in self.kept]
        self.kept.update(wanted)
        await asyncio.gather(*(self.get(place, "picture") for place in wanted))

    async def rest(self, least: float, most: float) -> None:
        """Read, think."""
        await asyncio.sleep(min(self.chance.uniform(least, most), max(0.0, self.until - time.monotonic())))

    async def work(self, dossier: Dossier) -> None:
        """Search, open hits, page; until all is over."""
        volumes = list(dossier.volumes.items())
        await self.rest(0, self.coming)
        while time.monotonic() < self.until:
            phrase = self.chance.choice(_PHRASES)
            found = await self.get(f"/?q={phrase}", "search")
            if found is not None:
                await self.pictures([unescape(source) for source in _PICTURE.findall(found.text)])
                await self.rest(2, 6)
                hits = sorted(set(_HIT.findall(found.text)))
                for hit in self.chance.sample(hits, min(len(hits), 2)):
                    page = await self.get(unescape(hit), "page of a hit")
                    if page is not None:
                        await self.pictures([unescape(source) for source in _PICTURE.findall(page.text)])
                    await self.rest(2, 6)
            volume_id, page_ids = self.chance.choice(volumes)
            await self.get(f"/volumes/{volume_id}/read?page=1", "reader")
            await self.get(f"/api/v1/volumes/{volume_id}/outline", "outline")
            first = self.chance.randrange(max(1, len(page_ids) - 8))
            for page_id in page_ids[first : first + 8]:
                await self.pictures([picture_address(page_id, 1, SCREEN)])
                await self.get(f"/api/v1/pages/{page_id}/text", "text")
                await self.rest(0.5, 2)


def measure(
    root: Path, seconds: float = SECONDS, people: int = PEOPLE, coming: float = COMING_SECONDS
) -> dict[str, Any]:
    """So many people for so many seconds, while the workers of `edossier run` read."""
    dossier = dossier_of(root)
    before = _readings(root)
    _ask_to_read(root)
    try:
        with served(root, "run") as address:
            begun = time.monotonic()
            told = asyncio.run(_everybody(address, dossier, seconds, people, coming))
            taken = time.monotonic() - begun
            read = _readings(root) - before
    finally:
        _read_no_more(root)
    answers = sorted(value for times in told.times.values() for value in times)
    return {
        "people": people,
        "coming": coming,
        "seconds": round(taken, 1),
        "requests": told.requests,
        "read": read,
        "p95": _p95(answers),
        "statuses": dict(told.statuses),
        "errors": dict(told.errors),
        "kinds": {
            kind: {"asked": len(times), "median": median(times), "p95": _p95(sorted(times)), "max": max(times)}
            for kind, times in told.times.items()
        },
    }


def measure_again(root: Path, runs: int, *of_each: Any) -> dict[str, Any]:
    """The run whose 95th percentile is in the middle of several, with what the others had and the errors of all."""
    measured = sorted((measure(root, *of_each) for _ in range(runs)), key=lambda figures: float(figures["p95"]))
    errors = sum((Counter(figures["errors"]) for figures in measured), Counter[str]())
    return {
        **measured[len(measured) // 2],
        "p95s": [figures["p95"] for figures in measured],
        "errors": dict(errors),
    }


async def _everybody(address: str, dossier: Dossier, seconds: float, people: int, coming: float) -> Told:
    told = Told()
    limits = httpx.Limits(max_connections=6)
    browsers = [
        httpx.AsyncClient(base_url=address, timeout=30, limits=limits, follow_redirects=False) for _ in range(people)
    ]
    try:
        for number, browser in enumerate(browsers):
            name = name_of(number % PEOPLE)
            answer = await browser.post("/login", data={"name": name, "password": PASSWORD})
            if answer.status_code != 303:
                raise RuntimeError(f"{name} cannot sign in: {answer.status_code}")
        since = time.monotonic() + coming
        until = since + seconds
        await asyncio.gather(
            *(
                Person(browser, told, random.Random(number), coming, since, until).work(dossier)
                for number, browser in enumerate(browsers)
            )
        )
    finally:
        for browser in browsers:
            await browser.aclose()
    return told


def _p95(ordered: list[float]) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)] if ordered else 0.0


def _readings(root: Path) -> int:
    catalogue = Catalogue.open(Home.at(root))
    with catalogue.reading() as session:
        count = session.scalar(select(func.count()).select_from(ReadingRow)) or 0
    catalogue.close()
    return count


def _ask_to_read(root: Path) -> None:
    """Have pages of the smallest cases read again, so that the workers have enough to do."""
    catalogue = Catalogue.open(Home.at(root))
    with catalogue.writing() as session:
        pages = session.scalars(select(Page.id).order_by(Page.created_at, Page.id).limit(_AGAIN)).all()
        work.request(session, work.READ, pages)
    catalogue.close()


def _read_no_more(root: Path) -> None:
    """What is left of that is not asked for any longer."""
    catalogue = Catalogue.open(Home.at(root))
    with catalogue.writing() as session:
        left = session.scalars(select(Work.subject_id).where(Work.kind == work.READ, Work.state != "done")).all()
        session.execute(update(Work).where(Work.kind == work.READ, Work.state != "done").values(state="done"))
        session.execute(update(Page).where(Page.id.in_(left)).values(state="searchable"))
    catalogue.close()


def lines_of(figures: dict[str, Any]) -> list[str]:
    """The report for a terminal."""
    verdict = "kept" if max(figures["p95s"]) <= MOST_P95 and not figures["errors"] else "MISSED"
    lines = [
        f"{figures['people']} people, all there after {figures['coming']:.0f} s; {figures['seconds']:.0f} s in all, "
        f"{figures['requests']} requests; {figures['read']} pages read meanwhile",
        f"{'milliseconds':<20}{'asked':>8}{'median':>9}{'p95':>9}{'max':>9}",
    ]
    lines += [
        f"{kind:<20}{one['asked']:>8}{one['median']:>9.1f}{one['p95']:>9.1f}{one['max']:>9.1f}"
        for kind, one in figures["kinds"].items()
    ]
    wanted = f"at most {MOST_P95:.0f}, without an error"
    runs = "/".join(f"{p95:.0f}" for p95 in figures["p95s"])
    lines.append(f"95th percentile of all: {runs} ms in {len(figures['p95s'])} runs; {wanted}: {verdict}")
    lines.append(f"statuses {figures['statuses']}, errors {figures['errors']}")
    return lines
