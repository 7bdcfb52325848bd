"""Upkeep of the index: the feed of the one in service and the building of its successor, side by side in one process.

They take turns, each at its own pace. So each waits for one portion of the other at most: a batch of changes, some
golden queries, or a request that a server does not answer in time, after which that server is left alone for a while.
The reading of pages waits for neither.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from sqlalchemy.exc import OperationalError

from dossier import flags
from dossier.catalogue.database import Catalogue
from dossier.errors import EngineUnreachable, IndexDamaged, ServiceUnreachable
from dossier.vault import Vault
from indexer.engine import Engine
from indexer.engines import Engines, serving_engine
from indexer.feed import Feed
from indexer.pace import Pace
from indexer.successor import Successor

log = logging.getLogger(__name__)

# New changes are noticed at once; so often it is looked for those that were put off, and for a new index.
_IDLE_SECONDS = 0.2
_UNREACHABLE_SECONDS = 5.0
# An engine that is merely restarted is back sooner.
_AWAY_SECONDS = 10.0
AWAY_FLAG = ("machine", "index", "engine_away")


class Upkeep:
    """Keeps the index of one home true.

    Attributes:
        has_looked: whether it has seen once what the index lacks, so that the outbox holds all of it.
    """

    def __init__(self, catalogue: Catalogue, vault: Vault, engines: Engines) -> None:
        self._catalogue = catalogue
        self._engine: Engine = serving_engine(catalogue, engines)
        self._feed = Feed(catalogue, vault, self._engine)
        self._successor = Successor(catalogue, vault, engines)
        self.has_looked = False
        self._away_since: float | None = None
        self._is_said: bool | None = None  # not known: an earlier process may have said it

    def run(self, should_stop: Callable[[], bool]) -> None:
        """Work until told to stop; an engine that is busy or away is asked again later, for less at once."""
        self._successor.heed_settings()
        # The successor first: a switch that was cut short must be completed before the feed looks at the index.
        parts = [_Part(self._successor.step, self._successor.pace), _Part(self._feed_step, self._feed.pace)]
        try:
            with self._catalogue.commits() as commits:
                while not should_stop():
                    if not sum(part.take_turn() for part in parts):
                        commits.wait(_IDLE_SECONDS)
        finally:
            self._successor.close()

    def _feed_step(self) -> int:
        try:
            looked_at = self._feed.step()
        except IndexDamaged:
            self._engine.clear()
            raise
        except EngineUnreachable as error:
            self._note_away(error)
            raise
        self.has_looked = True
        self._note_there()
        return looked_at

    def _note_away(self, error: EngineUnreachable) -> None:
        """Put an engine that stays away on the attention list; the outbox keeps what it lacks."""
        now = time.monotonic()
        self._away_since = self._away_since or now
        if not self._is_said and now - self._away_since >= _AWAY_SECONDS:
            with self._catalogue.writing() as session:
                flags.raise_flag(session, *AWAY_FLAG[:2], None, AWAY_FLAG[2], reason=error.chinese)
            self._is_said = True

    def _note_there(self) -> None:
        self._away_since = None
        if self._is_said is not False:
            with self._catalogue.reading() as session:
                stands = flags.stands(session, *AWAY_FLAG)
            if stands:
                with self._catalogue.writing() as session:
                    flags.close_flag(session, *AWAY_FLAG)
            self._is_said = False


class _Part:
    """A part of the upkeep, and when it may go on."""

    def __init__(self, step: Callable[[], int], pace: Pace) -> None:
        self._step, self._pace = step, pace
        self._not_before = 0.0

    def take_turn(self) -> int:
        """Do a portion, if it is time; returns how much there was to do, 0 if it must wait."""
        if time.monotonic() < self._not_before:
            return 0
        looked_at, rest = 0, self._pace.rest
        try:
            looked_at = self._step()
            rest = self._pace.rest
        except EngineUnreachable as error:
            log.warning("%s", error)
            rest = self._pace.rest
        except ServiceUnreachable as error:
            log.warning("%s", error)
            rest = _UNREACHABLE_SECONDS
        except (OperationalError, OSError) as error:  # the catalogue is locked, or the disk is full
            log.warning("%s", error)
            rest = _UNREACHABLE_SECONDS
        self._not_before = time.monotonic() + rest
        return looked_at
