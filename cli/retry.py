"""`edossier retry`: try again what failed."""

from __future__ import annotations

import typer
from sqlalchemy import select

from cli.context import JsonOption, context_of, people, print_json
from dossier import audit, flags, outbox, work
from dossier.attention import is_open_refusal
from dossier.audit import person_at_the_keyboard
from dossier.catalogue.tables import Arrival, Flag, Page, Work


def retry(
    typer_context: typer.Context,
    as_json: JsonOption = False,
) -> None:
    """Put parked pages, refused files and undelivered index entries back in the queue. 重试失败的页面和文件。"""
    context = context_of(typer_context)
    actor = person_at_the_keyboard()
    with context.catalogue.writing() as session:
        pages = session.scalars(select(Page).where(Page.state == "parked")).all()
        for page in pages:
            page.state = "waiting"
            page.error_code, page.error_detail = None, ""
        work.request(session, work.READ, [page.id for page in pages])
        files = session.scalars(select(Arrival).where(is_open_refusal())).all()
        for file in files:
            file.state = "received"
        work.request(session, work.PAGINATE, [file.id for file in files])
        unassembled = session.scalars(
            select(Flag.subject_id).where(Flag.code == "assembly_failed", Flag.closed_at.is_(None))
        ).all()
        work.request(session, work.ASSEMBLE, unassembled)
        for document_id in unassembled:
            flags.close_flag(session, "document", document_id, "assembly_failed")
        for kind in (work.PICTURE, work.BIND, work.BIND_CASE, work.BIND_EXHIBIT):
            failed = select(Work.subject_id).where(Work.kind == kind, Work.state == "failed")
            work.request(session, kind, session.scalars(failed).all())
        entries = outbox.revive_dead(session)
        for page in pages:
            audit.record(session, "retry", "page", page.id, actor)
        for file in files:
            audit.record(session, "retry", "arrival", file.id, actor)
        result = {"pages": len(pages), "files": len(files), "pdfs": len(unassembled), "index_entries": entries}
    if as_json:
        print_json(result)
    else:
        people.print(
            f"重新排队：{result['pages']} 页，{result['files']} 个文件，{result['pdfs']} 个 PDF，"
            f"{result['index_entries']} 条索引。请保持 edossier run 运行。"
        )
