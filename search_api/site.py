"""The site: what the routes need, handed to each of them in one value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import jinja2
from fastapi import Depends, Request
from fastapi.templating import Jinja2Templates

from dossier.catalogue.database import Catalogue
from dossier.citations import STANDARD_TEMPLATE, CitationTemplate
from dossier.derived import Derived
from dossier.home import Home
from dossier.looks import Looks
from dossier.settings import Settings
from dossier.vault import Vault
from dossier.viewers import Viewer
from indexer.roster.matrix import Matrix
from indexer.search import Searcher
from search_api import wording
from search_api.latest_change import LatestChange
from search_api.proxies import TrustedProxies
from search_api.request_times import RequestTimes

if TYPE_CHECKING:
    from search_api.callers import Callers
    from search_api.oidc.provider import Provider
    from search_api.oidc.ticket import Tickets
    from search_api.session import Doorkeeper
    from search_api.standing import Standings

_TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"


class RosterFunction(Protocol):
    """What the site asks for a roster's matrix: `indexer.roster.search.RosterSearcher.search`."""

    def __call__(
        self,
        content: bytes,
        case: str | None = None,
        progress: Callable[[int, int], None] = lambda done, total: None,
        *,
        viewer: Viewer,
    ) -> Matrix:
        """The matrix of a spreadsheet of people, over what the viewer sees; `progress` hears of people done."""


@dataclass(frozen=True)
class Site:
    """What the routes need: the home's stores and settings, the search, the door, and the pages' templates."""

    home: Home
    catalogue: Catalogue
    vault: Vault
    derived: Derived
    searcher: Searcher
    doorkeeper: Doorkeeper
    callers: Callers
    standings: Standings
    pages: Jinja2Templates
    looks: Looks
    settings: Settings
    latest_change: LatestChange
    request_times: RequestTimes
    tickets: Tickets
    provider: Provider | None = None
    proxies: TrustedProxies = field(default_factory=TrustedProxies)
    watermark: bool = False
    roster: RosterFunction | None = None
    citations: CitationTemplate = field(default_factory=lambda: CitationTemplate(STANDARD_TEMPLATE))

    def watermark_of(self, viewer: Viewer | None) -> str:
        """What stands faintly over a page that somebody reads: their name and the time; "" where the setting is off."""
        if not self.watermark or viewer is None or not viewer.reads_content:
            return ""
        return f"{viewer.name or viewer.id} {dt.datetime.now():%Y-%m-%d %H:%M}"


def page_templates() -> Jinja2Templates:
    """The templates of the web pages: everything is escaped, and a name that is not there is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(wording.FILTERS)
    return Jinja2Templates(env=environment)


# What does nothing that could wait is a coroutine: a function would be handed to a thread, for every request.
async def _site(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


async def _viewer(request: Request) -> Viewer:
    viewer: Viewer = request.state.viewer
    return viewer


TheSite = Annotated[Site, Depends(_site)]
# Who asks, as the gate has found out; there is nobody on the open routes, and asking there is an error.
TheViewer = Annotated[Viewer, Depends(_viewer)]
