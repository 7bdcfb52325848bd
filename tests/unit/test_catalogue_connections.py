"""How many may look into the catalogue at the same time."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import select

from dossier.catalogue.database import Catalogue
from dossier.home import Home


def test_twice_as_many_look_into_the_catalogue_as_the_site_has_threads_and_none_waits_for_another(
    tmp_path: Path,
) -> None:
    catalogue = Catalogue.open(Home.at(tmp_path / "home"))
    with ExitStack() as opened:
        # One that had to wait would wait for this very thread, and give up.
        for _ in range(80):
            assert opened.enter_context(catalogue.reading()).scalar(select(1)) == 1
    catalogue.close()
