"""`edossier retry`: try again what failed."""

from __future__ import annotations

from dataclasses import asdict

import typer

from cli.context import JsonOption, context_of, people, print_json
from dossier.audit import person_at_the_keyboard
from dossier.retrying import retry_everything


def retry(
    typer_context: typer.Context,
    as_json: JsonOption = False,
) -> None:
    """Put parked pages, refused files and undelivered index entries back in the queue. 重试失败的页面和文件。"""
    context = context_of(typer_context)
    with context.catalogue.writing() as session:
        retried = retry_everything(session, person_at_the_keyboard())
    if as_json:
        print_json(asdict(retried))
    else:
        people.print(
            f"重新排队：{retried.pages} 页，{retried.files} 个文件，{retried.pdfs} 个 PDF，"
            f"{retried.index_entries} 条索引。请保持 edossier run 运行。"
        )
