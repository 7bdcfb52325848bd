"""What the commands share: the open home, and how they speak."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from dossier.catalogue.database import Catalogue
from dossier.derived import Derived
from dossier.home import Home
from dossier.one_line import lines_apart
from dossier.room import Room, room_of
from dossier.settings import Settings, load_settings
from dossier.vault import Vault
from indexer.engine import Engine
from indexer.engines import Engines, serving_engine
from indexer.search import Searcher
from indexer.upkeep import Upkeep
from pipeline import models
from pipeline.crew.crew import Crew
from pipeline.crew.worker_process import WorkerProcess, bindery

# For people: answers on standard output, progress beside them on standard error. A pipe gets lines as they are.
_WIDE = 10_000


class _Terminal(Console):
    """A console on which foreign text, such as a file's name, only stands: escape sequences in it do nothing."""

    def render_str(self, text: str, **how: Any) -> Text:
        """The text, harmless; see `rich.console.Console`."""
        return super().render_str(lines_apart(text), **how)


people = _Terminal(highlight=False, width=None if sys.stdout.isatty() else _WIDE)
beside = _Terminal(stderr=True, highlight=False)

# What the user wants of new files; the home's own are closed to others (cli/main.py).
CALLERS_UMASK = os.umask(0o077)
os.umask(CALLERS_UMASK)

INSPECTIONS_PER_PROCESS = 1000

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


class Context:
    """A home folder with everything that opens on first use.

    Args:
        root: the home folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def root(self) -> Path:
        """Where the home is, or will be."""
        return self._root

    @cached_property
    def home(self) -> Home:
        """The folders."""
        return Home.at(self._root)

    @cached_property
    def settings(self) -> Settings:
        """The settings, checked."""
        return load_settings(self.home.root)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The catalogue, at the newest version of its tables."""
        return Catalogue.open(self.home)

    @cached_property
    def vault(self) -> Vault:
        """Originals and readings."""
        return Vault(self.home.vault)

    @cached_property
    def derived(self) -> Derived:
        """Pictures and PDFs."""
        return Derived(self.home.derived)

    @cached_property
    def engines(self) -> Engines:
        """The search engines."""
        return Engines(self.home, self.settings)

    @cached_property
    def engine(self) -> Engine:
        """The search engine in service."""
        return serving_engine(self.catalogue, self.engines)

    @cached_property
    def searcher(self) -> Searcher:
        """From a query to pages."""
        return Searcher(self.catalogue, self.vault, self.engine)

    @cached_property
    def models_dir(self) -> Path:
        """Where the OCR models are."""
        setting = self.settings.models_dir
        return models.find(self.home.root, Path(setting) if setting else None)

    def crew(self, keeps_ready: bool = False) -> Crew:
        """New workers; raises ModelsMissing where they could not read. See `Crew` for `keeps_ready`."""
        models.check(self.models_dir)
        return Crew(self.catalogue, self.vault, self.derived, self.settings, self.models_dir, keeps_ready=keeps_ready)

    def upkeep(self) -> Upkeep:
        """What feeds the index and builds a new one."""
        return Upkeep(self.catalogue, self.vault, self.engines)

    def room(self) -> Room:
        """The room on the disk, above the floor that is set."""
        return room_of(self.home, self.settings.disk_floor_bytes)

    def worker_process(self) -> WorkerProcess:
        """A process of one's own for looking into files or writing PDFs."""
        limit, memory = self.settings.page_timeout_seconds, self.settings.worker_memory_bytes
        return WorkerProcess(self.models_dir, limit, INSPECTIONS_PER_PROCESS, confinement=bindery(memory))


def context_of(typer_context: typer.Context) -> Context:
    """The context that the command line was opened with."""
    context = typer_context.obj
    assert isinstance(context, Context)
    return context


def print_json(document: dict[str, Any]) -> None:
    """The one JSON object of a command with `--json`."""
    print(json.dumps(document, ensure_ascii=False))


@contextmanager
def stop_signal() -> Iterator[Callable[[], bool]]:
    """A function that says whether the process was asked to stop (Ctrl-C, SIGTERM)."""
    stop = threading.Event()
    previous = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop.is_set
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
