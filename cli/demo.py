"""`edossier demo`: the main job on an invented dossier whose scans come with the project."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import func, select

from cli.context import Context, context_of, people, stop_signal
from cli.parts import HostOption, PortOption
from cli.progress import waiting_progress
from cli.run import run_parts
from cli.search import print_hits
from dossier import cases
from dossier.catalogue.tables import Page
from dossier.errors import NotFound, PageFailed
from dossier.viewers import AT_MACHINE


def demo(
    typer_context: typer.Context,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="End after the search.")] = False,
    host: HostOption = None,
    port: PortOption = None,
) -> None:
    """Drop a sample dossier in the inbox, wait until it is searchable, show a search, serve. 演示。"""
    context = context_of(typer_context)
    with stop_signal() as should_stop, as_file(files("cli") / "sample_dossier") as sample:
        truth = json.loads((sample / "truth.json").read_text("utf-8"))
        drop(sample / "inbox", context.home.inbox)
        people.print("样例卷宗已放入收件箱（人物、案情均为虚构），开始处理……")
        demonstration = Demonstration(context, truth)
        with demonstration:
            run_parts(
                context,
                lambda: should_stop() or (no_serve and demonstration.is_over),
                host,
                0 if no_serve and port is None else port,
                meanwhile=demonstration.look,
            )
    if not demonstration.is_over:
        raise typer.Exit(130)


class Demonstration:
    """Waits for the sample's pages to become searchable, then shows searches, once."""

    def __init__(self, context: Context, truth: dict[str, Any]) -> None:
        self._context = context
        self._case_number: str = truth["case_number"]
        self._pages = len(truth["pages"])
        # One of each kind: a name, a telephone number, a bank card, …
        items = (item for page in truth["pages"] for item in page["items"])
        self._queries: dict[str, str] = {}
        for item in items:
            self._queries.setdefault(item["kind"], item["text"])
        self._started = time.monotonic()
        self._bar = ExitStack()
        self._show: Callable[[int, int], None] = lambda done, total: None
        self.is_over = False

    def __enter__(self) -> Demonstration:
        self._show = self._bar.enter_context(waiting_progress())
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def look(self) -> None:
        """See how far it is.

        Raises:
            PageFailed: a page of the sample was parked: this machine cannot do the main job.
        """
        if self.is_over:
            return
        states = self._states()
        self._show(states.get("searchable", 0), self._pages)
        if states.get("parked"):
            raise PageFailed(f"{states['parked']} pages")
        if states.get("searchable", 0) == self._pages:
            self.is_over = True
            self._bar.close()
            people.print(f"{self._pages} 页全部可搜索，用时 {time.monotonic() - self._started:.0f} 秒。")
            for query in self._queries.values():
                people.print(f"\n搜索 {query}", markup=False)
                print_hits(self._context.searcher.search(query, case=self._case_number, limit=2, viewer=AT_MACHINE))
            people.print("\n网页的地址和口令见上面“网页地址”一行；按 Ctrl-C 结束。")

    def _states(self) -> dict[str, int]:
        with self._context.catalogue.reading() as session:
            try:
                case = cases.case_named(session, self._case_number)
            except NotFound:
                return {}
            return dict(
                session.execute(
                    select(Page.state, func.count()).where(Page.case_id == case.id).group_by(Page.state)
                ).all()
            )


def drop(sample: Path, inbox: Path) -> None:
    """Copy the sample in as a scanner would: each file under a name that is ignored, renamed when it is whole."""
    for source in sorted(path for path in sample.rglob("*") if path.is_file()):
        target = inbox / source.relative_to(sample)
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(target.name + ".part")
        shutil.copyfile(source, unfinished)
        unfinished.rename(target)
