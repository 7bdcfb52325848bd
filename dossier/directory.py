"""The directory of a case: its volumes in order, the documents in each with their pages, and every file as it came."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import case as choose
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier.cases import number_of
from dossier.catalogue.tables import Arrival, Attachment, Case, Document, Original, Page, Volume


def directory_of(session: Session, case: Case) -> dict[str, Any]:
    """The directory, as programs get it; docs/api.md describes the fields. Few reads, however many volumes."""
    documents: dict[str, list[dict[str, Any]]] = defaultdict(list)
    attachments: dict[str, list[dict[str, Any]]] = defaultdict(list)
    refused: dict[str, list[dict[str, Any]]] = defaultdict(list)
    waiting: dict[str, int] = defaultdict(int)
    originals: dict[str, list[dict[str, Any]]] = defaultdict(list)
    of_case = (
        select(Arrival, Original, Attachment)
        .join(Original, Original.sha256 == Arrival.sha256)
        .outerjoin(Attachment, Attachment.arrival_id == Arrival.id)
        .where(Arrival.case_id == case.id)
        .order_by(Arrival.path, Arrival.received_at, Arrival.id)
    )
    for arrival, original, attachment in session.execute(of_case):
        file = _file(arrival, original)
        if attachment is not None:
            attachments[arrival.volume_id].append({"id": attachment.id, "name": attachment.name, **file})
        elif arrival.document_id is not None:
            originals[arrival.document_id].append(file)
        elif arrival.state == "failed":
            refused[arrival.volume_id].append({**file, "error": arrival.error_code})
        else:
            waiting[arrival.volume_id] += 1
    for volume_id, entry in _documents(session, case, originals):
        documents[volume_id].append(entry)
    volumes = session.scalars(
        select(Volume).where(Volume.case_id == case.id).order_by(Volume.order_key, Volume.version, Volume.id)
    )
    return {
        "case_id": case.id,
        "case_number": number_of(session, case),
        "volumes": [
            {
                "id": volume.id, "name": volume.name, "kind": volume.kind, "number": volume.number,
                "version": volume.version, "state": volume.state, "delivery_id": volume.delivery_id,
                "supersedes_id": volume.supersedes_id,
                "pages": sum(document["pages"] for document in documents[volume.id]),
                "searchable": sum(document["searchable"] for document in documents[volume.id]),
                "documents": documents[volume.id], "attachments": attachments[volume.id],
                "refused": refused[volume.id], "waiting": waiting[volume.id],
            }
            for volume in volumes
        ],
    }  # fmt: skip


def _documents(
    session: Session, case: Case, originals: dict[str, list[dict[str, Any]]]
) -> list[tuple[str, dict[str, Any]]]:
    """The documents, in the order of their first pages, each with its volume's id."""
    extent = (
        select(
            Page.document_id.label("document_id"),
            func.min(Page.page_number).label("first"),
            func.max(Page.page_number).label("last"),
            func.count().label("pages"),
            func.sum(choose((Page.state == "searchable", 1), else_=0)).label("searchable"),
        )
        .where(Page.case_id == case.id, Page.outside.is_(None))
        .group_by(Page.document_id)
        .subquery()
    )
    rows = session.execute(
        select(Document, extent.c.first, extent.c.last, extent.c.pages, extent.c.searchable)
        .outerjoin(extent, extent.c.document_id == Document.id)
        .where(Document.case_id == case.id)
        .order_by(Document.volume_id, extent.c.first, Document.order_key, Document.id)
    ).all()
    labels = {
        (document_id, number): label
        for document_id, number, label in session.execute(
            select(Page.document_id, Page.page_number, Page.page_label)
            .join(extent, extent.c.document_id == Page.document_id)
            .where(Page.page_number.in_((extent.c.first, extent.c.last)))
        )
    }
    return [
        (
            document.volume_id,
            {
                "id": document.id, "title": document.title, "first_page": first or 0, "last_page": last or 0,
                "first_label": labels.get((document.id, first)), "last_label": labels.get((document.id, last)),
                "pages": pages or 0, "searchable": searchable or 0, "originals": originals[document.id],
            },
        )
        for document, first, last, pages, searchable in rows
    ]  # fmt: skip


def _file(arrival: Arrival, original: Original) -> dict[str, Any]:
    return {
        "file_id": arrival.id, "path": arrival.path, "media_type": arrival.media_type, "size": original.size,
        "sha256": original.sha256, "md5": original.md5,
    }  # fmt: skip
