"""The successor: an index built beside the one in service, checked with golden queries, and put in its place.

Killed at any moment, it goes on where it was. docs/decisions/0020-reindexing.md has the reasons.
"""

from __future__ import annotations

import logging
import time

from dossier import reindexing
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import IndexGeneration, Reindex, SuccessorRow
from dossier.errors import EngineUnreachable, IndexDamaged, ServiceUnreachable
from dossier.vault import Vault
from indexer.engine import Engine
from indexer.engines import Engines
from indexer.feed import Feed
from indexer.pace import Pace
from indexer.proof import Proof

log = logging.getLogger(__name__)

# Searches that had begun in the old index are over by then.
_GRACE_SECONDS = 30.0
_SWEEP_AGAIN_SECONDS = 300.0


class Successor:
    """Works on the reindex that is open, a portion at a time."""

    def __init__(self, catalogue: Catalogue, vault: Vault, engines: Engines) -> None:
        self._catalogue, self._vault, self._engines = catalogue, vault, engines
        self.pace = Pace()
        self._proof: Proof | None = None
        self._beside: Engine | None = None
        self._sweep_at = time.monotonic()

    def heed_settings(self) -> None:
        """Ask for a reindex where the settings name another engine than the one in service; to be called at start."""
        wanted = self._engines.set_one
        with self._catalogue.writing() as session:
            in_service, standing = reindexing.engine_in_service(session), reindexing.open_reindex(session)
            if in_service and in_service != wanted:
                reindexing.ask(session, wanted, reindexing.FOR_THE_SETTINGS)
            elif (
                standing is not None and standing.asked_by == reindexing.FOR_THE_SETTINGS and standing.engine != wanted
            ):
                reason = "设置 search_engine 已改回 / the setting search_engine was changed back"
                reindexing.fail(session, standing, reason)

    def step(self) -> int:
        """Do a portion of what there is to do; returns how many changes were looked at.

        Raises:
            EngineUnreachable: of the new index; nothing was lost, call again when `pace` says.
        """
        with self._catalogue.reading() as session:
            reindex = reindexing.open_reindex(session)
        if reindex is None:
            self.close()
            self._sweep()
            return 0
        self._sweep_at = time.monotonic() + _GRACE_SECONDS
        engine = self._successor_of(reindex.engine)
        try:
            return self._work_on(reindex, engine)
        except IndexDamaged as error:
            log.error("%s: begun again", error)
            engine.clear()
            return 1
        except EngineUnreachable as error:
            self.pace.slow_down()
            self._note(reindex, error.message)
            raise
        except ServiceUnreachable:
            raise
        except Exception as error:
            # Whatever it is, the index in service must be fed on, and what was filled in hours is kept: a disk that is
            # full or a catalogue that is locked will not be so for ever. Only the proof gives a reindex up.
            log.exception("reindex")
            self.pace.slow_down()
            kind = type(error).__name__
            self._note(reindex, f"出错，稍后自动再试（{kind}） / an error, tried again later ({kind})")
            return 0

    def close(self) -> None:
        """Let go of the new index; it is opened again where it is needed."""
        beside, self._beside = self._beside, None
        if beside is not None:
            beside.close()

    def _successor_of(self, name: str) -> Engine:
        """The index that is built; kept open, since its merging goes on between the portions that it is given."""
        if self._beside is not None and self._beside.name != name:
            self.close()
        if self._beside is None:
            self._beside = self._engines.named(name).successor()
        return self._beside

    def _work_on(self, reindex: Reindex, engine: Engine) -> int:
        if self._is_promoted(reindex):  # the process ended between the two steps of the switch
            self._finish(reindex)
            return 1
        if reindex.generation is None or engine.generation() != reindex.generation:
            engine.clear()
            generation = engine.generation()
            with self._catalogue.writing() as session:
                is_begun = reindexing.begin(session, session.get_one(Reindex, reindex.id), generation)
            if not is_begun:
                engine.discard()
            return 1
        feed = Feed(self._catalogue, self._vault, engine, SuccessorRow)
        feed.pace = self.pace
        looked_at = feed.step()
        if looked_at:
            if reindex.reason:
                self._note(reindex, "")
            return looked_at
        with self._catalogue.reading() as session:
            if reindexing.unfinished(session):
                return 0  # what was refused waits for its next attempt
        if self._proof is None or self._proof.generation != reindex.generation:
            self._proof = Proof(self._catalogue, self._vault, reindex.generation)
        if not self._proof.is_passed:
            self._proof.step(engine)
            if self._proof.fault:
                self._give_up(reindex, engine, self._proof.fault)
            return 1  # what came in while the queries ran goes first
        engine.promote()
        self._finish(reindex)
        return 1

    def _is_promoted(self, reindex: Reindex) -> bool:
        if reindex.generation is None:
            return False
        with self._catalogue.reading() as session:
            known = session.get(IndexGeneration, reindex.engine)
        # The index in service is asked only where it is known or needed: asking begins one where there is none.
        if known is not None and known.generation == reindex.generation:
            return False
        return self._engines.named(reindex.engine).generation() == reindex.generation

    def _finish(self, reindex: Reindex) -> None:
        with self._catalogue.writing() as session:
            is_finished = reindexing.finish(session, session.get_one(Reindex, reindex.id))
        if is_finished:
            log.info("%s: the new index is proven, and in service", reindex.engine)
        else:
            log.warning("%s: the reindex was replaced at the last moment", reindex.engine)

    def _give_up(self, reindex: Reindex, engine: Engine, reason: str) -> None:
        log.error("the new index was not put in service: %s", reason)
        with self._catalogue.writing() as session:
            reindexing.fail(session, session.get_one(Reindex, reindex.id), reason)
        try:
            engine.discard()
        except (EngineUnreachable, OSError) as error:
            log.warning("the new index was not removed: %s", error)  # the next sweep does

    def _note(self, reindex: Reindex, reason: str) -> None:
        with self._catalogue.writing() as session:
            standing = session.get_one(Reindex, reindex.id)
            if standing.state == "open":
                standing.reason = reason

    def _sweep(self) -> None:
        """Remove what former indices have left, when no search can be using them any more."""
        if time.monotonic() < self._sweep_at:
            return
        with self._catalogue.reading() as session:
            in_service, former = reindexing.engine_in_service(session), reindexing.former_engines(session)
            abandoned = reindexing.abandoned_engines(session)
        removed = [
            self._remove_left(name, name == in_service) for name in sorted({*abandoned, *former, in_service} - {""})
        ]
        self._sweep_at = float("inf") if all(removed) else time.monotonic() + _SWEEP_AGAIN_SECONDS

    def _remove_left(self, name: str, is_in_service: bool) -> bool:
        """Remove what reindexes have left of an engine, no reindex being open; False where it must be tried again."""
        engine = self._engines.named(name)
        try:
            engine.successor().discard()
            engine.sweep()
            if not is_in_service:
                engine.discard()
        except (EngineUnreachable, OSError) as error:
            log.warning("what is left of former indices was not removed: %s", error)
            return False
        with self._catalogue.writing() as session:
            reindexing.forget_abandoned(session, name)
            reindexing.forget_former(session, name)
        return True
