"""The engine room: workers and feed inside this process, where no other process of the home does their part."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType

from sqlalchemy import update

from cli.context import Context
from dossier import work
from dossier.catalogue.tables import Work
from dossier.errors import EngineUnreachable, HomeBusy, IndexDamaged
from indexer.upkeep import Upkeep

_LOOK_SECONDS = 5.0
_PATIENCE_SECONDS = 30.0


class EngineRoom:
    """Runs the parts that are missing (those of `parts`), in threads, until the block ends.

    A running `run` keeps its parts; what it lets go of while this waits is taken over.
    """

    def __init__(self, context: Context, parts: Sequence[str] = ("work", "index")) -> None:
        self._context, self._parts = context, parts
        self._stop = threading.Event()
        self._held = ExitStack()
        self._threads: dict[str, threading.Thread] = {}
        self._failures: list[BaseException] = []
        self._next_look = 0.0
        self._away_since: float | None = None
        self._upkeep: Upkeep | None = None

    def __enter__(self) -> EngineRoom:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads.values():
            thread.join()
        self._held.close()

    def keep_running(self) -> None:
        """Start what nobody does; to be called again and again while waiting.

        Raises:
            EngineUnreachable: the search engine has been away for too long to wait.
            Exception: what ended a thread.
        """
        if self._failures:
            raise self._failures[0]
        if "work" in self._parts:
            self._look_at_engine()
            self._start("work", lambda: self._context.crew().run(self._stop.is_set))
        self._start("index", self._keep_up)

    @property
    def has_looked_at_index(self) -> bool:
        """Whether the outbox holds what the index lacks; where another process keeps it, that has long looked."""
        if "index" not in self._threads:
            return True
        return self._upkeep is not None and self._upkeep.has_looked

    def _keep_up(self) -> None:
        self._upkeep = self._context.upkeep()
        self._upkeep.run(self._stop.is_set)

    def hurry_pdfs(self) -> None:
        """Make PDFs now that would otherwise wait for late pages."""
        with self._context.catalogue.writing() as session:
            session.execute(
                update(Work).where(Work.kind == work.ASSEMBLE, Work.state == "waiting").values(not_before=0.0)
            )

    def _look_at_engine(self) -> None:
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + _LOOK_SECONDS
        try:
            self._context.engine.count()
        except IndexDamaged:
            self._away_since = None  # it is being filled anew
        except EngineUnreachable:
            self._away_since = self._away_since or now
            if now - self._away_since > _PATIENCE_SECONDS:
                raise
        else:
            self._away_since = None

    def _start(self, part: str, do: Callable[[], None]) -> None:
        if part in self._threads:
            return
        try:
            self._held.enter_context(self._context.home.hold(part))
        except HomeBusy:
            return

        def body() -> None:
            try:
                do()
            except BaseException as error:
                self._failures.append(error)

        self._threads[part] = threading.Thread(target=body, name=part)
        self._threads[part].start()
