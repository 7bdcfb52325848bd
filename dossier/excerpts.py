"""Excerpts 摘录: what somebody has taken from the pages of a case, for their report. Each is its owner's alone, and is
seen only as long as the owner sees the case.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier import audit, keyed_requests
from dossier.catalogue.tables import Case, Document, Excerpt, Page
from dossier.errors import NotFound, UsageError
from dossier.evidence_kinds import EVIDENCE_KINDS, interrogation_of_title, kind_of_title
from dossier.permissions import seen_by, sees
from dossier.viewers import Viewer

LONGEST_QUOTATION = 3000
LONGEST_PROVES = 500
LONGEST_WORD = 100
MOST_PAGES = 100
MOST_INTERROGATIONS = 999

_AT_ONCE = 500
_WORDS = ("fact", "provider", "moment", "location")


def excerpts_of(session: Session, viewer: Viewer, case_id: str) -> Sequence[Excerpt]:
    """A viewer's excerpts from a case, in their order; none, where the case is out of sight."""
    return session.scalars(
        select(Excerpt)
        .join(Case, Case.id == Excerpt.case_id)
        .where(Excerpt.owner_id == viewer.id, Excerpt.case_id == case_id, seen_by(viewer))
        .order_by(Excerpt.place, Excerpt.id)
    ).all()


def excerpted_cases(session: Session, viewer: Viewer) -> list[tuple[Case, int]]:
    """The cases within sight from which a viewer has excerpts, and how many; the one last taken from comes first."""
    rows = session.execute(
        select(Case, func.count())
        .join(Excerpt, Excerpt.case_id == Case.id)
        .where(Excerpt.owner_id == viewer.id, seen_by(viewer))
        .group_by(Case.id)
        .order_by(func.max(Excerpt.created_at).desc(), Case.id)
    )
    return [(case, count) for case, count in rows]


def excerpt_in_sight(session: Session, viewer: Viewer, excerpt_id: str) -> Excerpt:
    """A viewer's excerpt.

    Raises:
        NotFound: there is none with this id that is theirs, or its case is out of their sight.
    """
    excerpt = session.get(Excerpt, excerpt_id)
    if excerpt is None or excerpt.owner_id != viewer.id or not sees(session, viewer, excerpt.case_id):
        raise NotFound(excerpt_id)
    return excerpt


def pages_in_sight(session: Session, viewer: Viewer, page_ids: Collection[str]) -> set[str]:
    """Of these pages those that exist, in cases that a viewer sees."""
    wanted = sorted(page_ids)
    return {
        page_id
        for start in range(0, len(wanted), _AT_ONCE)
        for page_id in session.scalars(
            select(Page.id)
            .join(Case, Case.id == Page.case_id)
            .where(Page.id.in_(wanted[start : start + _AT_ONCE]), seen_by(viewer))
        )
    }


def add_excerpt(
    session: Session, viewer: Viewer, page_ids: Sequence[str], content: Mapping[str, Any], idempotency_key: str = ""
) -> tuple[Excerpt, bool]:
    """A new excerpt, behind the others of its case, and whether it is new.

    Args:
        session: a writing transaction.
        viewer: whose it is.
        page_ids: the source's pages, of one case.
        content: `quotation`, and any of `fact`, `evidence_kind`, `provider`, `interrogation`, `moment`, `location`,
            `proves`. A kind of evidence and an interrogation that are left out are those of the document's title.
        idempotency_key: the viewer's own name for this deed; repeated, it gives what is there.

    Raises:
        NotFound: a page is out of sight, or does not exist.
        UsageError: the pages are of two cases, or a value does not fit.
        KeyReused: the key came with something else.
    """
    request = keyed_requests.digest_of(list(page_ids), dict(content))
    known = keyed_requests.find(session, viewer.id, idempotency_key, keyed_requests.EXCERPT, request)
    if known is not None:
        return excerpt_in_sight(session, viewer, known.subject_id), False
    case_id = _case_of_pages(session, viewer, page_ids)
    last = session.scalar(
        select(func.max(Excerpt.place)).where(Excerpt.owner_id == viewer.id, Excerpt.case_id == case_id)
    )
    page = session.get_one(Page, page_ids[0])
    title = session.get_one(Document, page.document_id).title
    told = {"evidence_kind": kind_of_title(title), "interrogation": interrogation_of_title(title)}
    excerpt = Excerpt(
        owner_id=viewer.id, case_id=case_id, place=(last or 0) + 1, page_ids=list(page_ids),
        **checked({"quotation": "", **told, **content}),
    )  # fmt: skip
    session.add(excerpt)
    session.flush()
    keyed_requests.keep(session, viewer.id, idempotency_key, keyed_requests.EXCERPT, request, excerpt.id, 201)
    _record(session, "add_excerpt", excerpt, viewer, pages=list(page_ids))
    return excerpt, True


def change_excerpt(session: Session, viewer: Viewer, excerpt: Excerpt, changes: Mapping[str, Any]) -> None:
    """Give an excerpt other values, `page_ids` among them.

    Raises:
        NotFound, UsageError: as of `add_excerpt`; the excerpt stays with its case.
    """
    values = checked({name: value for name, value in changes.items() if name != "page_ids"})
    if "page_ids" in changes:
        if _case_of_pages(session, viewer, changes["page_ids"]) != excerpt.case_id:
            raise UsageError("出处要在同一个案件里 / the pages must be of the excerpt's case")
        values["page_ids"] = list(changes["page_ids"])
    changed = {name: value for name, value in values.items() if getattr(excerpt, name) != value}
    if not changed:
        return
    for name, value in changed.items():
        setattr(excerpt, name, value)
    excerpt.updated_at = time.time()
    _record(session, "change_excerpt", excerpt, viewer, changed=sorted(changed))


def follow_pages(session: Session, former_case_id: str) -> None:
    """Let the excerpts from a case whose first page has gone to another case go with it, behind their owner's there."""
    for excerpt in session.scalars(
        select(Excerpt).where(Excerpt.case_id == former_case_id).order_by(Excerpt.place, Excerpt.id)
    ).all():
        case_id = session.get_one(Page, excerpt.page_ids[0]).case_id
        if case_id == excerpt.case_id:
            continue
        last = session.scalar(
            select(func.max(Excerpt.place)).where(Excerpt.owner_id == excerpt.owner_id, Excerpt.case_id == case_id)
        )
        excerpt.case_id, excerpt.place = case_id, (last or 0) + 1
        session.flush()


def move_excerpt(session: Session, viewer: Viewer, excerpt: Excerpt, before: str | None) -> None:
    """Put an excerpt before another one of the same case and owner, or last.

    Raises:
        NotFound: there is no such other one.
    """
    others = [one for one in excerpts_of(session, viewer, excerpt.case_id) if one.id != excerpt.id]
    places = {one.id: at for at, one in enumerate(others)}
    if before is not None and before != excerpt.id and before not in places:
        raise NotFound(before)
    if before == excerpt.id:
        return
    others.insert(places[before] if before is not None else len(others), excerpt)
    for place, one in enumerate(others, 1):
        one.place = place
    _record(session, "move_excerpt", excerpt, viewer, place=excerpt.place)


def remove_excerpt(session: Session, viewer: Viewer, excerpt: Excerpt) -> None:
    """Take an excerpt away; the pages are as they were."""
    _record(session, "remove_excerpt", excerpt, viewer)
    session.delete(excerpt)


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an excerpt, without what no document can hold.

    Raises:
        UsageError: one is too long, or no kind of evidence.
    """
    kept: dict[str, Any] = {
        name: printable(value) if isinstance(value, str) else value for name, value in values.items()
    }
    longest = {"quotation": LONGEST_QUOTATION, "proves": LONGEST_PROVES, **dict.fromkeys(_WORDS, LONGEST_WORD)}
    for name, most in longest.items():
        if len(kept.get(name, "")) > most:
            raise UsageError(f"{name}: 最多 {most} 字 / at most {most} characters")
    kind = kept.get("evidence_kind", "")
    if kind and kind not in EVIDENCE_KINDS:
        raise UsageError(f"evidence_kind: {kind} ({'；'.join(EVIDENCE_KINDS)})")
    which: int | None = kept.get("interrogation")
    if which is not None and not 1 <= which <= MOST_INTERROGATIONS:
        raise UsageError(f"interrogation: 1–{MOST_INTERROGATIONS}")
    if "quotation" in kept and not kept["quotation"]:
        raise UsageError("摘录的文字不能为空 / the quotation must not be empty")
    return kept


def printable(text: str) -> str:
    """A text without control characters, which XML has no place for; line breaks stay."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(
        character
        for character in plain
        if character == "\n" or (character >= " " and not "\x7f" <= character <= "\x9f"
                                 and not "\ud800" <= character <= "\udfff" and character not in "\ufffe\uffff")
    ).strip()  # fmt: skip


def _case_of_pages(session: Session, viewer: Viewer, page_ids: Sequence[str]) -> str:
    if not 1 <= len(page_ids) <= MOST_PAGES or len(set(page_ids)) != len(page_ids):
        raise UsageError(f"page_ids: 1–{MOST_PAGES}")
    case_of = dict(session.execute(select(Page.id, Page.case_id).where(Page.id.in_(page_ids))).all())
    for page_id in page_ids:
        if page_id not in case_of or not sees(session, viewer, case_of[page_id]):
            raise NotFound(page_id)
    if len(set(case_of.values())) > 1:
        raise UsageError("出处要在同一个案件里 / the pages must be of one case")
    return case_of[page_ids[0]]


def _record(session: Session, deed: str, excerpt: Excerpt, viewer: Viewer, **details: Any) -> None:
    audit.record(session, deed, "excerpt", excerpt.id, viewer.name or viewer.id, case=excerpt.case_id, **details)
