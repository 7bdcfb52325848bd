"""`edossier status`: counts by state, queue, speed, time left, attention list."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from cli.context import JsonOption, context_of, people, print_json
from dossier import cases
from dossier.attention import questions
from dossier.catalogue.tables import Document
from dossier.reindexing import ReindexStatus
from dossier.status import document_statuses, status_of, volume_statuses


def status(
    typer_context: typer.Context,
    case: Annotated[str | None, typer.Option("--case", help="Show this case's documents, by number or id.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Where things stand, and what needs a hand. 查看进度和待处理事项。"""
    context = context_of(typer_context)
    with context.catalogue.reading() as session:
        documents = None
        if case is not None:
            documents = document_statuses(session, Document.case_id == cases.case_named(session, case).id)
        now, volumes, attention = status_of(session), volume_statuses(session), questions(session)
    if as_json:
        print_json(
            {
                **asdict(now),
                "volumes": [asdict(volume) for volume in volumes],
                **({} if documents is None else {"documents": [asdict(document) for document in documents]}),
                "attention": [asdict(question) for question in attention],
            }
        )
        return
    left = f"，约剩 {now.seconds_left / 60:.1f} 分钟" if now.seconds_left is not None else ""
    people.print(
        f"文件 {sum(now.files.values())}（失败 {now.files['failed']}），附件 {now.attachments}；"
        f"页 {sum(now.pages.values())}：可搜索 {now.pages['searchable']}，处理中 {now.open_pages}，"
        f"搁置 {now.pages['parked']}；速度 {now.pages_a_minute} 页/分{left}"
    )
    if now.reindex is not None:
        people.print(_line_of(now.reindex), markup=False)
    if documents is not None:
        shelf = Table("卷", "材料", "可搜索", "搁置", "索引拒绝")
        for document in documents:
            shelf.add_row(
                Text(document.volume),
                Text(document.title),
                f"{document.searchable}/{document.pages}",
                str(document.parked or ""),
                str(document.refused or ""),
            )
        people.print(shelf)
        return
    board = Table("案件", "卷", "可搜索", "搁置", "失败文件")
    for volume in volumes:
        board.add_row(
            Text(volume.case_number or volume.case_name or "待认领"),
            Text(volume.volume),
            f"{volume.searchable}/{volume.pages}",
            str(volume.parked or ""),
            str(volume.failed_files or ""),
        )
    people.print(board)
    if attention:
        people.print(f"需要处理 {now.questions} 项：")
        for question in attention[:50]:
            people.print(f"  {question.source}：{question.message.rstrip('。')}。{question.remedy}", markup=False)


def _line_of(reindex: ReindexStatus) -> str:
    left = f"，约剩 {reindex.seconds_left / 60:.1f} 分钟" if reindex.seconds_left is not None else ""
    reason = f"（{reindex.reason}）" if reindex.reason else ""
    return f"正在重建索引（{reindex.engine}）：{reindex.done}/{reindex.total}{left}；原索引照常使用{reason}"
