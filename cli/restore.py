"""`edossier restore`: a home out of a backup, in an empty folder, and its index filled."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import func, select

from cli.backup import FolderArgument
from cli.context import Context, JsonOption, context_of, people, print_json
from cli.engine_room import EngineRoom
from cli.progress import waiting_progress
from dossier.audit import person_at_the_keyboard
from dossier.backup.restoring import restore as restore_home
from dossier.catalogue.tables import OutboxRow, Page
from dossier.errors import EngineUnreachable, SettingsError

_LOOK_SECONDS = 0.2
_PATIENCE_SECONDS = 60.0


def restore(
    typer_context: typer.Context,
    folder: FolderArgument,
    snapshot: Annotated[str | None, typer.Option("--snapshot", help="Its name. Default: the latest.")] = None,
    home: Annotated[
        Path | None, typer.Option("--home", help="The new home: missing, or empty. Default: edossier's --home.")
    ] = None,
    leaves_index: Annotated[bool, typer.Option("--no-index", help="Leave the index to run.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a home of a backup, in an empty folder. 从备份恢复。"""
    context = Context(home) if home is not None else context_of(typer_context)
    began = time.monotonic()
    with waiting_progress(as_json, "恢复", "件") as show:
        restored = restore_home(folder.absolute(), snapshot, context.root, person_at_the_keyboard(), show)
    waits_for = "" if leaves_index else _fill_index(context, as_json)
    is_indexed = not leaves_index and not waits_for
    faults, taken = restored.faults, restored.snapshot
    if as_json:
        print_json(
            {
                "snapshot": taken.name, "pages": taken.pages, "objects": taken.objects, "indexed": is_indexed,
                "seconds": round(time.monotonic() - began, 2), "faults": [asdict(fault) for fault in faults],
            }
        )  # fmt: skip
    else:
        people.print(f"已从快照 {taken.name} 恢复：{taken.pages} 页，{taken.objects} 件 → {context.root}", markup=False)
        if waits_for:
            people.print(waits_for, markup=False)
        if not is_indexed:
            people.print("启动 edossier run 后会自动建立索引；全部可搜索后请运行 edossier verify。")
        for fault in faults:
            people.print(f"  {fault.kind} {fault.subject} {fault.detail}", markup=False)
    if faults:
        raise typer.Exit(3)


def _fill_index(context: Context, quiet: bool) -> str:
    """Fill the index; returns what it waits for where that is for another day, "" when it is full."""
    try:
        with EngineRoom(context, parts=("index",)) as room, waiting_progress(quiet, "建立索引") as show:
            until, done = time.monotonic() + _PATIENCE_SECONDS, -1
            while True:
                room.keep_running()
                has_looked = room.has_looked_at_index
                with context.catalogue.reading() as session:
                    left = session.scalar(select(func.count()).where(OutboxRow.dead.is_(False))) or 0
                    total = session.scalar(select(func.count()).where(Page.reading_version.is_not(None))) or 0
                if has_looked and not left:
                    return ""
                show(total - left, total)
                if total - left != done:
                    until, done = time.monotonic() + _PATIENCE_SECONDS, total - left
                elif time.monotonic() > until:
                    return EngineUnreachable().message
                time.sleep(_LOOK_SECONDS)
    except (SettingsError, EngineUnreachable) as error:
        return error.message
