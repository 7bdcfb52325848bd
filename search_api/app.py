"""The web application: the routes put together behind the gate."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Literal

from fastapi import APIRouter, Depends, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict

import search_api.scanning_room.upload_page
from dossier.catalogue.database import Catalogue
from dossier.citations import CitationTemplate
from dossier.derived import Derived
from dossier.home import Home
from dossier.looks import Looks
from dossier.settings import Settings, load_settings
from dossier.vault import Vault
from indexer.search import Searcher
from search_api import own_password, problems, session
from search_api.access import check_access, method_not_allowed
from search_api.admin import audit, cases, first, keys, overview, statistics, users, webhooks
from search_api.callers import Callers
from search_api.description import describing
from search_api.desk import (
    chosen_page,
    excerpt_routes,
    excerpts_page,
    note_routes,
    notes_page,
    page_citation,
    page_picture,
    page_view,
    reader,
    roster_page,
    search_page,
    statement_routes,
    transcription_routes,
)
from search_api.desk.kept_rosters import KeptRosters
from search_api.gate import Gate
from search_api.latest_change import LatestChange
from search_api.oidc import routes as oidc_routes
from search_api.oidc.provider import Provider
from search_api.oidc.ticket import Tickets
from search_api.proxies import TrustedProxies
from search_api.rate_limits import RateLimits
from search_api.remembered import Remembered
from search_api.request_times import RequestTimes, Stopwatch
from search_api.rest import (
    case_routes,
    change_routes,
    file_routes,
    metrics,
    pdf_routes,
    roster_answer,
    search_routes,
    tus_routes,
    webhook_sender,
)
from search_api.scanning_room import (
    board,
    crop_page,
    deed_routes,
    ledger_page,
    quality_page,
    quality_routes,
    receipt_routes,
    sides_page,
    volume_view,
)
from search_api.session import FORGOTTEN_SECONDS, IDLE_SECONDS, Doorkeeper
from search_api.site import STATIC, RosterFunction, Site, TheSite, page_templates
from search_api.standing import Standings
from search_api.troubles import troubles_of

_health = APIRouter()


def create_app(
    home: Home,
    catalogue: Catalogue,
    vault: Vault,
    searcher: Searcher,
    one_time_password: str,
    hosts: Collection[str] = (),
    roster: RosterFunction | None = None,
    settings: Settings | None = None,
) -> FastAPI:
    """The site of one home.

    Args:
        home: whose derived pictures are shown.
        catalogue: what there is.
        vault: where the readings are.
        searcher: answers queries.
        one_time_password: opens a session while there are no users; good as long as the application lives.
        hosts: names, besides the loopback ones, under which the site is reached; addresses in figures always are.
        roster: gives the matrix of a spreadsheet of people; without it that route is not there.
        settings: the home's; without them they are loaded from it.
    """
    settings = settings or load_settings(home.root)
    remembered = Remembered(catalogue, IDLE_SECONDS, FORGOTTEN_SECONDS)
    doorkeeper = Doorkeeper(one_time_password, remembered=remembered)
    proxies = TrustedProxies(settings.proxy_addresses(), settings.sign_in_header)
    callers = Callers(catalogue, doorkeeper, proxies)
    looks = Looks(catalogue)
    app = FastAPI(
        title="edossier",
        version="1",
        openapi_url="/api/v1/openapi.json",
        # Their pages load scripts from elsewhere, and there is no elsewhere on this network.
        docs_url=None,
        redoc_url=None,
        lifespan=_meanwhile,
        dependencies=[Depends(check_access)],
    )
    times = RequestTimes()
    app.state.site = Site(
        home, catalogue, vault, Derived(home.derived), searcher, doorkeeper, callers, Standings(catalogue),
        page_templates(), looks, settings, LatestChange(catalogue), times, Tickets(),
        Provider(settings) if settings.oidc_issuer else None, proxies, settings.watermark, roster,
        CitationTemplate(settings.citation_template),
    )  # fmt: skip
    problems.install(app)
    app.add_exception_handler(405, method_not_allowed)
    names = [*hosts, *settings.site_names()]
    limits = RateLimits(settings.requests_a_minute)
    app.add_middleware(
        Gate, callers=callers, hosts=names, most_upload_bytes=settings.max_upload_bytes, limits=limits
    )  # fmt: skip
    app.add_middleware(Stopwatch, times=times)
    app.mount("/static", StaticFiles(directory=STATIC))
    # Routes are looked through in this order: first what is asked for most, a page's picture and its text.
    modules = (
        page_picture, page_view, session, oidc_routes, own_password, board, pdf_routes, case_routes, file_routes,
        tus_routes, change_routes, deed_routes, crop_page, sides_page, receipt_routes, volume_view, search_page,
        search_routes, page_citation, reader, excerpts_page, excerpt_routes, statement_routes, chosen_page,
        transcription_routes, note_routes, notes_page, metrics,
    )  # fmt: skip
    for module in modules:
        app.include_router(module.router)
    if roster is not None:
        app.include_router(roster_answer.router)
        app.include_router(roster_page.router)
        app.state.rosters = KeptRosters(roster_answer.one_at_a_time)
    for module in (quality_routes, quality_page, ledger_page):
        app.include_router(module.router)
    for module in (first, overview, users, keys, webhooks, cases, audit, statistics):
        app.include_router(module.router)
    app.include_router(search_api.scanning_room.upload_page.router)
    app.include_router(_health)
    app.openapi = describing(app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _meanwhile(app: FastAPI) -> AsyncIterator[None]:
    """What the site does besides answering, while it is served."""
    async with tus_routes.tidying(app), webhook_sender.sending(app):
        yield
    await run_in_threadpool(app.state.site.looks.close)


class Health(BaseModel):
    """That the site answers; degraded where another part does not do its work, which metrics and board tell."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "ok"}})
    status: Literal["ok", "degraded"]


@_health.get("/api/v1/health")
def health(site: TheSite) -> Health:
    """Whether the site answers and its catalogue can be read; needs no login and tells nothing else."""
    return Health(status="degraded" if any(troubles_of(site).values()) else "ok")
