"""A volume: every page as a small picture with its state, from the moment it is received."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from dossier.attention import may_be_told, sentence_of
from dossier.cases import number_of
from dossier.catalogue.tables import Arrival, Case, Document, Flag, Page, Volume
from dossier.deeds import claims, documents, page_order
from dossier.derived import THUMBNAIL
from dossier.doubles import repeated_pages
from dossier.errors import NotFound, error_of
from dossier.file_gaps import Gap, gaps_in
from dossier.late_pages import late_pages
from dossier.page_labels import LabelQuestion, label_questions
from dossier.permissions import seen_by, sees
from dossier.quality import making
from dossier.status import document_statuses
from dossier.viewers import Viewer
from search_api import wording
from search_api.contract import refusals
from search_api.desk.page_picture import picture_address
from search_api.scanning_room.standing_answers import DocumentStanding
from search_api.site import TheSite, TheViewer

# Small pictures in one view: a whole ordinary volume; a volume of thousands stays quick.
PORTION = 120
_MOST_PAIRS = 50
_ON_LABELS = ("label_gap", "label_repeated", "label_order")

router = APIRouter()


@dataclass(frozen=True)
class PageCard:
    """A page among the small pictures; `reason` says why a parked one is, or why it stands outside the order."""

    page_id: str
    page_number: int
    page_label: str | None
    is_label_proposed: bool
    state: str
    blank: bool
    picture: str
    width: int
    height: int
    document_id: str
    document_title: str
    reason: str
    outside: str
    turn_degrees: int
    label_state: str
    marks: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the page is called on the screen."""
        if self.outside:
            return {"folded": "折叠的空白页", "replaced": "已被替换的页", "separator": "分隔页"}.get(
                self.outside, "移出的页"
            )
        return wording.place(self.page_number, self.page_label)


@dataclass(frozen=True)
class LabelPair:
    """Two pages side by side, and what is to be asked of them."""

    question: LabelQuestion
    first: PageCard | None
    second: PageCard


@dataclass(frozen=True)
class RepeatPair:
    """Equal pages of two files: the one that came first, wherever it is, and this volume's."""

    first: PageCard
    second: PageCard
    where: str
    is_of_volume: bool


@dataclass(frozen=True)
class GapPair:
    """The pages between whose files names are missing."""

    gap: Gap
    first: PageCard | None
    second: PageCard | None


@router.get("/volumes/{volume_id}", include_in_schema=False)
def volume(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    volume_id: str,
    start: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> Response:
    """The pages of a volume from the portion on in which page `start` is."""
    first = (start - 1) // PORTION * PORTION + 1
    with site.catalogue.reading() as session:
        row = session.get(Volume, volume_id)
        if row is None or not sees(session, viewer, row.case_id):
            raise NotFound(volume_id)
        case = session.get_one(Case, row.case_id)
        states = dict(
            session.execute(
                select(Page.state, func.count())
                .where(Page.volume_id == volume_id, Page.outside.is_(None))
                .group_by(Page.state)
            ).all()
        )
        cards = _portion(session, volume_id, first)
        # Few columns: a volume of thousands of pages is asked for every two seconds.
        ordered = session.execute(
            select(Page.id, Page.outside, Page.blank, Page.document_id)
            .where(Page.volume_id == volume_id)
            .order_by(Page.place, Page.page_number, Page.id)
        ).all()
        standing = [page for page in ordered if page.outside is None]
        flagged = _standing(session, volume_id)
        context = {
            "volume": row.name,
            "volume_id": row.id,
            "case_number": number_of(session, case),
            "case_name": case.name,
            "pages": sum(states.values()),
            "searchable": states.get("searchable", 0),
            "parked": states.get("parked", 0),
            "notes": [sentence_of(flag) for flag in flagged],
            "counts": {
                counted.document_id: counted for counted in document_statuses(session, Document.volume_id == volume_id)
            },
            "followers": documents.followers((page.document_id, page.outside is None) for page in ordered),
            "documents": [list(group) for _, group in groupby(cards, key=lambda card: card.document_id)],
            "first": first,
            "portion": PORTION,
            "version": page_order.version_of(session, volume_id),
            "before": standing[first - 2].id if 1 < first <= len(standing) + 1 else "",
            "may_change": viewer.prepares,
            "making": making.state_of(session, volume_id),
            "pairs": _pairs(session, volume_id) if any(flag.code in _ON_LABELS for flag in flagged) else [],
            "repeats": _repeats(session, viewer, volume_id),
            "gaps": _gaps(session, volume_id),
            "late": _late(session, volume_id)
            if any(flag.code == "label_gap" for flag in flagged) or any(page.outside == "removed" for page in ordered)
            else [],
            "outside": _cards(
                session, Page.volume_id == volume_id, Page.outside.in_(("removed", "replaced", "separator"))
            ),
            "other_volumes": [
                name
                for name in dict.fromkeys(
                    session.scalars(select(Volume.name).where(Volume.case_id == row.case_id).order_by(Volume.order_key))
                )
                if name != row.name
            ],
            "blanks": sum(page.blank for page in standing),
            "folded": sum(page.outside == "folded" for page in ordered),
            "is_unclaimed": case.state == "unclaimed",
            "numbers": claims.suggested_numbers(session, volume_id) if case.state == "unclaimed" else [],
        }
    return site.pages.TemplateResponse(request, "volume.html", context)


@router.get("/api/v1/documents/{document_id}", response_model=DocumentStanding, responses=refusals("not_found"))
def document(site: TheSite, viewer: TheViewer, document_id: str) -> Response:
    """How much of a document can be searched: `searchable` of `pages`."""
    with site.catalogue.reading() as session:
        row = session.get(Document, document_id)
        if row is None or not sees(session, viewer, row.case_id):
            raise NotFound(document_id)
        found = document_statuses(session, Document.id == document_id)
    if not found:
        raise NotFound(document_id)
    return JSONResponse(asdict(found[0]))


@router.get("/volumes/{volume_id}/page", include_in_schema=False)
def page_at(
    site: TheSite, viewer: TheViewer, volume_id: str, number: Annotated[int, Query(ge=1, le=1_000_000)]
) -> Response:
    """Go to the page at a place of the volume; beyond its end, to the last one."""
    with site.catalogue.reading() as session:
        page_id = session.scalars(
            select(Page.id)
            .join(Case, Case.id == Page.case_id)
            .where(Page.volume_id == volume_id, Page.page_number <= number, seen_by(viewer))
            .order_by(Page.page_number.desc())
            .limit(1)
        ).first()
    if page_id is None:
        raise NotFound(volume_id)
    return RedirectResponse(f"/pages/{page_id}", 303)


def _standing(session: Session, volume_id: str) -> Sequence[Flag]:
    return session.scalars(
        select(Flag).where(Flag.subject_kind == "volume", Flag.subject_id == volume_id, Flag.closed_at.is_(None))
    ).all()


def _portion(session: Session, volume_id: str, first: int) -> list[PageCard]:
    """The cards of a portion, with the folded pages that stand among its pages."""
    ends = session.execute(
        select(func.min(Page.place), func.max(Page.place)).where(
            Page.volume_id == volume_id, Page.page_number.between(first, first + PORTION - 1), Page.outside.is_(None)
        )
    ).one()
    after = session.scalar(
        select(func.min(Page.place)).where(Page.volume_id == volume_id, Page.page_number == first + PORTION)
    )
    lowest = 0 if first == 1 else ends[0]
    if lowest is None:
        return []
    within = [Page.place >= lowest, Page.place < after] if after is not None else [Page.place >= lowest]
    stands = or_(Page.outside.is_(None), Page.outside == "folded")
    return _cards(session, Page.volume_id == volume_id, stands, *within)


def _pairs(session: Session, volume_id: str) -> list[LabelPair]:
    asked = label_questions(session, volume_id)
    ids = {id_ for question in asked for id_ in (question.first_id, question.second_id) if id_ is not None}
    cards = {card.page_id: card for card in _cards(session, Page.id.in_(ids))} if ids else {}
    return [LabelPair(question, cards.get(question.first_id or ""), cards[question.second_id]) for question in asked]


def _repeats(session: Session, viewer: Viewer, volume_id: str) -> list[RepeatPair]:
    asked = (
        select(Flag)
        .join(Arrival, Arrival.id == Flag.subject_id)
        .where(
            Flag.subject_kind == "arrival", Flag.code == "repeated", Flag.closed_at.is_(None),
            Arrival.volume_id == volume_id,
        )
        .order_by(Flag.id)
        .limit(_MOST_PAIRS)
    )  # fmt: skip
    if session.scalars(asked).first() is None:
        return []
    told = session.scalars(asked.where(may_be_told(session, viewer))).all()
    found = repeated_pages(session, viewer, told)
    cards = {card.page_id: card for card in _cards(session, Page.id.in_([page.id for pair in found for page in pair]))}
    volumes = {
        volume.id: volume.name
        for volume in session.scalars(select(Volume).where(Volume.id.in_({first.volume_id for first, _ in found})))
    }
    return [
        RepeatPair(cards[first.id], cards[second.id], volumes[first.volume_id], first.volume_id == volume_id)
        for first, second in found
    ]


def _gaps(session: Session, volume_id: str) -> list[GapPair]:
    asked = session.scalars(
        select(Flag)
        .join(Document, Document.id == Flag.subject_id)
        .where(
            Flag.subject_kind == "document", Flag.code == "gap", Flag.closed_at.is_(None),
            Document.volume_id == volume_id,
        )
        .limit(_MOST_PAIRS)
    ).all()  # fmt: skip
    found = [gap for flag in asked for gap in gaps_in(session, flag.subject_id, flag.details.get("missing", ()))]
    ids = {id_ for gap in found for id_ in (gap.first_id, gap.second_id) if id_ is not None}
    cards = {card.page_id: card for card in _cards(session, Page.id.in_(ids))} if ids else {}
    pairs = [GapPair(gap, cards.get(gap.first_id or ""), cards.get(gap.second_id or "")) for gap in found]
    return pairs[:_MOST_PAIRS]


def _late(session: Session, volume_id: str) -> list[PageCard]:
    ids = late_pages(session, volume_id)
    cards = {card.page_id: card for card in _cards(session, Page.id.in_(ids))} if ids else {}
    return [cards[id_] for id_ in ids]


def _cards(session: Session, *within: ColumnElement[bool]) -> list[PageCard]:
    rows = session.execute(
        select(Page, Document.title)
        .join(Document, Document.id == Page.document_id)
        .where(*within)
        .order_by(Page.place, Page.page_number)
    ).all()
    marks: dict[str, list[str]] = {}
    flagged = select(Flag).where(
        Flag.subject_kind == "page", Flag.subject_id.in_([page.id for page, _ in rows]), Flag.closed_at.is_(None)
    )
    for flag in session.scalars(flagged):
        if flag.code != "blank":
            marks.setdefault(flag.subject_id, []).append(sentence_of(flag)[0])
    return [
        PageCard(
            page_id=page.id, page_number=page.page_number, page_label=page.page_label,
            is_label_proposed=page.page_label_state == "proposed", state=page.state, blank=page.blank,
            picture=picture_address(page.id, page.reading_version, THUMBNAIL), width=page.width, height=page.height,
            document_id=page.document_id, document_title=title, reason=_reason(page), outside=page.outside or "",
            turn_degrees=page.turn_degrees, label_state=page.page_label_state or "",
            marks=tuple(marks.get(page.id, ())),
        )
        for page, title in rows
    ]  # fmt: skip


def _reason(page: Page) -> str:
    if page.outside is not None:
        return page.outside_reason
    return error_of(page.error_code or "", page.error_detail).chinese if page.state == "parked" else ""
