"""A cluster of three nodes, of which the master is killed while pages come in: nothing is lost, searches go on."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from search_node import Cluster, missing
from shelf import Shelf, open_shelf
from sqlalchemy import select

from dossier.catalogue.tables import OutboxRow, Page
from dossier.errors import EngineUnreachable
from indexer.pace import Pace

pytestmark = [pytest.mark.elasticsearch, pytest.mark.timeout(900)]

VERSION = "9.1.0"
PAGES = 120


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    if reason := missing(VERSION):
        pytest.skip(reason)
    made = Cluster(VERSION)
    yield made
    made.stop()


def master_of(cluster: Cluster) -> int:
    with urllib.request.urlopen(f"{cluster.urls[0]}/_cluster/state/master_node,nodes") as answer:
        state = json.load(answer)
    return int(state["nodes"][state["master_node"]]["name"].rpartition("-")[2]) - 1


class Reader(threading.Thread):
    """Somebody who searches all the time."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__()
        self._shelf, self._done = shelf, threading.Event()
        self.acknowledged = 0
        self.answers: list[int] = []
        self.too_few: list[tuple[int, int]] = []
        self.unreachable = 0
        self.faults: list[BaseException] = []

    def run(self) -> None:
        while not self._done.wait(0.05):
            acknowledged = self.acknowledged
            try:
                self.answers.append(self._shelf.found())
                if self.answers[-1] < acknowledged:
                    self.too_few.append((self.answers[-1], acknowledged))
            except EngineUnreachable:
                self.unreachable += 1
            except BaseException as fault:
                self.faults.append(fault)

    def stop(self) -> None:
        self._done.set()
        self.join()


def test_a_killed_master_loses_no_page_and_searches_recover(cluster: Cluster, tmp_path: Path) -> None:
    settings: dict[str, object] = {
        "search_engine": "elasticsearch",
        "elasticsearch_url": ",".join(cluster.urls),
        "elasticsearch_index": "cluster",
        "elasticsearch_shards": 3,
        "elasticsearch_replicas": 1,
    }
    with open_shelf(tmp_path, **settings) as shelf:
        shelf.put(PAGES)
        shelf.feed.pace = Pace(8)
        shelf.feed.step()
        cluster.wait_for("wait_for_status=green")  # every shard has its copy
        with shelf.catalogue.reading() as session:
            rows = session.execute(select(OutboxRow.page_id, OutboxRow.version)).all()
            wanted = dict(rows)
        assert 0 < len(wanted) < PAGES
        reader = Reader(shelf)
        reader.start()
        victim = cluster.nodes[master_of(cluster)]
        killer = threading.Thread(target=victim.kill)

        batches = refusals = 0
        until = time.monotonic() + 100
        while time.monotonic() < until:
            if batches == 3 and not killer.is_alive() and killer.ident is None:
                killer.start()
            try:
                if not shelf.feed.step():
                    break
                batches += 1
                with shelf.catalogue.reading() as session:
                    reader.acknowledged = PAGES - len(session.scalars(select(OutboxRow.page_id)).all())
            except EngineUnreachable:
                refusals += 1
                time.sleep(min(shelf.feed.pace.rest, 2))
        killer.join()
        found_after = shelf.found()
        reader.stop()

        with shelf.catalogue.reading() as session:
            assert session.scalars(select(OutboxRow)).all() == []
            assert set(session.scalars(select(Page.state))) == {"searchable"}
        assert shelf.engine.versions(wanted) == wanted
        assert shelf.engine.count() == PAGES
        assert found_after == PAGES
        assert shelf.faults() == []
        assert reader.faults == []
        assert reader.answers[-1] == PAGES
        assert reader.too_few == []  # nothing that was acknowledged went with the node
        print(f"{len(reader.answers)} searches answered, {reader.unreachable} unreachable, {refusals} batches repeated")
