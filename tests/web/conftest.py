"""A home with an invented dossier in it, and the site over it, for the tests of the web."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import chromium
import pytest
from scanroom import Scanroom
from site_under_test import PAGES, PASSWORD, Room
from starlette.testclient import TestClient

from dossier.home import Home
from indexer.roster.search import RosterSearcher
from search_api.app import create_app


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[str, ...]]:
    """A home in which two pages are searchable and a third is received, and the pages' ids."""
    home = tmp_path_factory.mktemp("furnished") / "home"
    scanroom = Scanroom(Home.at(home))
    page_ids = tuple(scanroom.receive(f"{number:04}.jpg") for number in (1, 2, 3))
    for page_id, lines in zip(page_ids[:2], PAGES, strict=True):
        scanroom.read(page_id, lines)
    scanroom.make_searchable()
    scanroom.close()
    return home, page_ids


@pytest.fixture
def room(furnished: tuple[Path, tuple[str, ...]], tmp_path: Path) -> Iterator[Room]:
    """A site over a copy of the furnished home."""
    home, page_ids = furnished
    shutil.copytree(home, tmp_path / "home")
    scanroom = Scanroom(Home.at(tmp_path / "home"))
    opened = _opened(scanroom, page_ids)
    yield opened
    opened.app.state.site.looks.close()
    scanroom.close()


@pytest.fixture
def empty_room(tmp_path: Path) -> Iterator[Room]:
    """A site over a home in which nothing has arrived."""
    scanroom = Scanroom(Home.at(tmp_path / "home"))
    opened = _opened(scanroom, ())
    yield opened
    opened.app.state.site.looks.close()
    scanroom.close()


@pytest.fixture
def browser(room: Room) -> TestClient:
    """A browser that is signed in."""
    return room.signed_in()


def _opened(scanroom: Scanroom, page_ids: tuple[str, ...]) -> Room:
    roster = RosterSearcher(scanroom.catalogue, scanroom.vault, scanroom.engine).search
    app = create_app(scanroom.home, scanroom.catalogue, scanroom.vault, scanroom.searcher, PASSWORD, roster=roster)
    # A client without a server waits for the whole answer: a stream says what stands, and ends.
    app.state.is_stopping = lambda: True
    return Room(scanroom, app, page_ids)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is done in a browser may take as long as two things that nearly never come."""
    for item in items:
        if item.get_closest_marker("browser") is not None and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(5 * chromium.PATIENCE_SECONDS))


def pytest_sessionfinish() -> None:
    chromium.close()
