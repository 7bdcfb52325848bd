"""Which engine answers: the one whose index the catalogue has in service, which is the one that the settings name once
its index has been filled. The one place where an engine is chosen.
"""

from __future__ import annotations

import threading
from typing import Any, cast

from dossier.catalogue.database import Catalogue
from dossier.home import Home
from dossier.reindexing import engine_in_service
from dossier.settings import Settings
from indexer.engine import Engine

NAMES = ("tantivy", "elasticsearch")


class Engines:
    """The engines of a home, each opened on first use, and its library loaded only then."""

    def __init__(self, home: Home, settings: Settings) -> None:
        self._home, self._settings = home, settings
        self._open: dict[str, Engine] = {}
        self._lock = threading.Lock()

    @property
    def set_one(self) -> str:
        """The name of the engine that the settings name."""
        return self._settings.search_engine

    def named(self, name: str) -> Engine:
        """The engine of a name, on its index in service."""
        with self._lock:
            if name not in self._open:
                self._open[name] = open_engine(self._home, self._settings, name)
            return self._open[name]

    def close(self) -> None:
        """Let go of all files and connections."""
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()


def open_engine(home: Home, settings: Settings, name: str = "") -> Engine:
    """An engine of a home; without a name, the one that the settings name."""
    if (name or settings.search_engine) == "elasticsearch":
        from indexer.elasticsearch_engine import ElasticsearchEngine

        return ElasticsearchEngine(
            settings.elasticsearch_addresses(),
            settings.elasticsearch_index,
            api_key=settings.elasticsearch_api_key.get_secret_value(),
            user=settings.elasticsearch_user,
            password=settings.elasticsearch_password.get_secret_value(),
            ca_file=settings.elasticsearch_ca_file,
            timeout=settings.elasticsearch_timeout_seconds,
            shards=settings.elasticsearch_shards,
            replicas=settings.elasticsearch_replicas,
        )
    from indexer.tantivy_engine import TantivyEngine

    return TantivyEngine(home.index)


def serving_engine(catalogue: Catalogue, engines: Engines) -> Engine:
    """The engine in service, asked for anew at each use: a reindex in another process may have exchanged it."""
    return cast(Engine, _InService(catalogue, engines))


def now_in_service(engine: Engine) -> Engine:
    """The engine itself that is in service at this moment: for an answer that asks it several things."""
    return engine.now() if isinstance(engine, _InService) else engine


class _InService:
    """Has whatever an engine has, and passes it on to the one in service."""

    def __init__(self, catalogue: Catalogue, engines: Engines) -> None:
        self._catalogue, self._engines = catalogue, engines

    def __getattr__(self, name: str) -> Any:
        return getattr(self.now(), name)

    def now(self) -> Engine:
        """The engine in service."""
        with self._catalogue.reading() as session:
            in_service = engine_in_service(session)
        return self._engines.named(in_service or self._engines.set_one)

    def close(self) -> None:
        self._engines.close()
