"""`edossier doctor`: what is missing on this machine, and how to get it."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import typer

from cli.context import Context, JsonOption, context_of, people, print_json
from dossier.confinement import held_here
from dossier.errors import EdossierError, ServiceUnreachable
from pipeline import models
from pipeline.intake.watch import needs_polling

_LEAST_FREE_BYTES = 5 * 1024**3
_OLDEST_SQLITE = (3, 35, 0)  # RETURNING, UPDATE FROM


def doctor(
    typer_context: typer.Context,
    as_json: JsonOption = False,
) -> None:
    """Say what is missing on this machine and how to get it. 检查运行环境。"""
    context = context_of(typer_context)
    checks: list[tuple[str, Callable[[Context], str]]] = [
        ("python", lambda _: sys.version.split()[0]),
        ("sqlite", _sqlite),
        ("settings", lambda context: context.settings.search_engine),
        ("home", _home),
        ("disk", _disk),
        ("models", _models),
        ("catalogue", _catalogue),
        ("index", lambda context: f"{context.engine.name}, {context.engine.count()} pages"),
        ("inbox", _inbox),
        ("confinement", _confinement),
    ]
    rows = []
    for name, check in checks:
        try:
            rows.append({"check": name, "ok": True, "detail": check(context)})
        except EdossierError as error:
            rows.append({"check": name, "ok": False, "detail": error.message})
    if as_json:
        print_json({"checks": rows})
    else:
        for row in rows:
            people.print(f"{'✓' if row['ok'] else '✗'} {row['check']:<10} {row['detail']}", markup=False)
    if not all(row["ok"] for row in rows):
        raise typer.Exit(ServiceUnreachable.exit_code)


def _sqlite(_: Context) -> str:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise ServiceUnreachable(f"SQLite {sqlite3.sqlite_version}, ≥ {'.'.join(map(str, _OLDEST_SQLITE))}")
    return sqlite3.sqlite_version


def _home(context: Context) -> str:
    return str(context.home.root)


def _disk(context: Context) -> str:
    free = shutil.disk_usage(context.home.root).free
    if free < _LEAST_FREE_BYTES:
        raise ServiceUnreachable(f"{free / 1024**3:.1f} GiB free in {context.home.root}")
    return f"{free / 1024**3:.0f} GiB free"


def _models(context: Context) -> str:
    models.check(context.models_dir)
    return str(context.models_dir)


def _catalogue(context: Context) -> str:
    with context.catalogue.reading() as session:
        mode = session.connection().exec_driver_sql("PRAGMA journal_mode").scalar_one()
    return f"{mode}"


def _confinement(_: Context) -> str:
    """What holds of what a process that decodes files may not do; without limits, a file can take the machine down."""
    held = held_here()
    if not held.limits:
        raise ServiceUnreachable("内存等限制不起作用 / limits of memory and files do not hold")
    network = {"seccomp": "no network (seccomp)", "namespace": "no network (namespace)"}.get(held.network)
    return ", ".join(
        (
            "limits of memory, time and files",
            network or "网络没有隔离 / NOT cut off from the network",
            "no other programs" if held.programs else "可启动其他程序 / other programs can be started",
            "no other processes" if held.processes else "可查看其他进程 / other processes can be looked into",
        )
    )


def _inbox(context: Context) -> str:
    limit = Path("/proc/sys/fs/inotify/max_user_watches")
    watches = limit.read_text().strip() if limit.is_file() else "?"
    return "polling (network file system)" if needs_polling(context.home.inbox) else f"inotify, {watches} watches"
