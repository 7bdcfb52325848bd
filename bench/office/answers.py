"""How quickly the site answers: the real server on this machine, asked as browsers ask, one view after the other.

A page of results is its HTML and the small pictures in it, six at a time as browsers fetch them. The next page of the
reader is measured in Chromium, from the key to the picture on the screen.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from bench.office.home import PASSWORD, name_of
from bench.office.served import served, signed_in
from bench.office.views import View, dossier_of, views_of

Times = dict[str, list[float]]
"""Milliseconds of each answer, by what was asked."""

RESULTS, NEXT_PAGE, FIRST_BYTE = "results with pictures", "next page, on the screen", "first byte of a picture"
MOST = {RESULTS: 300.0, NEXT_PAGE: 100.0, FIRST_BYTE: 50.0}
"""Milliseconds that the median may take."""

_ROUNDS = 3
_CONNECTIONS = 6
_TURNS = 40
_REST_SECONDS = {NEXT_PAGE: 0.7, "next page, key held down": 0.12}
_PICTURE = re.compile(r'<img[^>]* src="(/api/v1/pages/[^"]+)"')
_CHROMIUM = shutil.which("chromium")
_PAINTED = """page => {
  const shown = image => image && image.complete && image.naturalWidth > 0;
  window.turned = new Promise(resolve => {
    document.addEventListener("keydown", event => {
      const begun = event.timeStamp;
      const look = () => {
        const leaf = document.querySelector('.leaf[data-page="' + page + '"]');
        if (leaf && leaf.classList.contains("current") && shown(leaf.querySelector("img"))) {
          leaf.querySelector("img").decode().then(() => requestAnimationFrame(() => requestAnimationFrame(
            () => resolve(performance.now() - begun))));
        } else { requestAnimationFrame(look); }
      };
      look();
    }, { once: true, capture: true });
  });
}"""


def measure(root: Path, only: str = "") -> Times:
    """Milliseconds of every view whose name contains `only`."""
    dossier = dossier_of(root)
    views = [view for view in views_of(dossier) if only in view.name]
    times: Times = {}
    with served(root) as address:
        clients: dict[str, httpx.Client] = {}
        for view in views:
            client = clients.get(view.user) or clients.setdefault(view.user, signed_in(address, view.user))
            times[view.name] = list(_asked(client, view))
        reader = clients.get(name_of(3)) or signed_in(address, name_of(3))
        if only in FIRST_BYTE:
            pictures = next(view for view in views_of(dossier) if view.name == "picture of a page")
            times[FIRST_BYTE] = list(_first_bytes(reader, pictures.addresses))
        if only in RESULTS:
            searches = next(view for view in views_of(dossier) if view.name == "search")
            times[RESULTS] = list(_with_pictures(reader, searches.addresses))
        if only in NEXT_PAGE:
            times.update(_turned(address, dossier.middle))
    return times


def _asked(client: httpx.Client, view: View) -> Iterator[float]:
    for turn in range(_ROUNDS + 1):
        for place in view.addresses:
            begun = time.perf_counter()
            answer = client.get(place)
            taken = 1000 * (time.perf_counter() - begun)
            if answer.status_code != 200:
                raise RuntimeError(f"{place}: {answer.status_code}")
            if turn:  # the first round is to warm
                yield taken


def _first_bytes(client: httpx.Client, places: tuple[str, ...]) -> Iterator[float]:
    for place in places * _ROUNDS:
        begun = time.perf_counter()
        with client.stream("GET", place) as answer:
            portions = answer.iter_raw()
            next(portions)
            yield 1000 * (time.perf_counter() - begun)
            for _ in portions:
                pass


def _with_pictures(client: httpx.Client, places: tuple[str, ...]) -> Iterator[float]:
    client.get(places[0])
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        for place in places * _ROUNDS:
            begun = time.perf_counter()
            page = client.get(place)
            pictures = [unescape(source) for source in _PICTURE.findall(page.text)]
            answers = list(pool.map(client.get, pictures))
            taken = 1000 * (time.perf_counter() - begun)
            if not answers or any(answer.status_code != 200 for answer in answers):
                raise RuntimeError(f"{place}: {len(answers)} pictures")
            yield taken


@contextmanager
def _browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--headless", "--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def _turned(address: str, volume_id: str) -> Times:
    """From the key to the picture on the screen, page after page of a volume; {} where there is no Chromium."""
    if _CHROMIUM is None:
        return {}
    times: Times = {}
    with _browser() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(f"{address}/login")
        page.fill("input[name=name]", name_of(3))
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(f"{address}/")
        number = 1
        page.goto(f"{address}/volumes/{volume_id}/read?page=1")
        page.wait_for_selector('.leaf[data-page="1"].current')
        page.wait_for_timeout(1500)
        for name, rest in _REST_SECONDS.items():
            times[name] = []
            for _ in range(_TURNS):
                number += 1
                page.evaluate(_PAINTED, number)
                page.keyboard.press("ArrowRight")
                times[name].append(page.evaluate("() => window.turned"))
                page.wait_for_timeout(1000 * rest)
    return times


def figures_of(times: Times) -> dict[str, dict[str, float]]:
    """Least, median and most milliseconds by what was asked."""
    return {
        name: {"min": min(taken), "median": median(taken), "max": max(taken), "asked": len(taken)}
        for name, taken in times.items()
        if taken
    }


def lines_of(figures: dict[str, dict[str, float]]) -> list[str]:
    """The report for a terminal."""
    lines = [f"{'milliseconds':<28}{'min':>9}{'median':>9}{'max':>9}{'asked':>7}   at most"]
    for name, one in figures.items():
        most = MOST.get(name)
        verdict = "" if most is None else f"{most:.0f}: {'kept' if one['median'] <= most else 'MISSED'}"
        spread = "".join(f"{one[which]:>9.1f}" for which in ("min", "median", "max"))
        lines.append(f"{name:<28}{spread}{one['asked']:>7.0f}   {verdict}".rstrip())
    return lines
