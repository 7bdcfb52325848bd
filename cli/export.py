"""`edossier export`: one searchable PDF a volume."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import func, select

from cli.context import context_of, people, print_json
from dossier import cases
from dossier.catalogue.tables import Page, Volume
from dossier.errors import UsageError
from pipeline.plans import plan_volume

_SECONDS_A_PAGE = 20.0


def export(
    typer_context: typer.Context,
    case: Annotated[str, typer.Option("--case", help="The case's number.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the PDFs; made where it is missing.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Write one searchable PDF for each volume of a case. 导出双层 PDF。"""
    context = context_of(typer_context)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {out}: {error.strerror}") from error
    files = []
    writer = context.worker_process()
    try:
        with context.catalogue.reading() as session:
            found = cases.case_named(session, case)
            number = cases.number_of(session, found) or found.name or found.id
            volumes = session.scalars(
                select(Volume).where(Volume.case_id == found.id).order_by(Volume.order_key, Volume.version)
            ).all()
            for volume in volumes:
                pages, unread = session.execute(
                    select(func.count(), func.count().filter(Page.reading_version.is_(None))).where(
                        Page.volume_id == volume.id
                    )
                ).one()
                if not pages:
                    continue
                version = f" (版本{volume.version})" if volume.version > 1 else ""
                target = out.resolve() / f"{file_name(f'{number} {volume.name}{version}')}.pdf"
                writer.perform(plan_volume(session, context.vault, volume, target), 60 + pages * _SECONDS_A_PAGE)
                files.append({"path": str(target), "volume": volume.name, "pages": pages, "missing": unread})
    finally:
        writer.stop()
    if as_json:
        print_json({"files": files})
    else:
        for file in files:
            missing = f"，其中 {file['missing']} 页没有文字" if file["missing"] else ""
            people.print(f"{file['path']}：{file['pages']} 页{missing}", markup=False)
    if any(file["missing"] for file in files):
        raise typer.Exit(3)


def file_name(title: str) -> str:
    """A title as a file name that every system takes: no separators or control characters, at most 200 bytes."""
    cleaned = re.sub(r'[\x00-\x1f\x7f/\\:*?"<>|]', "_", title).strip(" .") or "卷"
    return cleaned.encode()[:200].decode(errors="ignore")
