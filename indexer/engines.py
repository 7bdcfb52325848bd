"""Which engine the settings name: the one place where an engine is chosen."""

from __future__ import annotations

from dossier.home import Home
from dossier.settings import Settings
from indexer.engine import Engine


def open_engine(home: Home, settings: Settings) -> Engine:
    """The engine of a home; its library is loaded only if it is the one."""
    if settings.search_engine == "elasticsearch":
        from indexer.elasticsearch_engine import ElasticsearchEngine

        return ElasticsearchEngine(
            settings.elasticsearch_url,
            settings.elasticsearch_index,
            api_key=settings.elasticsearch_api_key.get_secret_value(),
            user=settings.elasticsearch_user,
            password=settings.elasticsearch_password.get_secret_value(),
            ca_file=settings.elasticsearch_ca_file,
        )
    from indexer.tantivy_engine import TantivyEngine

    return TantivyEngine(home.index)
