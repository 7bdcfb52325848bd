"""The `edossier` command: finds the home folder, calls one command's module, turns errors into exit codes.

Exit codes: 0 done (also with flags, or no hits), 2 wrong usage or settings, 3 a file or page failed or is missing from
the result, 4 a service is not reachable.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from sqlalchemy.exc import SQLAlchemyError

from cli import (
    audit,
    backup,
    demo,
    doctor,
    export,
    ingest,
    key,
    pages,
    parts,
    reindex,
    restore,
    retry,
    roster,
    run,
    search,
    settings,
    sight,
    status,
    user,
    verify,
    webhook,
)  # fmt: skip
from cli.context import Context
from dossier.confinement import close_to_others
from dossier.errors import EdossierError, MachineFailed, UsageError
from dossier.one_line import OneLineFormatter, lines_apart

# With the zone: logs of several machines are laid side by side.
LOG_TIME = "%Y-%m-%dT%H:%M:%S%z"

app = typer.Typer(
    name="edossier",
    help="From the scanner's folder to the search result. 电子卷宗：扫描、识别、检索。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _home(
    context: typer.Context,
    home: Annotated[
        Path, typer.Option("--home", envvar="EDOSSIER_HOME", help="Home folder: inbox, vault, catalogue, index.")
    ] = Path("data"),
) -> None:
    context.obj = Context(home)
    # A home that is to be restored must not be there before.
    if context.invoked_subcommand not in (None, "restore") and not _asks_for_help():
        _ = context.obj.settings  # a wrong setting is said at start, by every command


app.command("run")(run.run)
app.command("demo")(demo.demo)
app.command("ingest")(ingest.ingest)
app.command("status")(status.status)
app.command("search")(search.search)
app.command("roster")(roster.roster)
app.command("pages")(pages.pages)
app.command("export")(export.export)
app.command("watch")(parts.watch)
app.command("work")(parts.work)
app.command("index")(parts.index)
app.command("serve")(parts.serve)
app.command("retry")(retry.retry)
app.command("verify")(verify.verify)
app.command("backup")(backup.backup)
app.command("restore")(restore.restore)
app.command("reindex")(reindex.reindex)
app.command("settings")(settings.settings)
app.command("doctor")(doctor.doctor)
app.add_typer(user.app, name="user")
app.add_typer(key.app, name="key")
app.add_typer(sight.app, name="sight")
app.add_typer(webhook.app, name="webhook")
app.add_typer(audit.app, name="audit")


def main() -> None:
    """Run the command line; the one place where errors become exit codes."""
    close_to_others()
    os.umask(0o077)  # dossiers are nobody else's business; the inbox alone is opened up (dossier/home.py)
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stderr.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    to_stderr = logging.StreamHandler(sys.stderr)
    to_stderr.setFormatter(OneLineFormatter("%(asctime)s %(levelname)s %(message)s", LOG_TIME))
    logging.basicConfig(level=logging.INFO, handlers=[to_stderr])
    for noisy in ("httpx", "elastic_transport", "alembic", "watchdog"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        app()
    except SystemExit as ending:
        if ending.code == UsageError.exit_code:
            _print_json(UsageError())
        raise
    except EdossierError as error:
        _end(error)
    except (OSError, SQLAlchemyError) as error:
        logging.getLogger(__name__).exception("%s", type(error).__name__)
        _end(MachineFailed(str(error).splitlines()[0]))


def _end(error: EdossierError) -> NoReturn:
    _print_json(error)
    print(lines_apart(error.message), file=sys.stderr)
    sys.exit(error.exit_code)


def _print_json(error: EdossierError) -> None:
    if "--json" in sys.argv:
        print(json.dumps({"error": {"code": error.code, "message": error.message}}, ensure_ascii=False))


def _asks_for_help() -> bool:
    return "--help" in sys.argv


if __name__ == "__main__":
    main()
