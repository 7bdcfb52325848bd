"""`edossier search`: pages that a query finds."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.context import JsonOption, context_of, people, print_json
from dossier.viewers import AT_MACHINE
from indexer.engine import Grouping, Order
from indexer.hits import Hit
from indexer.results import SearchResult

RUNG_NAMES = {"identifier": "编号", "phrase": "原句", "transcription": "人工校录", "words": "词语", "similar": "形近"}


def search(
    typer_context: typer.Context,
    query: Annotated[str, typer.Argument(help="A name, a number, a phrase.")],
    case: Annotated[str | None, typer.Option("--case", help="Only in the case with this number.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="Most hits, or groups, to show.")] = 20,
    order: Annotated[
        Order,
        typer.Option("--order", help="relevance, page (as the pages stand), received (newest first)."),
    ] = "relevance",
    group: Annotated[
        Grouping | None, typer.Option("--group", help="Group the hits by case, volume or document.")
    ] = None,
    after: Annotated[str, typer.Option("--after", help="Go on after this cursor, from the answer before.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Find pages. 搜索页面。"""
    result = context_of(typer_context).searcher.search(
        query, case=case, limit=limit, order=order, group=group, after=after, viewer=AT_MACHINE
    )
    if as_json:
        print_json(result.as_json())
    else:
        print_hits(result)


def print_hits(result: SearchResult) -> None:
    """Print hits for people."""
    people.print(f"共 {result.total} 页" + (f"，分 {result.groups.total} 组" if result.groups else ""))
    totals = {group.hits[0].page_id: group.total for group in result.groups.shown} if result.groups else {}
    for hit in result.hits:
        if hit.page_id in totals:
            people.print(f"本组 {totals[hit.page_id]} 页", markup=False)
        people.print(f"  {_place(hit)} [{RUNG_NAMES.get(hit.rung, hit.rung)}]", markup=False)
        people.print(f"      {hit.snippet}", markup=False)
    for proposal in result.did_you_mean:
        people.print(f"您是不是要找：{proposal.query}（{proposal.total} 页）", markup=False)
    if result.after:
        people.print("还有更多：用 --limit 多列一些，或者用 --json 里的 after 接着列")


def _place(hit: Hit) -> str:
    number = hit.case_number or "待认领"
    label = f"（页码 {hit.page_label}）" if hit.page_label else ""
    return f"{number}  {hit.volume}  {hit.document_title}  第{hit.page_number}页{label}"
