"""What the catalogue says to a roster: which cases are in sight, how much of them is searchable, where pages stand."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier import cases, permissions
from dossier.catalogue.tables import Case, Document, Page, Person, Volume
from dossier.citations import CitationTemplate, CitedPage
from dossier.errors import NotFound
from dossier.viewers import Viewer
from indexer.roster.kinds import UNNAMED, Kinds
from indexer.roster.matrix import Coverage, PageFacts

_AT_ONCE = 500


def seen_cases(session: Session, viewer: Viewer, only: Case | None) -> frozenset[str]:
    """The ids of the cases that a viewer sees at this moment.

    Raises:
        NotFound: the one case asked for is not among them.
    """
    wanted = select(Case.id).where(permissions.seen_by(viewer))
    if only is None:
        return frozenset(session.scalars(wanted))
    seen = frozenset(session.scalars(wanted.where(Case.id == only.id)))
    if not seen:
        raise NotFound(only.id)
    return seen


def counts_of(session: Session, case_ids: Collection[str]) -> dict[str, dict[str, int]]:
    """How many pages are in which state, by case."""
    counts: dict[str, dict[str, int]] = {case_id: {} for case_id in case_ids}
    for some in portions(sorted(case_ids)):
        counted = select(Page.case_id, Page.state, func.count()).where(Page.case_id.in_(some), Page.outside.is_(None))
        for case_id, state, count in session.execute(counted.group_by(Page.case_id, Page.state)):
            counts[case_id][state] = count
    return counts


def coverage_of(before: dict[str, dict[str, int]], after: dict[str, dict[str, int]]) -> Coverage:
    """How much was searched: what was searchable before the search began, and still is there."""
    searchable = sum(
        min(before.get(case_id, {}).get("searchable", 0), states.get("searchable", 0))
        for case_id, states in after.items()
    )
    return Coverage(
        searchable=searchable,
        parked=sum(states.get("parked", 0) for states in after.values()),
        pages=sum(sum(states.values()) for states in after.values()),
    )


def names_in_cases(session: Session, seen: Collection[str]) -> set[str]:
    """The names of people that the metadata of the cases knows: suspects, victims."""
    names: set[str] = set()
    for some in portions(sorted(seen)):
        names |= set(session.scalars(select(Person.name).where(Person.case_id.in_(some))))
    return names - {""}


def facts_of(
    session: Session, page_ids: Collection[str], seen: Collection[str], kinds: Kinds, template: CitationTemplate
) -> dict[str, PageFacts]:
    """The pages as the catalogue says now, in the order of the dossier; those out of sight are left out."""
    rows = [
        row
        for some in portions(sorted(page_ids))
        for row in session.execute(
            select(
                Page.id,
                Page.case_id,
                Page.page_number,
                Page.page_label,
                Page.page_label_state,
                Volume.id,
                Volume.name,
                Volume.kind,
                Volume.number,
                Volume.version,
                Volume.order_key,
                Document.id,
                Document.title,
            )
            .join(Volume, Volume.id == Page.volume_id)
            .join(Document, Document.id == Page.document_id)
            .where(Page.id.in_(some), Page.outside.is_(None))
        )
        if row[1] in seen
    ]
    numbers: dict[str, str] = {}
    for some in portions(sorted({row[1] for row in rows})):
        numbers |= cases.numbers_of(session, some)
    facts = {}
    for row in sorted(rows, key=lambda row: (row[1], row[10], row[9], row[2], row[0])):
        (
            page_id,
            case_id,
            page_number,
            label,
            label_state,
            volume_id,
            volume,
            volume_kind,
            number,
            *_,
            document_id,
            title,
        ) = row
        confirmed = (label or "") if label_state == "confirmed" else ""
        facts[page_id] = PageFacts(
            page_id=page_id,
            case_id=case_id,
            case_number=numbers.get(case_id, ""),
            document_id=document_id,
            document_title=title,
            # Loose pages of a volume are a document of the volume's name, which tells nothing of them.
            kind=UNNAMED if title == volume else kinds.kind_of(title),
            cited=CitedPage(volume_id, volume, page_number, confirmed, volume_kind, number, page_id),
            template=template,
        )
    return facts


def portions(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many ids at once as a statement may have."""
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
