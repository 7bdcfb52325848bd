"""Chromium for the tests of the web: the site at an address, and a browser that is launched as users have it."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

PATIENCE_SECONDS = 60.0
"""For what must come on a page: nobody waits so long but on a machine that is very busy, or in vain."""

_CHROMIUM = shutil.which("chromium")
_ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The address at which the site is served until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    app.state.is_stopping = lambda: server.should_exit
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextmanager
def launched() -> Iterator[Any]:
    """Chromium, by Playwright, without the windows of others; a test is skipped where one of them is missing.

    It is launched once for all tests of a process; what a test has opened in it is closed.
    """
    if not _launched or not _launched[0].is_connected():
        close()
        _launch()
    browser = _launched[0]
    try:
        yield browser
    finally:
        for context in browser.contexts:
            context.close()


# What is done to an element. Browsers show elements before the scripts of their page have run.
_ACTIONS = (
    "blur", "check", "click", "dblclick", "drag_to", "fill", "focus", "hover", "press", "press_sequentially",
    "select_option", "set_input_files", "uncheck",
)  # fmt: skip


def _act_on_whole_pages(locator: Any) -> None:
    """Act on an element once the scripts of its page have run: on a slow machine they may come after its markup."""
    for name in _ACTIONS:
        setattr(locator, name, _on_whole_page(getattr(locator, name)))


def _on_whole_page(act: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(act)
    def act_on_it(locator: Any, *arguments: Any, **options: Any) -> Any:
        locator.wait_for(state="attached")
        locator.page.wait_for_load_state("domcontentloaded")
        return act(locator, *arguments, **options)

    return act_on_it


_launched: list[Any] = []
_opened = ExitStack()


def _launch() -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")
    if _CHROMIUM is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    if not hasattr(sync_api.Locator.click, "__wrapped__"):
        _act_on_whole_pages(sync_api.Locator)
    playwright = _opened.enter_context(sync_api.sync_playwright())
    browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
    _opened.callback(browser.close)
    browser.new_context = _patient(browser.new_context)
    _launched.append(browser)


def _patient(new_context: Callable[..., Any]) -> Callable[..., Any]:
    def new_patient_context(**options: Any) -> Any:
        context = new_context(**options)
        context.set_default_timeout(1000 * PATIENCE_SECONDS)
        return context

    return new_patient_context


def close() -> None:
    """End the browser."""
    _launched.clear()
    _opened.close()


def drop(page: Any, *paths: Path) -> None:
    """Drop files and folders from outside on the page, as a file manager does."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 200, "data": data})
    session.detach()


def folder_of(root: Path, files: dict[str, bytes]) -> Path:
    """A folder with these files in it."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root
