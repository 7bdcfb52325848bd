"""An office in one process, to be killed: the site, a crew with recorded reading, and the feed of the index."""

from __future__ import annotations

import logging
import socket
import sys
import threading
import time
from pathlib import Path

import uvicorn

from dossier.catalogue.database import Catalogue
from dossier.derived import Derived
from dossier.home import Home
from dossier.settings import Settings
from dossier.vault import Vault
from indexer.feed import Feed
from indexer.search import Searcher
from indexer.tantivy_engine import TantivyEngine
from pipeline.crew.crew import Crew
from search_api.app import create_app
from tests.recorded import recorded_reader


def main() -> None:
    home = Home.at(Path(sys.argv[1]))
    settings = Settings(workers=1)
    catalogue, vault = Catalogue.open(home), Vault(home.vault)
    engine = TantivyEngine(home.index)
    crew = Crew(catalogue, vault, Derived(home.derived), settings, Path(), recorded_reader)
    feed = Feed(catalogue, vault, engine)

    def index() -> None:
        while True:
            if not feed.step():
                time.sleep(0.05)

    for part in (lambda: crew.run(lambda: False), index):
        threading.Thread(target=part, daemon=True).start()
    app = create_app(home, catalogue, vault, Searcher(catalogue, vault, engine), "password", settings=settings)
    with socket.create_server(("127.0.0.1", int(sys.argv[2]))) as listener:
        print(listener.getsockname()[1], flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    main()
