"""`edossier backup`: a snapshot of the home in a folder elsewhere, while everything goes on."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli.context import JsonOption, context_of, people, print_json
from cli.progress import waiting_progress
from dossier.audit import person_at_the_keyboard
from dossier.backup.folder import BackupFolder
from dossier.backup.taking import back_up

FolderArgument = Annotated[Path, typer.Argument(metavar="FOLDER", help="The backup folder, on another disk.")]


def backup(
    typer_context: typer.Context,
    folder: FolderArgument,
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, help="Remove older snapshots than so many. Default: none.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Compare all that is in the folder already with its digest.")
    ] = False,
    shows_list: Annotated[bool, typer.Option("--list", help="Say which snapshots there are; take none.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Back the home up, while it works; only what is new is copied. 备份。"""
    if shows_list:
        _list(BackupFolder.to_read(folder), as_json)
        return
    context = context_of(typer_context)
    began = time.monotonic()
    with waiting_progress(as_json, "备份", "件") as show:
        taken = back_up(
            context.home, context.catalogue, context.vault, folder.absolute(), person_at_the_keyboard(),
            keep=keep, check=check, progress=show,
        )  # fmt: skip
    snapshot = taken.snapshot
    if as_json:
        print_json(
            {
                "snapshot": snapshot.name, "pages": snapshot.pages, "objects": snapshot.objects, "bytes": snapshot.size,
                "new_objects": taken.new_objects, "new_bytes": taken.new_bytes, "removed": list(taken.removed),
                "seconds": round(time.monotonic() - began, 2), "faults": [asdict(fault) for fault in taken.faults],
            }
        )  # fmt: skip
    else:
        people.print(
            f"快照 {snapshot.name}：{snapshot.pages} 页，{snapshot.objects} 件（新增 {taken.new_objects} 件，"
            f"{_megabytes(taken.new_bytes)}）" + (f"；删除旧快照 {len(taken.removed)} 个" if taken.removed else "")
        )
        for fault in taken.faults:
            people.print(f"  {fault.kind} {fault.subject} {fault.detail}", markup=False)
    if taken.faults:
        raise typer.Exit(3)


def _list(folder: BackupFolder, as_json: bool) -> None:
    found = folder.snapshots()
    if as_json:
        print_json({"snapshots": [{**asdict(snapshot), "missing": len(snapshot.missing)} for snapshot in found]})
        return
    shelf = Table("快照", "时间", "页", "件", "大小", "缺")
    for snapshot in found:
        shelf.add_row(
            snapshot.name,
            f"{dt.datetime.fromtimestamp(snapshot.taken_at):%Y-%m-%d %H:%M}",
            str(snapshot.pages),
            str(snapshot.objects),
            _megabytes(snapshot.size),
            str(len(snapshot.missing) or ""),
        )
    people.print(shelf)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
