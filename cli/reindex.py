"""`edossier reindex`: a new index beside the one in service, which answers until the new one takes its place."""

from __future__ import annotations

import time
from enum import Enum
from typing import Annotated

import typer

from cli.context import Context, JsonOption, context_of, people, print_json
from cli.engine_room import EngineRoom
from cli.progress import waiting_progress
from dossier import reindexing
from dossier.audit import person_at_the_keyboard
from dossier.catalogue.tables import Reindex
from dossier.errors import EngineUnreachable, ReindexFailed
from dossier.reindexing import ReindexStatus
from indexer.engines import NAMES

_LOOK_SECONDS = 0.2
_PATIENCE_SECONDS = 60.0

Target = Enum("Target", {name: name for name in NAMES})  # type: ignore[misc]  # the names are known in one place


def reindex(
    typer_context: typer.Context,
    to: Annotated[Target | None, typer.Option("--to", help="The engine. Default: the setting search_engine.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Build the index anew, while the old one answers; golden queries decide. 重建索引，期间照常搜索。"""
    context = context_of(typer_context)
    engine = to.value if to else context.settings.search_engine
    began = time.monotonic()
    with context.catalogue.writing() as session:
        reindex_id = reindexing.ask(session, engine, person_at_the_keyboard())
    with EngineRoom(context, parts=("index",)) as room, waiting_progress(as_json, "重建索引") as show:
        waits_since = None
        while True:
            now = _status(context, reindex_id)
            if now.state != "open":
                break
            show(now.done, now.total)
            waits_since = (waits_since or time.monotonic()) if now.reason else None
            if waits_since and time.monotonic() - waits_since > _PATIENCE_SECONDS:
                raise EngineUnreachable(now.reason)
            room.keep_running()
            time.sleep(_LOOK_SECONDS)
    if now.state == "failed":
        raise ReindexFailed(now.reason)
    if as_json:
        print_json({"engine": engine, "pages": now.total, "seconds": round(time.monotonic() - began, 2)})
        return
    people.print(f"新索引（{engine}，{now.total} 页）已启用。")
    if engine != context.settings.search_engine:
        people.print(f'请在 settings.toml 中写明 search_engine = "{engine}"，否则下次启动时会换回原来的引擎。')


def _status(context: Context, reindex_id: int) -> ReindexStatus:
    with context.catalogue.reading() as session:
        return reindexing.status_of_reindex(session, session.get_one(Reindex, reindex_id))
