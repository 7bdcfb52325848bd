"""Real Elasticsearch nodes, and the generator of queries, both as the tests have them (tests/engines)."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

VERSIONS = ("8.19.0", "9.1.0")


def of_tests(name: str) -> ModuleType:
    """A module of tests/engines."""
    for folder in (Path("tests/engines"), Path("tests")):
        if (place := str(folder.resolve())) not in sys.path:
            sys.path.insert(0, place)
    return importlib.import_module(name)


def missing(version: str) -> str:
    """What a node of this version lacks on this machine, "" if nothing."""
    return str(of_tests("search_node").missing(version))


@contextmanager
def node(version: str) -> Iterator[str]:
    """A node that runs meanwhile; its address."""
    running = of_tests("search_node").SearchNode(version)
    try:
        yield running.url
    finally:
        running.stop()
