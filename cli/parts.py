"""The parts of `run`, each a process of its own: `watch`, `work`, `index`, `serve`."""

from __future__ import annotations

import gc
import os
import secrets
import signal
import socket
import sys
from typing import Annotated

import typer

from cli.context import Context, context_of, stop_signal
from dossier import users
from dossier.audit_chain import chaining
from dossier.audit_heads import AuditHeads
from dossier.errors import SettingsError
from dossier.lifeline import die_with_parent
from indexer.roster.search import RosterSearcher
from pipeline.intake.inbox import Intake
from pipeline.intake.watch import watch as watch_inbox

# Set by `run` to its process id, so that its parts end when it dies, however that happens.
PARENT_VARIABLE = "EDOSSIER_PART_OF"

# Seconds that a connection stays open between two requests. Longer than a person looks at a page, or than a proxy keeps
# its own: whoever sends on one that is just being closed gets no answer.
_KEPT_ALIVE = 75

# How long a thread keeps the interpreter while another waits for it. An answer takes it up a dozen times, once for each
# statement: beside a search that computes, at the usual 5 ms each, a picture would take longer than the search.
_TURN_SECONDS = 0.001

HostOption = Annotated[str | None, typer.Option("--host", help="Address to listen on.")]
PortOption = Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Port to listen on.")]


def watch(typer_context: typer.Context) -> None:
    """Watch inbox/ and accept what is complete. 监视收件箱。"""
    context = _context_of_part(typer_context)
    inspector = context.worker_process()
    with stop_signal() as should_stop, context.home.hold("watch"):
        intake = Intake(context.home.inbox, context.catalogue, context.vault, context.settings, inspector, context.room)
        try:
            watch_inbox(context.home.inbox, intake, context.settings, should_stop)
        finally:
            inspector.stop()


def work(typer_context: typer.Context) -> None:
    """Read pages, make pictures and PDFs. 识别页面。"""
    context = _context_of_part(typer_context)
    with stop_signal() as should_stop, context.home.hold("work"):
        context.crew(keeps_ready=True).run(should_stop)


def index(typer_context: typer.Context) -> None:
    """Feed the search index, and chain the audit log. 更新索引。"""
    context = _context_of_part(typer_context)
    heads = AuditHeads(context.home, context.settings)
    # This part is there once in a home, as the chain wants it.
    with (
        stop_signal() as should_stop,
        context.home.hold("index"),
        chaining(context.catalogue, lambda: heads.export_if_due(context.catalogue)),
    ):
        context.upkeep().run(should_stop)


def serve(typer_context: typer.Context, host: HostOption = None, port: PortOption = None) -> None:
    """Serve the web page. 网页服务。"""
    import uvicorn

    from search_api.app import create_app

    context = _context_of_part(typer_context)
    host, port = host or context.settings.host, context.settings.port if port is None else port
    listener = _listen(host, port)
    password = secrets.token_urlsafe(12)
    template = context.settings.citation_template
    application = create_app(
        context.home,
        context.catalogue,
        context.vault,
        context.searcher,
        password,
        hosts=[host],
        roster=RosterSearcher(context.catalogue, context.vault, context.engine, template).search,
        settings=context.settings,
    )
    address = f"http://{host}:{listener.getsockname()[1]}/"
    # On standard output, not in the log: whoever starts the program is meant to read it, nobody else.
    print(f"网页地址 {address}  {_way_in(context, password)}", flush=True)
    # Any proxy's word about who is asking would let a local program dodge the lock-out after wrong passwords: the site
    # itself looks whose word it is.
    config = uvicorn.Config(
        application, log_level="warning", server_header=False, proxy_headers=False, timeout_graceful_shutdown=3,
        timeout_keep_alive=_KEPT_ALIVE,
    )  # fmt: skip
    server = uvicorn.Server(config)
    # Streams that stay open would hold up the end.
    application.state.is_stopping = lambda: server.should_exit
    _collect_seldom()
    sys.setswitchinterval(_TURN_SECONDS)
    with listener:
        server.run(sockets=[listener])


def _collect_seldom() -> None:
    """Keep the collector of garbage from walking over all that is loaded, again and again, while a page's boxes are
    made: by reference counts they go at once. A page of results takes a quarter less of the processor so.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _way_in(context: Context, password: str) -> str:
    with context.catalogue.reading() as session:
        return "请用用户名登录" if users.are_there_any(session) else f"一次性口令 {password}"


def _context_of_part(typer_context: typer.Context) -> Context:
    parent = os.environ.get(PARENT_VARIABLE)
    if parent is not None:
        die_with_parent(int(parent), signal.SIGTERM)
    return context_of(typer_context)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named, so that asyncio sees that it is TCP, and sends an answer's body at once (TCP_NODELAY): otherwise the kernel
    # holds it back until the browser has acknowledged the head, which takes 40 ms, of every answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # Before the address is told: whoever comes while the site is being put up waits, instead of being turned away.
        listener.listen()
    except OSError as error:
        listener.close()
        raise SettingsError(f"host {host}, port {port}: {error.strerror}") from error
    return listener
