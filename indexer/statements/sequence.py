"""A person's statements in a case, in the order in which they were made."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Document, Page, ReadingRow, Volume
from dossier.citations import CitationTemplate
from dossier.cited_pages import cited_pages
from dossier.errors import StoreError
from dossier.evidence_kinds import interrogation_of_title
from dossier.reading import lines_of
from dossier.vault import Vault
from indexer.roster.facts import portions
from indexer.statements.heading import INQUIRY, INTERROGATION, UNREAD, Head, head_of

log = logging.getLogger(__name__)

TITLES = (INTERROGATION, INQUIRY)
MOST_PAGES_READ = 4000
"""Pages whose text is looked at for one answer; what is beyond is said to be so."""
_OF_RECORDS = re.compile(r"讯问笔录|询问笔录|供述|陈述|证言|报案笔录")
_DAY = len("2031-03-05")


@dataclass(frozen=True, slots=True)
class Statement:
    """A record of questioning.

    Attributes:
        document_id, document_title, volume_id, volume: where it stands.
        page_ids: its pages, in order.
        citation: of all of them.
        first_number: the place of its first page in the volume.
        head: what its first page says.
        ordinal: which time, by page or title.
        doubts: what is to be compared with the page.
    """

    document_id: str
    document_title: str
    volume_id: str
    volume: str
    page_ids: tuple[str, ...]
    citation: str
    first_number: int
    head: Head
    ordinal: int | None
    doubts: tuple[str, ...] = ()

    @property
    def is_dated(self) -> bool:
        """Whether the day on which it was made could be read."""
        return not self.head.why_undated

    def as_json(self) -> dict[str, Any]:
        """The form of the API."""
        head = self.head
        return {
            "document_id": self.document_id,
            "document_title": self.document_title,
            "volume_id": self.volume_id,
            "volume": self.volume,
            "page_number": self.first_number,
            "page_ids": list(self.page_ids),
            "citation": self.citation,
            "kind": head.kind or None,
            "person": head.person or None,
            "ordinal": self.ordinal,
            "began": head.began or None,
            "ended": head.ended or None,
            "why_undated": head.why_undated or None,
            "place": head.place or None,
            "questioners": list(head.questioners),
            "recorder": head.recorder or None,
            "doubts": list(self.doubts),
        }


@dataclass(frozen=True, slots=True)
class Statements:
    """A person's statements: those whose day is known, in that order, and the others as they stand in the dossier.

    `is_cut`: there were more pages to look at than are looked at for one answer.
    """

    dated: tuple[Statement, ...]
    undated: tuple[Statement, ...]
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class _Read:
    """A page of a document, its place, and its lines; None where it has not been read."""

    page_id: str
    page_number: int
    lines: tuple[str, ...] | None


def statements_of(
    session: Session, vault: Vault, case_id: str, name: str, found: Collection[str], template: CitationTemplate
) -> Statements:
    """The statements of a person in a case.

    Args:
        session: sees the case as it is now.
        vault: has the readings.
        case_id: the case's.
        name: the person's.
        found: the ids of pages that say the name and are, or speak of, a record; see `Searcher.pages_saying`.
        template: how the office cites pages.
    """
    documents = _documents(session, case_id, name, found)
    statements: list[Statement] = []
    budget, is_cut = MOST_PAGES_READ, False
    for document, volume in documents:
        pages = _pages(session, vault, document.id)
        if len(pages) > budget:
            is_cut = True
            break
        budget -= len(pages)
        statements += _of_document(session, document, volume, pages, name, template)
    dated = sorted((one for one in statements if one.is_dated), key=lambda one: one.head.began)
    undated = tuple(one for one in statements if not one.is_dated)
    return Statements(tuple(_compared(dated)), undated, is_cut)


def _documents(session: Session, case_id: str, name: str, found: Collection[str]) -> list[tuple[Document, Volume]]:
    """The documents that may hold the person's statements, in the order of the dossier."""
    holding: set[str] = set()
    for some in portions(sorted(found)):
        holding |= set(session.scalars(select(Page.document_id).where(Page.id.in_(some), Page.case_id == case_id)))
    rows = session.execute(
        select(Document, Volume)
        .join(Volume, Volume.id == Document.volume_id)
        .where(Document.case_id == case_id)
        .order_by(Volume.order_key, Volume.version, Volume.id, Document.order_key, Document.id)
    )
    return [(document, volume) for document, volume in rows if document.id in holding or _names(document, name)]


def _names(document: Document, name: str) -> bool:
    """Whether a document's title says that it is the person's."""
    return name in document.title and _OF_RECORDS.search(document.title) is not None


def _pages(session: Session, vault: Vault, document_id: str) -> list[_Read]:
    rows = session.execute(
        select(Page.id, Page.page_number, ReadingRow.version, ReadingRow.sha256)
        .outerjoin(ReadingRow, (Page.id == ReadingRow.page_id) & (Page.reading_version == ReadingRow.version))
        .where(Page.document_id == document_id, Page.outside.is_(None))
        .order_by(Page.page_number, Page.id)
    ).all()
    return [_Read(page_id, number, _lines(vault, page_id, version, sha)) for page_id, number, version, sha in rows]


def _lines(vault: Vault, page_id: str, version: int | None, sha256: str | None) -> tuple[str, ...] | None:
    if version is None or sha256 is None:
        return None
    try:
        return lines_of(vault.reading(page_id, version, sha256))
    except (StoreError, ValueError) as error:
        log.error("%s: %s", page_id, error)  # the business of `verify`
        return None


def _of_document(
    session: Session, document: Document, volume: Volume, pages: Sequence[_Read], name: str, template: CitationTemplate
) -> list[Statement]:
    heads = {at: head_of(page.lines) for at, page in enumerate(pages) if page.lines is not None}
    # A record begins where its title stands with something of its form; later pages repeat the title alone.
    starts = [at for at, head in heads.items() if head.kind and (head.person or head.began or head.place)]
    is_named = _names(document, name)
    if is_named and pages and (not starts or starts[0] != 0):
        starts.insert(0, 0)
    statements = []
    for start, end in pairwise([*starts, len(pages)]):
        head = heads.get(start, Head(why_undated=UNREAD))
        lines = pages[start].lines or ()
        doubts = _doubts(head, name, document.title, is_named, any(name in line for line in lines))
        if doubts is None:
            continue
        page_ids = tuple(page.page_id for page in pages[start:end])
        by_title = interrogation_of_title(document.title) if len(starts) == 1 else None
        if head.ordinal and by_title and head.ordinal != by_title:
            doubts.append(f"首页读出第{head.ordinal}次，材料标题写的是第{by_title}次")
        statements.append(
            Statement(
                document.id, document.title, volume.id, volume.name, page_ids,
                template.citation_of(cited_pages(session, page_ids)), pages[start].page_number, head,
                head.ordinal or by_title, tuple(doubts),
            )
        )  # fmt: skip
    return statements


def _doubts(head: Head, name: str, title: str, is_named: bool, is_on_page: bool) -> list[str] | None:
    """What speaks against a record's being the person's; None where it is somebody else's."""
    if head.person == name:
        return []
    if is_named:
        return [f"首页读出的姓名是“{head.person}”，材料标题写的是“{name}”"] if head.person else []
    if head.person or not is_on_page:
        return None
    return ["首页没有读出被讯（询）问人一栏，只在页上见到这个姓名"]


def _compared(dated: Sequence[Statement]) -> list[Statement]:
    """The statements with what their neighbours make doubtful: the same hour twice, a count that goes down."""
    compared = list(dated)
    for at, (before, after) in enumerate(pairwise(dated), 1):
        doubts = []
        if before.head.began == after.head.began and len(after.head.began) > _DAY:
            doubts.append("与前一份开始的时间相同，可能是同一份的副本")
        if before.ordinal and after.ordinal and before.head.kind == after.head.kind and after.ordinal < before.ordinal:
            doubts.append(f"次数（第{after.ordinal}次）与时间的先后不一致")
        if doubts:
            compared[at] = replace(after, doubts=(*after.doubts, *doubts))
    return compared
