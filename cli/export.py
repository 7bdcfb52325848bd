"""`edossier export`: one searchable PDF a volume."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cli.context import CALLERS_UMASK, JsonOption, context_of, people, print_json
from dossier import cases, pdf_contents
from dossier.attention import is_open_refusal
from dossier.catalogue.tables import Arrival, Case, Page, Volume
from dossier.derived import Quality
from dossier.errors import EdossierError, FileRefused, PageFailed, UsageError
from pipeline.crew.plans import plan_volume

_SECONDS = 60.0
_SECONDS_A_PAGE = 20.0


def export(
    typer_context: typer.Context,
    case: Annotated[str, typer.Option("--case", help="The case's number.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the PDFs; made where it is missing.")],
    quality: Annotated[
        Quality | None,
        typer.Option("--quality", help="archive: the scans' own bytes; compact: smaller. Default: the setting."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write one searchable PDF for each volume of a case. 导出双层 PDF。"""
    context = context_of(typer_context)
    context.home.require_outside(out, "--out")
    try:
        if not out.is_dir():
            out.mkdir(parents=True)
            out.chmod(0o777 & ~CALLERS_UMASK)
    except OSError as error:
        raise UsageError(f"--out {out}: {error.strerror}") from error
    files: list[dict[str, Any]] = []
    writer = context.worker_process()
    try:
        with context.catalogue.reading() as session:
            found = cases.case_named(session, case)
            number = cases.number_of(session, found) or found.name or found.id
            names: set[str] = set()
            for volume, pages, unread, refused in _volumes(session, found):
                target = out.resolve() / file_name(number, volume, names)
                entry: dict[str, Any] = {
                    "path": str(target), "volume": volume.name, "pages": pages, "missing": unread, "refused": refused,
                    "error": None,
                }  # fmt: skip
                try:
                    if not pages:
                        raise FileRefused(volume.name)
                    task = plan_volume(session, context.vault, volume, target, quality or context.settings.pdf_quality)
                    writer.perform(task, _SECONDS + pages * _SECONDS_A_PAGE)
                    # What is exported is meant to be handed on: as readable as the caller's other files.
                    target.chmod(0o666 & ~CALLERS_UMASK)
                except EdossierError as error:
                    entry |= {"path": None, "error": {"code": error.code, "message": error.message}}
                files.append(entry)
    finally:
        writer.stop()
    if as_json:
        print_json({"files": files})
    else:
        for file in files:
            missing = f"，其中 {file['missing']} 页没有文字" if file["missing"] else ""
            not_in = f"，另有 {file['refused']} 个文件未能成页" if file["refused"] else ""
            people.print(
                f"{file['path'] or file['error']['message']}：{file['pages']} 页{missing}{not_in}", markup=False
            )
    if any(file["missing"] or file["refused"] or file["error"] for file in files):
        raise typer.Exit(PageFailed.exit_code)


def _volumes(session: Session, case: Case) -> list[tuple[Volume, int, int, int]]:
    """The case's volumes in order, each with its pages, those of them that are unread, and the files refused in it."""
    refused = dict(
        session.execute(
            select(Arrival.volume_id, func.count())
            .where(Arrival.case_id == case.id, is_open_refusal())
            .group_by(Arrival.volume_id)
        ).all()
    )
    rows = session.execute(
        select(
            Volume,
            func.count(Page.id),
            func.count(Page.id).filter(Page.reading_version.is_(None)),
        )
        .outerjoin(Page, (Page.volume_id == Volume.id) & Page.outside.is_(None))
        .where(Volume.case_id == case.id)
        .group_by(Volume.id)
        .order_by(Volume.order_key, Volume.version)
    )
    volumes = [(volume, pages, unread, refused.get(volume.id, 0)) for volume, pages, unread in rows]
    return [row for row in volumes if row[1] or row[3]]


def file_name(number: str, volume: Volume, taken: set[str]) -> str:
    """A name for a volume's PDF that every system accepts and no other volume of this export has."""
    version = f" (版本{volume.version})" if volume.version > 1 else ""
    wanted = pdf_contents.file_name(f"{number} {volume.name}")
    name, counter = f"{wanted}{version}.pdf", 1
    while name.casefold() in taken:
        counter += 1
        name = f"{wanted}{version} {counter}.pdf"
    taken.add(name.casefold())
    return name
