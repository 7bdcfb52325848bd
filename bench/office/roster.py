"""A roster of 1,500 people over a case of 12,000 pages, from the upload to the matrix on the screen and as a workbook.

The real server, a browser that is signed in, and Chromium for what a person waits for at the screen.
"""

from __future__ import annotations

import random
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import update

from bench.office.home import FOLDER, PASSWORD, name_of
from bench.office.served import served, signed_in
from bench.roster import case_pages, file_pages, investors, spreadsheet
from dossier import passwords, users
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Case, IndexGeneration
from dossier.home import Home
from dossier.vault import Vault
from dossier.viewers import PROSECUTOR
from indexer.entry import SCHEMA_VERSION
from indexer.tantivy_engine import TantivyEngine

PEOPLE, PAGES = 1500, 12_000
_SEED = 41
_PATIENCE_SECONDS = 600.0
_WIDTH, _HEIGHT = 1280, 720

Figures = dict[str, float]


def build(people: int = PEOPLE, pages: int = PAGES) -> tuple[Path, bytes]:
    """The home with the case, built where it is not there whole, and the spreadsheet of the people."""
    chance = random.Random(_SEED)
    cast = investors(people, chance)
    root = FOLDER / f"roster-{people}-{pages}-v{SCHEMA_VERSION}"
    if not (root / "built").exists():
        shutil.rmtree(root, ignore_errors=True)
        home = Home.at(root)
        catalogue, engine = Catalogue.open(home), TantivyEngine(home.index)
        file_pages(catalogue, Vault(home.vault), engine, case_pages(cast, pages, chance))
        with catalogue.writing() as session:
            users.add_user(session, name_of(0), PROSECUTOR, (), passwords.hash_of(PASSWORD), "bench")
            session.execute(update(Case).values(handler=name_of(0)))
            session.add(IndexGeneration(engine=engine.name, generation=engine.generation(), filled_at=1.0))
        engine.close()
        catalogue.close()
        (root / "built").touch()
        print(f"{pages} pages in {root}", file=sys.stderr)
    return root, spreadsheet(cast)


def measure(root: Path, content: bytes) -> Figures:
    """Seconds, megabytes of what is sent, and of the server's memory at most."""
    figures: Figures = {}
    with served(root) as address, closing(signed_in(address, name_of(0))) as browser:
        browser.timeout = httpx.Timeout(_PATIENCE_SECONDS)
        with _timed(figures, "upload"):
            answer = browser.post("/roster", files={"file": ("名册.xlsx", content)})
        if answer.status_code != 303:
            raise RuntimeError(f"the roster was not taken: {answer.status_code}")
        where = answer.headers["location"]
        with _timed(figures, "search"):
            _wait_until_found(browser, where)
        with _timed(figures, "matrix"):
            page = browser.get(where)
        figures["matrix_mb"] = len(page.content) / 1e6
        with _timed(figures, "workbook"):
            book = browser.get(f"{where}/xlsx")
        figures["workbook_mb"] = len(book.content) / 1e6
        figures["memory_mb"] = _memory_of_server()
        figures |= _at_the_screen(address, where, browser)
    return figures


def lines_of(figures: Figures) -> list[str]:
    """The report, one line."""
    screen = (
        f"; Chromium shows it in {figures['shown']:.1f} s, filters it in {figures['filtered']:.2f} s, "
        f"sorts it in {figures['sorted']:.2f} s"
        if "shown" in figures
        else ""
    )
    return [
        f"{PEOPLE} people x {PAGES} pages: searched in {figures['upload'] + figures['search']:.1f} s, "
        f"matrix in {figures['matrix']:.2f} s ({figures['matrix_mb']:.2f} MB), "
        f"workbook in {figures['workbook']:.1f} s ({figures['workbook_mb']:.1f} MB), "
        f"server {figures['memory_mb']:.0f} MB at most{screen}"
    ]


def _wait_until_found(browser: httpx.Client, where: str) -> None:
    patience = time.monotonic() + _PATIENCE_SECONDS
    while (state := browser.get(f"{where}/progress").json())["state"] != "done":
        if state["state"] == "failed" or time.monotonic() > patience:
            raise RuntimeError(f"the roster was not searched: {state}")
        time.sleep(0.1)


def _memory_of_server() -> float:
    """Megabytes that the server, the one child of this process, had in memory at most (Linux); 0 elsewhere."""
    children = [pid for task in Path("/proc/self/task").glob("*/children") for pid in task.read_text().split()]
    most = [re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()) for pid in children]
    return max((int(found[1]) / 1024 for found in most if found), default=0.0)


def _at_the_screen(address: str, where: str, browser: httpx.Client) -> Figures:
    """What a person waits for in Chromium; nothing where that, or Playwright, is not installed."""
    chromium = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return {}
    if chromium is None:
        return {}
    figures: Figures = {}
    with sync_playwright() as playwright:
        window = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        context = window.new_context(viewport={"width": _WIDTH, "height": _HEIGHT}, base_url=address)
        context.add_cookies([{"name": name, "value": value, "url": address} for name, value in browser.cookies.items()])
        page: Any = context.new_page()
        page.set_default_timeout(_PATIENCE_SECONDS * 1000)
        with _timed(figures, "shown"):
            page.goto(where)
            _painted(page)
        with _timed(figures, "filtered"):
            page.locator("#filter").fill("王")
            page.wait_for_function(f"() => document.getElementById('shown').textContent.trim() !== '{PEOPLE} 人'")
            _painted(page)
        page.locator("#filter").fill("")
        page.wait_for_function(f"() => document.getElementById('shown').textContent.trim() === '{PEOPLE} 人'")
        with _timed(figures, "sorted"):
            page.get_by_role("button", name="页数", exact=True).click()
            _painted(page)
        window.close()
    return figures


def _painted(page: Any) -> None:
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


@contextmanager
def _timed(figures: Figures, name: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    figures[name] = time.monotonic() - started
