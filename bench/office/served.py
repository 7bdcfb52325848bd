"""The program over a home, as users start it, and people who sign in there; on this machine alone."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.office.home import PASSWORD

_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
_PATIENCE_SECONDS = 60.0


@contextmanager
def served(root: Path, part: str = "serve") -> Iterator[str]:
    """The address at which `edossier serve` (or `run`, with workers and all) serves a home until the block ends.

    Raises:
        TimeoutError: it does not begin to.
        httpx.HTTPError: it is not well.
    """
    command = [sys.executable, "-m", "cli.main", "--home", str(root), part, "--port", "0"]
    with (root / "logs" / f"bench-{part}.log").open("w", encoding="utf-8") as log:
        program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            address = _address(program)
            # Whoever asks before the site is up waits for it.
            httpx.get(f"{address}/api/v1/health", timeout=_PATIENCE_SECONDS).raise_for_status()
            yield address
        finally:
            program.send_signal(signal.SIGTERM)
            try:
                program.wait(timeout=30)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()


def _address(program: subprocess.Popen[str]) -> str:
    found: list[str] = []
    is_there = threading.Event()

    def listen() -> None:
        assert program.stdout is not None
        # To its end, so that the program never waits for somebody to read what it prints.
        for line in program.stdout:
            if not found and (match := _ADDRESS.search(line)):
                found.append(match.group())
                is_there.set()

    threading.Thread(target=listen, daemon=True).start()
    if not is_there.wait(_PATIENCE_SECONDS):
        raise TimeoutError("the program does not serve")
    return found[0]


def signed_in(address: str, name: str) -> httpx.Client:
    """Somebody's browser, signed in."""
    client = httpx.Client(base_url=address, timeout=30, follow_redirects=False)
    answer = client.post("/login", data={"name": name, "password": PASSWORD})
    if answer.status_code != 303:
        raise RuntimeError(f"{name} cannot sign in: {answer.status_code}")
    return client
