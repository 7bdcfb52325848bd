"""`edossier pages`: what was read, page by page."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from cli.context import Context, JsonOption, context_of, people, print_json
from dossier import cases
from dossier.catalogue.tables import Arrival, Case, Document, Page, Volume
from dossier.errors import StoreError, error_of
from dossier.readings import reading_of


def pages(
    typer_context: typer.Context,
    case: Annotated[str, typer.Option("--case", help="The case's number.")],
    as_json: JsonOption = False,
) -> None:
    """What was read of a case, page by page. 逐页查看识别结果。"""
    context = context_of(typer_context)
    with context.catalogue.reading() as session:
        found = cases.case_named(session, case)
        documents = [_page(context, session, found, *row) for row in _rows(session, found)]
    if as_json:
        print_json({"pages": documents})
        return
    for document in documents:
        label = f"（页码 {document['page_label']}）" if document["page_label"] else ""
        text = " ".join((document["text"] or "").split())
        people.print(
            f"{document['volume']} 第{document['page_number']}页{label} {document['state']}"
            f" {document['confidence'] or ''} {text[:60]}",
            markup=False,
        )


def _rows(session: Session, case: Case) -> list[tuple[Page, Volume, Document, Arrival]]:
    return list(
        session.execute(
            select(Page, Volume, Document, Arrival)
            .join(Volume, Volume.id == Page.volume_id)
            .join(Document, Document.id == Page.document_id)
            .join(Arrival, Arrival.id == Page.arrival_id)
            .where(Page.case_id == case.id)
            .order_by(Volume.order_key, Volume.version, Page.place)
        ).all()
    )


def _page(
    context: Context, session: Session, case: Case, page: Page, volume: Volume, document: Document, arrival: Arrival
) -> dict[str, Any]:
    error = error_of(page.error_code, page.error_detail) if page.error_code else None
    try:
        reading = reading_of(session, context.vault, page)
    except StoreError as fault:
        reading, error = None, fault
    return {
        "page_id": page.id,
        "document_id": document.id,
        "source": arrival.source,
        "case_number": cases.number_of(session, case),
        "volume": volume.name,
        "page_number": page.page_number,
        "page_label": page.page_label,
        "state": page.state,
        "error": {"code": error.code, "message": error.message} if error else None,
        "text": reading.text if reading else None,
        "confidence": page.confidence,
        "blank": page.blank,
        "skew_degrees": page.skew_degrees,
        "turn_degrees": page.turn_degrees,
        "width": page.width,
        "height": page.height,
        "dpi": page.dpi,
        "lines": [
            {"text": line.text, "box": line.box.as_list(), "confidence": line.confidence} for line in reading.lines
        ]
        if reading
        else [],
    }
