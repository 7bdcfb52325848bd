from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from search_node import NEEDED_JAVA, SearchNode, missing

from indexer.elasticsearch_engine import ElasticsearchEngine
from indexer.engine import Engine
from indexer.tantivy_engine import TantivyEngine

_SERVERS = [
    pytest.param(version, marks=pytest.mark.elasticsearch, id=f"elasticsearch-{version}") for version in NEEDED_JAVA
]


@pytest.fixture(scope="session", params=_SERVERS)
def node(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a real Elasticsearch node; of several versions, one after the other."""
    yield from _node(request.param)


@pytest.fixture(scope="session", params=["tantivy", *_SERVERS])
def engine_address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str | Path]:
    if request.param == "tantivy":
        yield tmp_path_factory.mktemp("index")
    else:
        yield from _node(request.param)


@pytest.fixture
def engine(engine_address: str | Path) -> Iterator[Engine]:
    """Each engine, with an empty index."""
    made = (
        TantivyEngine(engine_address)
        if isinstance(engine_address, Path)
        else ElasticsearchEngine(engine_address, "conformance", timeout=100)
    )
    made.clear()
    yield made
    made.close()


_running: dict[str, SearchNode] = {}


def _node(version: str) -> Iterator[str]:
    if reason := missing(version):
        pytest.skip(reason)
    for other in [running for running in _running if running != version]:
        _running.pop(other).stop()
    if version not in _running:
        _running[version] = SearchNode(version)
    yield _running[version].url


def pytest_sessionfinish() -> None:
    while _running:
        _running.popitem()[1].stop()
