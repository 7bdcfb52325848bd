"""`edossier status`: counts by state, queue, speed, time left, attention list."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from cli.context import context_of, people, print_json
from dossier.attention import questions
from dossier.status import status_of, volume_statuses


def status(
    typer_context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Where things stand, and what needs a hand. 查看进度和待处理事项。"""
    context = context_of(typer_context)
    with context.catalogue.reading() as session:
        now, volumes, attention = status_of(session), volume_statuses(session), questions(session)
    if as_json:
        print_json(
            {
                **asdict(now),
                "volumes": [asdict(volume) for volume in volumes],
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
