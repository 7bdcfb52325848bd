"""What answering costs: statements to the catalogue, and milliseconds of the processor; the clock is not looked at.

In one process, with the site's own code and no network. Noise of other programs hardly matters.
"""

from __future__ import annotations

import cProfile
import pstats
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Engine, event
from starlette.testclient import TestClient

from bench.office.home import PASSWORD
from bench.office.views import View, dossier_of, views_of
from dossier.catalogue.database import Catalogue
from dossier.home import Home
from dossier.settings import load_settings
from dossier.vault import Vault
from indexer.engines import Engines, serving_engine
from indexer.search import Searcher
from search_api.app import create_app

Figures = dict[str, dict[str, float]]


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """The statements that are sent to any catalogue while the block runs."""
    statements: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", count)


def measure(root: Path, only: str = "", profiled: bool = False) -> Figures:
    """The cost of each view whose name contains `only`: statements and processor milliseconds, median; bytes."""
    home = Home.at(root)
    settings = load_settings(root)
    catalogue, vault = Catalogue.open(home), Vault(home.vault)
    engines = Engines(home, settings)
    searcher = Searcher(catalogue, vault, serving_engine(catalogue, engines))
    app = create_app(home, catalogue, vault, searcher, PASSWORD, settings=settings)
    clients: dict[str, TestClient] = {}
    figures = {}
    for view in views_of(dossier_of(root)):
        if only not in view.name:
            continue
        client = clients.get(view.user)
        if client is None:
            client = clients[view.user] = _signed_in(app, view.user)
        figures[view.name] = _cost(client, view, profiled)
    app.state.site.looks.close()
    engines.close()
    catalogue.close()
    return figures


def _signed_in(app: Any, name: str) -> TestClient:
    client = TestClient(app, base_url="http://localhost", follow_redirects=False)
    answer = client.post("/login", data={"name": name, "password": PASSWORD})
    if answer.status_code != 303:
        raise RuntimeError(f"{name}: {answer.status_code}")
    return client


def _cost(client: TestClient, view: View, profiled: bool) -> dict[str, float]:
    statements, processor, size = [], [], 0
    client.get(view.addresses[0])  # loads templates and the like
    profile = cProfile.Profile()
    for address in view.addresses:
        with counted_statements() as sent:
            begun = time.process_time()
            if profiled:
                profile.enable()
            answer = client.get(address)
            profile.disable()
            processor.append(1000 * (time.process_time() - begun))
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code}")
        statements.append(len(sent))
        size = max(size, len(answer.content))
    if profiled:
        pstats.Stats(profile).sort_stats("cumulative").print_stats(45)
    return {
        "statements": median(statements),
        "processor": round(median(processor), 1),
        "most": round(max(processor), 1),
        "bytes": size,
    }


def lines_of(figures: Figures) -> list[str]:
    """The report for a terminal."""
    lines = [f"{'':<24}{'statements':>12}{'processor, ms':>16}{'at most':>10}{'bytes':>12}"]
    lines += [
        f"{name:<24}{one['statements']:>12.0f}{one['processor']:>16.1f}{one['most']:>10.1f}{one['bytes']:>12.0f}"
        for name, one in figures.items()
    ]
    return lines
