"""`edossier roster`: everybody of a spreadsheet searched at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.context import CALLERS_UMASK, JsonOption, context_of, people, print_json
from cli.progress import waiting_progress
from dossier.derived import written_whole
from dossier.errors import UsageError
from dossier.viewers import AT_MACHINE
from indexer.roster.matrix import NOT_SEARCHED, Matrix
from indexer.roster.search import RosterSearcher
from indexer.roster.sheet import MOST_BYTES
from indexer.roster.workbook import workbook_of


def roster(
    typer_context: typer.Context,
    file: Annotated[Path, typer.Argument(help="XLSX or CSV with columns 姓名, 身份证号, 手机号, 银行卡号, 金额.")],
    case: Annotated[str | None, typer.Option("--case", help="Only in the case with this number.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the matrix to this XLSX file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Search everybody of a spreadsheet at once. 人员名册批量检索。"""
    context = context_of(typer_context)
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    if out is not None and (out.suffix.lower() != ".xlsx" or not out.resolve().parent.is_dir()):
        raise UsageError(f"--out {out}: a file ending in .xlsx, in a folder that exists")
    searcher = RosterSearcher(context.catalogue, context.vault, context.engine, context.settings.citation_template)
    with waiting_progress(as_json, "检索", "人") as show:
        matrix = searcher.search(content, case, show, viewer=AT_MACHINE)
    if out is not None:
        try:
            with written_whole(out) as target:
                target.write_bytes(workbook_of(matrix))
        except OSError as error:
            raise UsageError(f"--out {out}: {error.strerror}") from error
        out.chmod(0o666 & ~CALLERS_UMASK)  # meant to be handed on, as what `export` writes
    if as_json:
        print_json(matrix.as_json())
    else:
        print_matrix(matrix)
        if out is not None:
            people.print(f"已写入 {out}", markup=False)


def print_matrix(matrix: Matrix) -> None:
    """Print the people for people: a line each, with what is to be known of them below."""
    missing = f"{sum(row.is_missing for row in matrix.rows)} 人未见"
    if unsearched := sum(not row.searched for row in matrix.rows):
        missing += f"，{unsearched} 人{NOT_SEARCHED}"
    people.print(f"共 {len(matrix.rows)} 人，{missing}；{matrix.coverage.chinese}", markup=False)
    for row in matrix.rows:
        doubtful = len(row.pages) - len(row.certain)
        kinds = "、".join(f"{kind} {len(pages)}" for kind, pages in row.by_kind().items())
        found = (
            f"{len(row.certain)} 页" + (f"，存疑 {doubtful} 页" if doubtful else "") + (f"：{kinds}" if kinds else "")
        )
        name = row.person.name or next(iter(row.person.id_numbers), "（无姓名）")
        if not row.pages:
            found = "未见" if row.searched else NOT_SEARCHED
        people.print(f"  第{row.person.rows[0]}行 {name}  {found}", markup=False)
        for remark in row.person.remarks:
            people.print(f"      {remark.chinese}", markup=False)
