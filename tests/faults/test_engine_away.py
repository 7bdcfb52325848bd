"""T22: the search engine is away for an hour, comes back empty, or refuses; nothing is lost, and ids stay the same.

The clock is simulated: whoever waits moves it on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from dossier import flags, outbox
from dossier.catalogue.commits import Commits
from dossier.catalogue.tables import OutboxRow, Page
from dossier.errors import EngineBusy, EngineUnreachable
from indexer import upkeep as upkeeps
from indexer.engine import Refusal
from indexer.engines import Engines
from indexer.entry import IndexEntry
from indexer.tantivy_engine import TantivyEngine
from indexer.upkeep import AWAY_FLAG, Upkeep
from search_api.app import create_app
from tests.house import CASE, House, SearcherAtMachine, open_house

HOUR = 3600.0
COMMON = "本页内容经核对"


class Clock:
    """The time, moved on by those who wait; by `step` seconds where there is nothing to do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, step: float) -> None:
        self._begun = time.time()
        self.passed = 0.0
        monkeypatch.setattr(upkeeps, "time", self)
        monkeypatch.setattr(upkeeps, "_IDLE_SECONDS", step)
        monkeypatch.setattr(outbox, "time", self)
        monkeypatch.setattr(Commits, "wait", lambda _, seconds: self.move(seconds))

    def monotonic(self) -> float:
        return 1000.0 + self.passed

    def time(self) -> float:
        return self._begun + self.passed

    def move(self, seconds: float) -> None:
        self.passed += seconds


class Wayward:
    """An engine that may be away, busy, or refuse a page; what it does otherwise is the real one's."""

    def __init__(self, engine: TantivyEngine, clock: Clock) -> None:
        self.engine, self._clock = engine, clock
        self.fault: Exception | None = None
        self.refused = ""
        self.asked_at: list[float] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.engine, name)
        if not callable(found) or name == "close":
            return found

        def asked(*arguments: Any, **more: Any) -> Any:
            if self.fault is not None:
                self.asked_at.append(self._clock.passed)
                raise self.fault
            return found(*arguments, **more)

        return asked

    def apply(self, changes: Any) -> list[Refusal]:
        if self.fault is not None:
            self.asked_at.append(self._clock.passed)
            raise self.fault
        bad = [change for change in changes if isinstance(change, IndexEntry) and change.place.page_id == self.refused]
        refusals = self.engine.apply([change for change in changes if change not in bad])
        return [*refusals, *(Refusal(change.place.page_id, change.version, "mapping") for change in bad)]


@contextmanager
def wayward_house(root: Path, clock: Clock) -> Iterator[tuple[House, Wayward, Upkeep]]:
    with open_house(root) as house:
        engine = Wayward(house.engine, clock)  # type: ignore[arg-type]
        house.engine = engine  # type: ignore[assignment]
        house.searcher = SearcherAtMachine(house.catalogue, house.vault, engine)  # type: ignore[arg-type]
        engines = Engines(house.home, house.settings)
        engines._open["tantivy"] = engine  # type: ignore[assignment]
        yield house, engine, Upkeep(house.catalogue, house.vault, engines)


def found(house: House) -> dict[str, int]:
    result = house.searcher.search(COMMON, limit=100)
    return {hit.page_id: hit.page_number for hit in result.hits}


def waiting(house: House) -> int:
    with house.catalogue.reading() as session:
        return session.scalar(select(func.count()).select_from(OutboxRow)) or 0


def keep_up(upkeep: Upkeep, clock: Clock, seconds: float) -> None:
    until = clock.passed + seconds
    upkeep.run(lambda: clock.passed >= until)


@pytest.mark.parametrize("fault", [EngineUnreachable("connection refused"), EngineBusy("429")], ids=["away", "busy"])
def test_an_hour_without_an_engine_loses_nothing_even_if_it_comes_back_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    clock = Clock(monkeypatch, step=5.0)
    with wayward_house(tmp_path / "home", clock) as (house, engine, upkeep):
        house.drop_pages(f"{CASE}/卷一", [1, 2, 3])
        house.take_in()
        house.work(is_over=lambda: all_read(house, 3), feeds=False)
        keep_up(upkeep, clock, 30)
        before = found(house)
        assert len(before) == 3 and waiting(house) == 0
        site = TestClient(
            create_app(house.home, house.catalogue, house.vault, house.searcher, "password", settings=house.settings),
            base_url="http://127.0.0.1",
        )
        site.post("/login", data={"password": "password"})

        engine.fault = fault
        keep_up(upkeep, clock, HOUR / 2)
        house.drop_pages(f"{CASE}/卷一", [4, 5], first_name=4)  # the office goes on
        house.take_in()
        house.work(is_over=lambda: all_read(house, 5), feeds=False)
        keep_up(upkeep, clock, HOUR / 2)

        pauses = [b - a for a, b in zip(engine.asked_at, engine.asked_at[1:], strict=False) if b - a > 0]
        assert pauses[:6] == sorted(pauses[:6]) and 30 <= max(pauses) <= 62
        assert len(engine.asked_at) < HOUR / 10
        assert len(house.order()) == 5 and waiting(house) == 3  # the new ones, and the page before them
        with house.catalogue.reading() as session:
            assert session.scalars(select(OutboxRow.attempts)).all() == [0, 0, 0]
            assert flags.stands(session, *AWAY_FLAG)
        assert site.get("/api/v1/health").json() == {"status": "degraded"}
        assert 'edossier_degraded{reason="engine_away"} 1' in site.get("/api/v1/metrics").text
        assert "搜索引擎连不上" in site.get("/board").text
        assert site.get("/api/v1/search", params={"q": COMMON}).status_code == 503
        assert site.get("/api/v1/status").status_code == 200

        engine.engine.close()
        engine.engine = TantivyEngine(tmp_path / "another disk")  # it comes back with nothing
        engine.fault = None
        keep_up(upkeep, clock, 120)

        after = found(house)
        assert len(after) == 5 and before.items() <= after.items()
        assert waiting(house) == 0 and house.faults() == []
        with house.catalogue.reading() as session:
            assert not flags.stands(session, *AWAY_FLAG)
        assert site.get("/api/v1/health").json() == {"status": "ok"}


def test_one_refused_item_waits_longer_and_longer_and_is_shown_while_all_others_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch, step=1.0)
    with wayward_house(tmp_path / "home", clock) as (house, engine, upkeep):
        house.drop_pages(f"{CASE}/卷一", [1, 2, 3])
        house.take_in()
        house.work(is_over=lambda: all_read(house, 3), feeds=False)
        with house.catalogue.reading() as session:
            engine.refused = session.scalars(select(OutboxRow.page_id)).first() or ""

        keep_up(upkeep, clock, 10)
        assert len(found(house)) == 2
        pauses = []
        for _ in range(3):
            with house.catalogue.reading() as session:
                row = session.scalars(select(OutboxRow)).one()
            attempts, pause = row.attempts, row.not_before - clock.time()
            pauses.append(2**attempts)
            assert 0 < pause <= 2**attempts and not row.dead
            keep_up(upkeep, clock, pause + 2)
        assert pauses == sorted(set(pauses))  # each longer than the one before
        keep_up(upkeep, clock, 1200)  # ten attempts in all
        with house.catalogue.reading() as session:
            assert session.scalars(select(OutboxRow.dead)).all() == [True]

        engine.refused = ""
        with house.catalogue.writing() as session:
            outbox.revive_dead(session)  # `edossier retry`
        keep_up(upkeep, clock, 10)
        assert len(found(house)) == 3 and waiting(house) == 0 and house.faults() == []


def all_read(house: House, count: int) -> bool:
    with house.catalogue.reading() as session:
        states = session.scalars(select(Page.state)).all()
    return len(states) == count and set(states) <= {"read", "searchable"}
